use crate::catalog::Kind;
use crate::design::Step;
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
    reads: &["dedupe", "groups", "idempotent", "reads", "writes"],
    page: Page {
        checks: "Consumers of topics that know no subscriber groups, and what each of their instances does with a message.",
        when: "A worker or service of two or more instances consumes a topic that gives each message to every connection (Redis Pub/Sub, and Redis and its like as a topic), and on taking it writes a \
               database or warehouse or calls an external (not with `reads` alone). A warning where it is `idempotent` or has `dedupe`, or the write is `conditional` or carries an `idempotency_key` that somebody looks at: then nothing is done twice, but each instance does all of the \
               work, and more of them help nobody. Not where the topic is Redis and states `groups`, which are its streams; Redis Pub/Sub has no groups, whatever is stated. Not for \
               sockets and caches, of which every instance is meant to hear. Drawings without flows are judged too. The finding is about the topic and the consumer.",
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
        // Redis has groups in its streams, not in its channels.
        if node.attrs.has("groups") && !facts.keeps_nothing(broker) {
            continue;
        }
        for consumer in facts.consumers(broker) {
            let who = facts.node(consumer);
            let works = matches!(who.kind, Kind::Worker | Kind::Service);
            let notices = who.attrs.has("idempotent") || who.attrs.has("dedupe");
            let Some(running) = who.most_instances().filter(|&running| running >= 2 && works) else {
                continue;
            };
            let counted = |step: &&Step| matches!(facts.node(step.to).kind, Kind::Database | Kind::Warehouse);
            let again = facts.effects(broker, consumer).into_iter().find(|_| !notices);
            let work = facts.work_on(broker, consumer);
            let mut work = work.into_iter().filter(|step| {
                let read_only = step.attrs.has("reads") && !step.attrs.has("writes");
                (counted(step) && facts.writes(step)) || (facts.calls_external(step) && !read_only)
            });
            let Some(effect) = again.or_else(|| work.next()) else { continue };
            let [name, worker, target] = [node, who, facts.node(effect.to)].map(|node| node.name());
            let does = if facts.calls_external(effect) { "call" } else { "write" };
            let each = if running == 2 { "both".to_string() } else { format!("all {running}") };
            let all = format!("{each} {worker} get each message of {name}");
            let subscribers = "every subscriber gets everything";
            let (finding, seen) = match again {
                Some(_) => (
                    Diagnostic::wrong(
                        format!("{all}, and {does} {target} {running} times"),
                        node.span,
                        subscribers,
                    ),
                    format!("it is right; with {running}, everything reaches {target} {running} times"),
                ),
                None => (
                    Diagnostic::wrong(
                        format!("{all}, and each does all of the work for {target}"),
                        node.span,
                        subscribers,
                    )
                    .at_most(Severity::Warning),
                    format!(
                        "it is the same work; with {running}, {target} gets it {running} times to keep it once, and more {worker} make nothing faster"
                    ),
                ),
            };
            found.push(
                finding
                .label(who.span, format!("{running} subscribers"))
                .label(effect.span, "done by each")
                .node(&node.id)
                .node(&who.id)
                .flows(effect.flow.map(|flow| facts.design.flows[flow].id.clone()))
                .evidence(format!("{} knows no groups of subscribers: 1 message × {running} instances = {running} × {}", tech.title, facts.show_way(&[consumer, effect.to])))
                .consequence(format!("with one instance, in every test, {seen}"))
                .fix(format!("a queue, or a topic with subscriber groups, for {name}: SQS, RabbitMQ, Redis Streams, Kafka")),
            );
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::diagnostic::Severity;
    use crate::rules::testing::{design, expect};

    /// Nothing is done twice, and all of the work is.
    #[test]
    fn what_is_noticed_is_a_warning() {
        for (worker, write, severity) in [
            ("", "", Severity::Error),
            ("idempotent", "", Severity::Warning),
            ("dedupe=key", "", Severity::Warning),
            ("", "conditional", Severity::Warning),
            ("", "idempotency_key", Severity::Warning),
        ] {
            let text = format!(
                "service a\npostgres d\nredis-pubsub q\nworker w x3 {worker}\na ~> q ~> w -> d writes {write}"
            );
            let found = crate::rules::run(&RULE, &crate::rules::Facts::new(&design(&text)));
            assert_eq!(found[0].severity, severity, "{text}");
        }
    }

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
        expect(&format!("topic q tech=redis groups=1\nworker w x3\n{run}"), &[]);
        // Channels have no groups.
        expect(&format!("redis-pubsub q groups=1\nworker w x3\n{run}"), &["wrong q, w"]);
        for broker in ["nats", "kafka", "redis-streams", "sns", "topic"] {
            expect(&format!("{broker} q\nworker w x3\n{run}"), &[]);
        }
        // Every one is meant to hear it.
        expect("redis-pubsub q\nsocket w x3\nflow f { u -> a ~> q ~> w <-> u }", &[]);
        expect("redis-pubsub q\nworker w x3\nflow f { u -> a ~> q ~> w -> c writes }", &[]);
    }
}
