use crate::catalog::Kind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Rule};

pub static RULE: Rule = Rule {
    id: "every-instance-takes-it",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Messaging,
    summary: "each instance of a consumer gets every message, and does the same work as the others",
    question: None,
    reads: &["dedupe", "groups", "idempotent"],
    page: Page {
        checks: "Consumers of topics that know no subscriber groups, and what each of their instances does with a message.",
        when: "A worker or service of two or more instances consumes a topic that gives each message to every connection (Redis Pub/Sub, and Redis and its like as a topic), and on taking it writes a \
               database or warehouse or calls an external, and is neither `idempotent` nor has `dedupe`, and the write is neither `conditional` nor carries an `idempotency_key`. Not where the topic states `groups`, nor for \
               sockets and caches, of which every instance is meant to hear.",
        why: "Three instances of a worker are three subscribers. Each sends the mail. With brokers that know groups (Kafka, NATS, Redis Streams) or queues, one of them would have.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x2\nredis-pubsub asked x3\nworker mailer x3\nses post\n\
              flow remind { web -> front -> api ~> asked ~> mailer -> post }\n",
        good: "client web\nlb front managed\nservice api x2\nsqs asked dlq=dead\nsqs dead alert\nworker mailer x3 idempotent\nses post\n\
               flow remind { web -> front -> api ~> asked ~> mailer -> post }\n",
        ignore: "Only one instance subscribes: the one that holds a lease.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for broker in facts.nodes(|kind| kind == Kind::Topic) {
        let node = facts.node(broker);
        let Some(tech) = node.tech.filter(|tech| tech.broadcasts) else { continue };
        if node.attrs.has("groups") {
            continue;
        }
        for consumer in facts.consumers(broker) {
            let who = facts.node(consumer);
            let works = matches!(who.kind, Kind::Worker | Kind::Service);
            let notices = who.attrs.has("idempotent") || who.attrs.has("dedupe");
            let Some(running) = who.most_instances().filter(|&running| running >= 2 && works && !notices)
            else {
                continue;
            };
            let effects = facts.effects(broker, consumer);
            let Some(effect) = effects.first() else { continue };
            let [name, worker, target] = [node, who, facts.node(effect.to)].map(|node| node.name());
            let does = if facts.calls_external(effect) { "call" } else { "write" };
            found.push(
                Diagnostic::wrong(
                    format!("all {running} {worker} get each message of {name}, and {does} {target} {running} times"),
                    node.span,
                    "every subscriber gets everything",
                )
                .label(who.span, format!("{running} subscribers"))
                .label(effect.span, "done by each")
                .node(&node.id)
                .node(&who.id)
                .flows(effect.flow.map(|flow| facts.design.flows[flow].id.clone()))
                .evidence(format!("{} knows no groups of subscribers: 1 message × {running} instances = {running} × {}", tech.title, facts.show_way(&[consumer, effect.to])))
                .consequence(format!("with one instance, in every test, it is right; with {running}, everything reaches {target} {running} times"))
                .fix(format!("a queue, or a topic with subscriber groups, for {name}: SQS, RabbitMQ, Redis Streams, Kafka")),
            );
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let expect = |text: &str, expected: &[&str]| {
            expect(&RULE, &format!("client u\nservice a\nexternal e\npostgres d\nredis c\n{text}"), expected);
        };
        let run = "flow f { u -> a ~> q ~> w -> e }";
        expect(&format!("redis-pubsub q\nworker w x3\n{run}"), &["wrong q, w"]);
        expect(&format!("topic q tech=redis\nworker w x3\n{run}"), &["wrong q, w"]);
        expect("redis-pubsub q\nworker w x3\nflow f { u -> a ~> q ~> w -> d writes }", &["wrong q, w"]);
        // One, or groups, or it is noticed.
        expect(&format!("redis-pubsub q\nworker w\n{run}"), &[]);
        expect(&format!("redis-pubsub q groups=1\nworker w x3\n{run}"), &[]);
        expect(&format!("redis-pubsub q\nworker w x3 idempotent\n{run}"), &[]);
        for broker in ["nats", "kafka", "redis-streams", "sns", "topic"] {
            expect(&format!("{broker} q\nworker w x3\n{run}"), &[]);
        }
        // Every one is meant to hear it.
        expect("redis-pubsub q\nsocket w x3\nflow f { u -> a ~> q ~> w <-> u }", &[]);
        expect("redis-pubsub q\nworker w x3\nflow f { u -> a ~> q ~> w -> c writes }", &[]);
    }
}
