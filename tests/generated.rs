//! The pages in `docs/` that are written from the code are what the code says.
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
        keep(&format!("rules/{}.md", rule.id), &rule_page(rule));
    }
    keep("rules/README.md", &list);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(name == "README" || rules::find(&name).is_some(), "docs/rules/{name}.md is no rule's page");
    }
}

fn rule_page(rule: &rules::Rule) -> String {
    let page = &rule.page;
    let mut text =
        format!("{NOTICE}# {}\n\n{}: {}.\n\n", rule.id, capital(rule.severity.name()), rule.summary);
    text.push_str(&format!("Confidence {}: {}.\n\n", rule.confidence.name(), rule.confidence.meaning()));
    text.push_str(&format!("{}\n\n**When.** {}\n\n", page.checks, page.when));
    let gives_way = rule.gives_way();
    if !gives_way.is_empty() {
        text.push_str(&format!("**Which rule speaks first.** {gives_way}\n\n"));
    }
    if let Some(question) = &rule.question {
        text.push_str(&format!("**Asked, where it is not said.** {}\n\n", capital(question.text)));
    }
    text.push_str(&format!("**Why.** {}\n\n", page.why));
    if let Some(outage) = &page.outage {
        text.push_str(&format!("**It happened.** [{}]({}): {}.\n\n", outage.name, outage.link, outage.what));
    }
    text.push_str(&format!("Has the flaw:\n\n```arch\n{}```\n\n", page.bad));
    text.push_str(&format!("Mended:\n\n```arch\n{}```\n\n", page.good));
    if let Some(written) = spof::fix::sentence(rule) {
        text.push_str(&format!("**Fixed for you.** {written} [What is safe](../fixes.md)\n\n"));
    }
    text.push_str(&format!("**When to allow it.** {}\n\n**How.** {}\n", page.ignore, rule.allowing()));
    text
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

#[test]
fn picture() {
    let text = include_str!("../examples/chat-system/first-try.arch");
    let (design, _) = spof::design::lower(&spof::syntax::parse(text).0);
    keep("chat-system.svg", &spof::draw::svg(&spof::draw::layout(&design), None));
}
