//! A layout engine for boxes in nested groups: layers, lines that run along the axes, labels with places of their own.
//!
//! It knows nothing of designs. The life of a drawing:
//!
//! ```text
//! Graph ─parts─▶ Graph… ─nest─▶ Nest ─layers─▶ Layering ─levels─▶ Levels ─order─▶ Levels ─across─▶ x ─along─▶ Placed
//!                          who is    how far down        an item for all    left to        how far     y, tracks,
//!                          in what   in its group        that passes        right          across      lines
//! ```
//!
//! Several layerings of each part are laid out to the end and the one that reads best is kept (`choose`), then the parts
//! are packed on the page (`parts`). What is true of every drawing is true by construction: each box, label and passing
//! line is an item of a level and items of a level keep apart, a group's sides enclose its levels, and lines go
//! sideways only between levels. All lengths are integers, all ties are broken by the order of the input, and nothing
//! recurses, so that one input has one drawing, on every machine.

mod across;
mod along;
mod channel;
mod choose;
mod columns;
mod cycles;
mod graph;
mod layers;
mod levels;
mod loops;
mod measure;
mod nest;
mod order;
mod parts;
mod pins;
mod plain;
pub mod random;
mod seen;
mod simplex;
mod twins;
mod unit;

pub use graph::{
    Area, Direction, Edge, End, Graph, Group, Layout, Node, Options, Route, Size, Spacing, Spot,
};

pub use plain::straight;

use along::{Box, Placed};
use unit::pixels;

/// Above so many boxes, or so many edges, a drawing is plain.
const MOST: usize = 15_000;

/// Total: any graph has a layout, and always the same.
pub fn layout(graph: &Graph, options: &Options) -> Layout {
    if graph.nodes.len() + graph.groups.len() > MOST || graph.edges.len() > 2 * MOST {
        return plain::layout(graph, options);
    }
    let parts = parts::split(graph);
    let mut placed = Vec::with_capacity(parts.len());
    for part in &parts {
        match choose::best(&part.graph, options) {
            Some(found) => placed.push(found),
            None => return plain::layout(graph, options),
        }
    }
    let (whole, size) = parts::pack(graph, &parts, placed, options);
    finished(whole, size)
}

fn finished(placed: Placed, (w, h): (i64, i64)) -> Layout {
    let area = |own: Box| Area { x: pixels(own.x), y: pixels(own.y), w: pixels(own.w), h: pixels(own.h) };
    let route = |(line, label): (Vec<(i64, i64)>, Option<Box>)| Route {
        points: line.into_iter().map(|(x, y)| Spot { x: pixels(x), y: pixels(y) }).collect(),
        label: label.map(area),
    };
    Layout {
        nodes: placed.nodes.into_iter().map(area).collect(),
        groups: placed.groups.into_iter().map(area).collect(),
        edges: placed.lines.into_iter().zip(placed.labels).map(route).collect(),
        size: Size { w: pixels(w), h: pixels(h) },
        plain: false,
    }
}

/// The layer of each node, from 1, as if there were no groups; every edge between two nodes leads to another layer.
pub fn ranks(graph: &Graph) -> Vec<usize> {
    let nest = nest::Nest::of(graph);
    layers::layering(&nest, layers::Wish { beside: 0, fold: false }).layer
}
