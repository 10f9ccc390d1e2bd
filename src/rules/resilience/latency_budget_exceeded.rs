use crate::design::{Design, Flow};
use crate::diagnostic::{Diagnostic, Severity};
use crate::numbers::latency::{Answer, Assume, Contributor, Distance, Known, Model, Spread, What};
use crate::rules::{Confidence, Facts, Group, Page, Rule};
use crate::source::Span;
use crate::units::{show_duration, show_number};

pub static RULE: Rule = Rule {
    id: "latency-budget-exceeded",
    severity: Severity::Error,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Resilience,
    summary: "a flow's nodes, queues and round trips take longer than it promises",
    question: None,
    reads: &[
        "attempts",
        "batch",
        "calls",
        "capacity",
        "cdc",
        "concurrency",
        "fanout",
        "hit_rate",
        "latency",
        "latency_p99",
        "on",
        "optional",
        "outbox",
        "p50",
        "p99",
        "peak",
        "rate",
        "rtt",
        "share",
        "timeout",
    ],
    page: Page {
        checks: "The `p99` and `p50` that a flow states beside those that its nodes, the queues before them and the round trips \
                 between them add up to, as `spof numbers` reckons them.",
        when: "A flow states `p99` or `p50` (its budget, never a measurement), and the reckoned one at the busiest time (`peak`, else `rate`) is above that by more than 1 %. Where a `latency` is missing, it is \
               what is known at the least. Points at that `p99` or `p50`, and names the node or hop that takes most of the mean.\n\
               - Added up: the work of the nodes that the answer waits for, the queues before them, and the round trips. Calls of different lines come one after another, those of one line at \
               once: the slowest counts. `calls=n` are n one after another, `fanout=n` the slowest of n at once, so that of 40 at once most answers meet a slow one. `share` and `on=miss` \
               happen with their probability. docs/numbers.md has the rest, under Latency.\n\
               - An error where stated numbers alone are above: unstated round trips in one place and between regions count nothing, and work without `latency_p99` \
               is taken as exactly its mean, the kindest case.\n\
               - A warning where they are above with 0.5 ms for a round trip in one place, 60 ms between regions, and one in a hundred of such work at twice its mean.\n\
               - Not evaluated where only a wider spread of such work would exceed it (then `latency_p99` is missing), or where it is kept so far and one number is missing.\n\
               - Silent where a node that the answer waits for gets more than it carries: `over-capacity` has that. What nobody waits for (behind `~>` and a queue) counts in neither way.",
        why: "Calls one after another add up, and the slow ones of each meet: a chain of five parts that are each slow once in a hundred is slow \
              five times as often. What is called ten times in a row across regions waits ten round trips, however fast the \
              other end is.",
        outage: None,
        bad: "client web\nregion east zones=3 { lb front managed latency=1ms\nservice api x3 latency=10ms concurrency=100 }\n\
              region west zones=3 { postgres store x3 failover=auto latency=3ms capacity=5k/s }\n\
              flow pay rate=20/s p99=300ms { web -> front -> api\n\
              api -> store writes calls=5 rtt=70ms timeout=500ms }\n",
        good: "client web\nregion east zones=3 { lb front managed latency=1ms\nservice api x3 latency=10ms concurrency=100 }\n\
               region west zones=3 { postgres store x3 failover=auto latency=3ms capacity=5k/s }\n\
               flow pay rate=20/s p99=300ms { web -> front -> api\n\
               api -> store writes rtt=70ms timeout=500ms }\n",
        ignore: "The figures of the nodes are guesses, and the flow's has been measured. `on` may name the flow.",
    },
    check,
};

/// How much longer than its mean one in a hundred is taken to be at the least.
const ORDINARY_SPREAD: f64 = 2.0;

/// Rounding and the grid's steps are no reason to speak.
const ABOVE: f64 = 1.01;

/// What speaks for itself: stated numbers, then ordinary ones.
const STATED: Assume = Assume { spread: Spread::Times(1.0), defaults: false };
const ORDINARY: Assume = Assume { spread: Spread::Times(ORDINARY_SPREAD), defaults: true };

/// A flow's promise.
struct Budget {
    name: &'static str,
    time: f64,
    span: Span,
}

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let design = facts.design;
    let mut figures = Model::new(design, Assume::FIGURES);
    let mut ordinary = Model::new(design, ORDINARY);
    let mut stated = Model::new(design, STATED);
    let mut found = Vec::new();
    for flow in &design.flows {
        let budgets = budgets(flow);
        if budgets.is_empty() {
            continue;
        }
        let Some(answer) = figures.answer(flow) else { continue };
        let above = |answer: &Answer, budget: &Budget| {
            answer.known.as_ref().is_some_and(|known| time(known, budget) > budget.time * ABOVE)
        };
        let Some(budget) = budgets.iter().find(|budget| above(&answer, budget)) else {
            // Of one number that is missing it may still hang.
            if let ([want], Some(_)) = (answer.wants.as_slice(), &answer.known) {
                found.push(Diagnostic::not_evaluated(want, flow.span));
            }
            continue;
        };
        let exceeds = |model: &mut Model| model.answer(flow).is_some_and(|answer| above(&answer, budget));
        let Some(known) = &answer.known else { continue };
        if exceeds(&mut stated) {
            found.push(finding(design, flow, budget, &answer, known));
        } else if exceeds(&mut ordinary) {
            found.push(finding(design, flow, budget, &answer, known).at_most(Severity::Warning));
        } else if let Some(want) = widest(&mut figures, design, known) {
            found.push(Diagnostic::not_evaluated(want, flow.span));
        }
    }
    found
}

fn budgets(flow: &Flow) -> Vec<Budget> {
    let of = |name: &'static str| {
        let stated = flow.attrs.number(name);
        Some(Budget { name, time: stated.value()?, span: stated.span()? })
    };
    let all = [
        flow.attrs.number("p99").is_yes().then(|| of("p99")),
        flow.attrs.number("p50").is_yes().then(|| of("p50")),
    ];
    all.into_iter().flatten().flatten().collect()
}

fn time(known: &Known, budget: &Budget) -> f64 {
    if budget.name == "p50" { known.p50 } else { known.p99 }
}

/// The largest work whose spread was assumed.
fn widest(model: &mut Model, design: &Design, known: &Known) -> Option<String> {
    let nodes = known.contributors.iter().filter_map(|of| match of.what {
        What::Work(node) => Some(node),
        What::Wait(_) | What::Network(..) => None,
    });
    let mut unspread = nodes.filter(|&node| model.is_unspread(node));
    unspread.next().map(|node| format!("`latency_p99` of {}", design.graph[node].name()))
}

fn finding(design: &Design, flow: &Flow, budget: &Budget, answer: &Answer, known: &Known) -> Diagnostic {
    let promised = show_duration(budget.time);
    let taken = show_duration(time(known, budget));
    let largest = known.contributors[0];
    let which = if budget.name == "p50" { "half of its answers" } else { "one answer in a hundred" };
    let longer = format!("`{}` promises {promised}, and {which} takes {taken} or more", flow.id);
    let far = match largest.what {
        What::Network(from, to)
            if largest.distance == Some(Distance::Regions) || is_far(design, from, to) =>
        {
            format!(": {} waits for {} in another region", design.graph[from].name(), design.graph[to].name())
        }
        _ => String::new(),
    };
    let mut finding = Diagnostic::wrong(
        format!("{longer}{far}"),
        budget.span,
        format!("{} times that", show_number(time(known, budget) / budget.time)),
    )
    .flows([flow.id.clone()])
    .evidence(format!("on average it waits {}: {}", show_duration(known.mean), sum(design, known)));
    finding = match largest.what {
        What::Work(node) | What::Wait(node) => finding.node(&design.graph[node].id),
        What::Network(from, to) => finding.hop(&design.graph[from].id, &design.graph[to].id),
    };
    for distance in &answer.distances {
        let assumed = format!(
            "{} for a round trip {} is assumed",
            show_duration(distance.seconds()),
            distance.in_words()
        );
        if *distance == Distance::Regions && !finding.evidence.contains(&assumed) {
            finding = finding.evidence(assumed);
        }
    }
    finding
        .consequence(format!(
            "who calls with a timeout of {promised} gives up on these answers and tries again, while the work is still being done: \
             that adds load just when it is slow"
        ))
        .fix(fix(design, budget, largest))
}

fn is_far(design: &Design, from: petgraph::graph::NodeIndex, to: petgraph::graph::NodeIndex) -> bool {
    crate::numbers::latency::distance(design, from, to) == Distance::Regions
}

/// "`store` works 12 ms + the network, `api -> store`, 360 ms + 3 more, 2 ms"
fn sum(design: &Design, known: &Known) -> String {
    const SHOWN: usize = 5;
    let (shown, rest) = known.contributors.split_at(known.contributors.len().min(SHOWN));
    let mut parts: Vec<String> =
        shown.iter().map(|of| format!("{}, {}", of.what.in_words(design), show_duration(of.mean))).collect();
    if !rest.is_empty() {
        let time: f64 = rest.iter().map(|of| of.mean).sum();
        parts.push(format!("{} more, {}", rest.len(), show_duration(time)));
    }
    parts.join(" + ")
}

fn fix(design: &Design, budget: &Budget, largest: Contributor) -> String {
    let time = show_duration(largest.mean);
    match largest.what {
        What::Work(node) => format!(
            "less work at {}, {time} of it: a smaller `latency=`, fewer `calls=` to it, or a hop that is handed off (`~>`); \
             or a `{}` that can be kept",
            design.graph[node].name(),
            budget.name
        ),
        What::Wait(node) => format!(
            "less waiting before {}, {time} of it: more instances (`xN`) or a higher `concurrency=`",
            design.graph[node].name()
        ),
        What::Network(from, to) => {
            let [from, to] = [from, to].map(|end| &design.graph[end].id);
            format!(
                "fewer round trips `{from} -> {to}`, {time} of it: one call that does it all (no `calls=`), or both in one region"
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |text: &str, expected: &[&str]| expect(&RULE, &format!("client u\n{text}"), expected);
        // Stated alone.
        case(
            "service a latency=60ms concurrency=9\nservice b latency=50ms concurrency=9\n\
              flow f rate=1/s p99=100ms { u -> a -> b }",
            &["wrong a"],
        );
        // The same made at once, and with more time.
        case(
            "service a latency=1ms concurrency=9\nservice b latency=40ms concurrency=9\nservice c latency=40ms concurrency=9\n\
              flow f rate=1/s p99=300ms { u -> a -> b, c }",
            &[],
        );
        // Half of them take as long as the mean of 50 ms, and one in a hundred may well take twice that.
        case("service a latency=50ms concurrency=9\nflow f rate=1/s p99=90ms { u -> a }", &["wrong a"]);
        // Only a wide spread would: its number decides.
        case(
            "service a latency=50ms concurrency=9\nflow f rate=1/s p99=150ms { u -> a }",
            &["wants latency_p99 of a"],
        );
        case(
            "service a latency=50ms latency_p99=140ms concurrency=9\nflow f rate=1/s p99=150ms { u -> a }",
            &[],
        );
        case(
            "service a latency=50ms latency_p99=160ms concurrency=9\nflow f rate=1/s p99=150ms { u -> a }",
            &["wrong a"],
        );
        // One thread, nine tenths of its time busy: it is the queue.
        case(
            "service a latency=9ms latency_p99=20ms concurrency=1\nflow f rate=100/s p99=100ms { u -> a }",
            &["wrong a"],
        );
        case(
            "service a x4 latency=9ms latency_p99=20ms concurrency=1\nflow f rate=100/s p99=100ms { u -> a }",
            &[],
        );
        // What it is at the least is enough; of one missing number it may hang.
        case("service a latency=200ms\nservice b\nflow f p99=150ms { u -> a -> b }", &["wrong a"]);
        case(
            "service a latency=20ms latency_p99=30ms concurrency=9\nservice b concurrency=9\nflow f rate=1/s p99=150ms { u -> a -> b }",
            &["wants latency of b"],
        );
        // Across regions, over and over.
        let far = |calls: u32, expected: &[&str]| {
            let text = format!(
                "region e {{ service a latency=5ms concurrency=99 }}\nregion w {{ postgres d latency=2ms concurrency=99 }}\n\
                 flow f rate=1/s p99=250ms {{ u -> a -> d writes calls={calls} }}"
            );
            case(&text, expected);
        };
        far(1, &[]);
        far(6, &["wrong a->d"]);
        // Nobody waits for it.
        case(
            "service a latency=5ms concurrency=9\nkafka q latency=2ms concurrency=9\nworker w latency=9s concurrency=9\n\
              flow f rate=1/s p99=100ms { u -> a ~> q ~> w }",
            &[],
        );
        case("service a latency=5s concurrency=9\nflow f rate=1/s { u -> a }", &[]);
        // What gets more than it carries has no figure, where the answer waits for it; elsewhere it changes nothing.
        let slow = "service a latency=200ms concurrency=9\nkafka q latency=2ms concurrency=99\nservice w latency=9s concurrency=1";
        case(&format!("{slow}\nflow f rate=1/s p99=100ms {{ u -> a ~> q ~> w }}"), &["wrong a"]);
        case(&format!("{slow}\nflow f rate=1/s p99=100ms {{ u -> a -> w }}"), &[]);
        case("service a\nservice b\nflow f p99=1s { u -> a -> b }", &[]);
    }

    #[test]
    fn a_rule_of_thumb_is_no_error() {
        use crate::diagnostic::Severity;
        let severity = |rtt: &str| {
            let text = format!(
                "client u\nregion e {{ service a latency=5ms }}\nregion w {{ postgres d latency=2ms }}\n\
                 flow f rate=1/s p99=50ms {{ u -> a -> d writes {rtt} }}"
            );
            let design = crate::rules::testing::design(&text);
            let found = crate::rules::find_all(&design);
            let finding = found.into_iter().find(|finding| finding.code == RULE.id).expect("it is above");
            assert!(finding.message.contains("another region"), "{}", finding.message);
            finding.severity
        };
        assert_eq!(severity(""), Severity::Warning);
        assert_eq!(severity("rtt=60ms"), Severity::Error);
    }
}
