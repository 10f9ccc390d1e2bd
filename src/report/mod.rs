//! What was found, as text for a person, for a program, or for a pull request. Pure: strings out, no I/O.

mod accepted;
pub(crate) mod availability;
pub mod backlog;
mod brief;
pub mod comment;
pub mod concepts;
mod counts;
pub mod diff;
mod excerpt;
pub mod explain;
pub mod fixes;
pub mod folder;
pub mod github;
pub mod grade;
pub mod html;
mod inert;
pub mod json;
mod latency;
pub mod markdown;
pub mod numbers;
pub mod overload;
mod page;
mod paint;
mod places;
pub mod practice;
pub mod predict;
pub mod problems;
mod questions;
mod rules;
pub mod sarif;
mod score;
mod settings;
mod statements;
mod summary;
#[cfg(test)]
mod tests;
pub mod text;
pub mod watch;
mod wrap;

pub use counts::Counts;
pub use excerpt::whole;
pub use page::page;
pub use paint::Paint;
pub use rules::{rules, rules_json};
pub(crate) use wrap::columns;
pub use wrap::{Wrap, clean};

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
    pub(crate) fn paint(self) -> Paint {
        Paint { on: self.color }
    }
}
