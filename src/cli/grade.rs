//! `spof grade`

use std::ops::ControlFlow;
use std::path::PathBuf;

use clap::ValueEnum;
use serde::Serialize;

use super::folder::{self, Found, From};
use super::input::{self, shown};
use super::judging::Judging;
use super::output::{panicked, print_on};
use super::progress::Progress;
use super::terminal::{self, Color};
use super::window::{Next, in_order};
use super::{Status, grade_lines};
use crate::report::Style;
use crate::report::grade::{Row, Summary, csv_head, csv_row, table_head, table_row};
use crate::review::Reviewer;
use crate::rubric::Score;
use crate::settings::Settings;

/// Grade the designs of a class: a row for each, and what most of them miss
///
/// Every design in the folders is judged by one problem, or each by the one that it says it solves. What cannot be read
/// or judged has a row with the reason. With --stdin, designs come as lines of JSON and each is answered by a line, in the
/// same order and as soon as it is there, however many there are.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  spof grade answers --problem url-shortener
  spof grade answers --problem url-shortener --at small --format csv > class.csv
  spof grade --stdin --problem url-shortener < designs.ndjson > grades.ndjson

A line of --stdin: {\"id\": \"ada\", \"design\": \"client web ...\"}, and if it likes \"problem\" and \"at\", which count
for this line instead of the options.

Exit status: 0 every design has its points, with --stdin every line its answer; 2 some have a reason instead of points,
or there is nothing to grade.")]
#[command(mut_arg("problem", |problem| problem.help("Judge by this problem, whatever a design says it solves")))]
pub(super) struct Args {
    /// Folders of designs, or designs
    #[arg(required_unless_present = "stdin", conflicts_with = "stdin", value_name = "DIR")]
    designs: Vec<PathBuf>,
    /// Read lines of JSON, each with an `id` and a `design`, and write a line of JSON for each
    #[arg(long)]
    stdin: bool,
    /// What to print: a table, or rows for programs
    #[arg(long, value_enum, default_value_t = Format::Text, conflicts_with = "stdin")]
    format: Format,
    #[command(flatten)]
    judging: Judging,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Csv,
    Json,
    Ndjson,
}

pub(super) fn run(args: &Args, color: Color) -> Status {
    let judge = match args.judging.load(color) {
        Ok(judge) => judge,
        Err(trouble) => return trouble.report(color),
    };
    // Whoever is examined does not choose what is looked at.
    let settings = Settings::default();
    let reviewer = judge.reviewer(&settings, false);
    if args.stdin { grade_lines::run(&reviewer, color) } else { folders(args, &reviewer, color) }
}

/// A design's row, and for the summary what it is made of.
struct Graded {
    row: Row,
    score: Option<Score>,
}

impl Graded {
    fn without(reason: &str) -> Graded {
        Graded { row: Row::without(reason), score: None }
    }
}

fn grade(found: &Found, reviewer: &Reviewer) -> Graded {
    if let Some(trouble) = &found.trouble {
        return Graded::without(trouble.message());
    }
    match input::read_design(&found.file) {
        Err(trouble) => Graded::without(trouble.message()),
        Ok(source) => {
            let review = reviewer.review(source);
            Graded { row: Row::of(&review), score: review.score }
        }
    }
}

fn folders(args: &Args, reviewer: &Reviewer, color: Color) -> Status {
    // A slip of the keyboard is not a student whose design is missing.
    if let Some(missing) = args.designs.iter().find(|path| !path.exists())
        && let Err(trouble) = input::read(missing)
    {
        return trouble.report(color);
    }
    let found = folder::expand(&args.designs);
    // The wrong folder is no class.
    if let [Found { trouble: Some(trouble), from: From::Nothing, .. }] = &found[..] {
        return trouble.report(color);
    }
    let style = terminal::for_stdout(color);
    let progress = Progress::new(found.len());
    let mut summary = Summary::default();
    let mut status = Status::Clean;
    let mut said = print_on(&before(args.format, style));
    let mut named = found.iter();
    in_order(
        found.iter(),
        |_| 0,
        |found| grade(found, reviewer),
        |next| {
            let Next::Done(done) = next else { return ControlFlow::Continue(()) };
            progress.step();
            let (Some(found), Ok(true)) = (named.next(), &said) else { return ControlFlow::Break(()) };
            let graded = done.unwrap_or_else(|| Graded::without(panicked(&found.file).message()));
            summary.add(&graded.row, graded.score.as_ref());
            if graded.row.error.is_some() {
                status = Status::Bad;
            }
            let first = summary.designs() == 1;
            let text = row(&shown(&found.file), &graded.row, first, args.format, style);
            said = progress.aside(|| print_on(&text));
            ControlFlow::Continue(())
        },
    );
    drop(progress);
    if matches!(said, Ok(true)) {
        said = print_on(&after(&summary, args.format, style));
    }
    said.map_or_else(|trouble| trouble.report(color), |_| status)
}

fn before(format: Format, style: Style) -> String {
    match format {
        Format::Text => table_head(style),
        Format::Csv => csv_head(),
        Format::Json => "{\n\"version\": 1,\n\"designs\": [".to_string(),
        Format::Ndjson => String::new(),
    }
}

/// A row under its file's name.
#[derive(Serialize)]
struct Named<'a> {
    file: &'a str,
    #[serde(flatten)]
    row: &'a Row,
}

fn row(file: &str, row: &Row, first: bool, format: Format, style: Style) -> String {
    let object = || grade_lines::json(&Named { file, row });
    match format {
        Format::Text => table_row(file, row, style),
        Format::Csv => csv_row(file, row),
        Format::Json if first => format!("\n{}", object()),
        Format::Json => format!(",\n{}", object()),
        Format::Ndjson => format!("{}\n", object()),
    }
}

fn after(summary: &Summary, format: Format, style: Style) -> String {
    match format {
        Format::Text => format!("\n{}", summary.text(style)),
        Format::Json => format!("\n],\n\"summary\": {:#}\n}}\n", summary.json()),
        Format::Csv | Format::Ndjson => String::new(),
    }
}
