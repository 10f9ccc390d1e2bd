//! What stands in each node's card and in the head of each group's frame, and the room that takes.

use crate::catalog::{Kind, catalog};
use crate::design::{Attrs, Group, GroupKind, Node, Value};
use crate::layout::Size;

use super::text::{Weight, clean, width, wrap};

pub const TITLE: f64 = 14.0;
pub const DETAIL: f64 = 12.0;
pub const FRAME_TITLE: f64 = 13.0;
pub const FRAME_DETAIL: f64 = 11.0;

/// Where text starts in a card, after the tile with its glyph.
pub const TEXT_LEFT: f64 = 52.0;
const TEXT_MOST: f64 = 172.0;
const CARD_RIGHT: f64 = 16.0;

pub struct Card {
    pub lines: Vec<String>,
    pub detail: String,
    pub full: String,
    pub size: Size,
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
