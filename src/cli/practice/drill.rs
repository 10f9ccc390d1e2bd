//! `spof practice drill`

use super::session::{Desk, open_attempt};
use crate::cli::judging::Judge;
use crate::cli::output::{Trouble, print};
use crate::cli::prompt;
use crate::design::Design;
use crate::practice::drill::{Drill, Said, numbers, pick};
use crate::practice::{Attempt, State};
use crate::report::practice;

/// Something of your design fails: say what happens, and see what does
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  spof practice drill
  spof practice drill --answer \"1 3; 2; none\"   1 and 3 stop, 2 slows down, nothing breaks next")]
pub(super) struct Args {
    /// The answer, without being asked: what stops; what slows down; what breaks next
    #[arg(long, value_name = "NUMBERS")]
    answer: Option<String>,
    /// Chooses among losses that are as hard
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

pub(super) fn drill(args: &Args, desk: &Desk) -> Result<String, Trouble> {
    let state = desk.look()?;
    let attempt = open_attempt(&state)?;
    let Posed { design, drill } = match pose(desk, &state, attempt, &desk.judge(attempt)?, args.seed)? {
        Ok(posed) => posed,
        Err(nothing) => {
            let then = "`spof practice hint` says what is open, `spof practice follow-up` asks on";
            return Ok(format!("{nothing}\n{}", practice::footer(then, desk.style)));
        }
    };
    let question = practice::question(&design, &drill, desk.style);
    let said = match &args.answer {
        Some(answer) => drill.read(answer).map(Some).map_err(|why| {
            Trouble::new(why).help(
                "write numbers of the lists, as --answer \"1 3; 2; none\": stops; slows down; breaks next",
            )
        })?,
        None => {
            print(&format!("{question}\n"))?;
            answer(&drill)?
        }
    };
    let Some(said) = said else {
        let then = "`spof practice drill` asks the same again";
        return Ok(format!("Not answered, and not counted.\n{}", practice::footer(then, desk.style)));
    };
    let now = desk.log(attempt, drill.noted(&said))?;
    let head = if args.answer.is_some() { format!("{question}\n") } else { "\n".to_string() };
    Ok(format!(
        "{head}{}\n{}",
        practice::marked(&design, &drill, &said, desk.style),
        practice::clock(&now, desk.now(), desk.style)
    ))
}

/// A drill, and the design as it was when it was posed.
pub struct Posed {
    pub design: Design,
    pub drill: Drill,
}

/// The next drill; or why there is none, in a sentence.
pub fn pose(
    desk: &Desk,
    state: &State,
    attempt: &Attempt,
    judge: &Judge,
    seed: Option<u64>,
) -> Result<Result<Posed, &'static str>, Trouble> {
    let design = desk.review(attempt, judge, false)?.design;
    let drills = attempt.drills();
    let drilled: Vec<&str> = drills.iter().map(|(loss, _)| *loss).collect();
    // The same until it is answered: who looks twice is not asked twice.
    let seed = seed.unwrap_or(state.attempts().len() as u64 * 1_000 + drilled.len() as u64);
    Ok(match pick(&design, &drilled, seed) {
        Some(drill) => Ok(Posed { design, drill }),
        None if drilled.is_empty() => Err(
            "Nothing can fail yet: write a flow with its hops first, `flow show { web -> api -> store }`.",
        ),
        None => Err("Everything that this design can lose has been drilled."),
    })
}

/// Three questions; None where input ends.
fn answer(drill: &Drill) -> Result<Option<Said>, Trouble> {
    let (flows, nodes) = (drill.after.flows.len(), drill.choices.len());
    let Some(stops) =
        prompt::until("Which flows stop? Numbers, as 1 3, or Enter for none: ", |line| numbers(line, flows))?
    else {
        return Ok(None);
    };
    let slows = |line: &str| {
        let slows = numbers(line, flows)?;
        match slows.intersection(&stops).next() {
            Some(both) => Err(format!("{} stops, you said", both + 1)),
            None => Ok(slows),
        }
    };
    let Some(slows) = prompt::until("Which slow down? Numbers, or Enter for none: ", slows)? else {
        return Ok(None);
    };
    if nodes == 0 {
        return Ok(Some(Said { stops, slows, ..Said::default() }));
    }
    let breaks =
        prompt::until("Which nodes get more than they carry? Numbers, or Enter for none: ", |line| {
            numbers(line, nodes)
        })?;
    Ok(breaks.map(|breaks| Said { stops, slows, breaks }))
}
