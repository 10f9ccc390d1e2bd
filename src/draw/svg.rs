//! `Scene → SVG`: one file that needs nothing else. No script, no foreign content; text is data, whatever it holds.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::catalog::Kind;
use crate::design::{Arrow, GroupKind};

use super::card::TEXT_LEFT;
use super::escape::escaped;
use super::glyphs;
use super::label;
use super::marks::{Mark, Marks};
use super::page::{self, NOTE_LINE, TITLE_LINE};
use super::scene::{Edge, Entry, Frame, Note, Point, Rect, Role, Scene, Shape, Swatch};
use super::stroke::{number, rounded, tip};
use super::text::{Weight, width};
use super::theme::{FONT, Theme, sheet};

/// In the viewer's preferred colours.
pub fn svg(scene: &Scene, marks: Option<&Marks>) -> String {
    svg_themed(scene, marks, Theme::Auto)
}

pub fn svg_themed(scene: &Scene, marks: Option<&Marks>, theme: Theme) -> String {
    let mut body = Body { out: String::new(), classes: BTreeSet::new() };
    body.write(scene, marks);
    let name = if scene.title.is_empty() { "System design".to_string() } else { scene.title.join(" ") };
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"spof\" role=\"img\" aria-label=\"{}: {}, {}\" \
         width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" font-family=\"{FONT}\">\n<title>{}</title>\n",
        escaped(&name),
        counted(scene.nodes.len(), "node"),
        counted(scene.edges.len(), "connection"),
        escaped(&name),
        w = number(scene.w),
        h = number(scene.h),
    );
    let _ = writeln!(out, "<style>{}</style>", sheet(theme, |class| body.classes.contains(class)));
    let kinds: BTreeSet<Kind> = scene.nodes.iter().map(|node| node.kind).collect();
    if !kinds.is_empty() {
        out.push_str("<defs>");
        for kind in kinds {
            // Attributes, not a class: a browser matches no rule that begins outside of what `use` copies.
            let _ = write!(
                out,
                "<symbol id=\"spof-{}\" viewBox=\"0 0 38 38\"><rect width=\"38\" height=\"38\" rx=\"8\"/>\
                 <path fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.7\" stroke-linecap=\"round\" \
                 stroke-linejoin=\"round\" transform=\"translate(7 7)\" d=\"{}\"/></symbol>",
                kind.name(),
                glyphs::path(kind)
            );
        }
        out.push_str("</defs>\n");
    }
    out.push_str(&body.out);
    out.push_str("</svg>\n");
    out
}

fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

struct Body {
    out: String,
    /// Those in use, so that the style sheet need not hold the rest.
    classes: BTreeSet<&'static str>,
}

impl Body {
    fn write(&mut self, scene: &Scene, marks: Option<&Marks>) {
        self.rect("bg", &Rect { x: 0.0, y: 0.0, w: scene.w, h: scene.h }, 0.0);
        self.out.push('\n');
        for (at, line) in scene.title.iter().enumerate() {
            let y = scene.title_at.y + 20.0 + at as f64 * TITLE_LINE;
            self.text("t", scene.title_at.x, y, line);
        }
        let under = under_title(scene, marks);
        if !under.is_empty() {
            self.text("s", scene.subtitle_at.x, scene.subtitle_at.y + 12.0, &under);
        }
        self.out.push('\n');
        for frame in &scene.groups {
            self.frame(frame);
        }
        for node in &scene.nodes {
            self.behind(node);
        }
        for edge in &scene.edges {
            self.edge(edge, marks.and_then(|marks| mark_of(marks, edge)));
        }
        for node in &scene.nodes {
            self.node(node, marks.and_then(|marks| marks.node(&node.id)));
        }
        for edge in &scene.edges {
            if let Some(label) = &edge.label {
                let at = label.at.center();
                self.text("l", at.x, at.y + 4.0, &label.text);
                self.out.push('\n');
            }
        }
        if let Some(marks) = marks {
            for edge in &scene.edges {
                if let Some(mark) = mark_of(marks, edge) {
                    let spot = badge_spot(edge, scene);
                    self.open(mark.worst.name());
                    self.title(&with_findings(&edge.full, Some(mark)));
                    self.badge(spot, mark.count);
                    self.out.push_str("</g>\n");
                }
            }
        }
        for note in &scene.notes {
            self.note(note);
        }
        for entry in &scene.legend {
            self.entry(entry);
        }
    }

    fn class(&mut self, class: &'static str) -> &'static str {
        self.classes.insert(class);
        class
    }

    fn open(&mut self, class: &'static str) {
        let class = self.class(class);
        let _ = write!(self.out, "<g class=\"{class}\">");
    }

    fn rect(&mut self, class: &'static str, at: &Rect, radius: f64) {
        let class = self.class(class);
        let _ = write!(
            self.out,
            "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"",
            number(at.x),
            number(at.y),
            number(at.w),
            number(at.h)
        );
        let round = if radius > 0.0 { format!(" rx=\"{}\"", number(radius)) } else { String::new() };
        let _ = write!(self.out, "{round}/>");
    }

    fn text(&mut self, class: &'static str, x: f64, y: f64, text: &str) {
        let class = self.class(class);
        let _ = write!(
            self.out,
            "<text class=\"{class}\" x=\"{}\" y=\"{}\">{}</text>",
            number(x),
            number(y),
            escaped(text)
        );
    }

    fn title(&mut self, text: &str) {
        let lines: Vec<String> = text.split('\n').map(escaped).collect();
        let _ = write!(self.out, "<title>{}</title>", lines.join("\n"));
    }

    fn frame(&mut self, frame: &Frame) {
        self.out.push_str("<g>");
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
    fn behind(&mut self, node: &Shape) {
        let copies = match node.instances {
            0 | 1 => return,
            2 => 1,
            _ => 2,
        };
        self.open(Role::of(node.kind).name());
        for copy in (1..=copies).rev() {
            let off = f64::from(copy) * 3.5;
            self.rect("c", &Rect { x: node.at.x + off, y: node.at.y + off, ..node.at }, 9.0);
        }
        self.out.push_str("</g>\n");
    }

    fn node(&mut self, node: &Shape, mark: Option<&Mark>) {
        let (w, h) = (node.at.w, node.at.h);
        let role = self.class(Role::of(node.kind).name());
        let worst = mark.map_or(String::new(), |mark| format!(" {}", self.class(mark.worst.name())));
        let _ = write!(
            self.out,
            "<g class=\"{role}{worst}\" transform=\"translate({} {})\">",
            number(node.at.x),
            number(node.at.y)
        );
        self.title(&with_findings(&node.full, mark));
        self.rect("c", &Rect { x: 0.0, y: 0.0, w, h }, 9.0);
        self.glyph(node.kind, 10.0, h / 2.0 - 16.0, 32.0);
        let mut y = if node.lines.len() > 1 { 21.0 } else { h / 2.0 - 3.0 };
        for line in &node.lines {
            self.text("n", TEXT_LEFT, y, line);
            y += 16.0;
        }
        self.text("d", TEXT_LEFT, y, &node.detail);
        for (at, note) in node.notes.iter().take(6).enumerate() {
            self.number_tag(Point { x: at as f64 * 18.0 - 4.0, y: -7.0 }, *note);
        }
        if let Some(mark) = mark {
            self.badge(Point { x: w - 2.0, y: 2.0 }, mark.count);
        }
        self.out.push_str("</g>\n");
    }

    /// A tile with its kind's picture.
    fn glyph(&mut self, kind: Kind, x: f64, y: f64, size: f64) {
        let class = self.class("i");
        let _ = write!(
            self.out,
            "<use class=\"{class}\" href=\"#spof-{}\" x=\"{}\" y=\"{}\" width=\"{size}\" height=\"{size}\"/>",
            kind.name(),
            number(x),
            number(y)
        );
    }

    fn badge(&mut self, at: Point, count: usize) {
        let class = self.class("m");
        let _ = write!(
            self.out,
            "<circle class=\"{class}\" cx=\"{}\" cy=\"{}\" r=\"9\"/>",
            number(at.x),
            number(at.y)
        );
        let text = if count > 99 { "99+".to_string() } else { count.to_string() };
        self.text("mt", at.x, at.y + 4.0, &text);
    }

    fn number_tag(&mut self, corner: Point, number: usize) {
        self.rect("note", &Rect { x: corner.x, y: corner.y, w: 16.0, h: 14.0 }, 3.0);
        self.text("nn", corner.x + 8.0, corner.y + 10.5, &number.to_string());
    }

    fn edge(&mut self, edge: &Edge, mark: Option<&Mark>) {
        if edge.points.len() < 2 {
            return;
        }
        let mut classes = Vec::new();
        if edge.arrow == Arrow::Control {
            classes.push(self.class("control"));
        }
        if let Some(mark) = mark {
            classes.push(self.class(mark.worst.name()));
        }
        if classes.is_empty() {
            self.out.push_str("<g>");
        } else {
            let _ = write!(self.out, "<g class=\"{}\">", classes.join(" "));
        }
        self.title(&with_findings(&edge.full, mark));
        self.line(edge.arrow, &edge.points);
        self.out.push_str("</g>\n");
    }

    fn line(&mut self, arrow: Arrow, points: &[Point]) {
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

    fn note(&mut self, note: &Note) {
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

    fn entry(&mut self, entry: &Entry) {
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
        }
        self.text("d", x + page::SWATCH, middle + 4.0, &entry.text);
        self.out.push_str("</g>\n");
    }
}

/// The problem and what was found, as far as the page is wide enough.
fn under_title(scene: &Scene, marks: Option<&Marks>) -> String {
    let Some(marks) = marks.filter(|_| !scene.title.is_empty()) else { return scene.subtitle.clone() };
    let summary = marks.summary();
    let both = format!("{} · {summary}", scene.subtitle);
    let room = scene.w - 2.0 * scene.subtitle_at.x;
    let fits = width(&both, page::SUBTITLE, Weight::Regular) <= room;
    if fits && !scene.subtitle.is_empty() { both } else { summary }
}

/// A connection is one line, whichever end a finding names first.
fn mark_of<'m>(marks: &'m Marks, edge: &Edge) -> Option<&'m Mark> {
    let back = || marks.hop(&edge.to, &edge.from).filter(|_| edge.arrow == Arrow::Stream);
    marks.hop(&edge.from, &edge.to).or_else(back)
}

fn with_findings(text: &str, mark: Option<&Mark>) -> String {
    match mark {
        Some(mark) => format!("{text}\n{}", mark.lines.join("\n")),
        None => text.to_string(),
    }
}

/// Beside the line's label, or on the line, off boxes where there is such a place.
fn badge_spot(edge: &Edge, scene: &Scene) -> Point {
    let shares = [0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8];
    let free = |point: &Point| {
        let around = Rect { x: point.x - 10.0, y: point.y - 10.0, w: 20.0, h: 20.0 };
        edge.label.as_ref().is_none_or(|label| !label.at.overlaps(&around))
            && scene.nodes.iter().all(|node| !node.at.overlaps(&around))
    };
    let beside = edge.label.iter().flat_map(|label| {
        let y = label.at.center().y;
        [Point { x: label.at.right() + 10.0, y }, Point { x: label.at.x - 10.0, y }]
    });
    let spots = || shares.into_iter().map(|share| label::share_of(&edge.points, share));
    beside.chain(spots()).find(free).or_else(|| spots().next()).unwrap_or(Point { x: 0.0, y: 0.0 })
}
