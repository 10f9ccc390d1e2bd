//! Each single safety taken out of each reference design: somebody has to miss it, a rule by a finding about the node or hop
//! that it was said of, or the rubric of the problem by a criterion that is no longer met.
//!
//! `cargo test --test mutations -- --nocapture` prints the shares; what is not needed, and why, stands in
//! `mutations/not_needed.rs`, what nobody notices in `unnoticed.txt`.

mod common;
#[path = "mutations/not_needed.rs"]
mod not_needed;
#[path = "mutations/rubric.rs"]
mod rubric;

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

use not_needed::NOT_NEEDED;
use rubric::{judged, lost};
use spof::practice::mutate::{Safety, noticed, safeties, without};
use spof::source::Source;

/// Somebody misses the safety where what stands in for it is gone as well.
fn is_missed_without(text: &str, safety: &Safety, instead: &[&str]) -> bool {
    let own = |part: &Range<usize>| {
        safety.parts.iter().any(|other| part.start < other.end && other.start < part.end)
    };
    let mut parts: Vec<Range<usize>> = Vec::new();
    for what in instead {
        let places = text.match_indices(what).map(|(start, _)| last_word(start, what));
        parts.extend(places.filter(|part| !own(part)));
    }
    parts.sort_by_key(|part| part.start);
    parts.dedup();
    let before = noticed(&without(text, &parts));
    parts.extend(safety.parts.iter().cloned());
    let after = noticed(&without(text, &parts));
    let (Some(before), Some(after)) = (before, after) else { return false };
    safety.is_missed(&before, &after)
}

/// Of `teams -> front idempotency_key` the attribute at its end; the whole of what is one line, one word or several
/// attributes.
fn last_word(start: usize, what: &str) -> Range<usize> {
    let is_whole = what.starts_with(' ') || what.ends_with('\n') || what.ends_with(';');
    let skipped = if is_whole { 0 } else { what.rfind(' ').unwrap_or(0) };
    start + skipped..start + what.len()
}

#[test]
fn safeties_are_missed_when_they_are_gone() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut removed, mut by_rubric) = (0, 0);
    let (mut unnoticed, mut unproven) = (Vec::new(), Vec::new());
    let mut used: BTreeSet<usize> = BTreeSet::new();
    let mut needless = 0;
    let references = common::examples()
        .into_iter()
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("reference")));
    for path in references {
        let text = std::fs::read_to_string(root.join(&path)).unwrap();
        let problem = path.parent().and_then(|folder| folder.file_name()).unwrap().to_string_lossy();
        let name = path.file_stem().unwrap().to_string_lossy();
        let design = format!("{problem}/{}", name.trim_start_matches("reference-"));
        let (before, score) = (noticed(&text).unwrap(), judged(&text).unwrap());
        for safety in safeties(&text) {
            let mutant = without(&text, &safety.parts);
            let Some(after) = noticed(&mutant) else { continue };
            removed += 1;
            if safety.is_missed(&before, &after) {
                continue;
            }
            if lost(&score, &judged(&mutant).unwrap()).is_some() {
                by_rubric += 1;
                continue;
            }
            let place = Source::new("", text.as_str()).place(safety.parts[0].start + 1);
            let line = text.lines().nth(place.line - 1).unwrap_or_default().trim();
            let shown = format!("{design}: {} of `{line}`", safety.name);
            let known = NOT_NEEDED.iter().enumerate().find(|(_, one)| {
                one.design == design && one.safety == safety.name && line.contains(one.line)
            });
            match known {
                Some((at, one)) => {
                    needless += 1;
                    used.insert(at);
                    if !one.instead.is_empty() && !is_missed_without(&text, &safety, one.instead) {
                        unproven.push(format!("{shown}, {}", one.because));
                    }
                }
                None => unnoticed.push(shown),
            }
        }
    }
    let by_rule = removed - by_rubric - needless - unnoticed.len();
    println!(
        "{removed} safeties taken out: {by_rule} missed by a rule, {by_rubric} by a rubric, {needless} not needed, {} unnoticed",
        unnoticed.len()
    );
    let stale: Vec<&str> =
        NOT_NEEDED.iter().enumerate().filter(|(at, _)| !used.contains(at)).map(|(_, one)| one.line).collect();
    let gaps: String = unnoticed.iter().map(|line| format!("{line}\n")).collect();
    let known = root.join("tests/unnoticed.txt");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&known, &gaps).unwrap();
    }
    assert_eq!(stale, Vec::<&str>::new(), "somebody misses these, or they are gone");
    assert_eq!(unproven, Vec::<String>::new(), "nothing stands in for these");
    let kept = std::fs::read_to_string(&known).unwrap_or_default();
    assert!(kept == gaps, "tests/unnoticed.txt is stale: run `UPDATE_DOCS=1 cargo test`\n{gaps}");
    // Every safety of the designs that the rules were written beside is missed, and of others all but one in thirty.
    let beside = |line: &&String| line.starts_with("url-shortener/") || line.starts_with("chat-system/");
    assert_eq!(unnoticed.iter().find(beside), None);
    assert!(removed > 1_600 && unnoticed.len() * 30 <= removed, "{} of {removed} unnoticed", unnoticed.len());
}
