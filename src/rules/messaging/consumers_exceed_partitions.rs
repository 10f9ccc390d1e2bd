use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::facts::Shares;
use crate::rules::{Confidence, Facts, Group, Page, Rule};

pub static RULE: Rule = Rule {
    id: "consumers-exceed-partitions",
    severity: Severity::Info,
    confidence: Confidence::High,
    grave: false,
    group: Group::Messaging,
    summary: "more consumers than partitions: the rest get nothing",
    question: None,
    reads: &["partitions"],
    page: Page {
        checks: "Topics and queues that say how many `partitions` they have, and how many instances consume them.",
        when: "A consumer runs more instances (`xN`, or the most of its `autoscale`) than the broker has `partitions`, by more than one and by more than a tenth (so many may stand by), and the broker hands each partition to one \
               consumer of a group: Kafka, MSK, Redpanda, Kinesis, Event Hubs, and brokers whose technology is not said. Not those that hand out single messages or keys (RabbitMQ with one partition, SQS, Pulsar, Pub/Sub). Drawings without flows are judged too. The finding is about the broker.",
        why: "In a group, each partition belongs to one consumer. Those without a partition are idle: they cost what the others cost, \
              and adding more of them on the day of the backlog changes nothing.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x2\nkafka clicks x3 partitions=4 dlq=dead\nkafka dead x3 alert\nworker tally x12 idempotent\nclickhouse counts x2 backup=1d\n\
              flow click { web -> front -> api ~> clicks ~> tally -> counts writes }\n",
        good: "client web\nlb front managed\nservice api x2\nkafka clicks x3 partitions=24 dlq=dead\nkafka dead x3 alert\nworker tally x12 idempotent\nclickhouse counts x2 backup=1d\n\
               flow click { web -> front -> api ~> clicks ~> tally -> counts writes }\n",
        ignore: "The instances also do other work, or stand by on purpose.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for broker in facts.nodes(|kind| kind.is_broker()) {
        let node = facts.node(broker);
        let Some(partitions) = node.attrs.get("partitions") else { continue };
        let Some(parts) = node.attrs.number("partitions").value().filter(|&parts| parts >= 1.0) else {
            continue;
        };
        let whole = facts.shares(broker) == Some(Shares::Partitions) || node.tech.is_none();
        if !whole {
            continue;
        }
        for consumer in facts.consumers(broker) {
            let who = facts.node(consumer);
            // A socket server reads for the clients that it holds, each instance for itself.
            if !matches!(who.kind, crate::catalog::Kind::Worker | crate::catalog::Kind::Service) {
                continue;
            }
            let Some(running) = who.most_instances().filter(|&running| running as f64 > parts + spare(parts))
            else {
                continue;
            };
            let idle = running - parts as u64;
            let [name, worker] = [node.name(), who.name()];
            let are = if idle == 1 { "is" } else { "are" };
            found.push(
                Diagnostic::wrong(
                    format!("{idle} of {running} {worker} {are} idle: {name} has {parts} partitions"),
                    partitions.span,
                    "each is read by one consumer of a group",
                )
                .label(who.span, format!("{running} of these"))
                .node(&node.id)
                .node(&who.id)
                .evidence(format!("{running} consumers − {parts} partitions = {idle} without work"))
                .consequence(format!(
                    "{name} falls behind, {worker} is scaled up, and nothing becomes faster: no more than {parts} can work"
                ))
                .mend(Mend::node(&node.id, &format!("partitions={}", running * 2)))
                .fix(format!("`partitions={}` on {name}, room to grow included, or fewer {worker}", running * 2)),
            );
        }
    }
    found
}

/// Consumers without a partition that stand by for one that fails or is being replaced.
fn spare(partitions: f64) -> f64 {
    (partitions / 10.0).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let expect = |text: &str, expected: &[&str]| {
            expect(&RULE, &format!("service a\n{text}\na ~> q ~> w"), expected)
        };
        expect("kafka q partitions=4\nworker w x12", &["wrong q, w"]);
        expect("kafka q partitions=4\nworker w autoscale=[2, 8]", &["wrong q, w"]);
        expect("topic q partitions=4\nworker w x6", &["wrong q, w"]);
        // One or a tenth may stand by.
        expect("kafka q partitions=4\nworker w x5", &[]);
        expect("kafka q partitions=40\nworker w x44", &[]);
        expect("kafka q partitions=40\nworker w x45", &["wrong q, w"]);
        expect("kafka q partitions=4\nworker w x4", &[]);
        expect("kafka q partitions=4\nworker w autoscale", &[]);
        expect("kafka q\nworker w x12", &[]);
        // Single messages or keys are shared out, and sockets read each for its own clients.
        expect("pulsar q partitions=1\nworker w x12", &[]);
        expect("pubsub q partitions=4\nworker w x12", &[]);
        expect("kafka q partitions=4\nsocket w x12", &[]);
    }
}
