/// Name of the file that [`EXCERPT`] is, to put it into a data directory.
pub const EXCERPT_NAME: &str = "porotomo_hawthorne.h5";

/// A real recording: 50 s of a magnitude 4.3 earthquake on 500 channels at 100 Hz, as a PRODML 2.1 file.
///
/// From the PoroTomo experiment (doi:10.15121/1778858, CC BY); `data/README.md` of this crate says what was
/// changed.
pub const EXCERPT: &[u8] = include_bytes!("../data/porotomo_hawthorne.h5");
