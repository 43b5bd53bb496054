use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// One segment of a recording file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct FilePart {
    /// The file.
    pub path: PathBuf,
    /// Which of its segments, counted from 0.
    pub segment: usize,
}

impl From<PathBuf> for FilePart {
    /// The first segment, and in most files the only one.
    fn from(path: PathBuf) -> Self {
        Self { path, segment: 0 }
    }
}

/// As it is written: most files have one segment, and there may be thousands of them.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    First(PathBuf),
    Segment { path: PathBuf, segment: usize },
}

impl From<Written> for FilePart {
    fn from(written: Written) -> Self {
        match written {
            Written::First(path) => Self { path, segment: 0 },
            Written::Segment { path, segment } => Self { path, segment },
        }
    }
}

impl From<FilePart> for Written {
    fn from(FilePart { path, segment }: FilePart) -> Self {
        if segment == 0 { Self::First(path) } else { Self::Segment { path, segment } }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_segment_is_written_as_the_files_name() {
        let parts = [FilePart::from(PathBuf::from("a.h5")), FilePart { path: "b.mseed".into(), segment: 2 }];
        let written = serde_json::to_value(&parts).unwrap();
        assert_eq!(written, json!(["a.h5", {"path": "b.mseed", "segment": 2}]));
        assert_eq!(serde_json::from_value::<Vec<FilePart>>(written).unwrap(), parts);
    }
}
