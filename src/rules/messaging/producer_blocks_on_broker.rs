use std::collections::HashSet;

use petgraph::graph::NodeIndex;

use crate::design::{Arrow, Flow, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Outage, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "producer-blocks-on-broker",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Messaging,
    summary: "a user's request waits for a queue that is full or does not answer",
    question: Some(Question {
        topic: "full queue",
        text: "the broker takes nothing for a minute: do the requests that hand something off to it wait?",
    }),
    reads: &["acks", "async", "availability", "cdc", "on_full", "optional", "outbox", "p99", "timeout"],
    page: Page {
        checks: "Requests that somebody waits for and that hand something off on their way: what they do while the broker takes nothing.",
        when: "In a flow that somebody waits for (not `async`), a node that is waited for hands off to a queue or topic. Wrong where the broker, or the hop into it, says `on_full=block` \
               and the hop has no `timeout`. A question, as information, where the flow promises a `p99` or an `availability`, has read or written a store or service \
               for its answer before, so that the message is not what the user came for, and the technology makes its producers wait (Kafka up to a minute, RabbitMQ while it is short of memory or disk). \
               Left alone: hops that are `optional` or have a `timeout` or `on_full`, producers with `outbox` or `cdc`, and brokers with `acks=0`. The finding is about the producer.",
        why: "Handing off looks free until the broker is slow. Then each request holds its thread for as long as the client library is patient, a minute by default, \
              and what was put behind a queue to keep it out of the user's way stops everything in front of it.",
        outage: Some(Outage {
            name: "Stackdriver, 2013",
            what: "when the Cassandra cluster behind a message bus failed, producers ended up blocking on queue inserts, and the whole application failed",
            link: "https://www.stackdriver.com/post-mortem-october-23-stackdriver-outage/",
        }),
        bad: "client web\nlb front managed\nservice api x2\npostgres store x2 failover=auto backup=1h\nkafka views x3 on_full=block dlq=dead\nkafka dead x3 alert\nworker tally x2 idempotent\n\
              flow page { web -> front -> api -> store reads\napi ~> views ~> tally }\n",
        good: "client web\nlb front managed\nservice api x2\npostgres store x2 failover=auto backup=1h\nkafka views x3 on_full=drop dlq=dead\nkafka dead x3 alert\nworker tally x2 idempotent\n\
               flow page { web -> front -> api -> store reads\napi ~> views ~> tally }\n",
        ignore: "The message is the request: without the broker there is nothing to answer, and the caller's own timeout ends it.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    let mut reported: HashSet<(NodeIndex, NodeIndex)> = HashSet::new();
    for flow in &facts.design.flows {
        let steps = facts.design.steps_of(flow);
        let hands_off = |step: &Step| facts.node(step.to).kind.is_broker();
        if flow.attrs.has("async") || !steps.iter().any(hands_off) || facts.is_background(flow) {
            continue;
        }
        let waited_for = facts.waited_for_in(flow);
        for (at, step) in steps.iter().enumerate() {
            let puts = hands_off(step) && facts.writes(step) && facts.arrow(step) != Arrow::Control;
            let producer = facts.node(step.from);
            if !puts || !waited_for.contains(&step.from) || !producer.kind.is_app() || is_let_go(facts, step)
            {
                continue;
            }
            // What the answer is made of, before the message is handed off.
            let answers = |before: &Step| {
                before.from == step.from
                    && facts.arrow(before) == Arrow::Call
                    && !facts.node(before.to).kind.is_broker()
            };
            let aside = steps[..at].iter().any(answers);
            let Some(finding) = judge(facts, flow, step, aside) else { continue };
            if reported.insert((step.from, step.to)) {
                found.push(finding);
            }
        }
    }
    found
}

/// The request does not depend on it, or says how long it waits.
fn is_let_go(facts: &Facts, step: &Step) -> bool {
    let from = &facts.node(step.from).attrs;
    let timeout = facts.design.graph[step.hop].attrs.has("timeout");
    let lets = |on_full: Option<&str>| on_full.is_some_and(|on_full| on_full != "block");
    step.attrs.has("optional")
        || timeout
        || from.has("outbox")
        || from.has("cdc")
        || lets(step.attrs.text("on_full").value())
        || lets(facts.node(step.to).attrs.text("on_full").value())
}

fn judge(facts: &Facts, flow: &Flow, step: &Step, aside: bool) -> Option<Diagnostic> {
    let node = facts.node(step.to);
    let [who, name] = [facts.node(step.from), node].map(|node| node.name());
    let blocks = [&step.attrs, &node.attrs].into_iter().find_map(|attrs| {
        attrs.text("on_full").value().filter(|&on_full| on_full == "block").and(attrs.get("on_full"))
    });
    let promises = flow.attrs.number("p99").is_yes() || flow.attrs.number("availability").is_yes();
    let waits = node.tech.is_some_and(|tech| tech.blocks_producers);
    let unheard = node.attrs.text("acks").value() == Some("0");
    let finding = match blocks {
        Some(setting) => Diagnostic::wrong(
            format!("`{}` waits as long as {name} is full: {who} blocks, with no limit", flow.id),
            setting.span,
            "said to block",
        )
        .label(step.span, "and no `timeout` here"),
        None if promises && aside && waits && !unheard && !facts.is_small(flow) => Diagnostic::unstated(
            format!("while {name} takes nothing, `{}` waits for it in {who}", flow.id),
            step.span,
            "no `timeout`, `on_full` or `optional` here",
        )
        .question(format!("{name} takes nothing for a minute: does `{}` wait for it?", flow.id))
        .at_most(Severity::Info),
        None => return None,
    };
    let title = node.tech.filter(|_| waits).map(|tech| format!("; {} makes producers wait", tech.title));
    Some(
        finding
            .node(facts.id(step.from))
            .node(&node.id)
            .hop(facts.id(step.from), &node.id)
            .flows([flow.id.clone()])
            .evidence(format!(
                "{} is on the way of a request that somebody waits for{}",
                facts.show_way(&[step.from, step.to]),
                title.unwrap_or_default()
            ))
            .consequence(format!(
                "{name} is slow or full: every thread of {who} stands in its line, and `{}` stops with the broker that was to keep work out of its way",
                flow.id
            ))
            .fix(format!("`on_full=drop` or `optional` on {who} ~> {name} where it may be lost, else a short `timeout` and `outbox`")),
    )
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let expect = |text: &str, expected: &[&str]| {
            expect(&RULE, &format!("client u\nservice a x2\npostgres d\nworker w\n{text}"), expected);
        };
        let read = "u -> a -> d reads\na ~> q ~> w";
        expect(&format!("queue q on_full=block\nflow f {{ {read} }}"), &["wrong a, q"]);
        expect("queue q on_full=block\nflow f { u -> a ~> q timeout=1s ~> w }", &[]);
        expect(&format!("queue q on_full=drop\nflow f {{ {read} }}"), &[]);
        expect("queue q\nflow f { u -> a ~> q on_full=block ~> w }", &["wrong a, q"]);
        // Nobody waits.
        expect(&format!("queue q on_full=block\nflow f async {{ {read} }}"), &[]);
        expect("queue q on_full=block\nflow f { w -> d reads\nw ~> q }", &[]);
        // Asked where something is promised and the message is not what the user came for.
        let promised = format!("flow f p99=100ms {{ {read} }}");
        expect(&format!("kafka q\n{promised}"), &["unstated a, q"]);
        expect(&format!("rabbitmq q\n{promised}"), &["unstated a, q"]);
        for broker in ["sqs", "redis-pubsub", "nats", "bullmq", "queue"] {
            expect(&format!("{broker} q\n{promised}"), &[]);
        }
        expect(&format!("kafka q\nflow f {{ {read} }}"), &[]);
        expect("kafka q\nflow f p99=100ms { u -> a ~> q ~> w }", &[]);
        expect("kafka q\nflow f p99=100ms { u -> a -> d reads\na ~> q optional ~> w }", &[]);
        expect(&format!("kafka q acks=0\n{promised}"), &[]);
        expect("kafka q\nservice b outbox\nflow f p99=100ms { u -> b -> d writes\nb ~> q ~> w }", &[]);
    }
}
