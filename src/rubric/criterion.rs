//! One line of a rubric.

use super::{Condition, Dimension, Level, Need, Scale};

#[derive(Debug, Clone, PartialEq)]
pub struct Criterion {
    pub id: String,
    pub dimension: Dimension,
    /// Its share of the dimension's weight, against the other criteria of that dimension.
    pub points: f64,
    pub need: Need,
    pub gates: Option<Level>,
    /// Asked at this scale only.
    pub scale: Option<Scale>,
    /// What an interviewer asks.
    pub ask: String,
    /// Three: a question, the concept, a fragment of a design.
    pub hints: Vec<String>,
    /// What to write.
    pub fix: String,
    pub condition: Condition,
    /// Earns half where the condition does not hold.
    pub half: Option<Condition>,
}
