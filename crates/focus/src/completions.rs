//! `focus completions`: the command line completes itself.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::cli::Cli;

/// Shown below `--help`.
pub(crate) const EXAMPLES: &str = "\
Examples:
  focus completions bash > ~/.local/share/bash-completion/completions/focus
  focus completions zsh > ~/.zfunc/_focus
  focus completions fish > ~/.config/fish/completions/focus.fish";

/// What `focus completions` can be told.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct CompletionsArgs {
    /// The shell.
    shell: Shell,
}

/// Prints the script.
pub(crate) fn run(args: CompletionsArgs) {
    clap_complete::generate(args.shell, &mut Cli::command(), "focus", &mut std::io::stdout());
}
