//! `spof diff`

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::check::FailOn;
use super::judging::Judging;
use super::output::{Trouble, finish, say};
use super::terminal::{self, Color};
use super::{Status, input, settings};
use crate::diff::diff;
use crate::report::text::listed;
use crate::report::{Style, diff as report};
use crate::review::{Review, Reviewer};

/// Say what changed between two designs, what that mended, and what it broke
///
/// Compares what the designs mean: order and layout make no difference, and a node with another name and the same
/// neighbours is the same node. Findings are mended, new or as before, wherever their lines stand.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  spof diff first-try.arch second-try.arch
  git show main:shop.arch | spof diff - shop.arch     what this branch does to the design
  spof diff old.arch new.arch --format markdown       for a pull request

Exit status: 0 nothing new at or above --fail-on, 1 new findings, 2 mistakes in a design or a file that cannot be read.")]
#[command(mut_arg("problem", |problem| problem.help("Judge both by this problem, whatever they say they solve")))]
pub(super) struct Args {
    /// The design as it was; `-` is standard input
    old: PathBuf,
    /// The design as it is
    new: PathBuf,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// The least severe new finding that makes the exit status 1
    #[arg(long, value_enum, default_value_t = FailOn::Error, value_name = "SEVERITY")]
    fail_on: FailOn,
    /// Tell every finding
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    judging: Judging,
    #[command(flatten)]
    config: settings::Config,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    /// For a comment on a pull request
    Markdown,
}

pub(super) fn run(args: &Args, color: Color) -> Status {
    match compare(args, color) {
        Ok(status) => status,
        Err(trouble) => trouble.report(color),
    }
}

fn compare(args: &Args, color: Color) -> Result<Status, Trouble> {
    if input::is_stdin(&args.old) && input::is_stdin(&args.new) {
        return Err(Trouble::new("both designs are standard input").help("name a file for one of them"));
    }
    let judge = args.judging.load(color)?;
    // Both by the same settings, or a rule that was turned off would look like a flaw that was mended.
    let Some(settings) = args.config.load(&args.new, color) else { return Ok(Status::Bad) };
    let reviewer = judge.reviewer(&settings, false);
    let old = reviewed(&args.old, &reviewer, color)?;
    let new = reviewed(&args.new, &reviewer, color)?;
    let diff = diff(&old, &new);
    let style = Style { all: args.all, ..terminal::for_stdout(color) };
    let names = (old.source.name.as_str(), new.source.name.as_str());
    let text = match args.format {
        Format::Text => report::text(&diff, names, style),
        Format::Json => format!("{:#}\n", report::json(&diff, names)),
        Format::Markdown => report::markdown(&diff, names, args.all),
    };
    let status = if !old.mistakes.is_empty() || !new.mistakes.is_empty() {
        Status::Bad
    } else if diff.found.new.iter().any(|finding| args.fail_on.fails(finding.severity)) {
        Status::Findings
    } else {
        Status::Clean
    };
    Ok(finish(&text, status, color))
}

/// A design and what is said of it, after its mistakes have been said.
fn reviewed(file: &Path, reviewer: &Reviewer, color: Color) -> Result<Review, Trouble> {
    let review = reviewer.review(input::read_design(file)?);
    if !review.mistakes.is_empty() {
        let blocks = listed(&review.source, &review.mistakes, terminal::for_stderr(color));
        say(&format!("{}\n\n", blocks.join("\n\n")));
    }
    Ok(review)
}
