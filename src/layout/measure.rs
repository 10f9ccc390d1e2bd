//! Sizes of everything, in units and turned so that edges lead down: what is wide in a drawing to the right is high here.

use super::graph::{Direction, Graph, Options, Size};
use super::nest::Nest;
use super::unit::units;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extent {
    pub w: i64,
    pub h: i64,
}

/// The clearances of `Spacing`.
#[derive(Debug, Clone, Copy)]
pub struct Gaps {
    pub node: i64,
    pub layer: i64,
    pub edge_node: i64,
    pub edge: i64,
    pub label: i64,
    pub padding: i64,
}

#[derive(Debug, Clone)]
pub struct Measures {
    pub gaps: Gaps,
    /// Of nodes alone.
    pub nodes: Vec<Extent>,
    /// By edge.
    pub labels: Vec<Option<Extent>>,
    pub heads: Vec<Head>,
    /// By member: room to its right for edges that lead back to it, and the least height with their labels.
    pub loops: Vec<Extent>,
}

/// What a group's title asks for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Head {
    /// The group's least size.
    pub least: Extent,
    /// Above what it holds.
    pub top: i64,
    /// Left of what it holds, where the title stands beside it.
    pub left: i64,
    /// Room left of the first line that enters at the top.
    pub aside: i64,
}

impl Measures {
    pub fn of(graph: &Graph, nest: &Nest, options: &Options) -> Measures {
        let spacing = options.spacing;
        let gaps = Gaps {
            node: units(spacing.node).max(1),
            layer: units(spacing.layer).max(1),
            edge_node: units(spacing.edge_node).max(1),
            edge: units(spacing.edge).max(1),
            label: units(spacing.label),
            padding: units(spacing.padding).max(1),
        };
        let turned = options.direction == Direction::Right;
        let extent = |size: Size| {
            let (w, h) = (units(size.w), units(size.h));
            if turned { Extent { w: h, h: w } } else { Extent { w, h } }
        };
        let heads = graph.groups.iter().map(|group| {
            let head = Extent { w: units(group.head.w), h: units(group.head.h) };
            if turned {
                let least = Extent { w: head.h, h: head.w + 2 * gaps.padding };
                return Head { least, left: head.h, ..Head::default() };
            }
            let least = Extent { w: head.w + 2 * gaps.padding, h: head.h };
            Head { least, top: head.h, aside: head.w, ..Head::default() }
        });
        let labels: Vec<Option<Extent>> = graph.edges.iter().map(|edge| edge.label.map(extent)).collect();
        let mut loops = vec![Extent::default(); nest.home.len()];
        for (tie, label) in nest.ties.iter().zip(&labels).filter(|(tie, _)| tie.is_loop()) {
            let room = &mut loops[tie.from];
            room.w += gaps.edge;
            room.h += label.map_or(0, |label| label.h + gaps.label);
        }
        let mut widest = vec![0; nest.home.len()];
        for (tie, label) in nest.ties.iter().zip(&labels).filter(|(tie, _)| tie.is_loop()) {
            widest[tie.from] = label.map_or(0, |label| label.w + gaps.label).max(widest[tie.from]);
        }
        loops.iter_mut().zip(widest).for_each(|(room, label)| room.w += label);
        Measures {
            gaps,
            nodes: graph.nodes.iter().map(|node| extent(node.size)).collect(),
            labels,
            heads: heads.collect(),
            loops,
        }
    }
}
