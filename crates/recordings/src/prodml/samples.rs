use std::ops::Range;
use std::sync::Arc;

use hdf5_reader::{Dataset, H5Type, SliceInfo, SliceInfoElem};

use super::header::AxisOrder;
use crate::error::Problem;

/// The samples of some instants and columns, time-major whatever the order in the file.
pub(super) fn read<T: H5Type + Copy>(
    data: &Dataset,
    order: AxisOrder,
    times: Range<u64>,
    columns: Range<usize>,
) -> Result<Arc<[T]>, Problem> {
    let rows = SliceInfoElem::Slice { start: times.start, end: times.end, step: 1 };
    let loci = SliceInfoElem::Slice { start: columns.start as u64, end: columns.end as u64, step: 1 };
    let selections = match order {
        AxisOrder::TimeFirst => vec![rows, loci],
        AxisOrder::LocusFirst => vec![loci, rows],
    };
    let array = data.read_slice::<T>(&SliceInfo { selections })?;
    let values = array
        .as_slice()
        .ok_or_else(|| Problem::File("the HDF5 reader returned samples in an unknown order".into()))?;
    Ok(match order {
        AxisOrder::TimeFirst => values.into(),
        AxisOrder::LocusFirst => transposed(values, columns.len()).into(),
    })
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
