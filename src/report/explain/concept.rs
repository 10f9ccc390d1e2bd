//! The page of a concept.

use super::set::Page;
use crate::concepts::Concept;
use crate::report::Style;

pub(super) fn page_of(concept: &Concept, style: Style) -> String {
    let page = Page(style);
    let head = format!(
        "{}  {}, a concept of {}",
        style.paint().bold(&concept.id),
        concept.title,
        concept.group.name()
    );
    let mut parts = vec![
        format!("{head}\n{}", page.prose(&paragraphs(&concept.what))),
        page.section("When it bites", &paragraphs(&concept.bites)),
        page.section("The trade-off", &paragraphs(&concept.trade_off)),
    ];
    let mut checked = paragraphs(&concept.checked);
    if !concept.rules.is_empty() {
        checked.push_str(&format!("\nRules: {}.", concept.rules.join(", ")));
    }
    parts.push(page.section("How spof checks it", &checked));
    let mut elsewhere = Vec::new();
    if !concept.problems.is_empty() {
        elsewhere.push(format!("Problems that need it: {}.", concept.problems.join(", ")));
    }
    if !concept.see.is_empty() {
        elsewhere.push(format!("Concepts near it: {}.", concept.see.join(", ")));
    }
    if !elsewhere.is_empty() {
        parts.push(page.section("Where to go on", &elsewhere.join("\n")));
    }
    parts.push(page.section("Drill", &paragraphs(&concept.drill)));
    parts.push(page.section("Its answer", &paragraphs(&concept.answer)));
    parts.join("\n\n")
}

/// Each paragraph on a line.
fn paragraphs(text: &str) -> String {
    let joined = |paragraph: &str| paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    text.split("\n\n").map(joined).collect::<Vec<_>>().join("\n")
}
