//! The list of all rules.

use serde_json::{Value, json};

use super::wrap::columns;
use super::{Style, Wrap};
use crate::rules::{ALL, Group, Rule};

/// By group, a line each.
pub fn rules(style: Style) -> String {
    let paint = style.paint();
    let widest = ALL.iter().map(|rule| columns(rule.id)).max().unwrap_or(0);
    let mut blocks = Vec::new();
    for group in groups() {
        let mut block = paint.bold(group.name());
        for rule in ALL.iter().filter(|rule| rule.group == group) {
            block.push('\n');
            block.push_str(&row(rule, widest, style));
        }
        blocks.push(block);
    }
    let hint = "spof explain RULE shows what a rule looks at, why it matters and when to ignore it";
    blocks.push(Wrap { width: style.width, first: 0, hang: 0 }.text(hint));
    format!("{}\n", blocks.join("\n\n"))
}

fn row(rule: &Rule, widest: usize, style: Style) -> String {
    let severity = style.paint().severity(rule.severity, &format!("{:<7}", rule.severity.name()));
    let start = 2 + widest + 2 + 7 + 2;
    if style.width >= start + 30 {
        let text = Wrap { width: style.width, first: start, hang: start }.text(rule.summary);
        format!("  {:<widest$}  {severity}  {text}", rule.id)
    } else {
        let text = Wrap { width: style.width, first: 6, hang: 6 }.block(rule.summary);
        format!("  {severity}  {}\n{text}", rule.id)
    }
}

fn groups() -> Vec<Group> {
    let mut groups: Vec<Group> = ALL.iter().map(|rule| rule.group).collect();
    groups.sort();
    groups.dedup();
    groups
}

pub fn rules_json() -> Value {
    let rows: Vec<Value> = ALL
        .iter()
        .map(|rule| {
            json!({ "id": rule.id, "severity": rule.severity, "confidence": rule.confidence, "group": rule.group, "summary": rule.summary })
        })
        .collect();
    Value::Array(rows)
}
