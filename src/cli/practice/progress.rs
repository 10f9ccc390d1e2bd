//! `spof progress`

use clap::ValueEnum;

use super::session::Desk;
use super::{Now, end};
use crate::cli::output::Trouble;
use crate::cli::terminal::Color;
use crate::cli::{Status, packs};
use crate::practice::progress;
use crate::report::practice;

/// How far you are: attempts, best scores and levels, what is weak, what to practise next and why
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  spof progress\n  spof progress --format json | jq .next")]
pub(in crate::cli) struct Args {
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    packs: packs::Folder,
    #[command(flatten)]
    now: Now,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

pub(in crate::cli) fn run(args: &Args, color: Color) -> Status {
    end(Desk::new(args.now.now, color).and_then(|desk| show(args, &desk)), color)
}

fn show(args: &Args, desk: &Desk) -> Result<String, Trouble> {
    let loaded = args.packs.load(desk.color)?;
    let packs = loaded.packs();
    let progress = progress(&desk.look()?, packs, desk.now());
    Ok(match args.format {
        Format::Text => practice::progress(&progress, packs.iter().count(), desk.style),
        Format::Json => {
            let text = serde_json::to_string_pretty(&progress);
            format!("{}\n", text.expect("names and numbers can be written"))
        }
    })
}
