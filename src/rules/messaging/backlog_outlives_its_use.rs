use std::collections::HashSet;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::numbers::overload::{Backlog, Drain};
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::units::{show_count, show_duration, show_rate};

pub static RULE: Rule = Rule {
    id: "backlog-outlives-its-use",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Messaging,
    summary: "after a standstill consumers work through messages that nobody wants any more, and what is new waits behind them",
    question: Some(Question {
        topic: "expired messages",
        text: "after a standstill they send out what has waited for an hour: is that still wanted?",
    }),
    reads: &["retention", "staleness", "ttl"],
    page: Page {
        checks: "Queues and topics whose messages go out to somebody and state how late they may come: what waits after an hour in which nobody took any.",
        when: "A flow through the queue or topic states a `staleness`; on taking its messages the consumers go on to a client, a connection server or an external; and after an hour without \
               consumers (somebody is woken, finds out and repairs it) a message that comes in waits longer than that `staleness`. Points at the queue.\n\
               - It waits for what has come in (the flows' `rate` × 1 h, or × the queue's `ttl` where that is shorter, at most `max_length`, whatever `on_full` says) ÷ what the consumers take together \
               (instances × `capacity`, or `concurrency` ÷ `latency`, with no more than the `partitions` at work, and no more than the `rate_limit` of an external allows).\n\
               - Silent where the queue drops what is of no use: with a `ttl` or a `retention` that is no longer than the `staleness`. A longer one counts as none. Where a topic has another consumer, which may need what is older, the \
               fix is a queue of this one's own. (Kafka keeps whole segments \
               beyond their `retention`: there a `ttl` means that the consumers pass over what is older by its timestamp.)\n\
               - Silent where a consumer writes to a store, cache, queue or topic before it sends anything out, or without doing so: what is kept has to be caught up with, however old it is. Where it writes \
               only after it has sent, it is a question: that may be no more than a note that it was sent.\n\
               - Silent where no more is taken than comes in (`consumers-too-slow`), where one request puts in at once what takes longer (`burst-delays-others`), and where a number is missing.",
        why: "The oldest are worked on first. Consumers come back, deliver for an hour what has expired, and what is put in meanwhile expires \
              while it waits: the standstill is over, and nothing useful comes out.",
        outage: None,
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
    let (age, at) = staleness(facts, backlog.queue, &backlog.consumers)?;
    let queue = facts.node(backlog.queue);
    let drops = |name| queue.attrs.number(name).value().is_some_and(|kept| kept <= age);
    // What one request puts in at once is no matter of averages, and another rule's.
    let bursts = backlog.bursts.iter().any(|burst| burst.drain.value > age);
    if drops("ttl") || drops("retention") || bursts {
        return None;
    }
    let work = work(facts, backlog.queue, &backlog.consumers, at)?;
    let (Ok(waiting), Ok(wait), Ok(taken), Ok(Drain::Ends(_)), Ok(average)) =
        (&backlog.waiting, &backlog.wait, &backlog.taken, &backlog.drain, &backlog.average)
    else {
        return None;
    };
    if wait.value <= age {
        return None;
    }
    // The line gets shorter by the spare part; until it is as short as a message is of use, all of them come too late.
    let spare = taken.value - average.value;
    let useless = (waiting.value - age * taken.value) / spare;
    let flow = &facts.design.flows[at];
    let is_log = queue.tech.is_some_and(|tech| tech.model.as_deref() == Some("log"));
    let (name, who) = (queue.name(), facts.names(&backlog.consumers));
    let others = others(facts, backlog, age);
    let [time, age, lost] = [wait.value, age, useless].map(show_duration);
    let message = format!(
        "after an hour without {who}, a message of `{}` waits {time} in {name} and is of use for {age}: for {lost} all of them come too late",
        flow.id
    );
    let label = match queue.attrs.number("ttl").value() {
        Some(ttl) => format!("drops only what is older than {}", show_duration(ttl)),
        None => "nothing drops what has expired".to_string(),
    };
    let finding = match work {
        Work::Sends => Diagnostic::wrong(message, queue.span, label),
        Work::SendsAndWrites => Diagnostic::unstated(message, queue.span, label).question(format!(
            "what has waited in {name} for longer than {age} is sent out by {who}: is it still wanted?"
        )),
    };
    let mut finding = finding.label(flow.span, age.clone()).node(&queue.id);
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
            .mends(others.is_empty().then(|| {
                Mend::node(&queue.id, &format!("ttl={}", age.replace([' ', ','], ""))).losing_data()
            }))
            .fix(fix(&name, &who, &age, is_log, (!others.is_empty()).then(|| facts.names(&others)))),
    )
}

/// Other consumers of the topic, for whom a message is of use for longer.
fn others(facts: &Facts, backlog: &Backlog, age: f64) -> Vec<NodeIndex> {
    let queue = backlog.queue;
    if facts.node(queue).kind == Kind::Queue {
        return Vec::new();
    }
    let content = |consumer: NodeIndex| {
        staleness(facts, queue, &[consumer]).is_some_and(|(own, at)| {
            own <= age && matches!(work(facts, queue, &[consumer], at), Some(Work::Sends))
        })
    };
    let mut others = facts.consumers(queue);
    others.retain(|other| !backlog.consumers.contains(other) && !content(*other));
    others
}

/// What drops the expired ones, and nothing that anybody else wants.
fn fix(name: &str, who: &str, age: &str, is_log: bool, others: Option<String>) -> String {
    let ttl = age.replace([' ', ','], "");
    match others {
        Some(others) => format!(
            "a queue with `ttl={ttl}` between {name} and {who}, not a `ttl` on {name}, since {others} may need what is older; or, where {who} \
             passes over what is older than {age}, an `allow` that says so"
        ),
        None if is_log => format!(
            "`ttl={ttl}` on {name}, so that what has expired is passed over: consumers of a log look at each message's timestamp"
        ),
        None => format!("`ttl={ttl}` on {name}, so that what has expired is dropped"),
    }
}

/// The shortest `staleness` of the flows through it, and whose it is.
fn staleness(facts: &Facts, queue: NodeIndex, consumers: &[NodeIndex]) -> Option<(f64, usize)> {
    let handed = consumers.iter().flat_map(|&consumer| facts.handed(queue, consumer));
    let mut flows: Vec<usize> =
        facts.puts(queue).into_iter().chain(handed).filter_map(|step| step.flow).collect();
    flows.sort_unstable();
    flows.dedup();
    let stated = flows
        .into_iter()
        .filter_map(|at| Some((facts.design.flows[at].attrs.number("staleness").value()?, at)));
    stated.reduce(|least, other| if other.0 < least.0 { other } else { least })
}

/// What becomes of messages that somebody outside gets.
enum Work {
    Sends,
    /// They are sent out, and something is written then: it may be only that they were.
    SendsAndWrites,
}

/// None where nobody outside gets them, or something is kept of them whether they are sent or not.
fn work(facts: &Facts, queue: NodeIndex, consumers: &[NodeIndex], flow: usize) -> Option<Work> {
    let outside =
        |node: NodeIndex| matches!(facts.node(node).kind, Kind::Client | Kind::External | Kind::Socket);
    let (mut out, mut kept) = (false, false);
    for &consumer in consumers {
        let mut sent: HashSet<Option<usize>> = HashSet::new();
        for step in facts.work_on(queue, consumer) {
            let kind = facts.node(step.to).kind;
            if outside(step.to) {
                sent.insert(step.flow);
                out |= step.flow == Some(flow);
            } else if (kind.is_store() || kind.is_broker()) && facts.writes(step) {
                if !sent.contains(&step.flow) {
                    return None;
                }
                kept = true;
            }
        }
    }
    out.then_some(if kept { Work::SendsAndWrites } else { Work::Sends })
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::{design, expect};
    use crate::rules::{Facts, run};

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
        // It drops them long after anybody wants them.
        case("sqs q ttl=1d", "staleness=5min", "-> e", &["wrong q, w"]);
        case("sqs q ttl=30min", "staleness=5min", "-> e", &["wrong q, w"]);
        case("sqs q ttl=20min", "staleness=5min", "-> e", &[]);
        case("sqs q retention=5min", "staleness=5min", "-> e", &[]);
        case("sqs q max_length=12k", "staleness=5min", "-> e", &[]);
        case("sqs q max_length=13k", "staleness=5min", "-> e", &["wrong q, w"]);
        // Nobody says how late they may come, or what is kept has to be caught up with.
        case("sqs q", "", "-> e", &[]);
        case("sqs q", "p99=1s", "-> u", &[]);
        case("sqs q", "staleness=5min", "-> d writes", &[]);
        case("sqs q", "staleness=5min", "-> d writes\nw -> e", &[]);
        // That it was sent, or more than that?
        case("sqs q", "staleness=5min", "-> e\nw -> c writes", &["unstated q, w"]);
        case("sqs q", "staleness=5min", "-> d reads\nw -> e", &["wrong q, w"]);
        // What one consumer of a topic passes over another may need.
        let beside = |work: &str| {
            let text = format!(
                "client u\nservice a\nexternal e\ndatabase d\nkafka q\nworker w x4 capacity=10/s\nworker o x4 capacity=100/s\n\
                 flow f rate=10/s {{ u -> a ~> q ~> o {work} }}\nflow g staleness=5min {{ q ~> w -> e }}"
            );
            let found = run(&RULE, &Facts::new(&design(&text)));
            assert_eq!(found.len(), 1);
            found[0].fix.clone()
        };
        let own = "a queue with `ttl=5min` between `q` and `w`, not a `ttl` on `q`, since `o` may need";
        assert!(beside("-> d writes").starts_with(own));
        assert!(beside("-> e").starts_with(own));
        let alone = "client u\nservice a\nexternal e\nkafka q\nworker w x4 capacity=10/s\nflow f rate=10/s staleness=5min { u -> a ~> q ~> w -> e }";
        let found = run(&RULE, &Facts::new(&design(alone)));
        assert!(found[0].fix.starts_with("`ttl=5min` on `q`"));
        let mended = "client u\nservice a\nexternal e\ndatabase d\nkafka q\nsqs s ttl=5min\nworker w x4 capacity=10/s\nworker o x4 capacity=100/s\n\
                      flow f rate=10/s { u -> a ~> q ~> o -> d writes }\nflow g staleness=5min { q ~> s ~> w -> e }";
        expect(&RULE, mended, &[]);
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
