//! Fixes by machine, over every design there is: what comes out reads, what was to be mended is mended, nothing is worse,
//! and whatever was not touched is the same to the byte.

mod common;
// Others use the rest of it.
#[allow(dead_code)]
mod random_designs;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};

use common::{NOTICE, designs, keep};
use spof::diagnostic::{Diagnostic, Verdict};
use spof::fix::{Applicability, Asked, Repaired, SETTINGS, What, on_page, repair};
use spof::review::Reviewer;
use spof::source::Source;
use spof::syntax::parse;

const LEVELS: [Applicability; 2] = [Applicability::Safe, Applicability::Unsafe];

/// A design, and the same after each of the two ways to fix it.
struct Case {
    path: PathBuf,
    text: String,
    fixed: [Repaired; 2],
    /// What is found in it, and after each fix.
    before: Vec<Diagnostic>,
    after: [Vec<Diagnostic>; 2],
}

fn reviewer() -> Reviewer<'static> {
    Reviewer::plain(jiff::civil::date(2026, 1, 1))
}

fn fix(text: &str, up_to: Applicability) -> Result<Repaired, Vec<Diagnostic>> {
    repair(&reviewer(), &Source::new("a.arch", text), Asked { up_to })
}

fn findings(text: &str) -> Vec<Diagnostic> {
    let looked = reviewer().look(text);
    let mistakes: Vec<&String> = looked.mistakes.iter().map(|mistake| &mistake.message).collect();
    assert!(mistakes.is_empty(), "{mistakes:#?} in:\n{text}");
    looked.critique.findings
}

/// Every design of the examples, the corpus, the outages and those held out; all of them read.
static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let files: Vec<PathBuf> =
        ["examples", "tests/corpus", "tests/heldout"].into_iter().flat_map(designs).collect();
    // Designs for a problem that only their own folder knows.
    let files: Vec<PathBuf> = files.into_iter().filter(|path| !path.starts_with("examples/pack")).collect();
    let next = AtomicUsize::new(0);
    let cases = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let text = std::fs::read_to_string(path).unwrap();
                    let fixed = LEVELS.map(|up_to| fix(&text, up_to).expect("it has no mistakes"));
                    let after = [&fixed[0], &fixed[1]].map(|fixed| findings(&fixed.text));
                    let (path, before) = (path.clone(), findings(&text));
                    cases.lock().unwrap().push(Case { path, text, fixed, before, after });
                }
            });
        }
    });
    let mut cases = cases.into_inner().unwrap();
    cases.sort_by(|one, other| one.path.cmp(&other.path));
    assert_eq!(cases.len(), files.len());
    cases
});

/// Asserts all that holds of a text and what was made of it, but for the second run.
#[track_caller]
fn assert_sound(text: &str, before: &[Diagnostic], fixed: &Repaired, after: &[Diagnostic]) {
    for applied in &fixed.applied {
        let count = |findings: &[Diagnostic]| {
            findings.iter().filter(|one| one.fingerprint() == applied.fingerprint).count()
        };
        assert!(count(after) < count(before).max(1), "{applied:?} is still found in:\n{}", fixed.text);
    }
    for finding in after {
        assert!(before.iter().any(|one| is_no_worse(finding, one)), "new: {finding:#?} in:\n{}", fixed.text);
    }
    assert_untouched(text, fixed);
}

/// Said before of the same thing, as gravely.
fn is_no_worse(finding: &Diagnostic, before: &Diagnostic) -> bool {
    let subject = match (&finding.nodes[..], &finding.hops[..]) {
        ([first, ..], _) => before.nodes.contains(first),
        ([], [first, ..]) => before.hops.contains(first),
        ([], []) => finding.flows.first().is_none_or(|first| before.flows.contains(first)),
    };
    let sure = finding.verdict == Verdict::Unstated || before.verdict == Verdict::Wrong;
    subject && sure && finding.code == before.code
}

/// Every line is as it was, is one that something was written on, or is new and what was written.
#[track_caller]
fn assert_untouched(text: &str, fixed: &Repaired) {
    let comments = |text: &str| -> Vec<String> {
        parse(text).0.comments.iter().map(|comment| comment.text.to_string()).collect()
    };
    assert_eq!(comments(text), comments(&fixed.text));
    let said = fixed.applied.iter().map(|one| one.what.as_str()).collect::<Vec<_>>().join("\n");
    let mut lines = fixed.text.split('\n');
    for old in text.split('\n') {
        loop {
            let new = lines.next().unwrap_or_else(|| panic!("lost: {old:?}\n{}", fixed.text));
            if new == old || is_touched(old, new, &said) {
                break;
            }
            assert!(is_written(new, &said), "{old:?} became {new:?}\n{said}");
        }
    }
    for new in lines {
        assert!(is_written(new, &said), "{new:?}\n{said}");
    }
}

/// A new line, of nothing but what was written.
fn is_written(line: &str, said: &str) -> bool {
    let words: BTreeSet<&str> = said.split(['`', ' ', '\n', ',']).collect();
    line.split(['`', ' ', '\t', '\r', ',']).all(|word| words.contains(word))
}

/// The same line with words more, or others in place of attributes that were set.
fn is_touched(old: &str, new: &str, said: &str) -> bool {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let said: BTreeSet<&str> =
        said.split(['`', ' ', '\n', ',']).map(|word| word.split('=').next().unwrap_or(word)).collect();
    let is_set = |word: &str| {
        let counts = word.strip_prefix('x').is_some_and(|count| count.parse::<u64>().is_ok());
        counts || said.contains(word.split('=').next().unwrap_or(word))
    };
    // A list is one word.
    let [old, new] = [old, new].map(|line| line.replace(", ", ","));
    let mut words = new.split([' ', '\t']).filter(|word| !word.is_empty());
    let mut kept =
        old.split([' ', '\t']).filter(|word| !word.is_empty() && !is_set(word.trim_end_matches('\r')));
    indent(&old) == indent(&new)
        && old.ends_with('\r') == new.ends_with('\r')
        && new.len() > old.len().saturating_sub(20)
        && kept.all(|word| words.any(|other| other.trim_end_matches(';') == word.trim_end_matches(';')))
}

#[test]
fn every_design_is_fixed_and_nothing_else_changes() {
    for case in CASES.iter() {
        for (fixed, after) in case.fixed.iter().zip(&case.after) {
            println!("{}", case.path.display());
            assert_sound(&case.text, &case.before, fixed, after);
        }
    }
}

#[test]
fn a_second_run_changes_nothing() {
    for case in CASES.iter() {
        for (up_to, fixed) in LEVELS.into_iter().zip(&case.fixed) {
            let again = fix(&fixed.text, up_to).unwrap();
            assert_eq!(again.applied, [], "{}", case.path.display());
            assert_eq!(again.text, fixed.text, "{}", case.path.display());
        }
    }
}

#[test]
fn a_finding_has_one_fix_and_says_it_in_words_too() {
    for case in CASES.iter() {
        for finding in &case.before {
            assert!(finding.mends.len() <= 1, "{}: {}", case.path.display(), finding.code);
            for write in finding.mends.iter().flat_map(|mend| &mend.writes) {
                if matches!(write.what, What::Node { .. }) {
                    continue;
                }
                let what = write.what.show();
                let name = what.split(['=', ' ']).next().unwrap();
                let counts = name.starts_with('x') && name[1..].parse::<u64>().is_ok();
                let told = finding.fix.contains(name) || counts || finding.fix.contains("every ");
                assert!(told, "{}: writes {what}, says {}", finding.code, finding.fix);
            }
        }
    }
}

#[test]
fn designs_by_chance_are_fixed_and_nothing_else_changes() {
    for seed in 0..120 {
        let mut random = random_designs::Random::new(seed);
        let text = random_designs::random_design(&mut random, 9);
        for up_to in LEVELS {
            let fixed = fix(&text, up_to).expect("it has no mistakes");
            assert_sound(&text, &findings(&text), &fixed, &findings(&fixed.text));
            assert_eq!(fix(&fixed.text, up_to).unwrap().text, fixed.text);
        }
    }
}

/// How a text comes out where a single rule's fix is looked at.
#[track_caller]
fn becomes(text: &str, up_to: Applicability, expected: &str) {
    let fixed = fix(text, up_to).expect("it has no mistakes");
    assert_eq!(fixed.text, expected, "{:#?}", fixed.refused);
}

#[test]
fn it_is_written_where_it_belongs_whatever_stands_around() {
    let both = Applicability::Unsafe;
    let safe = Applicability::Safe;
    let rest =
        "client u\nservice s x2 health=ready metrics alert rate_limit=5/s limit_by=user auth=jwt shed\n";
    let queue = |line: &str, eol: &str| {
        format!("{rest}worker w x2 idempotent metrics\n{line}\nu -> s ~> q ~> w\n").replace('\n', eol)
    };
    for (before, after) in [
        ("queue q x3 lag_alert", "queue q x3 lag_alert dlq=dead\nqueue dead x3 alert"),
        // Before the comment, and the new line behind it.
        ("queue q x3 lag_alert # jobs", "queue q x3 lag_alert dlq=dead # jobs\nqueue dead x3 alert"),
        (
            "queue q x3 lag_alert dlq=none\t# jobs",
            "queue q x3 lag_alert dlq=dead\t# jobs\nqueue dead x3 alert",
        ),
        (
            "queue q \"a # b; c {\" x3 lag_alert",
            "queue q \"a # b; c {\" x3 lag_alert dlq=dead\nqueue dead x3 alert",
        ),
        (
            "group g {\n\tqueue q x3 lag_alert\n}",
            "group g {\n\tqueue q x3 lag_alert dlq=dead\n\tqueue dead x3 alert\n}",
        ),
        (
            "group g { queue q x3 lag_alert }",
            "group g { queue q x3 lag_alert dlq=dead; queue dead x3 alert }",
        ),
        (
            "queue q x3 lag_alert; note on q \"é\"",
            "queue q x3 lag_alert dlq=dead; queue dead x3 alert; note on q \"é\"",
        ),
    ] {
        for eol in ["\n", "\r\n"] {
            becomes(&queue(before, eol), both, &queue(after, eol));
        }
    }
    // How many stands before what is said of them, whichever is written first.
    let store = "client u\nservice s x2\npostgres d\nflow f { u -> s -> d writes }\n";
    let fixed = fix(store, both).unwrap().text;
    assert!(fixed.contains("\npostgres d x2 ") && fixed.contains(" backup=1h"), "{fixed}");
    // A name that is taken.
    let taken = format!("{}group dead {{ }}\n", queue("queue q x3 lag_alert", "\n"));
    let fixed = fix(&taken, both).unwrap().text;
    assert!(fixed.contains("dlq=q_dead\nqueue q_dead x3 alert\n"), "{fixed}");
    // Dead letters that are there.
    let there =
        queue("queue q x3 lag_alert\nqueue p x3 lag_alert dlq=bad\nqueue bad x3 alert\ns ~> p ~> w", "\n");
    let fixed = fix(&there, safe).unwrap().text;
    assert!(fixed.contains("queue q x3 lag_alert dlq=bad\n"), "{fixed}");
}

#[test]
fn a_hop_gets_it_on_its_own_arrow() {
    let nodes = "client u\nservice a x2 metrics alert\nservice b x2 metrics alert\nservice c x2 metrics alert\nlb l managed\n";
    let cases = [
        ("u -> l -> a -> b", "u -> l -> a -> b timeout=1s"),
        ("u -> l -> a -> b # x\n  -> c", "u -> l -> a -> b timeout=1s # x\n  -> c timeout=1s"),
        ("u -> l -> a -> b, c", "u -> l -> a -> b, c timeout=1s"),
        ("u -> l -> a\na -> b timeout=none", "u -> l -> a\na -> b timeout=1s"),
        ("u -> l -> a; a -> b; a -> c", "u -> l -> a; a -> b timeout=1s; a -> c timeout=1s"),
        // Said once of a connection, however many lines use it.
        (
            "flow f { u -> l -> a -> b }\nflow g { u -> l -> a -> b }",
            "flow f { u -> l -> a -> b timeout=1s }\nflow g { u -> l -> a -> b }",
        ),
    ];
    for (before, after) in cases {
        let fixed = fix(&format!("{nodes}{before}"), Applicability::Safe).unwrap();
        let only = fixed.text.replace(" rate_limit=100/min limit_by=ip", "").replace(" breaker", "");
        assert_eq!(only, format!("{nodes}{after}"), "{fixed:#?}");
    }
}

#[test]
fn a_table_gets_lines_of_its_own() {
    let text = |table: &str| {
        format!(
            "client u\nservice a x2\npostgres d x2 managed {{\n{table}\n}}\nflow f {{ u -> a -> d reads=t by=owner }}\n"
        )
    };
    for (before, after) in [
        ("  table t { key id; rows = 5M }", "  table t { key id; rows = 5M; index owner }"),
        (
            "\ttable t {\n\t\tkey id   # the id\n\t\trows = 5M # many\n\t}",
            "\ttable t {\n\t\tkey id   # the id\n\t\trows = 5M # many\n\t\tindex owner\n\t}",
        ),
        ("  table t { key id\n    rows = 5M }", "  table t { key id\n    rows = 5M\n    index owner }"),
    ] {
        let fixed = fix(&text(before), Applicability::Safe).unwrap().text;
        assert!(fixed.contains(after), "{fixed}");
    }
}

#[test]
fn a_design_with_mistakes_is_left_alone() {
    for text in [
        "client u\nservice a x2 tmeout=1s\nu -> a",
        "flow f {",
        "client u\nu -> nobody\n",
        "allow no-such because \"x\"",
    ] {
        let mistakes = fix(text, Applicability::Unsafe).unwrap_err();
        assert!(!mistakes.is_empty(), "{text}");
    }
}

#[test]
fn what_would_bring_something_new_is_not_written_and_says_so() {
    let path = "tests/corpus/no-failover";
    let refused: BTreeSet<&str> = CASES
        .iter()
        .flat_map(|case| &case.fixed[1].refused)
        .map(|one| one.why.split('`').next().unwrap())
        .collect();
    assert!(refused.contains("it would raise "), "{path}: {refused:?}");
    assert!(refused.iter().all(|why| !why.is_empty()), "{refused:?}");
}

/// How often each rule's findings are mended, over all designs.
#[derive(Default)]
struct Count {
    found: usize,
    safe: usize,
    both: usize,
}

#[test]
fn the_page_on_fixes_counts_what_is_there() {
    let mut counts: BTreeMap<&str, Count> = BTreeMap::new();
    for case in CASES.iter() {
        let before = &case.before;
        for finding in before {
            counts.entry(finding.code).or_default().found += 1;
        }
        for (after, is_safe) in case.after.iter().zip([true, false]) {
            let after: Vec<String> = after.iter().map(Diagnostic::fingerprint).collect();
            for finding in before.iter().filter(|finding| !after.contains(&finding.fingerprint())) {
                let count = counts.get_mut(finding.code).unwrap();
                *(if is_safe { &mut count.safe } else { &mut count.both }) += 1;
            }
        }
    }
    let sum = |of: fn(&Count) -> usize| counts.values().map(of).sum::<usize>();
    let (found, safe, both) = (sum(|count| count.found), sum(|count| count.safe), sum(|count| count.both));
    let percent = |part: usize| (100 * part + found / 2) / found;
    let mut page = format!("{NOTICE}{}", include_str!("fixtures/fixes.md"));
    writeln!(page, "## How much of it\n").unwrap();
    writeln!(
        page,
        "Over the {} designs of `examples`, `tests/corpus` and `tests/heldout` the rules find {found} things. `--fix` mends \
         {safe} of them ({} %), `--fix --unsafe` {both} ({} %). A finding counts as mended when it is gone, also where the \
         fix of another took it along.\n",
        CASES.len(),
        percent(safe),
        percent(both)
    )
    .unwrap();
    writeln!(page, "| rule | found | `--fix` | `--fix --unsafe` | written into the design on its page |")
        .unwrap();
    writeln!(page, "|---|---:|---:|---:|---|").unwrap();
    for rule in spof::rules::ALL.iter() {
        let none = Count::default();
        let count = counts.get(rule.id).unwrap_or(&none);
        let written = on_page(rule);
        if count.both + count.safe == 0 && written.is_none() {
            continue;
        }
        let written = written.map_or(String::new(), |(how, what)| format!("{what}, {}", how.name()));
        let Count { found, safe, both } = count;
        writeln!(page, "| [`{id}`](rules/{id}.md) | {found} | {safe} | {both} | {written} |", id = rule.id)
            .unwrap();
    }
    let settings = SETTINGS.map(|name| format!("`{name}`")).join(", ");
    page = page.replace("SETTINGS", &settings);
    keep("fixes.md", &page);
    assert!(percent(safe) >= 30 && percent(both) >= 50, "{safe} and {both} of {found}");
}
