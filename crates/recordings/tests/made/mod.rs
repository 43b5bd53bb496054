//! Small files of every format but PRODML, written here so that each test says what is in its file.

pub(crate) mod febus;
pub(crate) mod miniseed;
pub(crate) mod optodas;
pub(crate) mod segy;
pub(crate) mod silixa;
pub(crate) mod terra15;
