//! How PRODML writes what it has to say: the attributes of HDF5 objects.

use std::io;

use hdf5_writer::{AttributeBuilder, ByteOrder, Datatype, EnumMember, Error, Hdf5Builder, WriteOptions};
use jiff::Timestamp;
use jiff::tz::Offset;

/// How the machine lays out its numbers: data are written as they lie in memory.
const NATIVE: ByteOrder =
    if cfg!(target_endian = "little") { ByteOrder::LittleEndian } else { ByteOrder::BigEndian };

/// The file, its datasets without data.
pub(super) fn encode(file: Result<Hdf5Builder, Error>) -> io::Result<Vec<u8>> {
    file.and_then(Hdf5Builder::into_plan)
        .and_then(|plan| plan.encode(WriteOptions { byte_order: NATIVE, ..WriteOptions::default() }))
        .map_err(|error| match error {
            Error::Io(error) => error,
            error => io::Error::other(error),
        })
}

/// The file with these attributes at a group.
pub(super) fn describe(file: Hdf5Builder, group: &str, attributes: Vec<AttributeBuilder>) -> Hdf5Builder {
    attributes.into_iter().fold(file, |file, attribute| file.group_attribute(group, attribute))
}

pub(super) fn text(name: &str, value: impl AsRef<str>) -> AttributeBuilder {
    AttributeBuilder::fixed_string(name, value)
}

pub(super) fn texts(name: &str, values: &[&str]) -> Result<AttributeBuilder, Error> {
    AttributeBuilder::fixed_string_vector(name, values)
}

/// A number; NaN where PRODML demands one and nobody knows it.
pub(super) fn number(name: &str, value: Option<f64>) -> Result<AttributeBuilder, Error> {
    AttributeBuilder::scalar(name, value.unwrap_or(f64::NAN))
}

/// A number with its unit beside it.
pub(super) fn measure(name: &str, value: Option<f64>, unit: &str) -> Result<[AttributeBuilder; 2], Error> {
    Ok([number(name, value)?, text(&format!("{name}.uom"), unit)])
}

pub(super) fn count(name: &str, value: u64) -> Result<AttributeBuilder, Error> {
    AttributeBuilder::scalar(name, value as i64)
}

/// A truth value, as h5py and its relatives store it.
pub(super) fn boolean(name: &str, value: bool) -> AttributeBuilder {
    let base = Datatype::FixedPoint { size: 1, signed: true, byte_order: NATIVE };
    let members = [("FALSE", 0), ("TRUE", 1)]
        .map(|(name, value)| EnumMember { name: name.to_owned(), value: vec![value] });
    let kind = Datatype::Enum { base: Box::new(base), members: members.into() };
    AttributeBuilder::new(name, kind, vec![], vec![value.into()])
}

/// The time as interrogators write it, with as many digits as it has.
pub(super) fn stamp(time: Timestamp) -> String {
    time.display_with_offset(Offset::UTC).to_string()
}

/// Epoch microseconds, rounded: in these are PRODML's times.
pub(super) fn microseconds(time: Timestamp) -> i64 {
    (time.as_nanosecond() + 500).div_euclid(1000) as i64
}
