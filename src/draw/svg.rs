//! `Scene → SVG`: one file that needs nothing else. No script, no foreign content; text is data, whatever it holds.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::catalog::Kind;
use crate::design::Arrow;

use super::escape::escaped;
use super::glyphs;
use super::marks::{Mark, Marks};
use super::ornaments::{SIGN, summary_part};
use super::page::{self, TITLE_LINE};
use super::palette::Palette;
use super::scene::{Edge, Rect, Scene};
use super::shapes::with_findings;
use super::spots::spot;
use super::stroke::number;
use super::text::{Weight, width};
use super::theme::{FONT, Theme, sheet};

/// In the viewer's preferred colours.
pub fn svg(scene: &Scene, marks: Option<&Marks>) -> String {
    svg_themed(scene, marks, Theme::Auto)
}

pub fn svg_themed(scene: &Scene, marks: Option<&Marks>, theme: Theme) -> String {
    svg_in(scene, marks, theme, &Palette::default())
}

/// In a reader's own colours.
pub fn svg_in(scene: &Scene, marks: Option<&Marks>, theme: Theme, palette: &Palette) -> String {
    let mut body = Body { out: String::new(), classes: BTreeSet::new() };
    body.write(scene, marks);
    let name = if scene.title.is_empty() { "System design".to_string() } else { scene.title.join(" ") };
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"spof\" role=\"graphics-document document\" aria-label=\"{}: {}, {}\" \
         width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" font-family=\"{FONT}\">\n<title>{}</title>\n",
        escaped(&name),
        counted(scene.nodes.len(), "node"),
        counted(scene.edges.len(), "connection"),
        escaped(&name),
        w = number(scene.w),
        h = number(scene.h),
    );
    if !scene.told.is_empty() {
        let _ = writeln!(out, "<desc>{}</desc>", escaped(&scene.told));
    }
    let _ = writeln!(out, "<style>{}</style>", sheet(theme, palette, |class| body.classes.contains(class)));
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

pub(super) struct Body {
    pub(super) out: String,
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
        self.under_title(scene, marks);
        self.out.push('\n');
        for frame in &scene.groups {
            self.frame(frame);
        }
        for node in &scene.nodes {
            self.behind(node);
        }
        // What is muted lies under what is not.
        for muted in [true, false] {
            for edge in scene.edges.iter().filter(|edge| edge.muted == muted) {
                self.edge(edge, marks.and_then(|marks| mark_of(marks, edge)));
            }
        }
        for node in &scene.nodes {
            let mark = marks.and_then(|marks| marks.node(&node.id));
            let leads = self.link(marks, mark);
            self.node(node, mark);
            self.out.push_str(if leads { "</a>\n" } else { "" });
        }
        for edge in &scene.edges {
            self.label(edge);
        }
        for edge in &scene.edges {
            self.steps(edge);
        }
        let mut taken: Vec<Rect> = scene.edges.iter().filter_map(|edge| edge.steps_at).collect();
        if let Some(marks) = marks {
            let marked = scene.nodes.iter().filter(|node| marks.node(&node.id).is_some());
            taken.extend(marked.map(|node| {
                Rect { x: node.at.right() + 2.0, y: node.at.y - 3.0, w: 0.0, h: 0.0 }.grown(11.0)
            }));
        }
        for (at, edge) in scene.edges.iter().enumerate() {
            if let Some(mark) = marks.and_then(|marks| mark_of(marks, edge)) {
                let spot = spot(scene, at, SIGN.0, SIGN.1, &taken);
                taken.push(Rect { x: spot.x - SIGN.0 / 2.0, y: spot.y - SIGN.1 / 2.0, w: SIGN.0, h: SIGN.1 });
                let leads = self.link(marks, Some(mark));
                self.open(mark.worst.name());
                self.title(&with_findings(&edge.full, Some(mark)));
                self.badge(spot, mark.worst, mark.count);
                self.out.push_str(if leads { "</g></a>\n" } else { "</g>\n" });
            }
        }
        for note in &scene.notes {
            self.note(note);
        }
        for entry in &scene.legend {
            self.entry(entry);
        }
    }

    pub(super) fn class(&mut self, class: &'static str) -> &'static str {
        self.classes.insert(class);
        class
    }

    pub(super) fn open(&mut self, class: &'static str) {
        let class = self.class(class);
        let _ = write!(self.out, "<g class=\"{class}\">");
    }

    pub(super) fn rect(&mut self, class: &'static str, at: &Rect, radius: f64) {
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

    pub(super) fn text(&mut self, class: &'static str, x: f64, y: f64, text: &str) {
        let class = self.class(class);
        let _ = write!(
            self.out,
            "<text class=\"{class}\" x=\"{}\" y=\"{}\">{}</text>",
            number(x),
            number(y),
            escaped(text)
        );
    }

    /// The problem and what was found, as far as the page is wide enough.
    fn under_title(&mut self, scene: &Scene, marks: Option<&Marks>) {
        let (mut x, y) = (scene.subtitle_at.x, scene.subtitle_at.y + 12.0);
        let mut room = scene.w - 2.0 * x;
        let marks = marks.filter(|_| !scene.title.is_empty());
        let Some(marks) = marks else {
            if !scene.subtitle.is_empty() {
                self.text("s", x, y, &scene.subtitle);
            }
            return;
        };
        if marks.worst().is_none() {
            let both = format!("{} · {}", scene.subtitle, marks.summary());
            let fits = !scene.subtitle.is_empty() && width(&both, page::SUBTITLE, Weight::Regular) <= room;
            self.text("s", x, y, if fits { &both } else { "no findings" });
            return;
        }
        let found: f64 = marks.parts().iter().map(|(_, text)| summary_part(text)).sum();
        let said = 18.0 + width(&scene.subtitle, page::SUBTITLE, Weight::Regular);
        if !scene.subtitle.is_empty() && said + found <= room {
            self.text("s", x, y, &scene.subtitle);
            x += said;
            room -= said;
        }
        match found <= room {
            true => self.summary(x, y, marks),
            false => self.text("s", x, y, &marks.summary()),
        }
    }

    /// Opens a link to what is said of a thing, where there is a page that says it.
    fn link(&mut self, marks: Option<&Marks>, mark: Option<&Mark>) -> bool {
        let target = marks.zip(mark).and_then(|(marks, mark)| marks.target(mark));
        if let Some(target) = &target {
            let _ = write!(self.out, "<a href=\"{}\">", escaped(target));
        }
        target.is_some()
    }

    pub(super) fn title(&mut self, text: &str) {
        let lines: Vec<String> = text.split('\n').map(escaped).collect();
        let _ = write!(self.out, "<title>{}</title>", lines.join("\n"));
    }
}

/// A connection is one line, whichever end a finding names first.
fn mark_of<'m>(marks: &'m Marks, edge: &Edge) -> Option<&'m Mark> {
    let back = || marks.hop(&edge.to, &edge.from).filter(|_| edge.arrow == Arrow::Stream);
    marks.hop(&edge.from, &edge.to).or_else(back)
}
