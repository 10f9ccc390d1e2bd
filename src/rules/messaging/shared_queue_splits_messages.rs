use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Node, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::facts::targets;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "shared-queue-splits-messages",
    severity: Severity::Error,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Messaging,
    summary: "two consumers that each need every message share one queue, and each gets a part",
    question: Some(Question {
        topic: "one queue or two",
        text: "a queue gives each message to one consumer: does each of these get all of them?",
    }),
    reads: &["groups", "max_length", "max_receives", "on", "order", "share", "visibility"],
    page: Page {
        checks: "Queues with several different consumers, and topics that say they have one subscriber group.",
        when: "Two or more nodes consume one queue (or a topic with `groups=1`) in one flow, and what they do with a message has nothing in common: none writes or calls what another one does. Wrong for \
               what is one queue and no more (SQS, Cloud Tasks, a plain `queue`) and for `groups=1`; a question where the consumers of a plain queue do nothing that is drawn, and for brokers of which one box may hold many queues (RabbitMQ, ActiveMQ, Service Bus, BullMQ, Celery, Redis) if the box \
               states what a single queue has: `max_length`, `max_receives`, `visibility` or `order`; without those it is taken for an exchange with a queue for each consumer. Not where a hop out of the queue has `share` or `on`, nor where `groups` is two or more, which answers it, nor where consumers do the same work. The finding is about the queue.",
        why: "A queue hands each message to one of those who ask. With two consumers, half of the orders get their mail and the other half their invoice. \
              It works in every test with one message and one consumer at a time.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x2\nsqs placed dlq=dead\nsqs dead alert\nworker mailer x2 idempotent\nses post\nworker books x2 idempotent\npostgres ledger x2 failover=auto backup=1h\n\
              flow order {\n  web -> front -> api ~> placed ~> mailer, books\n  mailer -> post\n  books -> ledger writes\n}\n",
        good: "client web\nlb front managed\nservice api x2\nsns placed\nsqs mails dlq=dead\nsqs bills dlq=dead\nsqs dead alert\nworker mailer x2 idempotent\nses post\nworker books x2 idempotent\npostgres ledger x2 failover=auto backup=1h\n\
               flow order {\n  web -> front -> api ~> placed ~> mails ~> mailer -> post\n  placed ~> bills ~> books -> ledger writes\n}\n",
        ignore: "The consumers divide the messages on purpose: write `share=` on the hops out of the queue.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for broker in facts.nodes(|kind| kind.is_broker()) {
        let node = facts.node(broker);
        let groups = node.attrs.number("groups");
        let one_group = groups.value() == Some(1.0);
        let splits = one_group || (node.kind == Kind::Queue && groups.value().is_none());
        if !splits || facts.is_dead_letters(broker) {
            continue;
        }
        let mut consumers = facts.consumers(broker);
        consumers
            .retain(|&consumer| facts.node(consumer).kind.is_app() && !is_parted(facts, broker, consumer));
        if consumers.len() < 2 {
            continue;
        }
        let Some((a, b, drawn)) = strangers(facts, broker, &consumers) else { continue };
        // Where a box may stand for a broker with many queues, only its author knows.
        let box_of_many = node.tech.is_some_and(|tech| !tech.managed || tech.kinds.contains(&Kind::Topic));
        let plain = !facts.design.flows.is_empty();
        if (!drawn && (box_of_many || !plain)) || (box_of_many && !one_group && !is_one_queue(node)) {
            continue;
        }
        let [name, one, other] = [broker, a.0, b.0].map(|node| facts.node(node).name());
        let message =
            format!("{one} and {other} share {name}: each gets a part of the messages, not all of them");
        let finding = match groups.span().filter(|_| one_group) {
            Some(span) => Diagnostic::wrong(message, span, "one group for both"),
            None if drawn && !box_of_many => {
                Diagnostic::wrong(message, node.span, "each message goes to one of them")
            }
            None => Diagnostic::unstated(message, node.span, "one queue, or one for each?")
                .question(format!(
                    "{name} gives each message to one consumer: do {one} and {other} each get all of them?"
                ))
                .at_most(Severity::Info),
        };
        let does = |(consumer, to): &(NodeIndex, Vec<NodeIndex>)| match to.first() {
            Some(&to) => facts.show_way(&[broker, *consumer, to]),
            None => facts.show_way(&[broker, *consumer]),
        };
        found.push(
            finding
                .label(facts.node(a.0).span, "takes some")
                .label(facts.node(b.0).span, "takes the others")
                .node(&node.id)
                .node(facts.id(a.0))
                .node(facts.id(b.0))
                .flows(a_flow(facts, broker, a.0))
                .evidence(format!("{}; {}: different work on the same messages", does(&a), does(&b)))
                .consequence(format!(
                    "about half of what is put into {name} is never seen by {one}, the other half never by {other}; nothing fails, and no queue grows"
                ))
                .fix(format!("`topic {}` with a subscription for each consumer, or a queue of its own for {other}; `groups=2` on {name} if each has one already", node.id)),
        );
    }
    found
}

/// It states what holds for a single queue, not for a broker with many in it.
fn is_one_queue(node: &Node) -> bool {
    let attrs = &node.attrs;
    attrs.has("max_length") || attrs.has("max_receives") || attrs.has("visibility") || attrs.has("order")
}

/// The hop says which part of the messages it takes.
fn is_parted(facts: &Facts, broker: NodeIndex, consumer: NodeIndex) -> bool {
    facts.handed(broker, consumer).any(|step| step.attrs.has("share") || step.attrs.has("on"))
}

type Work = (NodeIndex, Vec<NodeIndex>);

/// The first two consumers whose work has nothing in common, and whether the work of both is drawn.
fn strangers(facts: &Facts, broker: NodeIndex, consumers: &[NodeIndex]) -> Option<(Work, Work, bool)> {
    // A handful is enough to know.
    let work: Vec<Work> = consumers
        .iter()
        .take(8)
        .map(|&consumer| {
            let mut steps: Vec<&Step> = facts.work_on(broker, consumer);
            // Reading the same table is no common work.
            steps.retain(|step| facts.writes(step) || !facts.node(step.to).kind.is_store());
            (consumer, targets(&steps))
        })
        .collect();
    let flows_of = |consumer: NodeIndex| -> Vec<Option<usize>> {
        facts.handed(broker, consumer).map(|step| step.flow).collect()
    };
    for (at, a) in work.iter().enumerate() {
        for b in &work[at + 1..] {
            let in_one_flow = flows_of(a.0).iter().any(|flow| flows_of(b.0).contains(flow));
            let common = a.1.iter().any(|to| b.1.contains(to));
            let drawn = !a.1.is_empty() && !b.1.is_empty();
            let neither = a.1.is_empty() && b.1.is_empty();
            if in_one_flow && !common && (drawn || neither) {
                return Some((a.clone(), b.clone(), drawn));
            }
        }
    }
    None
}

fn a_flow(facts: &Facts, broker: NodeIndex, consumer: NodeIndex) -> Option<String> {
    facts.handed(broker, consumer).find_map(|step| facts.flow_of(step)).map(|flow| flow.id.clone())
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let expect = |text: &str, expected: &[&str]| {
            expect(
                &RULE,
                &format!("client u\nservice a\nworker v\nworker w\npostgres d\nexternal e\n{text}"),
                expected,
            );
        };
        let run = "flow f { u -> a ~> q ~> v, w\nv -> e\nw -> d writes }";
        for broker in ["queue", "sqs", "sqs-fifo"] {
            expect(&format!("{broker} q\n{run}"), &["wrong q, v, w"]);
        }
        for broker in ["rabbitmq", "servicebus", "bullmq", "celery"] {
            expect(&format!("{broker} q max_length=1M\n{run}"), &["unstated q, v, w"]);
            // An exchange with a queue for each is drawn like this.
            expect(&format!("{broker} q\n{run}"), &[]);
        }
        expect(&format!("rabbitmq q max_length=1M groups=2\n{run}"), &[]);
        // Every subscriber gets everything.
        for broker in ["topic", "kafka", "sns", "redis-pubsub", "rabbitmq q2\ntopic"] {
            expect(&format!("{broker} q\n{run}"), &[]);
        }
        expect(&format!("rabbitmq q groups=2\n{run}"), &[]);
        expect(&format!("kafka q groups=1\n{run}"), &["wrong q, v, w"]);
        // The same work, or a part each on purpose.
        expect("queue q\nflow f { u -> a ~> q ~> v, w -> d writes }", &[]);
        expect(
            "queue q\nflow f { u -> a ~> q\nq ~> v share=50%\nv -> e\nq ~> w share=50% -> d writes }",
            &[],
        );
        // What they do is not drawn: asked in a flow, not in a sketch, and not of a box with queues in it.
        expect("sqs q\nflow f { u -> a ~> q ~> v, w }", &["unstated q, v, w"]);
        expect("sqs q\nu -> a ~> q ~> v, w", &[]);
        expect("rabbitmq q\nflow f { u -> a ~> q ~> v, w }", &[]);
        // One consumer, or two in flows that have nothing to do with each other.
        expect("queue q\nflow f { u -> a ~> q ~> v -> e }", &[]);
        expect("queue q\nflow f { u -> a ~> q ~> v -> e }\nflow g { u -> a ~> q ~> w -> d writes }", &[]);
    }
}
