//! `Design → Scene`: boxes, then lines, then labels, then the page around them.

use petgraph::graph::NodeIndex;

use crate::design::Design;

use super::label::{self, Crowd};
use super::lines;
use super::page;
use super::place::{Boxes, Card, Head, boxes};
use super::route::{Ground, Link, routes};
use super::scene::{Edge, Frame, Label, Point, Rect, Scene, Shape};
use super::tree::Tree;

/// Places everything that a design shows. Total: any design has a scene, and always the same.
pub fn layout(design: &Design) -> Scene {
    let tree = Tree::of(design);
    let cards: Vec<Card> = design.graph.node_weights().map(Card::of).collect();
    let heads: Vec<Option<Head>> =
        tree.levels.iter().map(|level| level.group.map(|group| Head::of(&design.groups[group]))).collect();
    let boxes = boxes(design, &tree, &cards, &heads);
    let mut scene = Scene::default();
    add_groups(&mut scene, design, &tree, heads, &boxes);
    add_edges(&mut scene, design, &tree, &boxes);
    for ((node, card), (at, &home)) in
        design.graph.node_weights().zip(cards).zip(boxes.nodes.iter().zip(&tree.home))
    {
        scene.nodes.push(Shape {
            id: node.id.clone(),
            at: *at,
            kind: node.kind,
            lines: card.lines,
            detail: card.detail,
            full: card.full,
            instances: node.instances,
            group: home.checked_sub(1),
            notes: Vec::new(),
        });
    }
    page::finish(&mut scene, design);
    scene
}

fn add_groups(scene: &mut Scene, design: &Design, tree: &Tree, heads: Vec<Option<Head>>, boxes: &Boxes) {
    for ((level, head), at) in tree.levels.iter().zip(heads).zip(&boxes.levels) {
        let (Some(group), Some(head)) = (level.group, head) else { continue };
        scene.groups.push(Frame {
            id: design.groups[group].id.clone(),
            at: *at,
            kind: design.groups[group].kind,
            title: head.title,
            detail: head.detail,
            full: head.full,
            title_at: Rect { x: at.x + 16.0, y: at.y + 12.0, w: head.w, h: 18.0 },
            // The page is level 0, and no frame.
            parent: level.parent.and_then(|parent| parent.checked_sub(1)),
            boundary: head.boundary,
        });
    }
}

fn add_edges(scene: &mut Scene, design: &Design, tree: &Tree, boxes: &Boxes) {
    let drawn = lines::lines(design);
    let links: Vec<Link> = drawn
        .iter()
        .map(|line| {
            let around = |node: usize| {
                std::iter::successors(Some(tree.home[node]), |&level| tree.levels[level].parent)
                    .filter_map(|level| level.checked_sub(1))
            };
            Link { from: line.from, to: line.to, home: around(line.from).chain(around(line.to)).collect() }
        })
        .collect();
    let frames: Vec<Rect> = scene.groups.iter().map(|frame| frame.at).collect();
    let titles: Vec<Rect> = scene.groups.iter().map(|frame| frame.title_at).collect();
    let lines = routes(&Ground { boxes: &boxes.nodes, frames: &frames, titles: &titles }, &links);

    let mut labels: Vec<Rect> = Vec::new();
    for (own, line) in drawn.into_iter().enumerate() {
        let label = label::measured(&line.label).map(|(text, w, h)| {
            let crowd = Crowd {
                boxes: &boxes.nodes,
                frames: &frames,
                titles: &titles,
                lines: &lines,
                own,
                labels: &labels,
            };
            Label { text, at: label::place(w, h, &crowd) }
        });
        labels.extend(label.as_ref().map(|label| label.at));
        let id = |node: usize| design.graph[NodeIndex::new(node)].id.clone();
        scene.edges.push(Edge {
            from: id(line.from),
            to: id(line.to),
            arrow: line.arrow,
            points: Vec::<Point>::new(),
            label,
            full: line.full,
        });
    }
    for (edge, points) in scene.edges.iter_mut().zip(lines) {
        edge.points = points;
    }
}
