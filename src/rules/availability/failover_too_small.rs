use std::collections::HashMap;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Node, Value};
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
        when: "A node other than a cache has a way out (the finding points there):\n\n\
               - a hop `on=error` or `on=failover` of its caller on the line after, or `fallback=ID`;\n\
               - a hop of its caller outside flows, into a `spare` group or `on=failover`;\n\
               - a copy (`replica_of`) of a database with one primary. The copy stands in a `spare` group, or the primary is one instance and states a `failover`.\n\n\
               With the node down, some other node gets more than it serves, and does not otherwise (that is `over-capacity`'s to say). It is the one that takes over or, with a hop in a flow, one that the flow goes on to from there. \
               What it serves is all its instances × their stated `capacity` or `concurrency` / `latency`, or the `rate_limit` of an external. Of a relational copy that becomes the primary only one instance counts, and the reads that it answered so far count too, unless it has other instances, to which they are left. \
               Caches behind it are taken to be as warm as they say (`hit_rate`), and what a queue or topic hands over does not count.\n\n\
               - An error where the flows' `rate` is too much for it.\n\
               - A warning where only their `peak` is, and where it is too much for those that run (`xN`, or the least of `autoscale=[least, most]`) and not for the most: everything comes within seconds, and others start in minutes. A bare `autoscale` has no most.\n\
               - Silent where what takes over says `shed`, has a bare `autoscale` and no `xN` of two or more, or states no capacity.\n\
               - One finding for each node that is too small, which names the other losses that lead to it.",
        why: "A standby is paid for and does nothing, so it is bought small, and it stays as it is while the first one grows. On the day on which the first is lost it gets everything \
              within seconds, at the hour at which most is asked, with cold caches; then there are two that are down.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x4\nservice rates x6 capacity=500/s\nservice rates-old x2 capacity=500/s\n\
              flow show rate=2k/s { web -> front -> api -> rates timeout=200ms\napi -> rates-old on=error timeout=200ms }\n",
        good: "client web\nlb front managed\nservice api x4\nservice rates x6 capacity=500/s\nservice rates-old x6 capacity=500/s\n\
               flow show rate=2k/s { web -> front -> api -> rates timeout=200ms\napi -> rates-old on=error timeout=200ms }\n",
        ignore: "Somebody adds instances before it takes over, and has practised that.",
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
    /// It is enough once others have started.
    starting: bool,
}

impl Short {
    /// At any hour, and not only at the busiest.
    fn always(&self) -> bool {
        self.then.mean > self.serves && !self.starting
    }
}

/// A takeover, and those for which it is too much, the most telling first.
struct Loss {
    takeover: Takeover,
    worst: Short,
    others: Vec<Short>,
}

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut losses: Vec<Loss> =
        facts.takeovers().into_iter().filter_map(|takeover| loss(facts, takeover)).collect();
    // Of several losses that lead to one small node the heaviest is told.
    losses.sort_by(|a, b| {
        let weight = |loss: &Loss| (!loss.worst.always(), loss.worst.starting);
        weight(a).cmp(&weight(b)).then(b.worst.then.busiest.total_cmp(&a.worst.then.busiest))
    });
    let mut told: Vec<(Loss, Vec<Loss>)> = Vec::new();
    let mut at: HashMap<NodeIndex, usize> = HashMap::new();
    for loss in losses {
        match at.get(&loss.worst.node) {
            Some(&first) if told[first].0.takeover.first != loss.takeover.first => told[first].1.push(loss),
            Some(_) => {}
            None => {
                at.insert(loss.worst.node, told.len());
                told.push((loss, Vec::new()));
            }
        }
    }
    told.sort_by_key(|(loss, _)| loss.takeover.span);
    told.iter().map(|(loss, likewise)| finding(facts, loss, likewise)).collect()
}

fn loss(facts: &Facts, takeover: Takeover) -> Option<Loss> {
    let short =
        takeover.loads.iter().filter_map(|&(node, usual, then)| short(facts, &takeover, node, usual, then));
    let mut short: Vec<Short> = short.collect();
    // The one that takes over first, then whoever is furthest beyond what it serves.
    let ratio = |short: &Short| short.then.busiest / short.serves;
    short.sort_by(|a, b| {
        let behind = |short: &Short| short.node != takeover.target;
        behind(a).cmp(&behind(b)).then(ratio(b).total_cmp(&ratio(a)))
    });
    let mut short = short.into_iter();
    let worst = short.next()?;
    Some(Loss { takeover, worst, others: short.collect() })
}

fn short(facts: &Facts, takeover: &Takeover, at: NodeIndex, usual: Rates, then: Rates) -> Option<Short> {
    let node = facts.node(at);
    if node.attrs.has("shed") || node.kind == Kind::Client {
        return None;
    }
    let Served { runs, most, each } = served(node, takeover.promoted)?;
    // One that becomes the primary leaves to the others what it answered so far.
    let alone = takeover.promoted && node.instances > 1;
    let then = if alone {
        Rates { mean: then.mean - usual.mean, busiest: then.busiest - usual.busiest }
    } else {
        then
    };
    // Of what grows so many run as the usual load takes.
    let now = (runs * each).max(usual.busiest);
    let starting = then.busiest <= most * each;
    let serves = if starting { now } else { most * each };
    if usual.busiest > most * each || then.busiest <= serves || serves <= 0.0 {
        return None;
    }
    let sum = match node.kind {
        Kind::External => format!("it takes {} from you", show_rate(serves)),
        _ if starting && now > runs * each => format!("as many run as its usual {} take", show_rate(now)),
        _ => {
            let count = if starting { runs } else { most };
            format!("{} × {} = {}", show_number(count), show_rate(each), show_rate(serves))
        }
    };
    Some(Short { node: at, usual, then, serves, sum, each, starting })
}

/// Instances that serve when nothing has been added yet and when everything has, and what one of them serves.
struct Served {
    runs: f64,
    most: f64,
    each: f64,
}

fn served(node: &Node, promoted: bool) -> Option<Served> {
    if node.kind == Kind::External {
        let each = node.attrs.number("rate_limit").value()?;
        return Some(Served { runs: 1.0, most: 1.0, each });
    }
    let setting = node.attrs.get("autoscale").map(|setting| &setting.value);
    if setting == Some(&Value::Yes) {
        let at_once = node.attrs.number("concurrency").value().zip(node.attrs.number("latency").value());
        let by_time =
            at_once.filter(|(_, latency)| *latency > 0.0).map(|(at_once, latency)| at_once / latency);
        let each = node.attrs.number("capacity").value().or(by_time)?;
        let runs = node.instances as f64;
        return (runs >= 2.0).then_some(Served { runs, most: f64::INFINITY, each }).filter(|_| each > 0.0);
    }
    let capacity =
        Capacity::at_work(node).filter(|capacity| capacity.grade.is_none() && capacity.each > 0.0)?;
    let relational = node.tech.is_some_and(|tech| tech.model.as_deref() == Some("relational"));
    let most = if promoted && relational { 1.0 } else { capacity.instances };
    let runs = match setting {
        Some(Value::Range(least, _)) => least.max(node.instances as f64).min(most),
        _ => most,
    };
    Some(Served { runs, most, each: capacity.each })
}

fn finding(facts: &Facts, Loss { takeover, worst, others }: &Loss, likewise: &[Loss]) -> Diagnostic {
    let [first, target, node] = [takeover.first, takeover.target, worst.node].map(|node| facts.node(node));
    let (whom, who, name) = (first.name(), target.name(), node.name());
    let (load, serves) = (show_rate(worst.then.busiest), show_rate(worst.serves));
    let until = if worst.starting { " until others have started" } else { "" };
    let message = if worst.node == takeover.target {
        format!("when {whom} is down, {who} gets {load} and serves {serves}{until}")
    } else {
        format!("when {whom} is down and {who} takes over, {name} gets {load} and serves {serves}{until}")
    };
    let flows = takeover.flows.iter().map(|&flow| facts.design.flows[flow].id.clone());
    let mut finding = Diagnostic::wrong(message, takeover.span, format!("taken when {whom} has failed"))
        .at_most(if worst.always() { Severity::Error } else { Severity::Warning })
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
    for other in likewise {
        finding = finding.node(facts.id(other.takeover.first));
    }
    for other in likewise.iter().take(3) {
        finding = finding.evidence(format!(
            "likewise without {}: {name} gets {}",
            facts.node(other.takeover.first).name(),
            show_rate(other.worst.then.busiest)
        ));
    }
    let larger = match node.kind {
        _ if worst.starting => format!(
            "`{}` on {name}, so that what carries {load} runs before it is needed",
            write_least(node, enough_instances(node, worst.then.busiest, worst.each))
        ),
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

/// So many that run at any time.
fn write_least(node: &Node, count: u64) -> String {
    match node.attrs.get("autoscale").map(|setting| &setting.value) {
        Some(Value::Range(_, most)) => {
            format!("autoscale=[{count}, {}]", show_number(most.max(count as f64)))
        }
        _ => format!("x{count}"),
    }
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
        // Enough of them, and not when it is needed.
        case("x2 capacity=500/s autoscale=[2, 6]", "rate=2k/s", &["wrong c, b"]);
        case("x2 capacity=500/s autoscale=[4, 6]", "rate=2k/s", &[]);
        case("x2 capacity=500/s autoscale", "rate=2k/s", &["wrong c, b"]);
        case("x4 capacity=500/s autoscale", "rate=2k/s", &[]);
        case("x2 capacity=500/s autoscale=[2, 3]", "rate=2k/s", &["wrong c, b"]);
        // It refuses the rest, grows without an end, or states nothing.
        case("x2 capacity=500/s shed", "rate=2k/s", &[]);
        case("capacity=500/s autoscale", "rate=2k/s", &[]);
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

    #[test]
    fn a_node_that_is_too_small_for_several_losses_is_said_once() {
        let text = "client u\nservice a x2\nservice b x6\nservice c x6\nservice d x2 capacity=500/s\n\
                    flow f rate=2k/s { u -> a -> b\na -> d on=error }\nflow g rate=3k/s { u -> a -> c\na -> d on=error }";
        expect(&RULE, text, &["wrong d, c, b"]);
    }

    #[test]
    fn what_starts_too_late_weighs_less() {
        let severity = |scale: &str| {
            let text = format!(
                "client u\nservice a x2\nservice b x6\nservice c x2 capacity=500/s {scale}\nflow f rate=2k/s {{ u -> a -> b\na -> c on=error }}"
            );
            run(&RULE, &Facts::new(&design(&text)))[0].severity
        };
        assert_eq!(severity(""), Severity::Error);
        assert_eq!(severity("autoscale=[2, 3]"), Severity::Error);
        assert_eq!(severity("autoscale=[2, 6]"), Severity::Warning);
    }
}
