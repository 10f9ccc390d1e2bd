//! `spof draw`

use std::path::PathBuf;

use clap::ValueEnum;

use super::output::{Trouble, print, say, write};
use super::picture::{self, Target};
use super::terminal::{self, Color};
use super::{Status, input, settings};
use crate::catalog::nearest;
use crate::design::{Design, Flow, lower};
use crate::diagnostic::Diagnostic;
use crate::draw::sequence::{sequence, sequence_svg};
use crate::draw::{self, Marks, Plan, Way, drawn, json, svg_themed};
use crate::layout;
use crate::report::text::listed;
use crate::rules::check_with;
use crate::source::Source;
use crate::syntax::parse;

/// Draw a design as SVG, PNG or PDF
///
/// The drawing adapts to a light or dark page. A design with mistakes is drawn as far as it could be read.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  spof draw shop.arch                  to shop.svg
  spof draw shop.arch -o docs/shop.svg --findings
  spof draw shop.arch -o shop.png --scale 2
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
    /// The whole design, or one flow as it happens: who is called, who answers
    #[arg(long = "as", value_enum, default_value_t = View::Diagram)]
    view: View,
    /// The flow of --as sequence; the first where not given
    #[arg(long, value_name = "ID")]
    flow: Option<String>,
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
    let source = input::read_design(&args.file)?;
    let mut loaded = settings::Loaded::new(&args.config, color);
    let (ast, mut mistakes) = parse(&source.text);
    let (design, more) = lower(&ast);
    mistakes.extend(more);
    mistakes.sort_by_key(|mistake| mistake.at.span);
    if args.view == View::Sequence {
        let drawn = sequence(&design, flow(args, &design)?);
        target.write(args.scale, |theme| sequence_svg(&drawn, theme))?;
        return Ok(told(&source, &mistakes, color));
    }
    let scene = drawn(&design, plan(args));
    let marks = if args.findings && args.format == Format::Svg {
        let today = args.today.unwrap_or_else(|| jiff::Zoned::now().date());
        let Some(settings) = loaded.of(&args.file) else { return Ok(Status::Bad) };
        Some(Marks::new(&check_with(&design, today, &settings).findings))
    } else {
        None
    };
    match (args.format, &target) {
        (Format::Svg, target) => {
            target.write(args.scale, |theme| svg_themed(&scene, marks.as_ref(), theme))?
        }
        (Format::Json, target) => {
            let text = format!("{}\n", json(&scene).trim_end());
            target.path.as_ref().map_or_else(|| print(&text), |path| write(path, text.as_bytes()))?;
        }
    }
    if let Some(note) = simpler(args, scene.way) {
        say(&format!("note: {note}\n"));
    }
    Ok(told(&source, &mistakes, color))
}

fn told(source: &Source, mistakes: &[Diagnostic], color: Color) -> Status {
    if mistakes.is_empty() {
        return Status::Clean;
    }
    let blocks = listed(source, mistakes, terminal::for_stderr(color));
    say(&format!("{}\n", blocks.join("\n\n")));
    Status::Bad
}

/// The flow that was asked for.
fn flow<'d>(args: &Args, design: &'d Design) -> Result<&'d Flow, Trouble> {
    let Some(id) = &args.flow else {
        let none = || Trouble::new("there is no flow to draw").help("write one: `flow ID { a -> b }`");
        return design.flows.first().ok_or_else(none);
    };
    design.flow(id).ok_or_else(|| {
        let trouble = Trouble::new(format!("there is no flow `{id}`"));
        let ids: Vec<&str> = design.flows.iter().map(|flow| flow.id.as_str()).collect();
        match nearest(id, ids.iter().copied()) {
            Some(near) => trouble.help(format!("did you mean `{near}`?")),
            None if ids.is_empty() => trouble.help("the design has none"),
            None => trouble.help(format!("its flows: {}", ids.join(", "))),
        }
    })
}

fn plan(args: &Args) -> Plan {
    Plan {
        direction: match args.direction {
            Direction::Down => layout::Direction::Down,
            Direction::Right => layout::Direction::Right,
        },
        engine: match args.engine {
            Engine::Layered => draw::Engine::Layered,
            Engine::LayoutRs => draw::Engine::LayoutRs,
        },
    }
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
        View::Diagram if args.flow.is_some() => Some("--flow goes with --as sequence"),
        View::Sequence if args.findings => Some("--findings marks diagrams, not sequences"),
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
