use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Flow, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::numbers::overload::{Backlog, Burst, Use, UsefulFor, of_flow};
use crate::rules::facts::Shares;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::units::{show_count, show_duration, show_share};

/// A burst that is over sooner is no more than a slow moment.
const A_MINUTE: f64 = 60.0;

/// Among so many of the oldest messages SQS FIFO looks for groups that are free (Amazon SQS developer guide, "Avoid large
/// message backlogs with the same message group ID").
const FIFO_WINDOW: f64 = 120_000.0;

/// A `p99` allows for one in a hundred.
const OF_A_HUNDRED: f64 = 0.01;

pub static RULE: Rule = Rule {
    id: "burst-delays-others",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Messaging,
    summary: "one request fills a queue for longer than what else is in it may wait",
    question: Some(Question {
        topic: "bursts",
        text: "a large batch stands in the queue: may everything behind it wait until it is done?",
    }),
    reads: &["async", "key", "p99", "rate", "staleness", "ttl"],
    page: Page {
        checks: "Queues and topics that several flows put messages into: how long the many that one request puts in at once hold up the others.",
        when: "A single request of one flow puts several messages in at once (`fanout` × `calls` × `share` ÷ `batch` along its way, counted anew behind another queue), and \
               another flow's messages go to the same consumers. Points at the queue, once for each such burst.\n\
               - The others wait for the burst ÷ what the consumers take together (instances × `capacity`, or `concurrency` ÷ `latency`, with no more than the `partitions` at work, and no more than \
               the `rate_limit` of an external allows, which is one for all who call it; a consumer that takes from other queues too counts with all it can do); but no longer than the queue's `ttl`, for then what stands before them has expired.\n\
               - Wrong where that is longer than the other flow's `staleness`; if it states none, than its `p99`, if it is not `async` and starts at the queue or comes to a client after it, and \
               bursts (the first flow's `rate` × how long each lasts) take more than 1 % of the time. Wrong too where the burst lasts longer than the queue's `ttl`: then its own last messages expire.\n\
               - Where neither these nor a `ttl` is stated, a question for bursts of more than a minute, if the other flow is started by a client or a service (`async` or not: a login code may be), is not small \
               (at most 10 requests/s and no `availability`), and its messages go on to a client, a connection server or an external.\n\
               - Consumers in common: of a queue all; of a topic the same consumer in both flows, or in neither. Who only reads past another's messages on a topic is not held up for long.\n\
               - What is taken key by key in turns (SQS FIFO, Service Bus, Pub/Sub) is silent where the burst has a `key`, on the queue or on the hop: the other keys pass by. In SQS FIFO, which looks for other \
               groups among the oldest 120,000 messages only, the part of a burst above that is held against it, as a warning; without a `key` it is a question there, and as in any queue elsewhere.\n\
               - Silent for dead letters, for what keeps no messages, and where the consumers' numbers are missing.",
        why: "A queue serves in the order of arrival. The campaign to a million addresses and the code for a login are the same to it; the code comes when \
              the campaign is through, and by then it has expired.",
        outage: None,
        bad: "client app\nlb front managed\nservice api x2\nscheduler clock managed\nservice campaigns x2\nsqs mails dlq=dead\nsqs dead alert\n\
              worker sender x5 capacity=100/s idempotent\nexternal post sla=99.9%\n\
              flow code rate=5/s staleness=5min { app -> front -> api ~> mails ~> sender -> post timeout=2s }\n\
              flow campaign rate=1/day { clock -> campaigns ~> mails fanout=1M ~> sender -> post }\n",
        good: "client app\nlb front managed\nservice api x2\nscheduler clock managed\nservice campaigns x2\nsqs mails dlq=dead\nsqs codes dlq=dead\nsqs dead alert\n\
               worker sender x5 capacity=100/s idempotent\nworker prompt x2 capacity=100/s idempotent\nexternal post sla=99.9%\n\
               flow code rate=5/s staleness=5min { app -> front -> api ~> codes ~> prompt -> post timeout=2s }\n\
               flow campaign rate=1/day { clock -> campaigns ~> mails fanout=1M ~> sender -> post }\n",
        ignore: "The sender of the burst paces it, so that it never stands in the queue as a whole; or the broker hands out what is urgent first (priorities, as of RabbitMQ, cannot be written here).",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for backlog in facts.backlogs() {
        if backlog.bursts.is_empty() {
            continue;
        }
        let mut flows: Vec<usize> = facts.puts(backlog.queue).iter().filter_map(|step| step.flow).collect();
        flows.dedup();
        flows.retain(|&flow| is_taken_by(facts, backlog, flow));
        found.extend(backlog.bursts.iter().filter_map(|burst| judge(facts, backlog, burst, &flows)));
    }
    found
}

/// Its messages go to these consumers: it says so, or does not say who takes them.
fn is_taken_by(facts: &Facts, backlog: &Backlog, flow: usize) -> bool {
    if facts.node(backlog.queue).kind == Kind::Queue {
        return true;
    }
    let steps = facts.design.steps_of(&facts.design.flows[flow]);
    let mut handed = steps.iter().filter(|step| step.from == backlog.queue).peekable();
    handed.peek().is_none() || handed.any(|step| backlog.consumers.contains(&step.to))
}

/// How long what comes after a burst stands behind it.
struct Held {
    seconds: f64,
    /// Of these of its messages.
    behind: f64,
    /// What is said of the keys by which they are taken.
    keys: Keys,
}

#[derive(PartialEq)]
enum Keys {
    /// Nothing passes by another key's messages.
    InLine,
    /// Those of other keys would, but nobody says by which key these are sent.
    Unstated,
    /// Those of other keys do, as soon as they are among the oldest 120,000.
    BeyondWindow,
}

/// None where the others pass it by.
fn held(facts: &Facts, backlog: &Backlog, burst: &Burst) -> Option<Held> {
    let (queue, all, lasts) = (facts.node(backlog.queue), burst.messages.value, burst.drain.value);
    let of_burst = |step: &&&Step| step.flow == Some(burst.flow);
    let keyed = queue.attrs.has("key")
        || facts
            .puts(backlog.queue)
            .iter()
            .filter(of_burst)
            .any(|step| step.attrs.has("key") || facts.design.graph[step.hop].attrs.has("key"));
    let fifo = queue.tech.is_some_and(|tech| tech.id == "sqs-fifo");
    let by_key = facts.shares(backlog.queue) == Some(Shares::Keys);
    let (behind, keys) = match (by_key, keyed) {
        (true, true) if fifo && all > FIFO_WINDOW => (all - FIFO_WINDOW, Keys::BeyondWindow),
        (true, true) => return None,
        (true, false) if fifo => (all, Keys::Unstated),
        _ => (all, Keys::InLine),
    };
    let seconds = lasts * behind / all;
    // What has expired is dropped, and nobody stands behind it any longer.
    let seconds = queue.attrs.number("ttl").value().map_or(seconds, |ttl| seconds.min(ttl));
    Some(Held { seconds, behind, keys })
}

/// A flow that a burst holds up, and what it says; nothing, where it is a question.
struct Delayed<'d> {
    flow: &'d Flow,
    said: Option<UsefulFor>,
}

fn judge(facts: &Facts, backlog: &Backlog, burst: &Burst, flows: &[usize]) -> Option<Diagnostic> {
    if !flows.contains(&burst.flow) {
        return None;
    }
    let held = held(facts, backlog, burst)?;
    let others = flows.iter().filter(|&&flow| flow != burst.flow);
    let mut delayed: Vec<Delayed> =
        others.filter_map(|&flow| delay(facts, backlog, burst, &held, flow)).collect();
    // What is said weighs more than what is not; and what comes too late, than that the burst itself expires.
    delayed.sort_by_key(|one| match one.said.as_ref().map(|said| said.said) {
        Some(Use::Staleness(_) | Use::Answer(_)) => 0,
        Some(Use::Ttl) => 1,
        None => 2,
    });
    if delayed.iter().any(|one| one.said.is_some()) {
        delayed.retain(|one| one.said.is_some());
    }
    let first = delayed.first()?;
    let (queue, flow) = (facts.node(backlog.queue), &facts.design.flows[burst.flow]);
    let name = queue.name();
    let (messages, lasts) = (show_count(burst.messages.value), show_duration(held.seconds));
    let others: Vec<String> = delayed.iter().map(|one| format!("`{}`", one.flow.id)).collect();
    let others = match others.as_slice() {
        [only] => only.clone(),
        [first, second] => format!("{first} and {second}"),
        [first, rest @ ..] => format!("{first} and {} other flows", rest.len()),
        [] => return None,
    };
    let label = format!("{messages} of `{}` at once", flow.id);
    let expires = queue.attrs.number("ttl").value().filter(|ttl| *ttl < burst.drain.value);
    let finding = match &first.said {
        Some(UsefulFor { seconds, said: Use::Ttl }) => {
            let message = format!(
                "{messages} messages of `{}` in {name} take {}, and it drops what is older than {}: {} of them are never taken, with {others} behind the rest",
                flow.id,
                show_duration(burst.drain.value),
                show_duration(*seconds),
                show_count(burst.messages.value * (1.0 - seconds / burst.drain.value))
            );
            Diagnostic::wrong(message, queue.span, label)
        }
        Some(said) => {
            let message = format!(
                "{messages} messages of `{}` in {name} hold up `{}` for {lasts}; {}",
                flow.id,
                first.flow.id,
                in_words(said)
            );
            match held.keys {
                Keys::Unstated => Diagnostic::unstated(message, queue.span, label).question(format!(
                    "`{}` puts {messages} into {name}: under which `key`, so that others pass by?",
                    flow.id
                )),
                Keys::InLine | Keys::BeyondWindow => Diagnostic::wrong(message, queue.span, label),
            }
        }
        None => {
            let message =
                format!("{messages} messages of `{}` in {name} hold up {others} for {lasts}", flow.id);
            let question =
                format!("`{}` puts {messages} into {name}: may {others} wait {lasts} behind them?", flow.id);
            Diagnostic::unstated(message, queue.span, label).question(question)
        }
    };
    let finding = if held.keys == Keys::InLine { finding } else { finding.at_most(Severity::Warning) };
    let taken = backlog.taken.as_ref().ok()?;
    let mut finding = finding.label(flow.span, format!("puts in {messages}")).node(&queue.id);
    for &consumer in &backlog.consumers {
        finding = finding.node(facts.id(consumer));
    }
    for line in taken.reached.iter().chain(&burst.messages.reached).chain(&burst.drain.reached) {
        finding = finding.evidence(line.clone());
    }
    if held.keys == Keys::BeyondWindow {
        finding = finding.evidence(format!(
            "SQS FIFO looks for other groups among the oldest {}: until {} are taken, {}",
            show_count(FIFO_WINDOW),
            show_count(held.behind),
            show_duration(burst.drain.value * held.behind / burst.messages.value)
        ));
    }
    if let Some(ttl) = expires {
        finding = finding.evidence(format!(
            "what is older than {} is dropped: {messages} x (1 − {} / {}) = {}",
            show_duration(ttl),
            show_duration(ttl),
            show_duration(burst.drain.value),
            show_count(burst.messages.value * (1.0 - ttl / burst.drain.value))
        ));
    }
    if let (Some(Use::Answer(_)), Some(part)) =
        (first.said.as_ref().map(|said| said.said), part_of_time(flow, burst))
    {
        finding = finding.evidence(format!("{} of the time", show_share(part)));
    }
    let flows = delayed.iter().map(|one| one.flow.id.clone()).chain([flow.id.clone()]);
    Some(
        finding
            .flows(flows)
            .consequence(format!(
                "`{}` runs, and for {lasts} whatever else is put into {name} stands behind it: somebody waits for it, and nothing is broken that anybody could repair",
                flow.id
            ))
            .fix(match expires {
                Some(_) => format!(
                    "a queue of its own for {others}, with consumers of its own; and for `{}` a `ttl` above {}, or more consumers",
                    flow.id,
                    show_duration(burst.drain.value)
                ),
                None => format!(
                    "a queue of its own for {others}, with consumers of its own: what is urgent shares neither with `{}`",
                    flow.id
                ),
            }),
    )
}

fn delay<'d>(
    facts: &Facts<'d>,
    backlog: &Backlog,
    burst: &Burst,
    held: &Held,
    at: usize,
) -> Option<Delayed<'d>> {
    let flow = &facts.design.flows[at];
    let ttl = facts.node(backlog.queue).attrs.number("ttl").value();
    let own = of_flow(facts.design, backlog.queue, at);
    let stated = ttl.is_some() || own.is_some();
    let often = |said: &UsefulFor| match said.said {
        Use::Answer(_) => {
            part_of_time(&facts.design.flows[burst.flow], burst).is_some_and(|part| part > OF_A_HUNDRED)
        }
        Use::Ttl | Use::Staleness(_) => true,
    };
    if let Some(said) = own.filter(|own| held.seconds > own.seconds && often(own)) {
        return Some(Delayed { flow, said: Some(said) });
    }
    if let Some(seconds) = ttl.filter(|ttl| burst.drain.value * held.behind / burst.messages.value > *ttl) {
        return Some(Delayed { flow, said: Some(UsefulFor { seconds, said: Use::Ttl }) });
    }
    let waits = !stated && !facts.is_background(flow) && !facts.is_small(flow);
    (held.seconds > A_MINUTE && waits && goes_out(facts, backlog, at)).then_some(Delayed { flow, said: None })
}

/// The share of all time in which such a burst stands in the queue.
fn part_of_time(flow: &Flow, burst: &Burst) -> Option<f64> {
    let rate = flow.attrs.number("rate").value()?;
    Some((rate * burst.drain.value).min(1.0))
}

/// On taking its messages, a consumer goes on to somebody outside.
fn goes_out(facts: &Facts, backlog: &Backlog, flow: usize) -> bool {
    let outside =
        |node: NodeIndex| matches!(facts.node(node).kind, Kind::Client | Kind::External | Kind::Socket);
    backlog.consumers.iter().any(|&consumer| {
        facts.work_on(backlog.queue, consumer).iter().any(|step| step.flow == Some(flow) && outside(step.to))
    })
}

fn in_words(said: &UsefulFor) -> String {
    let time = show_duration(said.seconds);
    match said.said {
        Use::Ttl => format!("what is older than {time} is dropped"),
        Use::Staleness(_) => format!("its messages are of use for {time}"),
        Use::Answer(_) => format!("it is promised within {time}"),
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    /// A burst of 600 and another flow in one queue whose consumers take 10 a second: it lasts a minute.
    fn text(queue: &str, burst: &str, other: &str) -> String {
        format!(
            "client u\nservice a\nservice b\nscheduler t\nexternal e\ndatabase d\n{queue}\nworker w x2 capacity=5/s\n\
             flow f {burst} {{ t -> b ~> q fanout=600 ~> w -> e }}\nflow g {other}"
        )
    }

    #[test]
    fn cases() {
        let case = |queue: &str, burst: &str, other: &str, expected: &[&str]| {
            expect(&RULE, &text(queue, burst, other), expected);
        };
        let code = "{ u -> a ~> q ~> w -> e }";
        case("sqs q", "", &format!("staleness=30s {code}"), &["wrong q, w"]);
        case("sqs q", "", &format!("staleness=2min {code}"), &[]);
        case("sqs q ttl=30s", "", code, &["wrong q, w"]);
        // That the queue drops what is older than the burst lasts helps nobody who waits behind it.
        case("sqs q ttl=2min", "", &format!("staleness=30s {code}"), &["wrong q, w"]);
        case("sqs q ttl=2min", "", &format!("staleness=2min {code}"), &[]);
        case("sqs q ttl=2min", "", code, &[]);
        // What has expired holds nobody up, but it is gone.
        case("sqs q ttl=30s", "", &format!("staleness=40s {code}"), &["wrong q, w"]);
        // Kafka's partitions have the same consumers.
        case("kafka q x3 partitions=8", "", &format!("staleness=30s {code}"), &["wrong q, w"]);
        // The answer is given when the message is handed over; an answer that comes through the queue is not.
        case("sqs q", "rate=1/h", &format!("p99=200ms {code}"), &[]);
        let back = "{ u -> a ~> q ~> w -> u }";
        case("sqs q", "rate=1/h", &format!("p99=1s {back}"), &["wrong q, w"]);
        case("sqs q", "rate=1/h", &format!("p99=1s async {back}"), &[]);
        // Of a hundred days one is bad.
        case("sqs q", "rate=1/day", &format!("p99=1s {back}"), &[]);
        // Nothing is stated: a minute is not worth a question, more is, where somebody gets it.
        let long = |other: &str| text("sqs q", "", other).replace("fanout=600", "fanout=601");
        case("sqs q", "", code, &[]);
        expect(&RULE, &long(code), &["unstated q, w"]);
        expect(&RULE, &long(&format!("rate=5/s {code}")), &[]);
        expect(&RULE, &long(&format!("async {code}")), &["unstated q, w"]);
        expect(&RULE, &long("{ u -> a ~> q ~> w -> d writes }"), &[]);
        expect(&RULE, &long("{ t -> a ~> q ~> w -> e }"), &[]);
    }

    #[test]
    fn keys_that_are_taken_in_turns() {
        let case = |queue: &str, count: &str, expected: &[&str]| {
            let code = "staleness=30s { u -> a ~> q ~> w -> e }";
            expect(&RULE, &text(queue, "", code).replace("fanout=600", count), expected);
        };
        case("sqs-fifo q", "fanout=600", &["unstated q, w"]);
        case("pubsub q", "fanout=600", &["wrong q, w"]);
        case("sqs-fifo q", "fanout=600 key=tenant", &[]);
        case("pubsub q key=tenant", "fanout=600", &[]);
        // Ten a second: 30 s are 300 messages.
        case("sqs-fifo q key=tenant", "fanout=120300", &[]);
        case("sqs-fifo q key=tenant", "fanout=120301", &["wrong q, w"]);
        case("pubsub q key=tenant", "fanout=120301", &[]);
    }

    #[test]
    fn what_expires_is_counted() {
        use crate::rules::{Facts, run, testing::design};
        let design = design(&text("sqs q ttl=15s", "", "{ u -> a ~> q ~> w -> e }"));
        let finding = run(&RULE, &Facts::new(&design)).remove(0);
        assert!(
            finding.message.contains("take 1 min, and it drops what is older than 15 s: 450 of them"),
            "{}",
            finding.message
        );
    }

    #[test]
    fn who_stands_in_whose_way() {
        let expect = |text: &str, expected: &[&str]| {
            expect(
                &RULE,
                &format!(
                    "client u\nservice a\nservice b\nexternal e\nworker w capacity=10/s\nworker v capacity=10/s\n{text}"
                ),
                expected,
            );
        };
        let code = "flow g staleness=30s { u -> a ~> q ~> w -> e }";
        expect(&format!("sqs q\nflow f {{ b ~> q fanout=600 }}\n{code}"), &["wrong q, w"]);
        // Alone in the queue, or read by others of the topic.
        expect(&format!("sqs q\nsqs p\nflow f {{ b ~> p fanout=600 ~> v -> e }}\n{code}"), &[]);
        expect(&format!("kafka q\nflow f {{ b ~> q fanout=600 ~> v -> e }}\n{code}"), &[]);
        expect(&format!("kafka q\nflow f {{ b ~> q fanout=600 ~> w -> e }}\n{code}"), &["wrong q, w"]);
        // A burst that comes through another queue arrives one by one.
        expect(&format!("sqs q\nsqs p\nflow f {{ b ~> p fanout=600 ~> v ~> q ~> w -> e }}\n{code}"), &[]);
        expect(
            &format!("sqs q\nsqs p\nflow f {{ b ~> p ~> v ~> q fanout=600 ~> w -> e }}\n{code}"),
            &["wrong q, w"],
        );
        // Two consumers share what the external takes: 600 at 10 a second, not at 20.
        let two = "sqs q\nexternal m rate_limit=10/s\nflow f rate=1/day { b ~> q fanout=600\nq ~> w, v -> m }\n\
                   flow g rate=1/s staleness=STALE { u -> a ~> q\nq ~> w, v -> m }";
        expect(&two.replace("STALE", "45s"), &["wrong q, w, v"]);
        expect(&two.replace("STALE", "61s"), &[]);
        // Nobody knows what is taken.
        expect(
            "sqs q\nworker x\nflow f { b ~> q fanout=600 ~> x }\nflow g staleness=30s { u -> a ~> q ~> x -> e }",
            &[],
        );
    }
}
