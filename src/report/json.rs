//! A review as one JSON object. Keys are a contract: add, never rename. `docs/check.schema.json` is written from these types.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::{Value, json};

use super::places::Places;
use crate::design::Design;
use crate::diagnostic::{Diagnostic, Edit, Label, Severity, Verdict};
use crate::fix::Applicability;
use crate::review::Review;
use crate::rubric::Score;
use crate::rules::{Accepted, Confidence, Critique, NotEvaluated};
use crate::settings::Settings;
use crate::source::{Source, Span};

/// What `spof check --format json` prints.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(title = "spof check --format json")]
#[allow(dead_code, reason = "its schema is what is wanted")]
enum Printed<'a> {
    /// Of one file.
    One(Check<'a>),
    /// Of several: those that could be read, in the order of the command line.
    Several(Vec<Check<'a>>),
}

/// All that is said of one design.
#[derive(Serialize, JsonSchema)]
struct Check<'a> {
    /// Raised when a key changes its meaning or goes. New keys come without.
    #[schemars(extend("const" = 1))]
    version: u32,
    /// As it was named on the command line; `<stdin>` for standard input.
    file: &'a str,
    /// The design's title.
    design: &'a Option<String>,
    /// The id of the problem it was judged against.
    problem: &'a Option<String>,
    /// Mistakes in the text, in order of place.
    errors: Vec<Mistake<'a>>,
    /// The worst first.
    findings: Vec<Finding<'a>>,
    /// Findings that an `allow` in the design accepts.
    allowed: Vec<Allowed<'a>>,
    /// Rules that lacked a number, and which numbers would wake them.
    not_evaluated: &'a [NotEvaluated],
    /// What `spof.toml` sets about rules; null where it sets nothing.
    settings: Option<&'a Settings>,
    /// Null without a problem.
    score: &'a Option<Score>,
}

/// What a rule found.
#[derive(Serialize, JsonSchema)]
struct Finding<'a> {
    /// The rule's id; `spof explain ID` has its page.
    rule: &'a str,
    severity: Severity,
    /// `wrong`: the design says so, or its shape does. `unstated`: a question.
    verdict: Verdict,
    /// How sure the rule is of what it calls wrong.
    confidence: Option<Confidence>,
    /// One sentence about this design, with its names and numbers.
    message: &'a str,
    /// Ids of the nodes it is about, the one it names first in front.
    nodes: &'a [String],
    hops: Vec<HopIds<'a>>,
    /// Ids of the flows it is about.
    flows: &'a [String],
    span: Place<'a>,
    /// What is to be said of that place.
    label: &'a str,
    labels: Vec<Labelled<'a>>,
    /// The witness path, the targets cut off, the arithmetic: a line each.
    evidence: &'a [String],
    /// What happens in production.
    consequence: &'a str,
    /// What to write instead, in words.
    fix: &'a str,
    /// The same as replacements in the text, where that needs no thought.
    edits: Vec<Replacement<'a>>,
    /// What an interviewer would ask, where the verdict is `unstated`.
    question: Option<&'a str>,
    /// The same after reformatting and moved lines: of the rule and what it is about, within one design.
    fingerprint: String,
}

/// A finding that is accepted, and why.
#[derive(Serialize, JsonSchema)]
struct Allowed<'a> {
    #[serde(flatten)]
    finding: Finding<'a>,
    because: &'a str,
    /// The last day on which it is accepted, as 2027-01-31.
    until: Option<String>,
}

/// What is wrong with the text.
#[derive(Serialize, JsonSchema)]
struct Mistake<'a> {
    /// The kind of mistake: `syntax`, `unknown-id`, `unit`, …
    code: &'a str,
    severity: Severity,
    message: &'a str,
    span: Place<'a>,
    /// What is to be said of that place.
    label: &'a str,
    labels: Vec<Labelled<'a>>,
    /// The way out, a line each.
    help: &'a [String],
    edits: Vec<Replacement<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct HopIds<'a> {
    from: &'a str,
    to: &'a str,
}

/// A further place, and what is to be said of it.
#[derive(Serialize, JsonSchema)]
struct Labelled<'a> {
    span: Place<'a>,
    text: &'a str,
}

/// What to write in place of what stands there; a length of 0 is a place to write at.
#[derive(Serialize, JsonSchema)]
struct Replacement<'a> {
    span: Place<'a>,
    text: &'a str,
    applicability: Applicability,
}

/// A stretch of a file. Line and column from 1; column and length in characters (Unicode scalar values), line ends included.
#[derive(Serialize, JsonSchema)]
struct Place<'a> {
    file: &'a str,
    #[schemars(range(min = 1))]
    line: usize,
    #[schemars(range(min = 1))]
    column: usize,
    length: usize,
}

pub fn review(review: &Review) -> Value {
    let source = &review.source;
    let places = &Places::new(source);
    let critique = &review.critique;
    json!(Check {
        version: 1,
        file: &source.name,
        design: &review.design.title,
        problem: &review.problem,
        errors: review.mistakes.iter().map(|one| mistake(places, one)).collect(),
        findings: critique.findings.iter().map(|one| finding(places, one)).collect(),
        allowed: critique.accepted.iter().map(|one| allowed(places, one)).collect(),
        not_evaluated: &critique.not_evaluated,
        settings: (!critique.settings.is_empty()).then_some(&critique.settings),
        score: &review.score,
    })
}

/// JSON as it is printed, in lines.
pub fn printed(value: &Value) -> String {
    inert(&format!("{value:#}\n"))
}

/// A file that could not be read, in the place of its review: nothing was found, and one error says why.
pub fn unread(file: &str, message: &str) -> Value {
    review(&Review {
        source: Source::new(file, ""),
        design: Design::default(),
        mistakes: vec![Diagnostic::mistake("unreadable", message, Span { start: 0, end: 0 }, "")],
        critique: Critique::default(),
        problem: None,
        score: None,
    })
}

/// JSON without a character that a terminal obeys or that turns the writing round, and without `##[`, which a workflow's
/// runner obeys. Those can only stand in strings, where an escape means the same.
pub fn inert(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if is_odd(c) || c == '[' && out.ends_with("##") {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

/// All of these have four hexadecimal digits.
fn is_odd(c: char) -> bool {
    let sets_text = matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    sets_text || c.is_control() && c != '\n'
}

/// The JSON Schema (2020-12) of what is printed.
pub fn schema() -> Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    generator.into_root_schema_for::<Printed>().to_value()
}

fn finding<'a>(places: &Places<'a>, finding: &'a Diagnostic) -> Finding<'a> {
    Finding {
        rule: finding.code,
        severity: finding.severity,
        verdict: finding.verdict,
        confidence: crate::rules::find(finding.code).map(|rule| rule.confidence),
        message: &finding.message,
        nodes: &finding.nodes,
        hops: finding.hops.iter().map(|(from, to)| HopIds { from, to }).collect(),
        flows: &finding.flows,
        span: place(places, finding.at.span),
        label: &finding.at.text,
        labels: labels(places, &finding.labels),
        evidence: &finding.evidence,
        consequence: &finding.consequence,
        fix: &finding.fix,
        edits: edits(places, &finding.edits),
        question: (!finding.question.is_empty()).then_some(&finding.question),
        fingerprint: finding.fingerprint(),
    }
}

fn allowed<'a>(places: &Places<'a>, accepted: &'a Accepted) -> Allowed<'a> {
    Allowed {
        finding: finding(places, &accepted.finding),
        because: &accepted.because,
        until: accepted.until.map(|day| day.to_string()),
    }
}

fn mistake<'a>(places: &Places<'a>, mistake: &'a Diagnostic) -> Mistake<'a> {
    Mistake {
        code: mistake.code,
        severity: mistake.severity,
        message: &mistake.message,
        span: place(places, mistake.at.span),
        label: &mistake.at.text,
        labels: labels(places, &mistake.labels),
        help: &mistake.help,
        edits: edits(places, &mistake.edits),
    }
}

fn labels<'a>(places: &Places<'a>, labels: &'a [Label]) -> Vec<Labelled<'a>> {
    labels.iter().map(|label| Labelled { span: place(places, label.span), text: &label.text }).collect()
}

fn edits<'a>(places: &Places<'a>, edits: &'a [Edit]) -> Vec<Replacement<'a>> {
    let edit = |edit: &'a Edit| Replacement {
        span: place(places, edit.span),
        text: &edit.text,
        applicability: edit.applicability,
    };
    edits.iter().map(edit).collect()
}

fn place<'a>(places: &Places<'a>, span: Span) -> Place<'a> {
    let (line, column) = places.of(span.start);
    let length = span.text(&places.source.text).chars().count();
    Place { file: &places.source.name, line, column, length }
}

#[cfg(test)]
mod tests {
    use super::printed;

    #[test]
    fn what_a_terminal_would_obey_is_escaped_and_means_the_same() {
        let odd = serde_json::json!({ "a\u{9b}": "##[b\u{1b}[31m\u{202e}\u{7f}\u{2028}é\n" });
        let text = printed(&odd);
        assert!(
            !text.contains("##[") && !text.contains(['\u{9b}', '\u{1b}', '\u{202e}', '\u{7f}', '\u{2028}']),
            "{text:?}"
        );
        assert!(text.contains("é"), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), odd);
        let plain = serde_json::json!({ "a": ["→", 1.5] });
        assert_eq!(printed(&plain), format!("{plain:#}\n"));
    }
}
