//! Public outages as designs: as it stood, the tool names the mechanism; as it was mended, it does not, and finds no error.
//!
//! `examples/outages/outages.toml` lists them; `before.arch` says in its comments what has to be found: `# names: RULE on
//! NODE`. `docs/outages.md` is written from both.

mod common;

use std::path::{Path, PathBuf};

use common::{NOTICE, keep};
use jiff::civil::date;
use serde::Deserialize;
use spof::diagnostic::{Diagnostic, Severity};
use spof::{design, rules, syntax};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Outage {
    id: String,
    title: String,
    link: String,
    what: String,
    /// Why no design could have told.
    unseen: Option<String>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/outages")
}

fn listed() -> Vec<Outage> {
    #[derive(Deserialize)]
    struct File {
        outage: Vec<Outage>,
    }
    let text = std::fs::read_to_string(folder().join("outages.toml")).unwrap();
    toml::from_str::<File>(&text).unwrap().outage
}

/// The folders of those that are drawn.
fn outages() -> Vec<PathBuf> {
    listed().iter().map(|outage| folder().join(&outage.id)).filter(|path| path.is_dir()).collect()
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
    assert!(outages().len() >= 14);
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

#[test]
fn each_is_drawn_or_says_why_not() {
    let listed = listed();
    for outage in &listed {
        let drawn = folder().join(&outage.id).is_dir();
        assert_eq!(drawn, outage.unseen.is_none(), "{}", outage.id);
        assert!(outage.link.starts_with("https://") && outage.what.ends_with('.'), "{}", outage.id);
    }
    for entry in std::fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        assert!(
            name == "outages.toml" || listed.iter().any(|outage| outage.id == name),
            "{name} is not listed"
        );
    }
}

#[test]
fn the_page() {
    let mut page = format!(
        "{NOTICE}# Outages, as designs\n\nPublic reports from which one can draw how the system was put together: once as it stood, once as it was \
         mended. On the first the tool names the mechanism, on the second it is silent about it; `cargo test --test outages` \
         holds it to that. The designs are small and simplified, each says how.\n\nWhere no design could have told, the reason \
         stands instead.\n"
    );
    for outage in listed() {
        page.push_str(&format!("\n## {}\n\n{} ([report]({}))\n\n", outage.title, outage.what, outage.link));
        if let Some(reason) = &outage.unseen {
            page.push_str(&format!("Not to be seen: {reason}\n"));
            continue;
        }
        let path = folder().join(&outage.id);
        let before = read(&path, "before.arch");
        let found = findings(&before, &path);
        for name in names(&before) {
            let finding = found.iter().find(|finding| names_it(finding, name)).unwrap();
            page.push_str(&said(finding));
        }
        page.push_str(&format!(
            "[Before](../examples/outages/{id}/before.arch), [after](../examples/outages/{id}/after.arch).\n",
            id = outage.id
        ));
    }
    keep("outages.md", &page);
}

/// What the tool says of the design as it stood.
fn said(finding: &Diagnostic) -> String {
    let severity = finding.severity.name();
    let mut text = format!(
        "> **{severity}: {}** ([{code}](rules/{code}.md))\n>\n",
        finding.message,
        code = finding.code
    );
    for line in &finding.evidence {
        text.push_str(&format!("> - {line}\n"));
    }
    text.push_str(&format!(">\n> In production: {}.\n>\n> Fix: {}.\n\n", finding.consequence, finding.fix));
    text
}

/// Further outages, drawn before the rules that see them were written: how far these reach beyond the designs above.
#[test]
fn further_outages() {
    let (mut named, mut unseen) = (0, 0);
    for path in common::designs("tests/heldout") {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&path)).unwrap();
        let found = findings(&text, &path);
        for name in names(&text) {
            named += 1;
            let seen = found.iter().any(|finding| names_it(finding, name));
            assert!(seen, "{}: {name:?} is not among\n{}", path.display(), shown(&found));
        }
        unseen += text.lines().filter(|line| line.starts_with("# unseen: ")).count();
    }
    assert_eq!((named, unseen), (11, 3));
}
