//! `Downtime → SVG`: a waterfall, in which each bar begins where the one above it ended, down to the whole.

use super::axis::{Span, round_ticks, time_unit};
use super::downtime::{Downtime, Share, Total};
use super::page::{EDGE, Page, WIDTH, Words};
use super::words::{self, counted, list, sentences};
use crate::draw::Theme;
use crate::draw::text::{Weight, wrap};
use crate::report::availability::{YEAR, a_year as share_of_year, up};
use crate::units::show_number;

/// Cut sets that have a bar of their own.
const BARS: usize = 8;
/// Of the whole; what is less cannot be seen in the picture.
const SMALL: f64 = 0.005;
const ROW: f64 = 40.0;
const BAR: f64 = 22.0;
const LEFT: f64 = EDGE + 250.0;
const RIGHT: f64 = WIDTH - EDGE - 110.0;
const NAMED: usize = 3;
/// What is less is not worth a picture.
const LEAST: f64 = 1e-3;

struct Row {
    words: String,
    class: &'static str,
    from: f64,
    to: f64,
    value: String,
}

/// At most 15 KB whatever the design holds. None is a design without a flow that has a hop.
pub fn draw_downtime(downtime: Option<&Downtime>, theme: Theme) -> String {
    let Some(downtime) = downtime else {
        let words =
            Words { finding: "No flow leads anywhere: nothing can be down".to_string(), ..Words::default() };
        return Page::new(&words, 40.0).0.finish(theme);
    };
    let rows = rows(downtime);
    let height = rows.len() as f64 * ROW;
    let room = if rows.is_empty() { 0.0 } else { height + 100.0 };
    let (mut page, top) = Page::new(&said(downtime), room);
    if rows.is_empty() {
        return page.finish(theme);
    }
    key(&mut page, top, downtime);
    let top = top + 36.0;
    let most = rows.iter().map(|row| row.from.max(row.to)).fold(0.0, f64::max);
    let most = axis(&mut page, top, height, most);
    let across = |seconds: f64| Span { from: LEFT, length: RIGHT - LEFT }.linear(seconds, most);
    for (at, row) in rows.iter().enumerate() {
        let y = top + at as f64 * ROW;
        page.open("row", &format!("{}: {}", row.words.replace('`', ""), row.value));
        named(&mut page, y, &row.words);
        let (left, right) = (across(row.from.min(row.to)), across(row.from.max(row.to)));
        let bar = y + (ROW - BAR) / 2.0;
        match (row.class, downtime.total) {
            ("sum", Total { least, most }) if least < most => {
                page.rect("most", left, bar, right - left, BAR);
                page.rect("sum", left, bar, across(least) - left, BAR);
            }
            (class, _) => page.rect(class, left, bar, (right - left).max(1.0), BAR),
        }
        page.text("w halo", right + 8.0, y + ROW / 2.0 + 4.5, &row.value);
        page.close();
        if at + 1 < rows.len() {
            page.line("link", &[(across(row.to), bar + BAR), (across(row.to), bar + ROW)]);
        }
    }
    page.finish(theme)
}

/// How many cut sets have a bar.
fn drawn(downtime: &Downtime) -> usize {
    let large = |share: &&Share| share.seconds >= SMALL * downtime.total.most;
    downtime.shares.iter().take(BARS).take_while(large).count()
}

/// The longest first, then what they have in common, then the whole.
fn rows(downtime: &Downtime) -> Vec<Row> {
    let total = downtime.total;
    if total.most < LEAST {
        return Vec::new();
    }
    let (shown, others) = downtime.shares.split_at(drawn(downtime));
    let mut rows = Vec::new();
    let mut sum = 0.0;
    for share in shown {
        let class = if share.single { "one" } else { "many" };
        let value = a_year(share.seconds);
        rows.push(Row { words: share.what.clone(), class, from: sum, to: sum + share.seconds, value });
        sum += share.seconds;
    }
    let rest = total.most - sum;
    let left_out = !others.is_empty() || downtime.incomplete;
    if rest.abs() >= SMALL * total.most {
        let words = match (left_out, others.len()) {
            (false, _) => "what these have in common, counted once".to_string(),
            (true, 0) => "larger ones, and what all have in common".to_string(),
            (true, more) => format!("{}, and what all have in common", counted(more, "other")),
        };
        let value = if rest < 0.0 { format!("− {}", a_year(-rest)) } else { a_year(rest) };
        rows.push(Row { words, class: "rest", from: sum, to: total.most, value });
    }
    let words = format!("`{}` is down", downtime.flow);
    rows.push(Row { words, class: "sum", from: 0.0, to: total.most, value: time(total) });
    rows
}

fn a_year(seconds: f64) -> String {
    share_of_year(seconds / YEAR)
}

fn time(total: Total) -> String {
    if total.is_exact() { a_year(total.most) } else { format!("≤ {}", a_year(total.most)) }
}

/// Two lines at most before the bar; what stands in backticks is a name.
fn named(page: &mut Page, y: f64, words: &str) {
    let room = LEFT - EDGE - 14.0;
    // Bold throughout is no narrower than what is drawn.
    let lines = wrap(words, 13.0, Weight::Bold, room, 2);
    let first = y + ROW / 2.0 + 4.5 - (lines.len() as f64 - 1.0) * 8.0;
    let mut bold = false;
    for (at, line) in lines.iter().enumerate() {
        let parts: Vec<(bool, &str)> = line
            .split('`')
            .enumerate()
            .map(|(at, part)| {
                if at > 0 {
                    bold = !bold;
                }
                (bold, part)
            })
            .collect();
        page.spans(LEFT - 12.0, first + at as f64 * 16.0, &parts);
    }
}

/// Draws the axis for so many seconds, and says how many it has.
fn axis(page: &mut Page, top: f64, height: f64, most: f64) -> f64 {
    let floor = top + height;
    let (unit, size) = time_unit(most);
    let ticks = round_ticks(most / size, 7);
    let end = ticks.last().map_or(most, |tick| tick * size);
    for tick in ticks {
        let x = Span { from: LEFT, length: RIGHT - LEFT }.linear(tick * size, end);
        page.line(if tick == 0.0 { "a" } else { "g" }, &[(x, top), (x, floor)]);
        page.text("tick mid", x, floor + 18.0, &show_number(tick));
    }
    page.text("axis-name mid", (LEFT + RIGHT) / 2.0, floor + 40.0, &format!("down a year, in {unit}"));
    end
}

/// What the colours mean, of those that occur.
fn key(page: &mut Page, y: f64, downtime: &Downtime) {
    let mut x = LEFT;
    let shown = || downtime.shares.iter().take(drawn(downtime));
    let entries = [("one", "one failure is enough", true), ("many", "several have to fail together", false)];
    for (class, text, single) in entries {
        if shown().any(|share| share.single == single) {
            page.rect(class, x, y, 14.0, 14.0);
            page.text("v", x + 20.0, y + 11.5, text);
            x += 190.0;
        }
    }
}

fn said(downtime: &Downtime) -> Words {
    let flow = words::short(&downtime.flow);
    let total = downtime.total;
    let bound = if total.is_exact() { "" } else { "at most " };
    let down = if total.most <= 0.0 {
        format!("Nothing that is known to fail takes {flow} down")
    } else {
        format!("{flow} is down {bound}{} a year", a_year(total.most))
    };
    let most_of = |seconds: f64| match seconds / total.most {
        share if share >= 1.0 - SMALL => "nearly all".to_string(),
        _ => a_year(seconds),
    };
    let finding = match downtime.shares.first().filter(|_| total.most >= LEAST) {
        Some(Share { what, seconds, .. }) if downtime.shares.len() > 1 => {
            format!("{down}, {} of it by {}", most_of(*seconds), what.replace('`', ""))
        }
        Some(Share { what, .. }) => format!("{down}, all of it by {}", what.replace('`', "")),
        None => down,
    };
    let title =
        downtime.title.as_deref().map_or(String::new(), |title| format!("{} · ", words::short(title)));
    let label =
        downtime.label.as_deref().map_or(String::new(), |label| format!(" ({})", words::short(label)));
    let no_less = if total.is_exact() { "" } else { "at least " };
    let under =
        format!("{title}{flow}{label}: what takes it down, {no_less}{} available", up(total.most / YEAR));
    let mut notes = Vec::new();
    if !downtime.others.is_empty() {
        let others: Vec<String> = downtime
            .others
            .iter()
            .map(|(id, total)| format!("{} {}", words::short(id), time(*total)))
            .collect();
        notes.push(format!("Other flows (--flow): {}.", list(others.iter().map(String::as_str), 2 * NAMED)));
    }
    let bars = drawn(downtime);
    if bars > 0 && downtime.shares.len() > bars && bars < BARS {
        let less: f64 = downtime.shares[bars..].iter().map(|share| share.seconds).sum();
        notes.push(format!(
            "Too short to be seen: {}, {} together.",
            counted(downtime.shares.len() - bars, "other"),
            a_year(less)
        ));
    }
    if !total.is_exact() {
        notes.push(format!(
            "Too large for an exact figure: the bars add up to no less than the whole, which is between {} and {}.",
            a_year(total.least),
            a_year(total.most)
        ));
    }
    if !downtime.assumed.is_empty() {
        let what: Vec<String> = downtime
            .assumed
            .iter()
            .map(|assumed| {
                format!(
                    "{}: {} (grade {:?})",
                    assumed.what,
                    list(assumed.of.iter().map(String::as_str), NAMED),
                    assumed.grade
                )
            })
            .collect();
        notes.push(format!("Assumed: {}; `spof numbers --why` has the sources.", sentences(&what, NAMED)));
    }
    notes.extend(downtime.still.map(|still| format!("Taken for granted: {still}.")));
    Words { finding, under, notes }
}
