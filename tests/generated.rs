//! The pages in `docs/` that are written from the code are what the code says.
//!
//! `UPDATE_DOCS=1 cargo test --test generated` writes them anew.

use std::path::Path;

use spof::catalog::reference;
use spof::rules;

fn keep(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == text, "docs/{name} is stale: run `UPDATE_DOCS=1 cargo test --test generated`");
}

const NOTICE: &str =
    "<!-- Written by `UPDATE_DOCS=1 cargo test --test generated`; change the data, not this page. -->\n\n";

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
    let mut text = format!("{NOTICE}# Rules\n\n");
    for rule in rules::ALL {
        text.push_str(&format!(
            "- [`{id}`](#{id}) ({severity}, {group}): {summary}\n",
            id = rule.id,
            severity = rule.severity.name(),
            group = rule.group.name(),
            summary = rule.summary,
        ));
    }
    for rule in rules::ALL {
        let page = &rule.page;
        text.push_str(&format!("\n## {}\n\n{}\n\n", rule.id, page.checks));
        text.push_str(&format!("**When.** {}\n\n**Why.** {}\n\n", page.when, page.why));
        if let Some(outage) = &page.outage {
            text.push_str(&format!(
                "**It happened.** [{}]({}): {}.\n\n",
                outage.name, outage.link, outage.what
            ));
        }
        text.push_str(&format!("Has the flaw:\n\n```arch\n{}```\n\n", page.bad));
        text.push_str(&format!("Mended:\n\n```arch\n{}```\n\n", page.good));
        text.push_str(&format!("**When to allow it.** {}\n", page.ignore));
    }
    keep("rules.md", &text);
}

#[test]
fn picture() {
    let text = include_str!("../examples/chat-system/first-try.arch");
    let (design, _) = spof::design::lower(&spof::syntax::parse(text).0);
    keep("chat-system.svg", &spof::draw::svg(&spof::draw::layout(&design), None));
}
