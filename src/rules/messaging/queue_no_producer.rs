use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Rule};

pub static RULE: Rule = Rule {
    id: "queue-no-producer",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Messaging,
    summary: "somebody waits for messages that nobody sends",
    question: None,
    reads: &[],
    page: Page {
        checks: "Queues and topics that something consumes: whether anything puts messages in.",
        when: "Messages are handed on from a queue or topic, or polled from it, no `~>`, `->` or `<->` leads into it, and the design draws a client, a scheduler or an external that something starts from (otherwise the drawing begins at the queue). Left alone: queues of \
               dead letters, which their brokers fill, and services that raise events themselves, as EventBridge does. Drawings without flows are judged too. The finding is about the queue or topic.",
        why: "Either a hop was forgotten, and with it a part of the flow whose load, failures and latency nobody has thought about; \
              or the consumer is left over from something that was taken away, and is paid for and kept up for nothing.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x2\nsqs jobs\nworker mail x2 idempotent\nses post\n\
              flow sign-up { web -> front -> api }\nflow send { jobs ~> mail -> post }\n",
        good: "client web\nlb front managed\nservice api x2\nsqs jobs\nworker mail x2 idempotent\nses post\n\
               flow sign-up { web -> front -> api ~> jobs }\nflow send { jobs ~> mail -> post }\n",
        ignore: "Another team sends them: draw it as `external`, so that the design says so. Events that a store raises itself, as S3 and DynamoDB do, are a hop too: `store ~> queue`.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    // A drawing without anybody who starts something begins at its queues.
    let starts = |&&entry: &&NodeIndex| {
        matches!(facts.node(entry).kind, Kind::Client | Kind::Scheduler | Kind::External)
    };
    if facts.entries().iter().find(starts).is_none() {
        return found;
    }
    for broker in facts.nodes(|kind| kind.is_broker()) {
        let node = facts.node(broker);
        let raises = node.tech.is_some_and(|tech| {
            tech.kinds.contains(&Kind::Scheduler) || tech.kinds.contains(&Kind::External)
        });
        if raises || facts.is_dead_letters(broker) || !facts.producers(broker).is_empty() {
            continue;
        }
        let consumers = facts.consumers(broker);
        if consumers.is_empty()
            || consumers.iter().all(|&consumer| facts.node(consumer).kind == Kind::Monitor)
        {
            continue;
        }
        let [name, who] = [node.name(), facts.names(&consumers)];
        let waits = if consumers.len() == 1 { "waits" } else { "wait" };
        let flows = facts.design.steps_from(broker).filter_map(|step| step.flow);
        let mut flows: Vec<String> = flows.map(|flow| facts.design.flows[flow].id.clone()).collect();
        flows.dedup();
        found.push(
            Diagnostic::wrong(
                format!("{who} {waits} for messages from {name}, and nobody puts any in"),
                node.span,
                "nothing leads into it",
            )
            .node(&node.id)
            .flows(flows)
            .evidence(format!("{}, and no hop leads to {}", facts.show_way(&[broker, consumers[0]]), node.id))
            .consequence(format!(
                "the work of {who} never begins, or begins by a way that nobody has drawn or sized"
            ))
            .fix(format!(
                "`SENDER ~> {}` from what sends them, or leave {name} and its consumers out",
                node.id
            )),
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let expect = |text, expected: &[&str]| expect(&RULE, text, expected);
        expect("client u\nservice a\nu -> a\nqueue q\nworker w\nq ~> w", &["wrong q"]);
        expect("client u\nservice a\nu -> a\nqueue q\nworker w\nw -> q reads", &["wrong q"]);
        // The drawing begins there.
        expect("queue q\nworker w\nservice a\nflow f { q ~> w -> a }", &[]);
        expect("service a\nqueue q\nworker w\na ~> q ~> w", &[]);
        // In another flow, from a store's change log, or by the consumer itself.
        expect("client u\nservice a\nkafka q\nworker w\nflow f { u -> a ~> q }\nflow g { q ~> w }", &[]);
        expect("postgres d\nkafka q\nworker w\nd ~> q ~> w", &[]);
        // Dead letters, what raises events itself, and a queue that nobody uses at all.
        expect("service a\nqueue q dlq=d\nqueue d\nworker w\nworker v\na ~> q ~> w\nd ~> v", &[]);
        expect("client u\nservice a\nu -> a\neventbridge q\nlambda w\nq ~> w", &[]);
        expect("queue q\nservice a\nclient u\nu -> a", &[]);
        // Asking how long it is takes nothing out.
        expect("client u\nservice a\nu -> a\nqueue q\nmonitor m\nm -> q reads", &[]);
    }
}
