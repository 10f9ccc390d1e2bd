//! What stands in each node's card and in the head of each group's frame, and the room that takes.

use crate::catalog::{Kind, catalog};
use crate::design::{Attrs, Group, GroupKind, Node, Value};
use crate::layout::Size;

use super::figures::{Figures, Heat};
use super::layout::Detail;
use super::text::{Weight, clean, width, wrap};
use super::zones::short;

pub const TITLE: f64 = 14.0;
const DETAIL: f64 = 12.0;
const FACT: f64 = 11.0;
const HEAT: f64 = 13.0;
pub const FRAME_TITLE: f64 = 13.0;
const FRAME_DETAIL: f64 = 11.0;

/// Where text starts in a card, after the tile with its glyph.
pub const TEXT_LEFT: f64 = 52.0;
const TEXT_MOST: f64 = 172.0;
const CARD_RIGHT: f64 = 16.0;
const FACT_MOST: f64 = 208.0;
/// The column of a card's zones, and how far one stands below the other.
const ZONES: f64 = 12.0;
pub const ZONE: f64 = 11.0;

pub struct Card {
    pub lines: Vec<String>,
    /// Empty where names are all that is shown.
    pub detail: String,
    pub facts: Vec<String>,
    pub heat: Option<Heat>,
    /// As they are shown, one below the other.
    pub zones: Vec<String>,
    pub full: String,
    pub size: Size,
}

impl Card {
    pub fn of(node: &Node, figures: Figures, zones: &[String], level: Detail) -> Card {
        let title = match clean(node.title()) {
            title if title.is_empty() => clean(&node.id),
            title => title,
        };
        let what = node.tech.map_or_else(|| kind_title(node.kind), |tech| clean(&tech.title));
        let detail = if node.instances == 1 { what } else { format!("{what} · x{}", node.instances) };
        let mut full = format!("{title} ({}): {detail}", clean(&node.id));
        if !zones.is_empty() {
            full.push_str(&format!(
                ", in zone{} {}",
                if zones.len() == 1 { "" } else { "s" },
                zones.join(", ")
            ));
        }
        for line in &figures.told {
            full.push('\n');
            full.push_str(&clean(line));
        }
        let lines = wrap(&title, TITLE, Weight::Bold, TEXT_MOST, 2);
        let named = level == Detail::Low;
        let detail = match named {
            true => String::new(),
            false => wrap(&detail, DETAIL, Weight::Regular, TEXT_MOST, 1).concat(),
        };
        let facts: Vec<String> = figures
            .facts
            .iter()
            .map(|fact| wrap(fact, FACT, Weight::Regular, FACT_MOST, 1).concat())
            .collect();
        let rows = lines.len() + usize::from(!named) + facts.len();
        let h = 16.0 + 16.0 * rows.max(2) as f64;
        let zones = if named { Vec::new() } else { short(zones, ((h - 12.0) / ZONE) as usize) };
        let widest = facts
            .iter()
            .map(|fact| width(fact, FACT, Weight::Regular))
            .fold(width(&detail, DETAIL, Weight::Regular), f64::max);
        let text = lines.iter().map(|line| width(line, TITLE, Weight::Bold)).fold(widest, f64::max);
        let hot = figures.heat.as_ref().map_or(0.0, |heat| 12.0 + width(&heat.text, HEAT, Weight::Bold));
        let column = if zones.is_empty() { 0.0 } else { ZONES };
        let size = Size {
            // Even steps of the raster, so that the middle of each side is on it.
            w: up(TEXT_LEFT + text + hot + column + CARD_RIGHT, 16.0).max(128.0),
            h,
        };
        Card { lines, detail, facts, heat: figures.heat, zones, full, size }
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
