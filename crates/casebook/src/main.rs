//! `casebook`: is this ticket a test?

mod cli;

use std::process::ExitCode;

use clap::Parser as _;

/// Reading and auditing are many small pieces of memory: the system's allocator takes a fifth of the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run(cli::Cli::parse())
}
