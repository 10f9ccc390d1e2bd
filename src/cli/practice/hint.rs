//! `spof practice hint`

use super::session::{Desk, open_attempt};
use crate::cli::output::Trouble;
use crate::practice::What;
use crate::practice::hint::next;
use crate::report::practice;

pub(super) fn hint(desk: &Desk) -> Result<String, Trouble> {
    let state = desk.look()?;
    let attempt = open_attempt(&state)?;
    let judge = desk.judge(attempt)?;
    let pack = judge.packs.find(&attempt.problem)?;
    let review = desk.review(attempt, &judge, false)?;
    let hint = review.score.as_ref().and_then(|score| next(score, &pack.rubric, attempt));
    let Some(hint) = hint else { return Ok(practice::no_hint(desk.style)) };
    let mut now = attempt.clone();
    if !hint.again {
        now = desk.log(attempt, What::Hinted { criterion: hint.criterion.id.clone(), rung: hint.rung })?;
    }
    Ok(format!("{}\n{}", practice::hint(&hint, desk.style), practice::clock(&now, desk.now(), desk.style)))
}
