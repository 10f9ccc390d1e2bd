//! One diagnostic whole: its title, its place in the source, and what is to be said of it. The only file that knows
//! annotate-snippets.
//!
//! What is handed on is only the few lines that are shown, and of a very long line only the part around what is meant, so
//! that an excerpt costs the same in a file of any size.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::wrap::columns;
use super::{Style, Wrap, clean};
use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::source::{Source, Span};

/// Labels further apart than this many lines stand in excerpts of their own.
const APART: usize = 200;
/// A line longer than this many bytes is cut around what is meant.
const LONG: usize = 300;
/// Of one diagnostic, at most this many places are shown.
const PLACES: usize = 8;

/// A diagnostic as a block of lines, without a blank line after it.
pub fn whole(source: &Source, diagnostic: &Diagnostic, style: Style) -> String {
    let paint = style.paint();
    let mut out = title(diagnostic, style);
    let labels = places(diagnostic);
    let last = labels.iter().map(|label| source.place(label.span.start).line).max().unwrap_or(1);
    let gutter = last.to_string().len() + 1;
    let place = source.place(diagnostic.at.span.start);
    out.push_str(&format!(
        "\n{}{} {}:{}:{}",
        " ".repeat(gutter - 1),
        paint.frame("-->"),
        clean(&source.name),
        place.line,
        place.column
    ));
    let (shown, moved) = fitting(source, &labels, gutter, style);
    out.push('\n');
    out.push_str(&render(source, diagnostic.severity, &shown, style));
    let mut note = |name: &str, text: &str| {
        out.push('\n');
        out.push_str(&set_note(name, text, gutter, style));
    };
    for (name, text) in &moved {
        note(name, text);
    }
    for line in &diagnostic.evidence {
        note("evidence", line);
    }
    if !diagnostic.consequence.is_empty() {
        note("what happens", &diagnostic.consequence);
    }
    if !diagnostic.fix.is_empty() {
        note("fix", &diagnostic.fix);
    }
    for line in &diagnostic.help {
        note("", line);
    }
    if crate::rules::find(diagnostic.code).is_some() {
        note("more", &format!("spof explain {}", diagnostic.code));
    }
    out
}

/// `error[rule]: message`; a mistake has no page, so its kind is not named.
fn title(diagnostic: &Diagnostic, style: Style) -> String {
    let name = diagnostic.severity.name();
    let head =
        if diagnostic.is_mistake() { name.to_string() } else { format!("{name}[{}]", diagnostic.code) };
    let first = columns(&head) + 2;
    let lines = Wrap { width: style.width, first, hang: 2 }.lines(&diagnostic.message);
    let paint = style.paint();
    let message: Vec<String> = lines.iter().map(|line| paint.bold(line)).collect();
    format!("{}{} {}", paint.severity(diagnostic.severity, &head), paint.bold(":"), message.join("\n  "))
}

/// `   = fix: text`, its later lines under the text where there is room.
fn set_note(name: &str, text: &str, gutter: usize, style: Style) -> String {
    let paint = style.paint();
    let head = if name.is_empty() { String::new() } else { format!("{name}: ") };
    let first = gutter + 2 + columns(&head);
    let hang = if style.width >= 76 { first } else { gutter + 4 };
    let text = Wrap { width: style.width, first, hang }.text(text);
    format!("{}{} {}{text}", " ".repeat(gutter), paint.frame("="), paint.bold(&head))
}

/// The labels to show, the main one first.
fn places(diagnostic: &Diagnostic) -> Vec<&Label> {
    std::iter::once(&diagnostic.at).chain(&diagnostic.labels).take(PLACES).collect()
}

/// A label on one line of the source.
struct Shown {
    main: bool,
    line: usize,
    span: Span,
    text: String,
}

/// The labels on their lines, and those texts that are too wide to stand there, each with a name for its place.
fn fitting(
    source: &Source,
    labels: &[&Label],
    gutter: usize,
    style: Style,
) -> (Vec<Shown>, Vec<(String, String)>) {
    let mut shown = Vec::new();
    let mut moved = Vec::new();
    for (at, label) in labels.iter().enumerate() {
        let line = source.place(label.span.start).line;
        let bounds = bounds(source, line);
        let start = label.span.start.min(bounds.end);
        let span = Span::new(start, label.span.end.clamp(start, bounds.end));
        let mut text = clean(&label.text).into_owned();
        let (before, marked) = (Span::new(bounds.start, span.start), span);
        let taken = if bounds.len() > LONG {
            style.width
        } else {
            gutter + 2 + columns(before.text(&source.text)) + columns(marked.text(&source.text)).max(1) + 1
        };
        if taken + columns(&text) > style.width {
            let name = if at == 0 { String::new() } else { format!("line {line}") };
            moved.push((name, std::mem::take(&mut text)));
        }
        shown.push(Shown { main: at == 0, line, span, text });
    }
    moved.retain(|(_, text)| !text.is_empty());
    (shown, moved)
}

/// The lines of source with their marks, without the header and without a blank line at the end.
fn render(source: &Source, severity: Severity, shown: &[Shown], style: Style) -> String {
    let mut by_line: Vec<&Shown> = shown.iter().collect();
    by_line.sort_by_key(|label| (label.line, label.span));
    let mut parts: Vec<Vec<&Shown>> = Vec::new();
    for label in by_line {
        match parts.last_mut() {
            Some(part) if label.line - part.last().map_or(0, |last| last.line) <= APART => part.push(label),
            _ => parts.push(vec![label]),
        }
    }
    // The part with the main label stands under the header; the others have a header of their own.
    parts.sort_by_key(|part| !part.iter().any(|label| label.main));
    let name = clean(&source.name);
    let group = parts.iter().enumerate().fold(Group::with_level(level(severity)), |group, (at, part)| {
        let snippet = snippet(source, part);
        group.element(if at == 0 { snippet } else { snippet.path(name.as_ref()) })
    });
    let renderer = if style.color { Renderer::styled() } else { Renderer::plain() };
    renderer.term_width(style.width).render(&[group]).trim_end().to_string()
}

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    }
}

/// The lines from the first label to the last; those that would be folded away are left empty.
fn snippet<'a>(source: &Source, labels: &[&Shown]) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let (first, last) = (labels[0].line, labels[labels.len() - 1].line);
    let mut text = String::new();
    let mut annotations = Vec::new();
    for line in first..=last {
        let own: Vec<&&Shown> = labels.iter().filter(|label| label.line == line).collect();
        let near = labels.iter().any(|label| label.line.abs_diff(line) <= 3);
        if near {
            let window = window(source, line, own.first().map(|label| label.span));
            let mark = if window.start > bounds(source, line).start { "…" } else { "" };
            text.push_str(mark);
            let shift = text.len();
            let shown = window.text(&source.text).replace("##[", "##(");
            text.extend(shown.chars().map(harmless));
            for label in own {
                let place = |at: usize| at.clamp(window.start, window.end) - window.start + shift;
                let span = place(label.span.start)..place(label.span.end);
                let kind = if label.main { AnnotationKind::Primary } else { AnnotationKind::Context };
                let annotation = kind.span(span);
                annotations.push(if label.text.is_empty() {
                    annotation
                } else {
                    annotation.label(label.text.clone())
                });
            }
            if window.end < bounds(source, line).end {
                text.push('…');
            }
        }
        text.push('\n');
    }
    Snippet::source(text).line_start(first).annotations(annotations)
}

/// What annotate-snippets lets pass and a terminal may obey, as something of the same length.
fn harmless(c: char) -> char {
    match c {
        '\u{80}'..='\u{9f}' => '\u{b7}',
        '\u{2028}' | '\u{2029}' => '\u{fffd}',
        c => c,
    }
}

/// A line without its ending, be it that of another system.
fn bounds(source: &Source, line: usize) -> Span {
    let span = source.line_span(line);
    let text = span.text(&source.text);
    Span::new(span.start, span.start + text.strip_suffix('\r').unwrap_or(text).len())
}

/// What is shown of a line: all of it, or the part around a span.
fn window(source: &Source, line: usize, around: Option<Span>) -> Span {
    let bounds = bounds(source, line);
    if bounds.len() <= LONG {
        return bounds;
    }
    let start = around.map_or(bounds.start, |span| span.start);
    let mut from = start.saturating_sub(LONG / 10).max(bounds.start);
    let mut to = (start + LONG / 3).min(bounds.end);
    while !source.text.is_char_boundary(from) {
        from -= 1;
    }
    while !source.text.is_char_boundary(to) {
        to += 1;
    }
    Span::new(from, to)
}
