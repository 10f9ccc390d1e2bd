use petgraph::graph::NodeIndex;

use crate::design::body::size;
use crate::design::{Setting, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Outage, Page, Question, Rule};
use crate::units::{show_number, show_rate, show_size};

/// An hour without consumers leaves so many bytes: more than memory should keep without anybody having said so.
const MUCH: f64 = 1e9;

/// And this, more than a disk should.
const MUCH_ON_DISK: f64 = 1e10;

/// A message whose size is not stated.
const A_MESSAGE: f64 = 1e3;

pub static RULE: Rule = Rule {
    id: "unbounded-queue",
    severity: Severity::Error,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Messaging,
    summary: "while consumers stand still the queue grows until its broker is full",
    question: Some(Question {
        topic: "backlog",
        text: "consumers stand still for an hour: how long may the queue get, and what happens then?",
    }),
    reads: &["max_length", "on_full", "payload", "retention", "ttl"],
    page: Page {
        checks: "Queues and topics on machines of your own: whether anything bounds what waits in them.",
        when: "Nothing bounds it: the broker has no `max_length`, `ttl`, `retention` or `on_full` (which alone says at least what happens when its machine is full). A `max_length` on the hop into it bounds Redis Streams, which are trimmed on sending; elsewhere it is the producer's own buffer. A producer that sheds bounds nothing: its callers are well while the consumers are not. Wrong where `max_length=none` is stated. A question, as a warning, where what waits lies \
               in memory (Redis, Redis Streams, BullMQ, Sidekiq) and, as information, where it lies on disk (RabbitMQ, ActiveMQ, JetStream) or the technology is not said, if an hour of the flows' `rate` is \
               1 GB or more in memory, 10 GB on disk, by the `payload` of the hop or flow, else at 1 KB a message (a million messages, ten million); of Redis Streams also where no rate is stated, since they keep what has been read. Not for managed services, for Kafka and its like, which drop by age or size unless told otherwise, nor where messages are not kept; nor in small flows (at most 10 requests/s, and no `availability`). The finding is about the broker.",
        why: "Nobody consumes for an hour, be it a bug, a deploy or a database that is down. The queue takes the memory or the disk of its broker, and with it every \
              other queue on it: one slow consumer has become an outage of everything that sends.",
        outage: Some(Outage {
            name: "Discord, 2017",
            what: "clients that all reconnected at once filled internal queues, and front ends ran out of memory",
            link: "https://status.discordapp.com/incidents/dj3l6lw926kl",
        }),
        bad: "client web\nlb front managed\nservice api x2\nredis-streams views x3\nworker tally x4 idempotent\nclickhouse counts x2 backup=1d\n\
              flow view rate=2k/s { web -> front -> api ~> views ~> tally -> counts writes }\n",
        good: "client web\nlb front managed\nservice api x2\nredis-streams views x3 max_length=10M\nworker tally x4 idempotent\nclickhouse counts x2 backup=1d\n\
               flow view rate=2k/s { web -> front -> api ~> views ~> tally -> counts writes }\n",
        ignore: "The broker is sized for the longest standstill that you accept: say so with `max_length`.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for broker in facts.nodes(|kind| kind.is_broker()) {
        let node = facts.node(broker);
        let puts = facts.puts(broker);
        let lies = node.tech.and_then(|tech| tech.backlog.as_deref());
        let elsewhere = node.tech.is_some() && lies.is_none();
        if puts.is_empty()
            || node.is_managed()
            || elsewhere
            || facts.keeps_nothing(broker)
            || facts.is_dead_letters(broker)
        {
            continue;
        }
        let flows = facts.flows_into(broker);
        if is_bounded(facts, broker) || flows.is_empty() || facts.are_small(&flows) {
            continue;
        }
        let hour = facts.rate_into(broker).map(|rate| (rate, rate * 3600.0));
        let bytes = bytes_into(facts, broker) * 3600.0;
        let bound = if lies == Some("memory") { MUCH } else { MUCH_ON_DISK };
        let many = hour.is_some() && bytes >= bound;
        let stated: Option<&Setting> = node.attrs.get("max_length");
        let log = node.tech.is_some_and(|tech| tech.model.as_deref() == Some("log"));
        // Kafka and its like drop by age unless told otherwise.
        let drops_by_age = log && lies == Some("disk");
        let keeps_what_was_read = log && lies == Some("memory") && hour.is_none();
        if stated.is_none() && (drops_by_age || !many && !keeps_what_was_read) {
            continue;
        }
        let name = node.name();
        let place = match lies {
            Some("memory") => "the memory of Redis",
            Some(_) => "the disks of its machines",
            None => "whatever it runs on",
        };
        let message = match hour.filter(|_| many) {
            Some((_, messages)) => format!(
                "an hour without consumers leaves {} messages in {name}, and nothing bounds it",
                show_number(messages.round())
            ),
            None => format!("{name} grows into {place} and nothing bounds it"),
        };
        let finding = match stated {
            Some(setting) => Diagnostic::wrong(message, setting.span, "said to have no end"),
            None => Diagnostic::unstated(message, node.span, "no `max_length=`, `ttl=` or `on_full=` here").question(
                format!("the consumers of {name} stand still for an hour: how long may it get, and what happens then?"),
            ),
        };
        let finding = if lies == Some("memory") {
            finding
        } else {
            finding.at_most(match stated {
                Some(_) => Severity::Warning,
                None => Severity::Info,
            })
        };
        let evidence = match hour {
            Some((rate, messages)) => {
                let messages = messages.round();
                let size = if messages > 0.0 { bytes / messages } else { A_MESSAGE };
                format!(
                    "{} × 1h = {} messages, × {} = {}, in {place}",
                    show_rate(rate),
                    show_number(messages),
                    show_size(size),
                    show_size(bytes)
                )
            }
            None => {
                format!("what is put into {name} stays in {place}, read or not, until something trims it")
            }
        };
        let who = facts.names(&facts.producers(broker));
        found.push(
            finding
                .node(&node.id)
                .flows(flows.iter().map(|flow| flow.id.clone()))
                .evidence(evidence)
                .consequence(format!(
                    "the consumers of {name} stand still at night; by morning {place} is full, {who} cannot send any more, and neither can \
                     anybody else who uses it"
                ))
                .mend(Mend::node(&node.id, "max_length=1M on_full=reject"))
                .fix(format!("`max_length=` and `on_full=` on {name}, or a `ttl` after which a message is of no use")),
        );
    }
    found
}

fn is_bounded(facts: &Facts, broker: NodeIndex) -> bool {
    let node = facts.node(broker);
    let attrs = &node.attrs;
    let own = attrs.has("max_length") || attrs.has("on_full") || attrs.has("ttl") || attrs.has("retention");
    // Redis Streams are trimmed by who sends; of others it is the sender's own buffer.
    let trimmed = node.tech.is_some_and(|tech| {
        tech.model.as_deref() == Some("log") && tech.backlog.as_deref() == Some("memory")
    });
    own || (trimmed && facts.puts(broker).iter().any(|step| step.attrs.has("max_length")))
}

/// Bytes a second that are put into it, as far as flows say how many messages.
fn bytes_into(facts: &Facts, broker: NodeIndex) -> f64 {
    let of = |step: &&Step| {
        let size = size(facts.design, step, "payload").unwrap_or(A_MESSAGE);
        step.load.rate.unwrap_or(0.0) * size
    };
    facts.puts(broker).iter().map(of).sum()
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let expect = |text: &str, expected: &[&str]| {
            expect(&RULE, &format!("client u\nservice a\nworker w\n{text}"), expected)
        };
        let run = |rate: &str| format!("flow f {rate} {{ u -> a ~> q ~> w }}");
        let busy = run("rate=3k/s");
        expect(&format!("redis-streams q\n{busy}"), &["unstated q"]);
        expect(&format!("bullmq q\n{busy}"), &["unstated q"]);
        expect(&format!("rabbitmq q\n{busy}"), &["unstated q"]);
        expect(&format!("queue q\n{busy}"), &["unstated q"]);
        expect(&format!("rabbitmq q max_length=none\n{busy}"), &["wrong q"]);
        // It has an end.
        for bound in ["max_length=1M", "ttl=1h", "on_full=reject", "retention=1d"] {
            expect(&format!("redis-streams q {bound}\n{busy}"), &[]);
        }
        // Streams are trimmed on sending; of a queue that is its sender's buffer, and a sender that sheds is no bound.
        expect("redis-streams q\nflow f rate=3k/s { u -> a ~> q max_length=1M ~> w }", &[]);
        expect(
            "rabbitmq q\nflow f rate=3k/s { u -> a ~> q max_length=1M on_full=drop ~> w }",
            &["unstated q"],
        );
        expect("service b shed\nrabbitmq q\nflow f rate=3k/s { u -> b ~> q ~> w }", &["unstated q"]);
        // How large they are counts.
        expect("bullmq q\nflow f rate=100/s { u -> a ~> q payload=20KB ~> w }", &["unstated q"]);
        expect("bullmq q\nflow f rate=100/s payload=20KB { u -> a ~> q ~> w }", &["unstated q"]);
        expect("bullmq q\nflow f rate=1k/s { u -> a ~> q payload=100B ~> w }", &[]);
        // Somebody else's disks, a log that drops by age, and what keeps nothing.
        for broker in ["sqs", "kafka", "pulsar", "nats", "redis-pubsub", "msk", "nats-jetstream"] {
            expect(&format!("{broker} q\n{busy}"), &[]);
        }
        // Few, or nobody knows how many; what keeps all that was read is asked even then.
        expect(&format!("rabbitmq q\n{}", run("rate=1k/s")), &[]);
        expect(&format!("rabbitmq q\n{}", run("")), &[]);
        expect(&format!("bullmq q\n{}", run("")), &[]);
        expect(&format!("redis-streams q\n{}", run("")), &["unstated q"]);
        expect(&format!("redis-streams q\n{}", run("rate=5/s")), &[]);
        expect("redis-streams q\na ~> q ~> w", &[]);
    }
}
