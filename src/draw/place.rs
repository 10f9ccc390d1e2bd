//! Boxes: how large each card and frame has to be, and where it stands. Bottom-up over the levels: each is laid out on
//! its own and then is one box of its parent.

use crate::catalog::{Kind, catalog};
use crate::design::{Arrow, Attrs, Design, Group, GroupKind, Node, Value};

use super::engine::{Budget, Size, place};
use super::lines;
use super::scene::Rect;
use super::text::{Weight, clean, width, wrap};
use super::tree::{Item, Tree};

pub const TITLE: f64 = 14.0;
pub const DETAIL: f64 = 12.0;
pub const FRAME_TITLE: f64 = 13.0;
pub const FRAME_DETAIL: f64 = 11.0;

/// Where text starts in a card, after the tile with its glyph.
pub const TEXT_LEFT: f64 = 52.0;
const TEXT_MOST: f64 = 172.0;
const CARD_RIGHT: f64 = 16.0;

/// Room of a frame around what it holds; its title stands in the upper one.
const PADDING: f64 = 24.0;
const HEAD: f64 = 48.0;

pub struct Card {
    pub lines: Vec<String>,
    pub detail: String,
    pub full: String,
    size: Size,
}

impl Card {
    pub fn of(node: &Node) -> Card {
        let title = match clean(node.title()) {
            title if title.is_empty() => clean(&node.id),
            title => title,
        };
        let what = node.tech.map_or_else(|| kind_title(node.kind), |tech| clean(&tech.title));
        let detail = if node.instances == 1 { what } else { format!("{what} · x{}", node.instances) };
        let full = format!("{title} ({}): {detail}", clean(&node.id));
        let lines = wrap(&title, TITLE, Weight::Bold, TEXT_MOST, 2);
        let detail = wrap(&detail, DETAIL, Weight::Regular, TEXT_MOST, 1).concat();
        let text = lines
            .iter()
            .map(|line| width(line, TITLE, Weight::Bold))
            .fold(width(&detail, DETAIL, Weight::Regular), f64::max);
        let size = Size {
            // Even steps of the raster, so that the middle of each side is on it.
            w: up(TEXT_LEFT + text + CARD_RIGHT, 16.0).max(128.0),
            h: if lines.len() > 1 { 64.0 } else { 48.0 },
        };
        Card { lines, detail, full, size }
    }
}

pub struct Head {
    pub title: String,
    pub detail: String,
    pub full: String,
    pub boundary: bool,
    pub w: f64,
}

impl Head {
    pub fn of(group: &Group) -> Head {
        let id = clean(&group.id);
        let full = match group.label.as_deref().map(clean) {
            Some(label) if !label.is_empty() => label,
            _ => id.clone(),
        };
        let title = wrap(&full, FRAME_TITLE, Weight::Bold, 260.0, 1).concat();
        let trust = find(&group.attrs, "trust").and_then(|value| match value {
            Value::Words(words) => words.first().cloned(),
            _ => None,
        });
        let mut facts = Vec::new();
        match group.kind {
            GroupKind::Region => facts.push("region".to_string()),
            GroupKind::Zone => facts.push("zone".to_string()),
            GroupKind::Group => {}
        }
        if let Some(Value::Number(zones)) = find(&group.attrs, "zones") {
            facts.push(if *zones == 1.0 { "1 zone".to_string() } else { format!("{zones} zones") });
        }
        facts.extend(trust.as_deref().map(clean));
        if find(&group.attrs, "spare").is_some_and(|value| *value != Value::None) {
            facts.push("standby".to_string());
        }
        let detail = wrap(&facts.join(" · "), FRAME_DETAIL, Weight::Regular, 200.0, 1).concat();
        let w = width(&title, FRAME_TITLE, Weight::Bold)
            + if detail.is_empty() { 0.0 } else { 8.0 + width(&detail, FRAME_DETAIL, Weight::Regular) };
        Head { title, detail, full, boundary: trust.is_some(), w }
    }
}

pub fn kind_title(kind: Kind) -> String {
    let entry = catalog().kinds.iter().find(|entry| entry.id == kind);
    entry.map_or_else(|| kind.name().to_string(), |entry| clean(&entry.title))
}

fn find<'a>(attrs: &'a Attrs, name: &str) -> Option<&'a Value> {
    attrs.iter().find(|setting| setting.name == name).map(|setting| &setting.value)
}

fn up(value: f64, step: f64) -> f64 {
    (value / step).ceil() * step
}

/// Where everything stands, from (0, 0).
pub struct Boxes {
    pub nodes: Vec<Rect>,
    /// By level; the page's is the whole.
    pub levels: Vec<Rect>,
}

/// `heads` are by level; the page has none.
pub fn boxes(design: &Design, tree: &Tree, cards: &[Card], heads: &[Option<Head>]) -> Boxes {
    let mut edges: Vec<Vec<(Item, Item)>> = vec![Vec::new(); tree.levels.len()];
    // The path of requests decides what stands above what, before what goes on beside it.
    let mut hops: Vec<_> = design.graph.raw_edges().iter().collect();
    hops.sort_by_key(|edge| match edge.weight.arrow {
        Arrow::Call | Arrow::Stream => 0,
        Arrow::Handoff => 1,
        Arrow::Control => 2,
    });
    let ends = hops.into_iter().map(|edge| (edge.source().index(), edge.target().index()));
    for (from, to) in ends.chain(lines::implied(design).into_iter().map(|(from, to, _)| (from, to))) {
        let level = tree.common(from, to);
        edges[level].push((tree.item_in(from, level), tree.item_in(to, level)));
    }

    let mut budget = Budget::new();
    let mut nodes: Vec<Rect> =
        cards.iter().map(|card| Rect { x: 0.0, y: 0.0, w: card.size.w, h: card.size.h }).collect();
    let mut levels = vec![Rect::default(); tree.levels.len()];
    // Places in the parent first; children stand after their parents, so backwards is bottom-up.
    let mut inset = vec![(0.0, 0.0); tree.levels.len()];
    for at in (0..tree.levels.len()).rev() {
        let items = &tree.levels[at].items;
        let sizes: Vec<Size> = items
            .iter()
            .map(|item| match *item {
                Item::Node(node) => &nodes[node],
                Item::Level(level) => &levels[level],
            })
            .map(|rect| Size { w: rect.w, h: rect.h })
            .collect();
        let number: std::collections::BTreeMap<(bool, usize), usize> =
            items.iter().enumerate().map(|(number, item)| (key(*item), number)).collect();
        let inner: Vec<(usize, usize)> =
            edges[at].iter().map(|(from, to)| (number[&key(*from)], number[&key(*to)])).collect();
        let around = match heads[at] {
            Some(_) => Size { w: 2.0 * PADDING, h: HEAD + PADDING },
            None => Size { w: 0.0, h: 0.0 },
        };
        let placed = place(&sizes, &inner, around, &mut budget);
        for (item, corner) in items.iter().zip(&placed.at) {
            let rect = match *item {
                Item::Node(node) => &mut nodes[node],
                Item::Level(level) => &mut levels[level],
            };
            (rect.x, rect.y) = (corner.x, corner.y);
        }
        levels[at].w = placed.size.w;
        levels[at].h = placed.size.h;
        if let Some(head) = &heads[at] {
            let w = up((placed.size.w + 2.0 * PADDING).max(head.w + 32.0), 16.0);
            let h = up(placed.size.h + HEAD + PADDING, 16.0);
            inset[at] = ((((w - placed.size.w) / 2.0) / 8.0).floor() * 8.0, HEAD);
            levels[at].w = w;
            levels[at].h = h;
        }
    }
    for at in 1..levels.len() {
        let parent = tree.levels[at].parent.unwrap_or(0);
        levels[at].x += levels[parent].x + inset[parent].0;
        levels[at].y += levels[parent].y + inset[parent].1;
    }
    for (node, rect) in nodes.iter_mut().enumerate() {
        let home = tree.home[node];
        rect.x += levels[home].x + inset[home].0;
        rect.y += levels[home].y + inset[home].1;
    }
    Boxes { nodes, levels }
}

fn key(item: Item) -> (bool, usize) {
    match item {
        Item::Node(node) => (false, node),
        Item::Level(level) => (true, level),
    }
}
