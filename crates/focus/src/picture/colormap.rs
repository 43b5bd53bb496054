use clap::ValueEnum;

/// Colours for values. All of them are perceptually uniform: equal steps of value look equally large,
/// and more is always brighter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colormap {
    /// Violet over green to yellow.
    #[default]
    Viridis,
    /// Black over violet to white.
    Magma,
    /// Black over red to yellow.
    Inferno,
    /// Blue to yellow; the same to people who cannot tell red from green.
    Cividis,
    /// Black to white.
    Gray,
}

impl Colormap {
    /// All 256 colours, from low to high.
    pub(crate) fn table(self) -> [[u8; 3]; 256] {
        std::array::from_fn(|index| {
            let gradient = match self {
                Self::Viridis => colorous::VIRIDIS,
                Self::Magma => colorous::MAGMA,
                Self::Inferno => colorous::INFERNO,
                Self::Cividis => colorous::CIVIDIS,
                Self::Gray => return [index as u8; 3],
            };
            let colour = gradient.eval_rational(index, 256);
            [colour.r, colour.g, colour.b]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lightness L* of CIELAB, 0 to 100.
    fn lightness([r, g, b]: [u8; 3]) -> f64 {
        let linear = |channel: u8| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        let y = 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
        if y > 0.008_856 { 116.0 * y.cbrt() - 16.0 } else { 903.3 * y }
    }

    #[test]
    fn more_is_always_brighter() {
        for colormap in Colormap::value_variants() {
            let table = colormap.table();
            for pair in table.windows(2) {
                let (before, after) = (lightness(pair[0]), lightness(pair[1]));
                // 8-bit colours round: a step back by less than anybody can see is none.
                assert!(after > before - 0.3, "{colormap:?}: {pair:?} goes from {before} to {after}");
            }
            for pair in table.chunks_exact(32).collect::<Vec<_>>().windows(2) {
                assert!(lightness(pair[1][0]) > lightness(pair[0][0]) + 4.0, "{colormap:?} hardly rises");
            }
        }
    }
}
