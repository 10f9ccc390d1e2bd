//! `Design → Scene`: what has to be drawn goes to an engine as boxes and lines, and comes back with places; then the
//! page around them.

use petgraph::graph::NodeIndex;

use crate::design::{Arrow, Design};
use crate::layout::{self as engine, Area, Direction, End, Graph, Layout, Options, Size, Spacing};

use super::card::{Card, Head};
use super::figures::{Figures, figures};
use super::lines::{Drawn, lines};
use super::path::{self, Path};
use super::scene::{Edge, Frame, Label, Point, Rect, Scene, Shape, Way};
use super::tree::Tree;
use super::zones::zones;
use super::{label, layout_rs, page, spots};

/// Which engine places everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Engine {
    /// Our own: groups, lines along the axes, labels with places of their own.
    #[default]
    Layered,
    /// The library layout-rs, where a design has no groups and it does not give up; otherwise our own.
    LayoutRs,
}

/// How much each card and line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Detail {
    /// Names only.
    Low,
    /// What it is, how many, and in which zones.
    #[default]
    Normal,
    /// Key numbers too.
    High,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Plan {
    pub direction: Direction,
    pub engine: Engine,
    pub detail: Detail,
    /// Cards are tinted by how much of what they carry is used at the peak.
    pub heat: bool,
    /// Index in `Design::flows` of the flow to show as a path; one that does not exist is none.
    pub flow: Option<usize>,
    /// Nothing but what that flow touches.
    pub only: bool,
    /// Without a title, on a page that has one.
    pub untitled: bool,
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
    let flow = plan.flow.filter(|&flow| flow < design.flows.len());
    let path = flow.map(|flow| Path::of(design, flow));
    let (tree, shown, lines) = shown(design, path.as_ref(), plan);
    let cards = cards(design, &shown, plan);
    let heads: Vec<Head> = tree.frames.iter().map(|frame| Head::of(&design.groups[frame.group])).collect();
    let labels: Vec<Option<(String, f64, f64)>> = lines
        .iter()
        .map(|line| if plan.detail == Detail::Low { None } else { label::measured(&line.label) })
        .collect();
    let order = reading_order(&lines);
    let graph = graph(&tree, &cards, &heads, &lines, &labels, &order);
    let (placed, way) = placed(&graph, plan);

    let mut scene = Scene { way, heat: plan.heat, ..Scene::default() };
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
            muted: path.is_some(),
        });
    }
    for ((&index, card), (at, &group)) in shown.iter().zip(cards).zip(placed.nodes.iter().zip(&tree.home)) {
        let node = &design.graph[index];
        let on_path = path.as_ref().is_none_or(|path| path.touched[index.index()]);
        let mut around = group;
        while let Some(frame) = around.filter(|&frame| on_path && scene.groups[frame].muted) {
            scene.groups[frame].muted = false;
            around = scene.groups[frame].parent;
        }
        scene.nodes.push(Shape {
            id: node.id.clone(),
            at: rect(at),
            kind: node.kind,
            lines: card.lines,
            detail: card.detail,
            facts: card.facts,
            heat: card.heat,
            zones: card.zones,
            full: card.full,
            instances: node.instances,
            group,
            notes: Vec::new(),
            muted: !on_path,
        });
    }
    let mut place = vec![0; order.len()];
    for (at, &line) in order.iter().enumerate() {
        place[line] = at;
    }
    for ((line, label), at) in lines.into_iter().zip(labels).zip(place) {
        let nodes = [line.from, line.to].map(|node| shown[node]);
        let steps = match &path {
            Some(path) => path.numbers(nodes[0].index(), nodes[1].index(), line.arrow),
            None => Vec::new(),
        };
        let route = &placed.edges[at];
        let mut points: Vec<Point> = route.points.iter().map(|spot| Point { x: spot.x, y: spot.y }).collect();
        if line.backward {
            points.reverse();
        }
        scene.edges.push(Edge {
            from: design.graph[nodes[0]].id.clone(),
            to: design.graph[nodes[1]].id.clone(),
            arrow: line.arrow,
            points,
            label: label.zip(route.label).map(|((text, ..), at)| Label { text, at: rect(&at) }),
            full: line.full,
            muted: path.is_some() && steps.is_empty(),
            steps,
            steps_at: None,
        });
    }
    scene.told = flow.map(|flow| path::told(design, flow)).unwrap_or_default();
    page::finish(&mut scene, design, (flow, !plan.untitled), &shown);
    spots::place_steps(&mut scene);
    scene
}

/// Frames, nodes and lines that the picture has. Ends of lines, and homes, are counted among its own nodes.
fn shown(design: &Design, path: Option<&Path>, plan: Plan) -> (Tree, Vec<NodeIndex>, Vec<Drawn>) {
    let (tree, lines) = (Tree::of(design), lines(design));
    let Some(path) = path.filter(|_| plan.only) else {
        return (tree, design.graph.node_indices().collect(), lines);
    };
    let shown: Vec<NodeIndex> =
        design.graph.node_indices().filter(|node| path.touched[node.index()]).collect();
    let mut number = vec![0; design.graph.node_count()];
    for (at, node) in shown.iter().enumerate() {
        number[node.index()] = at;
    }
    let lines = lines.into_iter().filter(|line| !path.numbers(line.from, line.to, line.arrow).is_empty());
    let lines = lines.map(|line| Drawn { from: number[line.from], to: number[line.to], ..line });
    (tree.only(&path.touched), shown, lines.collect())
}

fn cards(design: &Design, shown: &[NodeIndex], plan: Plan) -> Vec<Card> {
    let mut figures: Vec<Figures> = figures(design, plan);
    let card = |&node: &NodeIndex| {
        let figures = std::mem::take(&mut figures[node.index()]);
        Card::of(&design.graph[node], figures, &zones(design, node), plan.detail)
    };
    shown.iter().map(card).collect()
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
            .map(|&at| {
                let mut ends = [lines[at].from, lines[at].to];
                if lines[at].backward {
                    ends.reverse();
                }
                let [from, to] = ends.map(End::Node);
                let label = labels[at].as_ref().map(|&(_, w, h)| Size { w: w.ceil(), h });
                engine::Edge { from, to, label }
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
