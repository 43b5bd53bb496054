//! `focus`: see any stretch of a sensing fibre, in any band, now or earlier.

mod cli;
mod completions;
mod config;
mod logging;
mod picture;
mod settings;
mod up;
mod view;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    match cli::run(cli::Cli::parse()) {
        Ok(code) => code.into(),
        Err(error) => {
            cli::report(&error);
            cli::Exit::of(&error).into()
        }
    }
}
