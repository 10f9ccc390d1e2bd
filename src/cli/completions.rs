//! `spof completions`

use clap_complete::{Shell, generate};

use super::Status;
use super::output::finish;
use super::terminal::Color;

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  spof completions bash > ~/.local/share/bash-completion/completions/spof
  spof completions zsh  > ~/.zfunc/_spof
  spof completions fish > ~/.config/fish/completions/spof.fish")]
pub(super) struct Args {
    shell: Shell,
}

pub(super) fn run(args: &Args, command: &mut clap::Command) -> Status {
    let mut script = Vec::new();
    generate(args.shell, command, "spof", &mut script);
    finish(&String::from_utf8_lossy(&script), Status::Clean, Color::Auto)
}
