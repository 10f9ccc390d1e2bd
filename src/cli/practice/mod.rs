//! `spof practice`

mod ask;
mod drill;
mod finish;
mod flaw;
mod follow_up;
mod hint;
mod list;
mod progress;
mod resume;
mod reveal;
mod session;
mod start;
mod watch;

use clap::Subcommand;
use jiff::Timestamp;

use super::Status;
use super::output::{Trouble, finish as print_and_end};
use super::terminal::Color;
use session::Desk;

pub(super) use flaw::{Args as FlawArgs, run as run_flaw};
pub(super) use progress::{Args as ProgressArgs, run as run_progress};

/// An interview, alone: a problem, a clock, answers when you ask, hints, drills and questions, and a score
///
/// What you do is remembered in one plain file: practice.json in the folder SPOF_DATA names, or in the one your system keeps
/// such things in. A session that was broken off goes on with `spof practice resume`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  spof practice next                  what to practise, and why
  spof practice start url-shortener   the statement, a file for your answer, the clock
  spof practice ask \"how much\"        what the interviewer says
  spof practice hint
  spof practice drill                 something fails: what happens?
  spof practice follow-up
  spof practice finish                the score, where your time went
  spof practice watch                 all of that on one screen beside your editor
  spof progress                       how far you are

Exit status: 0, also where a question was left open with Ctrl-D; 2 where it could not be done; 130 where a question was broken off
with Ctrl-C. Whatever was noted before is kept.")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    now: Now,
}

/// What the clock says.
#[derive(Debug, clap::Args)]
struct Now {
    /// The instant to take for now, as 2027-01-31T12:00:00Z
    #[arg(long, global = true, hide = true, value_name = "TIME")]
    now: Option<Timestamp>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Start(start::Args),
    Watch(watch::Args),
    Ask(ask::Args),
    /// A nudge on what matters most now; three for each thing, counted
    Hint,
    Drill(drill::Args),
    /// The next question of those that come when the design stands, then what a good answer says
    FollowUp,
    /// End the attempt: score, levels, where the time went, what changed since the last
    Finish,
    Reveal(reveal::Args),
    List(list::ListArgs),
    Next(list::NextArgs),
    Resume(resume::ResumeArgs),
    Reset(resume::ResetArgs),
}

pub(super) fn run(args: &Args, color: Color) -> Status {
    let result = Desk::new(args.now.now, color).and_then(|desk| match &args.command {
        Command::Start(args) => start::start(args, &desk),
        Command::Watch(args) => watch::watch(args, &desk),
        Command::Ask(args) => ask::ask(args, &desk),
        Command::Hint => hint::hint(&desk),
        Command::Drill(args) => drill::drill(args, &desk),
        Command::FollowUp => follow_up::follow_up(&desk),
        Command::Finish => finish::finish(&desk),
        Command::Reveal(args) => reveal::reveal(args, &desk),
        Command::List(args) => list::list(args, &desk),
        Command::Next(args) => list::next(args, &desk),
        Command::Resume(args) => resume::resume(args, &desk),
        Command::Reset(args) => resume::reset(args, &desk),
    });
    end(result, color)
}

/// Prints what a command says.
fn end(result: Result<String, Trouble>, color: Color) -> Status {
    match result {
        Ok(text) => print_and_end(&text, Status::Clean, color),
        Err(trouble) => trouble.report(color),
    }
}
