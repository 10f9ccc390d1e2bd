//! The line below everything, and what a start says.

use jiff::Timestamp;

use crate::practice::{Attempt, brief};
use crate::report::markdown::markdown;
use crate::report::summary::counted;
use crate::report::{Style, Wrap, clean};
use crate::rubric::Problem;

/// "12 min", "less than a minute"
pub fn minutes(seconds: i64) -> String {
    match seconds / 60 {
        0 => "less than a minute".to_string(),
        minutes => format!("{minutes} min"),
    }
}

/// `url-shortener: 12 of 45 min · 2 questions asked, 1 hint`
pub fn clock(attempt: &Attempt, now: Timestamp, style: Style) -> String {
    let worked = attempt.worked(now) / 60;
    let over = if worked >= i64::from(attempt.minutes) && attempt.is_open() { ", time is up" } else { "" };
    let line =
        format!("{}: {worked} of {} min{over} · {}", attempt.problem, attempt.minutes, counts(attempt));
    let mut lines = vec![line];
    if attempt.is_open() {
        lines.push("then: spof practice ask, hint, drill, follow-up, finish, watch".to_string());
    }
    let wrap = Wrap { width: style.width, first: 0, hang: 2 };
    lines.iter().map(|line| format!("{}\n", style.paint().dim(&wrap.block(line)))).collect()
}

/// `12 of 45 min, 33 left · 2 questions asked, 1 hint`: beside the problem's name.
pub fn standing(attempt: &Attempt, now: Timestamp) -> String {
    let worked = attempt.worked(now) / 60;
    let left = match i64::from(attempt.minutes) - worked {
        _ if attempt.result().is_some() => ", finished".to_string(),
        _ if !attempt.is_open() => ", given up".to_string(),
        left if left > 0 => format!(", {left} left"),
        _ => ", time is up".to_string(),
    };
    format!("{worked} of {} min{left} · {}", attempt.minutes, counts(attempt))
}

/// `2 questions asked, 1 hint`; `no questions asked` where there is nothing to count.
pub fn counts(attempt: &Attempt) -> String {
    let drills = attempt.drills();
    let right = drills.iter().filter(|(_, right)| *right).count();
    let mut parts = Vec::new();
    let mut say = |count: usize, text: String| {
        if count > 0 {
            parts.push(text);
        }
    };
    let (asked, hints, follow_ups) = (attempt.asked().len(), attempt.hints(), attempt.followed_up().len());
    say(asked, format!("{} asked", counted(asked, "question")));
    say(hints, counted(hints, "hint"));
    say(drills.len(), format!("{right} of {} right", counted(drills.len(), "drill")));
    say(follow_ups, counted(follow_ups, "follow-up"));
    if parts.is_empty() { "nothing asked yet".to_string() } else { parts.join(", ") }
}

/// The statement as it is given, the two files, and what to do with them. Paths as they are to be shown.
pub fn start(problem: &Problem, attempt: &Attempt, statement: &str, design: &str, style: Style) -> String {
    let paint = style.paint();
    let text = brief(problem);
    let opening = text.split("\n## What you have to ask").next().unwrap_or(&text);
    let head = format!(
        "{} minutes from now, at {} scale. The statement is in {}; write your answer into {}.",
        attempt.minutes,
        attempt.scale.name(),
        clean(statement),
        clean(design)
    );
    let then = [
        ("spof practice ask", "what you can ask the interviewer; numbers come only when you ask"),
        (&format!("spof check {}", clean(design)), "where it breaks, and its score: as often as you like"),
        ("spof practice watch", "that with each save, on a screen with a key for all below"),
        ("spof practice hint", "a nudge, then more than a nudge; counted"),
        ("spof practice drill", "something fails: what happens?"),
        ("spof practice follow-up", "what you are asked once the design stands"),
        ("spof practice finish", "the score, where your time went, what changed"),
    ];
    format!(
        "{}\n\n{}\n\n{}\n{}\n",
        markdown(opening, style),
        paint.bold(&Wrap { width: style.width, first: 0, hang: 2 }.block(&head)),
        paint.bold("Then"),
        table(&then, style)
    )
}

/// Commands and what each is for, beside or below each other.
fn table(rows: &[(&str, &str)], style: Style) -> String {
    let widest = rows.iter().map(|(command, _)| command.chars().count()).max().unwrap_or(0);
    let beside = style.width >= widest + 34;
    let rows = rows.iter().map(|(command, what)| {
        if beside {
            let start = 2 + widest + 2;
            format!(
                "  {command:<widest$}  {}",
                Wrap { width: style.width, first: start, hang: start }.text(what)
            )
        } else {
            format!("  {command}\n{}", Wrap { width: style.width, first: 6, hang: 6 }.block(what))
        }
    });
    rows.collect::<Vec<_>>().join("\n")
}

/// What to do next, below a blank line.
pub fn footer(text: &str, style: Style) -> String {
    format!("\n{}\n", Wrap { width: style.width, first: 0, hang: 0 }.block(text))
}
