use hdf5_reader::error::Error;
use hdf5_reader::{Dataset, Hdf5File};

use super::numbers::{decode, positive};
use super::texts::trimmed;
use crate::error::Problem;

/// Most bytes of one value of a header: a distance for each of a million channels.
const MAX_VALUE_BYTES: u64 = 8 << 20;
/// Most texts of one value: names and units of a few axes. Each may be long.
const MAX_TEXTS: u64 = 16;

/// The header of a format that keeps it in small datasets. They are named by their paths.
pub(crate) struct Values<'a>(&'a Hdf5File);

impl<'a> Values<'a> {
    pub(crate) fn new(file: &'a Hdf5File) -> Self {
        Self(file)
    }

    fn dataset(&self, path: &str) -> Result<Option<Dataset>, Problem> {
        match self.0.dataset(path) {
            Ok(dataset) => {
                let elements = dataset.num_elements()?;
                let bytes = elements.saturating_mul(dataset.raw_element_size()? as u64);
                if elements.max(bytes) > MAX_VALUE_BYTES {
                    return Err(Problem::field(
                        path,
                        format!("has {elements} elements, too many for a header"),
                    ));
                }
                Ok(Some(dataset))
            }
            Err(error) if is_absence(&error) => Ok(None),
            Err(error) => Err(Problem::field(path, error.to_string())),
        }
    }

    /// A list of numbers that may be absent; a single number is a list of one.
    pub(crate) fn numbers(&self, path: &str) -> Result<Option<Vec<f64>>, Problem> {
        let Some(dataset) = self.dataset(path)? else { return Ok(None) };
        let bytes = dataset.read_raw_bytes().map_err(|error| Problem::field(path, error.to_string()))?;
        decode(dataset.dtype(), &bytes).map(Some).ok_or_else(|| Problem::field(path, "is not a number"))
    }

    /// A number that may be absent; NaN counts as absent.
    pub(crate) fn number(&self, path: &str) -> Result<Option<f64>, Problem> {
        let numbers = self.numbers(path)?;
        Ok(numbers.and_then(|numbers| numbers.first().copied()).filter(|number| !number.is_nan()))
    }

    /// A number that is above 0 and finite where it is given.
    pub(crate) fn positive(&self, path: &str) -> Result<Option<f64>, Problem> {
        positive(path, self.number(path)?)
    }

    /// A list of texts that may be absent; a single text is a list of one.
    pub(crate) fn texts(&self, path: &str) -> Result<Option<Vec<String>>, Problem> {
        let Some(dataset) = self.dataset(path)? else { return Ok(None) };
        if dataset.num_elements()? > MAX_TEXTS {
            return Err(Problem::field(path, "has too many texts for a header"));
        }
        let texts = dataset.read_strings().map_err(|error| Problem::field(path, error.to_string()))?;
        Ok(Some(trimmed(texts)))
    }

    /// A text that may be absent or empty.
    pub(crate) fn text(&self, path: &str) -> Result<Option<String>, Problem> {
        Ok(self.texts(path)?.and_then(|texts| texts.into_iter().next()).filter(|text| !text.is_empty()))
    }
}

fn is_absence(error: &Error) -> bool {
    match error {
        Error::DatasetNotFound(_) | Error::GroupNotFound(_) => true,
        Error::Context { source, .. } => is_absence(source),
        _ => false,
    }
}
