use hdf5_reader::Attribute;

use super::numbers::{decode, positive};
use super::texts::trimmed;
use crate::error::Problem;

/// The attributes of one HDF5 object.
pub(crate) struct Attributes(Vec<Attribute>);

impl Attributes {
    pub(crate) fn new(attributes: Vec<Attribute>) -> Self {
        Self(attributes)
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
        self.positive(name)
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
        // (Reading it as one text would, where its text is missing, take the reference to it for the text.)
        let texts = attribute.read_strings().map_err(|error| Problem::field(name, error.to_string()))?;
        Ok(Some(trimmed(texts)))
    }
}
