//! What was written by machine and what was not, and that it could be.

use super::summary::counted;
use super::{Style, Wrap, clean};
use crate::diagnostic::Diagnostic;
use crate::fix::{Applicability, Applied, Refused};
use crate::review::Review;

/// `3 findings fixed in shop.arch`, and a line for each.
pub fn applied(name: &str, applied: &[Applied], style: Style) -> String {
    let name = clean(name);
    if applied.is_empty() {
        return format!("{name}: nothing fixed\n");
    }
    let head = format!("{name}: {} fixed", counted(applied.len(), "finding"));
    let lines = applied.iter().map(|one| line(&format!("{}: {}", one.rule, one.what), style));
    format!("{}\n{}", style.paint().bold(&head), lines.collect::<String>())
}

/// What was not written, each with its reason; nothing where there is none.
pub fn refused(name: &str, refused: &[Refused], style: Style) -> String {
    let lines = refused.iter().map(|one| {
        line(&format!("not applied: {}: {}: {}", one.rule, one.what, one.why.replace('\n', " ")), style)
    });
    let lines: String = lines.collect();
    if lines.is_empty() { lines } else { format!("{}\n{lines}", clean(name)) }
}

fn line(text: &str, style: Style) -> String {
    format!("  {}\n", Wrap { width: style.width, first: 2, hang: 4 }.text(text))
}

/// A diff for a terminal: in colour, and with nothing in it that the terminal would obey.
pub fn shown(diff: &str, style: Style) -> String {
    let paint = style.paint();
    let lines = diff.lines().map(|line| {
        let text = clean(line.trim_end_matches('\r'));
        let painted = match line.as_bytes().first() {
            Some(b'+') => paint.good(&text),
            Some(b'-') => paint.severity(crate::diagnostic::Severity::Error, &text),
            _ => text.into_owned(),
        };
        format!("{painted}\n")
    });
    lines.collect()
}

/// `3 of these have a fix: spof check --fix shop.arch`, where any has.
pub(super) fn offer(review: &Review, style: Style) -> Option<String> {
    let findings = &review.critique.findings;
    let with = |least: Applicability| {
        let fitting = |finding: &&Diagnostic| finding.edits.iter().any(|edit| edit.applicability <= least);
        findings.iter().filter(fitting).count()
    };
    let (safe, all) = (with(Applicability::Safe), with(Applicability::Unsafe));
    if all == 0 || !review.mistakes.is_empty() {
        return None;
    }
    let file = match review.source.name.as_str() {
        "<stdin>" => "-".to_string(),
        name if name.contains(|c: char| !(c.is_alphanumeric() || "/._-+".contains(c))) => {
            format!("'{}'", clean(name).replace('\'', "'\\''"))
        }
        name => name.to_string(),
    };
    let (count, flags) = if safe > 0 { (safe, "--fix") } else { (all, "--fix --unsafe") };
    let more = if safe > 0 && all > safe { format!(" ({all} with --unsafe)") } else { String::new() };
    let verb = if count == 1 { "has" } else { "have" };
    let text = format!("{count} of these {verb} a fix: `spof check {flags} {file}`{more}");
    Some(style.paint().dim(&Wrap { width: style.width, first: 0, hang: 2 }.text(&text)))
}
