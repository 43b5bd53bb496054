//! Rows of whole streams.

mod calibration;
mod continuity;
mod properties;
mod streams;
