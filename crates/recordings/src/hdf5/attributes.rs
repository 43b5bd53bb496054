use hdf5_reader::datatype_api::{StringSize, VarLenKind};
use hdf5_reader::error::Error;
use hdf5_reader::group::Group;
use hdf5_reader::{Attribute, Dataset, Datatype, RawAttribute};

use super::numbers::{decode, positive};
use super::texts::trimmed;
use crate::error::Problem;
use crate::file::distance;

/// Most bytes that the texts of one object may take: real ones take a few KiB. A text can be referred to from many
/// places, so that it is more than the file.
const MAX_TEXT_BYTES: usize = 1 << 20;

/// The attributes of one HDF5 object.
pub(crate) struct Attributes(Vec<Attribute>);

impl Attributes {
    pub(crate) fn of_group(group: &Group) -> Result<Self, Problem> {
        let reference_size = usize::from(group.offset_size()) + 2 * size_of::<u32>();
        let text = |reference: &[u8]| group.resolve_vlen_reference_bytes(reference, 1);
        Ok(Self::new(group.raw_attributes()?, reference_size, text))
    }

    pub(crate) fn of_dataset(data: &Dataset) -> Result<Self, Problem> {
        let text = |reference: &[u8]| data.resolve_vlen_reference_bytes(reference, 1);
        Ok(Self::new(data.raw_attributes()?, data.vlen_reference_size(), text))
    }

    /// Texts of variable length are stored elsewhere; those that are not found or too much stay without a value.
    fn new(
        stored: Vec<RawAttribute>,
        reference_size: usize,
        text: impl Fn(&[u8]) -> Result<Vec<u8>, Error>,
    ) -> Self {
        let mut left = MAX_TEXT_BYTES;
        let decoded = stored.into_iter().map(|stored| {
            let mut attribute = Attribute::from_message(stored.into_parts().0);
            if is_reference_to_text(&attribute.datatype) {
                let references = attribute.raw_data.chunks_exact(reference_size);
                let texts = references.map(|reference| {
                    left = left.checked_sub(length(reference)?)?;
                    String::from_utf8(text(reference).ok()?).ok()
                });
                attribute.decoded_strings = texts.collect();
            }
            attribute
        });
        Self(decoded.collect())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    fn get(&self, name: &str) -> Option<&Attribute> {
        self.0.iter().find(|attribute| attribute.name == name)
    }

    /// A number that may be absent. NaN is how writers say "unknown", so it counts as absent.
    pub(crate) fn number(&self, name: &str) -> Result<Option<f64>, Problem> {
        self.get(name)
            .map(|attribute| attribute.read_as_f64().map_err(|error| Problem::field(name, error.to_string())))
            .transpose()
            .map(|number| number.filter(|number| !number.is_nan()))
    }

    /// A number that is above 0 and finite where it is given.
    pub(crate) fn positive(&self, name: &str) -> Result<Option<f64>, Problem> {
        positive(name, self.number(name)?)
    }

    /// A list of numbers that may be absent; a single number is a list of one.
    pub(crate) fn numbers(&self, name: &str) -> Result<Option<Vec<f64>>, Problem> {
        let Some(attribute) = self.get(name) else { return Ok(None) };
        let numbers = decode(&attribute.datatype, &attribute.raw_data);
        numbers.map(Some).ok_or_else(|| Problem::field(name, "is not a list of numbers"))
    }

    /// A length in metres that may be absent; `name.uom` or `nameUnit` says its unit.
    pub(crate) fn metres(&self, name: &str) -> Result<Option<f64>, Problem> {
        for unit_name in [format!("{name}.uom"), format!("{name}Unit")] {
            match self.text(&unit_name)?.as_deref() {
                None | Some("m") => {}
                Some(unit) => {
                    return Err(Problem::field(unit_name, format!("`{unit}` is not supported, only `m`")));
                }
            }
        }
        distance(name, self.number(name)?)
    }

    /// A rate in Hz that may be absent; `name.uom` says its unit.
    pub(crate) fn hertz(&self, name: &str) -> Result<Option<f64>, Problem> {
        let unit_name = format!("{name}.uom");
        match self.text(&unit_name)?.as_deref() {
            None | Some("Hz") => self.positive(name),
            Some(unit) => Err(Problem::field(unit_name, format!("`{unit}` is not supported, only `Hz`"))),
        }
    }

    /// A text that may be absent or empty.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, Problem> {
        Ok(self.texts(name)?.and_then(|texts| texts.into_iter().next()).filter(|text| !text.is_empty()))
    }

    /// A list of texts that may be absent; a single text is a list of one.
    pub(crate) fn texts(&self, name: &str) -> Result<Option<Vec<String>>, Problem> {
        let Some(attribute) = self.get(name) else { return Ok(None) };
        let texts = attribute.read_strings().map_err(|error| Problem::field(name, error.to_string()))?;
        Ok(Some(trimmed(texts)))
    }
}

fn is_reference_to_text(datatype: &Datatype) -> bool {
    matches!(
        datatype,
        Datatype::VarLen { kind: VarLenKind::String, .. }
            | Datatype::String { size: StringSize::Variable, .. }
    )
}

/// How many bytes the text takes that a reference leads to: it begins with that.
fn length(reference: &[u8]) -> Option<usize> {
    reference.first_chunk().map(|bytes| u32::from_le_bytes(*bytes) as usize)
}
