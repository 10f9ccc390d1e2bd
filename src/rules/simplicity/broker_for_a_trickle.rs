use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Rule};
use crate::units::{show_duration, show_rate};

pub static RULE: Rule = Rule {
    id: "broker-for-a-trickle",
    severity: Severity::Info,
    confidence: Confidence::Low,
    grave: false,
    group: Group::Simplicity,
    summary: "a cluster of brokers is run for a message now and then",
    question: None,
    reads: &["key", "order", "owner"],
    page: Page {
        checks: "Queues and topics that the team runs itself, in several instances, and how many messages come.",
        when: "A queue or topic has two instances or more, its technology is known and neither managed nor a database, and \
               all that is put into any queue or topic of that technology (dead letters do not count) is known and less \
               than one message a second together at the busiest time; from each of them exactly one node takes; the \
               design has a relational database whose `owner`, where one is stated, is that of whoever puts messages in. \
               Silent with `key` or `order` on one of them or on a hop into it, where the technology keeps nothing (as \
               NATS and Redis Pub/Sub, which a table does not replace), and where a `decide` names the queue, its \
               technology, or queues, topics, events or messages.",
        why: "Three brokers with their coordination, their disks, their upgrades and their alarms are a system of their \
              own. A table of jobs in the database that is there already takes thousands of rows a second, in the same \
              transaction as the data, and is in the same backup.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x2 outbox\npostgres store x2 failover=auto\nkafka jobs x3 dlq=dead\nsqs dead alert\nworker mailer x2 idempotent\n\
              flow order rate=20k/day { web -> front -> api -> store writes\napi ~> jobs ~> mailer }\n",
        good: "client web\nlb front managed\nservice api x2 outbox\npostgres store x2 failover=auto\nqueue jobs tech=postgres dlq=dead\nsqs dead alert\nworker mailer x2 idempotent\n\
               flow order rate=20k/day { web -> front -> api -> store writes\napi ~> jobs ~> mailer }\n",
        ignore: "The company runs the cluster anyway, and this is one more topic on it.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let brokers: Vec<NodeIndex> = facts
        .nodes(Kind::is_broker)
        .filter(|&broker| !facts.is_dead_letters(broker) && facts.node(broker).tech.is_some())
        .collect();
    let mut seen: Vec<&str> = Vec::new();
    let mut found = Vec::new();
    for &at in &brokers {
        let Some(tech) = facts.node(at).tech else { continue };
        if seen.contains(&tech.id.as_str()) {
            continue;
        }
        seen.push(&tech.id);
        let same: Vec<NodeIndex> = brokers
            .iter()
            .copied()
            .filter(|&other| facts.node(other).tech.is_some_and(|other| other.id == tech.id))
            .collect();
        found.extend(trickle(facts, at, &same));
    }
    found
}

fn trickle(facts: &Facts, at: NodeIndex, same: &[NodeIndex]) -> Option<Diagnostic> {
    let node = facts.node(at);
    let tech = node.tech?;
    // Brokers alone: what is a cache or a database as well is there for that, too.
    let is_broker = tech.kinds.iter().all(|kind| kind.is_broker());
    let bare = |&at: &NodeIndex| {
        let attrs = &facts.node(at).attrs;
        let keyed = facts.design.steps_to(at).any(|step| step.attrs.has("key"));
        !attrs.has("key") && !attrs.has("order") && !keyed && facts.consumers(at).len() == 1
    };
    let relational = within_reach(facts, at)?;
    if !is_broker
        || facts.keeps_nothing(at)
        || node.is_managed()
        || node.instances < 2
        || !same.iter().all(bare)
    {
        return None;
    }
    let mut rate = 0.0;
    for &broker in same {
        let arrivals = facts.arriving(broker, |step| facts.writes(step));
        if arrivals.unknown.is_some() {
            return None;
        }
        rate += arrivals.busiest;
    }
    let topics = ["queue", "topic", "event", "message"];
    if rate <= 0.0 || rate >= 1.0 || facts.is_decided(&topics, same) {
        return None;
    }
    let (name, store) = (node.name(), facts.node(relational).name());
    let flows = facts.arriving(at, |step| facts.writes(step)).flows().collect::<Vec<_>>();
    Some(
        Diagnostic::wrong(
            format!("{name} is a cluster of {} for {}", tech.title, show_rate(rate)),
            node.span,
            format!("{} instances", node.instances),
        )
        .node(&node.id)
        .flows(flows)
        .evidence(format!("one message every {} at the busiest time, to one consumer", show_duration(1.0 / rate)))
        .consequence(format!(
            "an upgrade or a full disk of {name} stops what a table in {store} would have carried, and nobody on call has seen it fail before"
        ))
        .fix(format!(
            "`queue {} tech={}`, a table of jobs in {store} that is written together with the data; or a managed queue",
            node.id,
            facts.node(relational).tech.map_or("postgres", |tech| tech.id.as_str())
        )),
    )
}

/// A relational database that is not another team's: at best one that whoever puts messages in writes.
fn within_reach(facts: &Facts, broker: NodeIndex) -> Option<NodeIndex> {
    let producers = facts.producers(broker);
    let owner = |node: NodeIndex| facts.node(node).attrs.text("owner").value();
    let ours = |&store: &NodeIndex| {
        let relational =
            facts.node(store).tech.is_some_and(|tech| tech.model.as_deref() == Some("relational"));
        let theirs = owner(store).is_some_and(|owner_of_store| {
            producers.iter().any(|&producer| owner(producer).is_some_and(|owner| owner != owner_of_store))
        });
        relational && !theirs
    };
    let written = |&store: &NodeIndex| {
        facts.design.steps_to(store).any(|step| producers.contains(&step.from) && facts.writes(step))
    };
    let stores = || facts.nodes(|kind| kind == Kind::Database).filter(ours);
    stores().find(written).or_else(|| stores().next())
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |broker: &str, rate: &str, more: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a\n{broker}\nworker w\nflow f {rate} {{ u -> a ~> k ~> w }}\n{more}"
            );
            expect(&RULE, &text, expected);
        };
        case("kafka k x3", "rate=10k/day", "postgres d", &["wrong k"]);
        case("rabbitmq k x3", "rate=10k/day", "postgres d", &["wrong k"]);
        case("kafka k x3", "rate=10/s", "postgres d", &[]);
        case("kafka k x3", "rate=10k/day peak=5/s", "postgres d", &[]);
        case("kafka k x3", "", "postgres d", &[]);
        // One machine, a vendor's, or nothing to put it into instead.
        case("kafka k", "rate=10k/day", "postgres d", &[]);
        case("sqs k", "rate=10k/day", "postgres d", &[]);
        case("kafka k x3", "rate=10k/day", "dynamodb d", &[]);
        case("kafka k x3 dlq=x\nkafka x x3", "rate=10k/day", "postgres d", &["wrong k"]);
        // Who listens hears at once, which no table does.
        case("nats k x3", "rate=10k/day", "postgres d", &[]);
        // It is asked for more than that.
        case("kafka k x3 key=user", "rate=10k/day", "postgres d", &[]);
        case("kafka k x3", "rate=10k/day", "postgres d\nservice s\nk ~> s", &[]);
        case(
            "kafka k x3",
            "rate=10k/day",
            "postgres d\nkafka l x3\nflow g rate=1k/s { u -> a ~> l ~> w }",
            &[],
        );
        case(
            "kafka k x3",
            "rate=10k/day",
            "postgres d\ndecide \"Kafka\" because \"the company runs it\"",
            &[],
        );
    }

    #[test]
    fn another_teams_database_is_no_place_for_it() {
        let case = |owner: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a owner=shop\nkafka k x3\nworker w\npostgres d {owner}\nflow f rate=10k/day {{ u -> a ~> k ~> w }}"
            );
            expect(&RULE, &text, expected);
        };
        case("owner=bank", &[]);
        case("owner=shop", &["wrong k"]);
        case("", &["wrong k"]);
    }
}
