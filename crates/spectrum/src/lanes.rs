/// How many neighbouring channels are computed side by side: their samples of one instant are one cache
/// line, and one AVX-512 register.
pub const LANES: usize = 16;

/// Values of [`LANES`] channels at one instant, or of one bin.
pub(crate) type Frame = [f32; LANES];

/// Growable frames that begin on a cache line, so that a frame is never split over two of them.
#[derive(Default)]
pub(crate) struct Frames {
    values: Vec<f32>,
    /// Where in `values` the first cache line begins.
    start: usize,
    len: usize,
}

impl Frames {
    /// `len` frames of zeros.
    pub(crate) fn new(len: usize) -> Self {
        let values = vec![0.0; (len + 1) * LANES];
        // The hint may fail ("usize::MAX"); speed is then all that is lost.
        let start = values.as_ptr().align_offset(64);
        Self { start: if start < LANES { start } else { 0 }, values, len }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The first `len` frames, of more zeros if there are not as many.
    pub(crate) fn at_least(&mut self, len: usize) -> &mut [Frame] {
        if self.len < len {
            *self = Self::new(len);
        }
        &mut self.all_mut()[..len]
    }

    pub(crate) fn all(&self) -> &[Frame] {
        self.values[self.start..][..self.len * LANES].as_chunks().0
    }

    pub(crate) fn all_mut(&mut self) -> &mut [Frame] {
        self.values[self.start..][..self.len * LANES].as_chunks_mut().0
    }
}
