//! The score: points, a bar for each dimension, levels, and what to do next.

use std::borrow::Cow;

use super::wrap::columns;
use super::{Style, Wrap};
use crate::rubric::{Dimension, DimensionScore, Gain, Score};

/// Things to do next; more is a list nobody follows.
pub(super) const NEXT: usize = 3;
const BAR: usize = 10;

pub(super) fn block(score: &Score, style: Style) -> String {
    let paint = style.paint();
    let head = format!("Score  {} / {}", points(score.points, score.of), score.of.round());
    let about = format!("{} at {}, {} weights", score.problem, score.scale.name(), score.weights.name());
    let mut out = format!("{}   {}", paint.bold(&head), paint.dim(&about));
    let mut before: Option<&str> = None;
    for dimension in &score.dimensions {
        // What holds back several is said once.
        let why = dimension.why.as_deref();
        let shown = if why.is_some() && why == before { Some("the same") } else { why };
        before = why.or(before);
        out.push('\n');
        out.push_str(&row(dimension, shown, style));
    }
    out.push_str("\n\n");
    out.push_str(
        &Wrap { width: style.width, first: 2, hang: 4 }
            .block(&breakable(&levels(score), style.width.saturating_sub(4)))
            .replace('\u{a0}', " "),
    );
    if !score.next.is_empty() {
        out.push_str("\n\n");
        out.push_str(&next(&score.next, style));
    }
    out
}

/// `48/100`
pub(super) fn fraction(score: &Score) -> String {
    format!("{}/{}", points(score.points, score.of), score.of.round())
}

/// Whole points. What is not full never reads as if it were.
pub(super) fn points(points: f64, of: f64) -> f64 {
    let rounded = points.round();
    if points + 0.005 < of && rounded >= of.round() { of.round() - 1.0 } else { rounded }
}

/// `  data  █████░░░░░  8/16  why`
fn row(dimension: &DimensionScore, why: Option<&str>, style: Style) -> String {
    let share = if dimension.of > 0.0 { dimension.points / dimension.of } else { 1.0 };
    let full = if share >= 1.0 { BAR } else { ((share * BAR as f64).round() as usize).min(BAR - 1) };
    let bar = format!("{}{}", "█".repeat(full), "░".repeat(BAR - full));
    let number = format!("{}/{}", points(dimension.points, dimension.of), dimension.of.round());
    let out = format!("  {:<14} {}  {number:>5}", name(dimension.id), style.paint().share(share, &bar));
    let Some(why) = why else { return out };
    let start = 2 + 14 + 1 + BAR + 2 + 5 + 3;
    if style.width >= start + 40 {
        format!("{out}   {}", Wrap { width: style.width, first: start, hang: start }.text(why))
    } else {
        format!("{out}\n{}", Wrap { width: style.width, first: 6, hang: 6 }.block(why))
    }
}

pub(super) fn name(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::SecurityOps => "security, ops",
        other => other.name(),
    }
}

/// `junior yes · mid not yet (reliability: 2 musts open) · senior no · staff no`
pub(super) fn levels(score: &Score) -> String {
    let mut first = true;
    let parts: Vec<String> = score
        .levels
        .iter()
        .map(|readout| {
            let name = readout.level.name();
            if readout.reached {
                return format!("{name} yes");
            }
            if !std::mem::replace(&mut first, false) {
                return format!("{name} no");
            }
            match waits_for(score, &readout.open) {
                waits if waits.is_empty() => format!("{name} not yet"),
                waits => format!("{name} not yet ({waits})"),
            }
        })
        .collect();
    // Each level stays on one line where it can.
    parts.iter().map(|part| part.replace(' ', "\u{a0}")).collect::<Vec<_>>().join("\u{a0}· ")
}

/// What has no room on one line is broken like any other text.
fn breakable(levels: &str, room: usize) -> String {
    let parts = levels.split(' ');
    let broken = parts.map(|part| {
        if columns(part) > room { Cow::Owned(part.replace('\u{a0}', " ")) } else { Cow::Borrowed(part) }
    });
    broken.collect::<Vec<_>>().join(" ")
}

pub(super) fn waits_for(score: &Score, open: &[String]) -> String {
    let parts: Vec<String> = score
        .dimensions
        .iter()
        .filter_map(|dimension| {
            let own = |id: &&String| score.criterion(id).is_some_and(|one| one.dimension == dimension.id);
            match open.iter().filter(own).count() {
                0 => None,
                1 => Some(format!("{}: 1 must open", name(dimension.id))),
                count => Some(format!("{}: {count} musts open", name(dimension.id))),
            }
        })
        .collect();
    parts.join("; ")
}

/// `  1. what to write    +11, opens mid`
fn next(gains: &[Gain], style: Style) -> String {
    let paint = style.paint();
    let most = if style.all { gains.len() } else { NEXT };
    let mut out = paint.bold("Next, in this order");
    for (at, gain) in gains.iter().take(most).enumerate() {
        let number = format!("{:>3}. ", at + 1);
        let worth = worth(gain);
        let room = style.width.saturating_sub(columns(&worth) + 3);
        let wide = style.width >= 76;
        let width = if wide { room.min(84) } else { style.width };
        let text = if wide { gain.fix.clone() } else { format!("{} ({worth})", gain.fix) };
        let lines = Wrap { width, first: 5, hang: 5 }.lines(&text);
        for (row, line) in lines.iter().enumerate() {
            let head = if row == 0 { number.clone() } else { " ".repeat(5) };
            out.push_str(&format!("\n{head}{line}"));
            if row == 0 && wide {
                let gap = width.saturating_sub(5 + columns(line)) + 3;
                out.push_str(&format!("{}{}", " ".repeat(gap), paint.good(&worth)));
            }
        }
    }
    if gains.len() > most {
        out.push_str(&format!("\n     and {} more (--all)", gains.len() - most));
    }
    out
}

/// `+11, clears 2 findings, opens mid`
pub(super) fn worth(gain: &Gain) -> String {
    let points = gain.points;
    let mut out = if points >= 0.95 { format!("+{points:.0}") } else { format!("+{points:.1}") };
    match gain.clears {
        0 => {}
        1 => out.push_str(", clears a finding"),
        many => out.push_str(&format!(", clears {many} findings")),
    }
    if let Some(level) = gain.opens {
        out.push_str(&format!(", opens {}", level.name()));
    }
    out
}
