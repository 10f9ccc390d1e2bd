//! A folder of designs: what is wrong with each in a few lines, and what there was in all of them.

use std::collections::{BTreeMap, BTreeSet};

use super::summary::counted;
use super::{Counts, Style, Wrap, brief, clean};
use crate::diagnostic::{Diagnostic, Severity, Verdict};
use crate::review::Review;

/// Lines for one design; who wants more checks that one.
const LINES: usize = 5;
/// Rules named at the end.
const OFTEN: usize = 3;

/// A heading and what is worst in it; nothing of a design of which there is nothing to say.
pub fn design(review: &Review, style: Style) -> Option<String> {
    let counts = Counts::of(review);
    if counts == Counts::default() {
        return None;
    }
    let score = match &review.score {
        Some(score) => format!("; {} for {}", super::score::fraction(score), score.problem),
        None => String::new(),
    };
    let head = format!("{}: {}{score}", clean(&review.source.name), counts.words());
    let mut out = format!("{}\n", style.paint().bold(&head));
    let worst: Vec<&Diagnostic> = review.mistakes.iter().chain(flaws(review)).collect();
    for one in worst.iter().take(LINES) {
        out.push_str(&brief::line(&review.source, one, style));
        out.push('\n');
    }
    if worst.len() > LINES {
        out.push_str(&format!("  and {} more\n", worst.len() - LINES));
    }
    Some(out)
}

/// What is certain and more than a remark.
fn flaws(review: &Review) -> impl Iterator<Item = &Diagnostic> {
    let is_flaw = |one: &&Diagnostic| one.verdict == Verdict::Wrong && one.severity > Severity::Info;
    review.critique.findings.iter().filter(is_flaw)
}

/// All designs of a run.
#[derive(Debug, Clone, Default)]
pub struct Totals {
    counts: Counts,
    silent: usize,
    found: usize,
    mistaken: usize,
    unread: usize,
    rules: BTreeMap<&'static str, usize>,
}

impl Totals {
    pub fn add(&mut self, review: &Review) {
        let counts = Counts::of(review);
        self.counts.add(counts);
        match counts {
            counts if counts == Counts::default() => self.silent += 1,
            counts if counts.mistakes > 0 => self.mistaken += 1,
            _ => self.found += 1,
        }
        // A design counts once, however often it has a flaw.
        for rule in flaws(review).map(|one| one.code).collect::<BTreeSet<_>>() {
            *self.rules.entry(rule).or_default() += 1;
        }
    }

    /// One that could not be looked at, for which a reason has been given.
    pub fn add_unread(&mut self) {
        self.unread += 1;
    }

    /// The last lines. `whole`: every design has been shown whole, so that there is nothing to point at.
    pub fn text(&self, whole: bool, style: Style) -> String {
        let designs = counted(self.silent + self.found + self.mistaken + self.unread, "design");
        if self.found + self.mistaken + self.unread == 0 {
            return format!("{}\n", style.paint().good(&format!("{designs}: nothing to report")));
        }
        let parts = [
            (self.silent, "with nothing to report"),
            (self.found, "with something to report"),
            (self.mistaken, "with mistakes in the text"),
            (self.unread, "not read"),
        ];
        let parts: Vec<String> = parts
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        let wrap = |text: &str| Wrap { width: style.width, first: 0, hang: 2 }.text(text);
        let mut out = style.paint().bold(&wrap(&format!("{designs}: {}", parts.join(", "))));
        out.push('\n');
        let counts = self.counts.words();
        if !counts.is_empty() {
            out.push_str(&format!("{}\n", wrap(&counts)));
        }
        if let Some(often) = self.often() {
            out.push_str(&format!("{}\n", wrap(&often)));
        }
        if !whole && self.found + self.mistaken > 0 {
            let hint = "`spof check FILE` shows one of them whole, with evidence, fixes and questions; `--all` shows all";
            out.push_str(&format!("{}\n", style.paint().dim(&wrap(hint))));
        }
        out
    }

    /// Which flaws several designs share.
    fn often(&self) -> Option<String> {
        let mut rules: Vec<(&str, usize)> =
            self.rules.iter().map(|(rule, count)| (*rule, *count)).filter(|(_, count)| *count > 1).collect();
        // Stable: rules that are as frequent stay in order of name.
        rules.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let named: Vec<String> =
            rules.iter().take(OFTEN).map(|(rule, count)| format!("{rule} in {count}")).collect();
        (!named.is_empty()).then(|| format!("most often: {}", named.join(", ")))
    }
}
