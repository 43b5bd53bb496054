//! What plays the part of an interrogator, as configured.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use focus_live::{LiveOptions, Playback, Scene, Simulator};
use focus_recordings::{EXCERPT, EXCERPT_NAME, Recording, RecordingReader};

use crate::settings::{LiveSettings, LiveSource};

/// Distance between the simulator's channels, metres.
const SIMULATED_DX: f64 = 1.0;

/// What is to be played; `None`: nothing. A file that this needs is made in `own_dir`.
///
/// # Errors
/// When the recording to replay cannot be used, or the simulator's numbers make no fibre.
pub(crate) fn playback(settings: &LiveSettings, own_dir: &Path) -> Result<Option<Playback>> {
    let options = LiveOptions { block: settings.block, ..LiveOptions::default() };
    Ok(match &settings.source {
        LiveSource::None => None,
        LiveSource::Replay { file } => {
            let file = file.clone().map_or_else(|| built_in(own_dir), Ok)?;
            Some(replay(&file, options)?)
        }
        LiveSource::Simulator { channels, sampling_rate, seed } => {
            let scene = Scene {
                channels: *channels,
                sampling_rate: sampling_rate.hertz(),
                dx: SIMULATED_DX,
                seed: *seed,
            };
            Some(Playback::simulated(Simulator::new(scene)?, options))
        }
    })
}

/// The built-in recording as a file, outside the recordings that belong to the user.
fn built_in(own_dir: &Path) -> Result<PathBuf> {
    let directory = own_dir.join(".built-in");
    let path = directory.join(EXCERPT_NAME);
    let write = || {
        std::fs::create_dir_all(&directory)?;
        std::fs::write(&path, EXCERPT)
    };
    write().with_context(|| {
        format!("cannot write {}; name a directory that can be written to with --index-dir", path.display())
    })?;
    Ok(path)
}

fn replay(path: &Path, options: LiveOptions) -> Result<Playback> {
    let unusable = || format!("cannot replay {}", path.display());
    let recordings = Recording::of_file(path).with_context(unusable)?;
    let (Some(first), Some(last)) = (recordings.first(), recordings.last()) else {
        anyhow::bail!(unusable())
    };
    let (fibre, start, end) = (first.fibre.clone(), first.start, last.end);
    let channels = fibre.all_channels();
    let open = move || RecordingReader::new(recordings.clone(), start, end, channels);
    Ok(Playback::replayed(fibre, options, open))
}
