//! The answer to one condition.

use super::Met;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Outcome {
    pub met: Met,
    pub why: String,
    pub nodes: Vec<String>,
}

impl Outcome {
    pub fn new(met: Met, why: impl Into<String>) -> Outcome {
        Outcome { met, why: why.into(), nodes: Vec::new() }
    }

    pub fn about(mut self, nodes: impl IntoIterator<Item = impl Into<String>>) -> Outcome {
        self.nodes = nodes.into_iter().map(Into::into).collect();
        self
    }

    /// All must hold: a "no" outweighs what is not said, that what lacks a number, and that a "yes".
    pub fn all(outcomes: Vec<Outcome>) -> Outcome {
        let weight = |outcome: &Outcome| match outcome.met {
            Met::No => 3,
            Met::Unstated | Met::Partly => 2,
            Met::NotEvaluated => 1,
            Met::Yes => 0,
        };
        pick(outcomes, weight)
    }

    /// One must hold. Where none does, what is not said is nearer to it than a "no".
    pub fn any(outcomes: Vec<Outcome>) -> Outcome {
        let weight = |outcome: &Outcome| match outcome.met {
            Met::Yes => 3,
            Met::Unstated | Met::Partly => 2,
            Met::NotEvaluated => 1,
            Met::No => 0,
        };
        pick(outcomes, weight)
    }
}

/// The first of the heaviest.
fn pick(outcomes: Vec<Outcome>, weight: impl Fn(&Outcome) -> u8) -> Outcome {
    let heaviest = outcomes.iter().map(&weight).max();
    outcomes
        .into_iter()
        .find(|outcome| Some(weight(outcome)) == heaviest)
        .unwrap_or_else(|| Outcome::new(Met::No, "nothing is asked"))
}
