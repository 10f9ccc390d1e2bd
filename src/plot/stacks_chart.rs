//! `Stacks → SVG`: a bar for each flow, its parts end to end, and marks for what its slower requests take.

use super::apart::spread;
use super::axis::{Span, round_ticks, time_unit};
use super::page::{EDGE, Page, WIDTH, Words};
use super::stacks::{Class, Part, Stack, Stacks};
use super::words::{self, list};
use crate::draw::Theme;
use crate::draw::text::{Weight, width};
use crate::units::{show_duration, show_number};

const FLOWS: usize = 8;
/// Parts of a bar that are drawn, the longest.
const PARTS: usize = 12;
const NAMED: usize = 5;
const ROW: f64 = 100.0;
const BAR: f64 = 30.0;
/// Room above a bar, for the names of parts that do not hold them.
const ABOVE: f64 = 30.0;
const LEFT: f64 = EDGE + 130.0;
const RIGHT: f64 = WIDTH - EDGE - 40.0;
/// Pixels below which a part is no more than a line.
const THIN: f64 = 3.0;

/// At most 15 KB whatever it is given. A stack with a figure that is no length of time is left out.
pub fn draw_stacks(stacks: &Stacks, theme: Theme) -> String {
    let sound: Vec<&Stack> = stacks.stacks.iter().filter(|stack| stack.is_sound()).collect();
    let shown = &sound[..sound.len().min(FLOWS)];
    let most = shown.iter().flat_map(|stack| extent(stack)).fold(0.0, f64::max);
    let drawn = most > 0.0;
    let height = shown.len() as f64 * ROW;
    let (mut page, top) = Page::new(&said(stacks, &sound), if drawn { height + 96.0 } else { 0.0 });
    if !drawn {
        return page.finish(theme);
    }
    key(&mut page, top, shown);
    let top = top + 36.0;
    let most = axis(&mut page, top, height, most);
    let across = |seconds: f64| Span { from: LEFT, length: RIGHT - LEFT }.linear(seconds, most);
    for (at, stack) in shown.iter().enumerate() {
        let y = top + at as f64 * ROW + ABOVE;
        let room = LEFT - EDGE - 12.0;
        page.text("name end", LEFT - 12.0, y + 12.0, &words::fitted(&stack.label, 13.0, Weight::Bold, room));
        page.text("tick end", LEFT - 12.0, y + 28.0, &format!("{} on average", time(stack, stack.mean())));
        bar(&mut page, stack, y, &across);
        marks(&mut page, stack, y, &across);
    }
    page.finish(theme)
}

fn extent(stack: &Stack) -> [f64; 4] {
    [Some(stack.mean()), stack.p50, stack.p99, stack.budget].map(Option::unwrap_or_default)
}

/// Draws the axis for so many seconds, and says how many it has.
fn axis(page: &mut Page, top: f64, height: f64, most: f64) -> f64 {
    let floor = top + height;
    let (unit, size) = time_unit(most);
    let ticks = round_ticks(most / size, 8);
    let end = ticks.last().map_or(most, |tick| tick * size);
    for tick in ticks {
        let x = Span { from: LEFT, length: RIGHT - LEFT }.linear(tick * size, end);
        page.line(if tick == 0.0 { "a" } else { "g" }, &[(x, top), (x, floor)]);
        page.text("tick mid", x, floor + 18.0, &show_number(tick));
    }
    page.text("axis-name mid", (LEFT + RIGHT) / 2.0, floor + 40.0, unit);
    end
}

/// A part in its place; what stands in it, or is to stand above it.
struct Segment {
    class: &'static str,
    name: String,
    left: f64,
    right: f64,
}

fn bar(page: &mut Page, stack: &Stack, y: f64, across: &impl Fn(f64) -> f64) {
    let mut outside = Vec::new();
    for segment in segments(stack, across) {
        let Segment { class, name, left, right } = &segment;
        page.open("part", name);
        page.rect(class, *left, y, right - left, BAR);
        if width(name, 11.0, Weight::Regular) <= right - left - 8.0 {
            page.text("in mid", (left + right) / 2.0, y + BAR / 2.0 + 4.0, name);
        } else {
            outside.push(segment);
        }
        page.close();
    }
    // The longest have their names above, as many as there is room for.
    outside.sort_by(|one, other| (other.right - other.left).total_cmp(&(one.right - one.left)));
    let mut room = WIDTH - EDGE - LEFT;
    let wide = |segment: &Segment| width(&segment.name, 11.0, Weight::Regular) + 12.0;
    let named = outside.iter().take_while(|segment| {
        room -= wide(segment);
        room >= 0.0
    });
    let named: Vec<&Segment> = named.collect();
    let wished: Vec<f64> = named.iter().map(|segment| (segment.left + segment.right) / 2.0).collect();
    let widths: Vec<f64> = named.iter().map(|segment| wide(segment)).collect();
    let places = spread(&wished, &widths, LEFT, WIDTH - EDGE);
    for ((segment, x), place) in named.iter().zip(wished).zip(places) {
        page.line("lead", &[(x, y), (x, y - 4.0), (place, y - 10.0)]);
        page.text("in halo mid", place, y - 14.0, &segment.name);
    }
}

/// The longest, in their order, and then the others as one.
fn segments(stack: &Stack, across: &impl Fn(f64) -> f64) -> Vec<Segment> {
    let pixels = |seconds: f64| across(seconds) - across(0.0);
    let mut kept: Vec<usize> = (0..stack.parts.len()).collect();
    kept.sort_by(|&one, &other| stack.parts[other].seconds.total_cmp(&stack.parts[one].seconds));
    kept.truncate(PARTS);
    kept.retain(|&at| pixels(stack.parts[at].seconds) >= THIN);
    kept.sort_unstable();
    let mut from = 0.0;
    let mut segment = |class, name: &str, seconds: f64| {
        let name = format!("{} {}", words::short(name), show_duration(seconds));
        let left = across(from);
        from += seconds;
        Segment { class, name, left, right: across(from) }
    };
    let mut segments: Vec<Segment> = kept
        .iter()
        .map(|&at| &stack.parts[at])
        .map(|part| segment(class(part.class), &part.name, part.seconds))
        .collect();
    let others = (0..stack.parts.len()).filter(|at| !kept.contains(at));
    let rest: f64 = others.map(|at| stack.parts[at].seconds).sum();
    if pixels(rest) >= 1.0 {
        segments.push(segment("rest", &format!("{} shorter", stack.parts.len() - kept.len()), rest));
    }
    segments
}

fn class(of: Class) -> &'static str {
    match of {
        Class::Work => "work",
        Class::Wait => "wait",
        Class::Network => "net",
    }
}

fn time(stack: &Stack, seconds: f64) -> String {
    format!("{}{}", if stack.at_least { "≥ " } else { "" }, show_duration(seconds))
}

/// Under the bar, with their names below.
fn marks(page: &mut Page, stack: &Stack, y: f64, across: &impl Fn(f64) -> f64) {
    let marks: Vec<(&'static str, f64, String)> = [
        stack.p50.map(|p50| ("p50", p50, format!("p50 {}", time(stack, p50)))),
        stack.p99.map(|p99| ("p99", p99, format!("p99 {}", time(stack, p99)))),
        stack.budget.map(|budget| ("budget", budget, format!("p99 promised {}", show_duration(budget)))),
    ]
    .into_iter()
    .flatten()
    .collect();
    let wished: Vec<f64> = marks.iter().map(|(_, time, _)| across(*time)).collect();
    let widths: Vec<f64> = marks.iter().map(|(.., text)| width(text, 12.0, Weight::Regular) + 12.0).collect();
    let places = spread(&wished, &widths, LEFT, WIDTH - EDGE);
    for (((class, _, text), x), place) in marks.iter().zip(wished).zip(places) {
        let foot = y + BAR + 14.0;
        page.line(class, &[(x, y + BAR + 1.0), (x, foot)]);
        page.line("lead", &[(x, foot), (place, foot + 5.0)]);
        page.text("mark halo mid", place, foot + 16.0, text);
    }
}

/// What the colours mean, of those that occur.
fn key(page: &mut Page, y: f64, shown: &[&Stack]) {
    let mut x = LEFT;
    for of in Class::ALL {
        if shown.iter().flat_map(|stack| &stack.parts).any(|part| part.class == of) {
            page.rect(class(of), x, y, 14.0, 14.0);
            page.text("v", x + 20.0, y + 11.5, of.name());
            x += 100.0;
        }
    }
}

fn said(stacks: &Stacks, sound: &[&Stack]) -> Words {
    let title = stacks.title.as_deref().map_or(String::new(), |title| format!("{} · ", words::short(title)));
    let mut notes = Vec::new();
    if sound.len() > FLOWS {
        let names = list(sound[FLOWS..].iter().map(|stack| stack.label.as_str()), NAMED);
        notes.push(format!("Not drawn (--flow): {names}."));
    }
    notes.extend(stacks.notes.iter().take(NAMED).cloned());
    let under = format!("{title}mean time of a request by where it goes, and what slower ones take");
    Words { finding: finding(sound), under, notes }
}

/// The promise that is missed most, else the longest flow and what it mostly does.
fn finding(sound: &[&Stack]) -> String {
    let over = |stack: &&&Stack| stack.p99.zip(stack.budget).filter(|(p99, budget)| p99 > budget);
    let ratio = |stack: &&&Stack| over(stack).map_or(0.0, |(p99, budget)| p99 / budget);
    let missed = sound.iter().filter(|stack| over(stack).is_some());
    if let Some(stack) = missed.reduce(|one, other| if ratio(&other) > ratio(&one) { other } else { one }) {
        let (p99, budget) = over(&stack).unwrap_or_default();
        let least = if stack.at_least { "at least " } else { "" };
        let (p99, budget) = (show_duration(p99), show_duration(budget));
        return format!("{} promises a p99 of {budget} and takes {least}{p99}", words::short(&stack.label));
    }
    let slowest = sound.iter().reduce(|one, other| if other.mean() > one.mean() { other } else { one });
    match slowest.and_then(|stack| Some((stack, longest(stack)?))) {
        Some((stack, part)) => format!(
            "{} takes {}{} on average, {} of it {}",
            words::short(&stack.label),
            if stack.at_least { "at least " } else { "" },
            show_duration(stack.mean()),
            show_duration(part.seconds),
            words::short(&part.name)
        ),
        None => "Of no flow it is known how long it takes".to_string(),
    }
}

fn longest(stack: &Stack) -> Option<&Part> {
    let some = stack.parts.iter().filter(|part| part.seconds > 0.0);
    some.reduce(|one, other| if other.seconds > one.seconds { other } else { one })
}
