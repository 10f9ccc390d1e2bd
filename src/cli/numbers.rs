//! `spof numbers`

use std::path::PathBuf;

use clap::ValueEnum;

use super::output::{Trouble, finish};
use super::terminal::{self, Color};
use super::{Status, input};
use crate::catalog::nearest;
use crate::numbers::availability::Places;
use crate::numbers::{Numbers, numbers_where};
use crate::report::Style;
use crate::report::json::printed;
use crate::report::numbers as report;

/// Show what a design has to carry, and what it can: rates, capacity, availability, data
///
/// Every figure comes from the design's own numbers or from a sourced default of the catalogue; a `?` says which number is
/// missing. `--why ID` shows the arithmetic.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  spof numbers shop.arch
  spof numbers shop.arch --why store     how the figures of a node, flow or table were reached
  spof numbers shop.arch --format json | jq '.nodes[] | select(.utilisation > 0.7)'")]
pub(super) struct Args {
    /// The design; `-` is standard input
    file: PathBuf,
    /// Show how the figures of this node, flow or table were reached
    #[arg(long, value_name = "ID")]
    why: Option<String>,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Let zones, regions and shared fates fail as often as the defaults say, where nothing is stated of them
    #[arg(long)]
    assume: bool,
    /// Name every missing number, and every smallest set of failures that stops a flow
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

pub(super) fn run(args: &Args, color: Color) -> Status {
    match show(args, color) {
        Ok(status) => status,
        Err(trouble) => trouble.report(color),
    }
}

fn show(args: &Args, color: Color) -> Result<Status, Trouble> {
    let (design, status) = input::read_and_say(&args.file, color)?;
    let places = if args.assume { Places::Assumed } else { Places::AsStated };
    let numbers = numbers_where(&design, places);
    let style = Style { all: args.all, ..terminal::for_stdout(color) };
    let text = match (&args.why, args.format) {
        (Some(id), _) => {
            report::why(&design, &numbers, places, id, style).ok_or_else(|| unknown(&numbers, id))?
        }
        (None, Format::Text) => report::text(&design, &numbers, places, style),
        (None, Format::Json) => printed(&report::json(&numbers)),
    };
    Ok(finish(&text, status, color))
}

fn unknown(numbers: &Numbers, id: &str) -> Trouble {
    let trouble = Trouble::new(format!("nothing here is called `{id}`"));
    let names = numbers
        .nodes
        .iter()
        .map(|node| node.id.as_str())
        .chain(numbers.flows.iter().map(|flow| flow.id.as_str()))
        .chain(numbers.tables.iter().map(|table| table.id.as_str()));
    match nearest(id, names) {
        Some(near) => trouble.help(format!("did you mean `{near}`?")),
        None => trouble.help("`--why` takes a node that is no client, a flow or a table"),
    }
}
