//! The layout engine.

mod across;
mod along;
mod channel;
mod cycles;
mod graph;
mod layers;
mod levels;
mod measure;
mod nest;
mod order;
mod random;
mod seen;
mod simplex;
mod unit;

pub use graph::{Area, Direction, Edge, End, Graph, Group, Layout, Node, Options, Route, Size, Spacing, Spot};

use layers::Wish;
use order::Effort;

pub fn layout(graph: &Graph, options: &Options) -> Layout {
    let nest = nest::Nest::of(graph);
    let sizes = measure::Measures::of(graph, &nest, options);
    let beside: u32 = std::env::var("BESIDE").ok().and_then(|v| v.parse().ok()).unwrap_or(0);
    let starts: usize = std::env::var("STARTS").ok().and_then(|v| v.parse().ok()).unwrap_or(8);
    let layering = layers::layering(&nest, Wish { beside });
    let mut levels = levels::levels(graph, &nest, &layering, 1_000_000).unwrap();
    let crossings = order::order(&mut levels, &nest, Effort { starts, sweeps: 24 });
    if std::env::var("V").is_ok() { eprintln!("crossings {crossings} items {}", levels.items.len()); }
    let across = across::across(&levels, &sizes, 100_000_000);
    let placed = along::along(&levels, &sizes, &across);
    let area = |b: along::Box| Area { x: unit::pixels(b.x), y: unit::pixels(b.y), w: unit::pixels(b.w), h: unit::pixels(b.h) };
    Layout {
        nodes: placed.nodes.into_iter().map(area).collect(),
        groups: placed.groups.into_iter().map(area).collect(),
        edges: placed.lines.into_iter().zip(placed.labels).map(|(line, label)| Route {
            points: line.into_iter().map(|(x, y)| Spot { x: unit::pixels(x), y: unit::pixels(y) }).collect(),
            label: label.map(area),
        }).collect(),
        size: Size::default(),
        plain: false,
    }
}
