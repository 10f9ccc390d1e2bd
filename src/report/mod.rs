//! What was found, as text for a person or JSON for a program. Pure: strings out, no I/O.

mod accepted;
pub(crate) mod availability;
pub mod backlog;
mod brief;
mod excerpt;
pub mod explain;
pub mod json;
mod latency;
pub mod markdown;
pub mod numbers;
pub mod overload;
mod paint;
pub mod predict;
pub mod problems;
mod questions;
mod rules;
mod score;
mod settings;
mod statements;
mod summary;
#[cfg(test)]
mod tests;
pub mod text;
mod wrap;

pub use excerpt::whole;
pub use paint::Paint;
pub use rules::{rules, rules_json};
pub use wrap::{Wrap, clean};

use crate::design::Design;
use crate::diagnostic::Diagnostic;
use crate::rubric::Score;
use crate::rules::Critique;
use crate::source::Source;

/// How a text is set.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Columns that a line may take. Source excerpts and single long words may go beyond.
    pub width: usize,
    pub color: bool,
    /// Show everything whole.
    pub all: bool,
}

impl Style {
    fn paint(self) -> Paint {
        Paint { on: self.color }
    }
}

/// All there is to say of one file.
#[derive(Debug)]
pub struct Review<'a> {
    pub source: &'a Source,
    pub design: &'a Design,
    /// What is wrong with the text, in order of place.
    pub mistakes: Vec<Diagnostic>,
    pub critique: Critique,
    /// The id of the problem it was judged against.
    pub problem: Option<String>,
    pub score: Option<Score>,
}
