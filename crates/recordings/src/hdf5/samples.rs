use std::ops::Range;
use std::sync::Arc;

use focus_core::{DataType, Samples};
use hdf5_reader::{Dataset, Datatype, H5Type, SliceInfo, SliceInfoElem};

use super::Attributes;
use crate::error::Problem;

/// Which axis of a stored array comes first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Axes {
    TimeFirst,
    LocusFirst,
}

/// A stored array of samples, times by loci.
pub(crate) struct Matrix {
    data: Dataset,
    axes: Axes,
    data_type: DataType,
    samples: u64,
    channels: u32,
    /// What a stored number is multiplied by, where it is not the sample itself.
    scale: Option<f64>,
}

impl Matrix {
    /// Checks that `data`, which the format calls `name`, holds samples.
    pub(crate) fn new(name: &str, data: Dataset, axes: Axes) -> Result<Self, Problem> {
        let &[first, second] = data.shape() else {
            return Err(Problem::field(name, format!("has {} axes instead of 2", data.shape().len())));
        };
        let (samples, loci) = match axes {
            Axes::TimeFirst => (first, second),
            Axes::LocusFirst => (second, first),
        };
        let channels = extent(name, samples, loci)?;
        let data_type = data_type(name, &data)?;
        Ok(Self { data, axes, data_type, samples, channels, scale: None })
    }

    /// Only the first `samples` instants: what follows is room that the writer left.
    pub(crate) fn shortened(self, samples: u64) -> Self {
        Self { samples: self.samples.min(samples), ..self }
    }

    /// A sample is the stored number times `scale`; unless that changes nothing, samples are float32.
    pub(crate) fn scaled(self, scale: f64) -> Self {
        let changes = (scale - 1.0).abs() > 0.0;
        Self { scale: changes.then_some(scale), ..self }
    }

    pub(crate) fn data_type(&self) -> DataType {
        self.scale.map_or(self.data_type, |_| DataType::Float32)
    }

    pub(crate) fn axes(&self) -> Axes {
        self.axes
    }

    pub(crate) fn attributes(&self) -> Result<Attributes, Problem> {
        Attributes::of_dataset(&self.data)
    }

    /// How many instants it has.
    pub(crate) fn samples(&self) -> u64 {
        self.samples
    }

    pub(crate) fn channels(&self) -> u32 {
        self.channels
    }

    /// The samples of some instants and columns, time-major whatever the order in the file. A range beyond the data is cut to
    /// it.
    pub(crate) fn read(&self, times: Range<u64>, columns: Range<usize>) -> Result<Samples, Problem> {
        let times = times.start.min(self.samples)..times.end.min(self.samples);
        let channels = self.channels as usize;
        let columns = columns.start.min(channels)..columns.end.min(channels);
        let stored = match self.data_type {
            DataType::Int16 => Samples::Int16(self.read_as(times, columns)?),
            DataType::Int32 => Samples::Int32(self.read_as(times, columns)?),
            DataType::Float32 => Samples::Float32(self.read_as(times, columns)?),
        };
        Ok(match self.scale {
            None => stored,
            Some(scale) => multiplied(&stored, scale),
        })
    }

    fn read_as<T: H5Type + Copy>(
        &self,
        times: Range<u64>,
        columns: Range<usize>,
    ) -> Result<Arc<[T]>, Problem> {
        let (rows, loci) = (range(times.start, times.end), range(columns.start as u64, columns.end as u64));
        Ok(match self.axes {
            Axes::TimeFirst => slice(&self.data, vec![rows, loci])?.into(),
            Axes::LocusFirst => transposed(&slice(&self.data, vec![loci, rows])?, columns.len()).into(),
        })
    }
}

/// One part of a selection.
pub(crate) fn range(start: u64, end: u64) -> SliceInfoElem {
    SliceInfoElem::Slice { start, end, step: 1 }
}

/// A part of an array, in the order of its axes.
pub(crate) fn slice<T: H5Type + Copy>(
    data: &Dataset,
    selections: Vec<SliceInfoElem>,
) -> Result<Vec<T>, Problem> {
    let array = data.read_slice::<T>(&SliceInfo { selections })?;
    let values = array.as_slice();
    let values =
        values.ok_or_else(|| Problem::File("the HDF5 reader returned samples in an unknown order".into()))?;
    Ok(values.to_vec())
}

/// How many channels `loci` are. Within its bounds no product overflows 64 bits, and counts are exact as floats.
pub(crate) fn extent(name: &str, samples: u64, loci: u64) -> Result<u32, Problem> {
    if samples == 0 || loci == 0 {
        return Err(Problem::field(name, "holds no samples"));
    }
    match u32::try_from(loci) {
        Ok(channels) if channels <= 1 << 20 && samples <= 1 << 40 => Ok(channels),
        _ => Err(Problem::field(name, format!("claims {samples} times x {loci} channels"))),
    }
}

/// In which type samples are stored.
pub(crate) fn data_type(name: &str, data: &Dataset) -> Result<DataType, Problem> {
    match data.dtype() {
        Datatype::FixedPoint { size: 2, signed: true, .. } => Ok(DataType::Int16),
        Datatype::FixedPoint { size: 4, signed: true, .. } => Ok(DataType::Int32),
        Datatype::FloatingPoint { size: 4, .. } => Ok(DataType::Float32),
        other => {
            let found = match other {
                Datatype::FixedPoint { size, signed, .. } => {
                    format!("{}int{}", if *signed { "" } else { "u" }, u32::from(*size) * 8)
                }
                Datatype::FloatingPoint { size, .. } => format!("float{}", u32::from(*size) * 8),
                _ => "not numbers".into(),
            };
            Err(Problem::field(name, format!("samples are {found}, supported are int16, int32, float32")))
        }
    }
}

fn multiplied(samples: &Samples, scale: f64) -> Samples {
    fn all<T: Copy + Into<f64>>(values: &[T], scale: f64) -> Samples {
        Samples::Float32(values.iter().map(|&value| (value.into() * scale) as f32).collect())
    }
    match samples {
        Samples::Int16(values) => all(values, scale),
        Samples::Int32(values) => all(values, scale),
        Samples::Float32(values) => all(values, scale),
    }
}

/// Turns `loci` rows of equal length into columns.
fn transposed<T: Copy>(values: &[T], loci: usize) -> Vec<T> {
    let times = values.len().checked_div(loci).unwrap_or(0);
    (0..times).flat_map(|time| (0..loci).map(move |locus| values[locus * times + time])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transposing_makes_columns_of_rows() {
        assert_eq!(transposed(&[1, 2, 3, 10, 20, 30], 2), [1, 10, 2, 20, 3, 30]);
        assert!(transposed::<i16>(&[], 0).is_empty());
    }
}
