use petgraph::graph::NodeIndex;

use crate::catalog::Grade;
use crate::design::Node;
use crate::diagnostic::{Diagnostic, Severity};
use crate::numbers::Capacity;
use crate::rules::{Confidence, Facts, Group, Page, Rule};
use crate::units::{show_number, show_rate};

pub static RULE: Rule = Rule {
    id: "one-partition-carries-all",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Messaging,
    summary: "one order for all messages goes through one machine, which does not carry them",
    question: None,
    reads: &["capacity", "order", "partitions", "rate", "reads"],
    page: Page {
        checks: "Brokers that keep one order for all messages: whether one of their instances, or one partition of a managed one, carries what arrives.",
        when: "A queue or topic states `order=total` or `partitions=1` (the finding points there), and what flows put into it, each at its `peak` where given, is more than one partition takes:\n\n\
               - the `capacity` that it states for one instance, where it has two or more and no vendor runs it;\n\
               - of a managed one, the vendor's limit, where the catalogue knows it: 1,000 records a second for a shard of Kinesis, 300 calls for an order of SQS FIFO (`batch=10` on the hop makes one call of ten messages).\n\n\
               An order that is only its technology's habit, as RabbitMQ's, does not count: nothing says that anybody needs it. That one instance in all does not carry its load is `over-capacity`'s to say. \
               Not evaluated where such a limit is known and no flow that fills it has a rate.",
        why: "Order is kept by one machine that takes every message, one after the other. The other instances hold copies and take over when it dies; they \
              make it no faster, and neither does adding to them.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x8\nkafka trades x3 copies=3 partitions=1 order=total capacity=20k/s dlq=dead\nkafka dead x3 alert\nworker book idempotent\n\
              flow trade rate=30k/s { web -> front -> api ~> trades ~> book }\n",
        good: "client web\nlb front managed\nservice api x8\nkafka trades x3 copies=3 partitions=12 order=key key=account capacity=20k/s dlq=dead\nkafka dead x3 alert\nworker book idempotent\n\
               flow trade rate=30k/s { web -> front -> api ~> trades ~> book }\n",
        ignore: "Messages are so small, or come in such batches, that one machine was measured to carry them; better, state its `capacity`.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    facts.nodes(|kind| kind.is_broker()).filter_map(|broker| judge(facts, broker)).collect()
}

/// What one partition takes, and who says so.
struct Limit {
    rate: f64,
    whose: &'static str,
    says: String,
}

fn limit(node: &Node) -> Option<Limit> {
    if node.is_managed() {
        let tech = node.tech.filter(|tech| tech.kind() == node.kind)?;
        let known = tech.one_partition.as_ref().filter(|known| known.grade == Grade::A)?;
        let says = format!("the vendor's limit ({})", known.source);
        return Some(Limit { rate: known.value, whose: "one partition of it", says });
    }
    let capacity = Capacity::of(node).filter(|capacity| capacity.grade.is_none())?;
    (node.instances >= 2).then(|| Limit {
        rate: capacity.each,
        whose: "one of its instances",
        says: "as stated for one instance".to_string(),
    })
}

fn judge(facts: &Facts, broker: NodeIndex) -> Option<Diagnostic> {
    let node = facts.node(broker);
    let total = node.attrs.get("order").filter(|_| node.attrs.text("order").value() == Some("total"));
    let single =
        node.attrs.get("partitions").filter(|_| node.attrs.number("partitions").value() == Some(1.0));
    let setting = total.or(single)?;
    let Limit { rate, whose, says } = limit(node)?;
    let arrivals = facts.arriving(broker, |step| !step.attrs.has("reads"));
    if arrivals.busiest == 0.0 {
        let flow = arrivals.unknown.and_then(|step| facts.flow_of(step))?;
        return flow
            .attrs
            .get("rate")
            .is_none()
            .then(|| Diagnostic::not_evaluated(format!("`rate` of `{}`", flow.id), flow.span));
    }
    if arrivals.busiest <= rate {
        return None;
    }
    let (name, each) = (node.name(), show_rate(rate));
    let parts = show_number((arrivals.busiest / rate).ceil() * 2.0);
    let fix = match total {
        Some(_) => {
            format!(
                "`order=key`, a `key=` by what has to stay in order, and `partitions={parts}` or more on {name}"
            )
        }
        // Nobody asked for an order: perhaps the one partition is what there was when the topic was made.
        None => format!(
            "`partitions={parts}` or more on {name}, with a `key=` if some messages have to stay in order; if all of them have to, `order=total`, and a machine that carries them"
        ),
    };
    Some(
        Diagnostic::wrong(
            format!(
                "all {} of {name} go through {whose}, which takes {each}",
                show_rate(arrivals.busiest)
            ),
            setting.span,
            if total.is_some() { "one order for all" } else { "one partition for all" },
        )
        .node(&node.id)
        .flows(arrivals.flows())
        .evidence(format!("{}; one partition: {each}, {says}", arrivals.show()))
        .consequence(format!("{name} falls behind at the busiest hour, those who fill it wait or lose messages, and more instances change nothing"))
        .fix(fix),
    )
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::{design, expect};
    use crate::rules::{Facts, run};

    #[test]
    fn cases() {
        let case = |broker: &str, rate: &str, expected: &[&str]| {
            let text =
                format!("client u\nservice a x2\n{broker}\nworker w\nflow f {rate} {{ u -> a ~> q ~> w }}");
            expect(&RULE, &text, expected);
        };
        case("kafka q x3 order=total capacity=1k/s", "rate=2k/s", &["wrong q"]);
        case("kafka q x3 partitions=1 capacity=1k/s", "rate=500/s peak=2k/s", &["wrong q"]);
        case("kafka q x3 partitions=1 capacity=1k/s", "rate=900/s", &[]);
        case("kafka q x3 partitions=8 capacity=1k/s", "rate=2k/s", &[]);
        case("kafka q x3 capacity=1k/s", "rate=2k/s", &[]);
        // A single one is another flaw.
        case("kafka q partitions=1 capacity=1k/s", "rate=2k/s", &[]);
        case("topic q x3 partitions=1", "rate=2k/s", &[]);
        case("kafka q x3 partitions=1 capacity=1k/s", "", &["wants rate of f"]);
        // The vendor's limit, whoever counts the instances.
        case("kinesis q partitions=1", "rate=1001/s", &["wrong q"]);
        case("kinesis q partitions=1", "rate=1k/s", &[]);
        case("kinesis q partitions=2", "rate=5k/s", &[]);
        case("sqs-fifo q order=total", "rate=301/s", &["wrong q"]);
        case("sqs-fifo q", "rate=301/s", &[]);
        case("pubsub q order=total", "rate=5k/s", &[]);
        // The habit of a technology is no need.
        case("rabbitmq q x3 capacity=1k/s", "rate=2k/s", &[]);
    }

    #[test]
    fn what_is_mended_depends_on_what_was_asked_for() {
        let fix = |broker: &str| {
            let text = format!("client u\nservice a\n{broker}\nflow f rate=2k/s {{ u -> a ~> q }}");
            run(&RULE, &Facts::new(&design(&text)))[0].fix.clone()
        };
        assert!(fix("kafka q x3 order=total capacity=1k/s").starts_with("`order=key`"));
        assert!(fix("kafka q x3 partitions=1 capacity=1k/s").starts_with("`partitions=4`"));
    }
}
