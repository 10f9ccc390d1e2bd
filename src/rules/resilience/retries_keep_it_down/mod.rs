mod told;

use std::collections::HashMap;

use petgraph::graph::EdgeIndex;

use super::retry_storm::is_storm;
use crate::catalog::{Grade, Kind};
use crate::diagnostic::{Diagnostic, Severity};
use crate::numbers::overload::{Chains, Retries, Verdict, nobody_retries, retries};
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule, keep_first};
use told::finding;

/// Tries of one request from which on a missing capacity is worth asking for, and requests a second while it fails.
const MANY: f64 = 4.0;
const CONSIDERABLE: f64 = 100.0;

pub static RULE: Rule = Rule {
    id: "retries-keep-it-down",
    severity: Severity::Error,
    confidence: Confidence::Medium,
    grave: true,
    group: Group::Resilience,
    summary: "once it has failed under load, the retries alone are more than it carries: it does not come back",
    question: Some(Question {
        topic: "retries after an overload",
        text: "once it has failed under load, all of its callers try again: does it come back by itself?",
    }),
    reads: &["attempts", "backoff", "jitter", "retry_budget"],
    page: Page {
        checks: "What arrives at each node at the busiest time, times the tries that one request becomes while every answer fails, \
                 against what the node carries.",
        when: "All flows that call the node state a `rate` (their `peak` counts, where there is one), and what it carries is known. Wrong where the ordinary load is no more than \
               that, and the load while every answer fails is more. It points at the `attempts` of the chain's calls and names the node that stays down; nodes whose chains share a hop are one finding. \
               docs/overload.md works one through.\n\
               - What it carries: `capacity`, or `concurrency` / `latency`, or its technology's default, times the instances (of a relational database that is not split, one).\n\
               - The load while it fails: each call's load × its `attempts` × those of every call above it in the flow, the client's own hop among them (a bare `every call attempts=3` \
               means that hop too). A hop with `retry_budget=10%` counts at most 1.1. `backoff` and `jitter` change nothing.\n\
               - Not multiplied: tries above a call that its caller does without (`optional`, `fallback`, `on=error` or `on=failover` on the caller's next line, a cache with an `on=miss` hop \
               beside it, a CDN with `stale_if_error`); tries before `~>`, `<->` or a queue. Of calls that one request makes one after another (`calls=5`, a later line to the same node) the first that fails is the last.\n\
               - No retries come over a call with a `breaker` on it or on a call above it that counts (it takes lateness for a failure only with a `timeout`: where that is missing, `no-timeout` asks); \
               where the chain starts at a worker or at what takes from a queue; with a `deadline` on the call, if the node is code of one's own (a store does not look at it); with `shed` on the node or its direct caller; \
               nor at an external with a `rate_limit`, a function, or what is managed and neither a relational database nor a cache.\n\
               - Nor over hops with a `bulkhead` or `pool`, on the hop or its caller, if all of them into the node together hold back enough: the sum of bound × instances of the caller is at \
               most the larger of (what the node carries × the shortest `timeout` of these hops) and (its `concurrency` × instances); of these two, what is known; where neither is, they are taken to be enough. What is \
               refused so fails at the caller, which is judged as a node of its own.\n\
               - An error where two calls or more of the chain that multiplies most have `attempts=2` or more, and the capacity is stated or measured by its vendor; a warning otherwise; a question where the capacity is a rule of \
               thumb. Where it is not stated or its vendor's, and the chain is one for `retry-storm`, that one speaks.\n\
               - Not evaluated where only the capacity is missing, the tries multiply to 4 or more, 100 a second or more would come, and no finding names a hop of the chain.",
        why: "A server that is late does work for callers that have gone, and they have gone to ask again. New requests keep coming \
              too, so that waiting longer between tries makes the same number of tries. With three tries whatever is more than a \
              third busy stays down after the rush is over, until somebody takes the traffic away.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x4\nservice links x4\npostgres store x2 failover=auto capacity=1k/s\n\
              flow read rate=300/s {\n  web -> front -> api -> links timeout=400ms attempts=3 backoff jitter\n  links -> store reads timeout=100ms attempts=3 backoff jitter\n}\n",
        good: "client web\nlb front managed\nservice api x4\nservice links x4\npostgres store x2 failover=auto capacity=1k/s\n\
               flow read rate=300/s {\n  web -> front -> api -> links timeout=400ms attempts=3 backoff jitter retry_budget=10%\n  links -> store reads timeout=100ms attempts=3 backoff jitter retry_budget=10%\n}\n",
        ignore: "The callers are few and wait for their answers: no new work comes while the old has failed.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    if nobody_retries(facts.design) {
        return Vec::new();
    }
    let chains = Chains::of(facts.design);
    let all = retries(facts.design);
    let mut down: Vec<&Retries> = all.iter().filter(|of| stays_down(of)).collect();
    let excess = |of: &Retries| match (&of.failing, of.carries()) {
        (Ok(failing), Some(carries)) => failing.value / carries,
        _ => 0.0,
    };
    // A stable sort: of equals, the first in the file.
    down.sort_by(|one, other| excess(other).total_cmp(&excess(one)));
    // What shares a retried hop with the worst has its cause.
    let mut causes: HashMap<EdgeIndex, usize> = HashMap::new();
    let mut groups: Vec<Vec<&Retries>> = Vec::new();
    let storms =
        all.iter().filter(|of| matches!(of.verdict, Verdict::Unknown(_)) && is_storm(of.layers, of.product));
    for (of, is_down) in down.into_iter().map(|of| (of, true)).chain(storms.map(|of| (of, false))) {
        let hops = retried(facts, &chains, of);
        let known = hops.iter().find_map(|hop| causes.get(hop).copied());
        let at = match known {
            Some(at) => at,
            None if is_down => {
                groups.push(Vec::new());
                groups.len() - 1
            }
            None => continue,
        };
        groups[at].push(of);
        causes.extend(hops.into_iter().map(|hop| (hop, at)));
    }
    let mut found: Vec<Diagnostic> = groups.iter().map(|group| finding(facts, &chains, group)).collect();
    let others =
        all.iter().filter(|of| !retried(facts, &chains, of).iter().any(|hop| causes.contains_key(hop)));
    found.extend(others.filter_map(|of| missing(facts, of)));
    found
}

fn stays_down(of: &Retries) -> bool {
    of.verdict == Verdict::StaysDown
        && of.utilisation().is_some_and(|used| used <= 1.0)
        && !is_left_to_storm(of)
}

/// The tries are too many whatever it carries, and what it carries is assumed or not known.
fn is_left_to_storm(of: &Retries) -> bool {
    let assumed = of.grade().is_some_and(|grade| grade != Grade::A);
    let open = match of.verdict {
        Verdict::StaysDown => assumed,
        Verdict::Unknown(_) => true,
        Verdict::Recovers | Verdict::Mitigated(_) => false,
    };
    open && is_storm(of.layers, of.product)
}

/// The hops whose retries reach a node, the outermost first.
fn retried(facts: &Facts, chains: &Chains, of: &Retries) -> Vec<EdgeIndex> {
    let design = facts.design;
    let calls = design.graph.edges_directed(of.index, petgraph::Direction::Incoming);
    let mut steps: Vec<usize> = calls.flat_map(|edge| edge.weight().steps.iter().copied()).collect();
    steps.sort_unstable();
    let mut hops: Vec<EdgeIndex> =
        steps.into_iter().flat_map(|at| chains.multiplying(at)).map(|at| design.steps[at].hop).collect();
    keep_first(&mut hops);
    hops
}

/// Only the capacity is missing, and the retries are worth knowing it.
fn missing(facts: &Facts, of: &Retries) -> Option<Diagnostic> {
    let node = facts.node(of.index);
    let want = format!("`capacity` of {}", node.name());
    let only = matches!(&of.verdict, Verdict::Unknown(wants) if *wants == [want.clone()]);
    let many = of.unstopped.is_some_and(|rate| rate >= CONSIDERABLE) && of.product >= MANY * (1.0 - 1e-9);
    let own = node.kind != Kind::External && !node.is_managed();
    (only && many && own).then(|| Diagnostic::not_evaluated(want, node.span))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::diagnostic::{Severity, Verdict};
    use crate::rules::testing::{design, expect};
    use crate::rules::{Facts, run};

    const NODES: &str = "client u\nservice a\nservice b\nservice c\nqueue q\nworker w\npostgres e\nredis r\n";

    #[test]
    fn cases() {
        let case = |d: &str, flow: &str, expected: &[&str]| {
            expect(&RULE, &format!("{NODES}database d {d}\nflow f rate=100/s {{ {flow} }}"), expected);
        };
        let two = "u -> a -> b attempts=3 -> d attempts=3";
        case("capacity=500/s", two, &["wrong d"]);
        case("capacity=900/s", two, &[]);
        case("capacity=899/s", two, &["wrong d"]);
        case("x9 capacity=100/s", two, &[]);
        case("capacity=500/s autoscale=[1, 2]", two, &[]);
        case("capacity=500/s", "u -> a attempts=3 -> b -> d attempts=3", &["wrong d"]);
        case("capacity=250/s", "u -> a -> d attempts=3", &["wrong d"]);
        // Busier than it can be without any retry: another rule's.
        case("capacity=90/s", two, &[]);
        // Nobody above sees it fail.
        case("capacity=500/s", "u -> a -> b attempts=3 -> d attempts=3 optional", &[]);
        case(
            "capacity=500/s",
            "u -> a attempts=3 -> b attempts=3 fallback=stale -> d attempts=3",
            &["wrong d"],
        );
        case("capacity=500/s", "u -> a attempts=3 -> b fallback=stale -> d attempts=3", &[]);
        case("capacity=500/s", "u -> a attempts=3 -> b\nb -> d attempts=3\nb -> e on=failover", &[]);
        // Budgets, breakers, deadlines, bounds.
        case(
            "capacity=500/s",
            "u -> a -> b attempts=3 retry_budget=10% -> d attempts=3 retry_budget=10%",
            &[],
        );
        case("capacity=300/s", "u -> a -> b attempts=3 -> d attempts=3 retry_budget=10%", &["wrong d"]);
        case("capacity=500/s", "u -> a -> b attempts=3 breaker -> d attempts=3", &[]);
        case("capacity=500/s", "u -> a -> b attempts=3 -> d attempts=3 breaker", &[]);
        case(
            "capacity=500/s",
            "u -> a breaker -> b fallback=x -> c attempts=3 -> d attempts=3",
            &["wrong d"],
        );
        // A database works on for who has gone; code looks at the time that is left.
        case("capacity=500/s", "u -> a -> b attempts=3 -> d attempts=3 deadline", &["wrong d"]);
        let last = |hop: &str, expected: &[&str]| {
            let text = format!(
                "{NODES}service s capacity=500/s\nflow f rate=100/s {{ u -> a -> b attempts=3 -> s attempts=3 {hop} }}"
            );
            expect(&RULE, &text, expected);
        };
        last("", &["wrong s"]);
        last("deadline", &[]);
        case("capacity=500/s", "u -> a -> b attempts=3 deadline -> d attempts=3", &["wrong d"]);
        case("capacity=500/s", "u -> a -> b attempts=3 -> d attempts=3 timeout=1s pool=500", &[]);
        case("capacity=500/s", "u -> a -> b attempts=3 -> d attempts=3 timeout=1s pool=501", &["wrong d"]);
        case("capacity=500/s", "u -> a -> b attempts=3 -> d attempts=3 bulkhead", &[]);
        case(
            "capacity=500/s",
            "u -> a -> b attempts=3 backoff jitter -> d attempts=3 backoff jitter",
            &["wrong d"],
        );
        // What waits in a queue is asked for when there is an answer.
        case("capacity=500/s", "u -> a ~> q ~> w -> b attempts=3 -> d attempts=3", &[]);
        case("capacity=500/s", "u -> a ~> b attempts=3 -> c attempts=3 -> d attempts=3", &["wrong d"]);
        // The first of several that fails is the last.
        case("capacity=500/s", "u -> a -> d attempts=3 calls=3", &[]);
        case("capacity=250/s", "u -> a -> d attempts=2\na -> d attempts=2", &[]);
        case("capacity=250/s", "u -> a -> d attempts=3\na -> d attempts=3", &["wrong d"]);
        case("capacity=250/s", "u -> a -> d attempts=2 optional\na -> d attempts=2", &["wrong d"]);
        // Without a cache's answer the store is asked, and nobody tries again for that.
        case("capacity=500/s", "u -> a attempts=3\na -> r attempts=3\na -> d on=miss", &[]);
    }

    #[test]
    fn shedding_on_the_node_or_right_before_it() {
        let case = |b: &str, c: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a\nservice b {b}\nservice c {c} capacity=200/s\n\
                 flow f rate=100/s {{ u -> a -> b attempts=2 -> c attempts=2 }}"
            );
            expect(&RULE, &text, expected);
        };
        case("", "", &["wrong c"]);
        case("", "shed", &[]);
        case("shed", "", &[]);
        case("", "concurrency=100 latency=100ms", &["wrong c"]);
    }

    #[test]
    fn one_cause_is_one_finding() {
        let text = "client u\nservice a x2\nservice b capacity=200/s\npostgres d capacity=300/s\ndatabase e\n\
                    every call attempts=3\nflow f rate=100/s { u -> a -> b -> d -> e }";
        expect(&RULE, text, &["wrong d, b, e"]);
        let evidence = run(&RULE, &Facts::new(&design(text))).remove(0).evidence.join("\n");
        assert!(evidence.contains("those on `u -> a` are the client's own"), "{evidence}");
        // Different flows, different retries.
        let text = "client u\nservice a\nservice b\ndatabase d capacity=150/s\ndatabase e capacity=150/s\n\
                    flow f rate=100/s { u -> a -> d attempts=2 }\nflow g rate=100/s { u -> b -> e attempts=2 }";
        expect(&RULE, text, &["wrong d", "wrong e"]);
    }

    #[test]
    fn a_number_is_missing() {
        let case = |d: &str, flow: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a\nservice b\n{d}\n{flow} {{ u -> a -> b attempts=2 -> d attempts=2 }}"
            );
            expect(&RULE, &text, expected);
        };
        case("database d", "flow f rate=100/s", &["wants capacity of d"]);
        case("database d", "flow f rate=20/s", &[]);
        case("database d", "flow f", &[]);
        case("database d capacity=100/s", "flow f", &[]);
        case("dynamodb d", "flow f rate=100/s", &[]);
        case("external d", "flow f rate=100/s", &[]);
        case("external d rate_limit=100/s", "flow f rate=100/s", &[]);
    }

    #[test]
    fn how_much_it_weighs() {
        let said = |node: &str, flow: &str| {
            let text = format!("client u\nservice a\nservice b\n{node}\nflow f {flow}");
            let found = run(&RULE, &Facts::new(&design(&text)));
            let mut said = found.iter().filter(|finding| finding.verdict != Verdict::NotEvaluated);
            said.next().map(|finding| (finding.verdict, finding.severity))
        };
        let two = "rate=1k/s { u -> a -> b attempts=2 -> d attempts=2 }";
        assert_eq!(said("database d capacity=2k/s", two), Some((Verdict::Wrong, Severity::Error)));
        let one = "rate=1k/s { u -> a -> b -> d attempts=4 }";
        assert_eq!(said("database d capacity=2k/s", one), Some((Verdict::Wrong, Severity::Warning)));
        // PostgreSQL by a rule of thumb carries 3,000 a second.
        assert_eq!(said("postgres d", two), Some((Verdict::Unstated, Severity::Warning)));
        let three = "rate=1k/s { u -> a attempts=2 -> b attempts=2 -> d attempts=2 }";
        assert_eq!(said("postgres d", three), None);
        // Memcached by a careful measurement 200,000.
        assert_eq!(
            said("memcached d", &two.replace("1k", "100k")),
            Some((Verdict::Wrong, Severity::Warning))
        );
    }

    /// What it says to write is enough.
    #[test]
    fn following_the_advice_ends_it() {
        for rate in [30, 50, 80, 85, 95] {
            let text = format!(
                "client u\nservice a\nservice b\ndatabase d capacity=100/s\n\
                 flow f rate={rate}/s {{ u -> a -> b attempts=3 -> d attempts=3 }}"
            );
            let found = run(&RULE, &Facts::new(&design(&text)));
            let fix = &found[0].fix;
            let mended = match fix.starts_with("`retry_budget=10%` on `a -> b` and `b -> d`") {
                true => text.replace("attempts=3", "attempts=3 retry_budget=10%"),
                false => {
                    assert!(fix.starts_with("a `breaker` on `b -> d`"), "{fix}");
                    text.replace("-> d attempts=3", "-> d attempts=3 breaker")
                }
            };
            expect(&RULE, &mended, &[]);
        }
    }
}
