//! Herds and backlogs, for a person: who comes back and what holds, what waits and until when.

use super::{Style, Wrap};
use crate::design::Design;
use crate::numbers::Reached;
use crate::numbers::overload::{Backlog, Brunt, Drain, Herd, Outcome, Spread, Use};
use crate::units::{show_count, show_duration, show_rate};

/// Rows of a section, unless all are asked for.
const ROWS: usize = 8;

/// Longer than this a burst is worth a line.
const A_MOMENT: f64 = 1.0;

/// Of each flow that says `connects`: who comes back over what time, and what each node on the way makes of it. None where
/// no flow says so.
pub fn herds(design: &Design, herds: &[Herd], style: Style) -> Option<String> {
    let rows = herds.iter().map(|herd| herd_row(design, herd, style)).collect();
    section("After a break, all at once", rows, style)
}

/// How telling a row is: the most first.
type Weight = f64;

fn herd_row(design: &Design, herd: &Herd, style: Style) -> (Weight, String) {
    let flow = &design.flows[herd.flow];
    let names: Vec<String> = herd.crowds.iter().map(|crowd| design.graph[crowd.node].name()).collect();
    let who = few(&names, style);
    let head = match (&herd.count, &herd.rate) {
        (Ok(count), Ok(rate)) => {
            let spreads: Vec<Spread> = herd.crowds.iter().map(|crowd| crowd.spread).collect();
            let how = match spreads.as_slice() {
                [only] => only.in_words(),
                _ => "each over its own time".to_string(),
            };
            let (count, rate) = (show_count(count.value), show_rate(rate.value));
            format!("{}: {count} of {who} come back {how}: {rate}", flow.id)
        }
        _ => format!("{}: {who}; wants {}", flow.id, wanted([&herd.count, &herd.rate])),
    };
    let mut lines = vec![Wrap { width: style.width, first: 2, hang: 4 }.block(&head)];
    let mut brunts: Vec<(Weight, String)> =
        herd.brunts.iter().filter(|_| herd.rate.is_ok()).map(|brunt| brunt_row(design, brunt)).collect();
    brunts.sort_by(|a, b| b.0.total_cmp(&a.0));
    let weight = brunts.first().map_or(0.0, |(weight, _)| *weight);
    let most = if style.all { brunts.len() } else { ROWS };
    let inner = Wrap { width: style.width, first: 4, hang: 6 };
    lines.extend(brunts.iter().take(most).map(|(_, row)| inner.block(row)));
    if brunts.len() > most {
        lines.push(format!("    and {} more (--all)", brunts.len() - most));
    }
    (weight, lines.join("\n"))
}

fn brunt_row(design: &Design, brunt: &Brunt) -> (Weight, String) {
    let name = design.graph[brunt.node].name();
    let (Ok(load), Ok(capacity), Ok(drain), Some(outcome)) =
        (&brunt.load, &brunt.capacity, &brunt.drain, brunt.outcome)
    else {
        let load = brunt.load.as_ref().map_or("?".to_string(), |load| show_rate(load.value));
        let wants = wanted([&brunt.load, &brunt.capacity]);
        return (0.0, format!("{name} gets {load}; wants {wants}"));
    };
    let time = show_duration(drain.value);
    let fate = match outcome {
        Outcome::Carried => "carries them as they come".to_string(),
        Outcome::TurnedAway => format!("turns away what is too much; all are in after {time}"),
        Outcome::Waits(longest) => {
            format!("all are in after {time}; the last one waits {}", show_duration(longest))
        }
        Outcome::TooLate { late } => {
            format!("would take {time}; {} have given up when their turn comes", show_count(late))
        }
        Outcome::NeverEnds { late, load, .. } => format!(
            "never ends: {} give up before their turn and come again, {}",
            show_count(late),
            show_rate(load)
        ),
    };
    let assumed = if brunt.grade.is_some() { " (assumed)" } else { "" };
    let row = format!(
        "{name} gets {} and carries {}{assumed}: {fate}",
        show_rate(load.value),
        show_rate(capacity.value)
    );
    let worse = match outcome {
        Outcome::NeverEnds { .. } => 1e6,
        Outcome::TooLate { .. } => 1e3,
        _ => 0.0,
    };
    (worse + (load.value / capacity.value).min(1e3), row)
}

/// Of each queue: what comes in and is taken, how long it takes to catch up with an hour's standstill, whether what waits is
/// of use then, and what single requests put in. None where there is none, or nothing is known of any.
pub fn backlogs(design: &Design, backlogs: &[Backlog], style: Style) -> Option<String> {
    let known = |backlog: &&Backlog| backlog.average.is_ok() || backlog.taken.is_ok();
    let rows = backlogs.iter().filter(known).map(|backlog| backlog_row(design, backlog, style)).collect();
    section("After an hour in which nobody took any", rows, style)
}

fn backlog_row(design: &Design, backlog: &Backlog, style: Style) -> (Weight, String) {
    let queue = design.graph[backlog.queue].name();
    let names: Vec<String> = backlog.consumers.iter().map(|&node| design.graph[node].name()).collect();
    let shown = |rate: &Reached| rate.as_ref().map_or("?".to_string(), |rate| show_rate(rate.value));
    let mut head = format!(
        "{queue}: {} in, {} taken by {}",
        shown(&backlog.average),
        shown(&backlog.taken),
        few(&names, style)
    );
    let mut weight = 0.0;
    if let Ok(waiting) = &backlog.waiting {
        head.push_str(&format!("; {} wait", show_count(waiting.value)));
    }
    match &backlog.drain {
        Ok(Drain::Ends(drain)) => {
            head.push_str(&format!(", caught up with after {}", show_duration(drain.value)));
            weight = drain.value;
        }
        Ok(Drain::Never(_)) => {
            head.push_str(", never caught up with: no more is taken than comes in");
            weight = f64::MAX;
        }
        Err(lacks) => head.push_str(&format!("; wants {}", lacks.wants.join(", "))),
    }
    let mut lines = vec![Wrap { width: style.width, first: 2, hang: 4 }.block(&head)];
    let inner = Wrap { width: style.width, first: 4, hang: 6 };
    lines.extend(usefulness(design, backlog).map(|line| inner.block(&line)));
    if let Some(full) = &backlog.full {
        let then = match full.then.as_deref() {
            Some("drop") => "what comes then is dropped",
            Some("block") => "whoever sends then waits",
            Some("reject") => "what comes then is refused",
            Some("spill") => "what comes then is kept elsewhere",
            _ => "nothing says what happens then (`on_full=`)",
        };
        let line =
            format!("full after {} with {}; {then}", show_duration(full.after), show_count(full.length));
        lines.push(inner.block(&line));
    }
    let long = backlog.bursts.iter().filter(|burst| burst.drain.value >= A_MOMENT);
    let most = if style.all { usize::MAX } else { ROWS };
    for burst in long.take(most) {
        let line = format!(
            "one `{}` puts in {} at once: what comes behind them waits {}",
            design.flows[burst.flow].id,
            show_count(burst.messages.value),
            show_duration(burst.drain.value)
        );
        lines.push(inner.block(&line));
        weight = weight.max(burst.drain.value);
    }
    (weight, lines.join("\n"))
}

/// Whether what waits is of use when its turn comes.
fn usefulness(design: &Design, backlog: &Backlog) -> Option<String> {
    let useful = backlog.useful.as_ref()?;
    let age = show_duration(useful.seconds);
    let said = match useful.said {
        Use::Ttl => return Some(format!("what is older than {age} is dropped (`ttl`)")),
        Use::Staleness(flow) => format!("`{}` may be {age} old (`staleness`)", design.flows[flow].id),
        Use::Answer(flow) => format!("`{}` is promised within {age} (`p99`)", design.flows[flow].id),
    };
    let wait = backlog.wait.as_ref().ok()?.value;
    let still = if wait <= useful.seconds { "in time" } else { "too late" };
    Some(format!("what is sent then waits {}, {still}: {said}", show_duration(wait)))
}

/// The most telling rows first; of many, how many more there are.
fn section(title: &str, mut rows: Vec<(Weight, String)>, style: Style) -> Option<String> {
    if rows.is_empty() {
        return None;
    }
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    let most = if style.all { rows.len() } else { ROWS };
    let mut lines = vec![style.paint().bold(title)];
    lines.extend(rows.iter().take(most).map(|(_, row)| row.clone()));
    if rows.len() > most {
        lines.push(format!("  and {} more (--all)", rows.len() - most));
    }
    Some(lines.join("\n"))
}

fn wanted<const N: usize>(figures: [&Reached; N]) -> String {
    let mut wants: Vec<&str> = Vec::new();
    for lacks in figures.into_iter().filter_map(|figure| figure.as_ref().err()) {
        for want in &lacks.wants {
            if !wants.contains(&want.as_str()) {
                wants.push(want);
            }
        }
    }
    wants.join(", ")
}

/// `a`, `b` and 7 more.
fn few(names: &[String], style: Style) -> String {
    const NAMES: usize = 4;
    let most = if style.all { names.len() } else { NAMES };
    match names {
        [] => String::new(),
        [only] => only.clone(),
        _ if names.len() > most => format!("{} and {} more", names[..most].join(", "), names.len() - most),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
