use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::numbers::overload::{able_to_take, arriving, limit_of_externals, wants};
use crate::rules::{Confidence, Facts, Group, Outage, Page, Rule};
use crate::units::{show_duration, show_number, show_rate};

/// Below this a few workers do without anybody counting.
const FEW: f64 = 100.0;

/// Catching up with an hour's standstill may take so long before it is worth a word.
const A_DAY: f64 = 86_400.0;

pub static RULE: Rule = Rule {
    id: "consumers-too-slow",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Messaging,
    summary: "more messages arrive than their consumers can do: the backlog never ends",
    question: None,
    reads: &["capacity", "concurrency", "latency", "partitions", "rate", "rate_limit"],
    page: Page {
        checks: "The messages that arrive on average (`rate` × `fanout`, `share`, `calls`, ÷ `batch`) and what the consumers can do in that time.",
        when: "Wrong where more arrive than are done. What is done is instances × `capacity` (stated; at most one instance for each of the \
               `partitions`, where those are handed out whole), or instances × `concurrency` ÷ `latency`, which leaves out what the calls take, and at most the `rate_limit` of an external \
               that is called for each message. A warning where catching up with one hour's standstill would take longer than a day. Bare `autoscale`, and functions without `max_concurrency`, \
               are taken to follow the load. Not evaluated where the consumer states only one of `concurrency` and `latency`, or nothing while \
               more than 100 messages a second arrive; or all but the `rate` of the flow. The finding is about the consumer, or the external whose limit it is.",
        why: "A queue evens out peaks; it does not make anybody faster. If on average more comes in than goes out, the backlog grows every hour \
              until something is full or expires, and every message is older than the one before it.",
        outage: Some(Outage {
            name: "CircleCI",
            what: "an unexpectedly large load slowed its queue down, to handling one transaction a minute",
            link: "https://circleci.statuspage.io/incidents/hr0mm9xmm3x6",
        }),
        bad: "client web\nlb front managed\nservice api x2\nsqs clips dlq=dead\nsqs dead alert\nworker encode x4 capacity=2/s idempotent\n\
              flow upload rate=50/s { web -> front -> api ~> clips ~> encode }\n",
        good: "client web\nlb front managed\nservice api x2\nsqs clips dlq=dead\nsqs dead alert\nworker encode x40 capacity=2/s idempotent\n\
               flow upload rate=50/s { web -> front -> api ~> clips ~> encode }\n",
        ignore: "The rate holds for a few minutes only: write the average as `rate`, and that one as `peak`.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for broker in facts.nodes(|kind| kind.is_broker()) {
        if facts.is_dead_letters(broker) || facts.keeps_nothing(broker) {
            continue;
        }
        let mut consumers = facts.consumers(broker);
        consumers.retain(|&consumer| {
            let kind = facts.node(consumer).kind;
            kind.is_app() && kind != Kind::Socket
        });
        // Those of a queue share its messages; what each can do is then not to be held against all of them.
        if facts.node(broker).kind == Kind::Queue && consumers.len() > 1 {
            continue;
        }
        for consumer in consumers {
            found.extend(judge(facts, broker, consumer));
        }
    }
    found
}

fn judge(facts: &Facts, broker: NodeIndex, consumer: NodeIndex) -> Option<Diagnostic> {
    let [queue, who] = [facts.node(broker), facts.node(consumer)];
    let own = able_to_take(facts.design, broker, consumer);
    let Some(arriving) = arriving(facts.design, broker, consumer) else {
        let taken = facts.design.steps_to(broker).find_map(|step| facts.flow_of(step));
        let flow = taken.filter(|flow| own.is_some() && flow.attrs.get("rate").is_none())?;
        return Some(Diagnostic::not_evaluated(format!("`rate` of `{}`", flow.id), flow.span));
    };
    let limit = limit_of_externals(facts.design, broker, consumer);
    let Some(able) = own.into_iter().chain(limit).min_by(|a, b| a.rate.total_cmp(&b.rate)) else {
        let grows = who.most_instances().is_none();
        let begun = who.attrs.number("concurrency").is_yes() || who.attrs.number("latency").is_yes();
        return ((arriving > FEW || begun) && !grows)
            .then(|| Diagnostic::not_evaluated(wants(who), who.span));
    };
    let spare = able.rate - arriving;
    let hour = arriving * 3600.0;
    let [name, worker] = [queue.name(), who.name()];
    let subject = facts.node(able.subject);
    let (finding, drain) = if spare < 0.0 {
        let message = format!(
            "{name} gets {} and {worker} can do {}: the backlog grows by {} messages an hour, for ever",
            show_rate(arriving),
            show_rate(able.rate),
            show_number((-spare * 3600.0).round())
        );
        (
            Diagnostic::wrong(message, subject.span, "not enough"),
            format!("{} − {} = {} left undone", show_rate(arriving), show_rate(able.rate), show_rate(-spare)),
        )
    } else if hour > spare * A_DAY {
        let takes = if spare > 0.0 {
            format!("takes {}", show_duration((hour / spare / 3600.0).round() * 3600.0))
        } else {
            "never ends".into()
        };
        let message = format!(
            "after an hour without {worker}, catching up {takes}: {} arrive in {name}, {} can be done",
            show_rate(arriving),
            show_rate(able.rate)
        );
        let drain = format!(
            "{} × 1h = {} waiting, ÷ ({} − {})",
            show_rate(arriving),
            show_number(hour.round()),
            show_rate(able.rate),
            show_rate(arriving)
        );
        (
            Diagnostic::wrong(message, subject.span, "almost all of it is used").at_most(Severity::Warning),
            drain,
        )
    } else {
        return None;
    };
    let flows = facts.handed(broker, consumer).filter_map(|step| step.flow);
    let mut flows: Vec<String> = flows.map(|flow| facts.design.flows[flow].id.clone()).collect();
    flows.dedup();
    let needed = (arriving * 1.5 / (able.rate / who.most_instances().unwrap_or(1).max(1) as f64)).ceil();
    let fix = if able.subject != consumer {
        format!(
            "a higher limit of {}, `batch=` on the hop to it, or fewer messages that need it",
            subject.name()
        )
    } else {
        let parts = queue.attrs.number("partitions").value().filter(|&parts| parts < needed);
        let parts = parts.map_or(String::new(), |_| format!(" and at least as many `partitions` on {name}"));
        format!("`x{needed}` on {worker}{parts}, or less work for each message")
    };
    Some(
        finding
            .node(&who.id)
            .node(&queue.id)
            .flows(flows)
            .evidence(able.sum)
            .evidence(drain)
            .consequence(format!(
                "the oldest message in {name} gets older every hour; by the time somebody looks, what {worker} does is hours late, \
                 and more of it waits than can be caught up with"
            ))
            .fix(fix),
    )
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let expect = |text: &str, expected: &[&str]| {
            expect(&RULE, &format!("client u\nservice a\nexternal e rate_limit=20/s\n{text}"), expected);
        };
        let run = |rate: &str| format!("flow f rate={rate} {{ u -> a ~> q ~> w }}");
        expect(&format!("sqs q\nworker w x4 capacity=2/s\n{}", run("50/s")), &["wrong w, q"]);
        expect(&format!("sqs q\nworker w x40 capacity=2/s\n{}", run("50/s")), &[]);
        // Concurrency over latency.
        expect(&format!("sqs q\nworker w x4 concurrency=10 latency=1s\n{}", run("50/s")), &["wrong w, q"]);
        expect(&format!("sqs q\nworker w x4 concurrency=10 latency=100ms\n{}", run("50/s")), &[]);
        expect(&format!("sqs q\nworker w x4 latency=100ms\n{}", run("50/s")), &["wants concurrency of w"]);
        expect(&format!("sqs q\nworker w x4\n{}", run("500/s")), &["wants capacity of w"]);
        expect(&format!("sqs q\nworker w x4\n{}", run("50/s")), &[]);
        // Fanned out before they arrive, or taken many at a time.
        let fan = "flow f rate=10/s { u -> a ~> q fanout=20 ~> w }";
        expect(&format!("sqs q\nworker w x4 capacity=20/s\n{fan}"), &["wrong w, q"]);
        let batch = "flow f rate=500/s { u -> a ~> q ~> w batch=100 }";
        expect(&format!("sqs q\nworker w x4 capacity=20/s\n{batch}"), &[]);
        // No more than there are partitions.
        let busy = run("50/s");
        expect(&format!("kafka q partitions=2\nworker w x10 capacity=20/s\n{busy}"), &["wrong w, q"]);
        expect(&format!("kafka q partitions=12\nworker w x10 capacity=20/s\n{busy}"), &[]);
        // Enough, but with nothing to spare.
        expect(&format!("sqs q\nworker w x26 capacity=2/s\n{busy}"), &["wrong w, q"]);
        // It follows the load.
        expect(&format!("sqs q\nworker w capacity=2/s autoscale\n{busy}"), &[]);
        expect(&format!("sqs q\nworker w capacity=2/s autoscale=[2, 60]\n{busy}"), &[]);
        expect(&format!("sqs q\nlambda w latency=1s\n{busy}"), &[]);
        expect(&format!("sqs q\nlambda w latency=1s max_concurrency=10\n{busy}"), &["wrong w, q"]);
        // Somebody else's limit.
        let calls = "flow f rate=50/s { u -> a ~> q ~> w -> e }";
        expect(&format!("sqs q\nworker w x40 capacity=2/s\n{calls}"), &["wrong w, q"]);
        expect(&format!("sqs q\nworker w\n{}", calls.replace("50/s", "8/s")), &[]);
        // Put in by one flow, taken out in another that does not say how often.
        expect(
            "sqs q\nworker w capacity=2/s\nflow f rate=50/s { u -> a ~> q }\nflow g { q ~> w }",
            &["wrong w, q"],
        );
        // The rate is not known.
        expect("sqs q\nworker w capacity=2/s\nflow f { u -> a ~> q ~> w }", &["wants rate of f"]);
    }
}
