//! `spof problems`

use super::output::finish;
use super::terminal::{self, Color};
use super::{Status, check};
use crate::report::problems;
use crate::rubric::Problem;

/// List the practice problems, or show one as an interviewer would pose it
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  spof problems\n  spof problems url-shortener\n  spof new url-shortener")]
pub(super) struct Args {
    /// The problem to show
    id: Option<String>,
    /// The questions that come when the design stands, with what good answers say
    #[arg(long, requires = "id")]
    follow_ups: bool,
}

pub(super) fn run(args: &Args, color: Color) -> Status {
    let style = terminal::for_stdout(color);
    let Some(id) = &args.id else { return finish(&problems::list(style), Status::Clean, color) };
    match Problem::find(id) {
        Some(problem) if args.follow_ups => {
            finish(&problems::follow_ups(problem, style), Status::Clean, color)
        }
        Some(problem) => finish(&problems::one(problem, style), Status::Clean, color),
        None => check::unknown(id).report(color),
    }
}
