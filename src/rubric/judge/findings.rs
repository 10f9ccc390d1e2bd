//! What the rules found, where it concerns a condition.

use crate::diagnostic::{Diagnostic, Verdict};
use crate::rubric::Met;
use crate::rubric::outcome::Outcome;
use crate::rubric::view::View;
use crate::rules::NotEvaluated;

/// Whether a finding is about this flow: it says so, or is about one of its hops or nodes.
pub(super) fn concerns(view: &View, finding: &Diagnostic) -> bool {
    if !finding.flows.is_empty() {
        return view.all_flows().any(|flow| finding.flows.contains(&flow.id));
    }
    if !finding.hops.is_empty() {
        return view.steps.iter().any(|step| {
            let (from, to) = (view.id(step.from), view.id(step.to));
            finding.hops.iter().any(|(a, b)| a == from && b == to)
        });
    }
    view.nodes.iter().any(|&node| finding.nodes.iter().any(|id| id == view.id(node)))
}

/// These rules find nothing here. One that lacks a number anywhere in the design has not looked.
pub(super) fn silent<'f>(
    rules: &[String],
    findings: impl Iterator<Item = &'f Diagnostic>,
    not_evaluated: &[NotEvaluated],
    place: &str,
) -> Outcome {
    let outcomes: Vec<Outcome> = findings
        .filter(|finding| rules.iter().any(|rule| rule == finding.code))
        .map(|finding| {
            let met = match finding.verdict {
                Verdict::Wrong => Met::No,
                Verdict::Unstated | Verdict::NotEvaluated => Met::Unstated,
            };
            Outcome::new(met, finding.message.clone()).about(finding.nodes.iter().map(String::as_str))
        })
        .collect();
    if outcomes.is_empty() {
        if let Some(blind) = not_evaluated.iter().find(|one| rules.iter().any(|rule| rule == one.rule)) {
            let wants = blind.wants.first().map_or("a number", String::as_str);
            return Outcome::new(Met::NotEvaluated, format!("{} wants {wants}", blind.rule));
        }
        return Outcome::new(Met::Yes, format!("no {} {place}", rules.join(", ")));
    }
    Outcome::all(outcomes)
}
