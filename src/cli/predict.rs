//! `spof predict`

use std::path::PathBuf;

use clap::ValueEnum;

use super::output::{Trouble, finish};
use super::terminal::{self, Color};
use super::{Status, input};
use crate::catalog::nearest;
use crate::design::Design;
use crate::numbers::availability::Places;
use crate::predict::{Loss, after, every, predict};
use crate::report::Style;
use crate::report::json::printed;
use crate::report::predict as report;

/// Predict failure before it happens: what stops each flow, what each loss does to the rest, what breaks first as load grows
///
/// At the flows' peaks, with the figures of `spof numbers`. Loads move at once: how long things take to fail and to come
/// back is not reckoned.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  spof predict shop.arch
  spof predict shop.arch --loss store         all that happens without `store`
  spof predict shop.arch --loss hot/empty     ... when the cache `hot` has lost what it held
  spof predict shop.arch --loss api/instance  ... without one instance of `api`
  spof predict shop.arch --loss east/a        ... without a zone; a region, a group or a fate by its name
  spof predict shop.arch --format json | jq '.growth[0]'")]
pub(super) struct Args {
    /// The design; `-` is standard input
    file: PathBuf,
    /// Show everything that one loss does
    #[arg(long, value_name = "ID")]
    loss: Option<String>,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Let zones, regions and shared fates fail as often as the defaults say, where nothing is stated of them
    #[arg(long)]
    assume: bool,
    /// Show every set of failures, every loss and every limit
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
    let style = Style { all: args.all, ..terminal::for_stdout(color) };
    let text = match (&args.loss, args.format) {
        (Some(id), format) => {
            let loss = Loss::named(&design, id).ok_or_else(|| unknown(&design, id))?;
            let after = after(&design, &loss);
            match format {
                Format::Text => report::one(&design, &after, style),
                Format::Json => printed(&report::aftermath_json(&after)),
            }
        }
        (None, Format::Text) => report::text(&design, &predict(&design, places), places, style),
        (None, Format::Json) => printed(&report::json(&design, &predict(&design, places))),
    };
    Ok(finish(&text, status, color))
}

fn unknown(design: &Design, id: &str) -> Trouble {
    let trouble = Trouble::new(format!("nothing that can be lost here is called `{id}`"));
    let names: Vec<String> = every(design).iter().map(Loss::id).collect();
    match nearest(id, names.iter().map(String::as_str)) {
        Some(near) => trouble.help(format!("did you mean `{near}`?")),
        None => trouble.help(
            "`--loss` takes a node that is no client, a zone, region, group or fate; `ID/empty` of a cache with a way past it, `ID/instance` of a node with several",
        ),
    }
}
