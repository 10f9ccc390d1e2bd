//! A review for somebody who saves and looks: what the last save changed first, then what stays, each finding in a few lines.

use std::collections::BTreeSet;

use super::wrap::columns;
use super::{Counts, Style, Wrap, accepted, clean, questions, score, settings, summary, text};
use crate::diagnostic::{Diagnostic, Verdict};
use crate::diff::{Diff, Mended, Scores};
use crate::review::Review;
use crate::rubric::Level;
use crate::source::Span;

/// Of each sort of change, so many are told unless all are asked for.
const TOLD: usize = 6;
/// Findings that are told in short.
const FOUND: usize = 50;

/// `62 / 100, junior · 2 errors, 3 questions`
pub fn standing(review: &Review) -> String {
    let counts = match Counts::of(review).words() {
        counts if counts.is_empty() => "nothing to report".to_string(),
        counts => counts,
    };
    match &review.score {
        Some(score) => format!(
            "{} / {}, {} · {counts}",
            score::points(score.points, score.of),
            score.of.round(),
            score.level.map_or("no level yet", Level::name)
        ),
        None => counts,
    }
}

/// The whole report, line by line. `since` is what the last save changed.
pub fn lines(review: &Review, since: Option<&Diff>, style: Style) -> Vec<String> {
    let mut blocks: Vec<String> = since.map(|diff| changed(review, diff, style)).into_iter().collect();
    if style.all {
        blocks.push(text::text(review, style).trim_end().to_string());
    } else {
        blocks.splice(0..0, text::mistakes(review, style));
        blocks.extend(found(review, since, style));
        blocks.extend(rest(review, style));
    }
    blocks.join("\n\n").split('\n').map(str::to_string).collect()
}

/// What the last save changed: in what is said of the design, and in its points.
pub fn changed(review: &Review, diff: &Diff, style: Style) -> String {
    let found = &diff.found;
    let of = |verdict| move |finding: &&Diagnostic| finding.verdict == verdict;
    let mended = |verdict| found.fixed.iter().filter(move |one| one.finding.verdict == verdict);
    let new: Vec<&Diagnostic> = found.new.iter().filter(of(Verdict::Wrong)).collect();
    let asked: Vec<&Diagnostic> = found.new.iter().filter(of(Verdict::Unstated)).collect();
    let fixed: Vec<&Mended> = mended(Verdict::Wrong).collect();
    let answered: Vec<&Mended> = mended(Verdict::Unstated).collect();

    let counts = [
        (fixed.len(), "mended"),
        (new.len(), "new"),
        (answered.len(), "answered"),
        (asked.len(), "newly asked"),
    ];
    let told = counts.iter().filter(|(count, _)| *count > 0);
    let mut parts: Vec<String> = told.map(|(count, word)| format!("{count} {word}")).collect();
    parts.extend(diff.score.as_ref().and_then(points));
    if parts.is_empty() {
        parts.push(match diff.is_empty() {
            true => "the design means the same".to_string(),
            false => "what is said of the design is the same".to_string(),
        });
    }
    let head = format!("Since the last save: {}", parts.join(", "));
    let head = Wrap { width: style.width, first: 0, hang: 2 }.lines(&head);
    let mut out = vec![head.iter().map(|line| style.paint().bold(line)).collect::<Vec<_>>().join("\n  ")];

    let most = if style.all { usize::MAX } else { TOLD };
    for one in fixed.iter().take(most) {
        out.push(gone("mended", one, style));
    }
    out.extend(more(fixed.len(), most));
    for finding in new.iter().take(most) {
        out.push(entry("new ", review, finding, style));
    }
    out.extend(more(new.len(), most));
    for one in answered.iter().take(most) {
        out.push(gone("answered", one, style));
    }
    out.extend(more(answered.len(), most));
    for finding in asked.iter().take(most) {
        let about = questions::subjects(finding, style.all);
        out.push(item(&format!("asked: {about}"), "asked", &question(finding), style));
    }
    out.extend(more(asked.len(), most));
    if let Some(scores) = &diff.score {
        for (word, ids) in [("met now", &scores.gained), ("no longer met", &scores.lost)] {
            if !ids.is_empty() {
                out.push(item(word, word, &ids.join(", "), style));
            }
        }
    }
    out.join("\n")
}

fn more(count: usize, most: usize) -> Option<String> {
    (count > most).then(|| format!("  and {} more", count - most))
}

fn question(finding: &Diagnostic) -> String {
    if finding.question.is_empty() { finding.message.clone() } else { finding.question.clone() }
}

/// `62 → 68 of 100, junior → mid`; None where it is as it was.
fn points(scores: &Scores) -> Option<String> {
    let level = |level: Option<Level>| level.map_or("no level", Level::name);
    if (scores.old - scores.new).abs() < 0.005 && scores.old_level == scores.new_level {
        return None;
    }
    let levels = if scores.old_level == scores.new_level {
        level(scores.new_level).to_string()
    } else {
        format!("{} → {}", level(scores.old_level), level(scores.new_level))
    };
    let shown = |points| score::points(points, scores.of);
    Some(format!("{} → {} of {}, {levels}", shown(scores.old), shown(scores.new), scores.of.round()))
}

/// `  mended: message (by what)`
fn gone(word: &str, one: &Mended, style: Style) -> String {
    let by = if one.by.is_empty() { String::new() } else { format!(" ({})", one.by.join("; ")) };
    item(word, word, &format!("{}{by}", one.finding.message), style)
}

/// `  head: text`, the head in green where it is good news.
fn item(head: &str, word: &str, text: &str, style: Style) -> String {
    let head = clean(head);
    let text = Wrap { width: style.width, first: columns(&head) + 4, hang: 6 }.text(text);
    let paint = style.paint();
    let good = matches!(word, "mended" | "answered" | "met now");
    let head = if good { paint.good(&head) } else { paint.bold(&head) };
    format!("  {head}: {text}")
}

/// Findings that are not new: those have been told.
fn found(review: &Review, since: Option<&Diff>, style: Style) -> Option<String> {
    let new: BTreeSet<(&str, Span, &str)> =
        since.iter().flat_map(|diff| &diff.found.new).map(identity).collect();
    let stay: Vec<&Diagnostic> = review
        .critique
        .findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Wrong && !new.contains(&identity(finding)))
        .collect();
    if stay.is_empty() {
        return None;
    }
    let word = if since.is_some() { "Still wrong" } else { "Wrong" };
    let mut out = vec![style.paint().bold(&format!("{word} ({})", stay.len()))];
    out.extend(stay.iter().take(FOUND).map(|finding| entry("", review, finding, style)));
    out.extend(more(stay.len(), FOUND));
    Some(out.join("\n"))
}

fn identity(finding: &Diagnostic) -> (&str, Span, &str) {
    (finding.code, finding.at.span, &finding.message)
}

/// `  error[rule]: message (line 12)` and what to write.
fn entry(before: &str, review: &Review, finding: &Diagnostic, style: Style) -> String {
    let head = format!("{before}{}[{}]", finding.severity.name(), finding.code);
    let line = review.source.place(finding.at.span.start).line;
    let message = Wrap { width: style.width, first: columns(&head) + 4, hang: 6 }
        .text(&format!("{} (line {line})", finding.message));
    let head = style.paint().severity(finding.severity, &head);
    let fix = match finding.fix.as_str() {
        "" => String::new(),
        fix => format!("\n      → {}", Wrap { width: style.width, first: 8, hang: 8 }.text(fix)),
    };
    format!("  {head}: {message}{fix}")
}

/// What `spof check` says after the findings.
fn rest(review: &Review, style: Style) -> Vec<String> {
    let critique = &review.critique;
    let asked: Vec<&Diagnostic> =
        critique.findings.iter().filter(|finding| finding.verdict == Verdict::Unstated).collect();
    let mut blocks = Vec::new();
    if !asked.is_empty() {
        blocks.push(questions::block(&asked, style));
    }
    blocks.extend(review.score.as_ref().map(|points| score::block(points, style)));
    if !critique.not_evaluated.is_empty() {
        blocks.push(text::not_evaluated(&critique.not_evaluated, style));
    }
    blocks.extend(settings::lines(&critique.settings, style));
    if !critique.accepted.is_empty() {
        blocks.push(accepted::line(&critique.accepted, style));
    }
    if critique.findings.is_empty() && review.mistakes.is_empty() {
        blocks.push(summary::nothing(review, style));
    }
    blocks
}
