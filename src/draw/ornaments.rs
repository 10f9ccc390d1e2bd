//! The small things of a drawing: badges of findings and steps, zones, the lines of the legend.

use std::fmt::Write;

use crate::design::Arrow;
use crate::diagnostic::Severity;

use super::card::ZONE;
use super::escape::escaped;
use super::figures::ABOUT;
use super::marks::Marks;
use super::page;
use super::scene::{Edge, Entry, Point, Rect, Role, Shape, Swatch};
use super::spots::step_text;
use super::stroke::number;
use super::svg::Body;
use super::text::{Weight, width};

/// The class of each tint.
const HEATS: [&str; 5] = ["heat-1", "heat-2", "heat-3", "heat-4", "heat-5"];

pub fn heat_class(step: usize) -> &'static str {
    HEATS[step.min(HEATS.len() - 1)]
}

/// The room of a badge, which is that of its widest, the triangle.
pub const SIGN: (f64, f64) = (24.0, 22.0);

impl Body {
    /// An error is an octagon, a warning a triangle, a remark a disc: told apart without their colours.
    pub(super) fn badge(&mut self, at: Point, severity: Severity, count: usize) {
        self.sign(at, severity, 1.0);
        let text = if count > 99 { "99+".to_string() } else { count.to_string() };
        let down = if severity == Severity::Warning { 6.0 } else { 4.0 };
        self.text("mt", at.x, at.y + down, &text);
    }

    fn sign(&mut self, at: Point, severity: Severity, scale: f64) {
        let class = self.class("m");
        let (x, y) = (number(at.x), number(at.y));
        let path = |corners: &[(f64, f64)]| {
            let corners = corners
                .iter()
                .map(|(dx, dy)| format!("{} {}", number(at.x + dx * scale), number(at.y + dy * scale)));
            format!("M{}z", corners.collect::<Vec<_>>().join("L"))
        };
        let _ = match severity {
            Severity::Error => {
                let (far, near) = (9.5, 4.0);
                let corners = [
                    (-near, -far),
                    (near, -far),
                    (far, -near),
                    (far, near),
                    (near, far),
                    (-near, far),
                    (-far, near),
                    (-far, -near),
                ];
                write!(self.out, "<path class=\"{class}\" d=\"{}\"/>", path(&corners))
            }
            Severity::Warning => {
                let corners = [(0.0, -11.0), (12.0, 9.0), (-12.0, 9.0)];
                write!(self.out, "<path class=\"{class}\" d=\"{}\"/>", path(&corners))
            }
            Severity::Info => {
                write!(
                    self.out,
                    "<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"{}\"/>",
                    number(9.0 * scale)
                )
            }
        };
    }

    /// How many findings of each kind, each after its sign: what the badges mean.
    pub(super) fn summary(&mut self, mut x: f64, y: f64, marks: &Marks) {
        for (severity, text) in marks.parts() {
            self.open(severity.name());
            self.sign(Point { x: x + 6.0, y: y - 4.5 }, severity, 0.75);
            self.text("s", x + 18.0, y, &text);
            self.out.push_str("</g>");
            x += summary_part(&text);
        }
    }

    /// The steps that go along a line, on it.
    pub(super) fn steps(&mut self, edge: &Edge) {
        let Some(at) = edge.steps_at else { return };
        self.rect("st", &at, at.h / 2.0);
        self.text("sn", at.center().x, at.center().y + 4.0, &step_text(&edge.steps));
        self.out.push('\n');
    }

    /// One below the other, at the card's right.
    pub(super) fn zones(&mut self, node: &Shape) {
        if node.zones.is_empty() {
            return;
        }
        let top = node.at.h / 2.0 - node.zones.len() as f64 * ZONE / 2.0;
        let x = node.at.w - 11.0;
        let y = |at: usize| top + at as f64 * ZONE + 8.5;
        if node.zones.iter().any(|zone| zone.chars().count() != 1) {
            for (at, zone) in node.zones.iter().enumerate() {
                self.text("zn", x, y(at), zone);
            }
            return;
        }
        // One text with a place for each letter is a third of the size.
        let all = |place: &dyn Fn(usize) -> f64| {
            (0..node.zones.len()).map(|at| number(place(at))).collect::<Vec<_>>().join(" ")
        };
        let (class, xs, ys) = (self.class("zn"), all(&|_| x), all(&y));
        let letters = escaped(&node.zones.concat());
        let _ = write!(self.out, "<text class=\"{class}\" x=\"{xs}\" y=\"{ys}\">{letters}</text>");
    }

    pub(super) fn entry(&mut self, entry: &Entry) {
        let middle = entry.at.y + 10.0;
        let x = entry.at.x;
        match entry.swatch {
            Swatch::Kind(kind) => {
                self.open(Role::of(kind).name());
                self.glyph(kind, x, entry.at.y - 1.0, 22.0);
            }
            Swatch::Arrow(arrow) => {
                match arrow {
                    Arrow::Control => self.open("control"),
                    _ => self.out.push_str("<g>"),
                }
                self.line(arrow, &[Point { x: x - 2.0, y: middle }, Point { x: x + 28.0, y: middle }]);
            }
            Swatch::Step => {
                self.out.push_str("<g>");
                self.rect("st", &Rect { x: x + 2.0, y: middle - 9.0, w: 18.0, h: 18.0 }, 9.0);
                self.text("sn", x + 11.0, middle + 4.0, "1");
            }
            Swatch::Zones => {
                self.out.push_str("<g>");
                self.text("zn", x + 6.0, middle + 4.0, "a");
                self.text("zn", x + 16.0, middle + 4.0, "b");
            }
            Swatch::Heat(step) => {
                match step {
                    Some(step) => self.open(heat_class(step)),
                    None => self.out.push_str("<g>"),
                }
                self.rect("sw", &Rect { x, y: middle - 8.0, w: 22.0, h: 16.0 }, 4.0);
            }
            Swatch::About => {
                self.out.push_str("<g>");
                self.text("ab", x + 11.0, middle + 4.0, ABOUT);
            }
        }
        self.text("d", x + page::SWATCH, middle + 4.0, &entry.text);
        self.out.push_str("</g>\n");
    }
}

/// How wide one part of the summary is, with the room after it.
pub fn summary_part(text: &str) -> f64 {
    18.0 + width(text, page::SUBTITLE, Weight::Regular) + 14.0
}
