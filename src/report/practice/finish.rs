//! The end of an attempt: what it earned, where its time went, what changed since the last.

use jiff::Timestamp;

use super::words::{counts, minutes};
use crate::practice::{Attempt, Standing, changes, phases};
use crate::report::Counts;
use crate::report::summary::counted;
use crate::report::{Style, Wrap, score};
use crate::review::Review;
use crate::rubric::{Rubric, Score};

/// `before` is what the attempt before this one had earned.
pub fn finish(
    review: &Review,
    earned: &Score,
    rubric: &Rubric,
    attempt: &Attempt,
    before: Option<&Standing>,
    now: Timestamp,
    style: Style,
) -> String {
    let mut blocks = vec![score::block(earned, style)];
    let found = match Counts::of(review).words() {
        found if found.is_empty() => String::new(),
        found => format!("{found}: "),
    };
    let line = format!("{found}`spof check {} --all` says all of it", review.source.name);
    blocks.push(Wrap { width: style.width, first: 0, hang: 2 }.block(&line));
    blocks.push(time(attempt, now, style));
    blocks.push(since(rubric, &Standing::of(earned), before, style));
    format!("{}\n", blocks.join("\n\n"))
}

fn time(attempt: &Attempt, now: Timestamp, style: Style) -> String {
    let worked = attempt.worked(now);
    let over = match worked / 60 - i64::from(attempt.minutes) {
        over if over > 0 => format!(", {over} over"),
        _ => String::new(),
    };
    let phases = phases(attempt);
    let rows = [
        ("reading", phases.reading, "to the first question or edit"),
        ("scoping", phases.scoping, "from the first question to the first edit"),
        ("designing", phases.designing, "from the first edit to the last"),
        ("defending", phases.defending, "from the last edit to the end"),
    ];
    let rows = rows.iter().filter(|(_, seconds, _)| *seconds > 0).map(|(name, seconds, what)| {
        let text = format!("{name:<10} {:>18}   {what}", minutes(*seconds));
        if style.width >= 76 { format!("  {text}") } else { format!("  {name:<10} {}", minutes(*seconds)) }
    });
    let head = format!("Time  {} of {}{over}", minutes(worked), attempt.minutes);
    let used = Wrap { width: style.width, first: 2, hang: 2 }.block(&counts(attempt));
    let rows: String = rows.map(|row| format!("{row}\n")).collect();
    format!("{}\n{rows}{used}", style.paint().bold(&head))
}

/// What changed since the attempt before.
fn since(rubric: &Rubric, now: &Standing, before: Option<&Standing>, style: Style) -> String {
    let paint = style.paint();
    let wrap = Wrap { width: style.width, first: 4, hang: 6 };
    let Some(before) = before else {
        return "The first attempt at it that you finished: the next is compared with this one.".to_string();
    };
    let changes = changes(before, now);
    let ask = |id: &String| {
        rubric.criteria.iter().find(|one| one.id == *id).map_or(id.clone(), |one| one.ask.clone())
    };
    let mut out =
        paint.bold(&format!("Since the last attempt  {:+.0} points", changes.points)).replace("+0 ", "no ");
    for (ids, sign) in [(&changes.gained, "+"), (&changes.lost, "-")] {
        for id in ids.iter() {
            out.push_str(&format!("\n{}", wrap.block(&format!("{sign} {}", ask(id)))));
        }
    }
    if changes.gained.is_empty() && changes.lost.is_empty() {
        out.push_str(&format!("\n    the same {} open", counted(now.open.len(), "question")));
    }
    out
}
