use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::Setting;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::facts::Shares;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "order-not-kept",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Messaging,
    summary: "messages that need an order are worked on out of order",
    question: Some(Question {
        topic: "order",
        text: "two changes of the same thing follow each other: can the second be applied first?",
    }),
    reads: &["batch", "conditional", "key", "order", "partitions"],
    page: Page {
        checks: "Queues and topics that are said to keep an order, against what their technology, partitions and consumers make of it; and topics \
                 of changes that say neither `order` nor `key`.",
        when: "Wrong where `order=` is stated and the technology keeps none (standard SQS, SNS, EventBridge, Celery, Sidekiq, Cloud Tasks); where `order` is stated \
               and several consumers take single messages side by side: one consumer of `xN` or several of one queue, on RabbitMQ, ActiveMQ, BullMQ, Redis, \
               JetStream or a queue of no technology, unless it has a `key` and several `partitions`, each with its own consumer; and where `order=total` meets two or more \
               `partitions`. A question where a `key` is stated without `order` and the technology keeps none: it may be there for another purpose, such as routing. A question where `order=key` names no `key` on the broker or on any hop into it, and where a topic with \
               neither `order` nor `key` has two or more `partitions`, or two or more of one consumer, and that consumer writes a database, search index or cache (not with `conditional`, nor many at a time with `batch`, as one that is only added to), in a flow that is not small (at most 10 requests/s, and no `availability`). The finding is about the broker.",
        why: "A queue hands out messages in order; it does not make sure that they are done in order. Two workers take two messages of one \
              account, the second is quicker, and the older state overwrites the newer one. It shows once in a thousand, and never in a test.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x2\nrabbitmq moves x3 order=key key=account dlq=dead\nrabbitmq dead x3 alert\nworker book x4 idempotent\npostgres books x2 failover=auto backup=1h\n\
              flow move { web -> front -> api ~> moves ~> book -> books writes }\n",
        good: "client web\nlb front managed\nservice api x2\nkafka moves x3 order=key key=account dlq=dead\nkafka dead x3 alert\nworker book x4 idempotent\npostgres books x2 failover=auto backup=1h\n\
               flow move { web -> front -> api ~> moves ~> book -> books writes }\n",
        ignore: "Messages carry a version and the consumer drops older ones: write `conditional` on its write instead of `order` on the queue.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for broker in facts.nodes(|kind| kind.is_broker()) {
        if facts.is_dead_letters(broker) {
            continue;
        }
        let order = facts.node(broker).attrs.get("order");
        let wanted = order.filter(|_| facts.node(broker).attrs.has("order"));
        found.extend(match wanted {
            Some(order) => broken(facts, broker, order),
            None if order.is_some() => None,
            None => keyed_for_nothing(facts, broker).or_else(|| asked(facts, broker)),
        });
    }
    found
}

/// An order is stated, and something in the design undoes it.
fn broken(facts: &Facts, broker: NodeIndex, order: &Setting) -> Option<Diagnostic> {
    let node = facts.node(broker);
    let name = node.name();
    let total = node.attrs.text("order").value() == Some("total");
    let key = key(facts, broker);
    if let Some(tech) = node.tech.filter(|tech| tech.order.as_deref() == Some("none")) {
        return Some(keeps_none(facts, broker, order, &tech.title));
    }
    let partitions = node.attrs.number("partitions");
    if let Some(parts) = partitions.value().filter(|&parts| total && parts >= 2.0) {
        return Some(
            Diagnostic::wrong(
                format!("{name} has {parts} partitions, and order holds within one of them only"),
                order.span,
                "one order for all",
            )
            .label(partitions.span().unwrap_or(node.span), "read side by side")
            .node(&node.id)
            .evidence(format!("{parts} partitions are {parts} orders, and nothing says which of two messages in different ones came first"))
            .consequence(format!("a consumer of {name} sees an effect before its cause, whenever the two went to different partitions"))
            .fix(format!("`order=key` and `key=` on {name} by what has to stay in order, or `partitions=1` and one consumer")),
        );
    }
    let (who, count) = side_by_side(facts, broker)?;
    let competing = match facts.shares(broker) {
        Some(Shares::Messages) => count >= 2,
        Some(Shares::Partitions | Shares::Keys) | None => false,
    };
    if competing {
        let names = facts.names(&who);
        let title = node.tech.map_or("a queue", |tech| tech.title.as_str());
        let key = key.map_or(String::new(), |key| format!(" of one `{key}`"));
        return Some(
            Diagnostic::wrong(
                format!("{count} consumers take from {name} side by side, and its order ends there"),
                order.span,
                "said to be kept",
            )
            .label(facts.node(who[0]).span, format!("{count} at the same time"))
            .node(&node.id)
            .node(facts.id(who[0]))
            .evidence(format!("{title} gives the next message to whoever is free: {names} work on {count} at once"))
            .consequence(format!(
                "two messages{key} follow each other; one worker waits for its database, the other does not, and the older message is applied last"
            ))
            .fix(format!(
                "`partitions=` and `key=` on {name} with one consumer for each part, a broker that keeps order by key (Kafka, SQS FIFO, Service Bus sessions), or one consumer"
            )),
        );
    }
    if key.is_none() && !total {
        return Some(
            Diagnostic::unstated(
                format!("{name} keeps order by key, and no key is named"),
                order.span,
                "by which key?",
            )
            .at_most(Severity::Info)
            .question(format!("{name} keeps messages of one key in order: which key is that?"))
            .node(&node.id)
            .evidence(format!("no `key` on {name} and on no hop into it"))
            .consequence("keyed by the wrong field, what must stay in order does not, and one partition may get most of it")
            .fix(format!("`key=` on {name}, the field of what has to stay in order: an account, a conversation")),
        );
    }
    None
}

/// A key is named where keys mean nothing.
fn keyed_for_nothing(facts: &Facts, broker: NodeIndex) -> Option<Diagnostic> {
    let node = facts.node(broker);
    let tech = node.tech.filter(|tech| tech.order.as_deref() == Some("none"))?;
    let key = node.attrs.get("key").filter(|_| node.attrs.has("key"))?;
    let name = node.name();
    let finding = Diagnostic::unstated(
        format!("{name} names a key, and {} keeps no order by it", tech.title),
        key.span,
        "for order, or for something else?",
    );
    Some(unordered(facts, broker, finding, &tech.title).at_most(Severity::Info).question(format!(
        "{name} names a key, and {} keeps no order: must messages of one key stay in order?",
        tech.title
    )))
}

fn keeps_none(facts: &Facts, broker: NodeIndex, said: &Setting, title: &str) -> Diagnostic {
    let name = facts.node(broker).name();
    let finding = Diagnostic::wrong(
        format!("{name} is said to keep messages in order, and {title} keeps none"),
        said.span,
        "not with this technology",
    );
    unordered(facts, broker, finding, title)
}

fn unordered(facts: &Facts, broker: NodeIndex, finding: Diagnostic, title: &str) -> Diagnostic {
    let node = facts.node(broker);
    let name = node.name();
    let instead = match node.tech.map(|tech| tech.id.as_str()) {
        Some("sqs") => "`sqs-fifo` with the key as message group".to_string(),
        _ => "a broker that keeps order by key (Kafka, SQS FIFO, Service Bus sessions)".to_string(),
    };
    let way = facts.consumers(broker).first().map(|&consumer| facts.show_way(&[broker, consumer]));
    finding
    .node(&node.id)
    .evidence(format!("{}: {title} may deliver a later message first", way.unwrap_or_else(|| node.id.clone())))
    .consequence(format!(
        "two messages of one thing arrive at {name} a moment apart and leave it the other way round: the older state wins"
    ))
    .fix(format!("{instead} for {name}, or a version in each message and a `conditional` write"))
}

/// Nothing is said, and the consumer keeps what the last message says.
fn asked(facts: &Facts, broker: NodeIndex) -> Option<Diagnostic> {
    let node = facts.node(broker);
    if node.kind != Kind::Topic || facts.keeps_nothing(broker) || key(facts, broker).is_some() {
        return None;
    }
    let flows = facts.flows_into(broker);
    if flows.is_empty() || facts.are_small(&flows) {
        return None;
    }
    let parts = node.attrs.number("partitions").value().unwrap_or(1.0);
    let (consumer, step) = facts.consumers(broker).into_iter().find_map(|consumer| {
        let side_by_side = parts >= 2.0 || facts.node(consumer).most_instances().is_none_or(|most| most >= 2);
        let keeps = |kind| matches!(kind, Kind::Database | Kind::Search | Kind::Cache);
        let work = facts.work_on(broker, consumer);
        let applies = work.into_iter().find(|step| {
            keeps(facts.node(step.to).kind)
                && facts.writes(step)
                && !step.attrs.has("conditional")
                && !step.attrs.has("batch")
        });
        applies.filter(|_| side_by_side && facts.node(consumer).kind.is_app()).map(|step| (consumer, step))
    })?;
    let [name, worker, store] = [node, facts.node(consumer), facts.node(step.to)].map(|node| node.name());
    Some(
        Diagnostic::unstated(
            format!("two messages of {name} about the same thing can reach {store} in the wrong order"),
            node.span,
            "no `order=` or `key=` here",
        )
        .at_most(Severity::Info)
        .question(format!("two changes of the same thing follow each other in {name}: can {worker} apply the second first?"))
        .label(step.span, "the last one wins")
        .node(&node.id)
        .flows(flows.iter().map(|flow| flow.id.clone()))
        .evidence(format!("{}, and several work side by side", facts.show_way(&[broker, consumer, step.to])))
        .consequence(format!("the older of two changes is applied last, and {store} keeps the wrong one until the next"))
        .fix(format!("`key=` on {name} by what a message is about, or a version and `conditional` on the write to {store}")),
    )
}

/// The key by which messages are put in, on the broker or on a hop into it.
fn key<'d>(facts: &Facts<'d>, broker: NodeIndex) -> Option<&'d str> {
    let of = |words: &'d [String]| words.first().map(String::as_str);
    let own = of(facts.design.graph[broker].attrs.words("key"));
    own.or_else(|| facts.puts(broker).into_iter().find_map(|step| of(step.attrs.words("key"))))
}

/// The consumers that share one stream of messages, and how many run: all of a queue, the largest of a topic.
fn side_by_side(facts: &Facts, broker: NodeIndex) -> Option<(Vec<NodeIndex>, u64)> {
    let mut consumers = facts.consumers(broker);
    consumers.retain(|&consumer| facts.node(consumer).kind.is_app());
    let running = |consumer: NodeIndex| facts.node(consumer).most_instances().unwrap_or(2);
    if facts.node(broker).kind == Kind::Queue {
        let count = consumers.iter().map(|&consumer| running(consumer)).sum();
        return (!consumers.is_empty()).then_some((consumers, count));
    }
    // Socket servers each read all of it.
    consumers.retain(|&consumer| facts.node(consumer).kind != Kind::Socket);
    let most =
        consumers.into_iter().max_by_key(|&consumer| (running(consumer), std::cmp::Reverse(consumer)))?;
    Some((vec![most], running(most)))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let expect = |text: &str, expected: &[&str]| {
            expect(&RULE, &format!("client u\nservice a\npostgres d\n{text}"), expected);
        };
        let run = "flow f { u -> a ~> q ~> w -> d writes }";
        // The technology keeps none.
        expect(&format!("sqs q order=key key=user\nworker w\n{run}"), &["wrong q"]);
        // A key alone may be for routing.
        expect(&format!("sqs q key=user\nworker w\n{run}"), &["unstated q"]);
        expect(&format!("sidekiq q key=user\nworker w\n{run}"), &["unstated q"]);
        expect(&format!("sqs-fifo q order=key key=user\nworker w x4\n{run}"), &[]);
        // Several take from one queue.
        expect(&format!("rabbitmq q order=total\nworker w x4\n{run}"), &["wrong q, w"]);
        expect(&format!("rabbitmq q order=total\nworker w\n{run}"), &[]);
        expect(&format!("rabbitmq q order=total\nworker w autoscale=[1, 4]\n{run}"), &["wrong q, w"]);
        expect(&format!("rabbitmq q order=key key=user partitions=8\nworker w x4\n{run}"), &[]);
        expect(&format!("redis-streams q order=total\nworker w x2\n{run}"), &["wrong q, w"]);
        expect(&format!("queue q order=total\nworker w x2\n{run}"), &["wrong q, w"]);
        expect("rabbitmq q order=total\nworker v\nworker w\na ~> q ~> v, w", &["wrong q, v"]);
        expect("nats-jetstream q order=total\nworker v\nworker w\na ~> q ~> v, w", &[]);
        // Partitions each have an order.
        expect(&format!("kafka q order=total partitions=8\nworker w x4\n{run}"), &["wrong q"]);
        expect(&format!("kafka q order=total partitions=1\nworker w\n{run}"), &[]);
        expect(&format!("kafka q order=key key=user partitions=8\nworker w x4\n{run}"), &[]);
        expect(&format!("kafka q order=key partitions=8\nworker w x4\n{run}"), &["unstated q"]);
        expect("kafka q order=key\nworker w x4\nflow f { u -> a ~> q key=user ~> w -> d writes }", &[]);
        // Nothing is said: asked of a topic whose consumers keep the last state.
        expect(&format!("kafka q partitions=8\nworker w\n{run}"), &["unstated q"]);
        expect(&format!("kafka q\nworker w x4\n{run}"), &["unstated q"]);
        expect(&format!("kafka q partitions=8 key=user\nworker w\n{run}"), &[]);
        expect(&format!("kafka q\nworker w\n{run}"), &[]);
        expect("kafka q\nworker w x4\nflow f { u -> a ~> q ~> w -> d writes conditional }", &[]);
        expect("kafka q\nworker w x4\nwarehouse h\nflow f { u -> a ~> q ~> w -> h writes }", &[]);
        expect("kafka q\nworker w x4\nflow f rate=5/s { u -> a ~> q ~> w -> d writes }", &[]);
        // Jobs are done in any order.
        expect(&format!("rabbitmq q\nworker w x4\n{run}"), &[]);
        expect("kafka q\nworker w x4\na ~> q ~> w -> d", &[]);
    }
}
