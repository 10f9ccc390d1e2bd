//! A review as one JSON object. Keys are a contract: add, never rename.

use std::cell::Cell;

use serde_json::{Value, json};

use crate::diagnostic::{Diagnostic, Edit, Label};
use crate::review::Review;
use crate::rules::Accepted;
use crate::source::{Source, Span};

pub fn review(review: &Review) -> Value {
    let source = &review.source;
    let places = &Places { source, last: Cell::new((1, 0, 1)) };
    let findings: Vec<Value> =
        review.critique.findings.iter().map(|finding| self::finding(places, finding)).collect();
    let allowed: Vec<Value> = review.critique.accepted.iter().map(|one| allowed(places, one)).collect();
    let errors: Vec<Value> = review.mistakes.iter().map(|one| mistake(places, one)).collect();
    let settings = &review.critique.settings;
    let settings = if settings.is_empty() { Value::Null } else { json!(settings) };
    json!({
        "version": 1,
        "file": source.name,
        "design": review.design.title,
        "problem": review.problem,
        "errors": errors,
        "findings": findings,
        "allowed": allowed,
        "not_evaluated": review.critique.not_evaluated,
        "settings": settings,
        "score": review.score,
    })
}

fn finding(places: &Places, finding: &Diagnostic) -> Value {
    let hops: Vec<Value> = finding.hops.iter().map(|(from, to)| json!({ "from": from, "to": to })).collect();
    json!({
        "rule": finding.code,
        "severity": finding.severity,
        "verdict": finding.verdict,
        "confidence": crate::rules::find(finding.code).map(|rule| rule.confidence),
        "message": finding.message,
        "nodes": finding.nodes,
        "hops": hops,
        "flows": finding.flows,
        "span": span(places, finding.at.span),
        "label": finding.at.text,
        "labels": labels(places, &finding.labels),
        "evidence": finding.evidence,
        "consequence": finding.consequence,
        "fix": finding.fix,
        "edits": edits(places, &finding.edits),
        "question": if finding.question.is_empty() { Value::Null } else { json!(finding.question) },
        "fingerprint": finding.fingerprint(),
    })
}

fn allowed(places: &Places, accepted: &Accepted) -> Value {
    let mut value = finding(places, &accepted.finding);
    value["because"] = json!(accepted.because);
    value["until"] = json!(accepted.until.map(|day| day.to_string()));
    value
}

fn mistake(places: &Places, mistake: &Diagnostic) -> Value {
    json!({
        "code": mistake.code,
        "severity": mistake.severity,
        "message": mistake.message,
        "span": span(places, mistake.at.span),
        "label": mistake.at.text,
        "labels": labels(places, &mistake.labels),
        "help": mistake.help,
        "edits": edits(places, &mistake.edits),
    })
}

fn labels(places: &Places, labels: &[Label]) -> Vec<Value> {
    labels.iter().map(|label| json!({ "span": span(places, label.span), "text": label.text })).collect()
}

fn edits(places: &Places, edits: &[Edit]) -> Vec<Value> {
    let edit = |edit: &Edit| json!({ "span": span(places, edit.span), "text": edit.text, "applicability": edit.applicability });
    edits.iter().map(edit).collect()
}

/// Line and column from 1, column and length in characters.
fn span(places: &Places, span: Span) -> Value {
    let (line, column) = places.of(span.start);
    json!({
        "file": places.source.name,
        "line": line,
        "column": column,
        "length": span.text(&places.source.text).chars().count(),
    })
}

/// Places in order cost one walk over a line, however many of them stand on it.
struct Places<'a> {
    source: &'a Source,
    /// The line, offset and column asked for last.
    last: Cell<(usize, usize, usize)>,
}

impl Places<'_> {
    fn of(&self, offset: usize) -> (usize, usize) {
        let (line, last, column) = self.last.get();
        let (line, column) = if (last..=self.source.line_span(line).end).contains(&offset) {
            (line, column + self.source.text[last..offset].chars().count())
        } else {
            let place = self.source.place(offset);
            (place.line, place.column)
        };
        self.last.set((line, offset, column));
        (line, column)
    }
}
