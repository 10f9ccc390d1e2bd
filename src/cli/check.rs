//! `spof check`

use std::ops::ControlFlow;
use std::path::PathBuf;

use clap::ValueEnum;

use super::folder::{self, Found, From};
use super::format::{Format, Output};
use super::input::shown;
use super::judging::Judging;
use super::output::{Trouble, finish, panicked, print_on};
use super::progress::Progress;
use super::terminal::{self, Color};
use super::window::{Next, in_order};
use super::{Status, fix, input, settings};
use crate::diagnostic::Severity;
use crate::report::Style;
use crate::report::sarif::Pages;
use crate::review::{Review, Reviewer};
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
  spof check shop.arch --diff                 what could be fixed, as a diff; --fix writes it
  spof check shop.arch --format json | jq '.findings[].rule'
  spof check designs --format sarif > spof.sarif

Exit status: 0 nothing at or above --fail-on, 1 findings, 2 mistakes in a design or a file that cannot be read.")]
pub(super) struct Args {
    /// Designs to check, or folders of them; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Where the rules' pages are on the web, for `helpUri` in SARIF; OWNER and TAG where you have spof from:
    /// https://github.com/OWNER/spof/blob/TAG/docs/rules
    #[arg(long, value_name = "URL")]
    pages: Option<Pages>,
    /// The least severe finding that makes the exit status 1
    #[arg(long, value_enum, default_value_t = FailOn::Error, value_name = "SEVERITY")]
    fail_on: FailOn,
    /// Show every finding whole, and every question
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    fixing: fix::Fixing,
    #[command(flatten)]
    judging: Judging,
    #[command(flatten)]
    config: settings::Config,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    Error,
    Warning,
    Info,
    Never,
}

impl FailOn {
    pub fn fails(self, severity: Severity) -> bool {
        match self {
            FailOn::Error => severity >= Severity::Error,
            FailOn::Warning => severity >= Severity::Warning,
            FailOn::Info => true,
            FailOn::Never => false,
        }
    }
}

pub(super) fn run(args: &Args, color: Color) -> Status {
    let judge = match args.judging.load(color) {
        Ok(judge) => judge,
        Err(trouble) => return trouble.report(color),
    };
    let unset = Settings::default();
    // Made once, so that all are judged on the same day.
    let judge = judge.reviewer(&unset, true);
    let found = folder::expand(&args.files);
    let folders = found.iter().any(|one| one.from == From::Folder);
    let style = Style { all: args.all, ..terminal::for_stdout(color) };
    let several = folders || args.files.len() > 1;
    let output = Output::new(args.format, style, several, folders, args.pages.clone());
    let mut said = Said { args, worst: Status::Clean, output, ended: false };
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
            (None, Some(settings)) if args.fixing.asked() => Ok(Looked::ToFix(settings)),
            (None, Some(settings)) => {
                let reviewer = reviewer(found, args, &judge, &settings);
                input::read_design(&found.file)
                    .map(|source| Looked::At(Box::new(reviewer.review(source))))
                    .map_err(Some)
            }
        },
        |next| {
            let Next::Done(done) = next else { return ControlFlow::Continue(()) };
            let Some(found) = shown.next() else { return ControlFlow::Break(()) };
            progress.step();
            let result = done.unwrap_or_else(|| Err(Some(panicked(&found.file))));
            progress.aside(|| match result {
                Ok(Looked::At(review)) => said.review(found, &review, color),
                Ok(Looked::ToFix(settings)) => {
                    said.fixed(found, &reviewer(found, args, &judge, &settings), color)
                }
                Err(trouble) => said.unread(found, trouble, color),
            })
        },
    );
    drop(progress);
    said.end(color)
}

/// A design as far as can be done beside others.
enum Looked {
    At(Box<Review>),
    /// Fixed in the order of the files, since standard error is told what was done.
    ToFix(Settings),
}

fn reviewer<'a>(found: &Found, args: &Args, judge: &Reviewer<'a>, settings: &'a Settings) -> Reviewer<'a> {
    // A few lines about each of many designs have no room for what to do next.
    Reviewer { settings, gains: !brief(found, args), ..*judge }
}

fn brief(found: &Found, args: &Args) -> bool {
    found.from == From::Folder && args.format == Format::Text && !args.all
}

/// What has been said so far.
struct Said<'a> {
    args: &'a Args,
    worst: Status,
    output: Output,
    /// Nobody reads on.
    ended: bool,
}

impl Said<'_> {
    fn review(&mut self, found: &Found, review: &Review, color: Color) -> ControlFlow<()> {
        self.worst = self.worst.max(status(review, self.args.fail_on));
        let text = self.output.add(review, brief(found, self.args));
        self.print(&text, color)
    }

    fn fixed(&mut self, found: &Found, reviewer: &Reviewer, color: Color) -> ControlFlow<()> {
        let outcome = input::read_design(&found.file)
            .and_then(|source| fix::run(&self.args.fixing, &found.file, source, reviewer, color));
        match outcome {
            Ok(fix::Outcome::Review(source)) => self.review(found, &reviewer.review(source), color),
            Ok(fix::Outcome::Print(text, judged)) => {
                let judged = judged.map(|source| status(&reviewer.review(source), self.args.fail_on));
                self.worst = self.worst.max(judged.unwrap_or_else(|status| status));
                self.print(&text, color)
            }
            Err(trouble) => self.unread(found, Some(trouble), color),
        }
    }

    fn unread(&mut self, found: &Found, trouble: Option<Trouble>, color: Color) -> ControlFlow<()> {
        self.worst = Status::Bad;
        if let Some(trouble) = &trouble {
            trouble.report(color);
        }
        let why = trouble.as_ref().map_or("its settings cannot be read", Trouble::message);
        let text = self.output.unread(&shown(&found.file), why, found.from);
        self.print(&text, color)
    }

    fn print(&mut self, text: &str, color: Color) -> ControlFlow<()> {
        match print_on(text) {
            Ok(true) => return ControlFlow::Continue(()),
            Ok(false) => {}
            Err(trouble) => self.worst = trouble.report(color),
        }
        self.ended = true;
        ControlFlow::Break(())
    }

    fn end(self, color: Color) -> Status {
        if self.ended { self.worst } else { finish(&self.output.end(), self.worst, color) }
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
