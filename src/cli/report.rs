//! `spof report`

use std::path::{Path, PathBuf};

use super::judging::Judging;
use super::output::{Trouble, print, say, write};
use super::terminal::{self, Color};
use super::{Status, input, settings};
use crate::numbers::availability::Places;
use crate::numbers::numbers_where;
use crate::predict::predict;
use crate::report::html::{Told, html};
use crate::report::text::listed;

/// Write all that is said of a design as one page, to read, print or hand on
///
/// The drawing with its findings, each with the lines that it is about; what is not said; the score; the numbers and what
/// they take for granted; what stops each flow; the design's text. The page is one HTML file that needs nothing else, runs
/// no script, and is made to be printed as well.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  spof report shop.arch                  to shop.html
  spof report shop.arch -o review.html
  spof report draft.arch --problem url-shortener --at small
  spof report shop.arch -o - > page.html

Exit status: 0 the page is written, whatever it says; 2 mistakes in the design, which is shown as far as it could be read,
or a file that cannot be read or written.")]
pub(super) struct Args {
    /// The design; `-` is standard input
    file: PathBuf,
    /// Where to, `-` being standard output; the design's own name with .html where not given
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Let zones, regions and shared fates fail as often as the defaults say, where nothing is stated of them
    #[arg(long)]
    assume: bool,
    #[command(flatten)]
    judging: Judging,
    #[command(flatten)]
    config: settings::Config,
}

pub(super) fn run(args: &Args, color: Color) -> Status {
    match report(args, color) {
        Ok(status) => status,
        Err(trouble) => trouble.report(color),
    }
}

fn report(args: &Args, color: Color) -> Result<Status, Trouble> {
    let target = target(args)?;
    let judge = args.judging.load(color)?;
    let source = input::read_design(&args.file)?;
    let Some(settings) = args.config.load(&args.file, color) else { return Ok(Status::Bad) };
    let review = judge.reviewer(&settings, true).review(source);
    let places = if args.assume { Places::Assumed } else { Places::AsStated };
    let numbers = numbers_where(&review.design, places);
    let growth = predict(&review.design, places).growth;
    let page = html(Told { review: &review, numbers: &numbers, growth: &growth, places });
    match &target {
        Some(path) => write(path, page.as_bytes())?,
        None => print(&page)?,
    }
    if review.mistakes.is_empty() {
        return Ok(Status::Clean);
    }
    let blocks = listed(&review.source, &review.mistakes, terminal::for_stderr(color));
    say(&format!("{}\n", blocks.join("\n\n")));
    Ok(Status::Bad)
}

/// None is standard output.
fn target(args: &Args) -> Result<Option<PathBuf>, Trouble> {
    match &args.output {
        Some(output) if input::is_stdin(output) => Ok(None),
        Some(output) => Ok(Some(output.clone())),
        None if input::is_stdin(&args.file) => Ok(None),
        None => {
            let target = args.file.with_extension("html");
            if target == Path::new(&args.file) {
                let name = args.file.display();
                return Err(Trouble::new(format!("`{name}` would be replaced by its own report"))
                    .help("name another file with -o"));
            }
            Ok(Some(target))
        }
    }
}
