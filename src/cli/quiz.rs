//! `spof quiz`

use std::collections::VecDeque;
use std::path::Path;

use jiff::civil::Date;

use super::Status;
use super::output::{Trouble, print};
use super::prompt;
use super::store::{self, Store};
use super::terminal::{self, Color};
use crate::quiz::{Card, Grade, Progress, Today, cards, today};
use crate::report::Style;
use crate::report::markdown::markdown;

/// Be asked what you may have forgotten: drills of concepts, follow-up questions, outages
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  spof quiz                     what is due today, then some that are new
  spof quiz outage              outages only; also concept, follow-up, or a name such as stripe-clone
  spof quiz --due               how much is due

You say yourself how it went: again, hard, good or easy. What you knew comes back after 1 day, 6 days, and then each time later
by a factor of its own (SM-2); each answer is kept as it is given, so that you can leave at any time. Progress is in quiz.json in the folder
SPOF_DATA, or in that of your system for such data.

Exit status: 0, also where you leave with q or Ctrl-D; 2 where it could not be done; 130 where a question was broken off with
Ctrl-C.")]
pub(super) struct Args {
    /// Only cards whose name has these words
    about: Vec<String>,
    /// Ask at most so many
    #[arg(long, default_value_t = 10, value_name = "N")]
    most: usize,
    /// Say how many are due, and ask none
    #[arg(long)]
    due: bool,
    /// The day it is, as 2027-01-31; today where not given
    #[arg(long, value_name = "DATE")]
    today: Option<Date>,
}

pub(super) fn run(args: &Args, color: Color) -> Status {
    match quiz(args, color) {
        Ok(()) => Status::Clean,
        Err(trouble) => trouble.report(color),
    }
}

fn quiz(args: &Args, color: Color) -> Result<(), Trouble> {
    let style = terminal::for_stdout(color);
    let day = args.today.unwrap_or_else(|| jiff::Zoned::now().date());
    let cards = cards();
    if !cards.iter().any(|card| args.about.iter().all(|word| card.id.contains(&word.to_lowercase()))) {
        return Err(Trouble::new(format!("no card is about `{}`", args.about.join(" "))));
    }
    let folder = store::folder()?;
    // Who is to answer hears first where answers cannot be kept.
    let progress: Progress = if args.due { store::look(&folder)? } else { store::open(&folder)?.state };
    let Today { cards: asked, due, fresh } = today(&cards, &progress, day, &args.about, args.most);
    if args.due || asked.is_empty() {
        return print(&format!("{due} due, {fresh} never asked\n"));
    }
    let mut waiting: VecDeque<(&Card, bool)> = asked.into_iter().map(|card| (card, true)).collect();
    let mut answered = 0;
    while let Some((card, first)) = waiting.pop_front() {
        let Some(grade) = ask(card, waiting.len(), style)? else { break };
        // Asked again in the same sitting, it is practice: the schedule is the first answer's.
        if first {
            let next = note(&folder, card, grade, day)?;
            answered += 1;
            print(&format!("{}\n\n", style_dim(style, &format!("next on {next}"))))?;
        }
        if grade.is_asked_again() {
            waiting.push_back((card, false));
        }
    }
    print(&format!("{answered} answered; the rest waits for the next `spof quiz`\n"))
}

fn style_dim(style: Style, text: &str) -> String {
    crate::report::Paint { on: style.color }.dim(text)
}

/// Asks, shows the answer, and asks how it went; None at the end of input or where somebody leaves.
fn ask(card: &Card, more: usize, style: Style) -> Result<Option<Grade>, Trouble> {
    let paint = crate::report::Paint { on: style.color };
    let head = paint.dim(&format!("{}, {more} more", card.about));
    print(&format!("{head}\n{}\n\n", markdown(&card.question, style)))?;
    if prompt::line("Enter for the answer, q to leave: ")?.is_none_or(|line| leaves(&line)) {
        return Ok(None);
    }
    print(&format!("\n{}\n\n", markdown(&card.answer, style)))?;
    let grade =
        |line: &str| match Grade::parse(line) {
            Some(grade) => Ok(Some(grade)),
            None if leaves(line) => Ok(None),
            None => Err("one of again, hard, good and easy, as you knew it; q leaves, and it is not counted"
                .to_string()),
        };
    Ok(prompt::until("again, hard, good, easy? ", grade)?.flatten())
}

fn leaves(line: &str) -> bool {
    matches!(line.trim().to_lowercase().as_str(), "q" | "quit" | "exit")
}

/// Keeps an answer beside those that another session has given meanwhile.
fn note(folder: &Path, card: &Card, grade: Grade, day: Date) -> Result<Date, Trouble> {
    let mut store: Store<Progress> = store::open(folder)?;
    let next = store.state.answered(&card.id, grade, day);
    store.save()?;
    Ok(next)
}
