//! What stands around the diagram: its title above, notes and legend below or, on a tall page, beside it.

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{self, Arrow, Design};

use super::card::kind_title;
use super::figures::{ABOUT, STEPS};
use super::scene::{Entry, Note, Point, Rect, Scene, Swatch};
use super::text::{Weight, clean, width, wrap};

pub const TITLE: f64 = 22.0;
pub const TITLE_LINE: f64 = 28.0;
pub const SUBTITLE: f64 = 13.0;
pub const NOTE: f64 = 12.0;
pub const NOTE_LINE: f64 = 16.0;
const LEGEND: f64 = 12.0;

const MARGIN: f64 = 32.0;
/// What a title may take of the page where it is set in a wider font than the one measured: nothing else is as long.
pub const SPARE: f64 = 1.12;
/// What a title may take, however narrow the diagram.
const TITLE_ROOM: f64 = 480.0;
const NARROWEST: f64 = 296.0;
const NOTE_ROOM: f64 = 208.0;
/// Left of a legend's text: the glyph or a piece of line.
pub const SWATCH: f64 = 36.0;
const ENTRY: f64 = 24.0;

/// The body stands anywhere and gets its place here. `shown` are the design's nodes in the order of the scene's.
pub fn finish(
    scene: &mut Scene,
    design: &Design,
    (flow, titled): (Option<usize>, bool),
    shown: &[NodeIndex],
) {
    let body = extent(scene);
    let head = if titled { head(scene, design, flow, body.w.max(TITLE_ROOM)) } else { 0.0 };
    let mut y = MARGIN + head;
    shift(scene, MARGIN - body.x, y - body.y);
    let mut right = MARGIN + body.w.max((scene.title_at.w * SPARE).ceil()).max(NARROWEST);
    y += body.h;

    let entries = legend(scene);
    let longest = entries.iter().map(|(_, text)| width(text, LEGEND, Weight::Regular)).fold(0.0, f64::max);
    let column = (SWATCH + longest).ceil();
    let beside = body.h > body.w * 1.1 && entries.len() as f64 * ENTRY < body.h;
    if !entries.is_empty() && beside {
        let x = MARGIN + body.w + MARGIN;
        let mut top = y - body.h;
        for (swatch, text) in entries {
            scene.legend.push(Entry { swatch, text, at: Rect { x, y: top, w: column, h: 20.0 } });
            top += ENTRY;
        }
        right = right.max(x + column);
        y = notes(scene, design, shown, y, right);
    } else {
        y = notes(scene, design, shown, y, right);
        y = legend_below(scene, entries, y, right);
    }
    scene.w = (right + MARGIN).ceil();
    scene.h = (y + MARGIN).ceil();
}

/// All that the diagram itself covers, its lines and labels included.
fn extent(scene: &Scene) -> Rect {
    let points = scene.edges.iter().flat_map(|edge| &edge.points).map(|point| Rect {
        x: point.x - 4.0,
        y: point.y - 4.0,
        w: 8.0,
        h: 8.0,
    });
    let labels = scene.edges.iter().filter_map(|edge| edge.label.as_ref()).map(|label| label.at);
    // Cards of several instances show the edges of those behind.
    let cards = scene.nodes.iter().map(|node| Rect { w: node.at.w + 6.0, h: node.at.h + 6.0, ..node.at });
    let frames = scene.groups.iter().map(|frame| frame.at);
    let mut all = points.chain(labels).chain(cards).chain(frames);
    let Some(first) = all.next() else { return Rect::default() };
    let (mut left, mut top, mut right, mut bottom) = (first.x, first.y, first.right(), first.bottom());
    for rect in all {
        left = left.min(rect.x);
        top = top.min(rect.y);
        right = right.max(rect.right());
        bottom = bottom.max(rect.bottom());
    }
    Rect { x: left, y: top, w: right - left, h: bottom - top }
}

fn shift(scene: &mut Scene, dx: f64, dy: f64) {
    let (dx, dy) = (dx.ceil(), dy.ceil());
    let moved = |rect: &mut Rect| {
        rect.x += dx;
        rect.y += dy;
    };
    scene.nodes.iter_mut().for_each(|node| moved(&mut node.at));
    for frame in &mut scene.groups {
        moved(&mut frame.at);
        moved(&mut frame.title_at);
    }
    for edge in &mut scene.edges {
        for point in &mut edge.points {
            *point = Point { x: point.x + dx, y: point.y + dy };
        }
        if let Some(label) = &mut edge.label {
            moved(&mut label.at);
        }
    }
}

/// Title and subtitle; the height they take.
fn head(scene: &mut Scene, design: &Design, flow: Option<usize>, room: f64) -> f64 {
    let mut taken = 0.0;
    let title = design.title.as_deref().map(clean).unwrap_or_default();
    scene.title = wrap(&title, TITLE, Weight::Bold, room, 2);
    if !scene.title.is_empty() {
        let h = scene.title.len() as f64 * TITLE_LINE;
        let widest = scene.title.iter().map(|line| width(line, TITLE, Weight::Bold)).fold(0.0, f64::max);
        scene.title_at = Rect { x: MARGIN, y: MARGIN, w: widest.ceil(), h };
        taken += h;
    }
    if let Some(flow) = flow.map(|flow| &design.flows[flow]) {
        let label = flow.label.as_deref().map(|label| format!(" · {label}")).unwrap_or_default();
        let text = clean(&format!("flow {}{label}", flow.id));
        scene.subtitle = wrap(&text, SUBTITLE, Weight::Regular, NARROWEST, 1).concat();
    } else if let Some(solves) = &design.solves {
        let scale = solves.scale.as_deref().map(|scale| format!(", at {scale}")).unwrap_or_default();
        let text = clean(&format!("{}{scale}", solves.problem.replace('-', " ")));
        scene.subtitle = wrap(&text, SUBTITLE, Weight::Regular, NARROWEST, 1).concat();
    }
    scene.subtitle_at = Rect { x: MARGIN, y: MARGIN + taken, w: room, h: 20.0 };
    if !scene.subtitle.is_empty() {
        taken += 20.0;
    }
    // Where there is no subtitle, what was found may stand there.
    let below = if scene.subtitle.is_empty() { 32.0 } else { 24.0 };
    if taken > 0.0 { taken + below } else { 0.0 }
}

/// Kinds and arrows that occur, with what to call them.
fn legend(scene: &Scene) -> Vec<(Swatch, String)> {
    let mut entries = Vec::new();
    for kind in Kind::ALL {
        if scene.nodes.iter().any(|node| node.kind == kind) {
            entries.push((Swatch::Kind(kind), kind_title(kind)));
        }
    }
    for arrow in Arrow::ALL {
        if scene.edges.iter().any(|edge| edge.arrow == arrow) {
            let meaning = match arrow {
                Arrow::Call => "calls and waits",
                Arrow::Handoff => "hands off, and goes on",
                Arrow::Stream => "two-way connection",
                Arrow::Control => "outside the request path",
            };
            entries.push((Swatch::Arrow(arrow), meaning.to_string()));
        }
    }
    if scene.edges.iter().any(|edge| !edge.steps.is_empty()) {
        entries.push((Swatch::Step, "a step of the flow, in its order".to_string()));
    }
    if scene.nodes.iter().any(|node| !node.zones.is_empty()) {
        entries.push((Swatch::Zones, "zones it stands in".to_string()));
    }
    if scene.heat {
        let steps = STEPS.iter().enumerate();
        entries.extend(steps.map(|(at, text)| (Swatch::Heat(Some(at)), text.to_string())));
        entries.push((Swatch::Heat(None), "no figure".to_string()));
    }
    let texts =
        scene.nodes.iter().flat_map(|node| node.facts.iter().chain(node.heat.iter().map(|heat| &heat.text)));
    if texts.into_iter().any(|text| text.contains(ABOUT)) {
        entries.push((Swatch::About, "with a number that is assumed".to_string()));
    }
    entries
}

/// Rows of columns of one width each.
fn legend_below(scene: &mut Scene, entries: Vec<(Swatch, String)>, mut y: f64, right: f64) -> f64 {
    if entries.is_empty() {
        return y;
    }
    y += MARGIN;
    let longest = entries.iter().map(|(_, text)| width(text, LEGEND, Weight::Regular)).fold(0.0, f64::max);
    let column = (SWATCH + longest + 24.0).ceil();
    let columns = (((right - MARGIN + 24.0) / column) as usize).clamp(1, entries.len());
    let rows = entries.len().div_ceil(columns);
    for (at, (swatch, text)) in entries.into_iter().enumerate() {
        let x = MARGIN + (at / rows) as f64 * column;
        let top = y + (at % rows) as f64 * ENTRY;
        scene.legend.push(Entry { swatch, text, at: Rect { x, y: top, w: column - 24.0, h: 20.0 } });
    }
    y + rows as f64 * ENTRY
}

/// Rows of notes; each is numbered, and so are the nodes that it is about.
///
/// Where parts of the design are left out, so are notes on those parts.
fn notes(scene: &mut Scene, design: &Design, shown: &[NodeIndex], mut y: f64, right: f64) -> f64 {
    let mut place = vec![None; design.graph.node_count()];
    for (at, node) in shown.iter().enumerate() {
        place[node.index()] = Some(at);
    }
    let (mut x, mut tallest) = (MARGIN, 0.0_f64);
    let about =
        |note: &&design::Note| note.on.is_empty() || note.on.iter().any(|node| place[node.index()].is_some());
    for (at, note) in design.notes.iter().filter(about).enumerate() {
        let number = at + 1;
        for at in note.on.iter().filter_map(|node| place[node.index()]) {
            scene.nodes[at].notes.push(number);
        }
        let on = note.on.iter().map(|&node| clean(design.graph[node].title())).collect::<Vec<_>>().join(", ");
        let full = clean(&note.text);
        let lines = wrap(&full, NOTE, Weight::Regular, NOTE_ROOM, 5);
        let about = wrap(&on, NOTE, Weight::Bold, NOTE_ROOM - 24.0, 1).concat();
        let w = NOTE_ROOM + 24.0;
        let h = 24.0 + (lines.len() + 1) as f64 * NOTE_LINE;
        if x > MARGIN && x + w > right {
            y += tallest + 16.0;
            (x, tallest) = (MARGIN, 0.0);
        }
        let top = y + MARGIN;
        scene.notes.push(Note { number, at: Rect { x, y: top, w, h }, on: about, lines, full });
        x += w + 16.0;
        tallest = tallest.max(h);
    }
    if scene.notes.is_empty() { y } else { y + MARGIN + tallest }
}
