//! `spof plot`

use std::path::PathBuf;

use clap::ValueEnum;

use super::output::{Trouble, print, say, write};
use super::terminal::{self, Color};
use super::{Status, draw, input};
use crate::catalog::nearest;
use crate::design::{Design, lower};
use crate::draw::Theme;
use crate::numbers::availability::Places;
use crate::numbers::numbers_where;
use crate::plot::{downtime, draw_downtime, draw_growth, draw_stacks, growth, latency};
use crate::report::text::listed;
use crate::syntax::parse;

/// Plot a design's figures as SVG: what breaks first as load grows, what answers wait for, what takes a flow down
///
/// The picture adapts to a light or dark page. What is not known is named in it and not drawn.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  spof plot shop.arch --of growth                          to shop-growth.svg
  spof plot shop.arch --of latency
  spof plot shop.arch --of availability --flow order -o order.svg
  spof plot shop.arch --of growth --format json | jq '.lines[0]'")]
pub(super) struct Args {
    /// The design; `-` is standard input
    file: PathBuf,
    /// What to plot
    #[arg(long, value_enum)]
    of: Of,
    /// Where to: a name that ends in .svg, or `-` for standard output; the design's own name with what is plotted where
    /// not given
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Of this flow; for latency all where not given, for availability the one that is down longest where not given
    #[arg(long, value_name = "ID")]
    flow: Option<String>,
    /// Let zones, regions and shared fates fail as often as the defaults say, where nothing is stated of them
    #[arg(long)]
    assume: bool,
    /// What to write; json is the data of the picture, and goes to standard output where no name is given
    #[arg(long, value_enum, default_value_t = Format::Svg)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Of {
    /// Utilisation of each node as all flows grow up to 1,000 times, and where it breaks
    Growth,
    /// What the answer of each flow waits for, beside what the flow promises
    Latency,
    /// How long a flow is down a year, by what takes it down
    Availability,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Svg,
    Json,
}

pub(super) fn run(args: &Args, color: Color) -> Status {
    match plot(args, color) {
        Ok(status) => status,
        Err(trouble) => trouble.report(color),
    }
}

fn plot(args: &Args, color: Color) -> Result<Status, Trouble> {
    let target = target(args)?;
    let source = input::read_design(&args.file)?;
    let (ast, mut mistakes) = parse(&source.text);
    let (design, more) = lower(&ast);
    mistakes.extend(more);
    mistakes.sort_by_key(|mistake| mistake.at.span);
    let text = picture(args, &design)?;
    match &target {
        Some(path) => write(path, &text)?,
        None => print(&text)?,
    }
    if mistakes.is_empty() {
        return Ok(Status::Clean);
    }
    let blocks = listed(&source, &mistakes, terminal::for_stderr(color));
    say(&format!("{}\n", blocks.join("\n\n")));
    Ok(Status::Bad)
}

fn picture(args: &Args, design: &Design) -> Result<String, Trouble> {
    let places = if args.assume { Places::Assumed } else { Places::AsStated };
    if let Some(id) = args.flow.as_deref() {
        known(args.of, design, id)?;
    }
    let numbers = numbers_where(design, places);
    let json = |value: serde_json::Value| format!("{value:#}\n");
    Ok(match (args.of, args.format) {
        (Of::Growth, Format::Svg) => draw_growth(&growth(design, &numbers), Theme::Auto),
        (Of::Growth, Format::Json) => json(growth(design, &numbers).json()),
        (Of::Latency, format) => {
            let stacks = latency(design, &numbers, args.flow.as_deref());
            match format {
                Format::Svg => draw_stacks(&stacks, Theme::Auto),
                Format::Json => json(stacks.json()),
            }
        }
        (Of::Availability, format) => {
            let downtime = downtime(design, &numbers, places, args.flow.as_deref());
            match format {
                Format::Svg => draw_downtime(downtime.as_ref(), Theme::Auto),
                Format::Json => json(downtime.map_or(serde_json::Value::Null, |downtime| downtime.json())),
            }
        }
    })
}

/// A flow that can be plotted.
fn known(of: Of, design: &Design, id: &str) -> Result<(), Trouble> {
    if of == Of::Growth {
        return Err(Trouble::new("growth is that of all flows together").help("leave `--flow` out"));
    }
    match design.flows.iter().find(|flow| flow.id == id) {
        Some(flow) if !flow.steps.is_empty() => Ok(()),
        Some(_) => {
            Err(Trouble::new(format!("flow `{id}` has no hop")).help("write a line such as `a -> b` in it"))
        }
        None => {
            let trouble = Trouble::new(format!("no flow is called `{id}`"));
            Err(match nearest(id, design.flows.iter().map(|flow| flow.id.as_str())) {
                Some(near) => trouble.help(format!("did you mean `{near}`?")),
                None => trouble,
            })
        }
    }
}

/// Where to write; none is standard output.
fn target(args: &Args) -> Result<Option<PathBuf>, Trouble> {
    let json = args.format == Format::Json;
    match &args.output {
        Some(output) => draw::named(output, json),
        None if json || input::is_stdin(&args.file) => Ok(None),
        None => {
            let name = args.file.file_stem().unwrap_or_default().to_string_lossy();
            let of = args.of.to_possible_value().expect("none is skipped");
            Ok(Some(args.file.with_file_name(format!("{name}-{}.svg", of.get_name()))))
        }
    }
}
