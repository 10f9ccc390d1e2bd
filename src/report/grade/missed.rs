//! Which criteria a class misses.

use serde::Serialize;

use crate::rubric::{Dimension, Level, Met, Need, Score};

/// One criterion, over all designs that were asked for it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MissedBy {
    pub problem: String,
    pub id: String,
    pub dimension: Dimension,
    pub need: Need,
    pub gates: Option<Level>,
    /// What an interviewer asks.
    pub ask: String,
    /// Designs that could be judged by it.
    pub asked: usize,
    /// Those that do not have it, or not all of it.
    pub missed: usize,
    /// Those of the missed that have half of it.
    pub partly: usize,
}

/// Criteria by problem in the order of their rubrics; as much as the rubrics have, however many designs there are.
#[derive(Debug, Clone, Default)]
pub struct Missed {
    criteria: Vec<MissedBy>,
}

impl Missed {
    pub fn add(&mut self, score: &Score) {
        for criterion in score.criteria.iter().filter(|criterion| criterion.met != Met::NotEvaluated) {
            let known =
                self.criteria.iter().position(|one| one.id == criterion.id && one.problem == score.problem);
            let at = known.unwrap_or_else(|| {
                self.criteria.push(MissedBy {
                    problem: score.problem.clone(),
                    id: criterion.id.clone(),
                    dimension: criterion.dimension,
                    need: criterion.need,
                    gates: criterion.gates,
                    ask: criterion.ask.clone(),
                    asked: 0,
                    missed: 0,
                    partly: 0,
                });
                self.criteria.len() - 1
            });
            let one = &mut self.criteria[at];
            one.asked += 1;
            one.missed += usize::from(criterion.met != Met::Yes);
            one.partly += usize::from(criterion.met == Met::Partly);
        }
    }

    /// Those that somebody missed: by problem, the most often missed first, and of those the ones that hold back a level.
    pub fn sorted(&self) -> Vec<&MissedBy> {
        let mut sorted: Vec<&MissedBy> = self.criteria.iter().filter(|one| one.missed > 0).collect();
        sorted.sort_by(|a, b| {
            // a.missed / a.asked against b.missed / b.asked, in whole numbers.
            let by_share = (b.missed * a.asked).cmp(&(a.missed * b.asked));
            a.problem
                .cmp(&b.problem)
                .then(by_share)
                .then(a.need.cmp(&b.need))
                .then(a.gates.unwrap_or(Level::Staff).cmp(&b.gates.unwrap_or(Level::Staff)))
                .then(a.id.cmp(&b.id))
        });
        sorted
    }
}
