//! Rules as SARIF describes them.

use serde_json::{Value, json};

use crate::diagnostic::Severity;
use crate::report::page::{capital, page};
use crate::rules::Rule;

/// Where the rules' pages are on the web; empty while the package names no place.
const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

/// Where this program is at home, if anywhere.
pub(super) fn home() -> Option<&'static str> {
    web(REPOSITORY)
}

/// A rule with its page, or a kind of mistake by its name.
pub(super) fn descriptor(code: &str) -> Value {
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
    if let Some(home) = home() {
        descriptor["helpUri"] = json!(help_uri(home, rule.id));
    }
    descriptor["defaultConfiguration"] = json!({ "level": level(rule.severity) });
    descriptor["properties"] = json!({ "precision": rule.confidence, "tags": [rule.group] });
    descriptor
}

fn help(rule: &Rule) -> String {
    format!("{}\n{}\nspof explain {} says more.", rule.page.when, rule.page.why, rule.id)
}

/// A place on the web, without a slash at its end.
fn web(place: &str) -> Option<&str> {
    place.starts_with("https://").then(|| place.trim_end_matches('/'))
}

fn help_uri(home: &str, rule: &str) -> String {
    let version = super::VERSION;
    format!("{home}/blob/v{version}/docs/rules/{rule}.md")
}

pub(super) fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

#[cfg(test)]
mod tests {
    use super::{help_uri, web};

    #[test]
    fn a_rule_has_a_page_on_the_web_where_the_package_has_a_place_there() {
        assert_eq!(web(""), None);
        let home = web("https://example.org/spof/").expect("a place");
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(
            help_uri(home, "queue-no-dlq"),
            format!("https://example.org/spof/blob/v{version}/docs/rules/queue-no-dlq.md")
        );
    }
}
