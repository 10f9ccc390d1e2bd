//! `spof practice hint`

use super::session::{Desk, open_attempt};
use crate::cli::judging::Judge;
use crate::cli::output::Trouble;
use crate::practice::hint::{Hint, next};
use crate::practice::{Attempt, What};
use crate::report::practice;

pub(super) fn hint(desk: &Desk) -> Result<String, Trouble> {
    let state = desk.look()?;
    let attempt = open_attempt(&state)?;
    let Some((hint, now)) = give(desk, attempt, &desk.judge(attempt)?)? else {
        return Ok(practice::no_hint(desk.style));
    };
    Ok(format!("{}\n{}", practice::hint(&hint, desk.style), practice::clock(&now, desk.now(), desk.style)))
}

/// The next hint, once it is noted, and the attempt with it; one that was given before is not noted again. None where nothing is
/// open that a hint could help with.
pub fn give(desk: &Desk, attempt: &Attempt, judge: &Judge) -> Result<Option<(Hint, Attempt)>, Trouble> {
    let pack = judge.packs.find(&attempt.problem)?;
    let review = desk.review(attempt, judge, false)?;
    let Some(hint) = review.score.as_ref().and_then(|score| next(score, &pack.rubric, attempt)) else {
        return Ok(None);
    };
    let now = match hint.again {
        true => attempt.clone(),
        false => desk.log(attempt, What::Hinted { criterion: hint.criterion.id.clone(), rung: hint.rung })?,
    };
    Ok(Some((hint, now)))
}
