//! The page of a rule.

use super::set::{Page, sentence};
use crate::report::Style;
use crate::rules::Rule;

pub(super) fn page_of(rule: &Rule, style: Style) -> String {
    let page = Page(style);
    let paint = style.paint();
    let head = format!(
        "{}  {}, {}, {} confidence",
        paint.bold(rule.id),
        paint.severity(rule.severity, rule.severity.name()),
        rule.group.name(),
        rule.confidence.name()
    );
    let mut parts = vec![
        format!("{head}\n{}", page.prose(&sentence(rule.summary))),
        page.section("What it looks at", rule.page.checks),
        page.section("Exactly when", rule.page.when),
    ];
    let gives_way = rule.gives_way();
    if !gives_way.is_empty() {
        parts.push(page.section("Which rule speaks first", &gives_way));
    }
    if let Some(question) = &rule.question {
        parts.push(page.section("What an interviewer asks where it is not said", &sentence(question.text)));
    }
    parts.push(page.section("Why it fails in production", rule.page.why));
    if let Some(outage) = &rule.page.outage {
        let text = page.section("It happened", &format!("{}: {}.", outage.name, outage.what));
        parts.push(format!("{text}\n  {}", paint.dim(outage.link)));
    }
    parts.push(page.code("A design that has it", rule.page.bad));
    parts.push(page.code("The same without", rule.page.good));
    if let Some(written) = crate::fix::sentence(rule) {
        parts.push(page.section("Fixed for you", &written));
    }
    parts.push(page.section("When to ignore it", rule.page.ignore));
    parts.push(page.section("How to accept it", &rule.allowing()));
    let concepts: Vec<&str> = crate::concepts::of_rule(rule.id).map(|concept| concept.id.as_str()).collect();
    if !concepts.is_empty() {
        parts.push(page.section("Concepts behind it", &concepts.join(", ")));
    }
    parts.join("\n\n")
}
