//! A picture under way: elements in, SVG out. No script, no foreign content; text is data, whatever it holds.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::colours::{ROOT, sheet};
use super::words;
use crate::draw::Theme;
use crate::draw::escape::escaped;
use crate::draw::stroke::number;
use crate::draw::text::{Weight, clean, wrap};
use crate::draw::theme::FONT;

pub const WIDTH: f64 = 960.0;
/// Free on each side.
pub const EDGE: f64 = 24.0;
/// How much of the width a line of words takes, so that a wider font than the one measured stays on the page.
const FILLED: f64 = 0.93;

const TITLE: f64 = 22.0;
const TITLE_LINE: f64 = 28.0;
const NOTE: f64 = 12.0;
const NOTE_LINE: f64 = 17.0;
const NOTE_LINES: usize = 2;

/// What a picture says in words.
#[derive(Debug, Default)]
pub struct Words {
    /// What there is to see, as a sentence.
    pub finding: String,
    /// Of what, and what is drawn.
    pub under: String,
    /// What the picture leaves out, and what it takes for granted.
    pub notes: Vec<String>,
}

pub struct Page {
    out: String,
    classes: BTreeSet<&'static str>,
    height: f64,
    name: String,
    about: String,
}

impl Page {
    /// With its words, and room for a picture of a height; and where that begins.
    pub fn new(words: &Words, picture: f64) -> (Page, f64) {
        let mut page = Page {
            out: String::new(),
            classes: BTreeSet::new(),
            height: 0.0,
            name: words::tip(&words.finding),
            about: words::tip(&words.under),
        };
        let room = (WIDTH - 2.0 * EDGE) * FILLED;
        let mut y = EDGE;
        for line in wrap(&clean(&words.finding), TITLE, Weight::Bold, room, 2) {
            page.text("t", EDGE, y + 20.0, &line);
            y += TITLE_LINE;
        }
        let under = words::fitted(&words.under, 13.0, Weight::Regular, room);
        if !under.is_empty() {
            page.text("s", EDGE, y + 14.0, &under);
        }
        let top = y + 34.0;
        y = top + picture;
        for note in &words.notes {
            y += 4.0;
            for line in wrap(&clean(note), NOTE, Weight::Regular, room, NOTE_LINES) {
                page.text("note", EDGE, y + NOTE, &line);
                y += NOTE_LINE;
            }
        }
        page.height = y + EDGE - 8.0;
        (page, top)
    }

    /// Each word of `classes` is a class.
    fn class(&mut self, classes: &'static str) {
        self.classes.extend(classes.split(' '));
    }

    pub fn rect(&mut self, class: &'static str, x: f64, y: f64, w: f64, h: f64) {
        self.class(class);
        let [x, y, w, h] = [x, y, w, h].map(number);
        let _ =
            write!(self.out, "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\"/>");
    }

    /// Path data from points that are joined by straight lines.
    pub fn line(&mut self, class: &'static str, points: &[(f64, f64)]) {
        self.class(class);
        let points: Vec<String> =
            points.iter().map(|&(x, y)| format!("{} {}", number(x), number(y))).collect();
        let _ = write!(self.out, "<path class=\"{class}\" d=\"M{}\"/>", points.join("L"));
    }

    /// The same, closed and filled.
    pub fn shape(&mut self, class: &'static str, points: &[(f64, f64)]) {
        self.line(class, points);
        let end = self.out.len() - "\"/>".len();
        self.out.insert(end, 'z');
    }

    pub fn circle(&mut self, class: &'static str, x: f64, y: f64, radius: f64) {
        self.class(class);
        let [x, y, r] = [x, y, radius].map(number);
        let _ = write!(self.out, "<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"{r}\"/>");
    }

    pub fn text(&mut self, class: &'static str, x: f64, y: f64, text: &str) {
        self.class(class);
        let [x, y] = [x, y].map(number);
        let _ = writeln!(self.out, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{}</text>", escaped(text));
    }

    /// A name and what is said of it. Whichever way the name's script runs, what is said stands after it.
    pub fn said(&mut self, x: f64, y: f64, name: &str, value: &str) {
        self.class("name v");
        let [x, y] = [x, y].map(number);
        // Escaped first: of a label, characters that turn the writing round are not let through.
        let name = escaped(name);
        let name = if name.is_ascii() { name } else { format!("\u{2068}{name}\u{2069}") };
        let _ = writeln!(
            self.out,
            "<text class=\"name\" x=\"{x}\" y=\"{y}\">{}<tspan class=\"v\" dx=\"5\">{}</tspan></text>",
            name,
            escaped(value)
        );
    }

    /// A line that ends at `x`, some of it bold.
    pub fn spans(&mut self, x: f64, y: f64, parts: &[(bool, &str)]) {
        self.class("w end b");
        let [x, y] = [x, y].map(number);
        let _ = write!(self.out, "<text class=\"w end\" x=\"{x}\" y=\"{y}\">");
        for (bold, part) in parts.iter().filter(|(_, part)| !part.is_empty()) {
            let part = escaped(part);
            let _ = match bold {
                true => write!(self.out, "<tspan class=\"b\">{part}</tspan>"),
                false => write!(self.out, "{part}"),
            };
        }
        self.out.push_str("</text>\n");
    }

    /// Upwards, beside an axis.
    pub fn text_up(&mut self, class: &'static str, x: f64, y: f64, text: &str) {
        self.class(class);
        let [x, y] = [x, y].map(number);
        let _ = writeln!(
            self.out,
            "<text class=\"{class}\" transform=\"translate({x} {y}) rotate(-90)\">{}</text>",
            escaped(text)
        );
    }

    /// Elements that belong together, with what a pointer over them shows.
    pub fn open(&mut self, class: &'static str, tip: &str) {
        self.class(class);
        let _ = write!(self.out, "<g class=\"{class}\"><title>{}</title>", escaped(&words::tip(tip)));
    }

    pub fn close(&mut self) {
        self.out.push_str("</g>\n");
    }

    pub fn finish(mut self, theme: Theme) -> String {
        self.classes.insert("bg");
        let name = escaped(&self.name);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"{ROOT}\" role=\"img\" aria-label=\"{name}\" \
             width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" font-family=\"{FONT}\">\n<title>{name}</title>\n\
             <desc>{name}. {}</desc>\n<style>{}</style>\n<rect class=\"bg\" width=\"{w}\" height=\"{h}\"/>\n{}</svg>\n",
            escaped(&self.about),
            sheet(theme, |class| self.classes.contains(class)),
            self.out,
            w = number(WIDTH),
            h = number(self.height),
        )
    }
}
