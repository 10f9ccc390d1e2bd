//! `spof rules`

use clap::ValueEnum;

use super::Status;
use super::output::finish;
use super::terminal::{self, Color};
use crate::report;
use crate::report::json::printed;

/// List what a design is checked for
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  spof rules\n  spof rules --format json\n  spof explain spof-datastore")]
pub(super) struct Args {
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

pub(super) fn run(args: &Args, color: Color) -> Status {
    let text = match args.format {
        Format::Text => report::rules(terminal::for_stdout(color)),
        Format::Json => printed(&report::rules_json()),
    };
    finish(&text, Status::Clean, color)
}
