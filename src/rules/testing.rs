//! Cases of rules, as design text: what must be found, and what must not.

use jiff::civil::date;

use super::{Facts, Rule};
use crate::diagnostic::{Diagnostic, Severity, Verdict};

/// Runs one rule over a design and compares all that it finds with what is expected, both ways.
///
/// Each finding reads `wrong store`, `unstated links, stats` or `wrong a->b`: its verdict, then its nodes, or its hops
/// where it names no node, or its flows. Unstated findings are gathered into one, as in a report. What is not evaluated
/// reads `wants capacity of store`: the number that is missing.
#[track_caller]
pub fn expect(rule: &Rule, text: &str, expected: &[&str]) {
    let design = design(text);
    let found = super::gather(super::run(rule, &Facts::new(&design)));
    let shown: Vec<String> = found.iter().map(show).collect();
    assert_eq!(shown, expected, "{} on:\n{text}\n{found:#?}", rule.id);
}

/// A design without mistakes.
#[track_caller]
pub fn design(text: &str) -> crate::design::Design {
    let (ast, mut mistakes) = crate::syntax::parse(text);
    let (design, more) = crate::design::lower(&ast);
    mistakes.extend(more);
    assert!(mistakes.is_empty(), "{mistakes:#?}\nin:\n{text}");
    design
}

fn show(finding: &Diagnostic) -> String {
    let verdict = match finding.verdict {
        Verdict::Wrong => "wrong",
        Verdict::Unstated => "unstated",
        Verdict::NotEvaluated => return format!("wants {}", finding.message.replace('`', "")),
    };
    let hops: Vec<String> = finding.hops.iter().map(|(from, to)| format!("{from}->{to}")).collect();
    let subjects = if !finding.nodes.is_empty() {
        &finding.nodes
    } else if !hops.is_empty() {
        &hops
    } else {
        &finding.flows
    };
    format!("{verdict} {}", subjects.join(", "))
}

#[test]
fn every_page_shows_its_flaw_and_its_mending() {
    for rule in super::ALL.iter() {
        let bad = design(rule.page.bad);
        assert!(!super::run(rule, &Facts::new(&bad)).is_empty(), "{}: the bad example is silent", rule.id);
        let good = design(rule.page.good);
        let found = super::run(rule, &Facts::new(&good));
        assert!(found.is_empty(), "{}: the good example fires: {found:#?}", rule.id);
    }
}

/// Following the advice of one rule wakes no other.
#[test]
fn what_is_mended_has_no_other_error() {
    for rule in super::ALL.iter() {
        let critique = super::check(&design(rule.page.good), date(2026, 1, 1));
        let errors: Vec<_> =
            critique.findings.iter().filter(|finding| finding.severity == Severity::Error).collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", rule.id);
    }
}

/// One flaw, one finding: what a rule shows as its flaw is no other rule's.
#[test]
fn a_flaw_is_said_once() {
    for rule in super::ALL.iter() {
        let critique = super::check(&design(rule.page.bad), date(2026, 1, 1));
        let others: Vec<_> = critique
            .findings
            .iter()
            .filter(|finding| finding.verdict == Verdict::Wrong && finding.code != rule.id)
            .collect();
        assert!(others.is_empty(), "{}: {others:#?}", rule.id);
    }
}

#[test]
fn every_finding_says_what_happens_and_what_to_write() {
    for rule in super::ALL.iter() {
        for finding in super::run(rule, &Facts::new(&design(rule.page.bad))) {
            assert!(!finding.message.is_empty() && !finding.at.text.is_empty(), "{}", rule.id);
            assert!(!finding.message.ends_with('.'), "{}: {}", rule.id, finding.message);
            assert!(!finding.consequence.is_empty() && !finding.fix.is_empty(), "{}", rule.id);
            let subjects = finding.nodes.len() + finding.hops.len() + finding.flows.len();
            assert!(subjects > 0, "{}: about nothing", rule.id);
            assert!(finding.verdict == Verdict::Wrong || rule.question.is_some(), "{}", rule.id);
        }
    }
}

#[test]
fn an_allow_accepts_until_its_day() {
    let text = "client u\nservice a x2\nlb l managed\npostgres d\nu -> l -> a -> d\n\
                allow spof-datastore on d because \"a toy\" until 2026-06";
    let design = design(text);
    let before = super::check(&design, date(2026, 6, 30));
    assert!(before.accepted.iter().any(|accepted| accepted.finding.code == "spof-datastore"));
    assert!(before.findings.iter().all(|finding| finding.code != "spof-datastore"));
    let after = super::check(&design, date(2026, 7, 1));
    assert!(after.findings.iter().any(|finding| finding.code == "spof-datastore"));
}

/// The files of all rules, or folders of those with several, with the group's folder that each is in.
fn files() -> Vec<(String, std::path::PathBuf)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules");
    let mut files = Vec::new();
    for group in super::ALL.iter().map(|rule| rule.group.name()).collect::<std::collections::BTreeSet<_>>() {
        let entries = std::fs::read_dir(folder.join(group)).unwrap().map(|entry| entry.unwrap().path());
        files.extend(entries.filter(|path| !path.ends_with("mod.rs")).map(|path| (group.to_string(), path)));
    }
    files
}

/// The lists are kept by hand because a macro that generates `mod` lines hides the files from `cargo fmt`.
#[test]
fn the_lists_hold_every_rule_file_in_the_folder_of_its_group() {
    let mut files: Vec<(String, String)> = files()
        .into_iter()
        .map(|(group, path)| (group, path.file_stem().unwrap().to_string_lossy().replace('_', "-")))
        .collect();
    files.sort();
    let mut listed: Vec<(String, String)> =
        super::ALL.iter().map(|rule| (rule.group.name().to_string(), rule.id.to_string())).collect();
    listed.sort_unstable();
    assert_eq!(listed, files);
}

/// `reads` feeds the attribute reference, so it must be what the check looks at.
#[test]
fn every_rule_declares_the_attributes_it_reads() {
    let files = files();
    for rule in super::ALL.iter() {
        let name = rule.id.replace('-', "_");
        let (_, path) = files.iter().find(|(_, path)| path.file_stem().unwrap() == name.as_str()).unwrap();
        let parts = match std::fs::read_dir(path) {
            Ok(entries) => entries.map(|entry| entry.unwrap().path()).collect(),
            Err(_) => vec![path.clone()],
        };
        let texts = parts.iter().map(|part| std::fs::read_to_string(part).unwrap());
        let check: String =
            texts.map(|text| text.split("#[cfg(test)]").next().unwrap().to_string()).collect();
        let looks = |name: &str| {
            ["get", "has", "flag", "number", "text", "words"]
                .iter()
                .any(|method| check.contains(&format!(".{method}(\"{name}\")")))
        };
        let names = crate::catalog::catalog().attributes.iter().map(|attribute| attribute.name.as_str());
        let missing: Vec<&str> = names.filter(|name| looks(name) && !rule.reads.contains(name)).collect();
        assert!(missing.is_empty(), "{} looks at {missing:?} and does not list them in `reads`", rule.id);
        for name in rule.reads {
            assert!(
                crate::catalog::catalog().attribute(name).is_some(),
                "{}: no attribute `{name}`",
                rule.id
            );
        }
    }
}

/// Every design on the rules' pages.
fn designs() -> impl Iterator<Item = &'static str> {
    super::ALL.iter().flat_map(|rule| [rule.page.bad, rule.page.good])
}

/// What is found, without where: each rule and verdict, as often as it is found.
fn verdicts(text: &str) -> Vec<(&'static str, Verdict)> {
    let critique = super::check(&design(text), date(2026, 1, 1));
    let mut all: Vec<_> = critique.findings.iter().map(|finding| (finding.code, finding.verdict)).collect();
    all.sort_unstable();
    all
}

#[test]
fn names_do_not_matter() {
    for text in designs() {
        assert_eq!(verdicts(text), verdicts(&renamed(text)), "{text}\n{}", renamed(text));
    }
}

#[test]
fn the_order_of_statements_does_not_matter() {
    for text in designs() {
        let mut reversed = statements(text);
        reversed.reverse();
        let reversed = reversed.concat();
        assert_eq!(verdicts(text), verdicts(&reversed), "{text}\n{reversed}");
    }
}

/// The same design with other ids, except where an id is also a word of the language.
fn renamed(text: &str) -> String {
    let design = design(text);
    let catalog = crate::catalog::catalog();
    let is_id = |word: &str| {
        design.node(word).filter(|_| catalog.technology(word).is_none() && catalog.attribute(word).is_none())
    };
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        // `sign-up` is one word, `a->b` is three.
        let joins = |at: usize| at > 0 && rest[at + 1..].starts_with(char::is_alphanumeric);
        let part = |at: usize, c: char| is_part(c) || (c == '-' && joins(at));
        let end = rest.char_indices().find(|&(at, c)| !part(at, c)).map_or(rest.len(), |(at, _)| at);
        let (word, after) = rest.split_at(end);
        match is_id(word) {
            Some(node) if crate::catalog::Kind::parse(word).is_none() => {
                out.push_str(&format!("n{}", node.index()));
            }
            _ => out.push_str(word),
        }
        let skip = after.chars().next().map_or(0, char::len_utf8);
        out.push_str(&after[..skip]);
        rest = &after[skip..];
    }
    out
}

/// The statements at the top of a design, each with its block.
fn statements(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut depth = 0_usize;
    let mut current = String::new();
    for line in text.lines() {
        current.push_str(line);
        current.push('\n');
        depth = depth + line.matches('{').count() - line.matches('}').count();
        if depth == 0 {
            all.push(std::mem::take(&mut current));
        }
    }
    all
}
