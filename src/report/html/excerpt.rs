//! The lines of a design that something is said about, with what is to be said of each place.

use super::writer::Writer;
use crate::diagnostic::{Diagnostic, Label};
use crate::source::{Source, Span};

/// A line longer than this many bytes is cut around what is meant.
const LONG: usize = 240;
/// Of one diagnostic, at most this many places are shown.
const PLACES: usize = 8;

/// A place on one line.
struct Shown<'a> {
    main: bool,
    line: usize,
    span: Span,
    text: &'a str,
}

pub fn excerpt(page: &mut Writer, source: &Source, diagnostic: &Diagnostic) {
    let labels = std::iter::once(&diagnostic.at).chain(&diagnostic.labels).take(PLACES);
    let mut shown: Vec<Shown> = labels.enumerate().map(|(at, label)| place(source, label, at == 0)).collect();
    shown.sort_by_key(|place| (place.line, place.span));
    let place = source.place(diagnostic.at.span.start);
    page.element("figure", &[("class", "source")], |page| {
        page.element("figcaption", &[], |page| {
            let line = format!("#line-{}", place.line);
            page.element("a", &[("href", &line)], |page| {
                page.text(&format!("{}:{}:{}", source.name, place.line, place.column));
            });
        });
        page.element("pre", &[], |page| {
            let mut before: Option<usize> = None;
            for group in shown.chunk_by(|one, next| one.line == next.line) {
                let line = group[0].line;
                if before.is_some_and(|before| before + 1 < line) {
                    page.element("span", &[("class", "gap")], |page| page.raw("⋯\n"));
                }
                before = Some(line);
                one_line(page, source, line, group);
            }
        });
    });
}

fn place<'a>(source: &Source, label: &'a Label, main: bool) -> Shown<'a> {
    let line = source.place(label.span.start).line;
    let bounds = bounds(source, line);
    let start = label.span.start.min(bounds.end);
    let span = Span::new(start, label.span.end.clamp(start, bounds.end));
    Shown { main, line, span, text: &label.text }
}

fn one_line(page: &mut Writer, source: &Source, line: usize, places: &[Shown]) {
    let window = window(source, line, places[0].span);
    let bounds = bounds(source, line);
    page.element("span", &[("class", "row")], |page| {
        page.leaf("span", &[("class", "no")], &line.to_string());
        page.element("span", &[("class", "code")], |page| {
            page.text(if window.start > bounds.start { "…" } else { "" });
            let mut cuts: Vec<usize> = places
                .iter()
                .flat_map(|place| [place.span.start, place.span.end])
                .chain([window.start, window.end])
                .map(|at| at.clamp(window.start, window.end))
                .collect();
            cuts.sort_unstable();
            cuts.dedup();
            for piece in cuts.windows(2) {
                let text = Span::new(piece[0], piece[1]).text(&source.text);
                let over = |place: &&Shown| place.span.start <= piece[0] && piece[1] <= place.span.end;
                match places.iter().filter(over).max_by_key(|place| place.main) {
                    Some(place) => {
                        page.leaf("mark", &[("class", if place.main { "main" } else { "" })], text)
                    }
                    None => page.text(text),
                }
            }
            page.text(if window.end < bounds.end { "…" } else { "" });
        });
        page.raw("\n");
    });
    for place in places.iter().filter(|place| !place.text.is_empty()) {
        // Under what it is about, as far as a narrow page has room for that.
        let before = Span::new(window.start, place.span.start.clamp(window.start, window.end));
        let column = format!("--at:{}ch", before.text(&source.text).chars().count());
        let class = if place.main { "say main" } else { "say" };
        page.element("span", &[("class", class), ("style", &column)], |page| {
            page.prose(&format!("↑ {}", place.text));
            page.raw("\n");
        });
    }
}

/// A line without its ending, be it that of another system.
fn bounds(source: &Source, line: usize) -> Span {
    let span = source.line_span(line);
    let text = span.text(&source.text);
    Span::new(span.start, span.start + text.strip_suffix('\r').unwrap_or(text).len())
}

/// What is shown of a line: all of it, or the part around a span.
fn window(source: &Source, line: usize, around: Span) -> Span {
    let bounds = bounds(source, line);
    if bounds.len() <= LONG {
        return bounds;
    }
    let mut from = around.start.saturating_sub(LONG / 10).max(bounds.start);
    let mut to = (around.start + LONG * 2 / 3).min(bounds.end);
    while !source.text.is_char_boundary(from) {
        from -= 1;
    }
    while !source.text.is_char_boundary(to) {
        to += 1;
    }
    Span::new(from, to)
}
