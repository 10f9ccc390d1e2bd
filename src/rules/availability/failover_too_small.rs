use std::collections::HashSet;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::Node;
use crate::diagnostic::{Diagnostic, Severity};
use crate::numbers::Capacity;
use crate::rules::facts::{Rates, Takeover, enough_instances, write_instances};
use crate::rules::{Confidence, Facts, Group, Page, Rule};
use crate::units::{show_number, show_rate};

pub static RULE: Rule = Rule {
    id: "failover-too-small",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Availability,
    summary: "what takes over cannot carry what it takes over",
    question: None,
    reads: &[
        "autoscale",
        "capacity",
        "concurrency",
        "failover",
        "fallback",
        "latency",
        "on",
        "rate_limit",
        "replica_of",
        "shed",
        "spare",
    ],
    page: Page {
        checks: "Ways out that are drawn for the loss of a node, and whether those that get the load then can serve it.",
        when: "A node other than a cache has a way out: a hop `on=error` or `on=failover` of its caller on the line after, `fallback=ID`, a hop of its caller outside flows into a `spare` group or `on=failover`, or a copy \
               (`replica_of`) of a database with one primary, in a `spare` group or where the primary is one machine with a `failover`. With the node down, some other node (the one that takes over; with a hop in a flow, also what the flow goes on \
               to from there) gets more than all its instances (the most of `autoscale`) serve by their stated `capacity`, or `concurrency` / `latency`, and of an external more than its `rate_limit`; and does not \
               otherwise. A copy that becomes the primary takes all of it with one machine, of a relational database. An error where the flows' `rate` is too much, a warning where only their `peak` is. What a queue or topic hands \
               over does not count. Silent where what takes over says `shed`, or has a bare `autoscale`, and where no capacity is stated.",
        why: "A standby is paid for and does nothing, so it is bought small, and it stays as it is while the first one grows. On the day on which the first is lost it gets everything \
              within seconds, at the hour at which most is asked, with cold caches; then there are two that are down.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x4\nservice rates x6 capacity=500/s\nservice rates-old x2 capacity=500/s\n\
              flow show rate=2k/s { web -> front -> api -> rates timeout=200ms\napi -> rates-old on=error timeout=200ms }\n",
        good: "client web\nlb front managed\nservice api x4\nservice rates x6 capacity=500/s\nservice rates-old x6 capacity=500/s\n\
               flow show rate=2k/s { web -> front -> api -> rates timeout=200ms\napi -> rates-old on=error timeout=200ms }\n",
        ignore: "Instances are added before it takes over, by somebody who has practised it: write how many as `autoscale=[least, most]`.",
    },
    check,
};

/// What is too much for one of those that a takeover leads to.
struct Short {
    node: NodeIndex,
    usual: Rates,
    then: Rates,
    serves: f64,
    sum: String,
    each: f64,
}

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for takeover in facts.takeovers() {
        let short = takeover
            .loads
            .iter()
            .filter_map(|&(node, usual, then)| short(facts, &takeover, node, usual, then));
        let mut short: Vec<Short> = short.collect();
        // The one that takes over first, then whoever is furthest beyond what it serves.
        let ratio = |short: &Short| short.then.busiest / short.serves;
        short.sort_by(|a, b| {
            let behind = |short: &Short| short.node != takeover.target;
            behind(a).cmp(&behind(b)).then(ratio(b).total_cmp(&ratio(a)))
        });
        if let Some(worst) = short.first().filter(|worst| seen.insert((takeover.first, worst.node))) {
            found.push(finding(facts, &takeover, worst, &short[1..]));
        }
    }
    found
}

fn short(facts: &Facts, takeover: &Takeover, at: NodeIndex, usual: Rates, then: Rates) -> Option<Short> {
    let node = facts.node(at);
    if node.attrs.has("shed") || node.kind == Kind::Client {
        return None;
    }
    let (serves, each, sum) = serves(node, takeover.promoted)?;
    // One that becomes the primary leaves to the others what it answered so far.
    let alone = takeover.promoted && node.instances > 1;
    let then = if alone {
        Rates { mean: then.mean - usual.mean, busiest: then.busiest - usual.busiest }
    } else {
        then
    };
    let fits = then.busiest <= serves || serves <= 0.0;
    (!fits && usual.busiest <= serves).then_some(Short { node: at, usual, then, serves, sum, each })
}

/// What it serves as stated, what one of it does, and how that is reckoned.
fn serves(node: &Node, promoted: bool) -> Option<(f64, f64, String)> {
    if node.kind == Kind::External {
        let limit = node.attrs.number("rate_limit").value()?;
        return Some((limit, limit, format!("it takes {} from you", show_rate(limit))));
    }
    let capacity =
        Capacity::at_work(node).filter(|capacity| capacity.grade.is_none() && capacity.each > 0.0)?;
    let relational = node.tech.is_some_and(|tech| tech.model.as_deref() == Some("relational"));
    let instances = if promoted && relational { 1.0 } else { capacity.instances };
    let serves = instances * capacity.each;
    let sum = format!("{} × {} = {}", show_number(instances), show_rate(capacity.each), show_rate(serves));
    Some((serves, capacity.each, sum))
}

fn finding(facts: &Facts, takeover: &Takeover, worst: &Short, others: &[Short]) -> Diagnostic {
    let [first, target, node] = [takeover.first, takeover.target, worst.node].map(|node| facts.node(node));
    let (whom, who, name) = (first.name(), target.name(), node.name());
    let (load, serves) = (show_rate(worst.then.busiest), show_rate(worst.serves));
    let message = if worst.node == takeover.target {
        format!("when {whom} is down, {who} gets {load} and serves {serves}")
    } else {
        format!("when {whom} is down and {who} takes over, {name} gets {load} and serves {serves}")
    };
    let always = worst.then.mean > worst.serves;
    let flows = takeover.flows.iter().map(|&flow| facts.design.flows[flow].id.clone());
    let mut finding = Diagnostic::wrong(message, takeover.span, format!("taken when {whom} has failed"))
        .at_most(if always { Severity::Error } else { Severity::Warning })
        .node(&node.id)
        .node(&first.id)
        .label(node.span, format!("serves {serves}"))
        .flows(flows)
        .evidence(format!(
            "{name} at the busiest time: {} on any other day, {load} without {whom}",
            show_rate(worst.usual.busiest)
        ))
        .evidence(format!("{name} serves: {}", worst.sum));
    for other in others.iter().take(3) {
        finding = finding.evidence(format!(
            "{} gets {} then, and serves {}",
            facts.node(other.node).name(),
            show_rate(other.then.busiest),
            show_rate(other.serves)
        ));
    }
    let larger = match node.kind {
        Kind::External => format!("a higher `rate_limit` from {name}"),
        Kind::Database if takeover.promoted => {
            format!("machines for {name} as large as those of {whom}: {load} each")
        }
        _ => format!(
            "`{}` on {name}, which carry {load}",
            write_instances(node, enough_instances(node, worst.then.busiest, worst.each))
        ),
    };
    finding
        .consequence(format!(
            "{whom} fails at a busy hour, everything goes to {who}, {name} is beyond its limit in the same minute, and the way out is down like the first"
        ))
        .fix(format!("{larger}; or `shed` on {name}, so that it serves a part and refuses the rest"))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::diagnostic::Severity;
    use crate::rules::testing::{design, expect};
    use crate::rules::{Facts, run};

    #[test]
    fn hops_on_error() {
        let case = |second: &str, flow: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a x2\nservice b x6 capacity=500/s\nservice c {second}\nflow f {flow} {{ u -> a -> b\na -> c on=error }}"
            );
            expect(&RULE, &text, expected);
        };
        case("x2 capacity=500/s", "rate=2k/s", &["wrong c, b"]);
        case("x2 capacity=500/s", "rate=1k/s", &[]);
        case("x2 capacity=500/s", "rate=100/s peak=2k/s", &["wrong c, b"]);
        case("x2 concurrency=50 latency=100ms", "rate=2k/s", &["wrong c, b"]);
        case("x2 capacity=500/s autoscale=[2, 6]", "rate=2k/s", &[]);
        case("x2 capacity=500/s autoscale=[2, 3]", "rate=2k/s", &["wrong c, b"]);
        // It refuses the rest, grows without an end, or states nothing.
        case("x2 capacity=500/s shed", "rate=2k/s", &[]);
        case("x2 capacity=500/s autoscale", "rate=2k/s", &[]);
        case("x2", "rate=2k/s", &[]);
        case("x2 capacity=500/s", "", &[]);
    }

    #[test]
    fn what_stands_behind() {
        let case = |store: &str, more: &str, expected: &[&str]| {
            let text = format!(
                "client u\nlb l\nservice a x9\nservice b x9\ndatabase d\ndatabase e {store}\n\
                 flow f rate=2k/s {{ u -> l -> a -> d\nl -> b on=failover -> e }}\n{more}"
            );
            expect(&RULE, &text, expected);
        };
        case("capacity=1k/s", "", &["wrong e, a"]);
        case("capacity=2k/s", "", &[]);
        // What it gets anyway comes on top.
        case("capacity=2k/s", "flow g rate=1k/s { u -> b -> e }", &["wrong e, a"]);
        // It is not enough in the first place.
        case("capacity=1k/s", "flow g rate=2k/s { u -> b -> e }", &[]);
    }

    #[test]
    fn fallbacks_and_spare_groups() {
        let fallback = |limit: &str| {
            format!(
                "client u\nservice a x2\nexternal b\nexternal c rate_limit={limit}\nflow f rate=100/s {{ u -> a -> b fallback=c }}"
            )
        };
        expect(&RULE, &fallback("50/s"), &["wrong c, b"]);
        expect(&RULE, &fallback("100/s"), &[]);
        let spare = |service: &str| {
            format!(
                "client u\ndns n managed\nregion e {{ service a x9 }}\nregion w spare {{ service b {service} capacity=500/s }}\n\
                 flow f rate=2k/s {{ u -> n -> a }}\nn -> b"
            )
        };
        expect(&RULE, &spare("x2"), &["wrong b, a"]);
        expect(&RULE, &spare("x4"), &[]);
    }

    #[test]
    fn copies_that_become_the_primary() {
        let case = |first: &str, copy: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a x2\npostgres d {first}\npostgres e replica_of=d {copy}\nflow f rate=2k/s {{ u -> a -> d writes }}\n\
                 flow g rate=400/s {{ u -> a -> e reads }}"
            );
            expect(&RULE, &text, expected);
        };
        case("failover=auto", "capacity=1k/s", &["wrong e, d"]);
        case("failover=auto", "capacity=2200/s", &["wrong e, d"]);
        case("failover=auto", "capacity=2400/s", &[]);
        // Only one of them takes the writes, and the others answer the readers.
        case("failover=auto", "x3 capacity=1k/s", &["wrong e, d"]);
        case("failover=auto", "x3 capacity=2200/s", &[]);
        // Read from, and promoted by nobody.
        case("", "capacity=1k/s", &[]);
        case("x2 failover=auto", "capacity=1k/s", &[]);
        let away = "client u\nservice a x2\npostgres d\nregion w spare { postgres e replica_of=d capacity=1k/s }\nflow f rate=2k/s { u -> a -> d writes }";
        expect(&RULE, away, &["wrong e, d"]);
    }

    #[test]
    fn a_cache_that_is_gone_is_another_story() {
        let case = |second: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a x2\nredis c hit_rate=90%\ndatabase d capacity=500/s\nservice b x2 {second}\n\
                 flow f rate=1k/s {{ u -> a -> c reads\na -> d on=miss\na -> b on=error }}"
            );
            expect(&RULE, &text, expected);
        };
        // The 100 a second that the cache lets through; not the 1,000 without it.
        case("capacity=40/s", &["wrong b, d"]);
        case("capacity=60/s", &[]);
    }

    #[test]
    fn a_busy_hour_weighs_less_than_every_hour() {
        let severity = |flow: &str| {
            let text = format!(
                "client u\nservice a x2\nexternal b\nexternal c rate_limit=50/s\nflow f {flow} {{ u -> a -> b fallback=c }}"
            );
            run(&RULE, &Facts::new(&design(&text)))[0].severity
        };
        assert_eq!(severity("rate=100/s"), Severity::Error);
        assert_eq!(severity("rate=10/s peak=100/s"), Severity::Warning);
    }
}
