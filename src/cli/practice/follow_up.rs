//! `spof practice follow-up`

use std::io::{IsTerminal, stdin};

use super::session::{Desk, open_attempt};
use crate::cli::judging::Judge;
use crate::cli::output::{Trouble, print};
use crate::cli::prompt;
use crate::practice::follow_up::{FollowUp, order};
use crate::practice::{Attempt, What};
use crate::report::practice;

pub(super) fn follow_up(desk: &Desk) -> Result<String, Trouble> {
    let state = desk.look()?;
    let attempt = open_attempt(&state)?;
    let Some((next, left)) = ask(desk, attempt, &desk.judge(attempt)?)? else {
        return Ok("No more questions. `spof practice drill` asks what fails, `spof practice finish` ends the attempt.\n".to_string());
    };
    print(&format!("{}\n", practice::follow_up(&next, left, desk.style)))?;
    let heard = prompt::line("Answer aloud, then press Enter: ")?;
    // Where nobody sits there is nobody to wait for.
    if heard.is_none() && stdin().is_terminal() {
        let then = "`spof practice follow-up` asks the same again";
        return Ok(format!("Not answered, and not counted.\n{}", practice::footer(then, desk.style)));
    }
    let now = desk.log(attempt, What::FollowedUp { question: next.answer.question.clone() })?;
    Ok(format!("\n{}\n{}", practice::rest(&next, desk.style), practice::clock(&now, desk.now(), desk.style)))
}

/// The next question, and how many come after it. It is noted by whoever shows the answer.
pub fn ask(desk: &Desk, attempt: &Attempt, judge: &Judge) -> Result<Option<(FollowUp, usize)>, Trouble> {
    let pack = judge.packs.find(&attempt.problem)?;
    let review = desk.review(attempt, judge, false)?;
    let mut left = order(pack.problem.follow_ups(), &review.design, &review.critique.findings);
    let asked = attempt.followed_up();
    left.retain(|one| !asked.contains(&one.answer.question.as_str()));
    let more = left.len().saturating_sub(1);
    Ok(left.into_iter().next().map(|next| (next, more)))
}
