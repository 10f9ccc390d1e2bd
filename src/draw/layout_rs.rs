//! The only file that knows layout-rs: a layered placement of boxes of given sizes, without groups.
//!
//! It is asked for places only. Its phases are run one by one instead of by `do_it`, whose last, drawing, computes curves
//! that are not used here and panics on some of them. It still panics on some graphs; that is caught, and gives None.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use layout::core::base::Orientation;
use layout::core::format::Visible;
use layout::core::geometry::{Point as Spot, Position};
use layout::core::style::StyleAttr;
use layout::std_shapes::shapes::{Arrow, Element, ShapeKind};
use layout::topo::layout::VisualGraph;
use layout::topo::placer::place::Placer;

use super::engine::{Gaps, Size};
use super::layered::{acyclic, layers};
use super::scene::Point;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Down,
    Right,
}

/// Boxes, and bends of lines that skip layers, that it takes in reasonable time.
const MOST_BOXES: usize = 60;
const MOST_BENDS: usize = 160;

/// Top left corners, in the order of `sizes`.
pub fn place(
    sizes: &[Size],
    edges: &[(usize, usize)],
    direction: Direction,
    gaps: Gaps,
) -> Option<Vec<Point>> {
    if sizes.is_empty() || sizes.len() > MOST_BOXES {
        return None;
    }
    let mut edges = acyclic(sizes.len(), edges);
    let layer = layers(sizes.len(), &edges);
    let bends: usize = edges.iter().map(|&(from, to)| layer[to] - layer[from] - 1).sum();
    if bends > MOST_BENDS {
        return None;
    }
    // Its search for a way back from an edge's end walks every path there is. Edges that come in the order of their
    // layers have none yet.
    edges.sort_by_key(|&(from, to)| (layer[from], from, to));
    quietly(|| run(sizes, &edges, direction, gaps))
}

fn run(sizes: &[Size], edges: &[(usize, usize)], direction: Direction, gaps: Gaps) -> Vec<Point> {
    let (orientation, halo) = match direction {
        Direction::Down => (Orientation::TopToBottom, Spot::new(gaps.across, gaps.along)),
        Direction::Right => (Orientation::LeftToRight, Spot::new(gaps.along, gaps.across)),
    };
    let mut graph = VisualGraph::new(orientation);
    graph.dag.set_validate(false);
    let handles: Vec<_> = sizes
        .iter()
        .map(|size| {
            let extent = Spot::new(size.w, size.h);
            let mut element =
                Element::create(ShapeKind::new_box(""), StyleAttr::simple(), orientation, extent);
            element.pos = Position::new(Spot::zero(), extent, Spot::zero(), halo);
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
            Point { x: corner.x, y: corner.y }
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
