//! Places the items of one level: boxes of known sizes and the edges between them. Several ways are tried, and the one
//! of the best page shape is taken.

use super::layered::{flow, grid, rows};
use super::layout_rs::{self, Direction};
use super::scene::Point;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Size {
    pub w: f64,
    pub h: f64,
}

/// Space between boxes: beside each other, and from one layer to the next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gaps {
    pub across: f64,
    pub along: f64,
}

/// Everything stands on this raster, which the lines follow too.
pub const GRID: f64 = 8.0;

const DOWN: Gaps = Gaps { across: 40.0, along: 56.0 };
const RIGHT: Gaps = Gaps { across: 32.0, along: 80.0 };
const LOOSE: Gaps = Gaps { across: 40.0, along: 40.0 };
const ROWS: Gaps = Gaps { across: 48.0, along: 64.0 };

/// Width to height that a level aims at.
const SHAPE: f64 = 1.3;

/// What the plain layouts are told to aim at; what comes of it depends on the sizes.
const SHAPES: [f64; 4] = [0.8, 1.3, 2.1, 3.4];

/// Boxes that the layout library may still be asked to place, over all levels of a drawing: it is slow.
pub struct Budget(usize);

impl Budget {
    pub fn new() -> Budget {
        Budget(600)
    }
}

#[derive(Debug)]
pub struct Placed {
    /// Top left corners, from (0, 0).
    pub at: Vec<Point>,
    pub size: Size,
}

/// `around` is what the level's frame adds to what it holds.
pub fn place(sizes: &[Size], edges: &[(usize, usize)], around: Size, budget: &mut Budget) -> Placed {
    let mut candidates = Vec::new();
    if !edges.is_empty() && sizes.len() <= budget.0 {
        for (direction, gaps, reluctance) in [(Direction::Down, DOWN, 0.0), (Direction::Right, RIGHT, 0.35)] {
            candidates.extend(layout_rs::place(sizes, edges, direction, gaps).map(|at| (reluctance, at)));
        }
        budget.0 -= sizes.len();
    }
    if edges.is_empty() {
        // What has no order reads best in a row or two.
        candidates.extend(SHAPES.map(|shape| (0.0, flow(sizes, edges, LOOSE, shape))));
        candidates.extend((1..=sizes.len().min(6)).map(|columns| (0.0, grid(sizes, columns, LOOSE))));
    } else {
        let reluctance = if candidates.is_empty() { 0.0 } else { 0.6 };
        candidates.extend(SHAPES.map(|shape| (reluctance, rows(sizes, edges, ROWS, shape))));
        candidates.extend(SHAPES.map(|shape| (reluctance + 0.5, flow(sizes, edges, ROWS, shape))));
    }

    let aim = if edges.is_empty() { 2.0 * SHAPE } else { SHAPE };
    let off = |size: Size| ((size.w + around.w) / (size.h + around.h) / aim).ln().abs();
    let small = sizes.len() <= 100;
    candidates
        .into_iter()
        .map(|(reluctance, at)| (reluctance, settle(sizes, at)))
        // The library has no defence against sizes that differ by magnitudes; the plain layouts need no check.
        .filter(|(_, placed)| !small || apart(sizes, &placed.at))
        .map(|(reluctance, placed)| (off(placed.size) + reluctance, placed))
        .min_by(|a, b| a.0.total_cmp(&b.0))
        .map_or_else(|| Placed { at: Vec::new(), size: Size { w: 0.0, h: 0.0 } }, |(_, placed)| placed)
}

/// On the raster, from (0, 0).
fn settle(sizes: &[Size], mut at: Vec<Point>) -> Placed {
    let left = at.iter().map(|point| point.x).fold(f64::INFINITY, f64::min);
    let top = at.iter().map(|point| point.y).fold(f64::INFINITY, f64::min);
    let mut size = Size { w: GRID, h: GRID };
    for (point, own) in at.iter_mut().zip(sizes) {
        point.x = ((point.x - left) / GRID).round() * GRID;
        point.y = ((point.y - top) / GRID).round() * GRID;
        size.w = size.w.max(point.x + own.w);
        size.h = size.h.max(point.y + own.h);
    }
    Placed { at, size }
}

/// No two boxes closer than lines between them need.
fn apart(sizes: &[Size], at: &[Point]) -> bool {
    let room = 2.0 * GRID;
    (0..at.len()).all(|a| {
        (a + 1..at.len()).all(|b| {
            at[a].x + sizes[a].w + room <= at[b].x
                || at[b].x + sizes[b].w + room <= at[a].x
                || at[a].y + sizes[a].h + room <= at[b].y
                || at[b].y + sizes[b].h + room <= at[a].y
        })
    })
}
