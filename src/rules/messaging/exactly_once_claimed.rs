use crate::design::Node;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Page, Rule};

pub static RULE: Rule = Rule {
    id: "exactly-once-claimed",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Messaging,
    summary: "exactly once is promised for work that the broker's transaction does not reach",
    question: None,
    reads: &["dedupe", "delivery", "idempotent"],
    page: Page {
        checks: "Queues and topics that are said to deliver exactly once, and what their consumers do with a message.",
        when: "The broker says `delivery=exactly-once`, and on taking a message a consumer writes a database or warehouse or calls \
               an external, and it is neither `idempotent` nor has `dedupe`, and the write is neither `conditional` nor carries an \
               `idempotency_key` that somebody looks at: an external, or a database, unless it declares the tables written and none has a `unique`. \
               Not where the queue is itself a table of a relational database (`queue jobs tech=postgres`) and the consumer writes only databases of \
               that technology, which are taken to be the same one. Drawings without flows are judged too. The finding is about the broker.",
        why: "A broker can hand a message over once, or take back its own writes; it cannot take back a row in another system or a \
              card that was charged. Between the work and its acknowledgement the consumer can die, and the work is done again. \
              Kafka's transactions end at Kafka, SQS FIFO drops repeated sends, not repeated work.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x2\nkafka paid x3 delivery=exactly-once dlq=dead\nkafka dead x3 alert\nworker ledger x2\npostgres books x2 failover=auto backup=1h\n\
              flow pay { web -> front -> api ~> paid ~> ledger -> books writes }\n",
        good: "client web\nlb front managed\nservice api x2\nkafka paid x3 dlq=dead\nkafka dead x3 alert\nworker ledger x2 idempotent\npostgres books x2 failover=auto backup=1h\n\
               flow pay { web -> front -> api ~> paid ~> ledger -> books writes }\n",
        ignore: "The consumer stores its position in the same transaction as its work: that is `dedupe=key`; say so.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for broker in facts.nodes(|kind| kind.is_broker()) {
        let node = facts.node(broker);
        let Some(claim) = node.attrs.get("delivery") else { continue };
        if facts.delivery(broker) != Some("exactly-once") || facts.is_dead_letters(broker) {
            continue;
        }
        // One transaction holds both.
        let is_table = facts.database_of(broker).is_some();
        let same =
            |store: &Node| is_table && store.tech.map(|tech| &tech.id) == node.tech.map(|tech| &tech.id);
        for consumer in facts.consumers(broker) {
            let who = facts.node(consumer);
            let notices = who.attrs.has("idempotent") || who.attrs.has("dedupe");
            if !who.kind.is_app() || notices {
                continue;
            }
            let effects = facts.effects(broker, consumer);
            let Some(effect) = effects.iter().find(|step| !same(facts.node(step.to))) else { continue };
            let [name, worker, target] = [node, who, facts.node(effect.to)].map(|node| node.name());
            let (does, again) = if facts.calls_external(effect) {
                ("calls", format!("{target} is asked for the same thing a second time"))
            } else {
                ("writes", format!("{target} holds or counts it twice"))
            };
            let ends = match node.tech {
                Some(tech) => format!("what {} promises ends before {target}", tech.title),
                None => format!("no broker's transaction reaches {target}"),
            };
            found.push(
                Diagnostic::wrong(
                    format!("{name} is said to deliver exactly once, but {worker} {does} {target}, which can happen twice"),
                    claim.span,
                    "holds up to the consumer",
                )
                .label(effect.span, "and this is beyond it")
                .node(&node.id)
                .hop(facts.id(consumer), facts.id(effect.to))
                .flows(effect.flow.map(|flow| facts.design.flows[flow].id.clone()))
                .evidence(format!("{}: {ends}", facts.show_way(&[broker, consumer, effect.to])))
                .consequence(format!(
                    "{worker} dies after its work and before it has confirmed: the message comes again, and {again}; \
                     nobody looks for it, because it cannot happen"
                ))
                .mend(Mend::node(facts.id(consumer), "idempotent").and_node(&node.id, "delivery=at-least-once"))
                .fix(format!(
                    "`idempotent` on {worker} with a unique key where it writes, and `delivery=at-least-once` on {name}"
                )),
            );
            break;
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
        let nodes = "client u\nservice a\npostgres d\nexternal e\nredis c\nkafka out\n";
        let expect = |text: &str, expected: &[&str]| expect(&RULE, &format!("{nodes}{text}"), expected);
        let once = "kafka k delivery=exactly-once\nworker w\n";
        expect(&format!("{once}flow f {{ u -> a ~> k ~> w -> d writes }}"), &["wrong k"]);
        expect(&format!("{once}flow f {{ u -> a ~> k ~> w -> e }}"), &["wrong k"]);
        expect("sqs-fifo k delivery=exactly-once\nworker w\na ~> k ~> w -> d writes", &["wrong k"]);
        // The consumer sees to it.
        expect("kafka k delivery=exactly-once\nworker w idempotent\na ~> k ~> w -> d writes", &[]);
        expect("kafka k delivery=exactly-once\nworker w dedupe=key\na ~> k ~> w -> d writes", &[]);
        expect(&format!("{once}flow f {{ u -> a ~> k ~> w -> d writes conditional }}"), &[]);
        // From Kafka to Kafka it holds, and what reads changes nothing.
        expect(&format!("{once}flow f {{ u -> a ~> k ~> w ~> out }}"), &[]);
        expect(&format!("{once}flow f {{ u -> a ~> k ~> w -> d reads }}"), &[]);
        // A table of the very database, in one transaction.
        expect("queue k tech=postgres delivery=exactly-once\nworker w\na ~> k ~> w -> d writes", &[]);
        // Which of two is not said, but another technology cannot be the same.
        let table = "queue k tech=mysql delivery=exactly-once\nworker w\n";
        expect(&format!("{table}a ~> k ~> w -> d writes"), &["wrong k"]);
        expect(&format!("mysql m\n{table}a ~> k ~> w -> m writes"), &[]);
        // A key counts where somebody looks at it.
        expect(&format!("{once}flow f {{ u -> a ~> k ~> w -> e writes idempotency_key }}"), &[]);
        expect(&format!("{once}flow f {{ u -> a ~> k ~> w -> d writes idempotency_key }}"), &[]);
        let keyed = |table: &str| {
            format!("postgres p {{ table t {{ {table} }} }}\n{once}a ~> k ~> w -> p writes=t idempotency_key")
        };
        expect(&keyed("key id"), &["wrong k"]);
        expect(&keyed("key id; unique request"), &[]);
        // No such claim.
        expect("kafka k delivery=at-least-once\nworker w\na ~> k ~> w -> d writes", &[]);
    }
}
