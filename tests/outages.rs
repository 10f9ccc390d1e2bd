//! Public outages as designs: as it stood, the tool names the mechanism; as it was mended, it does not, and finds no error.
//!
//! `before.arch` says in its comments what has to be found: `# names: RULE on NODE`.

use std::path::{Path, PathBuf};

use jiff::civil::date;
use spof::diagnostic::{Diagnostic, Severity};
use spof::{design, rules, syntax};

fn outages() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/outages");
    let mut outages: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    outages.sort();
    outages
}

fn read(outage: &Path, which: &str) -> String {
    std::fs::read_to_string(outage.join(which)).unwrap()
}

fn findings(text: &str, outage: &Path) -> Vec<Diagnostic> {
    let (ast, mut mistakes) = syntax::parse(text);
    let (design, more) = design::lower(&ast);
    mistakes.extend(more);
    assert!(mistakes.is_empty(), "{}: {mistakes:#?}", outage.display());
    rules::check(&design, date(2026, 1, 1)).findings
}

/// The rules and nodes that have to be named.
fn names(text: &str) -> Vec<(&str, &str)> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("# names: "));
    lines.map(|line| line.split_once(" on ").expect("`RULE on NODE`")).collect()
}

fn names_it(finding: &Diagnostic, (rule, node): (&str, &str)) -> bool {
    finding.code == rule && finding.nodes.iter().any(|name| name == node)
}

fn shown(findings: &[Diagnostic]) -> String {
    let line = |finding: &Diagnostic| format!("  {}: {}\n", finding.code, finding.message);
    findings.iter().map(line).collect()
}

#[test]
fn before_the_outage_its_mechanism_is_named() {
    assert!(outages().len() >= 12);
    for outage in outages() {
        let text = read(&outage, "before.arch");
        let found = findings(&text, &outage);
        assert!(!names(&text).is_empty(), "{}: nothing to be named", outage.display());
        for name in names(&text) {
            let named = found.iter().any(|finding| names_it(finding, name));
            assert!(named, "{}: {name:?} is not among\n{}", outage.display(), shown(&found));
        }
    }
}

#[test]
fn after_the_repair_it_is_not_and_no_error_is_left() {
    for outage in outages() {
        let before = read(&outage, "before.arch");
        let mut found = findings(&read(&outage, "after.arch"), &outage);
        found.retain(|finding| {
            finding.severity == Severity::Error || names(&before).iter().any(|&name| names_it(finding, name))
        });
        assert!(found.is_empty(), "{}:\n{}", outage.display(), shown(&found));
    }
}

#[test]
fn each_says_where_it_is_told_and_what_is_left_out() {
    for outage in outages() {
        for which in ["before.arch", "after.arch"] {
            let text = read(&outage, which);
            let mut lines = text.lines();
            let first = lines.next().unwrap();
            assert!(first.starts_with("# ") && first.contains(": https://"), "{}: {first}", outage.display());
            assert!(lines.next().unwrap().starts_with("# Simplified: "), "{}", outage.display());
            assert!(
                (12..=35).contains(&text.lines().count()),
                "{}/{which}: {}",
                outage.display(),
                text.lines().count()
            );
            let (ast, _) = syntax::parse(&text);
            assert_eq!(syntax::format(&ast, &text), text, "{}/{which} is not formatted", outage.display());
        }
    }
}
