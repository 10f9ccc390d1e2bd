use crate::design::Node;
use crate::diagnostic::{Diagnostic, Severity};
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
    reads: &["availability", "copies", "delivery", "instances", "managed", "optional", "outbox", "rate"],
    page: Page {
        checks: "Queues and topics with a single instance, and who hands off to them.",
        when: "A queue or topic that is not managed has one instance (as drawn) and no `copies=2` or more, and something hands \
               off to it. An error where a flow needs it to accept, which it does not if the sender has an `outbox` or the hop \
               is `optional`; else a warning, as it is where all its flows are of 10 requests a second or fewer and promise \
               nothing. Left alone: dead letters; a queue that is a table of a relational database, which is that \
               database's matter; and BullMQ, Celery and Sidekiq, libraries whose messages lie in a Redis or RabbitMQ, of \
               which more workers are no more copies.",
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
        ignore: "Messages that may be lost, from senders that do not wait: mark the hop `optional`.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for broker in facts.nodes(|kind| kind.is_broker()) {
        let node = facts.node(broker);
        let copies = node.attrs.number("copies").value().unwrap_or(1.0);
        if node.is_redundant()
            || copies >= 2.0
            || facts.is_dead_letters(broker)
            || facts.database_of(broker).is_some()
            || node.tech.is_some_and(|tech| LIBRARIES.contains(&tech.id.as_str()))
        {
            continue;
        }
        let mut producers = facts.producers(broker);
        producers.retain(|&producer| facts.is_reached(producer));
        let flows: Vec<_> = facts.flows_needing(broker).collect();
        let all_optional = facts.design.steps_to(broker).all(|step| step.attrs.has("optional"));
        if producers.is_empty() || all_optional {
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
                .fix(fix(node)),
        );
    }
    found
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
        let expect = |text, expected: &[&str]| expect(&RULE, text, expected);
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
        expect("client u\nservice a\nqueue q\nworker w\nflow f { u -> a ~> q optional\nq ~> w }", &[]);
        expect("client u\nservice a outbox\nqueue q\nworker w\nflow f { u -> a ~> q ~> w }", &["wrong q"]);
        // Behind another queue: a loss, not an outage.
        expect(
            "client u\nservice a\nsqs q\nworker w\nqueue r\nworker v\nflow f { u -> a ~> q ~> w ~> r ~> v }",
            &["wrong r"],
        );
        // Dead letters wait for a person, and nobody hands off to what nothing reaches.
        expect("client u\nservice a\nsqs q dlq=r\nqueue r alert\nworker w\nu -> a ~> q ~> w", &[]);
        expect("queue q\nworker w\nclient u\nservice a\nu -> a\nq ~> w", &[]);
    }
}
