//! How it is told: what it goes by, and what would stop it.

use petgraph::graph::EdgeIndex;
use petgraph::visit::EdgeRef;

use super::retried;
use crate::catalog::{Grade, Kind};
use crate::diagnostic::{Diagnostic, Severity};
use crate::numbers::overload::{Chains, Retries};
use crate::rules::{Facts, keep_first};
use crate::units::{show_number, show_rate, show_share};

/// What a budget lets through, as the fix proposes it.
const BUDGET: f64 = 1.1;

pub fn finding(facts: &Facts, chains: &Chains, group: &[&Retries]) -> Diagnostic {
    let worst = group[0];
    let name = facts.node(worst.index).name();
    let (peak, failing, carries) = figures(worst);
    let hops = retried(facts, chains, worst);
    let setting =
        |hop: &EdgeIndex| facts.design.graph[*hop].attrs.get("attempts").map(|setting| setting.span);
    let mut spans: Vec<_> = hops.iter().filter_map(setting).collect();
    spans.dedup();
    let at = spans.first().copied().unwrap_or(facts.node(worst.index).span);
    let message = format!(
        "once {name} fails under load it stays down: instead of {} its callers send {}, and it carries {}",
        show_rate(peak),
        show_rate(failing),
        show_rate(carries)
    );
    let label =
        if spans.len() == 1 && hops.len() > 1 { "every call is tried again" } else { "tried again here" };
    let mut finding = match worst.grade() {
        Some(Grade::C) => Diagnostic::unstated(message, at, label).question(format!(
            "{name} fails under load and all try again: does it carry {}?",
            show_rate(failing)
        )),
        _ => Diagnostic::wrong(message, at, label),
    };
    for span in spans.into_iter().skip(1).take(4) {
        finding = finding.label(span, "and again here");
    }
    for of in group {
        finding = finding.node(&of.id);
    }
    for hop in &hops {
        let (from, to) = facts.design.graph.edge_endpoints(*hop).expect("a hop has two ends");
        finding = finding.hop(facts.id(from), facts.id(to));
    }
    for line in arithmetic(worst) {
        finding = finding.evidence(line);
    }
    finding = match clients_own(facts, &hops) {
        Some(line) => finding.evidence(line),
        None => finding,
    };
    for line in &worst.no_help {
        finding = finding.evidence(line.clone());
    }
    for of in group.iter().skip(1).take(3) {
        finding = finding.evidence(likewise(facts, of));
    }
    if worst.grade().is_some() || worst.layers < 2 {
        finding = finding.at_most(Severity::Warning);
    }
    finding
        .flows(flows(facts, worst))
        .consequence(format!(
            "a rush or a slow minute makes {name} late; its callers give up and try again, so that it works for those who have gone, \
             and that goes on when the rush is over, until somebody takes traffic away"
        ))
        .fix(fix(facts, worst, &hops))
}

/// The hop from a client whose tries nobody wrote on it: they come with those of all calls.
fn clients_own(facts: &Facts, hops: &[EdgeIndex]) -> Option<String> {
    let design = facts.design;
    let span = |hop: EdgeIndex| design.graph[hop].attrs.get("attempts").map(|setting| setting.span);
    hops.iter().find_map(|&hop| {
        let (from, to) = design.graph.edge_endpoints(hop)?;
        let own = span(hop)?;
        let shared = design.graph.edge_indices().any(|other| other != hop && span(other) == Some(own));
        (facts.node(from).kind == Kind::Client && shared).then(|| {
            format!(
                "of these tries those on `{} -> {}` are the client's own: `every call` means that hop too",
                facts.id(from),
                facts.id(to)
            )
        })
    })
}

fn figures(of: &Retries) -> (f64, f64, f64) {
    let value = |reached: &crate::numbers::Reached| reached.as_ref().map_or(0.0, |figure| figure.value);
    (value(&of.peak), value(&of.failing), of.carries().unwrap_or(0.0))
}

fn arithmetic(of: &Retries) -> Vec<String> {
    let (peak, _, carries) = figures(of);
    let mut lines: Vec<String> = of.failing.iter().flat_map(|figure| figure.reached.clone()).collect();
    if lines.len() > 5 {
        let left_out = lines.len() - 4;
        lines.splice(3..lines.len() - 1, [format!("and {left_out} more calls")]);
    }
    if let Some(last) = lines.last_mut() {
        last.push_str(" while every answer fails");
    }
    if let Some(Ok(capacity)) = &of.capacity {
        let assumed = if capacity.assumed.is_empty() { "" } else { " (assumed)" };
        lines.extend(capacity.reached.last().map(|line| format!("{line}{assumed}")));
    }
    lines.push(format!(
        "it would come back by itself below 1 / {} = {} of that, and is at {} / {} = {}",
        show_number(of.amplification()),
        show_share(of.threshold()),
        show_rate(peak),
        show_rate(carries),
        show_share(peak / carries)
    ));
    lines.into_iter().map(|line| line.replace(" x ", " × ")).collect()
}

fn likewise(facts: &Facts, of: &Retries) -> String {
    let name = facts.node(of.index).name();
    let (_, failing, carries) = figures(of);
    if carries > 0.0 && failing > 0.0 {
        let assumed = if of.grade().is_some() { " (assumed)" } else { "" };
        return format!(
            "likewise {name}: {}, and it carries {}{assumed}",
            show_rate(failing),
            show_rate(carries)
        );
    }
    format!("at {name} one request becomes up to {}; what it carries is not said", show_number(of.product))
}

fn flows(facts: &Facts, of: &Retries) -> Vec<String> {
    let flows = facts.design.steps_to(of.index).filter_map(|step| facts.flow_of(step));
    let mut flows: Vec<String> = flows.map(|flow| flow.id.clone()).collect();
    keep_first(&mut flows);
    flows
}

/// Budgets, where they are enough; else what stops the calls.
fn fix(facts: &Facts, of: &Retries, hops: &[EdgeIndex]) -> String {
    let show = |hop: EdgeIndex| {
        let (from, to) = facts.design.graph.edge_endpoints(hop).expect("a hop has two ends");
        format!("`{} -> {}`", facts.id(from), facts.id(to))
    };
    let mut into: Vec<_> =
        facts.design.graph.edges_directed(of.index, petgraph::Direction::Incoming).collect();
    into.retain(|edge| edge.weight().waits());
    into.sort_by_key(|edge| edge.weight().span);
    let into: Vec<String> = into.into_iter().map(|edge| show(edge.id())).collect();
    let node = facts.node(of.index);
    let sheds = matches!(node.kind, Kind::Lb | Kind::Gateway | Kind::Service | Kind::Worker | Kind::Socket);
    let shed = if sheds { format!(", or `shed` on {}", node.name()) } else { String::new() };
    let (peak, _, carries) = figures(of);
    let budgets: Vec<String> = hops.iter().map(|&hop| show(hop)).collect();
    if peak * BUDGET.powi(budgets.len().min(100) as i32) <= carries {
        return format!(
            "`retry_budget=10%` on {}; or a `breaker` on {}{shed}",
            listed(&budgets),
            listed(&into)
        );
    }
    format!("a `breaker` on {}{shed}; it is too busy for even a tenth more", listed(&into))
}

fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] if names.len() <= 5 => format!("{} and {last}", first.join(", ")),
        _ => format!("{} and {} more", names[..4].join(", "), names.len() - 4),
    }
}
