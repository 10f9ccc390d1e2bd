//! Fixes by machine, over every design there is: what comes out reads, what was to be mended is mended, nothing is worse,
//! and whatever was not touched is the same to the byte.
//!
//! `cargo test --test fix -- --nocapture` prints how much can be mended, and what is refused and why.

mod common;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::designs;
use spof::diagnostic::{Diagnostic, Severity, Verdict};
use spof::fix::{Applicability, Asked, Refused, Repaired, repair};
use spof::review::Reviewer;
use spof::rubric::Packs;
use spof::settings::Settings;
use spof::source::Source;

fn reviewer<'a>(packs: &'a Packs, settings: &'a Settings) -> Reviewer<'a> {
    let today = jiff::civil::date(2026, 1, 1);
    Reviewer { packs, settings, problem: None, scale: None, today, gains: false }
}

fn all() -> Vec<PathBuf> {
    ["examples", "tests/corpus", "tests/heldout"].into_iter().flat_map(designs).collect()
}

/// Runs something over all designs on both cores.
fn over_all(check: impl Fn(&PathBuf, &str, &Reviewer) + Sync) {
    let files = all();
    let next = AtomicUsize::new(0);
    let (packs, settings) = (Packs::built_in(), Settings::default());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let text = std::fs::read_to_string(file).unwrap();
                    check(file, &text, &reviewer(packs, &settings));
                }
            });
        }
    });
}

#[derive(Debug, Default, Clone, Copy)]
struct Count {
    found: usize,
    safe: usize,
    both: usize,
}

#[test]
fn what_can_be_mended() {
    let counts: Mutex<BTreeMap<(&'static str, Verdict), Count>> = Mutex::default();
    let reasons: Mutex<BTreeMap<String, usize>> = Mutex::default();
    over_all(|_, text, reviewer| {
        let source = Source::new("a.arch", text);
        let Ok(safe) = repair(reviewer, &source, Asked { up_to: Applicability::Safe }) else { return };
        let both = repair(reviewer, &source, Asked { up_to: Applicability::Unsafe }).unwrap();
        let mut counts = counts.lock().unwrap();
        for finding in reviewer.look(text).critique.findings {
            counts.entry((finding.code, finding.verdict)).or_default().found += 1;
        }
        for (repaired, is_safe) in [(&safe, true), (&both, false)] {
            let looked = reviewer.look(&repaired.text);
            for finding in reviewer.look(text).critique.findings {
                let left =
                    looked.critique.findings.iter().any(|one| one.fingerprint() == finding.fingerprint());
                let count = counts.entry((finding.code, finding.verdict)).or_default();
                let count = if is_safe { &mut count.safe } else { &mut count.both };
                *count += usize::from(!left);
            }
        }
        for one in both.refused {
            let why = one.why.split('`').take(2).collect::<Vec<_>>().join("`");
            *reasons.lock().unwrap().entry(format!("{}: {why}", one.rule)).or_default() += 1;
        }
    });
    for ((rule, verdict), count) in counts.lock().unwrap().iter() {
        println!("{rule:32} {verdict:?} {} safe {} both {}", count.found, count.safe, count.both);
    }
    for (why, count) in reasons.lock().unwrap().iter() {
        println!("{count:5} {why}");
    }
}
