//! A review as a person reads it: what stops the reading first, the worst whole, the rest short, then the score.

use super::{Style, Wrap, accepted, brief, fixes, questions, score, settings, summary, whole};
use crate::diagnostic::{Diagnostic, Verdict};
use crate::review::Review;
use crate::rules::NotEvaluated;

/// Findings shown whole; five are what one reads before the eyes glaze over.
const WHOLE: usize = 5;
/// Mistakes shown: a file with more has one cause, and it is among the first.
const MISTAKES: usize = 50;
/// Findings shown in a line each.
const BRIEF: usize = 50;
/// Rules not evaluated, and numbers of each, that are named.
const WAKING: usize = 3;

/// The whole report, with a line end. Blocks are set apart by a blank line.
pub fn text(review: &Review, style: Style) -> String {
    let mut blocks = mistakes(review, style);
    let found = &review.critique.findings;
    let (wrong, asked): (Vec<&Diagnostic>, Vec<&Diagnostic>) =
        found.iter().partition(|finding| finding.verdict == Verdict::Wrong);
    let most = if style.all { wrong.len() } else { WHOLE };
    blocks.extend(wrong.iter().take(most).map(|finding| whole(&review.source, finding, style)));
    if wrong.len() > most {
        blocks.push(rest(review, &wrong[most..], style));
    }
    if !asked.is_empty() {
        blocks.push(questions::block(&asked, style));
    }
    if !review.critique.not_evaluated.is_empty() {
        blocks.push(not_evaluated(&review.critique.not_evaluated, style));
    }
    blocks.extend(settings::lines(&review.critique.settings, style));
    if !review.critique.accepted.is_empty() {
        blocks.push(accepted::line(&review.critique.accepted, style));
    }
    if let Some(points) = &review.score {
        blocks.push(score::block(points, style));
    }
    let silent = found.is_empty() && review.mistakes.is_empty();
    let summary = if silent { summary::nothing(review, style) } else { summary::line(review, style) };
    blocks.push(
        [Some(summary), fixes::offer(review, style)].into_iter().flatten().collect::<Vec<_>>().join("\n"),
    );
    format!("{}\n", blocks.join("\n\n"))
}

/// The mistakes of a text alone, for the commands that only need to read it.
pub fn mistakes(review: &Review, style: Style) -> Vec<String> {
    listed(&review.source, &review.mistakes, style)
}

/// Mistakes whole, and how many more there are.
pub fn listed(source: &crate::source::Source, mistakes: &[Diagnostic], style: Style) -> Vec<String> {
    let mut blocks: Vec<String> =
        mistakes.iter().take(MISTAKES).map(|mistake| whole(source, mistake, style)).collect();
    if mistakes.len() > MISTAKES {
        blocks.push(format!("and {} more mistakes", mistakes.len() - MISTAKES));
    }
    blocks
}

/// One line: which rules had nothing to reckon with, and which numbers would wake them.
pub(super) fn not_evaluated(silent: &[NotEvaluated], style: Style) -> String {
    let most = if style.all { usize::MAX } else { WAKING };
    let wanted: Vec<String> = silent
        .iter()
        .map(|one| {
            let more = one.wants.len().saturating_sub(most);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let shown = one.wants.len().min(most);
            format!("{} ({}{more})", one.rule, one.wants[..shown].join(", "))
        })
        .collect();
    let shown = wanted.len().min(most);
    let more =
        if shown < wanted.len() { format!("; {} more (--all)", wanted.len() - shown) } else { String::new() };
    let text = format!("Not evaluated for want of numbers: {}{more}", wanted[..shown].join(", "));
    style.paint().dim(&Wrap { width: style.width, first: 0, hang: 2 }.text(&text))
}

fn rest(review: &Review, findings: &[&Diagnostic], style: Style) -> String {
    let heading = format!("And {} more (--all shows them whole)", findings.len());
    let mut out = style.paint().bold(&heading);
    for finding in findings.iter().take(BRIEF) {
        out.push('\n');
        out.push_str(&brief::line(&review.source, finding, style));
    }
    if findings.len() > BRIEF {
        out.push_str(&format!("\n  and {} more", findings.len() - BRIEF));
    }
    out
}
