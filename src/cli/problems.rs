//! `spof problems`

use super::output::{Trouble, finish};
use super::terminal::{self, Color};
use super::{Status, packs};
use crate::report::problems;

/// List the practice problems, or show one as an interviewer would pose it
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  spof problems\n  spof problems url-shortener\n  spof new url-shortener")]
pub(super) struct Args {
    /// The problem to show
    id: Option<String>,
    /// The questions that come when the design stands, with what good answers say
    #[arg(long, requires = "id")]
    follow_ups: bool,
    #[command(flatten)]
    folder: packs::Folder,
}

pub(super) fn run(args: &Args, color: Color) -> Status {
    match show(args, color) {
        Ok(text) => finish(&text, Status::Clean, color),
        Err(trouble) => trouble.report(color),
    }
}

fn show(args: &Args, color: Color) -> Result<String, Trouble> {
    let style = terminal::for_stdout(color);
    let loaded = args.folder.load(color)?;
    let Some(id) = &args.id else { return Ok(problems::list(loaded.packs(), style)) };
    let problem = &loaded.find(id)?.problem;
    Ok(if args.follow_ups { problems::follow_ups(problem, style) } else { problems::one(problem, style) })
}
