//! One flow as a sequence diagram: `Design, Flow → Sequence → SVG`.
//!
//! `story` tells what happens in which order, `place` decides where everything stands, `svg` writes that down. Columns are as far
//! apart as what stands between them is wide, so that no line of the picture ever crosses a text.

mod place;
mod story;
mod svg;
mod words;

pub use place::sequence;
pub use svg::sequence_svg;

use super::scene::{Point, Rect};
use crate::catalog::Kind;

/// A laid-out sequence, in pixels from the top left.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sequence {
    pub title: Vec<Said>,
    pub subtitle: Option<Said>,
    pub w: f64,
    pub h: f64,
    /// At the top, and again at the foot of a long page.
    pub heads: Vec<Head>,
    pub lifelines: Vec<[Point; 2]>,
    pub bars: Vec<Bar>,
    pub frames: Vec<Frame>,
    pub arrows: Vec<Arrow>,
}

/// A line of text and the room it takes.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    pub text: String,
    pub at: Rect,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    pub kind: Kind,
    pub at: Rect,
    pub lines: Vec<Said>,
    /// For a tooltip.
    pub full: String,
}

/// Where a node works.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    pub kind: Kind,
    pub at: Rect,
}

/// What happens only sometimes, or at once.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    pub at: Rect,
    /// `opt` or `par`
    pub word: Said,
    pub condition: Said,
    /// Heights of the lines between what happens at once.
    pub dividers: Vec<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// The caller waits.
    Call,
    Answer,
    /// Nobody waits.
    Handoff,
    /// Along a connection that is open both ways.
    Stream,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Arrow {
    pub sort: Sort,
    pub points: Vec<Point>,
    pub label: Vec<Said>,
    /// Timeout and attempts.
    pub note: Vec<Said>,
    pub full: String,
}
