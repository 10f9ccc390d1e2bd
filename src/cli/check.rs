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
use crate::report::folder::Totals;
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
    let style = Style { all: args.all, ..terminal::for_stdout(color) };
    let today = args.today.unwrap_or_else(|| jiff::Zoned::now().date());
    let mut said = Said {
        args,
        style,
        worst: Status::Clean,
        objects: Vec::new(),
        totals: Totals::default(),
        printed: false,
    };
    let mut loaded = settings::Loaded::new(&args.config, color);
    let progress = Progress::new(found.len());
    let mut shown = found.iter();
    in_order(
        found.iter().map(|one| (one, loaded.of(&one.file))),
        |_| 0,
        |(found, settings)| match (&found.trouble, settings) {
            (Some(trouble), _) => Err(Some(trouble.clone())),
            // Half of what was asked for is worse than nothing; why has been said, once for all designs that share them.
            (None, None) => Err(None),
            (None, Some(settings)) => one(found, args, packs, today, &settings).map_err(Some),
        },
        |next| {
            let Next::Done(done) = next else { return ControlFlow::Continue(()) };
            let Some(found) = shown.next() else { return ControlFlow::Break(()) };
            progress.step();
            let result = done.unwrap_or_else(|| Err(Some(panicked(&found.file))));
            progress.aside(|| match result {
                Ok(review) => said.review(found, &review, color),
                Err(trouble) => said.unread(found, trouble, color),
            })
        },
    );
    drop(progress);
    said.end(folders, color)
}

fn one(
    found: &Found,
    args: &Args,
    packs: &Packs,
    today: Date,
    settings: &Settings,
) -> Result<Review, Trouble> {
    let source = input::read_design(&found.file)?;
    let scale = args.at.map(Size::scale);
    // A few lines about each of many designs have no room for what to do next.
    let gains = !brief(found, args);
    let reviewer = Reviewer { packs, settings, problem: args.problem.as_deref(), scale, today, gains };
    Ok(reviewer.review(source))
}

fn brief(found: &Found, args: &Args) -> bool {
    found.from == From::Folder && args.format == Format::Text && !args.all
}

/// What has been said so far.
struct Said<'a> {
    args: &'a Args,
    style: Style,
    worst: Status,
    objects: Vec<Value>,
    totals: Totals,
    /// Something stands above, from which the next text is set apart.
    printed: bool,
}

impl Said<'_> {
    fn review(&mut self, found: &Found, review: &Review, color: Color) -> ControlFlow<()> {
        self.worst = self.worst.max(status(review, self.args.fail_on));
        self.totals.add(review);
        let text = match self.args.format {
            Format::Json => {
                self.objects.push(json::review(review));
                return ControlFlow::Continue(());
            }
            Format::Text if brief(found, self.args) => report::folder::design(review, self.style),
            Format::Text => Some(text::text(review, self.style)),
        };
        let Some(text) = text else { return ControlFlow::Continue(()) };
        let gap = if self.printed { "\n" } else { "" };
        self.printed = true;
        match print_on(&format!("{gap}{text}")) {
            Ok(true) => ControlFlow::Continue(()),
            Ok(false) => ControlFlow::Break(()),
            Err(trouble) => {
                self.worst = trouble.report(color);
                ControlFlow::Break(())
            }
        }
    }

    fn unread(&mut self, found: &Found, trouble: Option<Trouble>, color: Color) -> ControlFlow<()> {
        self.worst = Status::Bad;
        self.printed = true;
        if let Some(trouble) = &trouble {
            trouble.report(color);
        }
        if found.from != From::Nothing {
            self.totals.add_unread();
        }
        // A program that reads the objects of a folder does not know which files are missing.
        if found.from == From::Folder && self.args.format == Format::Json {
            let why = trouble.as_ref().map_or("its settings cannot be read", Trouble::message);
            self.objects.push(json::unread(&shown(&found.file), why));
        }
        ControlFlow::Continue(())
    }

    fn end(mut self, folders: bool, color: Color) -> Status {
        if self.args.format == Format::Text {
            if !folders {
                return self.worst;
            }
            let gap = if self.printed { "\n" } else { "" };
            let text = self.totals.text(self.args.all, self.style);
            return finish(&format!("{gap}{text}"), self.worst, color);
        }
        let many = folders || self.args.files.len() > 1;
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
