//! Rules that need numbers: each fires as soon as all of its numbers are there, and without one of them says nothing and
//! names it, unless another rule asks for it.

mod common;

use common::design;
use jiff::civil::date;
use spof::diagnostic::Verdict;
use spof::rules::{self, Critique};

/// A number of a design, and what the line "Not evaluated for want of numbers" says when it is gone.
enum Without {
    /// Names it.
    Wants(&'static str),
    /// Nothing: there is nothing to hold against anything, or a question of the rule or of another asks for it.
    Silent,
    /// The rule finds the flaw in another way.
    Still,
}

use Without::{Silent, Still, Wants};

type Inputs = &'static [(&'static str, Without)];

/// The rule, and the numbers in its page's bad design.
const RULES: &[(&str, Inputs)] = &[
    ("availability-out-of-reach", &[("availability=99.99%", Silent), ("sla=99.9%", Silent)]),
    ("rpo-not-met", &[("rpo=5min", Silent), ("lag=10min", Still), ("backup=1d", Still)]),
    (
        "id-space-too-small",
        &[("length=5", Wants("`length` of the codes of `links`")), ("rows = 6G;", Silent)],
    ),
    ("one-partition-carries-all", &[("capacity=20k/s", Silent), ("rate=30k/s", Wants("`rate` of `trade`"))]),
    ("consumers-too-slow", &[("capacity=2/s", Silent), ("rate=50/s", Wants("`rate` of `upload`"))]),
    ("consumers-exceed-partitions", &[("partitions=4", Silent)]),
    (
        "visibility-too-short",
        &[("latency_p99=4min", Wants("`latency_p99` of `encode`")), ("visibility=30s", Silent)],
    ),
    ("cache-loss-overloads-store", &[("capacity=5k/s", Silent), ("rate=40k/s", Wants("`rate` of `show`"))]),
    ("pointless-cache", &[("hit_rate=10%", Silent)]),
    ("offset-pagination-deep", &[("rows = 50M", Silent)]),
    ("chatty-calls", &[("calls=30", Silent)]),
    ("long-work-in-request", &[("long", Silent)]),
    ("timeout-inversion", &[("timeout=300ms", Silent), ("timeout=2s", Silent)]),
    ("timeout-exceeds-budget", &[("timeout=30s", Silent), ("p99=200ms", Silent)]),
    (
        "connection-exhaustion",
        &[
            ("pool=20", Wants("`pool` of `api -> store`")),
            ("max_connections=500", Wants("`max_connections` of `store`")),
        ],
    ),
    ("write-ceiling", &[("capacity=4k/s", Silent), ("rate=9k/s", Wants("`rate` of `measure`"))]),
    (
        "storage-ceiling",
        &[
            ("storage=2TB", Silent),
            ("rows = 20G;", Silent),
            ("size = 400B;", Wants("`size` of table `event` in `store`")),
        ],
    ),
    (
        "fanout-on-write-celebrity",
        &[
            ("skew = 0.3%", Wants("`skew` of table `follow`")),
            ("capacity=20k/s", Wants("`capacity` of `feeds`")),
            ("rows = 10G;", Silent),
        ],
    ),
    ("broadcast-to-all", &[("capacity=10k/s", Wants("`capacity` of `gate`")), ("rate=20k/s", Silent)]),
    ("one-counter", &[("rows = 1", Silent), ("rate=5k/s", Silent)]),
    ("reads-outgrow-primary", &[("capacity=5k/s", Silent), ("rate=40k/s", Wants("`rate` of `show`"))]),
    (
        "over-capacity",
        &[
            ("capacity=500/s", Wants("`capacity` of `api`")),
            ("peak=3k/s", Silent),
            ("rate=1k/s peak=3k/s", Wants("the load of `api`: `rate` of the flows through it")),
        ],
    ),
    (
        "thread-hold",
        &[
            ("concurrency=100", Silent),
            ("timeout=5s", Wants("`timeout` of `api -> maps`")),
            ("rate=400/s", Wants("`rate` of `plan`")),
        ],
    ),
    ("figures-disagree", &[("rows=1M;", Silent), ("ttl=1y", Silent), ("rate=10/s", Silent)]),
    (
        "presence-write-amplification",
        &[
            ("connections=50k", Wants("`connections` of `push`")),
            ("heartbeat=30s", Wants("`heartbeat` of `push`")),
        ],
    ),
    ("premature-microservices", &[("rate=5/s", Silent)]),
    (
        "sharding-not-needed",
        &[
            ("rows = 2M;", Wants("`rows` of table `user` in `store`")),
            ("size = 1KB", Wants("`size` of table `user` in `store`")),
            ("rate=50/s", Silent),
        ],
    ),
    ("regions-not-needed", &[("availability=99.9%", Silent)]),
    (
        "working-set-exceeds-memory",
        &[
            ("memory=64GB", Silent),
            ("working_set=20%", Silent),
            ("rows = 2G;", Wants("`rows` of table `event`")),
            ("size = 400B;", Wants("`size` of table `event`")),
        ],
    ),
];

fn critique(text: &str) -> Critique {
    rules::check(&design(text), date(2026, 1, 1))
}

fn says(critique: &Critique, rule: &str) -> bool {
    critique.findings.iter().any(|finding| finding.code == rule && finding.verdict == Verdict::Wrong)
}

fn wants<'c>(critique: &'c Critique, rule: &str) -> Vec<&'c str> {
    let silent = critique.not_evaluated.iter().filter(|silent| silent.rule == rule);
    silent.flat_map(|silent| silent.wants.iter().map(String::as_str)).collect()
}

#[test]
fn each_wakes_with_its_numbers_and_names_the_one_that_is_missing() {
    let mut wrong = Vec::new();
    for (id, inputs) in RULES {
        let bad = rules::find(id).unwrap_or_else(|| panic!("no rule {id}")).page.bad;
        let whole = critique(bad);
        assert!(says(&whole, id) && wants(&whole, id).is_empty(), "{id} sleeps on:\n{bad}");
        for (input, without) in *inputs {
            assert_eq!(bad.matches(input).count(), 1, "{input} in {id}:\n{bad}");
            let critique = critique(&bad.replace(input, ""));
            let (says, wants) = (says(&critique, id), wants(&critique, id));
            let expected = match without {
                Wants(number) => !says && wants == [*number],
                Silent => !says && wants.is_empty(),
                Still => says,
            };
            if !expected {
                let asks: Vec<&str> = critique
                    .findings
                    .iter()
                    .filter(|finding| finding.verdict == Verdict::Unstated)
                    .map(|finding| finding.code)
                    .collect();
                wrong.push(format!("{id} without {input}: says {says}, wants {wants:?}, asked {asks:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
