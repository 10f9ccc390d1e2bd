use crate::diagnostic::{Diagnostic, Severity};
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
               `idempotency_key`. Not where the queue is itself a table of a relational database (`queue jobs tech=postgres`) \
               and the consumer writes no other system.",
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
        let table_of = facts.database_of(broker);
        for consumer in facts.consumers(broker) {
            let who = facts.node(consumer);
            let notices = who.attrs.has("idempotent") || who.attrs.has("dedupe");
            if !who.kind.is_app() || notices {
                continue;
            }
            let effects = facts.effects(broker, consumer);
            let Some(effect) = effects.iter().find(|step| Some(step.to) != table_of) else { continue };
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
        // No such claim.
        expect("kafka k delivery=at-least-once\nworker w\na ~> k ~> w -> d writes", &[]);
    }
}
