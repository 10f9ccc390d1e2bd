//! `spof practice follow-up`

use super::prompt;
use super::session::{Desk, open_attempt};
use crate::cli::output::{Trouble, print};
use crate::practice::What;
use crate::practice::follow_up::order;
use crate::report::practice;

pub(super) fn follow_up(desk: &Desk) -> Result<String, Trouble> {
    let state = desk.look()?;
    let attempt = open_attempt(&state)?;
    let judge = desk.judge(attempt)?;
    let pack = judge.packs.find(&attempt.problem)?;
    let review = desk.review(attempt, &judge, false)?;
    let mut left = order(pack.problem.follow_ups(), &review.design, &review.critique.findings);
    let asked = attempt.followed_up();
    left.retain(|one| !asked.contains(&one.answer.question.as_str()));
    let Some(next) = left.first() else {
        return Ok("No more questions. `spof practice finish` ends the attempt.\n".to_string());
    };
    print(&format!("{}\n", practice::follow_up(next, left.len() - 1, desk.style)))?;
    // At the end of input there is nobody to wait for.
    prompt::line("Answer aloud, then press Enter: ")?;
    let now = desk.log(attempt, What::FollowedUp { question: next.answer.question.clone() })?;
    Ok(format!("\n{}\n{}", practice::rest(next, desk.style), practice::clock(&now, desk.now(), desk.style)))
}
