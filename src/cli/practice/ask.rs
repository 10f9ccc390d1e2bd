//! `spof practice ask`

use super::session::{Desk, open_attempt};
use crate::cli::output::Trouble;
use crate::practice::What;
use crate::practice::ask::{Meant, meant, topics};
use crate::report::practice;

/// Ask the interviewer; without a topic, see what can be asked
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  spof practice ask\n  spof practice ask 3\n  spof practice ask how many users"
)]
pub(super) struct Args {
    /// A number of the list, or some words
    #[arg(value_name = "TOPIC")]
    topic: Vec<String>,
}

pub(super) fn ask(args: &Args, desk: &Desk) -> Result<String, Trouble> {
    let state = desk.look()?;
    let attempt = open_attempt(&state)?;
    let judge = desk.judge(attempt)?;
    let all = topics(&judge.packs.find(&attempt.problem)?.problem, attempt.scale);
    let words = args.topic.join(" ");
    if words.trim().is_empty() {
        return Ok(practice::topics(&all, &attempt.asked(), desk.style));
    }
    match meant(&all, &words) {
        Meant::One(at) => {
            let now = desk.log(attempt, What::Asked { question: all[at].question.clone() })?;
            Ok(format!(
                "{}\n{}",
                practice::answer(&all[at], desk.style),
                practice::clock(&now, desk.now(), desk.style)
            ))
        }
        Meant::Several(several) => Ok(practice::not_understood(&all, &several, &attempt.asked(), desk.style)),
        Meant::Nothing => Ok(practice::not_understood(&all, &[], &attempt.asked(), desk.style)),
    }
}
