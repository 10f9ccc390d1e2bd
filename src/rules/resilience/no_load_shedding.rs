use std::collections::HashSet;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::Flow;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Outage, Page, Question, Rule};
use crate::units::{show_number, show_rate};

/// How many times the average a peak is from which on it is a rush.
const A_RUSH: f64 = 3.0;

/// From which on it is a crowd: each caller keeps to its limit, and together they are too many.
const A_CROWD: f64 = 10.0;

pub static RULE: Rule = Rule {
    id: "no-load-shedding",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Resilience,
    summary: "more comes than it can take, and nothing is refused: all of it becomes slow",
    question: Some(Question {
        topic: "overload",
        text: "more comes than they can take: what is refused first?",
    }),
    reads: &["autoscale", "managed", "on", "peak", "quota", "rate", "rate_limit", "shed"],
    page: Page {
        checks: "Flows that state a `peak` far above their `rate`: whether anything on the way may refuse.",
        when: "A flow that a client waits for states a `rate` and a `peak` of at least 3 times that and above 100 a second. What it \
               calls through counts: every load balancer, gateway, service, function and connection server up to the first \
               store or queue. Wrong where any of these says `shed=none`. A question, about the first of them, where none says \
               `shed`, `rate_limit`, `quota` or `autoscale`. From 10 times the rate on only `shed` counts: a crowd keeps to \
               the limits for each caller, and new instances come minutes after it. Silent behind a CDN that may answer from \
               its copies (a hop from it is `on=miss`, or the flow's label does not begin with POST, PUT, PATCH or DELETE), and \
               behind a CDN or firewall that itself says `shed`, `rate_limit` or `quota`. Nothing is asked of a load balancer or identity service that a vendor runs, which nobody can make refuse: the next that the team runs is asked. Once for each such node, and not where \
               `no-rate-limit` speaks of it. Managed gateways and functions refuse by themselves.",
        why: "An overloaded server does not serve what it can and drop the rest: it works on everything, finishes nothing in \
              time, and its callers try again. Refusing a tenth at the door keeps nine tenths alive.",
        outage: Some(Outage {
            name: "Google, 2019",
            what: "a configuration change overloaded part of the blob lookup system, which caused a cascading failure",
            link: "https://status.cloud.google.com/incident/storage/19002",
        }),
        bad: "client web\nlb front x2\nservice api x4 shed=none rate_limit=10/s\npostgres store x2 failover=auto\n\
              flow buy rate=200/s peak=5k/s { web -> front -> api -> store reads timeout=200ms }\n",
        good: "client web\nlb front x2\nservice api x4 shed rate_limit=10/s\npostgres store x2 failover=auto\n\
               flow buy rate=200/s peak=5k/s { web -> front -> api -> store reads timeout=200ms }\n",
        ignore: "The peak is known and paid for: there is room for more than it, at all times.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut known = HashSet::new();
    for flow in &facts.design.flows {
        let Some((rate, peak)) = rush(flow) else { continue };
        let door = door(facts, flow);
        let none = door.iter().copied().find_map(|node| {
            let shed = facts.node(node).attrs.get("shed").filter(|_| !facts.node(node).attrs.has("shed"));
            shed.map(|setting| (node, setting.span))
        });
        // What a vendor runs without code of the team's takes no such advice.
        let vendors = |node: NodeIndex| {
            let node = facts.node(node);
            matches!(node.kind, Kind::Lb | Kind::Auth) && node.is_managed()
        };
        let Some(&first) = door.iter().find(|&&node| !vendors(node)) else { continue };
        let crowd = peak >= A_CROWD * rate;
        let guarded = door.iter().any(|&node| refuses(facts, node, crowd));
        let (node, span) = match none {
            Some((node, span)) => (node, Some(span)),
            None if guarded => continue,
            None => (first, None),
        };
        if known.insert(node) {
            found.push(finding(facts, flow, node, span, rate, peak));
        }
    }
    found
}

/// The rate and the peak of a flow whose busiest time is a rush.
fn rush(flow: &Flow) -> Option<(f64, f64)> {
    let rate = flow.attrs.number("rate").value()?;
    let peak = flow.attrs.number("peak").value()?;
    (peak >= A_RUSH * rate * 0.999_999 && peak > 100.0).then_some((rate, peak))
}

/// What a client's request passes, one after another, until something is kept or handed off.
fn door(facts: &Facts, flow: &Flow) -> Vec<NodeIndex> {
    let mut passed: HashSet<NodeIndex> = HashSet::new();
    let mut door = Vec::new();
    for step in facts.design.steps_of(flow) {
        if facts.node(step.from).kind == Kind::Client && passed.is_empty() {
            passed.insert(step.from);
        }
        let goes_on = facts.node(step.to).kind.is_compute()
            || matches!(facts.node(step.to).kind, Kind::Cdn | Kind::Waf | Kind::Dns);
        if passed.contains(&step.from) && goes_on && passed.insert(step.to) {
            door.push(step.to);
        }
    }
    // What stands before the system answers or refuses for it, and is asked nothing itself.
    let is_before = |node: &NodeIndex| matches!(facts.node(*node).kind, Kind::Cdn | Kind::Waf | Kind::Dns);
    let absorbs = |node: &NodeIndex| answers_from_copies(facts, flow, *node) || refuses(facts, *node, false);
    if door.iter().any(|node| is_before(node) && absorbs(node)) {
        return Vec::new();
    }
    door.retain(|node| !is_before(node));
    door
}

/// A CDN keeps copies of what is read, and passes on what is written.
fn answers_from_copies(facts: &Facts, flow: &Flow, node: NodeIndex) -> bool {
    let changes = matches!(flow.method(), "POST" | "PUT" | "PATCH" | "DELETE");
    let on_miss =
        |step: &crate::design::Step| step.from == node && step.attrs.text("on").value() == Some("miss");
    facts.node(node).kind == Kind::Cdn && (!changes || facts.design.steps_of(flow).iter().any(on_miss))
}

/// For a crowd only what refuses whoever it is: limits are for each caller, and a new instance takes minutes.
fn refuses(facts: &Facts, node: NodeIndex, crowd: bool) -> bool {
    let node = facts.node(node);
    let throttles = matches!(node.kind, Kind::Gateway | Kind::Function) && node.is_managed();
    let limits = node.attrs.has("rate_limit") || node.attrs.has("quota");
    throttles || node.attrs.has("shed") || ((limits || node.attrs.has("autoscale")) && !crowd)
}

fn finding(
    facts: &Facts,
    flow: &Flow,
    node: NodeIndex,
    none: Option<crate::source::Span>,
    rate: f64,
    peak: f64,
) -> Diagnostic {
    let name = facts.node(node).name();
    let [usual, most] = [rate, peak].map(show_rate);
    let message = format!(
        "{name} takes all that comes of `{}`, {most} and more: nothing is refused when it is too much",
        flow.id
    );
    let finding = match none {
        Some(span) => Diagnostic::wrong(message, span, "said to refuse nothing"),
        None => Diagnostic::unstated(message, facts.node(node).span, "no `shed` here").question(format!(
            "`{}` goes from {usual} to more than {most}: what does {name} refuse first?",
            flow.id
        )),
    };
    finding
        .node(facts.id(node))
        .flows([flow.id.clone()])
        .evidence(format!("peak {most} is {} times the usual {usual}", show_number((peak / rate).round())))
        .consequence(format!(
            "the rush is a little larger than planned: {name} works on all of it, finishes nothing in time, and everybody \
             tries again"
        ))
        .mend(Mend::node(facts.id(node), "shed"))
        .fix(format!("`shed` on {name}, so that the least important is refused early"))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |lb: &str, service: &str, flow: &str, expected: &[&str]| {
            let text = format!(
                "client u\ncdn c\nlb l {lb}\nservice a x2 {service}\npostgres d\nqueue q\nworker w\nflow f {flow}"
            );
            expect(&RULE, &text, expected);
        };
        let rush = "rate=100/s peak=1k/s { u -> l -> a -> d reads }";
        case("", "", rush, &["unstated l"]);
        case("", "shed=none", rush, &["wrong a"]);
        case("rate_limit=10/s", "", rush, &["unstated l"]);
        // Something on the way may refuse.
        case("shed", "", rush, &[]);
        case("", "shed", rush, &[]);
        case("rate_limit=10/s", "", "rate=100/s peak=500/s { u -> l -> a -> d reads }", &[]);
        case("", "", "rate=100/s peak=1k/s { u -> c -> l -> a }", &[]);
        case("", "autoscale=[2, 20]", "rate=100/s peak=500/s { u -> l -> a -> d reads }", &[]);
        // A crowd is there before the second instance, and what it writes passes a CDN.
        case("", "autoscale=[2, 20]", rush, &["unstated l"]);
        case("", "", "\"POST /t\" rate=100/s peak=1k/s { u -> c -> l -> a }", &["unstated l"]);
        // No rush, few requests, or no numbers.
        case("", "", "rate=500/s peak=1k/s { u -> l -> a -> d reads }", &[]);
        case("", "", "rate=5/s peak=60/s { u -> l -> a -> d reads }", &[]);
        case("", "", "rate=1k/s { u -> l -> a -> d reads }", &[]);
        case("", "", "peak=1k/s { u -> l -> a -> d reads }", &[]);
        // Messages wait.
        case("", "", "rate=100/s peak=1k/s { q ~> w -> d writes }", &[]);
        // A vendor's identity service or load balancer has no such switch.
        let flow = "flow f rate=100/s peak=1k/s";
        expect(&RULE, &format!("client u\nauth i managed\n{flow} {{ u -> i }}"), &[]);
        expect(&RULE, &format!("client u\nauth i x2\n{flow} {{ u -> i }}"), &["unstated i"]);
        expect(
            &RULE,
            &format!("client u\nauth i managed\nservice a x2\n{flow} {{ u -> i\nu -> a }}"),
            &["unstated a"],
        );
        expect(&RULE, &format!("client u\nalb l\nservice a x2\n{flow} {{ u -> l -> a }}"), &["unstated a"]);
        expect(&RULE, "client u\napigateway g\nservice a\nflow f rate=100/s peak=1k/s { u -> g -> a }", &[]);
    }
}
