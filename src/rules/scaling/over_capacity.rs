use petgraph::graph::NodeIndex;

use crate::catalog::{Grade, Kind};
use crate::design::{Arrow, Node};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::numbers::Capacity;
use crate::rules::facts::{Arrivals, HEADROOM, enough_instances, enough_to_hold, write_instances};
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::units::{show_duration, show_number, show_rate};

pub static RULE: Rule = Rule {
    id: "over-capacity",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Scaling,
    summary: "more arrives at the busiest time than all instances together serve",
    question: Some(Question { topic: "capacity", text: "the busiest minute of the year: do they carry it?" }),
    reads: &["autoscale", "capacity", "concurrency", "connections", "latency", "users"],
    page: Page {
        checks: "Load balancers, gateways, services, functions, workers that are called, connection servers, identity \
                 services and caches: what arrives at them against what all their instances serve.",
        when: "What the flows bring (each at its `peak`, or its `rate` where it has none; what a queue or topic hands over \
               is not counted) is more than the instances (the most of `autoscale=[least, most]`) times their `capacity`, \
               or times `concurrency` / `latency` where both are stated and `capacity` is not. A warning where it is more \
               than 70 % of that, without `autoscale`. Where the capacity is that of the technology, as of nginx and Redis, \
               it is a warning at most. Of the only connection server that clients are connected to: a count in `given`, \
               in whose name a word begins with `online`, `concurrent` or `connect` (`online`, `users_online`), is more \
               than its instances times `connections`; without such a count, a question if less than one in a hundred `users` of the clients could be connected. Silent \
               with a bare `autoscale`. Not evaluated where 500 a second or more arrive at each instance of a gateway, \
               service, function or connection server whose capacity is not known, or where a capacity is stated and no \
               rate is.",
        why: "Beyond what it serves, a server does not get slower by a little: the waiting line grows with every second, \
              callers give up and try again, and their second requests stand in the same line. It does not recover before \
              the load falls well below what it carried before. Above 70 % the line is already longer than the work.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x4 capacity=500/s\n\
              flow show rate=1k/s peak=3k/s { web -> front -> api }\n",
        good: "client web\nlb front managed\nservice api x9 capacity=500/s\n\
               flow show rate=1k/s peak=3k/s { web -> front -> api }\n",
        ignore: "The peaks of its flows never fall together: state the sum as one, or allow it and say when they are.",
    },
    check,
};

/// Requests to one instance from which it is worth knowing what it serves: half of what is said of most programs.
const CONSIDERABLE: f64 = 500.0;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for at in facts.nodes(|kind| (kind.is_compute() && kind != Kind::Scheduler) || kind == Kind::Cache) {
        let node = facts.node(at);
        if node.most_instances().is_none() {
            continue;
        }
        let arrivals = facts.arriving(at, |step| !facts.node(step.from).kind.is_broker());
        found.extend(requests(node, &arrivals));
    }
    found.extend(connections(facts));
    found
}

fn requests(node: &Node, arrivals: &Arrivals) -> Option<Diagnostic> {
    let Some((capacity, sum)) = capacity(node) else {
        let serves = node.kind.is_app() && node.kind != Kind::Worker && !node.is_managed();
        return (serves && arrivals.busiest >= CONSIDERABLE * node.instances as f64)
            .then(|| Diagnostic::not_evaluated(format!("`capacity` of {}", node.name()), node.span));
    };
    let (load, total) = (arrivals.busiest, capacity.total());
    let (over, name) = (load > total, node.name());
    if !over && (load <= total * HEADROOM || node.attrs.has("autoscale")) {
        // One number would wake it: the rate of a flow that says none.
        let missing = arrivals.unknown.filter(|_| capacity.grade.is_none() && load == 0.0)?;
        return Some(Diagnostic::not_evaluated(
            format!("the load of {name}: `rate` of the flows through it"),
            missing.span,
        ));
    }
    let least = if arrivals.unknown.is_some() { "at least " } else { "" };
    let message = if over {
        format!("{name} gets {least}{} at its busiest and serves {}", show_rate(load), show_rate(total))
    } else {
        let share = show_number((load / total * 100.0).floor());
        format!("{name} is {share} % busy when its flows are: nothing is left for a bad minute")
    };
    let label = format!("{} × {}", show_number(capacity.instances), show_rate(capacity.each));
    let finding = match capacity.grade {
        Some(Grade::C) => Diagnostic::unstated(message, node.span, label)
            .question(format!("does {name} carry {} at its busiest?", show_rate(load))),
        _ => Diagnostic::wrong(message, node.span, label),
    };
    let certain = over && capacity.grade.is_none();
    let wanted = enough_instances(node, load, capacity.each);
    let consequence = if over {
        format!(
            "requests wait in line at {name} until callers give up and try again, which makes the line longer; it lasts until the load falls"
        )
    } else {
        format!(
            "a slow minute, a deploy or one lost instance takes {name} over its limit, and the waiting line grows until callers time out"
        )
    };
    Some(
        finding
            .at_most(if certain { Severity::Error } else { Severity::Warning })
            .node(&node.id)
            .flows(arrivals.flows())
            .evidence(format!("arriving at the busiest time: {least}{}", arrivals.show()))
            .evidence(sum)
            .consequence(consequence)
            .mend(Mend::count(&node.id, &write_instances(node, wanted)))
            .fix(format!(
                "`{}` on {name}, which carry {} at {} % or less{}",
                write_instances(node, wanted),
                show_rate(load),
                show_number(HEADROOM * 100.0),
                spread(node)
            )),
    )
}

fn spread(node: &Node) -> &'static str {
    if node.zones.len() >= 2 { ", and with one zone gone" } else { "" }
}

/// What all instances serve, and how that is reckoned.
fn capacity(node: &Node) -> Option<(Capacity, String)> {
    let capacity = Capacity::at_work(node)?;
    let by_latency = capacity.grade.is_none() && node.attrs.number("capacity").value().is_none();
    let how = match (capacity.grade, node.tech) {
        (Some(_), Some(tech)) => format!(" (assumed of {})", tech.title),
        _ if by_latency => {
            let number = |name| node.attrs.number(name).value().unwrap_or_default();
            let (at_once, latency) = (number("concurrency"), number("latency"));
            format!(" ({} at once, {} each)", show_number(at_once), show_duration(latency))
        }
        _ => String::new(),
    };
    let sum = format!(
        "serving: {} × {}{how} = {}",
        show_number(capacity.instances),
        show_rate(capacity.each),
        show_rate(capacity.total())
    );
    Some((capacity, sum))
}

/// The one kind of server that clients are connected to, against how many are connected at once.
fn connections(facts: &Facts) -> Option<Diagnostic> {
    let mut sockets = facts.connected_sockets();
    let (Some(at), None) = (sockets.next(), sockets.next()) else { return None };
    let node = facts.node(at);
    let each = node.attrs.number("connections").value()?;
    let instances = node.most_instances()? as f64;
    let (total, name) = (each * instances, node.name());
    let place = node.attrs.get("connections").map_or(node.span, |setting| setting.span);
    let sum =
        format!("{} × {} = {} connections", show_number(instances), show_number(each), show_number(total));
    let finding = if let Some(online) = facts.online() {
        let count = online.value.value;
        if count <= total {
            return None;
        }
        let message = format!(
            "{name} holds {} connections for {} clients that are there at once",
            show_number(total),
            show_number(count)
        );
        Diagnostic::wrong(message, place, format!("× {}", show_number(instances)))
            .label(online.span, show_number(count))
            .mend(Mend::count(&node.id, &write_instances(node, enough_to_hold(node, count, each))))
            .fix(format!(
                "`{}` on {name}, which hold {}{}",
                write_instances(node, enough_to_hold(node, count, each)),
                show_number(count),
                spread(node)
            ))
    } else {
        let users = users(facts, at);
        if users * ONLINE <= total {
            return None;
        }
        let message =
            format!("{name} holds {} connections for {} users", show_number(total), show_number(users));
        Diagnostic::unstated(message, place, format!("× {}", show_number(instances)))
            .question(format!(
                "how many of the {} users are connected to {name} at once?",
                show_number(users)
            ))
            .fix(
                "`online = 10% * users` in `given`, with your own share, and instances that hold as many"
                    .to_string(),
            )
    };
    Some(
        finding.node(&node.id).evidence(sum).consequence(format!(
            "{name} is full on an ordinary evening: whoever comes then is refused, tries again, and so does everybody else"
        )),
    )
}

/// Fewer than this share of all users are hardly ever connected at once to what they use all day.
const ONLINE: f64 = 0.01;

/// The users of the clients that hold connections, directly or through what stands before.
fn users(facts: &Facts, socket: NodeIndex) -> f64 {
    let first = facts.way_to(socket).first().copied();
    let streams = |client: NodeIndex| {
        facts
            .hops_from(client)
            .iter()
            .chain(&facts.hops_to(client))
            .any(|(_, hop)| hop.arrow == Arrow::Stream)
    };
    facts
        .nodes(|kind| kind == Kind::Client)
        .filter(|&client| Some(client) == first || streams(client))
        .filter_map(|client| facts.node(client).attrs.number("users").value())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::diagnostic::Severity;
    use crate::rules::testing::{design, expect};
    use crate::rules::{Facts, run};

    fn text(service: &str, flow: &str) -> String {
        format!("client u\nservice a {service}\npostgres d\nflow f {flow} {{ u -> a -> d reads }}")
    }

    #[test]
    fn requests() {
        let case =
            |service: &str, flow: &str, expected: &[&str]| expect(&RULE, &text(service, flow), expected);
        case("x2 capacity=100/s", "rate=300/s", &["wrong a"]);
        case("x2 capacity=100/s", "rate=50/s peak=300/s", &["wrong a"]);
        case("x2 capacity=100/s", "rate=150/s", &["wrong a"]);
        case("x2 capacity=100/s", "rate=140/s", &[]);
        case("x2 concurrency=10 latency=100ms", "rate=300/s", &["wrong a"]);
        case("x2 concurrency=10 latency=10ms", "rate=300/s", &[]);
        case("x2 capacity=100/s autoscale", "rate=300/s", &[]);
        case("x2 capacity=100/s autoscale=[2, 4]", "rate=300/s", &[]);
        case("x2 capacity=100/s autoscale=[2, 4]", "rate=500/s", &["wrong a"]);
        // A number is missing.
        case("x2", "rate=3k/s", &["wants capacity of a"]);
        case("x20", "rate=3k/s", &[]);
        case("x2 autoscale", "rate=3k/s", &[]);
        case("x2 capacity=100/s", "", &["wants the load of a: rate of the flows through it"]);
        case("x2", "", &[]);
    }

    #[test]
    fn severities() {
        let severity =
            |service: &str| run(&RULE, &Facts::new(&design(&text(service, "rate=300/s"))))[0].severity;
        assert_eq!(severity("x2 capacity=100/s"), Severity::Error);
        assert_eq!(severity("x4 capacity=100/s"), Severity::Warning);
    }

    /// What it says to write is enough, and enough with one zone gone.
    #[test]
    fn following_the_advice_ends_it() {
        let text = |zones: usize, instances: &str| {
            format!(
                "client u\nregion r zones={zones} {{ service a {instances} capacity=100/s }}\nflow f rate=900/s {{ u -> a }}"
            )
        };
        for zones in 1..=4 {
            let bounded = design(&text(zones, "x2 autoscale=[2, 4]"));
            let found = run(&RULE, &Facts::new(&bounded));
            let wanted = found[0].fix.split('`').nth(1).unwrap();
            assert!(wanted.starts_with("autoscale=[2, "), "{wanted}");
            let mended = design(&text(zones, &format!("x2 {wanted}")));
            assert!(
                run(crate::rules::find("no-headroom-after-zone-loss").unwrap(), &Facts::new(&mended))
                    .is_empty()
            );
            let found = run(&RULE, &Facts::new(&design(&text(zones, "x2"))));
            let wanted = found[0].fix.split('`').nth(1).unwrap();
            let mended = design(&text(zones, wanted));
            for rule in [&RULE, crate::rules::find("no-headroom-after-zone-loss").unwrap()] {
                assert!(run(rule, &Facts::new(&mended)).is_empty(), "{zones} zones: {wanted}");
            }
        }
    }

    #[test]
    fn what_a_technology_serves_is_assumed() {
        let case = |cache: &str, rate: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a capacity=10M/s\nredis c {cache}\nflow f rate={rate} {{ u -> a -> c reads }}"
            );
            expect(&RULE, &text, expected);
        };
        case("", "40k/s", &[]);
        case("", "100k/s", &["wrong c"]);
        case("x3", "100k/s", &[]);
        case("capacity=200k/s", "100k/s", &[]);
    }

    #[test]
    fn what_waits_in_a_queue_does_not_count() {
        let text = "client u\nservice a capacity=10k/s\nsqs q\nworker w capacity=10/s\nflow f rate=1k/s { u -> a ~> q ~> w }";
        expect(&RULE, text, &[]);
    }

    #[test]
    fn connections() {
        let case = |given: &str, users: &str, socket: &str, expected: &[&str]| {
            let text = format!("{given}\nclient u {users}\nlb l\nsocket s {socket}\nu <-> l <-> s");
            expect(&RULE, &text, expected);
        };
        let given = "given { users = 50M; online = 10% * users }";
        case(given, "users=50M", "x60 connections=50k", &["wrong s"]);
        case(given, "users=50M", "x120 connections=50k", &[]);
        case("", "users=50M", "x60 connections=50k", &[]);
        case("", "users=50M", "x2 connections=50k", &["unstated s"]);
        case("", "", "x2 connections=50k", &[]);
        case(given, "users=50M", "x60", &[]);
        case("given { players_online = 5M }", "users=50M", "x60 connections=50k", &["wrong s"]);
        case("given { offline = 5M }", "", "x60 connections=50k", &[]);
    }
}
