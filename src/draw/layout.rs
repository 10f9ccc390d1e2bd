//! `Design → Scene`: what has to be drawn goes to an engine as boxes and lines, and comes back with places; then the
//! page around them.

use petgraph::graph::NodeIndex;

use crate::design::{Arrow, Design};
use crate::layout::{self as engine, Area, Direction, End, Graph, Layout, Options, Size, Spacing};

use super::card::{Card, Head};
use super::lines::{Drawn, lines};
use super::scene::{Edge, Frame, Label, Point, Rect, Scene, Shape, Way};
use super::tree::Tree;
use super::{label, layout_rs, page};

/// Which engine places everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Engine {
    /// Our own: groups, lines along the axes, labels with places of their own.
    #[default]
    Layered,
    /// The library layout-rs, where a design has no groups and it does not give up; otherwise our own.
    LayoutRs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Plan {
    pub direction: Direction,
    pub engine: Engine,
}

/// Room around a frame's title, which stands in its top left corner.
const TITLE_LEFT: f64 = 16.0;
const TITLE_TOP: f64 = 12.0;
const TITLE_HEIGHT: f64 = 18.0;

const SPACING: Spacing =
    Spacing { node: 36.0, layer: 44.0, edge_node: 18.0, edge: 14.0, label: 6.0, padding: 22.0, part: 48.0 };

/// Width to height that a drawing aims at.
const SHAPE: f64 = 1.2;

/// Places everything that a design shows. Total: any design has a scene, and always the same.
pub fn layout(design: &Design) -> Scene {
    drawn(design, Plan::default())
}

/// As `layout`, as planned.
pub fn drawn(design: &Design, plan: Plan) -> Scene {
    let tree = Tree::of(design);
    let cards: Vec<Card> = design.graph.node_weights().map(Card::of).collect();
    let heads: Vec<Head> = tree.frames.iter().map(|frame| Head::of(&design.groups[frame.group])).collect();
    let lines = lines(design);
    let labels: Vec<Option<(String, f64, f64)>> =
        lines.iter().map(|line| label::measured(&line.label)).collect();
    let order = reading_order(&lines);
    let graph = graph(&tree, &cards, &heads, &lines, &labels, &order);
    let (placed, way) = placed(&graph, plan);

    let mut scene = Scene { way, ..Scene::default() };
    for ((frame, head), at) in tree.frames.iter().zip(heads).zip(&placed.groups) {
        let group = &design.groups[frame.group];
        scene.groups.push(Frame {
            id: group.id.clone(),
            at: rect(at),
            kind: group.kind,
            title: head.title,
            detail: head.detail,
            full: head.full,
            title_at: Rect { x: at.x + TITLE_LEFT, y: at.y + TITLE_TOP, w: head.w, h: TITLE_HEIGHT },
            parent: frame.parent,
            boundary: head.boundary,
        });
    }
    for ((node, card), (at, &group)) in
        design.graph.node_weights().zip(cards).zip(placed.nodes.iter().zip(&tree.home))
    {
        scene.nodes.push(Shape {
            id: node.id.clone(),
            at: rect(at),
            kind: node.kind,
            lines: card.lines,
            detail: card.detail,
            full: card.full,
            instances: node.instances,
            group,
            notes: Vec::new(),
        });
    }
    let mut place = vec![0; order.len()];
    for (at, &line) in order.iter().enumerate() {
        place[line] = at;
    }
    for ((line, label), at) in lines.into_iter().zip(labels).zip(place) {
        let id = |node: usize| design.graph[NodeIndex::new(node)].id.clone();
        let route = &placed.edges[at];
        scene.edges.push(Edge {
            from: id(line.from),
            to: id(line.to),
            arrow: line.arrow,
            points: route.points.iter().map(|spot| Point { x: spot.x, y: spot.y }).collect(),
            label: label.zip(route.label).map(|((text, ..), at)| Label { text, at: rect(&at) }),
            full: line.full,
        });
    }
    page::finish(&mut scene, design);
    scene
}

/// The path of requests decides what stands above what, before what goes on beside it.
fn reading_order(lines: &[Drawn]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..lines.len()).collect();
    order.sort_by_key(|&at| match lines[at].arrow {
        Arrow::Call | Arrow::Stream => 0,
        Arrow::Handoff => 1,
        Arrow::Control => 2,
    });
    order
}

fn graph(
    tree: &Tree,
    cards: &[Card],
    heads: &[Head],
    lines: &[Drawn],
    labels: &[Option<(String, f64, f64)>],
    order: &[usize],
) -> Graph {
    let nodes = cards.iter().zip(&tree.home);
    let frames = tree.frames.iter().zip(heads);
    Graph {
        nodes: nodes.map(|(card, &group)| engine::Node { size: card.size, group }).collect(),
        groups: frames
            .map(|(frame, head)| engine::Group {
                parent: frame.parent,
                head: Size { w: head.w.ceil(), h: TITLE_TOP + TITLE_HEIGHT },
            })
            .collect(),
        edges: order
            .iter()
            .map(|&at| engine::Edge {
                from: End::Node(lines[at].from),
                to: End::Node(lines[at].to),
                label: labels[at].as_ref().map(|&(_, w, h)| Size { w: w.ceil(), h }),
            })
            .collect(),
    }
}

fn placed(graph: &Graph, plan: Plan) -> (Layout, Way) {
    if plan.engine == Engine::LayoutRs
        && let Some(layout) = layout_rs::place(graph, plan.direction)
    {
        return (layout, Way::LayoutRs);
    }
    let options = Options { direction: plan.direction, spacing: SPACING, shape: SHAPE };
    let layout = engine::layout(graph, &options);
    let way = if layout.plain { Way::Plain } else { Way::Layered };
    (layout, way)
}

fn rect(area: &Area) -> Rect {
    Rect { x: area.x, y: area.y, w: area.w, h: area.h }
}
