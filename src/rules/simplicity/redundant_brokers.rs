use petgraph::graph::NodeIndex;

use crate::catalog::{Kind, Technology};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Rule};

pub static RULE: Rule = Rule {
    id: "redundant-brokers",
    severity: Severity::Info,
    confidence: Confidence::Low,
    grave: false,
    group: Group::Simplicity,
    summary: "two products that do the same job between services, or a queue from a service to itself that keeps nothing",
    question: None,
    reads: &["delivery", "key", "max_length", "order", "owner"],
    page: Page {
        checks: "The products behind queues and topics, and who is at both ends of a queue.",
        when: "Two queues or topics (dead letters aside) are of different products that do the same: the same delivery, \
               the same order, both or neither read again. None hands to the other, they stand in the same group, and no \
               different `owner` is stated. Or all messages of a queue that keeps nothing (by its technology, or with \
               `delivery=at-most-once`) come from one service, function or worker that is its only consumer, and it states \
               none of `order`, `key` and `max_length`; a queue that keeps what waits is a service's own list of things \
               to do, and fine. Silent where a `decide` names one of the products or queues.",
        why: "Every product is another thing to upgrade, to watch and to know at night: its limits, its failover, its \
              client library. Two that do the same job are twice the work and half the experience. A queue between a \
              service and itself that keeps nothing is a function call with a network in the middle.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x3\nrabbitmq jobs x3 dlq=dead\nactivemq mails x3 dlq=dead\nsqs dead alert\nworker sender x2 idempotent\n\
              flow order { web -> front -> api ~> jobs ~> sender }\nflow mail { web -> front -> api ~> mails ~> sender }\n",
        good: "client web\nlb front managed\nservice api x3\nrabbitmq jobs x3 dlq=dead\nrabbitmq mails x3 dlq=dead\nsqs dead alert\nworker sender x2 idempotent\n\
               flow order { web -> front -> api ~> jobs ~> sender }\nflow mail { web -> front -> api ~> mails ~> sender }\n",
        ignore: "One is being replaced by the other.",
    },
    check,
};

/// What says that a queue which keeps nothing does a job all the same.
const JOBS: [&str; 3] = ["order", "key", "max_length"];

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = two_products(facts);
    found.extend(facts.nodes(|kind| kind == Kind::Queue).filter_map(|queue| to_itself(facts, queue)));
    found
}

/// The first node of each product, where two products do the same.
fn two_products(facts: &Facts) -> Vec<Diagnostic> {
    let brokers = facts.nodes(Kind::is_broker).filter(|&broker| !facts.is_dead_letters(broker));
    let mut firsts: Vec<(NodeIndex, &Technology)> = Vec::new();
    let mut found = Vec::new();
    for at in brokers {
        let node = facts.node(at);
        let Some(tech) = node.tech else { continue };
        if firsts.iter().any(|(_, other)| other.id == tech.id) {
            continue;
        }
        let twin = firsts.iter().find(|(other, other_tech)| {
            node.kind == facts.node(*other).kind
                && alike(tech, other_tech)
                && stand_together(facts, at, *other)
                && !hands_to(facts, at, *other)
        });
        if let Some(&(other, other_tech)) = twin
            && !facts.is_decided(&[], &[at, other])
        {
            let (name, first) = (node.name(), facts.node(other).name());
            found.push(
                Diagnostic::wrong(
                    format!("{name} is {} and {first} is {}, which do the same job", tech.title, other_tech.title),
                    node.span,
                    tech.title.clone(),
                )
                .label(facts.node(other).span, other_tech.title.clone())
                .node(&node.id)
                .node(facts.id(other))
                .evidence(format!(
                    "both deliver {}, {}",
                    tech.delivery.as_deref().unwrap_or_default(),
                    if tech.replay == Some(true) { "and both can be read again" } else { "and neither can be read again" }
                ))
                .consequence("whoever is called at night needs to know two products: how each fails over, where each says that it is behind, and which of them loses what")
                .fix(format!(
                    "`{}` for both, or `decide \"{} and {}\" because …`",
                    other_tech.id, other_tech.title, tech.title
                )),
            );
        }
        firsts.push((at, tech));
    }
    found
}

/// The same guarantees, so that one of them would do. What is not known of one is taken to be as the other's.
fn alike(a: &Technology, b: &Technology) -> bool {
    let same = |a: &Option<String>, b: &Option<String>| a.is_none() || b.is_none() || a == b;
    a.delivery.is_some()
        && a.order.is_some()
        && (&a.delivery, &a.order, a.replay) == (&b.delivery, &b.order, b.replay)
        && same(&a.durability, &b.durability)
}

fn stand_together(facts: &Facts, a: NodeIndex, b: NodeIndex) -> bool {
    let (a, b) = (facts.node(a), facts.node(b));
    a.group == b.group && a.attrs.text("owner").value() == b.attrs.text("owner").value()
}

fn hands_to(facts: &Facts, a: NodeIndex, b: NodeIndex) -> bool {
    facts.design.graph.find_edge_undirected(a, b).is_some()
}

fn to_itself(facts: &Facts, queue: NodeIndex) -> Option<Diagnostic> {
    let node = facts.node(queue);
    let (producers, consumers) = (facts.producers(queue), facts.consumers(queue));
    let [only] = producers.as_slice() else { return None };
    let own = facts.node(*only);
    let works = matches!(own.kind, Kind::Service | Kind::Function | Kind::Worker);
    let has_a_job = JOBS.iter().any(|name| node.attrs.has(name));
    if facts.delivery(queue) != Some("at-most-once")
        || consumers != producers
        || !works
        || has_a_job
        || facts.is_dead_letters(queue)
        || facts.is_decided(&["queue"], &[queue])
    {
        return None;
    }
    let (name, service) = (node.name(), own.name());
    Some(
        Diagnostic::wrong(
            format!("only {service} puts into {name} and takes out of it, and {name} keeps nothing"),
            node.span,
            format!("from {service} to {service}"),
        )
        .node(&node.id)
        .node(&own.id)
        .evidence(format!("{} ~> {} ~> {}", own.id, node.id, own.id))
        .consequence(format!(
            "what waits in {name} is lost when it restarts, as it would be in the memory of {service}; so there is a network in between, one more product, and nothing gained"
        ))
        .fix(format!(
            "the work done in {service} where it comes up; or a queue that keeps it, with `dlq=`, and a `worker` as its consumer"
        )),
    )
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn products() {
        let case = |one: &str, other: &str, more: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a\n{one}\n{other}\nworker w\nflow f {{ u -> a ~> j, k ~> w }}\n{more}"
            );
            expect(&RULE, &text, expected);
        };
        case("rabbitmq j", "activemq k", "", &["wrong k, j"]);
        case("rabbitmq j x3", "rabbitmq k x3", "", &[]);
        case("kafka j", "redpanda k", "", &["wrong k, j"]);
        // Each has its own job: a log and a queue, order and none, a channel that keeps nothing.
        case("kafka j", "sqs k", "", &[]);
        case("sqs j", "sqs-fifo k", "", &[]);
        case("sns j", "sqs k", "", &[]);
        case("rabbitmq j", "bullmq k", "", &[]);
        case("kafka j", "redis-pubsub k", "", &[]);
        case("queue j", "topic k", "", &[]);
        case("kafka j owner=x", "redpanda k owner=y", "", &[]);
        case("region r { kafka j }", "region s { redpanda k }", "", &[]);
        case("kafka j", "redpanda k", "j ~> k", &[]);
        case("kafka j", "redpanda k", "decide \"Kafka beside Redpanda\" because \"the bank's rule\"", &[]);
    }

    #[test]
    fn a_queue_to_itself() {
        let case = |queue: &str, service: &str, more: &str, expected: &[&str]| {
            let text =
                format!("client u\n{service} a\n{queue}\nsqs x\nflow f {{ u -> a ~> q ~> a }}\n{more}");
            expect(&RULE, &text, expected);
        };
        let nats = "queue q tech=nats";
        case(nats, "service", "", &["wrong q, a"]);
        case("queue q delivery=at-most-once", "service", "", &["wrong q, a"]);
        case("queue q tech=nats max_length=1k", "service", "", &[]);
        // Its own list of things to do.
        case("sqs q", "service", "", &[]);
        case("queue q", "service", "", &[]);
        // Across its instances, to its clients.
        case("topic q tech=nats", "service", "", &[]);
        case(nats, "socket", "", &[]);
        case(nats, "service", "worker w\nq ~> w", &[]);
        case(nats, "service", "service b\nb ~> q", &[]);
    }
}
