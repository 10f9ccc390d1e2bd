//! `spof plot`

use std::path::PathBuf;

use clap::ValueEnum;

use super::output::{Trouble, print, write};
use super::picture::{self, Target};
use super::terminal::Color;
use super::{Status, input};
use crate::catalog::nearest;
use crate::design::Design;
use crate::numbers::availability::Places;
use crate::numbers::numbers_where;
use crate::plot::{downtime, draw_downtime, draw_growth, draw_stacks, growth, latency};
use crate::report::json::printed;

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
    /// Where to: a name that ends in .svg, .png or .pdf, or `-` for SVG on standard output; the design's own name with what
    /// is plotted where not given
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Pixels of a .png for each of the picture's own
    #[arg(long, default_value = "2", value_parser = picture::scale)]
    scale: f32,
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
    let (design, mistakes) = input::understood(&source);
    draw(args, &design, &target)?;
    Ok(input::told(&source, &mistakes, color))
}

fn draw(args: &Args, design: &Design, target: &Target) -> Result<(), Trouble> {
    let places = if args.assume { Places::Assumed } else { Places::AsStated };
    let only = args.flow.as_deref();
    if let Some(id) = only {
        known(args.of, design, id)?;
    }
    let numbers = numbers_where(design, places);
    if args.format == Format::Json {
        let value = match args.of {
            Of::Growth => growth(design, &numbers).json(),
            Of::Latency => latency(design, &numbers, only).json(),
            Of::Availability => {
                let downtime = downtime(design, &numbers, places, only);
                downtime.map_or(serde_json::Value::Null, |downtime| downtime.json())
            }
        };
        let text = printed(&value);
        return target.path.as_ref().map_or_else(|| print(&text), |path| write(path, text.as_bytes()));
    }
    target.write(args.scale, |theme| match args.of {
        Of::Growth => draw_growth(&growth(design, &numbers), theme),
        Of::Latency => draw_stacks(&latency(design, &numbers, only), theme),
        Of::Availability => draw_downtime(downtime(design, &numbers, places, only).as_ref(), theme),
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

/// Where to write.
fn target(args: &Args) -> Result<Target, Trouble> {
    let json = args.format == Format::Json;
    match &args.output {
        Some(output) if json && !input::is_stdin(output) => Ok(Target::svg(output.clone())),
        Some(output) => Target::named(output),
        None if json || input::is_stdin(&args.file) => Ok(Target::STDOUT),
        None => {
            let name = args.file.file_stem().unwrap_or_default().to_string_lossy();
            let of = args.of.to_possible_value().expect("none is skipped");
            Ok(Target::svg(args.file.with_file_name(format!("{name}-{}.svg", of.get_name()))))
        }
    }
}
