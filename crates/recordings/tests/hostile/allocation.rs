//! What opening and reading one file may take.

use std::alloc::System;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use cap::Cap;

use crate::common::hostile::read_through;

/// Beyond this much memory the test is ended, and not the machine.
#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, 4 << 30);

/// Most bytes that may be allocated for a small file, one after the other, whether or not they are freed.
const ALLOWED: usize = 64 << 20;
/// Most time that it may take: seconds even where everything is busy.
const PATIENCE: Duration = Duration::from_secs(20);

/// Reads some of each segment of a file and gives the error, if it is one, and how many bytes that took; or says what is
/// wrong with how that went. A panic of the reading code is wrong, even if it became an error.
pub(crate) fn read(file: &[u8]) -> Result<(Option<String>, usize), String> {
    // What other threads allocate would count as well.
    static ALONE: Mutex<()> = Mutex::new(());
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (before, begin) = (ALLOCATOR.total_allocated(), Instant::now());
    let error = read_through(file).err().map(|error| error.to_string());
    let (allocated, took) = (ALLOCATOR.total_allocated() - before, begin.elapsed());
    drop(alone);
    match error {
        Some(error) if error.contains("gave up on it") => Err(error),
        error if took > PATIENCE => Err(format!("took {took:?}: {error:?}")),
        error => Ok((error, allocated)),
    }
}

/// The same, if no more was allocated than for `honest`, the file that this one was, and what is allowed above that.
pub(crate) fn read_frugally(file: &[u8], honest: usize) -> Result<Option<String>, String> {
    let (error, allocated) = read(file)?;
    if allocated <= ALLOWED + 2 * honest {
        Ok(error)
    } else {
        Err(format!("{allocated} bytes were allocated: {error:?}"))
    }
}
