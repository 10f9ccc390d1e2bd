use std::collections::HashMap;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::Node;
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
    let mut dead: HashMap<Sort, NodeIndex> = HashMap::new();
    for letters in facts.nodes(|kind| kind.is_broker()).filter(|&broker| facts.is_dead_letters(broker)) {
        dead.entry(sort(facts.node(letters))).or_insert(letters);
    }
    let is_free = facts.design.unused_id([DEAD.to_string(), DEAD.to_string()]) == DEAD;
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
                .mend(mend(facts, broker, &dead, is_free))
                .fix(format!("`queue dead alert` and `dlq=dead` on {name}{how}")),
        );
    }
    found
}

/// What new ones are called, unless something is called so.
const DEAD: &str = "dead";

/// What dead letters have in common with what they are of: kind, technology and group.
type Sort = (Kind, Option<&'static str>, Option<usize>);

fn sort(node: &Node) -> Sort {
    (node.kind, node.tech.map(|tech| tech.id.as_str()), node.group)
}

/// To dead letters of its kind and technology that are there, else to new ones that run as it does.
fn mend(facts: &Facts, broker: NodeIndex, dead: &HashMap<Sort, NodeIndex>, is_free: bool) -> Mend {
    let node = facts.node(broker);
    if let Some(&dead) = dead.get(&sort(node)) {
        return Mend::node(&node.id, &format!("dlq={}", facts.id(dead)));
    }
    let dead = match is_free {
        true => DEAD.to_string(),
        false => facts.design.unused_id([DEAD.to_string(), format!("{}_dead", node.id)]),
    };
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
