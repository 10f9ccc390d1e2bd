//! How an answer to a practice problem is judged: TOML to [`Rubric`], findings and design to [`Score`].
//!
//! A rubric finds its way in a design by flows, kinds, arrows and attributes, never by what a node is called or who sells
//! it, and counts only what lies on the flow that a criterion is about. It judges what is written; how well it was argued
//! aloud is nobody's business here.

mod dimension;
mod level;
mod problem;
mod scale;
mod score;

pub use dimension::Dimension;
pub use level::Level;
pub use problem::{Figure, Numbers, Problem, Requirement, problems};
pub use scale::Scale;
pub use score::{CriterionScore, DimensionScore, Gain, LevelReadout, Met, Need, Score};

use crate::design::Design;
use crate::diagnostic::Diagnostic;

/// How a problem's answers are judged.
#[derive(Debug)]
pub struct Rubric {
    pub problem: String,
}

/// The rubric of a problem in the catalogue.
pub fn rubric(_problem: &str) -> Option<&'static Rubric> {
    None
}

/// Judges a design. `findings` are those that hold: what the design allows with a reason is left out by the caller.
/// Without a `scale`, the one that the design's header names, else large.
pub fn score(_design: &Design, _findings: &[Diagnostic], _rubric: &Rubric, _scale: Option<Scale>) -> Score {
    todo!()
}
