//! One connected part, laid out in several ways; the best is kept.

use super::across::across;
use super::along::{Box, Placed, along};
use super::graph::{Direction, Graph, Options};
use super::layers::{Wish, layering};
use super::levels::{Levels, levels};
use super::loops;
use super::measure::Measures;
use super::nest::Nest;
use super::order::{Effort, order};
use super::twins::{Twins, alike, twins};
use super::unit::PIXEL;

/// The way of most parts, and those that are tried where it gives no page: broken layers where it is too wide, linked
/// groups side by side where it is too long.
const PLAIN: Wish = Wish { beside: 0, fold: false };
const WIDE: [Wish; 1] = [Wish { beside: 0, fold: true }];
const LONG: [Wish; 2] = [Wish { beside: 1, fold: false }, Wish { beside: 2, fold: false }];

/// Items of a drawing above which only one way is tried, and above which none is.
const MANY: usize = 20_000;
const MOST: usize = 400_000;

/// Groups above which none is compared with another.
const TWINS: usize = 60;

/// None if the part is too large for this.
pub fn best(graph: &Graph, options: &Options) -> Option<Placed> {
    let nest = Nest::of(graph);
    let sizes = Measures::of(graph, &nest, options);
    let twins = if nest.members.len() > TWINS { Vec::new() } else { twins(graph, &nest) };
    let mut tried: Vec<Vec<usize>> = Vec::new();
    let mut best: Option<(f64, Levels, Placed)> = None;
    let mut wishes = vec![PLAIN];
    while let Some(wish) = wishes.pop() {
        let layers = layering(&nest, wish);
        if tried.contains(&layers.layer) {
            continue;
        }
        let Some(mut levels) = levels(graph, &nest, &layers, MOST) else { continue };
        tried.push(layers.layer);
        let items = levels.items.len().max(1);
        let effort =
            Effort { starts: (6_000 / items).clamp(1, 24), sweeps: if items > MANY { 12 } else { 24 } };
        let crossings = order(&mut levels, &nest, &twins, effort);
        let placed = place(&nest, &levels, &twins, &sizes, &sizes);
        if wish == PLAIN && items <= MANY && shape_off(&placed, options) > 0.0 {
            let (w, h) = extent(&placed);
            wishes.extend(if w > h { &WIDE[..] } else { &LONG[..] });
        }
        let cost = cost(&placed, crossings, options);
        if best.as_ref().is_none_or(|(least, ..)| cost < *least) {
            best = Some((cost, levels, placed));
        }
    }
    let (_, levels, placed) = best?;
    let mut placed = spread_out(&nest, &levels, &twins, &sizes, placed, options);
    if options.direction == Direction::Right {
        turn(&mut placed);
    }
    Some(placed)
}

/// `wide` has the clearances across.
fn place(nest: &Nest, levels: &Levels, twins: &[Twins], sizes: &Measures, wide: &Measures) -> Placed {
    let across = across(levels, wide, WORK);
    let mut placed = along(levels, sizes, &across, &alike(levels, nest, twins));
    loops::add(nest, sizes, &mut placed);
    placed
}

/// A drawing that is a little too narrow for a page gets more air between what stands side by side.
fn spread_out(
    nest: &Nest,
    levels: &Levels,
    twins: &[Twins],
    sizes: &Measures,
    placed: Placed,
    options: &Options,
) -> Placed {
    let (w, h) = extent(&placed);
    let off = shape_off(&placed, options);
    if off == 0.0 || off > 0.5 || w > h || levels.items.len() > MANY / 4 {
        return placed;
    }
    let mut wide = sizes.clone();
    for quarters in 5..=10 {
        wide.gaps.node = sizes.gaps.node * quarters / 4;
        wide.gaps.edge_node = sizes.gaps.edge_node * quarters / 4;
        wide.gaps.edge = sizes.gaps.edge * quarters.min(8) / 4;
        let wider = place(nest, levels, twins, sizes, &wide);
        if shape_off(&wider, options) == 0.0 {
            return wider;
        }
    }
    placed
}

/// Steps over arcs that finding the places across may take.
const WORK: u64 = 60_000_000;

/// In pixels of line: a crossing and a bend stand for as much line as a reader would follow to be spared them, and a
/// drawing that is no page counts for more than one that is.
fn cost(placed: &Placed, crossings: u64, options: &Options) -> f64 {
    let (mut length, mut bends) = (0, 0);
    for line in &placed.lines {
        length += line
            .windows(2)
            .map(|pair| (pair[0].0 - pair[1].0).abs() + (pair[0].1 - pair[1].1).abs())
            .sum::<i64>();
        bends += line.len().saturating_sub(2);
    }
    let plain = 100.0 * crossings as f64 + 30.0 * bends as f64 + (length / PIXEL) as f64;
    plain.max(1.0) * (1.0 + 1.2 * shape_off(placed, options))
}

fn shape_off(placed: &Placed, options: &Options) -> f64 {
    let (w, h) = extent(placed);
    match options.direction {
        Direction::Down => off_page(w, h, options.shape),
        Direction::Right => off_page(h, w, options.shape),
    }
}

/// How far a shape is from a page's: 0 from half as wide as it aims at to half as wide again, then how many times it is
/// off, less one.
pub fn off_page(w: i64, h: i64, aim: f64) -> f64 {
    let ratio = w.max(1) as f64 / h.max(1) as f64 / aim;
    (ratio / 1.5).max(0.5 / ratio).max(1.0) - 1.0
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
    placed
        .nodes
        .iter_mut()
        .chain(&mut placed.groups)
        .chain(placed.labels.iter_mut().flatten())
        .for_each(swap);
    for point in placed.lines.iter_mut().flatten() {
        *point = (point.1, point.0);
    }
}
