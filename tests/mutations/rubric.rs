//! Whether the rubric of the problem that a design solves notices what is gone.

use jiff::civil::date;
use spof::rubric::{Met, Packs, Score, score};
use spof::{design, rules, syntax};

/// What a design earns; None where it solves no problem.
pub fn judged(text: &str) -> Option<Score> {
    let (design, _) = design::lower(&syntax::parse(text).0);
    let pack = Packs::built_in().find(&design.solves.as_ref()?.problem)?;
    let critique = rules::check(&design, date(2026, 1, 1));
    Some(score(&design, &critique, &pack.rubric, None))
}

/// The first criterion that was met and is no longer.
pub fn lost(before: &Score, after: &Score) -> Option<String> {
    let is_met = |score: &Score, id: &str| score.criterion(id).is_some_and(|one| one.met == Met::Yes);
    let mut ids = before.criteria.iter().map(|criterion| &criterion.id);
    ids.find(|id| is_met(before, id) && !is_met(after, id)).cloned()
}
