//! `focus`: see any stretch of a sensing fibre, in any band, now or earlier.

mod cli;
mod cluster;
mod completions;
mod config;
mod feed;
mod logging;
mod picture;
mod playback;
mod progress;
mod record;
mod recordings;
mod serve;
mod server;
mod settings;
mod signals;
mod time;
mod up;
mod view;
mod work;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    match cli::run(cli::Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            cli::report(&error);
            cli::Exit::of(&error).into()
        }
    }
}
