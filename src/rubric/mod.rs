//! How an answer to a practice problem is judged: TOML to [`Rubric`], findings and design to [`Score`].
//!
//! A rubric finds its way in a design by flows, kinds, arrows and attributes, never by what a node is called or who sells
//! it, and counts only what lies on the flow that a criterion is about. It judges what is written; how well it was argued
//! aloud is nobody's business here.

mod condition;
mod criterion;
mod dimension;
mod error;
mod format;
mod grade;
mod judge;
mod level;
mod outcome;
mod pattern;
mod problem;
mod quantity;
mod read;
mod scale;
mod score;
mod view;

use std::sync::LazyLock;

pub use condition::{Condition, Lookup, Test, ValueTest};
pub use criterion::Criterion;
pub use dimension::Dimension;
pub use error::FileError;
pub use level::Level;
pub use pattern::{Access, HopPattern, Kinds, Stop};
pub use problem::{Figure, Numbers, Problem, Requirement, problems};
pub use quantity::Named;
pub use scale::Scale;
pub use score::{CriterionScore, DimensionScore, Gain, LevelReadout, Met, Need, Score};

use crate::design::Design;
use crate::diagnostic::Diagnostic;

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

const TEXTS: [(&str, &str); 2] = [
    ("rubrics/url-shortener.toml", include_str!("../../rubrics/url-shortener.toml")),
    ("rubrics/chat-system.toml", include_str!("../../rubrics/chat-system.toml")),
];

/// The rubric of a problem in the catalogue.
pub fn rubric(problem: &str) -> Option<&'static Rubric> {
    static RUBRICS: LazyLock<Vec<Rubric>> = LazyLock::new(|| {
        let rules: Vec<&str> = crate::rules::ALL.iter().map(|rule| rule.id).collect();
        let read = |(name, text)| {
            Rubric::read(name, text, &rules).expect("rubrics are part of the program and tested")
        };
        TEXTS.into_iter().map(read).collect()
    });
    RUBRICS.iter().find(|rubric| rubric.problem == problem)
}

/// Judges a design. `findings` are those that hold: what the design allows with a reason is left out by the caller.
/// Without a `scale`, the one that the design's header names, else the rubric's own.
pub fn score(design: &Design, findings: &[Diagnostic], rubric: &Rubric, scale: Option<Scale>) -> Score {
    grade::score(design, findings, rubric, scale)
}
