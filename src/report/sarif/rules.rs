//! Rules as SARIF describes them.

use serde_json::{Value, json};

use super::pages::Pages;
use crate::diagnostic::Severity;
use crate::report::page::{capital, page};
use crate::rules::Rule;

/// A rule with its page, and where on the web that is, or a kind of mistake by its name.
pub(super) fn descriptor(code: &str, pages: Option<&Pages>) -> Value {
    let Some(rule) = crate::rules::find(code) else {
        // A kind of mistake, or an `allow` that is about the rules themselves.
        let text = format!("The text is no design as it stands: {}", code.replace('-', " "));
        let text =
            if code == "unused-allow" { "An acceptance that accepts nothing".to_string() } else { text };
        return json!({ "id": code, "shortDescription": { "text": text } });
    };
    let mut descriptor = json!({
        "id": rule.id,
        "shortDescription": { "text": capital(rule.summary) },
        "fullDescription": { "text": rule.page.checks },
        "help": { "text": help(rule), "markdown": page(rule) },
    });
    if let Some(pages) = pages {
        descriptor["helpUri"] = json!(pages.of(rule.id));
    }
    descriptor["defaultConfiguration"] = json!({ "level": level(rule.severity) });
    descriptor["properties"] = json!({ "precision": rule.confidence, "tags": [rule.group] });
    descriptor
}

fn help(rule: &Rule) -> String {
    format!("{}\n{}\nspof explain {} says more.", rule.page.when, rule.page.why, rule.id)
}

pub(super) fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}
