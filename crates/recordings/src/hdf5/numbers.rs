use hdf5_reader::{Datatype, H5Type};

use crate::error::Problem;

/// Numbers of whatever type, as a format's header has them; `None` if they are no numbers.
pub(super) fn decode(datatype: &Datatype, bytes: &[u8]) -> Option<Vec<f64>> {
    match datatype {
        Datatype::FixedPoint { size: 1, signed: true, .. } => each::<i8>(datatype, bytes, f64::from),
        Datatype::FixedPoint { size: 1, signed: false, .. } => each::<u8>(datatype, bytes, f64::from),
        Datatype::FixedPoint { size: 2, signed: true, .. } => each::<i16>(datatype, bytes, f64::from),
        Datatype::FixedPoint { size: 2, signed: false, .. } => each::<u16>(datatype, bytes, f64::from),
        Datatype::FixedPoint { size: 4, signed: true, .. } => each::<i32>(datatype, bytes, f64::from),
        Datatype::FixedPoint { size: 4, signed: false, .. } => each::<u32>(datatype, bytes, f64::from),
        Datatype::FixedPoint { size: 8, signed: true, .. } => {
            each(datatype, bytes, |number: i64| number as f64)
        }
        Datatype::FixedPoint { size: 8, signed: false, .. } => {
            each(datatype, bytes, |number: u64| number as f64)
        }
        Datatype::FloatingPoint { size: 4, .. } => each::<f32>(datatype, bytes, f64::from),
        Datatype::FloatingPoint { size: 8, .. } => each(datatype, bytes, |number: f64| number),
        _ => None,
    }
}

fn each<T: H5Type>(datatype: &Datatype, bytes: &[u8], number: impl Fn(T) -> f64) -> Option<Vec<f64>> {
    let size = T::element_size(datatype);
    bytes.chunks_exact(size).map(|bytes| T::from_bytes(bytes, datatype).ok().map(&number)).collect()
}

/// A number that is above 0 and finite where it is given.
pub(super) fn positive(name: &str, number: Option<f64>) -> Result<Option<f64>, Problem> {
    match number {
        Some(number) if number <= 0.0 || !number.is_finite() => {
            Err(Problem::field(name, format!("{number} is not a positive number")))
        }
        number => Ok(number),
    }
}
