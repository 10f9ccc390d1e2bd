use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::Step;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::units::show_duration;

pub static RULE: Rule = Rule {
    id: "derived-store-no-rebuild",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Messaging,
    summary: "an index that is fed by messages cannot be built again: the messages are gone",
    question: Some(Question {
        topic: "rebuilding",
        text: "it is empty, or its mapping changes: from what is it filled again?",
    }),
    reads: &[
        "backup",
        "cdc",
        "outbox",
        "persistence",
        "rebuild_from",
        "reads",
        "retention",
        "source",
        "ttl",
        "writes",
    ],
    page: Page {
        checks: "Search indexes, warehouses and caches that only consumers of a queue or topic write, and from what they could be filled again.",
        when: "Everything that writes a search index or warehouse, or a cache that nothing fills on a miss, does so on taking a message; none of the writers reads a database, file store or warehouse; and the store has no \
               `rebuild_from`, no `backup` (which brings a lost one back; for another mapping it has to be read out once), no `source`, no `persistence`, no `ttl` and no `retention` of its own. Wrong where the broker keeps nothing that was read (RabbitMQ, SQS, SNS, Service Bus, BullMQ, Redis Pub/Sub) and \
               nothing else has the data. A question, as information, where a database, file store or warehouse has it too, so that a job could read it all: one sends the messages (its change log), or their sender or the flow writes one, or the sender has `outbox` or `cdc`. A question also where the broker replays and its \
               `retention` is stated and shorter than 30 days: weeks are kept to repair a consumer, not to hold all that an index has. Left alone where retention is longer, or not stated, and in designs without flows. The finding is about the store.",
        why: "Indexes are lost, corrupted, or need another mapping, about once a year. Whoever can replay or reread the source has a slow afternoon. \
              Whoever cannot writes the backfill that day, against a production database, while search finds nothing.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x2\nsqs clicks dlq=dead\nsqs dead alert\nworker tally x2 idempotent\nclickhouse counts x2\n\
              flow click { web -> front -> api ~> clicks ~> tally -> counts writes }\n",
        good: "client web\nlb front managed\nservice api x2\nsqs clicks dlq=dead\nsqs dead alert\nworker tally x2 idempotent\ns3 raw\nclickhouse counts x2 rebuild_from=raw\n\
               flow click { web -> front -> api ~> clicks ~> tally -> raw writes\ntally -> counts writes }\n",
        ignore: "What it holds is of interest for a few days only, and an empty one fills by itself.",
    },
    check,
};

/// What is replayed so far back is as good as all of it, for an index.
const LONG: f64 = 30.0 * 86_400.0;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if facts.design.flows.is_empty() {
        return found;
    }
    let derived = |kind| matches!(kind, Kind::Search | Kind::Warehouse | Kind::Cache);
    for store in facts.nodes(derived) {
        let node = facts.node(store);
        let kept = ["rebuild_from", "backup", "source", "persistence", "ttl", "retention"];
        if kept.iter().any(|name| node.attrs.get(name).is_some()) || fills_on_miss(facts, store) {
            continue;
        }
        let Some(feed) = fed_by(facts, store) else { continue };
        let broker = facts.node(feed.broker);
        let [name, source, who] = [node, broker, facts.node(feed.consumer)].map(|node| node.name());
        let title = broker.tech.map_or("a queue", |tech| tech.title.as_str());
        let replays = broker.tech.and_then(|tech| tech.replay);
        let retention = broker.attrs.number("retention").value();
        let kept_in = source_of_truth(facts, feed.broker).or_else(|| kept_beside(facts, &feed, store));
        let way = facts.show_way(&[feed.broker, feed.consumer, store]);
        let finding = match (replays, retention) {
            (Some(false), _) if kept_in.is_some() || sends_its_log(facts, feed.broker) => {
                let has = kept_in.map_or("its sender's database".to_string(), |kept| facts.node(kept).name());
                Diagnostic::unstated(
                    format!("nothing says how {name} is filled again: {source} keeps nothing that was read"),
                    node.span,
                    "no `rebuild_from=` here",
                )
                .at_most(Severity::Info)
                .evidence(format!("{way}; {title} cannot be read again, {has} can"))
                .question(format!("{name} needs another mapping: what reads all of it again, and from where?"))
            }
            (Some(false), _) => Diagnostic::wrong(
                format!("{name} cannot be filled again: {source} keeps nothing that was read, and nothing else feeds it"),
                node.span,
                "fed by messages alone",
            )
            .evidence(format!("{way}; {title} cannot be read again")),
            (Some(true), Some(kept)) if kept < LONG => Diagnostic::unstated(
                format!("{name} can be filled again with the last {} only: {source} keeps no more", show_duration(kept)),
                node.span,
                "no `rebuild_from=` here",
            )
            .evidence(format!("{way}; `retention` is {}", show_duration(kept)))
            .question(format!("{name} is empty, and {source} goes back {}: from what is the rest filled?", show_duration(kept))),
            _ => continue,
        };
        let fix = match kept_in {
            None if replays == Some(false) && !sends_its_log(facts, feed.broker) => {
                format!("a file store that {who} writes too, and `rebuild_from=` with its id on {name}")
            }
            kept => format!(
                "`rebuild_from={}` on {name}, with a job that reads it all and puts it through {who}",
                kept.map_or("STORE", |node| facts.id(node))
            ),
        };
        found.push(
            finding
                .label(feed.step.span, "the only way in")
                .node(&node.id)
                .flows(feed.step.flow.map(|flow| facts.design.flows[flow].id.clone()))
                .consequence(format!(
                    "{name} is lost, or needs another mapping: it stays without everything older, until somebody has written what {who} should have had"
                ))
                .fix(fix),
        );
    }
    found
}

/// How messages get into a store, where nothing else does.
struct Feed<'d> {
    broker: NodeIndex,
    consumer: NodeIndex,
    step: &'d Step,
}

fn fed_by<'d>(facts: &Facts<'d>, store: NodeIndex) -> Option<Feed<'d>> {
    let mut feed = None;
    for writer in facts.writers(store) {
        // One that reads the source can do so for all of it.
        let rereads = facts
            .design
            .steps_from(writer)
            .any(|step| facts.node(step.to).kind.is_durable() && facts.reads(step));
        let from = facts.hops_to(writer).into_iter().map(|(from, _)| from);
        let polls =
            facts.design.steps_from(writer).filter(|step| step.attrs.has("reads")).map(|step| step.to);
        let broker = from.chain(polls).find(|&from| facts.node(from).kind.is_broker())?;
        let only_messages = facts.hops_to(writer).iter().all(|(from, _)| facts.node(*from).kind.is_broker());
        if rereads || !only_messages || !facts.node(writer).kind.is_app() {
            return None;
        }
        let step = facts.design.steps_from(writer).find(|step| step.to == store && facts.writes(step))?;
        feed.get_or_insert(Feed { broker, consumer: writer, step });
    }
    feed
}

/// Whoever misses something in the cache reads it where it is kept.
fn fills_on_miss(facts: &Facts, store: NodeIndex) -> bool {
    facts.node(store).kind == Kind::Cache && facts.misses().iter().any(|miss| miss.cache == store)
}

/// Its messages are made from what a database has.
fn sends_its_log(facts: &Facts, broker: NodeIndex) -> bool {
    facts.producers(broker).iter().any(|&producer| {
        let attrs = &facts.node(producer).attrs;
        attrs.has("outbox") || attrs.has("cdc")
    })
}

/// A database or file store that gets it too, in a flow that fills the store.
fn kept_beside(facts: &Facts, feed: &Feed, store: NodeIndex) -> Option<NodeIndex> {
    let flows = facts.flows_into(feed.broker).into_iter().chain(facts.flow_of(feed.step));
    let mut steps = flows.flat_map(|flow| facts.design.steps_of(flow));
    let keeps =
        |step: &&Step| step.to != store && facts.node(step.to).kind.is_durable() && facts.writes(step);
    steps.find(keeps).map(|step| step.to)
}

/// A database that whoever sends the messages writes.
fn source_of_truth(facts: &Facts, broker: NodeIndex) -> Option<NodeIndex> {
    facts.producers(broker).into_iter().find_map(|producer| {
        if facts.node(producer).kind.is_durable() {
            return Some(producer);
        }
        let mut steps = facts.design.steps_from(producer);
        steps.find(|step| facts.node(step.to).kind.is_durable() && facts.writes(step)).map(|step| step.to)
    })
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let expect = |text: &str, expected: &[&str]| {
            expect(&RULE, &format!("client u\nservice a\npostgres d\nworker w\n{text}"), expected);
        };
        let run = "flow f { u -> a -> d writes\na ~> q ~> w -> s writes }";
        let alone = "flow f { u -> a ~> q ~> w -> s writes }";
        for broker in ["sqs", "rabbitmq", "redis-pubsub", "bullmq"] {
            expect(&format!("{broker} q\nelasticsearch s\n{alone}"), &["wrong s"]);
            // The database has it too, and could be read.
            expect(&format!("{broker} q\nelasticsearch s\n{run}"), &["unstated s"]);
        }
        expect(
            "sqs q\nelasticsearch s\nflow f { u -> a ~> q ~> w -> s writes\nw -> d writes }",
            &["unstated s"],
        );
        expect(
            "sqs q\nelasticsearch s\nflow f { u -> a -> d writes }\nflow g { d ~> q ~> w -> s writes }",
            &["unstated s"],
        );
        let log = "service b outbox\nsqs q\nelasticsearch s\nflow f { u -> b ~> q ~> w -> s writes }";
        expect(log, &["unstated s"]);
        expect(&format!("kafka q\nelasticsearch s\n{run}"), &[]);
        expect(&format!("kafka q retention=7d\nelasticsearch s\n{run}"), &["unstated s"]);
        expect(&format!("kafka q retention=1y\nelasticsearch s\n{run}"), &[]);
        expect(&format!("queue q\nelasticsearch s\n{run}"), &[]);
        // From what it is built again is said, or drawn.
        expect(&format!("sqs q\nelasticsearch s rebuild_from=d\n{run}"), &[]);
        expect(&format!("sqs q\nclickhouse s backup=1d\n{run}"), &[]);
        expect(&format!("sqs q\nclickhouse s\n{alone}"), &["wrong s"]);
        expect(
            "sqs q\nelasticsearch s\nflow f { u -> a -> d writes\na ~> q ~> w -> d reads\nw -> s writes }",
            &[],
        );
        expect(
            &format!(
                "sqs q\nelasticsearch s\nscheduler t\nworker r\n{run}\nflow g {{ t -> r -> d reads\nr -> s writes }}"
            ),
            &[],
        );
        // A cache that fills itself, or forgets anyway.
        let reads = "flow g { u -> a -> s reads }";
        expect(&format!("sqs q\nredis s\n{alone}\n{reads}"), &["wrong s"]);
        expect(&format!("sqs q\nredis s ttl=1min\n{run}\n{reads}"), &[]);
        expect(&format!("sqs q\nredis s\n{run}\nflow g {{ u -> a -> s reads\na -> d reads on=miss }}"), &[]);
        // Not fed by messages, and a sketch.
        expect("elasticsearch s\nflow f { u -> a -> s writes }", &[]);
        expect("sqs q\nelasticsearch s\nu -> a ~> q ~> w -> s", &[]);
    }
}
