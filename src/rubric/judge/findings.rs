//! What the rules found, where it concerns a condition.

use crate::diagnostic::{Diagnostic, Verdict};
use crate::rubric::Met;
use crate::rubric::outcome::Outcome;
use crate::rubric::view::View;
use crate::rules::NotEvaluated;
use crate::source::Span;

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

/// Whether what is missing there could matter to this flow: not where it is said of a node, or of a table in it, that the flow
/// does not reach. What another flow or hop does not say may be of anything that the two share.
pub(super) fn may_concern(view: &View, missed: Span) -> bool {
    let graph = &view.design.graph;
    let at = |span: Span| span.start <= missed.start && missed.end <= span.end;
    let of = graph.node_indices().find(|&node| {
        let node = &graph[node];
        at(node.full_span) || node.tables.iter().any(|table| at(table.span))
    });
    of.is_none_or(|node| view.nodes.contains(&node))
}

/// These rules find nothing here. One that lacks a number has not looked at the `place` where it is missed.
pub(super) fn silent<'f>(
    rules: &[String],
    findings: impl Iterator<Item = &'f Diagnostic>,
    not_evaluated: &[NotEvaluated],
    matters: impl Fn(Span) -> bool,
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
        let blind = not_evaluated.iter().filter(|one| rules.iter().any(|rule| rule == one.rule));
        let mut missed =
            blind.flat_map(|one| one.missed.iter().map(move |(wants, at)| (one.rule, wants, *at)));
        if let Some((rule, wants, _)) = missed.find(|&(_, _, at)| matters(at)) {
            return Outcome::new(Met::NotEvaluated, format!("{rule} wants {wants}"));
        }
        return Outcome::new(Met::Yes, format!("no {} {place}", rules.join(", ")));
    }
    Outcome::all(outcomes)
}
