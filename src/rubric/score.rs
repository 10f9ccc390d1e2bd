//! What a design earned, criterion by criterion. Facts for a report; no layout.

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::{Dimension, Level, Scale};

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Score {
    #[serde(serialize_with = "hundredths")]
    pub points: f64,
    #[serde(serialize_with = "hundredths")]
    pub of: f64,
    /// The highest level whose gates are all open; none where a junior's are not.
    pub level: Option<Level>,
    /// Whose weights the points have.
    pub weights: Level,
    pub problem: String,
    pub scale: Scale,
    pub dimensions: Vec<DimensionScore>,
    /// In the rubric's order; those of the other scale are left out.
    pub criteria: Vec<CriterionScore>,
    /// All four, junior first.
    pub levels: Vec<LevelReadout>,
    /// What to do, the most useful first.
    pub next: Vec<Gain>,
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DimensionScore {
    pub id: Dimension,
    #[serde(serialize_with = "hundredths")]
    pub points: f64,
    #[serde(serialize_with = "hundredths")]
    pub of: f64,
    /// The weightiest of its open criteria, in words of the design.
    pub why: Option<String>,
}

/// Points are the dimension's weight shared out, so that criteria sum to dimensions and dimensions to the score.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct CriterionScore {
    pub id: String,
    pub dimension: Dimension,
    #[serde(serialize_with = "hundredths")]
    pub points: f64,
    #[serde(serialize_with = "hundredths")]
    pub of: f64,
    pub met: Met,
    /// What shows that it is met, or which condition failed and where.
    pub why: String,
    /// Ids of the nodes that `why` is about.
    pub nodes: Vec<String>,
    pub need: Need,
    /// The level that stays shut while this is not met; only a must has one.
    pub gates: Option<Level>,
    /// What an interviewer asks.
    pub ask: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Met {
    Yes,
    No,
    /// Enough for half the points; opens no gate.
    Partly,
    /// The design does not say.
    Unstated,
    /// What would tell lacks a number: it counts for nothing, on either side.
    #[serde(rename = "not-evaluated")]
    NotEvaluated,
}

#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Need {
    Must,
    Should,
    Nice,
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct LevelReadout {
    pub level: Level,
    /// Its gates and those of all levels below are open.
    pub reached: bool,
    /// Ids of this level's own musts that are not met.
    pub open: Vec<String>,
}

/// One thing to do next.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Gain {
    /// The criterion's id.
    pub criterion: String,
    /// What to write.
    pub fix: String,
    #[serde(serialize_with = "hundredths")]
    pub points: f64,
    /// The next level, where this is one of the musts that it waits for.
    pub opens: Option<Level>,
    /// Findings above a remark that are gone then, as far as it was tried.
    pub clears: usize,
}

impl Score {
    pub fn criterion(&self, id: &str) -> Option<&CriterionScore> {
        self.criteria.iter().find(|criterion| criterion.id == id)
    }
}

/// Shares of a weight have long tails that would differ in the last digit for no reason.
fn hundredths<S: Serializer>(points: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((points * 100.0).round() / 100.0)
}
