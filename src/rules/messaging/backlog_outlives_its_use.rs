use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::numbers::overload::{Backlog, Drain, Use};
use crate::rules::{Confidence, Facts, Group, Outage, Page, Rule};
use crate::units::{show_count, show_duration, show_rate};

pub static RULE: Rule = Rule {
    id: "backlog-outlives-its-use",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Messaging,
    summary: "after a standstill consumers work through messages that nobody wants any more, and what is new waits behind them",
    question: None,
    reads: &["retention", "staleness", "ttl"],
    page: Page {
        checks: "Queues and topics whose messages go out to somebody and state how late they may come: what waits after an hour in which nobody took any.",
        when: "A flow through the queue or topic states a `staleness`, and on taking its messages the consumers go on to a client, a connection server or an external, and write nothing to a store or cache. \
               Wrong where, after an hour without consumers, a message that comes in then waits longer than that: what has come in (the flows' `rate` × 1 h, at \
               most `max_length`) ÷ what the consumers take together (instances × `capacity`, or `concurrency` ÷ `latency`, with no more than the `partitions` at work, and no more than the `rate_limit` of an external allows). Silent where nothing else than `staleness` is \
               missed: with a `ttl` on the queue, which drops what is of no use, or a `retention` that is no longer than the `staleness`; where no more is taken than comes in \
               (`consumers-too-slow`); where one request puts in at once what takes longer (`burst-delays-others`); and where a number is missing. What is written to a store has to be caught up with, however old it is.",
        why: "The oldest are worked on first. Consumers come back, deliver for an hour what has expired, and what is put in meanwhile expires \
              while it waits: the standstill is over, and nothing useful comes out.",
        outage: Some(Outage {
            name: "Discord, 2017",
            what: "a node of the presence cluster locked up, sessions that waited filled their buffers, and ran out of memory",
            link: "https://status.discordapp.com/incidents/dj3l6lw926kl",
        }),
        bad: "client app\nlb front managed\nservice api x2\nsqs codes dlq=dead\nsqs dead alert\nworker sender x5 capacity=100/s idempotent\nexternal post sla=99.9%\n\
              flow code rate=200/s staleness=5min { app -> front -> api ~> codes ~> sender -> post timeout=2s }\n",
        good: "client app\nlb front managed\nservice api x2\nsqs codes dlq=dead ttl=5min\nsqs dead alert\nworker sender x5 capacity=100/s idempotent\nexternal post sla=99.9%\n\
               flow code rate=200/s staleness=5min { app -> front -> api ~> codes ~> sender -> post timeout=2s }\n",
        ignore: "The consumers look at how old a message is, and pass over what has expired.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    facts.backlogs().iter().filter_map(|backlog| judge(facts, backlog)).collect()
}

fn judge(facts: &Facts, backlog: &Backlog) -> Option<Diagnostic> {
    let useful = backlog.useful.as_ref()?;
    let Use::Staleness(at) = useful.said else { return None };
    let queue = facts.node(backlog.queue);
    let dropped = queue.attrs.number("retention").value().is_some_and(|kept| kept <= useful.seconds);
    // What one request puts in at once is no matter of averages, and another rule's.
    let bursts = backlog.bursts.iter().any(|burst| burst.drain.value > useful.seconds);
    if dropped || bursts || !only_goes_out(facts, backlog, at) {
        return None;
    }
    let (Ok(waiting), Ok(wait), Ok(taken), Ok(Drain::Ends(_)), Ok(average)) =
        (&backlog.waiting, &backlog.wait, &backlog.taken, &backlog.drain, &backlog.average)
    else {
        return None;
    };
    if wait.value <= useful.seconds {
        return None;
    }
    // The line gets shorter by the spare part; until it is as short as a message is of use, all of them come too late.
    let spare = taken.value - average.value;
    let useless = (waiting.value - useful.seconds * taken.value) / spare;
    let flow = &facts.design.flows[at];
    let (name, who) = (queue.name(), facts.names(&backlog.consumers));
    let [time, age, lost] = [wait.value, useful.seconds, useless].map(show_duration);
    let message = format!(
        "after an hour without {who}, a message of `{}` waits {time} in {name} and is of use for {age}: for {lost} all of them come too late",
        flow.id
    );
    let mut finding = Diagnostic::wrong(message, queue.span, "nothing drops what has expired")
        .label(flow.span, age.clone())
        .node(&queue.id);
    for &consumer in &backlog.consumers {
        finding = finding.node(facts.id(consumer));
    }
    for sum in waiting.reached.iter().chain(&taken.reached) {
        finding = finding.evidence(sum.clone());
    }
    Some(
        finding
            .flows([flow.id.clone()])
            .evidence(format!("what comes then waits {}", wait.reached.join("; ")))
            .evidence(format!(
                "until that is {age}: ({} − {age} x {}) / ({} − {}) = {lost}",
                show_count(waiting.value),
                show_rate(taken.value),
                show_rate(taken.value),
                show_rate(average.value)
            ))
            .consequence(format!(
                "{who} come back after an hour, and for another {lost} deliver what nobody wants any more, while what is sent now expires in line"
            ))
            .fix(format!("`ttl={}` on {name}, so that what has expired is dropped", age.replace([' ', ','], ""))),
    )
}

/// The consumers pass a flow's messages on to somebody, and keep nothing of them.
fn only_goes_out(facts: &Facts, backlog: &Backlog, flow: usize) -> bool {
    let outside =
        |node: NodeIndex| matches!(facts.node(node).kind, Kind::Client | Kind::External | Kind::Socket);
    let mut out = false;
    for &consumer in &backlog.consumers {
        for step in facts.work_on(backlog.queue, consumer) {
            let kind = facts.node(step.to).kind;
            if (kind.is_store() || kind.is_broker()) && facts.writes(step) {
                return false;
            }
            out |= step.flow == Some(flow) && outside(step.to);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        // 10 a second come in, 40 are taken: after an hour 36,000 wait, and the next one waits 15 min.
        let case = |queue: &str, flow: &str, work: &str, expected: &[&str]| {
            expect(
                &RULE,
                &format!(
                    "client u\nservice a\nexternal e\ncache c\ndatabase d\n{queue}\nworker w x4 capacity=10/s\n\
                     flow f rate=10/s {flow} {{ u -> a ~> q ~> w {work} }}"
                ),
                expected,
            );
        };
        case("sqs q", "staleness=5min", "-> e", &["wrong q, w"]);
        case("sqs q", "staleness=14min", "-> u", &["wrong q, w"]);
        case("sqs q", "staleness=15min", "-> e", &[]);
        case("kafka q", "staleness=5min", "-> e", &["wrong q, w"]);
        // It drops them, or holds no more than can be done in time.
        case("sqs q ttl=5min", "staleness=5min", "-> e", &[]);
        case("sqs q retention=5min", "staleness=5min", "-> e", &[]);
        case("sqs q max_length=12k", "staleness=5min", "-> e", &[]);
        case("sqs q max_length=13k", "staleness=5min", "-> e", &["wrong q, w"]);
        // Nobody says how late they may come, or what is kept has to be caught up with.
        case("sqs q", "", "-> e", &[]);
        case("sqs q", "p99=1s", "-> u", &[]);
        case("sqs q", "staleness=5min", "-> d writes", &[]);
        case("sqs q", "staleness=5min", "-> e\nw -> c writes", &[]);
        case("sqs q", "staleness=5min", "-> d reads\nw -> e", &["wrong q, w"]);
        // It never catches up: another rule's.
        expect(
            &RULE,
            "client u\nservice a\nexternal e\nsqs q\nworker w capacity=5/s\nflow f rate=10/s staleness=1min { u -> a ~> q ~> w -> e }",
            &[],
        );
        // It follows the load, or nobody knows.
        expect(
            &RULE,
            "client u\nservice a\nexternal e\nsqs q\nworker w capacity=5/s autoscale\nflow f rate=10/s staleness=1min { u -> a ~> q ~> w -> e }",
            &[],
        );
    }
}
