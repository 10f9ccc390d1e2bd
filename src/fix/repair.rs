//! A text, and the same with its findings mended as far as that can be done by machine.
//!
//! Each round writes what does not contradict itself, reads the outcome, and keeps it only if every finding that was to
//! be mended is gone, nothing new is found, and nothing is misread. Where a round fails, half of it is tried; what
//! fails alone is refused, with the reason. Every round that is kept leaves fewer findings, so it ends.

use std::collections::{HashMap, HashSet};

use super::Applicability;
use super::mend::Mend;
use super::place::{Change, Places};
use crate::diagnostic::{Diagnostic, Severity, Verdict};
use crate::review::{Looked, Reviewer};
use crate::source::Source;

/// Texts that are tried before the rest is left: each is a whole check.
const TRIALS: usize = 300;

/// Which fixes are wanted.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// The least safe that is made.
    pub up_to: Applicability,
}

#[derive(Debug)]
pub struct Repaired {
    pub text: String,
    pub applied: Vec<Applied>,
    pub refused: Vec<Refused>,
}

/// A fix that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    pub rule: &'static str,
    /// The finding's, which is gone.
    pub fingerprint: String,
    /// `` `timeout=2s` from `api` to `store` ``
    pub what: String,
}

/// A fix that was not, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    pub rule: &'static str,
    pub what: String,
    pub why: String,
}

/// Something that can be written now.
struct Candidate<'d> {
    finding: &'d Diagnostic,
    what: String,
    changes: Vec<Change>,
}

/// Fixes that are not tried again, by finding and by what they would write.
type Passed = HashSet<(String, String)>;

/// What a rule says of what it names first; found again after what stands around it has changed.
type Key<'d> = (&'static str, &'d str, &'d str);

/// The text with all fixes that hold. A text with mistakes of its own is left alone: they are the error.
pub fn repair(reviewer: &Reviewer, source: &Source, asked: Asked) -> Result<Repaired, Vec<Diagnostic>> {
    let mut repaired = Repaired { text: source.text.clone(), applied: Vec::new(), refused: Vec::new() };
    let first = reviewer.look(&repaired.text);
    if !first.mistakes.is_empty() {
        return Err(first.mistakes);
    }
    drop(first);
    let mut refused = Passed::new();
    let mut most = usize::MAX;
    let mut trials = 0;
    loop {
        let looked = reviewer.look(&repaired.text);
        let mut batch = candidates(&looked, &repaired.text, asked, &mut refused, &mut repaired.refused);
        if batch.is_empty() {
            break;
        }
        if trials >= TRIALS {
            let left = batch.into_iter().map(|one| one.refused("too many others were tried before it"));
            repaired.refused.extend(left);
            break;
        }
        let mut trial = None;
        while trial.is_none() && !batch.is_empty() {
            batch.truncate(most);
            let text = written(&repaired.text, &batch);
            trials += 1;
            match judge(&looked, &reviewer.look(&text), &batch) {
                Ok(()) => trial = Some(text),
                Err(why) if batch.len() == 1 => {
                    refused.insert((batch[0].finding.fingerprint(), batch[0].what.clone()));
                    repaired.refused.push(batch[0].refused(&why));
                    batch.clear();
                }
                Err(_) => most = batch.len() / 2,
            }
        }
        most = usize::MAX;
        if let Some(text) = trial {
            repaired.applied.extend(batch.iter().map(|one| Applied {
                rule: one.finding.code,
                fingerprint: one.finding.fingerprint(),
                what: one.what.clone(),
            }));
            drop(batch);
            drop(looked);
            repaired.text = text;
        }
    }
    Ok(repaired)
}

impl Candidate<'_> {
    fn refused(&self, why: &str) -> Refused {
        Refused { rule: self.finding.code, what: self.what.clone(), why: why.to_string() }
    }
}

/// What can be written in one go, in order of place: of two that would decide one thing differently, the first.
fn candidates<'d>(
    looked: &'d Looked,
    text: &str,
    asked: Asked,
    refused: &mut Passed,
    said: &mut Vec<Refused>,
) -> Vec<Candidate<'d>> {
    let places = Places::new(text, &looked.ast, &looked.design);
    let mut findings: Vec<&Diagnostic> =
        looked.critique.findings.iter().filter(|finding| !finding.mends.is_empty()).collect();
    findings.sort_by_key(|finding| (finding.at.span, finding.code));
    let mut decided: HashMap<(usize, String), String> = HashMap::new();
    let mut batch = Vec::new();
    for finding in findings {
        let wanted = |mend: &&Mend| mend.applicability() <= asked.up_to;
        let Some(mend) = finding
            .mends
            .iter()
            .find(|mend| wanted(mend) && !refused.contains(&(finding.fingerprint(), mend.show(text))))
        else {
            continue;
        };
        let what = mend.show(text);
        let changes = match places.changes(mend) {
            Ok(changes) => changes,
            Err(why) => {
                said.push(Refused { rule: finding.code, what: what.clone(), why: why.to_string() });
                refused.insert((finding.fingerprint(), what));
                continue;
            }
        };
        let agrees = |change: &Change| decided.get(&change.decides).is_none_or(|text| *text == change.text);
        if !changes.iter().all(agrees) {
            continue;
        }
        for change in &changes {
            decided.insert(change.decides.clone(), change.text.clone());
        }
        batch.push(Candidate { finding, what, changes });
    }
    batch
}

/// The text with the changes made; what is asked for twice is written once.
fn written(text: &str, batch: &[Candidate]) -> String {
    let mut changes: Vec<&Change> = Vec::new();
    let mut made = HashSet::new();
    for change in batch.iter().flat_map(|one| &one.changes) {
        if made.insert(&change.decides) {
            changes.push(change);
        }
    }
    // The sort is stable: what is put at one place stays in order.
    changes.sort_by_key(|change| change.order());
    let mut out = String::with_capacity(text.len() + 32 * changes.len());
    let mut at = 0;
    for change in changes {
        out.push_str(&text[at..change.span.start]);
        out.push_str(&change.text);
        at = change.span.end;
    }
    out.push_str(&text[at..]);
    out
}

/// Whether what was to be mended is, and nothing else is worse; else what is.
fn judge(before: &Looked, after: &Looked, batch: &[Candidate]) -> Result<(), String> {
    if let Some(mistake) = after.mistakes.first() {
        return Err(format!("it would be a mistake: {}", mistake.message));
    }
    let (old, new) = (&before.critique.findings, &after.critique.findings);
    if let Some(found) = worse(old, new) {
        return Err(format!("it would raise `{}`: {}", found.code, found.message));
    }
    let counted = |findings: &[Diagnostic]| {
        let mut counts: HashMap<(&'static str, String), usize> = HashMap::new();
        for finding in findings {
            *counts.entry((finding.code, finding.fingerprint())).or_default() += 1;
        }
        counts
    };
    let (mut allowed, now) = (counted(old), counted(new));
    for one in batch {
        if let Some(count) = allowed.get_mut(&(one.finding.code, one.finding.fingerprint())) {
            *count = count.saturating_sub(1);
        }
    }
    for one in batch {
        let key = (one.finding.code, one.finding.fingerprint());
        if now.get(&key).copied().unwrap_or(0) > allowed.get(&key).copied().unwrap_or(0) {
            return Err("it does not mend the finding by itself".to_string());
        }
    }
    Ok(())
}

/// A finding that was not there: of a rule and a subject, or graver than it was.
fn worse<'d>(before: &[Diagnostic], after: &'d [Diagnostic]) -> Option<&'d Diagnostic> {
    let mut known: HashMap<Key, (Severity, bool)> = HashMap::new();
    for finding in before {
        for key in keys(finding) {
            let gravity = known.entry(key).or_insert((finding.severity, false));
            *gravity = (gravity.0.max(finding.severity), gravity.1 || finding.verdict == Verdict::Wrong);
        }
    }
    after.iter().find(|finding| {
        let is_wrong = finding.verdict == Verdict::Wrong;
        let known = keys(finding).next().and_then(|key| known.get(&key));
        known.is_none_or(|&(severity, wrong)| finding.severity > severity || (is_wrong && !wrong))
    })
}

/// What a finding is about, the first in front.
fn keys(finding: &Diagnostic) -> impl Iterator<Item = Key<'_>> {
    let nodes = finding.nodes.iter().map(|id| (finding.code, id.as_str(), ""));
    let hops = finding.hops.iter().map(|(from, to)| (finding.code, from.as_str(), to.as_str()));
    let flows = finding.flows.iter().map(|id| (finding.code, id.as_str(), "flow"));
    nodes.chain(hops).chain(flows)
}
