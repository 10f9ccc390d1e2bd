use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Rule};

/// A topic that keeps its messages so long is a record of what happened, to be read when someone needs it.
const A_RECORD: f64 = 30.0 * 86_400.0;

pub static RULE: Rule = Rule {
    id: "queue-no-consumer",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Messaging,
    summary: "messages are put into a queue or topic that nobody reads",
    question: None,
    reads: &["dlq", "reads", "retention"],
    page: Page {
        checks: "Queues and topics that something writes to: whether anything takes the messages out.",
        when: "Something hands off to a queue or topic, and no `~>`, `->` or `<->` leads out of it and nobody polls it with `reads`. \
               A bare `..>` hop or a monitor that polls it watches it, and takes nothing out. Queues of \
               dead letters are left alone, and so is a topic with a `retention` of 30 days or more, which is a record. The finding is about the queue or topic.",
        why: "The queue grows until it is full or its oldest messages expire. Then senders block, or the work that was \
              promised to a user silently never happens.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x2\nsqs jobs\nflow sign-up { web -> front -> api ~> jobs }\n",
        good: "client web\nlb front managed\nservice api x2\nsqs jobs\nworker mail x2\nflow sign-up { web -> front -> api ~> jobs ~> mail }\n",
        ignore: "The consumer belongs to another team: draw it as `external`, so that the design says so.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for broker in facts.nodes(|kind| kind.is_broker()) {
        let node = facts.node(broker);
        let producers = facts.producers(broker);
        let record = node.kind == Kind::Topic
            && node.attrs.number("retention").value().is_some_and(|seconds| seconds >= A_RECORD);
        if producers.is_empty() || is_consumed(facts, broker) || facts.is_dead_letters(broker) || record {
            continue;
        }
        let [name, who] = [node.name(), facts.names(&producers)];
        let flows = facts.design.flows.iter().filter(|flow| {
            facts.design.steps_of(flow).iter().any(|step| step.to == broker && facts.writes(step))
        });
        let mut finding = Diagnostic::wrong(
            format!(
                "what {who} put{} into {name} is never read",
                if producers.len() == 1 { "s" } else { "" }
            ),
            node.span,
            "nobody reads it",
        )
        .node(&node.id)
        .flows(flows.map(|flow| flow.id.clone()))
        .evidence(format!("{}, and no hop leads on", facts.show_way(&[producers[0], broker])));
        for &producer in &producers {
            finding = finding.hop(facts.id(producer), &node.id);
        }
        found.push(
            finding
                .consequence(format!(
                    "{name} fills up until it rejects messages or drops the oldest; the work that they stand for is \
                     never done"
                ))
                .fix(format!("`{} ~> WORKER` to what does the work, or leave {name} out", node.id)),
        );
    }
    found
}

/// Somebody takes messages out. A monitor that polls looks at how many there are.
fn is_consumed(facts: &Facts, broker: NodeIndex) -> bool {
    let handed = |to: NodeIndex| facts.hops_to(to).iter().any(|(from, _)| *from == broker);
    facts
        .consumers(broker)
        .into_iter()
        .any(|consumer| facts.node(consumer).kind != Kind::Monitor || handed(consumer))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let expect = |text, expected: &[&str]| expect(&RULE, text, expected);
        expect("service a\nqueue q\na ~> q", &["wrong q"]);
        expect("service a\nqueue q\na -> q writes", &["wrong q"]);
        expect("service a\nqueue q\nworker w\na ~> q ~> w", &[]);
        // Polled.
        expect("service a\nqueue q\nworker w\na ~> q\nw -> q reads", &[]);
        // Dead letters, and a queue whose only way out is to its dead letters.
        expect("service a\nqueue q dlq=d\nqueue d\nworker w\na ~> q ~> w\nq ~> d", &[]);
        expect("service a\nqueue q dlq=d\nqueue d\na ~> q ~> d", &["wrong q"]);
        // A record that is kept.
        expect("service a\nkafka q retention=1y\na ~> q", &[]);
        // Nobody writes either: not this flaw. Watched is not read.
        expect("service a\nqueue q\nclient u\nu -> a", &[]);
        expect("service a\nqueue q\nmonitor m\na ~> q\nm ..> q observes", &["wrong q"]);
        expect("service a\nqueue q\nmonitor m\na ~> q\nm -> q reads", &["wrong q"]);
        // What is shipped to a monitor is taken out.
        expect("service a\nkafka q\nmonitor m\na ~> q ~> m", &[]);
        // Parked by the consumer, for a person.
        expect("service a\nkafka q\nqueue p\nworker w\na ~> q ~> w\nw ~> p on=error", &[]);
    }
}
