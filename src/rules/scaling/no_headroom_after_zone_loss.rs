use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Node};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::numbers::Capacity;
use crate::rules::facts::{enough_instances, enough_to_hold, lost_with_one, write_instances};
use crate::rules::{Confidence, Facts, Group, Page, Rule};
use crate::units::{show_number, show_rate};

pub static RULE: Rule = Rule {
    id: "no-headroom-after-zone-loss",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Scaling,
    summary: "what is left after a lost zone, or a lost instance, cannot carry the load",
    question: None,
    reads: &[
        "autoscale",
        "capacity",
        "concurrency",
        "connections",
        "fallback",
        "latency",
        "on",
        "rate_limit",
        "shed",
    ],
    page: Page {
        checks: "Load balancers, gateways, services, functions and connection servers with several instances: what those \
                 serve that are left when one zone, or one instance, is lost.",
        when: "The design states what an instance serves (`capacity`, or `concurrency` and `latency`; what is assumed of a \
               technology does not count), the load is known and all instances together carry it, but not those that \
               remain: with instances over two zones or more, all but the fullest zone's; else all but one. An error where \
               even the flows' `rate` is too much for them, a warning where only their `peak` is. Further:\n\n\
               - With `xN autoscale=[least, most]` over several zones the most is taken, and it is a warning, since others start in \
               time; without zones it is silent.\n\
               - Where every call to it in a flow has a way out (a hop `on=error` or `on=failover` on the line after, or `fallback`), a warning at most; silent \
               where what that leads to states its capacity without `shed`, since `failover-too-small` then reckons whether it carries everything.\n\
               - Of the only connection server that clients are connected to, a warning where those that remain hold, by their \
               `connections`, less than the count in `given` that `over-capacity` reads (`online`, `concurrent…`, \
               `connect…`).\n\
               - Silent with a bare `autoscale`, with `shed`, where it is managed, for one instance, and where \
               the instances do not carry the load to begin with (`over-capacity` says so).",
        why: "Redundancy that is needed every day is none. When one of three zones goes, its third of the requests moves \
              to the other two within seconds; if they were two thirds busy already, they fall too. New machines cannot be \
              had quickly then: everybody else in the zone asks for them in the same minute.",
        outage: None,
        bad: "client web\nregion eu zones=3 {\n  lb front managed\n  service api x6 capacity=500/s\n}\n\
              flow show rate=1k/s peak=2500/s { web -> front -> api }\n",
        good: "client web\nregion eu zones=3 {\n  lb front managed\n  service api x8 capacity=500/s\n}\n\
               flow show rate=1k/s peak=2500/s { web -> front -> api }\n",
        ignore: "Losing a zone is promised to cost a part of the answers.",
    },
    check,
};

/// By flow, caller and whom it called first.
type Around = HashMap<(usize, NodeIndex, NodeIndex), Option<NodeIndex>>;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let around = OnceCell::new();
    for at in facts.nodes(|kind| kind.is_compute() && kind != Kind::Scheduler) {
        let node = facts.node(at);
        let Some(instances) = instances(node) else { continue };
        let Some(capacity) = Capacity::at_work(node).filter(|capacity| capacity.grade.is_none()) else {
            continue;
        };
        let arrivals = facts.arriving(at, |step| !facts.node(step.from).kind.is_broker());
        let left = instances - lost_with_one(instances, node.zones.len());
        let carried = left as f64 * capacity.each;
        let load = arrivals.busiest;
        if left == 0 || load <= carried || load > capacity.total() {
            continue;
        }
        let name = node.name();
        let gone = gone(node);
        let enough = enough_instances(node, load, capacity.each);
        let grows = node.attrs.has("autoscale");
        let around = way_out(facts, around.get_or_init(|| facts.ways_around()), at);
        let judged = |target: &Option<NodeIndex>| target.is_some_and(|target| is_judged(facts.node(target)));
        if around.as_ref().is_some_and(|targets| targets.iter().all(judged)) {
            continue;
        }
        let always = arrivals.mean > carried && !grows && around.is_none();
        let until = if grows {
            " until others have started, which everybody else in the zone waits for as well"
        } else {
            ""
        };
        found.push(
            Diagnostic::wrong(
                format!("without {gone}, {name} serves {} of {} that arrive", show_rate(carried), show_rate(load)),
                node.span,
                place(node, instances),
            )
            .at_most(if always { Severity::Error } else { Severity::Warning })
            .node(&node.id)
            .flows(arrivals.flows())
            .evidence(format!("arriving at the busiest time: {}", arrivals.show()))
            .evidence(format!(
                "left: ({} − {}) × {} = {}",
                instances,
                instances - left,
                show_rate(capacity.each),
                show_rate(carried)
            ))
            .consequence(match around {
                Some(targets) => format!(
                    "{gone} is gone, the other {} take over its requests, are at their limit at once, and all that {name} answered is left to {}",
                    show_number(left as f64),
                    named(facts, &targets)
                ),
                None => format!(
                    "{gone} is gone, the other {} take over its requests, are at their limit at once, and {name} is down everywhere{until}",
                    show_number(left as f64)
                ),
            })
            .mend(Mend::count(&node.id, &write_instances(node, enough)))
            .fix(format!(
                "`{}` on {name}, or `shed` on it so that it refuses what is too much",
                write_instances(node, enough)
            )),
        );
    }
    found.extend(connections(facts));
    found
}

/// How many there are at most, where there are several and nothing else answers for a lost one: where instances are
/// added, one is replaced at once, and a zone is not.
fn instances(node: &Node) -> Option<u64> {
    let replaced = node.attrs.has("autoscale") && node.zones.len() < 2;
    let answered = node.attrs.has("shed") || node.is_managed() || replaced;
    node.most_instances().filter(|&most| !answered && most >= 2)
}

/// What its callers turn to instead, where every call to it in a flow has a way out; None among them is a word, such as an
/// old answer.
fn way_out(facts: &Facts, around: &Around, at: NodeIndex) -> Option<BTreeSet<Option<NodeIndex>>> {
    let calls = facts.design.steps_to(at).filter(|step| facts.arrow(step) != Arrow::Control);
    let targets: Option<BTreeSet<_>> = calls
        .filter(|step| step.flow.is_some())
        .map(|step| around.get(&(step.flow?, step.from, at)).copied())
        .collect();
    targets.filter(|targets| !targets.is_empty())
}

fn named(facts: &Facts, targets: &BTreeSet<Option<NodeIndex>>) -> String {
    let known: Vec<NodeIndex> = targets.iter().copied().flatten().collect();
    if known.is_empty() { "the fallback".to_string() } else { facts.names(&known) }
}

/// Whether it carries all that it then gets is what `failover-too-small` reckons.
fn is_judged(node: &Node) -> bool {
    let stated = Capacity::at_work(node).is_some_and(|capacity| capacity.grade.is_none());
    !node.attrs.has("shed") && (stated || node.attrs.number("rate_limit").value().is_some())
}

fn gone(node: &Node) -> String {
    match node.zones.len() {
        0 | 1 => "one instance".to_string(),
        zones => format!("one of {zones} zones"),
    }
}

fn place(node: &Node, instances: u64) -> String {
    match node.zones.len() {
        0 | 1 => format!("{instances} instances"),
        zones => format!("{instances} instances in {zones} zones"),
    }
}

/// The one kind of server that clients are connected to: whether all of them find a place without a zone.
fn connections(facts: &Facts) -> Option<Diagnostic> {
    let mut sockets = facts.connected_sockets();
    let (Some(at), None) = (sockets.next(), sockets.next()) else { return None };
    let node = facts.node(at);
    let online = facts.online()?;
    let each = node.attrs.number("connections").value()?;
    let instances = instances(node)?;
    let left = instances - lost_with_one(instances, node.zones.len());
    let (count, held, all) = (online.value.value, left as f64 * each, instances as f64 * each);
    if left == 0 || count <= held || count > all {
        return None;
    }
    let (name, gone) = (node.name(), gone(node));
    Some(
        Diagnostic::wrong(
            format!("without {gone}, {name} holds {} of {} connections", show_number(held), show_number(count)),
            node.span,
            place(node, instances),
        )
        .at_most(Severity::Warning)
        .label(online.span, show_number(count))
        .node(&node.id)
        .evidence(format!(
            "left: ({instances} − {}) × {} = {}",
            instances - left,
            show_number(each),
            show_number(held)
        ))
        .consequence(format!(
            "{gone} is gone, its clients connect to the other {left} at once, and {} of them are refused and try again until it is back",
            show_number(count - held)
        ))
        .mend(Mend::count(&node.id, &write_instances(node, enough_to_hold(node, count, each))))
        .fix(format!(
            "`{}` on {name}, which hold {} without {gone}",
            write_instances(node, enough_to_hold(node, count, each)),
            show_number(count)
        )),
    )
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::diagnostic::Severity;
    use crate::rules::testing::{design, expect};
    use crate::rules::{Facts, run};

    fn text(region: &str, service: &str, flow: &str) -> String {
        format!("client u\nregion r {region} {{ service a {service} }}\nflow f {flow} {{ u -> a }}")
    }

    #[test]
    fn cases() {
        let case = |region: &str, service: &str, flow: &str, expected: &[&str]| {
            expect(&RULE, &text(region, service, flow), expected);
        };
        case("zones=3", "x6 capacity=100/s", "rate=500/s", &["wrong a"]);
        case("zones=3", "x6 capacity=100/s", "rate=400/s", &[]);
        case("zones=3", "x8 capacity=100/s", "rate=500/s", &[]);
        case("zones=3", "x7 capacity=100/s", "rate=450/s", &["wrong a"]);
        // One instance is lost where there are no zones.
        case("", "x6 capacity=100/s", "rate=500/s", &[]);
        case("", "x6 capacity=100/s", "rate=550/s", &["wrong a"]);
        case("", "capacity=1k/s", "rate=500/s", &[]);
        // It does not carry the load as it is, grows by itself, or a number is missing.
        case("zones=3", "x6 capacity=100/s", "rate=700/s", &[]);
        case("zones=3", "x6 capacity=100/s autoscale=[6, 12]", "rate=500/s", &[]);
        case("zones=3", "x3 capacity=100/s autoscale=[3, 6]", "rate=500/s", &["wrong a"]);
        case("", "x3 capacity=100/s autoscale=[3, 6]", "rate=550/s", &[]);
        case("zones=3", "capacity=100/s autoscale", "rate=500/s", &[]);
        case("zones=3", "x6 concurrency=10 latency=100ms", "rate=500/s", &["wrong a"]);
        case("zones=3", "x6 capacity=100/s shed", "rate=500/s", &[]);
        case("zones=3", "x6", "rate=500/s", &[]);
        case("zones=3", "x6 capacity=100/s", "", &[]);
    }

    #[test]
    fn who_is_connected_finds_a_place() {
        let case = |given: &str, region: &str, socket: &str, expected: &[&str]| {
            let text = format!(
                "given {{ {given} }}\nclient u\nregion r {region} {{ lb l\nsocket s {socket} }}\nu <-> l <-> s"
            );
            expect(&RULE, &text, expected);
        };
        case("online = 5M", "zones=3", "x120 connections=50k", &["wrong s"]);
        case("online = 5M", "zones=3", "x150 connections=50k", &[]);
        case("users_online = 5M", "zones=3", "x120 connections=50k", &["wrong s"]);
        case("online = 5M", "zones=3", "x120 connections=50k shed", &[]);
        case("online = 5M", "zones=3", "x60 connections=50k", &[]);
        case("online = 5M", "", "x120 connections=50k", &[]);
        case("users = 5M", "zones=3", "x120 connections=50k", &[]);
        case("online = 5M", "zones=3", "x60 connections=50k autoscale=[60, 120]", &["wrong s"]);
    }

    /// 900/s on six of which four are left, in three zones.
    #[test]
    fn a_way_out_weighs_less() {
        let findings = |flow: &str| {
            let text = format!(
                "client u\nregion r zones=3 {{ service s x9\nservice a x6 capacity=200/s\nservice b x9 capacity=100/s\nservice c x9\nservice d x2 capacity=100/s shed }}\n{flow}"
            );
            let design = design(&text);
            run(&RULE, &Facts::new(&design)).iter().map(|found| found.severity).collect::<Vec<_>>()
        };
        assert_eq!(findings("flow f rate=900/s { u -> s -> a }"), [Severity::Error]);
        // Whether that carries it is another rule's question; what refuses a part is said here.
        assert_eq!(findings("flow f rate=900/s { u -> s -> a\ns -> b on=error }"), []);
        assert_eq!(findings("flow f rate=900/s { u -> s -> a\ns -> d on=error }"), [Severity::Warning]);
        assert_eq!(findings("flow f rate=900/s { u -> s -> a\ns -> c on=error }"), [Severity::Warning]);
        assert_eq!(findings("flow f rate=900/s { u -> s -> a fallback=stale }"), [Severity::Warning]);
        // One caller has none.
        let two = "flow f rate=800/s { u -> s -> a\ns -> b on=error }\nflow g rate=100/s { u -> c -> a }";
        assert_eq!(findings(two), [Severity::Error]);
    }

    #[test]
    fn a_busy_hour_weighs_less_than_every_hour() {
        let severity = |flow: &str| {
            run(&RULE, &Facts::new(&design(&text("zones=3", "x6 capacity=100/s", flow))))[0].severity
        };
        assert_eq!(severity("rate=500/s"), Severity::Error);
        assert_eq!(severity("rate=100/s peak=500/s"), Severity::Warning);
        let growing = text("zones=3", "x3 capacity=100/s autoscale=[3, 6]", "rate=500/s");
        assert_eq!(run(&RULE, &Facts::new(&design(&growing)))[0].severity, Severity::Warning);
    }
}
