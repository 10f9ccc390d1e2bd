//! One connected part, laid out in several ways; the best is kept.

use super::across::across;
use super::along::{Box, Placed, along};
use super::graph::{Direction, Graph, Options};
use super::layers::{Wish, layering};
use super::levels::levels;
use super::loops;
use super::measure::Measures;
use super::nest::Nest;
use super::order::{Effort, order};
use super::unit::PIXEL;

/// Ways to lay a part out, the plainest first.
const WISHES: [Wish; 4] = [
    Wish { beside: 0, fold: false },
    Wish { beside: 0, fold: true },
    Wish { beside: 1, fold: false },
    Wish { beside: 2, fold: false },
];

/// Items of a drawing above which only one way is tried, and above which none is.
const MANY: usize = 20_000;
const MOST: usize = 1_500_000;

/// None if the part is too large for this.
pub fn best(graph: &Graph, options: &Options) -> Option<Placed> {
    let nest = Nest::of(graph);
    let sizes = Measures::of(graph, &nest, options);
    let mut tried: Vec<Vec<usize>> = Vec::new();
    let mut best: Option<(f64, Placed)> = None;
    for wish in WISHES {
        let layers = layering(&nest, wish);
        if tried.contains(&layers.layer) {
            continue;
        }
        let Some(mut levels) = levels(graph, &nest, &layers, MOST) else { break };
        tried.push(layers.layer);
        let items = levels.items.len().max(1);
        let effort = Effort { starts: (6_000 / items).clamp(1, 24), sweeps: if items > MANY { 6 } else { 24 } };
        let crossings = order(&mut levels, &nest, effort);
        let across = across(&levels, &sizes, WORK);
        let mut placed = along(&levels, &sizes, &across);
        loops::add(&nest, &sizes, &mut placed);
        let cost = cost(&placed, crossings, options);
        if best.as_ref().is_none_or(|(least, _)| cost < *least) {
            best = Some((cost, placed));
        }
        if items > MANY {
            break;
        }
    }
    let (_, mut placed) = best?;
    if options.direction == Direction::Right {
        turn(&mut placed);
    }
    Some(placed)
}

/// Steps over arcs that finding the places across may take.
const WORK: u64 = 60_000_000;

/// In pixels of line: a crossing and a bend stand for as much line as a reader would follow to be spared them, and a
/// drawing that is no page counts for more than one that is.
fn cost(placed: &Placed, crossings: u64, options: &Options) -> f64 {
    let (w, h) = extent(placed);
    let (mut length, mut bends) = (0, 0);
    for line in &placed.lines {
        length += line.windows(2).map(|pair| (pair[0].0 - pair[1].0).abs() + (pair[0].1 - pair[1].1).abs()).sum::<i64>();
        bends += line.len().saturating_sub(2);
    }
    let plain = 100.0 * crossings as f64 + 30.0 * bends as f64 + (length / PIXEL) as f64;
    let (w, h) = if options.direction == Direction::Right { (h, w) } else { (w, h) };
    plain.max(1.0) * (1.0 + off_page(w, h, options.shape))
}

/// How far a shape is from a page's, as a logarithm; a half more or less is none.
pub fn off_page(w: i64, h: i64, aim: f64) -> f64 {
    let ratio = (w.max(1) as f64 / h.max(1) as f64 / aim).ln();
    (ratio - 0.41).max(-0.69 - ratio).max(0.0)
}

/// Right and bottom of everything.
pub fn extent(placed: &Placed) -> (i64, i64) {
    let boxes = placed.nodes.iter().chain(&placed.groups).chain(placed.labels.iter().flatten());
    let corners = boxes.map(|own| (own.x + own.w, own.y + own.h));
    corners.chain(placed.lines.iter().flatten().copied()).fold((0, 0), |a, b| (a.0.max(b.0), a.1.max(b.1)))
}

/// What was laid out downwards, to the right.
fn turn(placed: &mut Placed) {
    let swap = |own: &mut Box| *own = Box { x: own.y, y: own.x, w: own.h, h: own.w };
    placed.nodes.iter_mut().chain(&mut placed.groups).chain(placed.labels.iter_mut().flatten()).for_each(swap);
    for point in placed.lines.iter_mut().flatten() {
        *point = (point.1, point.0);
    }
}
