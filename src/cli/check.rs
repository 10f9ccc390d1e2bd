//! `spof check`

use std::ops::ControlFlow;
use std::path::PathBuf;

use clap::ValueEnum;
use jiff::civil::Date;
use serde_json::Value;

use super::folder::{self, Found, From};
use super::input::shown;
use super::output::{Trouble, finish, panicked, print_on};
use super::progress::Progress;
use super::terminal::{self, Color};
use super::window::{Next, in_order};
use super::{Size, Status, input, packs, settings};
use crate::diagnostic::Severity;
use crate::report::folder::{Tally, Totals};
use crate::report::{self, Style, json, text};
use crate::review::{Review, Reviewer};
use crate::rubric::Packs;
use crate::settings::Settings;

/// Say where a design breaks and why, and score it if it solves a problem
///
/// Reads the design, prints every mistake in its text, and goes on with what could be read: findings (what is wrong),
/// questions (what is not said, and an interviewer will ask), and the score if the design's header says `solves PROBLEM`.
/// Of a folder, every `*.arch` in it and below is checked that .gitignore does not leave out: a few lines for each that
/// has something to report, and what there was in all.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  spof check shop.arch
  spof check shop.arch --all                  every finding whole
  spof check draft.arch --problem url-shortener --at small
  spof check designs --fail-on warning        every design in a folder, for CI
  spof check shop.arch --format json | jq '.findings[].rule'

Exit status: 0 nothing at or above --fail-on, 1 findings, 2 mistakes in a design or a file that cannot be read.")]
pub(super) struct Args {
    /// Designs to check, or folders of them; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What to print; json is one object, or an array of them for several files or a folder
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
    let found = folder::expand(&args.files);
    let folders = found.iter().any(|one| one.from == From::Folder);
    let run = Run {
        args,
        packs,
        today: args.today.unwrap_or_else(|| jiff::Zoned::now().date()),
        style: Style { all: args.all, ..terminal::for_stdout(color) },
    };
    let mut outcome =
        Outcome { worst: Status::Clean, objects: Vec::new(), totals: Totals::default(), printed: false };
    let mut loaded = settings::Loaded::new(&args.config, color);
    let progress = Progress::new(found.len());
    let mut shown = found.iter();
    // Half of what was asked for is worse than nothing: a design whose settings cannot be read is not checked.
    let items = found.iter().map(|one| (one, loaded.of(&one.file)));
    in_order(
        items,
        |_| 0,
        |(found, settings)| settings.map(|settings| run.one(found, &settings)),
        |next| {
            let Next::Done(done) = next else { return ControlFlow::Continue(()) };
            progress.step();
            let Some(found) = shown.next() else { return ControlFlow::Break(()) };
            let result = match done {
                Some(Some(result)) => result,
                Some(None) => {
                    outcome.worst = Status::Bad;
                    outcome.totals.add_unread();
                    return ControlFlow::Continue(());
                }
                None => Err(panicked(&found.file)),
            };
            progress.aside(|| outcome.take(found, result, color))
        },
    );
    drop(progress);
    outcome.end(folders, &run, color)
}

/// What does not hang on the design.
struct Run<'a> {
    args: &'a Args,
    packs: &'a Packs,
    today: Date,
    style: Style,
}

enum Output {
    Text(String),
    Object(Value),
}

/// What is said of one design.
struct One {
    status: Status,
    output: Output,
    tally: Tally,
}

impl Run<'_> {
    fn one(&self, found: &Found, settings: &Settings) -> Result<One, Trouble> {
        if let Some(trouble) = &found.trouble {
            return Err(trouble.clone());
        }
        let source = input::read_design(&found.file)?;
        let args = self.args;
        let brief = found.from == From::Folder && args.format == Format::Text && !args.all;
        let reviewer = Reviewer {
            packs: self.packs,
            settings,
            problem: args.problem.as_deref(),
            scale: args.at.map(Size::scale),
            today: self.today,
            // A few lines about each of many designs have no room for what to do next.
            gains: !brief,
        };
        let review = reviewer.review(source);
        let output = match args.format {
            Format::Text if brief => {
                Output::Text(report::folder::design(&review, self.style).unwrap_or_default())
            }
            Format::Text => Output::Text(text::text(&review, self.style)),
            Format::Json => Output::Object(json::review(&review)),
        };
        Ok(One { status: status(&review, args.fail_on), output, tally: Tally::of(&review) })
    }
}

/// What has been said so far.
struct Outcome {
    worst: Status,
    objects: Vec<Value>,
    totals: Totals,
    /// Something stands above, from which the next text is set apart.
    printed: bool,
}

impl Outcome {
    fn take(&mut self, found: &Found, result: Result<One, Trouble>, color: Color) -> ControlFlow<()> {
        let one = match result {
            Ok(one) => one,
            Err(trouble) => {
                if found.from != From::Nothing {
                    self.totals.add_unread();
                }
                if found.from == From::Folder {
                    self.objects.push(json::unread(&shown(&found.file), trouble.message()));
                }
                self.worst = self.worst.max(trouble.report(color));
                self.printed = true;
                return ControlFlow::Continue(());
            }
        };
        self.worst = self.worst.max(one.status);
        self.totals.add(one.tally);
        match one.output {
            Output::Object(object) => self.objects.push(object),
            Output::Text(text) if text.is_empty() => {}
            Output::Text(text) => {
                let gap = if self.printed { "\n" } else { "" };
                self.printed = true;
                match print_on(&format!("{gap}{text}")) {
                    Ok(true) => {}
                    Ok(false) => return ControlFlow::Break(()),
                    Err(trouble) => {
                        self.worst = trouble.report(color);
                        return ControlFlow::Break(());
                    }
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn end(mut self, folders: bool, run: &Run, color: Color) -> Status {
        if run.args.format == Format::Text {
            if !folders {
                return self.worst;
            }
            let gap = if self.printed { "\n" } else { "" };
            let text = self.totals.text(run.args.all, run.style);
            return finish(&format!("{gap}{text}"), self.worst, color);
        }
        let many = folders || run.args.files.len() > 1;
        let value = if many { Some(Value::Array(self.objects)) } else { self.objects.pop() };
        match value {
            Some(value) => finish(&format!("{value:#}\n"), self.worst, color),
            None => self.worst,
        }
    }
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
