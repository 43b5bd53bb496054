use focus_core::DataType;

use crate::error::Problem;

/// How samples are stored. Those that are read fit into one of our types as they are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Format {
    Ibm,
    Int32,
    Int16,
    Ieee,
    Int24,
    Int8,
    Uint16,
    Uint24,
    Uint8,
}

impl Format {
    pub(super) fn new(code: u16) -> Result<Self, Problem> {
        let refused = match code {
            1 => return Ok(Self::Ibm),
            2 => return Ok(Self::Int32),
            3 => return Ok(Self::Int16),
            5 => return Ok(Self::Ieee),
            7 => return Ok(Self::Int24),
            8 => return Ok(Self::Int8),
            11 => return Ok(Self::Uint16),
            15 => return Ok(Self::Uint24),
            16 => return Ok(Self::Uint8),
            4 => "fixed point with gain",
            6 => "float64",
            9 => "int64",
            10 => "uint32",
            12 => "uint64",
            _ => "unknown",
        };
        Err(Problem::field(
            "sample format code (bytes 3225-3226)",
            format!(
                "{code} ({refused}) is not supported, only 1 (IBM float), 2 (int32), 3 (int16), 5 (IEEE float), \
                 7 (int24), 8 (int8), 11 (uint16), 15 (uint24), 16 (uint8)"
            ),
        ))
    }

    /// Bytes of one sample.
    pub(super) fn bytes(self) -> u64 {
        match self {
            Self::Int8 | Self::Uint8 => 1,
            Self::Int16 | Self::Uint16 => 2,
            Self::Int24 | Self::Uint24 => 3,
            Self::Ibm | Self::Int32 | Self::Ieee => 4,
        }
    }

    /// In which type samples are given.
    pub(super) fn data_type(self) -> DataType {
        match self {
            Self::Ibm | Self::Ieee => DataType::Float32,
            Self::Int32 | Self::Int24 | Self::Uint16 | Self::Uint24 => DataType::Int32,
            Self::Int16 | Self::Int8 | Self::Uint8 => DataType::Int16,
        }
    }
}
