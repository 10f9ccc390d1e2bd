use std::collections::HashMap;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Flow, Node, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Calls, Confidence, Facts, Group, Page, Rule};

/// Words of services that a request can do without, and words of flows that are about just that.
const SIDE_WORK: [(&[&str], &[&str]); 3] = [
    (
        &["analytics", "statistics", "stats", "telemetry", "metrics", "clickstream"],
        &[
            "analy",
            "stat",
            "telemetry",
            "metric",
            "click",
            "report",
            "dashboard",
            "insight",
            "chart",
            "count",
            "track",
            "ingest",
        ],
    ),
    (
        &["recommendation", "recommendations", "recommender", "recs"],
        &["recommend", "recs", "suggest", "feed", "discover", "similar", "related", "watch"],
    ),
    (
        &["notification", "notifications", "notifier", "newsletter"],
        &[
            "noti", "alert", "remind", "message", "send", "push", "mail", "news", "verif", "otp", "code",
            "invit", "login", "sign", "reset", "chat",
        ],
    ),
];

pub static RULE: Rule = Rule {
    id: "optional-work-in-path",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Resilience,
    summary: "a request fails because something failed that it could do without",
    question: None,
    reads: &["async", "fallback", "optional", "reads", "writes"],
    page: Page {
        checks: "Calls for side work (analytics, recommendations, notifications, monitoring) in the midst of a request that is about something else.",
        when: "On a flow that someone waits for, a service, function or connection server calls, by a `->` hop that the flow needs (not `optional`, no \
               `fallback`, not `on=error`): a warehouse with `writes` and no `reads`; a monitor; or a service, function or worker \
               that calls itself analytics, statistics, stats, telemetry, metrics, clickstream, recommendation(s), recommender, recs, notification(s), notifier or \
               newsletter, as a word of its id or label. The caller does other work in the flow: it needs another store, \
               broker, service or external. Silent where the title of the design or the id, label or `serves` of the flow holds, anywhere in it, for analytics: analy, stat, telemetry, \
               metric, click, report, dashboard, insight, chart, count, track or ingest; for recommendations: recommend, \
               recs, suggest, feed, discover, similar, related or watch; for notifications: noti, alert, remind, message, \
               send, push, mail, news, verif, otp, code, invit, login, sign, reset or chat; also where the flow is `async`, and at 10 requests a second or fewer \
               without a stated `availability`.",
        why: "Every call that is waited for multiplies into the availability and adds to the latency of the request, whether it matters \
              to the user or not. Nobody would refuse an order because the statistics are down; drawn like this, the system does.",
        outage: None,
        bad: "client web\nlb front managed\nservice orders x2\nservice tips \"Recommendations\" x2\npostgres store x2 failover=auto\n\
              flow buy { web -> front -> orders -> store reads timeout=200ms\n orders -> tips timeout=200ms }\n",
        good: "client web\nlb front managed\nservice orders x2\nservice tips \"Recommendations\" x2\npostgres store x2 failover=auto\n\
               flow buy { web -> front -> orders -> store reads timeout=200ms\n orders -> tips timeout=200ms optional }\n",
        ignore: "The answer is worthless, or unlawful, without it.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    let mut known: HashMap<NodeIndex, usize> = HashMap::new();
    let side = side_work(facts);
    for calls in facts.calls() {
        let Some(flow) = calls.flow.filter(|flow| !flow.attrs.has("async") && !facts.is_small(flow)) else {
            continue;
        };
        for &step in &calls.steps {
            let Some(&about) = side.get(&step.to) else { continue };
            let writes_only = step.attrs.has("writes") && !step.attrs.has("reads");
            let is_side = facts.node(step.to).kind != Kind::Warehouse || writes_only;
            if !is_side || is_about(facts, flow, about) || !is_hard(facts, &calls, flow, step) {
                continue;
            }
            let next = found.len();
            let at = *known.entry(step.to).or_insert(next);
            if at == next {
                found.push(finding(facts, flow, step));
            } else if found[at].flows.last() != Some(&flow.id) {
                found[at].flows.push(flow.id.clone());
            }
        }
    }
    found
}

/// Nodes that most requests could do without, with the words of flows that could not.
fn side_work(facts: &Facts) -> HashMap<NodeIndex, &'static [&'static str]> {
    let about = |node: NodeIndex| -> Option<&'static [&'static str]> {
        let node = facts.node(node);
        match node.kind {
            Kind::Warehouse | Kind::Monitor => Some(&[]),
            Kind::Service | Kind::Function | Kind::Worker => {
                let words = words(node);
                let named = |names: &[&str]| words.iter().any(|word| names.contains(&word.as_str()));
                SIDE_WORK.iter().find(|(names, _)| named(names)).map(|(_, about)| *about)
            }
            _ => None,
        }
    };
    facts.nodes(|_| true).filter_map(|node| Some((node, about(node)?))).collect()
}

fn is_hard(facts: &Facts, calls: &Calls, flow: &Flow, step: &Step) -> bool {
    let app = matches!(facts.node(step.from).kind, Kind::Service | Kind::Function | Kind::Socket);
    let needed = |node| facts.flows_needing(node).any(|needing| needing.id == flow.id);
    app && calls.waited_for.contains(&step.from) && needed(step.to) && does_other_work(facts, flow, step)
}

/// The caller is there for something else: it needs a store, a broker, a service or an external beside this one.
fn does_other_work(facts: &Facts, flow: &Flow, side: &Step) -> bool {
    facts.design.steps_of(flow).iter().any(|step| {
        let kind = facts.node(step.to).kind;
        let works = kind.is_durable()
            || kind.is_broker()
            || matches!(kind, Kind::Service | Kind::Function | Kind::External | Kind::Search);
        step.from == side.from
            && step.to != side.to
            && works
            && facts.arrow(step) != Arrow::Control
            && !step.attrs.has("optional")
    })
}

fn words(node: &Node) -> Vec<String> {
    let parts = [node.id.as_str(), node.label.as_deref().unwrap_or("")];
    let words = parts.iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric()));
    words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// The flow, or the whole system, is there for this very thing.
fn is_about(facts: &Facts, flow: &Flow, about: &[&str]) -> bool {
    let text = [
        flow.id.as_str(),
        flow.serves(),
        flow.label.as_deref().unwrap_or(""),
        facts.design.title.as_deref().unwrap_or(""),
    ]
    .join(" ")
    .to_lowercase();
    about.iter().any(|word| text.contains(word))
}

fn finding(facts: &Facts, flow: &Flow, step: &Step) -> Diagnostic {
    let [who, name] = [step.from, step.to].map(|node| facts.node(node).name());
    let mut way = facts.way_to(step.from);
    way.push(step.to);
    Diagnostic::wrong(
        format!("`{}` fails when {name} does, although {who} could answer without it", flow.id),
        step.span,
        "waits for what it could do without",
    )
    .node(facts.id(step.to))
    .node(facts.id(step.from))
    .hop(facts.id(step.from), facts.id(step.to))
    .flows([flow.id.clone()])
    .evidence(facts.show_way(&way))
    .consequence(format!(
        "a bad release of {name}, which no user would miss for an hour, stops `{}`; a slow one makes every request of it slow",
        flow.id
    ))
    .mend(Mend::step(step, "optional"))
    .fix(format!(
        "`optional` on `{} -> {}`, with a short `timeout`; or hand it off: `{} ~> {}`",
        facts.id(step.from),
        facts.id(step.to),
        facts.id(step.from),
        facts.id(step.to)
    ))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let nodes = "client u\nlb l\nservice a\nservice analytics\nservice n \"Order notifications\"\nservice tips \"Recommender\"\n\
                     service tracking\nservice billing\nclickhouse h\nprometheus m\nqueue q\npostgres d\n";
        let case = |text: &str, expected: &[&str]| expect(&RULE, &format!("{nodes}{text}"), expected);
        let buy = |more: &str| format!("flow buy {{ u -> l -> a -> d writes\n{more} }}");
        case(&buy("a -> analytics"), &["wrong analytics, a"]);
        case(&buy("a -> n"), &["wrong n, a"]);
        case(&buy("a -> tips"), &["wrong tips, a"]);
        case(&buy("a -> h writes"), &["wrong h, a"]);
        case(&buy("a -> m"), &["wrong m, a"]);
        // It goes on without, or afterwards.
        case(&buy("a -> analytics optional"), &[]);
        case(&buy("a -> tips fallback=default"), &[]);
        case(&buy("a ~> q ~> n"), &[]);
        case(&buy("a ~> analytics"), &[]);
        // Work that the request is about, or that only sounds alike.
        case(&buy("a -> billing"), &[]);
        case(&buy("a -> tracking"), &[]);
        case(&buy("a -> h reads"), &[]);
        case("flow report { u -> a -> d reads\na -> analytics }", &[]);
        case("flow x \"POST /notifications\" { u -> a -> d writes\na -> n }", &[]);
        case("flow x { u -> a -> tips }", &[]);
        case("flow x { u -> l -> analytics -> d reads }", &[]);
        // Few requests; a sketch.
        case("flow buy rate=1/s { u -> l -> a -> d writes\na -> n }", &[]);
        case("u -> a -> d\na -> analytics", &[]);
    }
}
