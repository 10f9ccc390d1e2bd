use std::collections::HashMap;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Attrs, Hop};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "pass-through-service",
    severity: Severity::Info,
    confidence: Confidence::Low,
    grave: false,
    group: Group::Simplicity,
    summary: "a service that keeps and guards nothing, for one caller and a trickle of requests",
    question: Some(Question {
        topic: "purpose",
        text: "what do they do that a function in their caller could not?",
    }),
    reads: &["autoscale", "owner"],
    page: Page {
        checks: "Services between two others that keep nothing and guard nothing, where few requests come or one team owns \
                 all three.",
        when: "A question, for a service of a flow that exactly one service, function or worker calls and that calls \
               exactly one other service or function, where less than 100 requests a second come at the busiest time, or \
               all three state the same `owner`. It has no other hop but `..>`, no technology, no label, no `note`, and no \
               attribute of its own (what an `every` line gives to all does not count, on its call neither) but such as \
               say how it runs (`instances`, `health`, `metrics`, `trace`, `logs`, `alert`, \
               `stateless`, `deploy`, `drain`, `autoscale`, `zones`, `availability`, `tls`, `owner`). Silent where its `autoscale` is another than its caller's, where its \
               `owner` or the group that it stands in is another than that of a neighbour, where its call says `calls`, \
               `fanout`, `batch`, `share`, `on`, `cached`, `fallback`, `idempotency_key`, `redact`, `attempts` or \
               `breaker`, where three such services follow one another (`sync-chain-deep` is about that), and where a \
               `decide` names it.",
        why: "A hop costs a millisecond, a deployment, and a chance to fail, each time. A service of its own is worth that \
              where it keeps something, guards something, grows by itself or belongs to somebody else. Without any of that \
              it is a function in its caller with a network before it: what changes either of them changes it too.",
        outage: None,
        bad: "client web\nlb front managed\nservice orders x2 auth=jwt\nservice relay x2\nservice billing x2\npostgres store x2 failover=auto\n\
              flow pay rate=5/s { web -> front -> orders -> relay -> billing -> store writes }\n",
        good: "client web\nlb front managed\nservice orders x2 auth=jwt\nservice billing x2\npostgres store x2 failover=auto\n\
               flow pay rate=5/s { web -> front -> orders -> billing -> store writes }\n",
        ignore: "It is written in another language, or is to be replaced on its own: give it a label or a `note` that says \
                 what it does.",
    },
    check,
};

/// Say how it runs, and not what for.
const HOW_IT_RUNS: [&str; 14] = [
    "instances",
    "health",
    "metrics",
    "trace",
    "logs",
    "alert",
    "stateless",
    "deploy",
    "drain",
    "autoscale",
    "zones",
    "availability",
    "tls",
    "owner",
];

/// On a call, say what the caller does beside handing on.
const WORK: [&str; 11] = [
    "calls",
    "fanout",
    "batch",
    "share",
    "on",
    "cached",
    "fallback",
    "idempotency_key",
    "redact",
    "attempts",
    "breaker",
];

/// So few that nothing has to grow by itself.
const FEW_REQUESTS: f64 = 100.0;

/// So many in a row are a chain that is too deep, which is said of all of them together.
const A_CHAIN: usize = 3;

/// A service between two others that has nothing to do but what cannot be seen.
struct Relay<'d> {
    at: NodeIndex,
    before: NodeIndex,
    after: NodeIndex,
    hop: &'d Hop,
}

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut noted = vec![false; facts.design.graph.node_count()];
    for &node in facts.design.notes.iter().flat_map(|note| &note.on) {
        noted[node.index()] = true;
    }
    let services = facts.nodes(|kind| kind == Kind::Service).filter(|at| !noted[at.index()]);
    let relays: Vec<Relay> = services.filter_map(|at| relay(facts, at)).collect();
    let next: HashMap<NodeIndex, NodeIndex> = relays.iter().map(|relay| (relay.at, relay.after)).collect();
    let previous: HashMap<NodeIndex, NodeIndex> =
        relays.iter().map(|relay| (relay.at, relay.before)).collect();
    // How many relays follow one another from here, as far as it matters.
    let run = |from: NodeIndex, to: &HashMap<NodeIndex, NodeIndex>| {
        std::iter::successors(to.get(&from), |at| to.get(at))
            .take(A_CHAIN)
            .filter(|at| to.contains_key(at))
            .count()
    };
    relays
        .iter()
        .filter(|relay| 1 + run(relay.at, &next) + run(relay.at, &previous) < A_CHAIN)
        .filter_map(|relay| question(facts, relay))
        .collect()
}

fn relay<'d>(facts: &Facts<'d>, at: NodeIndex) -> Option<Relay<'d>> {
    let node = facts.node(at);
    let said = node.label.is_some() || node.tech.is_some() || !node.tables.is_empty();
    let has_work =
        node.attrs.iter().any(|setting| !setting.inherited && !HOW_IT_RUNS.contains(&setting.name));
    if said || has_work {
        return None;
    }
    let (before, _) = only(&facts.hops_to(at))?;
    let (after, hop) = only(&facts.hops_from(at))?;
    let steps = || hop.steps.iter().map(|&step| &facts.design.steps[step]);
    let own = |attrs: &Attrs, name: &str| attrs.get(name).is_some_and(|setting| !setting.inherited);
    let works = |name: &&str| own(&hop.attrs, name) || steps().any(|step| own(&step.attrs, name));
    let grows = |node: NodeIndex| facts.node(node).attrs.get("autoscale").map(|setting| &setting.value);
    let grows_apart = grows(at).is_some() && grows(at) != grows(before);
    let by_code = |node: NodeIndex| matches!(facts.node(node).kind, Kind::Service | Kind::Function);
    let called = by_code(before) || facts.node(before).kind == Kind::Worker;
    let in_a_flow = steps().any(|step| step.flow.is_some());
    let apart = [before, after].iter().any(|&neighbour| stands_apart(facts, at, neighbour));
    let between = called && by_code(after) && before != after && in_a_flow && !apart && !grows_apart;
    (between && !WORK.iter().any(works)).then_some(Relay { at, before, after, hop })
}

fn question(facts: &Facts, relay: &Relay) -> Option<Diagnostic> {
    let node = facts.node(relay.at);
    let arrivals = facts.arriving(relay.at, |_| true);
    let few = arrivals.unknown.is_none() && arrivals.busiest < FEW_REQUESTS;
    // A neighbour of another owner stands apart already.
    if (!few && !node.attrs.has("owner")) || facts.is_decided(&[], &[relay.at]) {
        return None;
    }
    let steps = relay.hop.steps.iter().map(|&step| &facts.design.steps[step]);
    let flows = steps.filter_map(|step| facts.flow_of(step)).map(|flow| flow.id.clone());
    let (name, from, to) = (node.name(), facts.node(relay.before).name(), facts.node(relay.after).name());
    let rate = if few { format!(": {}", arrivals.show()) } else { String::new() };
    Some(
        Diagnostic::unstated(
            format!("{name} keeps nothing, is called by {from} alone and calls {to} alone"),
            node.span,
            "a service of its own",
        )
        .question(format!("what does {name} do that a function in {from} could not?"))
        .node(&node.id)
        .flows(flows)
        .evidence(format!("{} → {} → {}{rate}", facts.id(relay.before), node.id, facts.id(relay.after)))
        .consequence(format!(
            "every request pays one hop more, and {name} has to be deployed whenever {from} or {to} changes what they say to each other"
        ))
        .fix(format!(
            "`{} -> {}` without {name}, or a label on it that says what it does",
            facts.id(relay.before),
            facts.id(relay.after)
        )),
    )
}

/// The only hop in one direction besides `..>`, if it is a call.
fn only<'d>(hops: &[(NodeIndex, &'d Hop)]) -> Option<(NodeIndex, &'d Hop)> {
    let mut hops = hops.iter().filter(|(_, hop)| hop.arrow != Arrow::Control);
    match (hops.next(), hops.next()) {
        (Some(&(node, hop)), None) if hop.arrow == Arrow::Call => Some((node, hop)),
        _ => None,
    }
}

/// Another team's, or in another group: a boundary is a reason.
fn stands_apart(facts: &Facts, node: NodeIndex, other: NodeIndex) -> bool {
    let (node, other) = (facts.node(node), facts.node(other));
    node.group != other.group || node.attrs.text("owner").value() != other.attrs.text("owner").value()
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |b: &str, hop: &str, more: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a\nservice b {b}\nservice c\n{more}\nflow f rate=5/s {{ u -> a -> b -> c {hop} }}"
            );
            expect(&RULE, &text, expected);
        };
        case("", "", "", &["unstated b"]);
        case("x3 health=ready metrics trace", "", "", &["unstated b"]);
        // It has something to do.
        case("auth=jwt", "", "", &[]);
        case("idempotent", "", "", &[]);
        case("", "fanout=20", "", &[]);
        case("autoscale=[2, 20]", "", "", &[]);
        case("", "attempts=3", "", &[]);
        case("\"Prices in all currencies\"", "", "", &[]);
        case("owner=prices", "", "", &[]);
        case("", "", "postgres d\nb -> d", &[]);
        case("", "", "service e\ne -> b", &[]);
        case("", "", "note on b \"rounds for the tax office\"", &[]);
        case("", "", "monitor m\nm ..> b observes", &["unstated b"]);
    }

    #[test]
    fn what_is_asked_much_may_have_to_grow_by_itself() {
        let case = |services: &str, flow: &str, expected: &[&str]| {
            let text = format!(
                "every service {services}\nclient u\nservice a\nservice b\nservice c\nflow f {flow} {{ u -> a -> b -> c }}"
            );
            expect(&RULE, &text, expected);
        };
        case("metrics", "rate=5/s", &["unstated b"]);
        case("metrics", "rate=5/s peak=500/s", &[]);
        case("metrics", "", &[]);
        case("owner=core", "rate=500/s", &["unstated b"]);
        // What all of them have is no reason for one.
        case("authz", "rate=5/s", &["unstated b"]);
        case("autoscale=[2, 20]", "rate=5/s", &["unstated b"]);
        case("metrics\nevery call attempts=2", "rate=5/s", &["unstated b"]);
    }

    #[test]
    fn a_chain_is_another_matter() {
        let text = |chain: &str| {
            format!(
                "client u\nservice a\nservice b\nservice c\nservice d\nservice e\nservice g\nflow f rate=5/s {{ u -> {chain} }}"
            )
        };
        expect(&RULE, &text("a -> b -> c -> d"), &["unstated b, c"]);
        expect(&RULE, &text("a -> b -> c -> d -> e"), &[]);
        expect(&RULE, &text("a -> b -> c -> d -> e -> g"), &[]);
    }

    #[test]
    fn doors_adapters_and_sketches() {
        // What clients come in by, and what talks to others, has a job by its place.
        expect(&RULE, "client u\nservice b\nservice c\nflow f rate=5/s { u -> b -> c }", &[]);
        expect(
            &RULE,
            "client u\nservice a\nservice b\nexternal c\nflow f rate=5/s { u -> a -> b -> c }",
            &[],
        );
        expect(
            &RULE,
            "client u\nservice a\nservice b\npostgres d\nflow f rate=5/s { u -> a -> b -> d }",
            &[],
        );
        expect(&RULE, "client u\nservice a\nservice b\nservice c\nu -> a -> b -> c", &[]);
    }
}
