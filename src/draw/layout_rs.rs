//! The only file that knows layout-rs: a layered placement of boxes of given sizes, without groups, for `--engine
//! layout-rs`.
//!
//! It is asked for places only, and lines are drawn straight. Its phases are run one by one instead of by `do_it`, whose
//! last, drawing, computes curves that are not used here and panics on some of them. It still panics on some graphs; that
//! is caught, and gives None.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use layout::core::base::Orientation;
use layout::core::format::Visible;
use layout::core::geometry::{Point as Corner, Position};
use layout::core::style::StyleAttr;
use layout::std_shapes::shapes::{Arrow, Element, ShapeKind};
use layout::topo::layout::VisualGraph;
use layout::topo::placer::place::Placer;

use crate::layout::{Area, Direction, End, Graph, Layout, Size, ranks, straight};

/// Boxes, and bends of lines that skip layers, that it takes in reasonable time.
const MOST_BOXES: usize = 60;
const MOST_BENDS: usize = 160;

/// Space between boxes: beside each other, and from one layer to the next.
const ACROSS: f64 = 48.0;
const ALONG: f64 = 72.0;

/// None if the graph has groups, is too large for it, or makes it give up.
pub fn place(graph: &Graph, direction: Direction) -> Option<Layout> {
    if !graph.groups.is_empty() || graph.nodes.len() > MOST_BOXES {
        return None;
    }
    let rank = ranks(graph);
    let mut bends = 0;
    let mut edges: Vec<(usize, usize)> = Vec::new();
    for edge in &graph.edges {
        let (End::Node(from), End::Node(to)) = (edge.from, edge.to) else { return None };
        if rank[from] != rank[to] {
            bends += rank[from].abs_diff(rank[to]) - 1;
            edges.push(if rank[from] < rank[to] { (from, to) } else { (to, from) });
        }
    }
    if bends > MOST_BENDS {
        return None;
    }
    // Its search for a way back from an edge's end walks every path there is. Edges that come in the order of their
    // layers have none yet.
    edges.sort_by_key(|&(from, to)| (rank[from], from, to));
    edges.dedup();
    let sizes: Vec<Size> = graph.nodes.iter().map(|node| node.size).collect();
    let corners = quietly(|| run(&sizes, &edges, direction))?;
    let (left, top) =
        corners.iter().fold((f64::INFINITY, f64::INFINITY), |a, b| (a.0.min(b.0), a.1.min(b.1)));
    let areas: Vec<Area> = corners
        .iter()
        .zip(&sizes)
        .map(|(&(x, y), size)| Area { x: (x - left).round(), y: (y - top).round(), w: size.w, h: size.h })
        .collect();
    if !apart(&areas) {
        return None;
    }
    let right = areas.iter().map(|own| own.x + own.w).fold(0.0, f64::max);
    let bottom = areas.iter().map(|own| own.y + own.h).fold(0.0, f64::max);
    let edges = straight(graph, &areas);
    Some(Layout { nodes: areas, edges, size: Size { w: right, h: bottom }, ..Layout::default() })
}

/// It has no defence against sizes that differ by magnitudes.
fn apart(areas: &[Area]) -> bool {
    let beside =
        |a: &Area, b: &Area| a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
    (0..areas.len()).all(|a| (a + 1..areas.len()).all(|b| beside(&areas[a], &areas[b])))
}

fn run(sizes: &[Size], edges: &[(usize, usize)], direction: Direction) -> Vec<(f64, f64)> {
    let (orientation, halo) = match direction {
        Direction::Down => (Orientation::TopToBottom, Corner::new(ACROSS, ALONG)),
        Direction::Right => (Orientation::LeftToRight, Corner::new(ALONG, ACROSS)),
    };
    let mut graph = VisualGraph::new(orientation);
    graph.dag.set_validate(false);
    let handles: Vec<_> = sizes
        .iter()
        .map(|size| {
            let extent = Corner::new(size.w, size.h);
            let mut element =
                Element::create(ShapeKind::new_box(""), StyleAttr::simple(), orientation, extent);
            element.pos = Position::new(Corner::zero(), extent, Corner::zero(), halo);
            graph.add_node(element)
        })
        .collect();
    for &(from, to) in edges {
        graph.add_edge(Arrow::simple(""), handles[from], handles[to]);
    }
    graph.to_valid_dag();
    graph.split_long_edges(false);
    for handle in graph.iter_nodes() {
        graph.element_mut(handle).resize();
    }
    Placer::new(&mut graph).layout(false);
    handles
        .into_iter()
        .map(|handle| {
            let corner = graph.pos(handle).bbox(false).0;
            (corner.x, corner.y)
        })
        .collect()
}

thread_local! {
    static SILENT: Cell<bool> = const { Cell::new(false) };
}

/// Runs what may panic; a panic in it prints nothing and gives None.
///
/// The panic hook belongs to the whole process, so it is wrapped once and never put back: putting it back would race with
/// other threads. It stays silent on this thread for this call only.
fn quietly<T>(work: impl FnOnce() -> T) -> Option<T> {
    static WRAP: Once = Once::new();
    WRAP.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !SILENT.get() {
                before(info);
            }
        }));
    });
    SILENT.set(true);
    let outcome = catch_unwind(AssertUnwindSafe(work));
    SILENT.set(false);
    outcome.ok()
}

#[cfg(test)]
mod tests {
    use super::quietly;

    #[test]
    fn a_panic_is_no_answer() {
        assert_eq!(quietly(|| -> u8 { panic!("lost") }), None);
        assert_eq!(quietly(|| 1), Some(1));
    }
}
