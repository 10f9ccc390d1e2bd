//! A drawing as plain data: what stands where, with the text that it shows, and no markup.
//!
//! Coordinates are pixels from the page's top left. A scene guarantees that boxes of nodes do not overlap and that
//! children stand inside their groups. Unless its `way` says otherwise, lines run along the axes, none passes a box that it
//! does not end at, and no label stands on anything.

use serde_json::{Value, json};

use crate::catalog::Kind;
use crate::design::{Arrow, GroupKind};

use super::figures::Heat;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    pub x: f64,
    pub y: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rect {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
}

impl Rect {
    pub fn right(&self) -> f64 {
        self.x + self.w
    }

    pub fn bottom(&self) -> f64 {
        self.y + self.h
    }

    pub fn center(&self) -> Point {
        Point { x: self.x + self.w / 2.0, y: self.y + self.h / 2.0 }
    }

    /// They share area; a common border is not enough.
    pub fn overlaps(&self, other: &Rect) -> bool {
        self.x < other.right() && other.x < self.right() && self.y < other.bottom() && other.y < self.bottom()
    }

    pub fn contains(&self, other: &Rect) -> bool {
        self.x <= other.x
            && self.y <= other.y
            && other.right() <= self.right()
            && other.bottom() <= self.bottom()
    }

    pub fn grown(&self, by: f64) -> Rect {
        Rect { x: self.x - by, y: self.y - by, w: self.w + 2.0 * by, h: self.h + 2.0 * by }
    }
}

/// What a kind is for, which decides its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Entry,
    Compute,
    Store,
    Messaging,
    Control,
    External,
}

impl Role {
    pub fn of(kind: Kind) -> Role {
        match kind {
            Kind::Client | Kind::Dns | Kind::Cdn | Kind::Waf | Kind::Lb | Kind::Gateway => Role::Entry,
            Kind::Service | Kind::Worker | Kind::Function | Kind::Socket | Kind::Scheduler => Role::Compute,
            Kind::Database | Kind::Cache | Kind::Search | Kind::Blob | Kind::Warehouse => Role::Store,
            Kind::Queue | Kind::Topic => Role::Messaging,
            Kind::Auth | Kind::Secrets | Kind::Config | Kind::Registry | Kind::Lock | Kind::Monitor => {
                Role::Control
            }
            Kind::External => Role::External,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Role::Entry => "entry",
            Role::Compute => "compute",
            Role::Store => "store",
            Role::Messaging => "messaging",
            Role::Control => "control",
            Role::External => "external",
        }
    }
}

/// A node's card.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    pub id: String,
    pub at: Rect,
    pub kind: Kind,
    /// Its title, broken to fit.
    pub lines: Vec<String>,
    /// `Redis · x3`; empty where names are all that is shown.
    pub detail: String,
    /// Key numbers, at most two short lines.
    pub facts: Vec<String>,
    /// How much of what it carries is used; none where that is not asked or not known.
    pub heat: Option<Heat>,
    /// The zones it stands in, as its card shows them.
    pub zones: Vec<String>,
    /// All of its text, uncut.
    pub full: String,
    pub instances: u64,
    /// Index in `Scene::groups` of the group it is drawn in.
    pub group: Option<usize>,
    /// Numbers of the notes on it.
    pub notes: Vec<usize>,
    /// Not on the flow that is shown.
    pub muted: bool,
}

/// A group's frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    pub id: String,
    pub at: Rect,
    pub kind: GroupKind,
    pub title: String,
    /// `region · 3 zones`
    pub detail: String,
    pub full: String,
    /// The box of its title and detail.
    pub title_at: Rect,
    pub parent: Option<usize>,
    /// Whether it states a trust level, which makes its frame a boundary.
    pub boundary: bool,
    /// Holds nothing of the flow that is shown.
    pub muted: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Edge {
    pub from: String,
    pub to: String,
    pub arrow: Arrow,
    /// From border to border.
    pub points: Vec<Point>,
    pub label: Option<Label>,
    pub full: String,
    /// Which steps of the flow that is shown go here, counted from 1.
    pub steps: Vec<usize>,
    /// Where their numbers stand.
    pub steps_at: Option<Rect>,
    /// Not on the flow that is shown.
    pub muted: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    pub text: String,
    pub at: Rect,
}

/// A remark, at the foot of the page.
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    pub number: usize,
    pub at: Rect,
    /// What it is about; empty for a remark on the whole.
    pub on: String,
    pub lines: Vec<String>,
    pub full: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Swatch {
    Kind(Kind),
    Arrow(Arrow),
    /// A step of the flow that is shown.
    Step,
    Zones,
    /// A tint, as an index of its step; None is a plain card.
    Heat(Option<usize>),
    /// The sign of what rests on an assumed number.
    About,
}

/// A line of the legend.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub swatch: Swatch,
    pub text: String,
    pub at: Rect,
}

/// How the places came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Way {
    #[default]
    Layered,
    /// By layout-rs: lines are straight and may pass under boxes.
    LayoutRs,
    /// Too large for layers: boxes in rows, lines as with layout-rs.
    Plain,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scene {
    pub way: Way,
    pub w: f64,
    pub h: f64,
    pub title: Vec<String>,
    /// Where the first line of the title stands.
    pub title_at: Rect,
    /// The problem that it solves; empty where none is stated.
    pub subtitle: String,
    pub subtitle_at: Rect,
    /// The steps of the flow that is shown, in words; empty where none is.
    pub told: String,
    /// Whether cards are tinted by what is used of them.
    pub heat: bool,
    pub nodes: Vec<Shape>,
    pub groups: Vec<Frame>,
    pub edges: Vec<Edge>,
    pub notes: Vec<Note>,
    pub legend: Vec<Entry>,
}

/// The places of nodes, groups and edges, for other programs.
pub fn json(scene: &Scene) -> String {
    let nodes: Vec<Value> = scene.nodes.iter().map(|node| boxed("id", &node.id, &node.at)).collect();
    let groups: Vec<Value> = scene.groups.iter().map(|group| boxed("id", &group.id, &group.at)).collect();
    let edges: Vec<Value> = scene
        .edges
        .iter()
        .map(|edge| {
            let points: Vec<[f64; 2]> =
                edge.points.iter().map(|point| [tenth(point.x), tenth(point.y)]).collect();
            let label = edge.label.as_ref().map(|label| boxed("text", &label.text, &label.at));
            json!({"from": edge.from, "to": edge.to, "points": points, "label": label})
        })
        .collect();
    json!({"nodes": nodes, "groups": groups, "edges": edges}).to_string()
}

fn boxed(key: &str, name: &str, at: &Rect) -> Value {
    json!({key: name, "x": tenth(at.x), "y": tenth(at.y), "w": tenth(at.w), "h": tenth(at.h)})
}

fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
