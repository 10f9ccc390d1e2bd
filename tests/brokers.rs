//! One design with the broker as a hole: the same boxes and arrows get another critique with another broker, because brokers
//! differ in what they deliver, keep, order and hand out again.

use std::collections::BTreeSet;

use jiff::civil::date;
use spof::diagnostic::Verdict;
use spof::rules::{self, Group};
use spof::{design, syntax};

/// Changes of an account are announced, applied by several workers, and fed into an index.
const DESIGN: &str = "
client   web
lb       front managed
service  api x3
BROKER   dlq=dead order=key key=account
sqs      dead alert
worker   book x4 latency_p99=45s
postgres books x2 failover=auto backup=1h
worker   indexer x4 idempotent
elasticsearch index x3

flow move rate=2k/s p99=300ms {
  web -> front -> api
  api ~> moves ~> book
  book -> books writes
  moves ~> indexer -> index writes
}
";

/// What each broker makes of it: `!` is wrong, `?` a question. What all have in common is in `ALWAYS`.
const TABLE: &[(&str, &[&str])] = &[
    // A log, keyed: order holds, history can be read again. Who confirms, and when?
    ("kafka moves x3", &["?acks-before-copies", "?consumer-not-idempotent"]),
    ("kafka moves x3 acks=1", &["!acks-before-copies", "?consumer-not-idempotent"]),
    ("kafka moves x3 acks=all partitions=2", &["?consumer-not-idempotent", "!consumers-exceed-partitions"]),
    // One queue: workers take side by side, each message goes to one of two consumers, and what was read is gone.
    (
        "rabbitmq moves x3",
        &[
            "?acks-before-copies",
            "?consumer-not-idempotent",
            "?derived-store-no-rebuild",
            "!order-not-kept",
            "?shared-queue-splits-messages",
        ],
    ),
    // Out of order by nature, and a message comes back after half a minute.
    (
        "sqs moves",
        &[
            "?consumer-not-idempotent",
            "?derived-store-no-rebuild",
            "!order-not-kept",
            "!shared-queue-splits-messages",
            "?visibility-too-short",
        ],
    ),
    (
        "sqs-fifo moves",
        &[
            "?consumer-not-idempotent",
            "?derived-store-no-rebuild",
            "!shared-queue-splits-messages",
            "?visibility-too-short",
        ],
    ),
    // A log in memory: consumers of a group share single messages, and nothing trims it.
    ("redis-streams moves x3", &["?consumer-not-idempotent", "!order-not-kept", "?unbounded-queue"]),
    // Passes on to who listens: nothing is delivered twice, kept, or read again.
    ("redis-pubsub moves x3", &["!at-most-once-for-kept-data", "?derived-store-no-rebuild"]),
    ("nats moves x3", &["!at-most-once-for-kept-data", "?derived-store-no-rebuild", "!order-not-kept"]),
    ("nats-jetstream moves x3", &["?consumer-not-idempotent", "!order-not-kept", "?visibility-too-short"]),
    (
        "bullmq moves",
        &[
            "?consumer-not-idempotent",
            "?derived-store-no-rebuild",
            "!order-not-kept",
            "?shared-queue-splits-messages",
            "?unbounded-queue",
        ],
    ),
];

fn set(codes: &[&str]) -> BTreeSet<String> {
    codes.iter().map(ToString::to_string).collect()
}

fn critique(broker: &str) -> BTreeSet<String> {
    of_messages(&DESIGN.replace("BROKER  ", broker))
}

/// What the rules about messages find, each with how sure they are.
fn of_messages(text: &str) -> BTreeSet<String> {
    let (ast, mut mistakes) = syntax::parse(text);
    let (design, more) = design::lower(&ast);
    mistakes.extend(more);
    assert!(mistakes.is_empty(), "{mistakes:#?}\nin:\n{text}");
    let findings = rules::check(&design, date(2026, 1, 1)).findings;
    let of_messages = |code: &str| rules::find(code).is_some_and(|rule| rule.group == Group::Messaging);
    findings
        .iter()
        .filter(|finding| of_messages(finding.code))
        .map(|finding| {
            let mark = if finding.verdict == Verdict::Wrong { '!' } else { '?' };
            format!("{mark}{}", finding.code)
        })
        .collect()
}

#[test]
fn each_broker_gets_the_critique_of_what_it_is() {
    let mut wrong = Vec::new();
    for (broker, expected) in TABLE {
        let expected = set(expected);
        let found = critique(broker);
        if found != expected {
            let more: Vec<_> = found.difference(&expected).collect();
            let less: Vec<_> = expected.difference(&found).collect();
            wrong.push(format!("{broker}: unexpected {more:?}, missing {less:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Asked to send a mail, each of three workers of a channel sends it; of a queue, one does, perhaps twice.
#[test]
fn a_channel_and_a_queue_differ_in_who_takes_a_message() {
    let text = |broker: &str| {
        format!(
            "client web\nlb front managed\nservice api x2\n{broker} asked x3\nworker mailer x3\nses post\n\
             flow remind {{ web -> front -> api ~> asked ~> mailer -> post }}"
        )
    };
    let found = |broker: &str| of_messages(&text(broker));
    assert_eq!(found("redis-pubsub"), set(&["!every-instance-takes-it"]));
    assert_eq!(found("nats"), set(&[]));
    assert_eq!(found("kafka"), set(&["?consumer-not-idempotent", "?queue-no-dlq"]));
}

/// The table would show little if several brokers were the same to it.
#[test]
fn no_two_technologies_get_the_same() {
    let technologies =
        ["kafka moves x3", "rabbitmq moves x3", "sqs moves", "sqs-fifo moves", "redis-streams moves x3"];
    let more = ["redis-pubsub moves x3", "nats moves x3", "nats-jetstream moves x3", "bullmq moves"];
    let all: Vec<_> = technologies.into_iter().chain(more).map(|broker| (broker, critique(broker))).collect();
    for (at, (a, of_a)) in all.iter().enumerate() {
        for (b, of_b) in &all[at + 1..] {
            assert_ne!(of_a, of_b, "{a} and {b}");
        }
    }
}
