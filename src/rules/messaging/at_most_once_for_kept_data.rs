use std::collections::HashMap;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::Step;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Rule};

pub static RULE: Rule = Rule {
    id: "at-most-once-for-kept-data",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: true,
    group: Group::Messaging,
    summary: "what has to be stored travels through a broker that forgets what nobody takes at that moment",
    question: None,
    reads: &["delivery", "optional", "writes"],
    page: Page {
        checks: "Queues and topics that deliver at most once, and what their consumers do with the messages.",
        when: "The broker is said to deliver at most once, or its technology keeps nothing (Redis Pub/Sub, core NATS); a consumer writes to a database in the same \
               flow or in one that begins at the broker, and the flow has not kept the same data before it hands off: it has written no database, or, where both hops name tables in `writes=`, none of those that the consumer writes. What keeps nothing delivers at most once whatever `delivery` says. Silent where a store has the data already and \
               the message only announces it, and where the hop into the broker is `optional`. The finding is about the broker.",
        why: "At most once means: a consumer that restarts, deploys or is slow misses what was sent meanwhile, and nobody \
              notices. There is nothing to read again and nothing to count.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x2\nredis-pubsub bus x3\nworker saver x2\npostgres store x2 failover=auto\n\
              flow order { web -> front -> api ~> bus ~> saver -> store writes }\n",
        good: "client web\nlb front managed\nservice api x2\nrabbitmq bus x3\nworker saver x2\npostgres store x2 failover=auto\n\
               flow order { web -> front -> api ~> bus ~> saver -> store writes }\n",
        ignore: "Samples and positions of which the next one replaces the last: write `optional` on the hop into the broker.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    let mut reported: Vec<NodeIndex> = Vec::new();
    // The first flow that begins at each broker.
    let mut begin: HashMap<NodeIndex, &[Step]> = HashMap::new();
    for flow in &facts.design.flows {
        let steps = facts.design.steps_of(flow);
        if let Some(first) = steps.first() {
            begin.entry(first.from).or_insert(steps);
        }
    }
    for flow in &facts.design.flows {
        let steps = facts.design.steps_of(flow);
        let is_database = |node: NodeIndex| facts.node(node).kind == Kind::Database;
        for (at, step) in steps.iter().enumerate() {
            let broker = step.to;
            let forgets = facts.node(broker).kind.is_broker()
                && facts.delivery(broker) == Some("at-most-once")
                && (facts.keeps_nothing(broker) || facts.node(broker).attrs.has("delivery"));
            if !forgets || step.attrs.has("optional") || reported.contains(&broker) {
                continue;
            }
            let consumers: Vec<NodeIndex> =
                steps.iter().filter(|other| other.from == broker).map(|other| other.to).collect();
            let writes = |other: &&Step| is_database(other.to) && facts.writes(other);
            let here = steps[at..].iter().find(|other| consumers.contains(&other.from) && writes(other));
            // Or in a flow that begins with what it hands out.
            let elsewhere = || {
                let next = begin.get(&broker)?;
                let consumers: Vec<NodeIndex> =
                    next.iter().filter(|other| other.from == broker).map(|other| other.to).collect();
                next.iter().find(|other| consumers.contains(&other.from) && writes(other))
            };
            let Some(kept) = here.or_else(elsewhere) else { continue };
            if steps[..at].iter().any(|earlier| writes(&earlier) && carries(earlier, kept)) {
                continue;
            }
            reported.push(broker);
            let node = facts.node(broker);
            let [producer, consumer, store] =
                [step.from, kept.from, kept.to].map(|node| facts.node(node).name());
            let says = match node.attrs.get("delivery") {
                Some(setting) => (setting.span, "at most once"),
                None => (node.span, "delivers at most once, and keeps nothing"),
            };
            found.push(
                Diagnostic::wrong(
                    match facts.keeps_nothing(broker) {
                        true => format!("what {producer} hands to {} is gone if {consumer} does not take it at that moment", node.name()),
                        false => format!("what {producer} hands to {} is gone if {consumer} stops while it works on it", node.name()),
                    },
                    says.0,
                    says.1,
                )
                .label(kept.span, "and should be kept here")
                .node(&node.id)
                .flows([flow.id.clone()])
                .evidence(format!(
                    "{} → {} → {} → {}: {store} is the first to keep it",
                    facts.id(step.from),
                    node.id,
                    facts.id(kept.from),
                    facts.id(kept.to)
                ))
                .consequence(match facts.keeps_nothing(broker) {
                    true => format!("{consumer} is deployed: what arrives in those seconds never reaches {store}, and no count shows it"),
                    false => format!("{consumer} is killed with a message in its hands, which never reaches {store}, and no count shows it"),
                })
                .fix(format!(
                    "a queue or topic that keeps messages until they are acknowledged (at least once), or write to {store} before {producer} hands off"
                )),
            );
        }
    }
    found
}

/// What is written first is what the consumer would keep, as far as their tables tell.
fn carries(first: &Step, kept: &Step) -> bool {
    let [a, b] = [first, kept].map(|step| step.attrs.words("writes"));
    a.is_empty() || b.is_empty() || a.iter().any(|table| b.contains(table))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let nodes = "client u\nservice a\nworker w\npostgres d\ncache c\n";
        let expect = |text: &str, expected: &[&str]| expect(&RULE, &format!("{nodes}{text}"), expected);
        expect("redis-pubsub p\nflow f { u -> a ~> p ~> w -> d writes }", &["wrong p"]);
        expect("topic p delivery=at-most-once\nflow f { u -> a ~> p ~> w -> d writes }", &["wrong p"]);
        expect("topic p\nflow f { u -> a ~> p ~> w -> d writes }", &[]);
        expect("kafka p\nflow f { u -> a ~> p ~> w -> d writes }", &[]);
        // These keep what nobody has taken yet; what else they lose depends on how they are set.
        expect("celery p\nflow f { u -> a ~> p ~> w -> d writes }", &[]);
        expect("mosquitto p\nflow f { u ~> p ~> w -> d writes }", &[]);
        // Drawn as two flows.
        expect("redis-pubsub p\nflow f { u -> a ~> p }\nflow g { p ~> w -> d writes }", &["wrong p"]);
        expect("redis-pubsub p\nflow f { u -> a -> d writes\na ~> p }\nflow g { p ~> w -> d writes }", &[]);
        // Stored first, announced then.
        expect("redis-pubsub p\nflow f { u -> a -> d writes\na ~> p ~> w -> d writes }", &[]);
        // What is stored first is something else.
        let other = |first: &str| {
            format!(
                "redis-pubsub p\npostgres e {{ table t {{ key k }} table o {{ key k }} }}\n\
                     flow f {{ u -> a -> e writes={first}\na ~> p ~> w -> e writes=o }}"
            )
        };
        expect(&other("t"), &["wrong p"]);
        expect(&other("o"), &[]);
        // Saying so does not make it keep anything.
        expect(
            "redis-pubsub p delivery=at-least-once\nflow f { u -> a ~> p ~> w -> d writes }",
            &["wrong p"],
        );
        // What the consumer keeps may be forgotten.
        expect("redis-pubsub p\nflow f { u -> a ~> p ~> w -> c writes }", &[]);
        expect("redis-pubsub p\nflow f { u -> a ~> p optional ~> w -> d writes }", &[]);
    }
}
