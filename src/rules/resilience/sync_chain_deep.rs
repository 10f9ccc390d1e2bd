use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::Step;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::facts::heaviest_chain;
use crate::rules::{Confidence, Facts, Group, Page, Rule};
use crate::units::show_number;

/// Calls from service to service in a row at which to warn, and at which it is an error.
const MANY: usize = 4;
const TOO_MANY: usize = 5;

pub static RULE: Rule = Rule {
    id: "sync-chain-deep",
    severity: Severity::Error,
    confidence: Confidence::Low,
    grave: false,
    group: Group::Resilience,
    summary: "a request waits for many services in a row: it is as slow as their sum and fails when any of them does",
    question: None,
    reads: &["cached", "fallback", "optional"],
    page: Page {
        checks: "The longest chain of services that call each other and wait, on each flow that someone waits for.",
        when: "A warning at 4 calls from service to service in a row, an error from 5 on. Services, functions, connection servers, \
               identity services and workers that are called with `->` count. Clients, CDNs, load balancers and gateways \
               count for nothing, nor do databases and externals at the end; what stands behind a queue is not waited for, \
               and a hop that is `optional`, `cached` or has a `fallback` ends the chain.",
        why: "The answer takes the sum of them all, and each must be up: five at 99.9 % make 99.5 %. One slow service at the \
              end fills the threads of every one before it.",
        outage: None,
        bad: "client web\ngateway api x2\nservice a x2\nservice b x2\nservice c x2\nservice d x2\nservice e x2\nservice f x2\n\
              flow page { web -> api -> a -> b -> c -> d -> e -> f }\n",
        good: "client web\ngateway api x2\nservice a x2\nservice b x2\nservice c x2\nservice d x2\nservice e x2\nservice f x2\n\
               flow page {\n  web -> api -> a -> b\n  a -> c\n  a -> d\n  a -> e\n  a -> f\n}\n",
        ignore: "Calls inside one process drawn as several boxes: draw them as one service.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found: Vec<(Vec<NodeIndex>, Diagnostic)> = Vec::new();
    for mut calls in facts.calls() {
        calls.steps.retain(|step| calls.waited_for.contains(&step.from) && !avoidable(facts, step));
        let weight = |node: NodeIndex| f64::from(u8::from(counts(facts.node(node).kind)));
        let (services, chain) = heaviest_chain(&calls.steps, weight, |_| 0.0);
        let hops = (services as usize).saturating_sub(1);
        if hops < MANY {
            continue;
        }
        let mut way: Vec<NodeIndex> = vec![chain[0].from];
        way.extend(chain.iter().map(|step| step.to));
        let flow = calls.flow.map(|flow| flow.id.clone());
        if let Some((_, known)) = found.iter_mut().find(|(known, _)| *known == way) {
            known.flows.extend(flow);
            continue;
        }
        let last = facts.node(way[way.len() - 1]).name();
        let who = match &flow {
            Some(flow) => format!("`{flow}` waits"),
            None => "a request waits".to_string(),
        };
        let up = 0.999_f64.powf(services) * 100.0;
        let mut finding = Diagnostic::wrong(
            format!("{who} for {hops} calls in a row: {last} is {services} services deep"),
            chain[0].span,
            "the chain starts here",
        )
        .evidence(facts.show_way(&way))
        .evidence(format!("if each is up 99.9 % of the time, all {services} are {} %", show_number(up)))
        .consequence(format!(
            "{last} takes a second longer, and so does everything before it: their threads fill one after another, \
             {} first to be noticed",
            facts.node(way[0]).name()
        ))
        .fix(format!(
            "let {} call several at once, merge services that always change together, or hand off with `~>` what \
             nobody waits for",
            facts.node(way[0]).name()
        ))
        .flows(flow);
        finding = finding.label(chain[chain.len() - 1].span, format!("call {hops}"));
        for &node in &way {
            finding = finding.node(facts.id(node));
        }
        if hops < TOO_MANY {
            finding = finding.at_most(Severity::Warning);
        }
        found.push((way, finding));
    }
    found.into_iter().map(|(_, finding)| finding).collect()
}

/// The caller has an answer without it.
fn avoidable(facts: &Facts, step: &Step) -> bool {
    let hop = &facts.design.graph[step.hop];
    step.attrs.has("optional") || step.attrs.has("cached") || hop.attrs.has("fallback")
}

fn counts(kind: Kind) -> bool {
    matches!(kind, Kind::Service | Kind::Worker | Kind::Function | Kind::Socket | Kind::Auth)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::diagnostic::Severity;
    use crate::rules::testing::{design, expect};

    const NODES: &str = "client u\nlb l\ngateway g\nservice a\nservice b\nservice c\nservice d\nservice e\nservice f\n\
                         queue q\npostgres p\n";

    #[test]
    fn cases() {
        let case = |text: &str, expected: &[&str]| expect(&RULE, &format!("{NODES}{text}"), expected);
        case("flow x { u -> l -> g -> a -> b -> c -> d -> e -> f -> p }", &["wrong a, b, c, d, e, f"]);
        case("u -> a -> b -> c -> d -> e -> f", &["wrong a, b, c, d, e, f"]);
        case("flow x { u -> l -> g -> a -> b -> c -> d -> p }", &[]);
        // An answer without it ends the chain; one before it does not.
        case("flow x { u -> a -> b -> c optional\nc -> d -> e -> f }", &[]);
        case("flow x { u -> a -> b -> c fallback=default\nc -> d -> e -> f }", &[]);
        case("flow x { u -> a -> b -> c cached=10min\nc -> d -> e -> f }", &[]);
        case("flow x { u -> a -> b optional\nb -> c -> d -> e -> f }", &["wrong b, c, d, e, f"]);
        // A load balancer between two services is no hop of its own.
        case("flow x { u -> a -> b -> l -> c -> d -> e -> p }", &["wrong a, b, l, c, d, e"]);
        // Beside each other rather than one after another.
        case("flow x { u -> a -> b\na -> c\na -> d\na -> e\na -> f }", &[]);
        // Nobody waits behind a queue, and different flows are different requests.
        case("flow x { u -> a -> b ~> q ~> c -> d -> e -> f }", &[]);
        case("flow x { u -> a -> b -> c }\nflow y { u -> c -> d -> e -> f }", &[]);
        // The same chain in two flows is one finding; a circle has an end here.
        case(
            "flow x { u -> a -> b -> c -> d -> e }\nflow y { u -> a -> b -> c -> d -> e -> p }",
            &["wrong a, b, c, d, e"],
        );
        case("flow x { u -> a -> b -> c -> a }", &[]);
    }

    #[test]
    fn four_calls_are_a_warning() {
        for (text, severity) in [
            ("flow x { u -> a -> b -> c -> d -> e }", Severity::Warning),
            ("flow x { u -> a -> b -> c -> d -> e -> f }", Severity::Error),
        ] {
            let design = design(&format!("{NODES}{text}"));
            let found = crate::rules::run(&RULE, &crate::rules::Facts::new(&design));
            assert_eq!(found[0].severity, severity);
        }
    }
}
