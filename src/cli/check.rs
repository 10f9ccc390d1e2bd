//! `spof check`

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use jiff::civil::Date;
use serde_json::Value;

use super::output::{Trouble, finish, print};
use super::terminal::{self, Color};
use super::{Size, Status, fix, input, packs, settings};
use crate::diagnostic::Severity;
use crate::report::{Style, json, text};
use crate::review::{Review, Reviewer};
use crate::rubric::Packs;
use crate::settings::Settings;

/// Say where a design breaks and why, and score it if it solves a problem
///
/// Reads the design, prints every mistake in its text, and goes on with what could be read: findings (what is wrong),
/// questions (what is not said, and an interviewer will ask), and the score if the design's header says `solves PROBLEM`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  spof check shop.arch
  spof check shop.arch --all                  every finding whole
  spof check draft.arch --problem url-shortener --at small
  spof check designs/*.arch --fail-on warning   for CI
  spof check shop.arch --diff                 what could be fixed, as a diff; --fix writes it
  spof check shop.arch --format json | jq '.findings[].rule'

Exit status: 0 nothing at or above --fail-on, 1 findings, 2 mistakes in a design or a file that cannot be read.")]
pub(super) struct Args {
    /// Designs to check; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What to print; json is one object, or an array of them for several files
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// The least severe finding that makes the exit status 1
    #[arg(long, value_enum, default_value_t = FailOn::Error, value_name = "SEVERITY")]
    fail_on: FailOn,
    /// Show every finding whole, and every question
    #[arg(long)]
    all: bool,
    /// Judge by this problem, whatever the design says it solves
    #[arg(long, value_name = "ID")]
    problem: Option<String>,
    /// The scale of the problem
    #[arg(long, value_enum, value_name = "SCALE")]
    at: Option<Size>,
    /// The day on which `allow … until` is judged, as 2027-01-31; today where not given
    #[arg(long, value_name = "DATE")]
    today: Option<Date>,
    #[command(flatten)]
    fixing: fix::Fixing,
    #[command(flatten)]
    packs: packs::Folder,
    #[command(flatten)]
    config: settings::Config,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    Error,
    Warning,
    Info,
    Never,
}

impl FailOn {
    fn fails(self, severity: Severity) -> bool {
        match self {
            FailOn::Error => severity >= Severity::Error,
            FailOn::Warning => severity >= Severity::Warning,
            FailOn::Info => true,
            FailOn::Never => false,
        }
    }
}

pub(super) fn run(args: &Args, color: Color) -> Status {
    let loaded_packs = match args.packs.load(color) {
        Ok(loaded) => loaded,
        Err(trouble) => return trouble.report(color),
    };
    let packs = loaded_packs.packs();
    if let Some(problem) = &args.problem
        && packs.find(problem).is_none()
    {
        return packs::unknown(packs, problem).report(color);
    }
    let style = Style { all: args.all, ..terminal::for_stdout(color) };
    let today = args.today.unwrap_or_else(|| jiff::Zoned::now().date());
    let mut worst = Status::Clean;
    let mut objects = Vec::new();
    let mut loaded = settings::Loaded::new(&args.config, color);
    let mut printed = false;
    for file in &args.files {
        // Half of what was asked for is worse than nothing.
        let Some(settings) = loaded.of(file) else {
            worst = Status::Bad;
            continue;
        };
        let one = one(file, args, packs, today, &settings, (style, color), printed);
        printed = true;
        let status = match (one, args.format) {
            (Ok((status, Output::Text(text))), _) => match print(&text) {
                Ok(()) => status,
                Err(trouble) => return trouble.report(color),
            },
            (Ok((status, Output::Object(object))), _) => {
                objects.push(object);
                status
            }
            (Err(trouble), _) => trouble.report(color),
        };
        worst = worst.max(status);
    }
    if args.format == Format::Text {
        return worst;
    }
    let value = if args.files.len() > 1 { Some(Value::Array(objects)) } else { objects.pop() };
    match value {
        Some(value) => finish(&format!("{value:#}\n"), worst, color),
        None => worst,
    }
}

enum Output {
    Text(String),
    Object(Value),
}

fn one(
    file: &Path,
    args: &Args,
    packs: &Packs,
    today: Date,
    settings: &Settings,
    (style, color): (Style, Color),
    further: bool,
) -> Result<(Status, Output), Trouble> {
    let source = input::read_design(file)?;
    let scale = args.at.map(Size::scale);
    let reviewer = Reviewer { packs, settings, problem: args.problem.as_deref(), scale, today, gains: true };
    let source = match fix::run(&args.fixing, file, source, &reviewer, color)? {
        fix::Outcome::Review(source) => source,
        fix::Outcome::Print(text, judged) => {
            let status = judged.map(|source| status(&reviewer.review(source), args.fail_on));
            return Ok((status.unwrap_or_else(|status| status), Output::Text(text)));
        }
    };
    let review = reviewer.review(source);
    let status = status(&review, args.fail_on);
    let output = match args.format {
        Format::Text => {
            let gap = if further { "\n" } else { "" };
            Output::Text(format!("{gap}{}", text::text(&review, style)))
        }
        Format::Json => Output::Object(json::review(&review)),
    };
    Ok((status, output))
}

fn status(review: &Review, fail_on: FailOn) -> Status {
    if !review.mistakes.is_empty() {
        Status::Bad
    } else if review.critique.findings.iter().any(|finding| fail_on.fails(finding.severity)) {
        Status::Findings
    } else {
        Status::Clean
    }
}

#[cfg(test)]
mod tests {
    use super::FailOn;
    use crate::diagnostic::Severity;

    #[test]
    fn what_is_at_or_above_fails() {
        let fails = |fail_on: FailOn| {
            [Severity::Error, Severity::Warning, Severity::Info].map(|severity| fail_on.fails(severity))
        };
        assert_eq!(fails(FailOn::Error), [true, false, false]);
        assert_eq!(fails(FailOn::Warning), [true, true, false]);
        assert_eq!(fails(FailOn::Info), [true, true, true]);
        assert_eq!(fails(FailOn::Never), [false, false, false]);
    }
}
