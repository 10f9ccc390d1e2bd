//! What stands in a drawing, each as it looks: frames, cards, edges with their labels, notes.

use std::fmt::Write;

use crate::catalog::Kind;
use crate::design::{Arrow, GroupKind};

use super::card::TEXT_LEFT;
use super::escape::escaped;
use super::marks::Mark;
use super::ornaments::heat_class;
use super::page::{self, NOTE_LINE};
use super::scene::{Edge, Frame, Note, Point, Rect, Role, Shape};
use super::stroke::{number, rounded, tip};
use super::svg::Body;
use super::text::{Weight, width};

impl Body {
    pub(super) fn frame(&mut self, frame: &Frame) {
        match frame.muted {
            true => self.open("muted"),
            false => self.out.push_str("<g>"),
        }
        self.title(&frame.full);
        let mut class = self.class("f").to_string();
        if frame.kind == GroupKind::Zone {
            class = format!("{class} {}", self.class("z"));
        }
        if frame.boundary {
            class = format!("{class} {}", self.class("b"));
        }
        let at = &frame.at;
        let _ = write!(
            self.out,
            "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"12\"/>",
            number(at.x),
            number(at.y),
            number(at.w),
            number(at.h)
        );
        let (x, y) = (frame.title_at.x, frame.title_at.y + 13.0);
        self.text("ft", x, y, &frame.title);
        if !frame.detail.is_empty() {
            let after = width(&frame.title, super::card::FRAME_TITLE, Weight::Bold) + 8.0;
            self.text("fd", x + after, y, &frame.detail);
        }
        self.out.push_str("</g>\n");
    }

    /// The edges of the other instances, under everything else.
    pub(super) fn behind(&mut self, node: &Shape) {
        let copies = match node.instances {
            0 | 1 => return,
            2 => 1,
            _ => 2,
        };
        self.open(role(node));
        for copy in (1..=copies).rev() {
            let off = f64::from(copy) * 3.5;
            self.rect("c", &Rect { x: node.at.x + off, y: node.at.y + off, ..node.at }, 9.0);
        }
        self.out.push_str("</g>\n");
    }

    pub(super) fn node(&mut self, node: &Shape, mark: Option<&Mark>) {
        let (w, h) = (node.at.w, node.at.h);
        let role = self.class(role(node));
        let heat = match node.heat.as_ref().filter(|_| !node.muted) {
            Some(heat) => format!(" {} {}", self.class("hot"), self.class(heat_class(heat.step))),
            None => String::new(),
        };
        let worst = mark.map_or(String::new(), |mark| format!(" {}", self.class(mark.worst.name())));
        let _ = write!(
            self.out,
            "<g role=\"img\" class=\"{role}{heat}{worst}\" transform=\"translate({} {})\">",
            number(node.at.x),
            number(node.at.y)
        );
        self.title(&with_findings(&node.full, mark));
        self.rect("c", &Rect { x: 0.0, y: 0.0, w, h }, 9.0);
        self.glyph(node.kind, 10.0, h / 2.0 - 16.0, 32.0);
        let lone = node.lines.len() == 1 && node.detail.is_empty() && node.facts.is_empty();
        let mut y = if lone { h / 2.0 + 5.0 } else { 21.0 };
        for line in &node.lines {
            self.text("n", TEXT_LEFT, y, line);
            y += 16.0;
        }
        if !node.detail.is_empty() {
            self.text("d", TEXT_LEFT, y, &node.detail);
            y += 16.0;
        }
        for fact in &node.facts {
            self.text("fa", TEXT_LEFT, y, fact);
            y += 16.0;
        }
        if let Some(heat) = &node.heat {
            let right = w - if node.zones.is_empty() { 14.0 } else { 24.0 };
            self.text("hv", right, h / 2.0 + 5.0, &heat.text);
        }
        self.zones(node);
        for (at, note) in node.notes.iter().take(6).enumerate() {
            self.number_tag(Point { x: at as f64 * 18.0 - 4.0, y: -7.0 }, *note);
        }
        if let Some(mark) = mark {
            self.badge(Point { x: w + 2.0, y: -3.0 }, mark.worst, mark.count);
        }
        self.out.push_str("</g>\n");
    }

    /// A tile with its kind's picture.
    pub(super) fn glyph(&mut self, kind: Kind, x: f64, y: f64, size: f64) {
        let class = self.class("i");
        let _ = write!(
            self.out,
            "<use class=\"{class}\" href=\"#spof-{}\" x=\"{}\" y=\"{}\" width=\"{size}\" height=\"{size}\"/>",
            kind.name(),
            number(x),
            number(y)
        );
    }

    fn number_tag(&mut self, corner: Point, number: usize) {
        self.rect("note", &Rect { x: corner.x, y: corner.y, w: 16.0, h: 14.0 }, 3.0);
        self.text("nn", corner.x + 8.0, corner.y + 10.5, &number.to_string());
    }

    pub(super) fn edge(&mut self, edge: &Edge, mark: Option<&Mark>) {
        if edge.points.len() < 2 {
            return;
        }
        let mut classes = Vec::new();
        if edge.muted {
            classes.push(self.class("muted"));
        } else if edge.arrow == Arrow::Control {
            classes.push(self.class("control"));
        }
        if !edge.steps.is_empty() {
            classes.push(self.class("flow"));
        }
        if let Some(mark) = mark {
            classes.push(self.class(mark.worst.name()));
        }
        if classes.is_empty() {
            self.out.push_str("<g role=\"img\">");
        } else {
            let _ = write!(self.out, "<g role=\"img\" class=\"{}\">", classes.join(" "));
        }
        self.title(&with_findings(&edge.full, mark));
        self.line(edge.arrow, &edge.points);
        self.out.push_str("</g>\n");
    }

    pub(super) fn label(&mut self, edge: &Edge) {
        let Some(label) = &edge.label else { return };
        let at = label.at.center();
        if edge.muted {
            self.open("muted");
        }
        self.text("l", at.x, at.y + 4.0, &label.text);
        self.out.push_str(if edge.muted { "</g>\n" } else { "\n" });
    }

    pub(super) fn line(&mut self, arrow: Arrow, points: &[Point]) {
        let mut class = self.class("e").to_string();
        match arrow {
            Arrow::Handoff => class = format!("{class} {}", self.class("handoff")),
            Arrow::Stream => class = format!("{class} {}", self.class("stream")),
            Arrow::Call | Arrow::Control => {}
        }
        let head = self.class("h");
        let both = arrow == Arrow::Stream;
        let _ = write!(self.out, "<path class=\"{class}\" d=\"{}\"/>", rounded(points, both));
        let mut tips = tip(points[points.len() - 2], points[points.len() - 1]);
        if both {
            tips.push_str(&tip(points[1], points[0]));
        }
        let _ = write!(self.out, "<path class=\"{head}\" d=\"{tips}\"/>");
    }

    pub(super) fn note(&mut self, note: &Note) {
        let Rect { x, y, w, h } = note.at;
        let fold = 12.0;
        self.out.push_str("<g>");
        self.title(&note.full);
        let class = self.class("note");
        let _ = write!(
            self.out,
            "<path class=\"{class}\" d=\"M{} {}h{}l{fold} {fold}v{}h{}zm{} 0v{fold}h{fold}\"/>",
            number(x),
            number(y),
            number(w - fold),
            number(h - fold),
            number(-w),
            number(w - fold)
        );
        let mut baseline = y + 12.0 + page::NOTE;
        let about =
            if note.on.is_empty() { note.number.to_string() } else { format!("{} {}", note.number, note.on) };
        self.class("nb");
        let _ = write!(
            self.out,
            "<text class=\"nt nb\" x=\"{}\" y=\"{}\">{}</text>",
            number(x + 12.0),
            number(baseline),
            escaped(&about)
        );
        for line in &note.lines {
            baseline += NOTE_LINE;
            self.text("nt", x + 12.0, baseline, line);
        }
        self.out.push_str("</g>\n");
    }
}

/// What decides a card's colours.
fn role(node: &Shape) -> &'static str {
    if node.muted { "muted" } else { Role::of(node.kind).name() }
}

pub(super) fn with_findings(text: &str, mark: Option<&Mark>) -> String {
    match mark {
        Some(mark) => format!("{text}\n{}", mark.lines.join("\n")),
        None => text.to_string(),
    }
}
