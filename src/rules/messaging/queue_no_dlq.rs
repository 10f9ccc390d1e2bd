use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Outage, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "queue-no-dlq",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Messaging,
    summary: "a message that cannot be processed blocks its queue or is lost: there are no dead letters",
    question: Some(Question {
        topic: "dead letters",
        text: "a message fails every time it is tried: where does it go?",
    }),
    reads: &["delivery", "dlq", "on"],
    page: Page {
        checks: "Queues and topics that someone consumes: whether a message that keeps failing goes anywhere.",
        when: "Wrong where `dlq=none` is stated. A question where nothing is said. Left alone: queues and topics that deliver at \
               most once and keep nothing to set aside; those whose consumers each park what they fail on, with `on=error` on a \
               hop to another queue or topic or that writes to a database, blob or warehouse, as with brokers that know no dead letters; consumers that are \
               `external`, whose owner decides; and queues of dead letters themselves. The finding is about the queue or topic.",
        why: "One malformed message is enough: the consumer fails, the broker delivers again, and again. In order-keeping \
              brokers everything behind it waits; elsewhere it burns capacity until it expires unseen.",
        outage: Some(Outage {
            name: "incident.io",
            what: "a bad event in the queue of asynchronous workers crashed the application repeatedly",
            link: "https://incident.io/blog/intermittent-downtime",
        }),
        bad: "client web\nlb front managed\nservice api x2\nrabbitmq jobs x3 dlq=none\nworker mail x2 idempotent\n\
              flow sign-up { web -> front -> api ~> jobs ~> mail }\n",
        good: "client web\nlb front managed\nservice api x2\nrabbitmq jobs x3 dlq=failed\nrabbitmq failed x3 alert\nworker mail x2 idempotent\n\
               flow sign-up { web -> front -> api ~> jobs ~> mail }\n",
        ignore: "Messages that are worth nothing a second later, such as positions on a map: say so with an `allow`.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for broker in facts.nodes(|kind| kind.is_broker()) {
        let node = facts.node(broker);
        let mut consumers = facts.consumers(broker);
        consumers.retain(|&consumer| {
            facts.node(consumer).kind != Kind::External && !parks(facts, consumer, broker)
        });
        let delivery = node.attrs.text("delivery").value();
        let delivery = delivery.or(node.tech.and_then(|tech| tech.delivery.as_deref()));
        if consumers.is_empty() || facts.is_dead_letters(broker) || delivery == Some("at-most-once") {
            continue;
        }
        let dlq = node.attrs.text("dlq");
        if dlq.is_yes() {
            continue;
        }
        let name = node.name();
        let who = facts.node(consumers[0]).name();
        let message =
            format!("a message that {who} cannot process has nowhere to go: {name} has no dead letters");
        let finding = match dlq.span() {
            Some(span) => Diagnostic::wrong(message, span, "said to have none"),
            None => Diagnostic::unstated(message, node.span, "no `dlq=` here")
                .question(format!("a message fails every time {who} tries it: where does it go?")),
        };
        let native = node.tech.and_then(|tech| tech.dead_letters.as_deref()) == Some("by-hand");
        let how = if native { " (the consumer sends them there itself)" } else { "" };
        found.push(
            finding
                .node(&node.id)
                .evidence(format!("{} → {}, and nothing beside it", node.id, facts.id(consumers[0])))
                .consequence(format!(
                    "{who} fails on it, gets it again, and fails again: what is behind it waits, or it is dropped unseen"
                ))
                .mend(mend(facts, broker))
                .fix(format!("`queue dead alert` and `dlq=dead` on {name}{how}")),
        );
    }
    found
}

/// To dead letters of its kind and technology that are there, else to new ones that run as it does.
fn mend(facts: &Facts, broker: NodeIndex) -> Mend {
    let node = facts.node(broker);
    let alike = |&other: &NodeIndex| {
        let other_node = facts.node(other);
        facts.is_dead_letters(other)
            && (other_node.kind, other_node.tech.map(|tech| &tech.id))
                == (node.kind, node.tech.map(|tech| &tech.id))
            && other_node.group == node.group
    };
    if let Some(dead) = facts.nodes(|kind| kind.is_broker()).find(alike) {
        return Mend::node(&node.id, &format!("dlq={}", facts.id(dead)));
    }
    let dead = facts.design.unused_id(["dead".to_string(), format!("{}_dead", node.id)]);
    let word = node.tech.filter(|tech| tech.kind() == node.kind).map_or(node.kind.name(), |tech| &tech.id);
    let times = if node.instances > 1 { format!(" x{}", node.instances) } else { String::new() };
    let tech = match node.tech {
        Some(tech) if tech.kind() != node.kind => format!(" tech={}", tech.id),
        _ => String::new(),
    };
    Mend::node(&node.id, &format!("dlq={dead}")).and_new(
        &node.id,
        &dead,
        format!("{word} {dead}{times}{tech} alert"),
    )
}

/// The consumer sets aside itself what it cannot process.
fn parks(facts: &Facts, consumer: NodeIndex, broker: NodeIndex) -> bool {
    facts.design.steps_from(consumer).any(|step| {
        let kind = facts.node(step.to).kind;
        step.attrs.text("on").value() == Some("error")
            && step.to != broker
            && (kind.is_broker() || kind.is_durable())
            && facts.writes(step)
    })
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let expect = |text, expected: &[&str]| expect(&RULE, text, expected);
        expect("service a\nqueue q\nworker w\na ~> q ~> w", &["unstated q"]);
        expect("service a\nqueue q dlq=none\nworker w\na ~> q ~> w", &["wrong q"]);
        expect("service a\nqueue q dlq=d\nqueue d alert\nworker w\na ~> q ~> w", &[]);
        expect("service a\nqueue q dlq=d\nqueue d\nworker w\nworker v\na ~> q ~> w\nd ~> v", &[]);
        // The consumer parks what it fails on; putting it back is no parking, and each consumer has to.
        expect("service a\nkafka q\nworker w\nkafka p\na ~> q ~> w\nw ~> p on=error", &[]);
        expect("service a\nkafka q\nworker w\npostgres p\na ~> q ~> w\nw -> p writes on=error", &[]);
        expect(
            "service a\nkafka q\nworker w\npostgres p\na ~> q ~> w\nw -> p reads on=error",
            &["unstated q"],
        );
        expect("service a\nkafka q\nworker w\na ~> q ~> w\nw ~> q on=error", &["unstated q"]);
        expect(
            "service a\nkafka q\nworker w\nworker v\nkafka p\na ~> q ~> w\nq ~> v\nw ~> p on=error",
            &["unstated q"],
        );
        // A partner's consumer.
        expect("service a\nqueue q\nexternal e\na ~> q ~> e", &[]);
        expect("service a\nqueue q\nexternal e\nworker w\na ~> q ~> e\nq ~> w", &["unstated q"]);
        // Nothing is kept, so nothing can be set aside.
        expect("service a\nredis-pubsub p\nservice b\na ~> p ~> b", &[]);
        // Two are one question.
        expect("service a\nqueue q\nqueue r\nworker w\na ~> q ~> w\na ~> r ~> w", &["unstated q, r"]);
        // A worker that polls is a consumer.
        expect("service a\nqueue q\nworker w\na ~> q\nw -> q reads", &["unstated q"]);
    }
}
