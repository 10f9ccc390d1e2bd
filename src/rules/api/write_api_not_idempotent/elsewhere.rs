use std::collections::{HashMap, HashSet};

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Step};
use crate::diagnostic::Diagnostic;
use crate::rules::Facts;

/// Calls of an external service that go without a key, where another flow's carry one.
pub fn keyed_elsewhere(facts: &Facts, asked: &HashSet<&str>) -> Vec<Diagnostic> {
    let effects = || {
        let steps = facts.design.steps.iter().filter(|step| facts.node(step.to).kind == Kind::External);
        steps.filter(|step| step.attrs.has("writes") && facts.arrow(step) == Arrow::Call)
    };
    let mut with: HashMap<NodeIndex, &Step> = HashMap::new();
    for step in effects().filter(|step| step.attrs.has("idempotency_key")) {
        with.entry(step.to).or_insert(step);
    }
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    for step in effects() {
        let attempts = facts.design.graph[step.hop].attrs.number("attempts").value().unwrap_or(1.0);
        let told = ["idempotency_key", "conditional"].iter().any(|how| step.attrs.get(how).is_some());
        let (Some(&other), Some(flow)) = (with.get(&step.to), facts.flow_of(step)) else { continue };
        let elsewhere = facts.flow_of(other).filter(|other| other.id != flow.id);
        let Some(there) = elsewhere.filter(|_| !told && attempts <= 1.0 && !asked.contains(flow.id.as_str()))
        else {
            continue;
        };
        if !facts.node(step.from).kind.is_app() || !seen.insert((step.flow, step.from, step.to)) {
            continue;
        }
        let [who, name] = [step.from, step.to].map(|node| facts.node(node).name());
        let (from, to) = (facts.id(step.from), facts.id(step.to));
        found.push(
            Diagnostic::unstated(
                format!("in `{}` {who} calls {name} without the key that goes with its calls in `{}`", flow.id, there.id),
                step.span,
                "no `idempotency_key` here",
            )
            .question(format!("{who} never hears what became of its call of {name} in `{}`: what happens there when it is made again?", flow.id))
            .label(other.span, "has one")
            .hop(from, to)
            .flows([flow.id.clone()])
            .evidence(format!("`{}`: {} → {to} idempotency_key; `{}`: {from} → {to} without", there.id, facts.id(other.from), flow.id))
            .consequence(format!("the answer of {name} is lost, somebody or something runs `{}` again, and it is done there a second time", flow.id))
            .fix(format!("`idempotency_key` on `{from} -> {to}` in `{}`, the same one for every try of one request", flow.id)),
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn a_key_on_one_way_only() {
        let case = |other: &str, expected: &[&str]| {
            let text = format!(
                "client u\nscheduler s\nservice a idempotent\nworker w idempotent\nexternal p\n\
                 flow f {{ u -> a idempotency_key\na -> p writes idempotency_key }}\nflow g {{ {other} }}"
            );
            expect(&RULE, &text, expected);
        };
        case("u -> a idempotency_key\na -> p writes", &["unstated a->p"]);
        case("s -> w -> p writes", &["unstated w->p"]);
        case("s -> w -> p writes idempotency_key", &[]);
        case("s -> w -> p writes conditional", &[]);
        case("s -> w -> p reads", &[]);
        case("s -> w -> p", &[]);
        // Tried again by itself, which is another rule's.
        case("s -> w -> p writes attempts=3", &[]);
    }
}
