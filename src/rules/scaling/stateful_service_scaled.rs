use std::collections::HashSet;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Node, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Rule};

pub static RULE: Rule = Rule {
    id: "stateful-service-scaled",
    severity: Severity::Error,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Scaling,
    summary: "several instances each keep their own state, and a request may reach the wrong one",
    question: None,
    reads: &[
        "failover",
        "instances",
        "key",
        "order",
        "partitions",
        "registry",
        "replication",
        "state",
        "stateless",
        "sticky",
    ],
    page: Page {
        checks: "Services with several instances that keep in memory, on disk or in a database file of their own what the next request needs.",
        when: "`state=memory` or `state=disk` is stated on a gateway, service, worker or function with two instances or more, or one \
               writes a database that is a library in its own process (SQLite) and does not state `failover` or `replication` \
               (then also where it says `stateless`), and nothing brings a request back to its instance: no `sticky` on what calls it (one \
               further up brings it back to what it calls itself, not through that), no `key=` on the hop, no `registry`, no \
               `partitions` or `order` of the queue or topic that hands to it (taken to be by key), no lasting `<->` connection.",
        why: "The second request reaches another instance, which has never heard of the first: users are logged out at random, \
              half-finished uploads vanish. And every deploy or crash forgets what that instance kept.",
        outage: None,
        bad: "client web\nlb front managed\nservice cart x3 state=memory\nflow add { web -> front -> cart }\n",
        good: "client web\nlb front managed\nservice cart x3 stateless\nredis carts x2\n\
               flow add { web -> front -> cart -> carts writes }\n",
        ignore: "What it keeps is a copy that any instance can fetch again: then it is `stateless`; say so.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let who_ask = who_ask_a_registry(facts);
    for index in facts.nodes(|kind| kind.is_app() && !matches!(kind, Kind::Socket | Kind::Scheduler)) {
        let node = facts.node(index);
        if node.instances < 2 {
            continue;
        }
        let stated =
            node.attrs.get("state").filter(|_| node.attrs.has("state") && !node.attrs.has("stateless"));
        let file = own_file(facts, index);
        let Some(span) = file.map(|step| step.span).or(stated.map(|state| state.span)) else { continue };
        if returns_to_its_instance(facts, index, &who_ask) {
            continue;
        }
        let name = node.name();
        let disk = file.is_some() || node.attrs.text("state").value() == Some("disk");
        let place = match file {
            Some(step) => format!("in a {} of its own", facts.node(step.to).name()),
            None if disk => "on its own disk".to_string(),
            None => "in its own memory".to_string(),
        };
        let instances = node.instances;
        let evidence = match facts.callers(index).first() {
            Some(&caller) => {
                format!(
                    "{} → any of {instances} instances of {name}, each with its own state",
                    facts.id(caller)
                )
            }
            None => format!("{instances} instances of {name}, each with its own state"),
        };
        let others = format!("{} of {instances}", instances - 1);
        found.push(
            Diagnostic::wrong(
                format!("each of {instances} instances of {name} keeps {place} what the next request needs"),
                span,
                "and the next request may reach another",
            )
            .node(&node.id)
            .label(node.span, format!("{instances} instances"))
            .flows(facts.flows_needing(index).map(|flow| flow.id.clone()))
            .evidence(evidence)
            .evidence(format!("spread evenly, the next request misses its instance {others} times"))
            .consequence(format!(
                "a user's next request reaches another instance, which knows nothing of the first; and a deploy of {name} \
                 {}",
                if disk { "strands what lies on the old hosts" } else { "forgets everything" }
            ))
            .fix(format!(
                "keep it in a `cache` or `database` that all instances share and write `stateless` on {name}; or \
                 `sticky` on the load balancer, which loses it only with its instance"
            )),
        );
    }
    found
}

/// A write to a database that lives in the writer's own process: each instance has a file of its own.
fn own_file<'d>(facts: &Facts<'d>, node: NodeIndex) -> Option<&'d Step> {
    let copied = |store: &Node| store.attrs.has("failover") || store.attrs.has("replication");
    let is_own = |step: &&Step| {
        facts.is_embedded(step.to) && facts.arrow(step) != Arrow::Control && !copied(facts.node(step.to))
    };
    facts.design.steps_from(node).filter(is_own).find(|step| facts.writes(step))
}

fn who_ask_a_registry(facts: &Facts) -> HashSet<NodeIndex> {
    let registries = facts.nodes(|kind| kind == Kind::Registry);
    registries.flat_map(|registry| facts.hops_to(registry)).map(|(asking, _)| asking).collect()
}

/// Something sends each user, key or partition to the same instance again.
fn returns_to_its_instance(facts: &Facts, node: NodeIndex, who_ask: &HashSet<NodeIndex>) -> bool {
    let sought = |other: NodeIndex| facts.node(other).kind == Kind::Registry;
    let hops = facts.hops_to(node);
    let requests: Vec<_> = hops.iter().filter(|(_, hop)| hop.arrow != Arrow::Control).collect();
    let keyed = facts.design.steps_to(node).any(|step| step.attrs.has("key"));
    let routed = |from: NodeIndex| {
        let from = facts.node(from);
        from.attrs.has("sticky")
            || (from.kind.is_broker() && (from.attrs.has("partitions") || from.attrs.has("order")))
            || (from.kind == Kind::Topic
                && from.tech.is_some_and(|tech| tech.order.as_deref() == Some("key")))
    };
    let lasting = !requests.is_empty() && requests.iter().all(|(_, hop)| hop.arrow == Arrow::Stream);
    keyed
        || lasting
        || requests.iter().any(|(from, _)| routed(*from) || sought(*from) || who_ask.contains(from))
        || who_ask.contains(&node)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let expect = |text: &str, expected: &[&str]| expect(&RULE, text, expected);
        expect("client u\nlb l x2\nservice a x2 state=memory\nu -> l -> a", &["wrong a"]);
        expect("client u\nlb l x2\nservice a x2 state=disk\nu -> l -> a", &["wrong a"]);
        expect("client u\nlb l x2\nservice a state=memory\nu -> l -> a", &[]);
        expect("client u\nlb l x2\nservice a x2\nu -> l -> a", &[]);
        expect("client u\nlb l x2\nservice a x2 state=none\nu -> l -> a", &[]);
        // A database that is a file beside each of them.
        let file = |service: &str, store: &str, expected: &[&str]| {
            let text = format!("client u\nlb l x2\nservice a {service}\n{store}\nu -> l -> a -> d");
            expect(&text, expected);
        };
        file("x2", "sqlite d", &["wrong a"]);
        file("x2 stateless", "sqlite d", &["wrong a"]);
        file("", "sqlite d", &[]);
        file("x2", "postgres d", &[]);
        file("x2", "sqlite d replication=async", &[]);
        expect("client u\nlb l x2\nservice a x2\nsqlite d\nu -> l -> a -> d reads", &[]);
        // Each request finds its instance again.
        expect("client u\nlb l x2 sticky\nservice a x2 state=memory\nu -> l -> a", &[]);
        expect("client u\nlb l x2\nservice a x2 state=memory\nu -> l -> a key=room", &[]);
        // Sticky as far as the gateway, and any instance from there on.
        expect(
            "client u\nlb l x2 sticky\ngateway g x2\nservice a x2 state=memory\nu -> l -> g -> a",
            &["wrong a"],
        );
        expect("client u\nservice a x2 state=memory\nu <-> a", &[]);
        expect("client u\nlb l x2\nservice a x2 state=memory\nregistry r\nu -> l -> a\na ..> r needs", &[]);
        expect("service p\nkafka q x3 partitions=8\nworker w x4 state=disk\np ~> q ~> w", &[]);
        expect("service p\nsqs q\nworker w x4 state=disk\np ~> q ~> w", &["wrong w"]);
        // Connections are state by nature; other rules ask about them.
        expect("client u\nlb l x2\nsocket a x2 state=memory\nu -> l\nl <-> a", &[]);
    }
}
