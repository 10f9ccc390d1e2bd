use std::collections::HashMap;

use petgraph::graph::NodeIndex;

use crate::design::Node;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Outage, Page, Rule};

/// Their messages lie in a broker or cache of another technology.
const LIBRARIES: [&str; 3] = ["bullmq", "celery", "sidekiq"];

pub static RULE: Rule = Rule {
    id: "spof-broker",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Availability,
    summary: "a queue or topic on one machine: with it stop all who hand off to it, and what waits in it is lost",
    question: None,
    reads: &[
        "availability",
        "cdc",
        "copies",
        "delivery",
        "dlq",
        "instances",
        "managed",
        "optional",
        "outbox",
        "rate",
    ],
    page: Page {
        checks: "Queues and topics with a single instance, and who hands off to them.",
        when: "A queue or topic that is not managed has one instance (as drawn) and no `copies=2` or more, and something hands \
               off to it. An error where a flow needs it to accept, which it does not if the sender has an `outbox` or `cdc` or the hop \
               is `optional`; else a warning, as it is where all its flows are of 10 requests a second or fewer and promise \
               nothing. Information only: where every hop into it is `optional` (what was handed off and not yet taken is lost; not said \
               of small flows, which are at most 10 requests/s with no `availability`, nor of what is delivered at most once), and of dead letters on one machine of your own where a queue that names them runs on several of your own. Left alone: other dead letters; a queue that is a table of a relational database, which is that \
               database's matter; and BullMQ, Celery and Sidekiq, libraries whose messages lie in a Redis or RabbitMQ, of \
               which more workers are no more copies. The finding is about the broker.",
        why: "A queue is put between two parts so that one may fail without the other. On one machine it is the part that \
              fails: senders block or drop, and what was accepted and not yet processed is on a disk that is gone.",
        outage: Some(Outage {
            name: "Stackdriver, 2013",
            what: "the Cassandra cluster behind a message bus crashed, and producers ended up blocking on queue insertion",
            link: "https://www.stackdriver.com/post-mortem-october-23-stackdriver-outage/",
        }),
        bad: "client web\nlb front managed\nservice api x2\nrabbitmq jobs\nworker mail x2 idempotent\n\
              flow sign-up { web -> front -> api ~> jobs ~> mail }\n",
        good: "client web\nlb front managed\nservice api x2\nrabbitmq jobs x3\nworker mail x2 idempotent\n\
               flow sign-up { web -> front -> api ~> jobs ~> mail }\n",
        ignore: "Messages that may be lost, from senders that do not wait: mark the hop `optional`, and it is a remark.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let several_name = dead_letters_of_several(facts);
    for broker in facts.nodes(|kind| kind.is_broker()) {
        let node = facts.node(broker);
        let copies = node.attrs.number("copies").value().unwrap_or(1.0);
        if node.is_redundant()
            || copies >= 2.0
            || facts.database_of(broker).is_some()
            || node.tech.is_some_and(|tech| LIBRARIES.contains(&tech.id.as_str()))
        {
            continue;
        }
        if facts.is_dead_letters(broker) {
            found.extend(several_name.get(&broker).map(|&of| keeps_what_failed(facts, broker, of)));
            continue;
        }
        let mut producers = facts.producers(broker);
        producers.retain(|&producer| facts.is_reached(producer));
        let flows: Vec<_> = facts.flows_needing(broker).collect();
        let all_optional = facts.design.steps_to(broker).all(|step| step.attrs.has("optional"));
        if producers.is_empty() {
            continue;
        }
        if all_optional {
            found.extend(may_be_lost(facts, broker, &producers));
            continue;
        }
        let name = node.name();
        let who = facts.names(&producers);
        let many = producers.len() > 1;
        let hands = if many { "hand" } else { "hands" };
        let mut finding = match flows.as_slice() {
            [] if facts.design.flows.is_empty() => Diagnostic::wrong(
                format!("{who} cannot hand off anything when {name} is down: it runs once"),
                node.span,
                "one instance",
            ),
            // It stands behind another queue, or in no flow at all: a loss, but nobody waits.
            [] => Diagnostic::wrong(
                format!("what {who} {hands} to {name} is lost with one disk: it runs once"),
                node.span,
                "one instance",
            )
            .at_most(Severity::Warning),
            [only] => Diagnostic::wrong(
                format!("`{}` stops when {name} does: it runs once", only.id),
                node.span,
                "one instance",
            ),
            flows => Diagnostic::wrong(
                format!("{} flows stop when {name} does: it runs once", flows.len()),
                node.span,
                "one instance",
            ),
        };
        if facts.are_small(&flows) {
            finding = finding.at_most(Severity::Warning);
        }
        for &producer in &producers {
            finding = finding.hop(facts.id(producer), &node.id);
        }
        let way = facts.show_way(&facts.way_to(broker));
        let [block, drop] = if many { ["block", "drop"] } else { ["blocks", "drops"] };
        let consequence = if facts.delivery(broker) == Some("at-most-once") {
            format!(
                "its host fails: what {who} {hands} to it until it is back reaches nobody, and is not sent again"
            )
        } else {
            format!(
                "its host fails: {who} {block} or {drop} messages, and what waited in {name} is gone with the disk"
            )
        };
        found.push(
            finding
                .node(&node.id)
                .flows(flows.iter().map(|flow| flow.id.clone()))
                .evidence(format!("{way}: no second instance accepts"))
                .consequence(consequence)
                .mends(mend(facts, node))
                .fix(fix(node)),
        );
    }
    found
}

/// Nobody needs it to accept, but what it has accepted is on one machine.
fn may_be_lost(facts: &Facts, broker: NodeIndex, producers: &[NodeIndex]) -> Option<Diagnostic> {
    let node = facts.node(broker);
    let flows = facts.flows_into(broker);
    let small = flows.iter().all(|flow| facts.is_small(flow));
    if small || facts.delivery(broker) == Some("at-most-once") {
        return None;
    }
    let [name, who] = [node.name(), facts.names(producers)];
    Some(
        Diagnostic::wrong(
            format!("what {who} handed to {name} and nobody has taken yet is lost with one machine"),
            node.span,
            "one instance",
        )
        .at_most(Severity::Info)
        .node(&node.id)
        .flows(flows.iter().map(|flow| flow.id.clone()))
        .evidence(format!("{}: `optional`, so nothing stops without it", facts.show_way(&facts.way_to(broker))))
        .consequence(format!(
            "its host fails: requests go on, and what waited in {name}, and what is sent until it is back, is missing"
        ))
        .mends(mend(facts, node)).fix(fix(node)),
    )
}

/// What failed is the last to be had of it.
fn keeps_what_failed(facts: &Facts, dead: NodeIndex, of: NodeIndex) -> Diagnostic {
    let node = facts.node(dead);
    let [name, from] = [node.name(), facts.node(of).name()];
    Diagnostic::wrong(
        format!("what fails in {from} is kept by one machine, {name}, and {from} runs on several"),
        node.span,
        "one instance",
    )
    .at_most(Severity::Info)
    .node(&node.id)
    .evidence(format!("`dlq={}` on {from}: no second instance of {name} has what it keeps", node.id))
    .consequence(format!(
        "a bad deploy fills {name}, and its disk fails before somebody has put the messages back: they are nowhere else"
    ))
    .mends(mend(facts, node)).fix(fix(node))
}

/// For queues of dead letters, one that names them and runs on several machines of your own.
fn dead_letters_of_several(facts: &Facts) -> HashMap<NodeIndex, NodeIndex> {
    let mut named = HashMap::new();
    for broker in facts.nodes(|kind| kind.is_broker()) {
        let node = facts.node(broker);
        let dead = node.attrs.text("dlq").value().and_then(|id| facts.design.node(id));
        if let Some(dead) = dead.filter(|_| node.is_redundant() && !node.is_managed()) {
            named.entry(dead).or_insert(broker);
        }
    }
    named
}

/// Some run on one machine, however many there are. What fails in several is not left to one.
fn mend(facts: &Facts, node: &Node) -> Option<Mend> {
    let copies = node.tech.is_none_or(|tech| tech.failover.as_deref() != Some("none"));
    let dead =
        node.attrs.text("dlq").value().and_then(|id| facts.design.node(id)).map(|dead| facts.node(dead));
    let mend = Mend::instances(&node.id, 3);
    copies.then(|| match dead.filter(|dead| !dead.is_redundant()) {
        Some(dead) => mend.and_instances(&dead.id, 3),
        None => mend,
    })
}

fn fix(node: &Node) -> String {
    let name = node.name();
    match node.tech.filter(|tech| tech.failover.as_deref() == Some("none")) {
        Some(tech) => format!(
            "a broker that several machines share, or a managed one, for {name}: {} runs on one",
            tech.title
        ),
        None => format!("`x3` on {name} with its messages copied between them, or a managed broker"),
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::{design, expect};

    #[test]
    fn one_that_cannot_run_on_several_is_to_be_replaced() {
        for (topic, fix) in [("mosquitto", "runs on one"), ("nats", "`x3` on `q`")] {
            let design = design(&format!("client u\nservice a\n{topic} q\nworker w\nu -> a ~> q ~> w"));
            let found = crate::rules::run(&RULE, &crate::rules::Facts::new(&design));
            assert!(found[0].fix.contains(fix), "{}", found[0].fix);
        }
    }

    #[test]
    fn cases() {
        let expect = |text: &str, expected: &[&str]| expect(&RULE, text, expected);
        expect("client u\nservice a\nqueue q\nworker w\nu -> a ~> q ~> w", &["wrong q"]);
        expect("client u\nservice a\nkafka q\nworker w\nflow f { u -> a ~> q ~> w }", &["wrong q"]);
        expect("client u\nservice a\nqueue q x2\nworker w\nu -> a ~> q ~> w", &[]);
        expect("client u\nservice a\nqueue q copies=3\nworker w\nu -> a ~> q ~> w", &[]);
        expect("client u\nservice a\nsqs q\nworker w\nu -> a ~> q ~> w", &[]);
        // A table of the database.
        expect(
            "client u\nservice a\npostgres d x2\nqueue q tech=postgres\nworker w\nu -> a -> d\na ~> q ~> w",
            &[],
        );
        expect("client u\nservice a\nqueue q tech=postgres\nworker w\nu -> a ~> q ~> w", &["wrong q"]);
        // A library over a Redis: more of it are more workers.
        expect("client u\nservice a\nbullmq q\nworker w\nu -> a ~> q ~> w", &[]);
        // The flow goes on without it.
        // What it has accepted may still be lost: a remark.
        let may = |broker: &str, rate: &str| {
            format!(
                "client u\nservice a\n{broker} q\nworker w\nflow f {rate} {{ u -> a ~> q optional\nq ~> w }}"
            )
        };
        expect(&may("kafka", ""), &["wrong q"]);
        for quiet in [may("kafka", "rate=5/s"), may("redis-pubsub", ""), may("kafka q2 x2\nsqs", "")] {
            expect(&quiet, &[]);
        }
        expect("client u\nservice a\nqueue q\nworker w\nu -> a ~> q optional ~> w", &[]);
        expect("client u\nservice a outbox\nqueue q\nworker w\nflow f { u -> a ~> q ~> w }", &["wrong q"]);
        // Behind another queue: a loss, not an outage.
        expect(
            "client u\nservice a\nsqs q\nworker w\nqueue r\nworker v\nflow f { u -> a ~> q ~> w ~> r ~> v }",
            &["wrong r"],
        );
        // What failed is on one machine, and what it failed in on three.
        let dead = |dead: &str| {
            format!("client u\nservice a\nrabbitmq q x3 dlq=r\n{dead} alert\nworker w\nu -> a ~> q ~> w")
        };
        expect(&dead("rabbitmq r"), &["wrong r"]);
        expect(&dead("rabbitmq r x3"), &[]);
        expect(&dead("sqs r"), &[]);
        // Dead letters wait for a person, and nobody hands off to what nothing reaches.
        expect("client u\nservice a\nsqs q dlq=r\nqueue r alert\nworker w\nu -> a ~> q ~> w", &[]);
        expect("queue q\nworker w\nclient u\nservice a\nu -> a\nq ~> w", &[]);
    }
}
