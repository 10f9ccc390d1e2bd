//! `Sequence → SVG`, in the diagram's colours and type.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::catalog::Kind;

use super::super::escape::escaped;
use super::super::glyphs;
use super::super::scene::{Point, Role};
use super::super::stroke::{number, rounded, tip};
use super::super::theme::{COLOURS, FONT, Theme, sheet_of};
use super::{Arrow, Head, Said, Sequence, Sort};

const RULES: &str = concat!(include_str!("../theme.css"), include_str!("sequence.css"));

/// One file without scripts, in the theme's colours.
pub fn sequence_svg(sequence: &Sequence, theme: Theme) -> String {
    let mut body = Body::default();
    body.write(sequence);
    let title: Vec<&str> = sequence.title.iter().map(|line| line.text.as_str()).collect();
    let title = escaped(&title.join(" "));
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"spof\" role=\"img\" \
         aria-label=\"{title}: sequence diagram, {} arrows\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" \
         font-family=\"{FONT}\">\n<title>{title}</title>\n<style>{}</style>\n",
        sequence.arrows.len(),
        sheet_of("spof", RULES, &COLOURS, theme, |class| body.classes.contains(class)),
        w = number(sequence.w),
        h = number(sequence.h),
    );
    out.push_str(&body.out);
    out.push_str("</svg>\n");
    out
}

#[derive(Default)]
struct Body {
    out: String,
    classes: BTreeSet<&'static str>,
}

impl Body {
    fn write(&mut self, sequence: &Sequence) {
        self.path("bg", &format!("M0 0H{}V{}H0z", number(sequence.w), number(sequence.h)));
        for line in &sequence.title {
            self.text("t", line, 20.0);
        }
        if let Some(line) = &sequence.subtitle {
            self.text("s", line, 12.0);
        }
        for [from, to] in &sequence.lifelines {
            self.path("life", &format!("M{} {}V{}", number(from.x), number(from.y), number(to.y)));
        }
        for bar in &sequence.bars {
            self.open(bar.kind);
            let at = &bar.at;
            let (x, y, w, h) = (number(at.x), number(at.y), number(at.w), number(at.h));
            self.path("bar", &format!("M{x} {y}h{w}v{h}h-{w}z"));
            self.out.push_str("</g>\n");
        }
        for frame in &sequence.frames {
            let at = &frame.at;
            let (x, y, right, bottom) = (number(at.x), number(at.y), number(at.right()), number(at.bottom()));
            self.path("frm", &format!("M{x} {y}H{right}V{bottom}H{x}z"));
            for &cut in &frame.dividers {
                self.path("cut", &format!("M{x} {}H{right}", number(cut)));
            }
            self.text("word", &frame.word, 10.0);
            self.text("wait", &frame.condition, 10.0);
        }
        for arrow in &sequence.arrows {
            self.arrow(arrow);
        }
        for head in &sequence.heads {
            self.head(head);
        }
    }

    fn path(&mut self, class: &'static str, d: &str) {
        self.classes.insert(class);
        let _ = writeln!(self.out, "<path class=\"{class}\" d=\"{d}\"/>");
    }

    fn text(&mut self, class: &'static str, said: &Said, baseline: f64) {
        self.classes.insert(class);
        let (x, y) = (number(said.at.x), number(said.at.y + baseline));
        let _ =
            writeln!(self.out, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{}</text>", escaped(&said.text));
    }

    fn open(&mut self, kind: Kind) {
        let role = Role::of(kind).name();
        self.classes.insert(role);
        let _ = write!(self.out, "<g class=\"{role}\">");
    }

    fn arrow(&mut self, arrow: &Arrow) {
        let (Some(&[before, end]), Some(&[start, next])) =
            (arrow.points.last_chunk(), arrow.points.first_chunk())
        else {
            return;
        };
        let _ = write!(self.out, "<g><title>{}</title>", escaped(&arrow.full));
        let class = match arrow.sort {
            Sort::Call | Sort::Stream => "e",
            Sort::Answer => "back",
            Sort::Handoff => "open",
        };
        if matches!(arrow.sort, Sort::Call | Sort::Stream) {
            self.path(class, &rounded(&arrow.points, arrow.sort == Sort::Stream));
            let mut heads = tip(before, end);
            if arrow.sort == Sort::Stream {
                heads.push_str(&tip(next, start));
            }
            self.path("h", &heads);
        } else {
            let mut line = String::new();
            for (at, point) in arrow.points.iter().enumerate() {
                let _ = write!(
                    line,
                    "{}{} {}",
                    if at == 0 { "M" } else { "L" },
                    number(point.x),
                    number(point.y)
                );
            }
            self.path(class, &line);
            self.path("open", &barbs(before, end));
        }
        for line in &arrow.label {
            self.text("say", line, 10.0);
        }
        for line in &arrow.note {
            self.text("wait", line, 10.0);
        }
        self.out.push_str("</g>\n");
    }

    fn head(&mut self, head: &Head) {
        self.open(head.kind);
        let at = &head.at;
        let _ = write!(self.out, "<title>{}</title>", escaped(&head.full));
        self.classes.extend(["c", "i"]);
        let (x, y, w, h) = (number(at.x), number(at.y), number(at.w), number(at.h));
        let _ = write!(
            self.out,
            "<rect class=\"c\" x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" rx=\"9\"/>\
             <rect class=\"i\" x=\"{}\" y=\"{}\" width=\"24\" height=\"24\" rx=\"5\"/>\
             <path fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.8\" stroke-linecap=\"round\" \
             stroke-linejoin=\"round\" transform=\"translate({} {}) scale(.7)\" d=\"{}\"/>",
            number(at.x + 8.0),
            number(at.y + at.h / 2.0 - 12.0),
            number(at.x + 11.6),
            number(at.y + at.h / 2.0 - 8.4),
            glyphs::path(head.kind)
        );
        for line in &head.lines {
            self.text("name", line, 13.0);
        }
        self.out.push_str("</g>\n");
    }
}

/// An open head, of what nobody waits for and of answers.
fn barbs(from: Point, to: Point) -> String {
    let back = if to.x < from.x { 8.0 } else { -8.0 };
    format!(
        "M{} {}L{} {}l{} 4.5",
        number(to.x + back),
        number(to.y - 4.5),
        number(to.x),
        number(to.y),
        number(back)
    )
}
