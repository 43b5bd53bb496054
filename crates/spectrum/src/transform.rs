use focus_core::Plan;

/// What a row shows of each channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transform {
    /// The one-sided amplitude spectrum in the unit of the samples (Hann window, a sine of amplitude A shows A).
    Amplitude {
        /// Samples in a window: a power of two, at least 128.
        nfft: usize,
        /// Windows whose powers are averaged into one row; their centres share out the row's interval.
        windows_per_row: u32,
    },
    /// One value: the root mean square of the row's samples, in their unit.
    Rms,
}

impl Transform {
    /// The one that `plan` asks for.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        plan.nfft.map_or(Self::Rms, |nfft| Self::Amplitude {
            nfft: nfft as usize,
            windows_per_row: plan.windows_per_row,
        })
    }
}
