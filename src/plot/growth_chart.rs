//! `Growth → SVG`: both axes by ratio, so that each node is a straight line and its distance from the limit can be seen.

use super::apart::{Flag, rows, spread};
use super::axis::{Span, log_ticks};
use super::growth::{Growth, Line};
use super::page::{EDGE, Page, WIDTH, Words};
use super::words::{self, counted, list, sentences};
use crate::draw::Theme;
use crate::draw::text::{Weight, width};
use crate::units::{show_number, show_share};

/// Growth that is looked at, in times today's load.
const MOST: f64 = 1000.0;
/// Of a capacity, where the picture begins.
const LEAST: f64 = 0.001;
const LINES: usize = 10;

const LEFT: f64 = EDGE + 62.0;
const HEIGHT: f64 = 380.0;
const ROW: f64 = 20.0;
/// The widest label, name and factor.
const LABEL: f64 = 190.0;
const NAMED: usize = 5;

/// Colour and pattern of the lines, in the order in which they break.
const STYLES: [(&str, &str); LINES] = [
    ("c0", "line"),
    ("c1", "line"),
    ("c2", "line"),
    ("c3", "line"),
    ("c4", "line"),
    ("c0", "line dash"),
    ("c1", "line dash"),
    ("c2", "line dash"),
    ("c3", "line dash"),
    ("c4", "line dash"),
];

/// Shrinking that is looked at, where something is past its capacity today.
const FEWEST: f64 = 0.001;

/// Where the picture stands: the load that it begins with, its right end, and the line of 100 %.
#[derive(Clone, Copy)]
struct Frame {
    from: f64,
    right: f64,
    limit: f64,
}

/// At most 15 KB whatever the design holds.
pub fn draw_growth(growth: &Growth, theme: Theme) -> String {
    let seen = growth.lines.iter().take_while(|line| line.used * MOST > LEAST);
    let shown: Vec<&Line> = seen.take(LINES).collect();
    let words = said(growth, &shown);
    if shown.is_empty() {
        return Page::new(&words, 0.0).0.finish(theme);
    }
    let breaking = shown.iter().take_while(|line| line.breaks_at() <= MOST).count();
    let (now, later) = shown.split_at(breaking);
    // The power of ten below the first to break.
    let from = 10f64.powf(shown[0].breaks_at().log10().floor()).clamp(FEWEST, 1.0);
    let flags = |right: f64| -> Vec<Flag> {
        let frame = Frame { from, right, limit: 0.0 };
        let flag = |line: &&Line| Flag { x: across(line.breaks_at(), frame), width: label(line).2 + 12.0 };
        now.iter().map(flag).collect()
    };
    // The whole width, unless labels stand beside it.
    let whole = WIDTH - EDGE - 16.0;
    let fits = later.is_empty() && flags(whole).iter().all(|flag| flag.x + flag.width <= WIDTH - EDGE);
    let right = if fits { whole } else { WIDTH - EDGE - LABEL };
    let flags = flags(right);
    let rows = rows(&flags);
    let above = rows.iter().max().map_or(0, |row| row + 1) as f64 * ROW + 14.0;
    let (mut page, top) = Page::new(&words, above + HEIGHT + 56.0);
    let frame = Frame { from, right, limit: top + above };
    axes(&mut page, frame);
    // Those that break first lie on top, and their points on all lines.
    for (line, (colour, stroke)) in shown.iter().zip(STYLES).rev() {
        page.open(colour, &format!("{}: {}", line.id, line.how));
        course(&mut page, stroke, line, frame);
        page.close();
    }
    for (((line, (colour, _)), flag), row) in now.iter().zip(STYLES).zip(&flags).zip(rows) {
        page.open(colour, &format!("{}: {}", line.id, line.how));
        let y = frame.limit - 14.0 - row as f64 * ROW;
        page.line("lead", &[(flag.x, frame.limit), (flag.x, y - 8.0)]);
        point(&mut page, line, flag.x, frame);
        let (name, factor, _) = label(line);
        page.said(flag.x + 6.0, y, &name, &factor);
        page.close();
    }
    let wished: Vec<f64> = later.iter().map(|line| down(line.used * MOST, frame)).collect();
    let places = spread(&wished, &vec![17.0; wished.len()], frame.limit + 2.0, frame.limit + HEIGHT + 8.0);
    for (line, y) in later.iter().zip(places) {
        let (name, factor, _) = label(line);
        page.said(right + 8.0, y + 4.0, &name, &factor);
    }
    page.finish(theme)
}

fn across(factor: f64, frame: Frame) -> f64 {
    Span { from: LEFT, length: frame.right - LEFT }.log(factor, frame.from, MOST)
}

fn down(used: f64, frame: Frame) -> f64 {
    Span { from: frame.limit + HEIGHT, length: -HEIGHT }.log(used, LEAST, 1.0)
}

fn axes(page: &mut Page, frame: Frame) {
    let Frame { from, right, limit } = frame;
    let floor = limit + HEIGHT;
    // Over many decades, their ends have to do.
    let decades = (MOST / from).log10();
    let named = |tick: &f64| decades < 4.5 || (tick.log10() - tick.log10().round()).abs() < 1e-9;
    for tick in log_ticks(from, MOST).into_iter().filter(named) {
        let x = across(tick, frame);
        page.line("g", &[(x, limit), (x, floor)]);
        page.text("tick mid", x, floor + 18.0, &format!("×{}", show_number(tick)));
    }
    for tick in log_ticks(LEAST, 1.0) {
        let y = down(tick, frame);
        page.line("g", &[(LEFT, y), (right, y)]);
        page.text("tick end", LEFT - 12.0, y + 4.0, &show_share(tick));
    }
    page.line("a", &[(LEFT, limit), (LEFT, floor), (right, floor)]);
    page.line("limit", &[(LEFT, limit), (right, limit)]);
    if from < 1.0 {
        let today = across(1.0, frame);
        page.line("limit", &[(today, limit), (today, floor)]);
        page.text("mark halo", today + 6.0, floor - 8.0, "today");
    }
    page.text("axis-name mid", (LEFT + right) / 2.0, floor + 40.0, "load of all flows, in times today's");
    page.text_up("axis-name mid", EDGE + 8.0, limit + HEIGHT / 2.0, "capacity in use at the peak");
}

/// From today's load to where it breaks, or out of the picture.
fn course(page: &mut Page, stroke: &'static str, line: &Line, frame: Frame) {
    let from = (LEAST / line.used).max(frame.from);
    let to = line.breaks_at().min(MOST);
    if to > from {
        let at = |factor: f64| (across(factor, frame), down(line.used * factor, frame));
        page.line(stroke, &[at(from), at(to)]);
    }
}

/// Where it breaks; an arrow to the left of what does so before the picture begins.
fn point(page: &mut Page, line: &Line, x: f64, frame: Frame) {
    let y = frame.limit;
    if line.breaks_at() < frame.from {
        page.shape("o", &[(x - 10.0, y), (x + 1.0, y - 6.5), (x + 1.0, y + 6.5)]);
    } else {
        page.circle("o", x, y, 5.5);
    }
}

/// Its name, where it breaks, and how wide the two are.
fn label(line: &Line) -> (String, String, f64) {
    let no_more = if line.at_least { "≤ " } else { "" };
    let factor = format!("{no_more}×{}", show_number(line.breaks_at()));
    let value = width(&format!(" {factor}"), 13.0, Weight::Regular);
    let name = words::fitted(&line.id, 13.0, Weight::Bold, LABEL - 20.0 - value);
    let whole = width(&name, 13.0, Weight::Bold) + value;
    (name, factor, whole)
}

fn said(growth: &Growth, shown: &[&Line]) -> Words {
    let mut notes = Vec::new();
    if growth.lines.len() > shown.len() {
        let later = &growth.lines[shown.len()..];
        let names = list(later.iter().map(|line| line.id.as_str()), NAMED);
        notes.push(format!("Not drawn, as they break later: {names}."));
    }
    if !growth.unknown.is_empty() {
        let names = list(growth.unknown.iter().map(|(id, _)| id.as_str()), NAMED);
        let wants: Vec<String> = growth.wants().into_iter().map(str::to_string).collect();
        notes.push(format!(
            "Not drawn, as too little is said of them: {names}. Wanted: {}.",
            sentences(&wants, NAMED)
        ));
    }
    if !growth.others.is_empty() {
        let names = list(growth.others.iter().map(String::as_str), NAMED);
        notes.push(format!("Not drawn, as others run them and no limit is stated: {names}."));
    }
    let assumed = growth.assumed();
    if !assumed.is_empty() {
        let what: Vec<String> =
            assumed.iter().map(|assumed| format!("{} (grade {:?})", assumed.what, assumed.grade)).collect();
        notes.push(format!(
            "Assumed: {}; `capacity=` says otherwise, and `spof numbers --why` has the sources.",
            sentences(&what, NAMED)
        ));
    }
    if growth.lines.iter().any(|line| line.at_least) {
        notes.push(
            "≤: only a part of its load is known; with the rest it breaks sooner than drawn.".to_string(),
        );
    }
    let title = growth.title.as_deref().map_or(String::new(), |title| format!("{} · ", words::short(title)));
    let all = growth.lines.len() + growth.unknown.len() + growth.others.len();
    let under = match shown.len() {
        0 => format!("{title}{} that flows lead to", counted(all, "node")),
        some => format!(
            "{title}{} of {all} that flows lead to; hit rates and shares stay as they are",
            counted(some, "node")
        ),
    };
    Words { finding: finding(growth), under, notes }
}

/// Which breaks first, and when.
fn finding(growth: &Growth) -> String {
    let Some(first) = growth.lines.first() else {
        return "No node has both a load and a capacity that are known".to_string();
    };
    let with: Vec<&str> = growth
        .lines
        .iter()
        .take_while(|line| first.used - line.used <= 1e-9 * first.used)
        .map(|line| line.id.as_str())
        .collect();
    // A capacity of the catalogue is no promise of this design.
    let assumed = if first.assumed.is_empty() { "" } else { " (assumed capacity)" };
    let (names, times) = (list(with.iter().copied(), 2), show_number(first.breaks_at()));
    let one = with.len() == 1;
    let s = if one { "s" } else { "" };
    if first.used > 1.0 {
        let least = if first.at_least { "at least " } else { "" };
        let is = if one { "is past what it carries" } else { "are past what they carry" };
        return format!("{names} {is} at today's load: {least}{} of it{assumed}", show_share(first.used));
    }
    let partly = !growth.unknown.is_empty() || growth.lines.iter().any(|line| line.at_least);
    let known = if partly { "Of what is known, " } else { "" };
    if first.at_least {
        return format!("{names} break{s} at {times} times today's load, or sooner{assumed}");
    }
    if first.breaks_at() > MOST {
        let nothing = if partly { "nothing" } else { "Nothing" };
        return format!(
            "{known}{nothing} breaks before {} times today's load; {names} would at {times}{assumed}",
            show_number(MOST)
        );
    }
    format!("{known}{names} break{s} first, at {times} times today's load{assumed}")
}
