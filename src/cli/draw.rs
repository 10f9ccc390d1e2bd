//! `spof draw`

use std::path::PathBuf;

use clap::ValueEnum;

use super::output::{Trouble, print, say, write};
use super::picture::{self, Target};
use super::terminal::Color;
use super::{Status, input, settings, theme};
use crate::catalog::nearest;
use crate::design::Design;
use crate::draw::sequence::{sequence, sequence_svg};
use crate::draw::{self, Marks, Plan, Theme, Way, drawn, json, svg_in};
use crate::layout;
use crate::report::json::inert;
use crate::rules::check_with;

/// Draw a design as SVG, PNG or PDF
///
/// The drawing adapts to a light or dark page. A design with mistakes is drawn as far as it could be read.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  spof draw shop.arch                  to shop.svg
  spof draw shop.arch -o docs/shop.svg --findings
  spof draw shop.arch -o shop.png --scale 2 --theme dark
  spof draw shop.arch --flow order     one flow as a numbered path; --only leaves out the rest
  spof draw shop.arch --heat           how much of each node is used at the peak
  spof draw shop.arch --as sequence --flow order -o order.svg
  spof draw shop.arch -o - > shop.svg
  spof draw shop.arch --format json    where everything stands")]
pub(super) struct Args {
    /// The design to draw; `-` is standard input
    file: PathBuf,
    /// Where to: a name that ends in .svg, .png or .pdf, or `-` for SVG on standard output; the design's own name with .svg
    /// where not given
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Pixels of a .png for each of the drawing's own
    #[arg(long, default_value = "2", value_parser = picture::scale)]
    scale: f32,
    /// Mark what `spof check` finds
    #[arg(long)]
    findings: bool,
    /// Show this flow as a numbered path, and the rest muted; of a sequence, the first where not given
    #[arg(long, value_name = "ID")]
    flow: Option<String>,
    /// Draw nothing but what the flow touches
    #[arg(long, requires = "flow")]
    only: bool,
    /// Tint each card by how much of what it carries is used at the peak, with the figure
    #[arg(long)]
    heat: bool,
    /// How much each card says: names only, what it is and where, or key numbers too
    #[arg(long, value_enum, default_value_t = Detail::Normal)]
    detail: Detail,
    /// Colours: light, dark, auto (what the viewer prefers; light in .png and .pdf), or a file of colours in TOML
    #[arg(long, value_name = "THEME", default_value = "auto")]
    theme: String,
    /// The whole design, or one flow as it happens: who is called, who answers
    #[arg(long = "as", value_enum, default_value_t = View::Diagram)]
    view: View,
    /// What to write; json is the laid-out scene, and goes to standard output where no name is given
    #[arg(long, value_enum, default_value_t = Format::Svg)]
    format: Format,
    /// Where requests travel on the page
    #[arg(long, value_enum, default_value_t = Direction::Down)]
    direction: Direction,
    /// What lays it out; layout-rs takes designs without groups only, and draws straight lines
    #[arg(long, value_enum, default_value_t = Engine::Layered)]
    engine: Engine,
    /// The day on which `allow … until` is judged for --findings, as 2027-01-31; today where not given
    #[arg(long, value_name = "DATE")]
    today: Option<jiff::civil::Date>,
    #[command(flatten)]
    config: settings::Config,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Svg,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum View {
    Diagram,
    Sequence,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Direction {
    Down,
    Right,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Detail {
    Low,
    Normal,
    High,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Engine {
    Layered,
    LayoutRs,
}

pub(super) fn run(args: &Args, color: Color) -> Status {
    match draw(args, color) {
        Ok(status) => status,
        Err(trouble) => trouble.report(color),
    }
}

fn draw(args: &Args, color: Color) -> Result<Status, Trouble> {
    let target = target(args)?;
    let Some((palette, fixed)) = theme::chosen(&args.theme, color)? else { return Ok(Status::Bad) };
    let source = input::read_design(&args.file)?;
    let (design, mistakes) = input::understood(&source);
    let theme = |preferred| if fixed == Theme::Auto { preferred } else { fixed };
    if args.view == View::Sequence {
        let at = match &args.flow {
            Some(id) => flow(&design, id)?,
            None => 0,
        };
        let Some(flow) = design.flows.get(at) else {
            return Err(Trouble::new("there is no flow to draw").help("write one: `flow ID { a -> b }`"));
        };
        let drawn = sequence(&design, flow);
        target.write(args.scale, |preferred| sequence_svg(&drawn, theme(preferred)))?;
        return Ok(input::told(&source, &mistakes, color));
    }
    let scene = drawn(&design, plan(args, &design)?);
    let marks = if args.findings && args.format == Format::Svg {
        let today = args.today.unwrap_or_else(|| jiff::Zoned::now().date());
        let Some(settings) = args.config.load(&args.file, color) else { return Ok(Status::Bad) };
        Some(Marks::new(&check_with(&design, today, &settings).findings))
    } else {
        None
    };
    match (args.format, &target) {
        (Format::Svg, target) => target
            .write(args.scale, |preferred| svg_in(&scene, marks.as_ref(), theme(preferred), &palette))?,
        (Format::Json, target) => {
            let text = inert(&format!("{}\n", json(&scene).trim_end()));
            target.path.as_ref().map_or_else(|| print(&text), |path| write(path, text.as_bytes()))?;
        }
    }
    if args.heat && scene.nodes.iter().all(|node| node.heat.is_none()) {
        say(
            "note: nothing is tinted: no node has both a load and what it carries; `spof numbers` says what is missing\n",
        );
    }
    if let Some(note) = simpler(args, scene.way) {
        say(&format!("note: {note}\n"));
    }
    Ok(input::told(&source, &mistakes, color))
}

fn plan(args: &Args, design: &Design) -> Result<Plan, Trouble> {
    Ok(Plan {
        flow: args.flow.as_deref().map(|id| flow(design, id)).transpose()?,
        only: args.only,
        untitled: false,
        heat: args.heat,
        detail: match args.detail {
            Detail::Low => draw::Detail::Low,
            Detail::Normal => draw::Detail::Normal,
            Detail::High => draw::Detail::High,
        },
        direction: match args.direction {
            Direction::Down => layout::Direction::Down,
            Direction::Right => layout::Direction::Right,
        },
        engine: match args.engine {
            Engine::Layered => draw::Engine::Layered,
            Engine::LayoutRs => draw::Engine::LayoutRs,
        },
    })
}

/// The index of a flow.
fn flow(design: &Design, id: &str) -> Result<usize, Trouble> {
    if let Some(at) = design.flows.iter().position(|flow| flow.id == id) {
        return Ok(at);
    }
    let ids = || design.flows.iter().map(|flow| flow.id.as_str());
    let near = nearest(id, ids()).map(|near| format!("did you mean `{near}`? "));
    let help = match design.flows.len() {
        0 => "the design has no flows; write one as `flow ID { a -> b }`".to_string(),
        _ => format!("{}the flows are {}", near.unwrap_or_default(), ids().collect::<Vec<_>>().join(", ")),
    };
    Err(Trouble::new(format!("there is no flow `{id}`")).help(help))
}

/// What is said of a drawing that is not laid out as asked.
fn simpler(args: &Args, way: Way) -> Option<&'static str> {
    match way {
        Way::Plain => {
            Some("the design is too large for layers: its boxes stand in rows, and lines pass under them")
        }
        Way::Layered if args.engine == Engine::LayoutRs => Some(
            "layout-rs cannot draw this design, which has groups, is too large, or makes it give up; `layered` did",
        ),
        Way::Layered | Way::LayoutRs => None,
    }
}

/// Where to write.
fn target(args: &Args) -> Result<Target, Trouble> {
    let trouble = match args.view {
        View::Sequence if args.findings || args.heat => Some("a sequence shows neither findings nor heat"),
        View::Sequence if args.format == Format::Json => Some("a sequence is not written as JSON"),
        _ => None,
    };
    if let Some(trouble) = trouble {
        return Err(Trouble::new(trouble));
    }
    let json = args.format == Format::Json;
    match &args.output {
        Some(output) if json && !input::is_stdin(output) => Ok(Target::svg(output.clone())),
        Some(output) => Target::named(output),
        None if json || input::is_stdin(&args.file) => Ok(Target::STDOUT),
        None => {
            let mut target = args.file.with_extension("svg");
            if args.view == View::Sequence {
                target = args.file.with_extension("sequence.svg");
            }
            if target == args.file {
                return Err(Trouble::new(format!("`{}` would be drawn onto itself", args.file.display()))
                    .help("name another file with -o"));
            }
            Ok(Target::svg(target))
        }
    }
}
