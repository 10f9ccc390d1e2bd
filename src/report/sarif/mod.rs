//! Findings as SARIF 2.1.0 (Static Analysis Results Interchange Format, OASIS 2020), for code scanning and editors.
//!
//! What the design says or its shape proves is a result of kind `fail`. What it does not say is of kind `open`, "insufficient
//! information to decide whether a problem exists", which the standard gives no level (§3.27.9, §3.27.10); its weight is in
//! `properties`.

mod pages;
mod rules;
mod uri;

use std::collections::BTreeMap;

use serde_json::{Value, json};

pub use pages::Pages;

use super::clean;
use super::places::Places;
use crate::diagnostic::{Diagnostic, Edit, Verdict};
use crate::review::Review;
use crate::rules::Accepted;
use crate::source::Span;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// One run over any number of designs.
#[derive(Debug, Default)]
pub struct Log {
    /// Where the pages of the rules are, for `helpUri`.
    pages: Option<Pages>,
    /// Codes of rules and mistakes that occurred, in order of their first result.
    codes: Vec<&'static str>,
    results: Vec<Value>,
    artifacts: Vec<Value>,
    /// Which artifact an address is.
    known: BTreeMap<String, usize>,
    notifications: Vec<Value>,
}

impl Log {
    pub fn new(pages: Option<Pages>) -> Log {
        Log { pages, ..Log::default() }
    }

    pub fn add(&mut self, review: &Review) {
        let places = Places::new(&review.source);
        let artifact = self.artifact(&review.source.name);
        let file = File { places, artifact };
        for said in review.mistakes.iter().chain(&review.critique.findings) {
            self.result(&file, said, Vec::new());
        }
        for accepted in &review.critique.accepted {
            self.result(&file, &accepted.finding, vec![suppression(accepted)]);
        }
    }

    /// A file that could not be looked at, which makes the run one that did not succeed.
    pub fn unread(&mut self, file: &str, why: &str) {
        let artifact = self.artifact(file);
        self.notifications.push(json!({
            "level": "error",
            "message": { "text": message(why) },
            "locations": [{ "physicalLocation": { "artifactLocation": artifact } }],
        }));
    }

    pub fn end(self) -> Value {
        let pages = self.pages.as_ref();
        let rules: Vec<Value> = self.codes.iter().map(|code| rules::descriptor(code, pages)).collect();
        let driver =
            json!({ "name": "spof", "version": VERSION, "semanticVersion": VERSION, "rules": rules });
        let mut invocation = json!({ "executionSuccessful": self.notifications.is_empty() });
        if !self.notifications.is_empty() {
            invocation["toolExecutionNotifications"] = json!(self.notifications);
        }
        json!({
            "$schema": SCHEMA,
            "version": "2.1.0",
            "runs": [{
                "tool": { "driver": driver },
                "invocations": [invocation],
                "columnKind": "unicodeCodePoints",
                "artifacts": self.artifacts,
                "results": self.results,
            }],
        })
    }

    /// Where a file is, as results refer to it.
    fn artifact(&mut self, name: &str) -> Value {
        let uri = uri::uri(name);
        let next = self.known.len();
        let index = *self.known.entry(uri.clone()).or_insert(next);
        if index == self.artifacts.len() {
            self.artifacts.push(json!({ "location": { "uri": uri }, "roles": ["analysisTarget"] }));
        }
        json!({ "uri": uri, "index": index })
    }

    fn result(&mut self, file: &File, said: &Diagnostic, suppressions: Vec<Value>) {
        let index = self.codes.iter().position(|code| *code == said.code).unwrap_or_else(|| {
            self.codes.push(said.code);
            self.codes.len() - 1
        });
        let open = said.verdict == Verdict::Unstated;
        let mut result = json!({
            "ruleId": said.code,
            "ruleIndex": index,
            "kind": if open { "open" } else { "fail" },
            "level": if open { "none" } else { rules::level(said.severity) },
            "message": { "text": text(said) },
            "locations": [location(file, said)],
        });
        let related: Vec<Value> = said
            .labels
            .iter()
            .enumerate()
            .map(|(at, label)| {
                let mut related = json!({ "id": at + 1, "physicalLocation": file.physical(label.span) });
                if !label.text.is_empty() {
                    related["message"] = json!({ "text": message(&label.text) });
                }
                related
            })
            .collect();
        if !related.is_empty() {
            result["relatedLocations"] = json!(related);
        }
        // Mistakes of one kind have nothing to tell them apart that stays when lines move.
        if !said.is_mistake() {
            result["partialFingerprints"] = json!({ "spofFinding/v1": said.fingerprint() });
        }
        // Either all results of a run have these or none (§3.27.23).
        result["suppressions"] = json!(suppressions);
        if !said.edits.is_empty() {
            result["fixes"] = json!([fix(file, said)]);
        }
        result["properties"] = json!({ "severity": said.severity, "verdict": said.verdict });
        self.results.push(result);
    }
}

/// A design that results are about.
struct File<'a> {
    places: Places<'a>,
    artifact: Value,
}

impl File<'_> {
    fn physical(&self, span: Span) -> Value {
        json!({ "artifactLocation": self.artifact, "region": self.region(span) })
    }

    /// Lines and columns from 1, the end being what follows the last character.
    fn region(&self, span: Span) -> Value {
        let (line, column) = self.places.of(span.start);
        let (last, end) = self.places.of(span.end);
        json!({ "startLine": line, "startColumn": column, "endLine": last, "endColumn": end })
    }
}

fn location(file: &File, said: &Diagnostic) -> Value {
    let mut location = json!({ "physicalLocation": file.physical(said.at.span) });
    let logical =
        |kind: &'static str| move |id: &String| json!({ "name": id, "fullyQualifiedName": id, "kind": kind });
    let nodes = said.nodes.iter().map(logical("node"));
    let named: Vec<Value> = nodes.chain(said.flows.iter().map(logical("flow"))).collect();
    if !named.is_empty() {
        location["logicalLocations"] = json!(named);
    }
    if !said.at.text.is_empty() {
        location["message"] = json!({ "text": message(&said.at.text) });
    }
    location
}

fn suppression(accepted: &Accepted) -> Value {
    let until = accepted.until.map_or(String::new(), |day| format!(" (until {day})"));
    let because = clean(&accepted.because);
    json!({ "kind": "inSource", "status": "accepted", "justification": format!("{because}{until}") })
}

fn fix(file: &File, said: &Diagnostic) -> Value {
    let replacement = |edit: &Edit| json!({ "deletedRegion": file.region(edit.span), "insertedContent": { "text": edit.text } });
    let replacements: Vec<Value> = said.edits.iter().map(replacement).collect();
    let changes = json!([{ "artifactLocation": file.artifact, "replacements": replacements }]);
    let words = if said.fix.is_empty() { &said.at.text } else { &said.fix };
    if words.is_empty() {
        return json!({ "artifactChanges": changes });
    }
    json!({ "description": { "text": message(words) }, "artifactChanges": changes })
}

/// A paragraph for each thing to say; the first is a summary.
fn text(said: &Diagnostic) -> String {
    let mut lines = vec![message(&said.message)];
    if said.verdict == Verdict::Unstated && !said.message.contains(&said.question) {
        lines.push(message(&said.question));
    }
    lines.extend(said.evidence.iter().map(|line| message(line)));
    for (name, text) in [("What happens", &said.consequence), ("Fix", &said.fix)] {
        if !text.is_empty() {
            lines.push(format!("{name}: {}", message(text)));
        }
    }
    lines.extend(said.help.iter().map(|line| message(line)));
    lines.join("\n")
}

/// A text as a message: braces that are no placeholder are doubled (§3.11.5), and what stands in brackets leads nowhere
/// (§3.11.6).
fn message(text: &str) -> String {
    clean(text).replace('{', "{{").replace('}', "}}").replace("](", "] (")
}

#[cfg(test)]
mod tests {
    use super::message;

    #[test]
    fn a_message_holds_no_placeholder_and_no_link() {
        assert_eq!(message("[x](http://y) {0}\n"), "[x] (http://y) {{0}} ");
    }
}
