//! What in `docs/` is written from the code is what the code says.
//!
//! `UPDATE_DOCS=1 cargo test --test generated` writes them anew.

mod common;

use std::path::Path;

use common::{NOTICE, keep};
use spof::catalog::reference;
use spof::rules;

#[test]
fn attributes() {
    let read_by = |attribute: &str| {
        rules::ALL.iter().filter(|rule| rule.reads.contains(&attribute)).map(|rule| rule.id).collect()
    };
    keep("attributes.md", &format!("{NOTICE}# Attributes\n\n{}", reference::attributes_markdown(&read_by)));
}

#[test]
fn kinds_and_technologies() {
    let text =
        format!("{NOTICE}# Kinds\n\n{}\n{}", reference::kinds_markdown(), reference::technologies_markdown());
    keep("technologies.md", &text);
}

#[test]
fn rule_pages() {
    let mut list = format!("{NOTICE}# Rules\n");
    let mut group = None;
    for rule in rules::ALL.iter() {
        if group != Some(rule.group) {
            group = Some(rule.group);
            list.push_str(&format!(
                "\n## {}\n\n| rule | severity | confidence | |\n|---|---|---|---|\n",
                rule.group.name()
            ));
        }
        list.push_str(&format!(
            "| [`{id}`]({id}.md) | {severity} | {confidence} | {summary} |\n",
            id = rule.id,
            severity = rule.severity.name(),
            confidence = rule.confidence.name(),
            summary = rule.summary,
        ));
        keep(
            &format!("rules/{}.md", rule.id),
            &format!("{NOTICE}# {}\n\n{}", rule.id, spof::report::page(rule)),
        );
    }
    keep("rules/README.md", &list);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(name == "README" || rules::find(&name).is_some(), "docs/rules/{name}.md is no rule's page");
    }
}

#[test]
fn concepts() {
    let text = format!("{NOTICE}# Concepts\n\n{}", spof::report::concepts::table());
    keep("concepts.md", &text);
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let mut links = 0;
    for target in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target) {
        let (file, heading) = target.split_once('#').unwrap_or((target, ""));
        let linked =
            std::fs::read_to_string(docs.join(file)).unwrap_or_else(|_| panic!("no file at {target}"));
        let slug = |line: &str| line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        let is_there = linked.lines().any(|line| line.starts_with('#') && slug(line) == heading);
        assert!(heading.is_empty() || is_there, "no heading at {target}");
        links += 1;
    }
    let concepts = spof::concepts::all();
    assert!(links > 2 * concepts.len());
    let rows: Vec<&str> = text.lines().filter(|line| line.contains("#drill")).collect();
    assert_eq!(rows.len(), concepts.len());
    for row in rows {
        assert!(row.trim_matches('|').split('|').all(|cell| !cell.trim().is_empty()), "an empty cell: {row}");
    }
}

#[test]
fn picture() {
    let text = include_str!("../examples/chat-system/first-try.arch");
    let (design, _) = spof::design::lower(&spof::syntax::parse(text).0);
    keep("chat-system.svg", &spof::draw::svg(&spof::draw::layout(&design), None));
}

#[test]
fn schema_of_what_check_prints() {
    keep("check.schema.json", &format!("{:#}\n", spof::report::json::schema()));
}
