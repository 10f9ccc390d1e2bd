use petgraph::graph::NodeIndex;

use crate::catalog::Grade;
use crate::diagnostic::{Diagnostic, Severity};
use crate::numbers::Capacity;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::units::{show_number, show_rate};

pub static RULE: Rule = Rule {
    id: "one-partition-carries-all",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Messaging,
    summary: "one order for all messages goes through one machine, which does not carry them",
    question: Some(Question {
        topic: "one partition",
        text: "one order for all goes through one machine: does it carry that?",
    }),
    reads: &["capacity", "order", "partitions", "rate", "reads"],
    page: Page {
        checks: "Brokers that keep one order for all messages: whether one of their instances carries what arrives.",
        when: "A queue or topic of two or more instances, run by no vendor, says `order=total` or `partitions=1`, and what flows put into it (each at its `peak`, where given) is more than \
               the `capacity` of one instance. A warning at most where that capacity is its technology's default, a question where that is a rule of thumb. \
               Not evaluated where `capacity` is stated and no flow that fills it has a rate.",
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

fn judge(facts: &Facts, broker: NodeIndex) -> Option<Diagnostic> {
    let node = facts.node(broker);
    let total = node.attrs.get("order").filter(|_| node.attrs.text("order").value() == Some("total"));
    let single =
        node.attrs.get("partitions").filter(|_| node.attrs.number("partitions").value() == Some(1.0));
    let setting = total.or(single)?;
    if node.is_managed() || node.instances < 2 {
        return None;
    }
    let capacity = Capacity::of(node)?;
    let arrivals = facts.arriving(broker, |step| !step.attrs.has("reads"));
    if arrivals.busiest == 0.0 {
        let flow =
            arrivals.unknown.filter(|_| capacity.grade.is_none()).and_then(|step| facts.flow_of(step))?;
        return flow
            .attrs
            .get("rate")
            .is_none()
            .then(|| Diagnostic::not_evaluated(format!("`rate` of `{}`", flow.id), flow.span));
    }
    if arrivals.busiest <= capacity.each {
        return None;
    }
    let (name, each) = (node.name(), show_rate(capacity.each));
    let message = format!(
        "all {} of {name} go through one of its {} instances, which carries {each}",
        show_rate(arrivals.busiest),
        node.instances
    );
    let finding = match capacity.grade {
        Some(Grade::C) => Diagnostic::unstated(message, setting.span, "one order for all")
            .question(format!("does one instance of {name} carry {}?", show_rate(arrivals.busiest))),
        _ => Diagnostic::wrong(message, setting.span, "one order for all"),
    };
    let assumed = if capacity.grade.is_some() { " (assumed of its technology)" } else { "" };
    let parts = (arrivals.busiest / capacity.each).ceil() * 2.0;
    Some(
        finding
            .at_most(if capacity.grade.is_some() { Severity::Warning } else { Severity::Error })
            .node(&node.id)
            .flows(arrivals.flows())
            .evidence(format!("{}; one instance: {each}{assumed}", arrivals.show()))
            .consequence(format!("{name} falls behind at the busiest hour, those who fill it wait or lose messages, and more instances change nothing"))
            .fix(format!(
                "`order=key`, a `key=` by what has to stay in order, and `partitions={}` or more on {name}",
                show_number(parts)
            )),
    )
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

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
    }
}
