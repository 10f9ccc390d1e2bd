//! How an answer to a practice problem is judged: TOML to [`Rubric`], findings and design to [`Score`].
//!
//! A rubric finds its way in a design by flows, kinds, arrows and attributes, never by what a node is called or who sells
//! it, and counts only what lies on the flow that a criterion is about. It judges what is written; how well it was argued
//! aloud is nobody's business here.

mod audit;
mod condition;
mod criterion;
mod dimension;
mod error;
mod follows;
mod format;
mod grade;
mod impossible;
mod judge;
mod level;
mod outcome;
mod pack;
mod pattern;
mod problem;
mod quantity;
mod read;
mod scale;
mod score;
mod statement;
mod trial;
mod view;

pub use audit::{Example, audit};
pub use condition::{Condition, Lookup, Test, ValueTest};
pub use criterion::Criterion;
pub use dimension::Dimension;
pub use error::FileError;
pub use level::Level;
pub use pack::{Pack, PackText, Packs};
pub use pattern::{Access, HopPattern, Kinds, Stop};
pub use problem::{Figure, Numbers, Problem, Requirement};
pub use quantity::Named;
pub use scale::Scale;
pub use score::{CriterionScore, DimensionScore, Gain, LevelReadout, Met, Need, Score};
pub use statement::Answer;
pub use trial::try_gains;

use crate::design::Design;
use crate::rules::Critique;

/// How a problem's answers are judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Rubric {
    pub problem: String,
    /// Whose weights the points have.
    pub weights: Level,
    /// The scale meant where nobody says.
    pub scale: Scale,
    pub flows: Vec<RequiredFlow>,
    pub criteria: Vec<Criterion>,
}

/// A flow that answers have, and how far it must get to count as one.
#[derive(Debug, Clone, PartialEq)]
pub struct RequiredFlow {
    pub id: String,
    pub reaches: Vec<Stop>,
    pub optional: bool,
}

impl Rubric {
    /// Reads a rubric file; `name` is what its errors call it, `rules` are the ids of all rules there are.
    pub fn read(name: &str, text: &str, rules: &[&str]) -> Result<Rubric, Vec<FileError>> {
        read::read(name, text, rules)
    }
}

/// Judges a design by the findings that hold: what it allows with a reason is not among them.
/// Without a `scale`, the one that the design's header names, else the rubric's own.
pub fn score(design: &Design, critique: &Critique, rubric: &Rubric, scale: Option<Scale>) -> Score {
    grade::score(design, critique, rubric, scale)
}
