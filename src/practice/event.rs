//! What happened in an attempt, and when.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::when;
use crate::rubric::{Dimension, Level, Met, Score};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    #[serde(with = "when")]
    pub at: Timestamp,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum What {
    Started,
    /// A question that the interviewer answered, in the statement's words.
    Asked {
        question: String,
    },
    /// The design had changed when somebody looked; at the time at which its file was written.
    Edited,
    /// A rung, counted from 1, of a criterion's ladder.
    Hinted {
        criterion: String,
        rung: usize,
    },
    /// What was lost, as [`crate::predict::Loss::id`] names it.
    Drilled {
        loss: String,
        right: bool,
    },
    FollowedUp {
        question: String,
    },
    /// Somebody closed the screen: what lies between this and the next event does not count as work.
    Left,
    /// What lies between this and the event before does not count as work.
    Resumed,
    Finished {
        result: Standing,
    },
    GaveUp,
    Revealed,
}

/// What an attempt had earned when it was finished.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    pub points: f64,
    pub of: f64,
    pub level: Option<Level>,
    pub dimensions: Vec<Earned>,
    /// Ids of the criteria that were met.
    pub met: Vec<String>,
    /// Ids of those that were not; what could not be judged is in neither.
    pub open: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Earned {
    pub dimension: Dimension,
    pub points: f64,
    pub of: f64,
}

impl Standing {
    pub fn of(score: &Score) -> Standing {
        // To the hundredth: what a file shows is what was compared.
        let round = |points: f64| (points * 100.0).round() / 100.0;
        let ids = |is: &dyn Fn(Met) -> bool| {
            score.criteria.iter().filter(|one| is(one.met)).map(|one| one.id.clone()).collect()
        };
        Standing {
            points: round(score.points),
            of: round(score.of),
            level: score.level,
            dimensions: score
                .dimensions
                .iter()
                .map(|one| Earned { dimension: one.id, points: round(one.points), of: round(one.of) })
                .collect(),
            met: ids(&|met| met == Met::Yes),
            open: ids(&|met| matches!(met, Met::No | Met::Partly | Met::Unstated)),
        }
    }

    /// Of all that could be earned; none of nothing.
    pub fn share(&self) -> f64 {
        if self.of > 0.0 { self.points / self.of } else { 0.0 }
    }
}
