//! The layout of what is too large to be read as a drawing: groups as columns of rows, one after the other, and straight
//! lines. Linear.

use super::graph::{Area, Edge, End, Graph, Layout, Options, Route, Size, Spot};
use super::nest::Nest;

/// Boxes in rows in the order of the file, groups around theirs.
pub fn layout(graph: &Graph, options: &Options) -> Layout {
    let nest = Nest::of(graph);
    let spacing = options.spacing;
    let mut areas: Vec<Area> = graph
        .nodes
        .iter()
        .map(|node| Area { w: sound(node.size.w), h: sound(node.size.h), ..Area::default() })
        .collect();
    areas.resize(graph.nodes.len() + graph.groups.len(), Area::default());
    let mut whole = Size::default();
    // From the inside out, places in the group; then outside in, places on the page.
    for container in (0..nest.members.len()).rev() {
        let members = &nest.members[container];
        let head = container.checked_sub(1).map(|group| graph.groups[group].head).unwrap_or_default();
        let pad = if container == 0 { 0.0 } else { spacing.padding };
        let filled: f64 =
            members.iter().map(|&at| (areas[at].w + spacing.node) * (areas[at].h + spacing.layer)).sum();
        let widest = members.iter().map(|&at| areas[at].w).fold(0.0, f64::max);
        let width = (filled * options.shape).sqrt().max(widest);
        let (mut x, mut y, mut high, mut right) = (0.0_f64, 0.0_f64, 0.0_f64, 0.0_f64);
        for &at in members {
            if x > 0.0 && x + areas[at].w > width {
                y += high + spacing.layer;
                (x, high) = (0.0, 0.0);
            }
            areas[at].x = x + pad;
            areas[at].y = y + pad + sound(head.h);
            x += areas[at].w + spacing.node;
            right = right.max(x - spacing.node);
            high = high.max(areas[at].h);
        }
        let size = Size {
            w: right.max(sound(head.w)).round() + 2.0 * pad,
            h: (y + high + sound(head.h)).round() + 2.0 * pad,
        };
        match container.checked_sub(1) {
            Some(group) => {
                let own = &mut areas[nest.nodes + group];
                (own.w, own.h) = (size.w, size.h);
            }
            None => whole = size,
        }
    }
    for container in 1..nest.members.len() {
        let around = areas[nest.around(container)];
        for &at in &nest.members[container] {
            areas[at].x += around.x;
            areas[at].y += around.y;
        }
    }
    let edges = straight(graph, &areas);
    let groups = areas.split_off(graph.nodes.len());
    Layout { nodes: areas, groups, edges, size: whole, plain: true }
}

/// Straight lines between boxes, labels at their middle. `areas` are those of the nodes and then of the groups.
pub fn straight(graph: &Graph, areas: &[Area]) -> Vec<Route> {
    let center = |end: End| {
        let own = match end {
            End::Node(node) => areas[node],
            End::Group(group) => areas[graph.nodes.len() + group],
        };
        (own, Spot { x: own.x + own.w / 2.0, y: own.y + own.h / 2.0 })
    };
    let route = |edge: &Edge| {
        let ((from, a), (to, b)) = (center(edge.from), center(edge.to));
        let middle = Spot { x: (a.x + b.x) / 2.0, y: (a.y + b.y) / 2.0 };
        let label = edge.label.map(|size| Area {
            x: (middle.x - sound(size.w) / 2.0).max(0.0),
            y: (middle.y - sound(size.h) / 2.0).max(0.0),
            w: sound(size.w),
            h: sound(size.h),
        });
        Route { points: vec![clipped(from, a, b), clipped(to, b, a)], label }
    };
    graph.edges.iter().map(route).collect()
}

fn sound(value: f64) -> f64 {
    if value.is_nan() { 0.0 } else { value.clamp(0.0, 1_000_000.0) }
}

/// Where the line from the middle of a box to another place leaves the box.
fn clipped(own: Area, middle: Spot, to: Spot) -> Spot {
    let (dx, dy) = (to.x - middle.x, to.y - middle.y);
    if dx.abs() * own.h > dy.abs() * own.w {
        let side = if dx > 0.0 { own.x + own.w } else { own.x };
        let share = (side - middle.x) / dx;
        return Spot { x: side, y: middle.y + dy * share };
    }
    let side = if dy >= 0.0 { own.y + own.h } else { own.y };
    let share = if dy == 0.0 { 0.0 } else { (side - middle.y) / dy };
    Spot { x: middle.x + dx * share, y: side }
}
