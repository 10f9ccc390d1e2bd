//! `spof flaw`

use super::session::Desk;
use super::{Now, end};
use crate::cli::output::{Trouble, print};
use crate::cli::terminal::Color;
use crate::cli::{Status, prompt};
use crate::practice::flaw::{Puzzle, Spotted, level, puzzle};
use crate::report::practice;

/// Spot the flaw: a good design without one of its safeties; you say where, and what is wrong
///
/// One after the other until you stop with q or Ctrl-D. Harder as you get better: four of five right lead to the next level.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  spof flaw
  spof flaw --level 3 --seed 42
  spof flaw --seed 42 --answer \"store no-backup\"

Exit status: 0, also where you stop; 2 where it could not be done; 130 where a question was broken off with Ctrl-C.")]
pub(in crate::cli) struct Args {
    /// Begin with this one; after those that you have had where not given
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// 1 stops everything or loses data, 2 is worth a warning, 3 is what is not said; by what you got right where not given
    #[arg(long, value_name = "1..3", value_parser = clap::value_parser!(u8).range(1..=3))]
    level: Option<u8>,
    /// The node and the rule, by number or name, without being asked; then stop
    #[arg(long, value_name = "ANSWER")]
    answer: Option<String>,
    #[command(flatten)]
    now: Now,
}

pub(in crate::cli) fn run(args: &Args, color: Color) -> Status {
    end(Desk::new(args.now.now, color).and_then(|desk| play(args, &desk)), color)
}

fn play(args: &Args, desk: &Desk) -> Result<String, Trouble> {
    let mut round = 0;
    let mut right = 0;
    let first = match args.seed {
        Some(seed) => seed,
        None => desk.look()?.spotted().len() as u64,
    };
    loop {
        let state = desk.look()?;
        let level = args.level.unwrap_or_else(|| level(state.spotted()));
        let today = desk.now().to_zoned(jiff::tz::TimeZone::system()).date();
        let Some(puzzle) = puzzle(first.wrapping_add(round), level, today) else {
            return Err(Trouble::new("no flaw of this kind was found").help("try another --seed or --level"));
        };
        print(&format!("{}\n", practice::puzzle(&puzzle, desk.style)))?;
        let said = match &args.answer {
            Some(answer) => Some(read(&puzzle, answer)?),
            None => asked(&puzzle)?,
        };
        let Some((node, rule)) = said else { return Ok(over(round, right)) };
        let marks = puzzle.marks(&node, rule);
        let is_right = marks == (true, true);
        note(desk, &puzzle, is_right)?;
        round += 1;
        right += u64::from(is_right);
        if args.answer.is_some() {
            return Ok(practice::spotted(&puzzle, marks, desk.style));
        }
        print(&format!("\n{}\n", practice::spotted(&puzzle, marks, desk.style)))?;
        let more = prompt::line("Enter for the next, q to stop: ")?;
        if more.is_none_or(|line| is_quit(&line)) {
            return Ok(over(round, right));
        }
    }
}

fn over(round: u64, right: u64) -> String {
    if round == 0 {
        "Not answered, and not counted. `spof flaw` asks the same again.\n".to_string()
    } else {
        format!("{right} of {round} right. `spof flaw` goes on; `spof progress` says how far you are.\n")
    }
}

fn is_quit(line: &str) -> bool {
    matches!(line.trim().to_lowercase().as_str(), "q" | "quit" | "exit")
}

/// Two questions; None where somebody stops.
fn asked(puzzle: &Puzzle) -> Result<Option<(String, &'static str)>, Trouble> {
    let node = |line: &str| if is_quit(line) { Ok(None) } else { puzzle.node(line).map(Some) };
    let Some(Some(node)) = prompt::until("Which node? A number or its name, q to stop: ", node)? else {
        return Ok(None);
    };
    let rule = |line: &str| if is_quit(line) { Ok(None) } else { puzzle.rule(line).map(Some) };
    let rule = prompt::until("What is wrong? A number, or a rule's name, q to stop: ", rule)?;
    Ok(rule.flatten().map(|rule| (node, rule)))
}

fn read(puzzle: &Puzzle, answer: &str) -> Result<(String, &'static str), Trouble> {
    let help = "write a node and a rule, by number or name, as --answer \"store no-backup\"";
    let Some((node, rule)) = answer.trim().split_once(char::is_whitespace) else {
        return Err(Trouble::new(format!("`{answer}` is one word")).help(help));
    };
    let node = puzzle.node(node).map_err(|why| Trouble::new(why).help(help))?;
    let rule = puzzle.rule(rule).map_err(|why| Trouble::new(why).help(help))?;
    Ok((node, rule))
}

fn note(desk: &Desk, puzzle: &Puzzle, right: bool) -> Result<(), Trouble> {
    let rule = puzzle.findings.first().map_or(String::new(), |finding| finding.code.to_string());
    let mut store = desk.open()?;
    store.state.spot(Spotted { at: desk.now(), level: puzzle.level, rule, right });
    store.save()
}
