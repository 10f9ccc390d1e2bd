use crate::catalog::Kind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::numbers::Capacity;
use crate::rules::facts::{enough_instances, lost_with_one};
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
    reads: &["autoscale", "capacity", "shed"],
    page: Page {
        checks: "Load balancers, gateways, services, functions and connection servers with several instances: what those \
                 serve that are left when one zone, or one instance, is lost.",
        when: "`capacity` is stated, the load is known and all instances together carry it, but not those that remain: \
               with instances over two zones or more, all but the fullest zone's; else all but one. An error where even \
               the flows' `rate` is too much for them, a warning where only their `peak` is. Silent with `autoscale` and \
               with `shed`, for one instance, and where the instances do not carry the load to begin with (`over-capacity` \
               says so).",
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

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for at in facts.nodes(|kind| kind.is_compute() && kind != Kind::Scheduler) {
        let node = facts.node(at);
        let answered = node.attrs.has("autoscale") || node.attrs.has("shed") || node.is_managed();
        let stated = node.attrs.has("capacity") && !answered;
        let Some(capacity) = Capacity::of(node).filter(|_| stated && node.instances >= 2) else { continue };
        let arrivals = facts.arriving(at, |step| !facts.node(step.from).kind.is_broker());
        let zones = node.zones.len();
        let left = node.instances - lost_with_one(node.instances, zones);
        let carried = left as f64 * capacity.each;
        let load = arrivals.busiest;
        if left == 0 || load <= carried || load > capacity.total() {
            continue;
        }
        let name = node.name();
        let (gone, whose) = match zones {
            0 | 1 => ("one instance".to_string(), String::new()),
            zones => (format!("one of {zones} zones"), format!(" in {zones} zones")),
        };
        let enough = enough_instances(node, load, capacity.each);
        let always = arrivals.mean > carried;
        found.push(
            Diagnostic::wrong(
                format!("without {gone}, {name} serves {} of {} that arrive", show_rate(carried), show_rate(load)),
                node.span,
                format!("{} instances{whose}", node.instances),
            )
            .at_most(if always { Severity::Error } else { Severity::Warning })
            .node(&node.id)
            .flows(arrivals.flows())
            .evidence(format!("arriving at the busiest time: {}", arrivals.show()))
            .evidence(format!(
                "left: ({} − {}) × {} = {}",
                node.instances,
                node.instances - left,
                show_rate(capacity.each),
                show_rate(carried)
            ))
            .consequence(format!(
                "{gone} is gone, the other {} take over its requests, are at their limit at once, and {name} is down everywhere",
                show_number(left as f64)
            ))
            .fix(format!("`x{}` on {name}, or `shed` on it so that it refuses what is too much", enough)),
        );
    }
    found
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
        case("zones=3", "x6 capacity=100/s shed", "rate=500/s", &[]);
        case("zones=3", "x6", "rate=500/s", &[]);
        case("zones=3", "x6 capacity=100/s", "", &[]);
    }

    #[test]
    fn a_busy_hour_weighs_less_than_every_hour() {
        let severity = |flow: &str| {
            run(&RULE, &Facts::new(&design(&text("zones=3", "x6 capacity=100/s", flow))))[0].severity
        };
        assert_eq!(severity("rate=500/s"), Severity::Error);
        assert_eq!(severity("rate=100/s peak=500/s"), Severity::Warning);
    }
}
