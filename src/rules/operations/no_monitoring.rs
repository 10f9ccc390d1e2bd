use std::collections::{HashMap, HashSet};

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Flow, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::facts::is_own_code;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};

/// A sketch of fewer nodes, without flows, is not about operating it.
const A_SYSTEM: usize = 4;

pub static RULE: Rule = Rule {
    id: "no-monitoring",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Operations,
    summary: "nothing watches the system: users find out before you do",
    question: Some(Question {
        topic: "monitoring",
        text: "it fails at three in the morning: how do you find out?",
    }),
    reads: &["alert", "lag_alert", "logs", "metrics", "observes", "optional", "reads", "trace"],
    page: Page {
        checks: "Whether anything in the design is observed, and in one that is, what its busy and promised flows run on.",
        when: "A question, once for a design with a flow or with four nodes or more, where no `monitor` observes or receives \
               anything and no application, gateway or load balancer says `metrics`, `logs`, `trace` or `alert`. In a design \
               in which something is watched, a question for each service, worker, function, socket or identity service (`auth`, unless a vendor runs it) that has no `metrics`, \
               is not observed by a monitor and sends it nothing, where a flow needs it that states an `availability` or a \
               `rate` or `peak` of 100 a second or more; and for each worker that such a flow reaches over a queue or topic, \
               by hops that are not `optional`, unless that queue or topic says `lag_alert` or `alert`: then it is noticed \
               there that the worker fails. Where nobody is told of that either (no consumer says `alert` or is observed, \
               and what waits there is kept), `no-lag-alert` asks in its place. Logs, traces and alerts alone do not count there: they tell of one \
               request, or that something is wrong, not how many fail and since when. Wrong where such a node says `metrics=no`.",
        why: "What nobody measures fails silently and for long: a full queue, a certificate, an error rate of ten percent. The \
              first report comes from a user, and then nothing shows where to look.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x2\nflow order { web -> front -> api }\n",
        good: "client web\nlb front managed\nservice api x2 metrics alert\nflow order { web -> front -> api }\n",
        ignore: "A design that is about one part only, in a system that is watched as a whole.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let observed = facts.observed();
    if facts.watches_anything(&observed) { unmeasured(facts, &observed) } else { unwatched(facts) }
}

/// What busy and promised flows need and nothing measures, where other things are watched.
fn unmeasured(facts: &Facts, observed: &HashSet<NodeIndex>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let handed = handed_on(facts, observed);
    for at in facts.nodes(|kind| is_own_code(kind) || kind == Kind::Auth) {
        let node = facts.node(at);
        if node.kind == Kind::Auth && node.is_managed() {
            continue;
        }
        let matters = |flow: &&Flow| facts.is_promised(flow) || facts.is_busy(flow);
        let mut flows: Vec<&Flow> = facts.flows_needing(at).filter(matters).collect();
        if flows.is_empty() && node.kind == Kind::Worker {
            flows.extend(handed.get(&at).into_iter().flatten().copied().filter(matters));
        }
        let Some(&flow) = flows.first() else { continue };
        if node.attrs.has("metrics") || observed.contains(&at) {
            continue;
        }
        let name = node.name();
        let told = ["alert", "trace", "logs"].into_iter().find(|said| node.attrs.has(said));
        let (label, has) = match told {
            Some(said) => (format!("`{said}`, and no `metrics`"), format!("{name} has `{said}` alone")),
            None => ("no `metrics`, and no monitor observes it".to_string(), format!("{name} says nothing")),
        };
        let message = format!("{}, and nothing measures {name}", facts.stakes(flow));
        let finding = match node.attrs.get("metrics") {
            Some(setting) => Diagnostic::wrong(message, setting.span, "said to be measured by nothing"),
            None => Diagnostic::unstated(message, node.span, label)
                .question(format!("`{}` is slow: what shows whether it is {name}, and since when?", flow.id)),
        };
        found.push(
            finding
                .node(&node.id)
                .flows(flows.iter().map(|flow| flow.id.clone()))
                .evidence(format!("{}; {has}, and others are watched", facts.stakes(flow)))
                .consequence(format!(
                    "one request in ten fails at {name} since the last deploy, and nobody can say how many or since when"
                ))
                .mend(Mend::node(&node.id, "metrics"))
                .fix(format!("`metrics` on {name}: its rate, its errors, how long it takes; or `every {} metrics alert`", node.kind.name())),
        );
    }
    found
}

/// The flows that bring work to a worker by a queue or topic, each with where that is.
///
/// Not what is put there `optional`, which nobody misses, nor where somebody is told that it is not taken; and where
/// nobody is, `no-lag-alert` asks.
fn handed_on<'d>(facts: &Facts<'d>, observed: &HashSet<NodeIndex>) -> HashMap<NodeIndex, Vec<&'d Flow>> {
    let tells = |node: NodeIndex| facts.node(node).attrs.has("alert") || observed.contains(&node);
    let asked = |broker: NodeIndex| {
        !facts.node(broker).attrs.has("lag_alert")
            && !tells(broker)
            && (facts.delivery(broker) == Some("at-most-once")
                || facts.consumers(broker).into_iter().any(tells))
    };
    let quiet: HashSet<NodeIndex> = facts.nodes(Kind::is_broker).filter(|&broker| asked(broker)).collect();
    let quiet = |node: NodeIndex| quiet.contains(&node);
    let (mut missed, mut optional) = (HashSet::new(), HashSet::new());
    let mut taken: Vec<(NodeIndex, NodeIndex, &Step)> = Vec::new();
    for step in facts.design.steps.iter().filter(|step| facts.arrow(step) != Arrow::Control) {
        if quiet(step.from) && !step.attrs.has("optional") {
            taken.push((step.to, step.from, step));
        } else if quiet(step.to) && step.attrs.has("reads") {
            taken.push((step.from, step.to, step));
        } else if quiet(step.to) {
            let puts = if step.attrs.has("optional") { &mut optional } else { &mut missed };
            puts.insert((step.flow, step.to));
        }
    }
    let mut flows: HashMap<NodeIndex, Vec<&Flow>> = HashMap::new();
    for (worker, broker, step) in taken {
        let lost = optional.contains(&(step.flow, broker)) && !missed.contains(&(step.flow, broker));
        let Some(flow) = facts.flow_of(step).filter(|_| !lost) else { continue };
        let known = flows.entry(worker).or_default();
        if known.last().is_none_or(|last| last.id != flow.id) {
            known.push(flow);
        }
    }
    flows
}

/// A system in which nobody would notice anything.
fn unwatched(facts: &Facts) -> Vec<Diagnostic> {
    let design = facts.design;
    let mut serving = facts.nodes(|kind| kind.is_compute()).filter(|&node| facts.is_reached(node)).peekable();
    let Some(&door) = serving.peek() else { return Vec::new() };
    // Better the application than what stands before it or sets it off.
    let works = |kind: Kind| kind.is_app() && !matches!(kind, Kind::Gateway | Kind::Scheduler);
    let first = serving.find(|&node| works(facts.node(node).kind)).unwrap_or(door);
    let too_small = design.flows.is_empty() && design.graph.node_count() < A_SYSTEM;
    if too_small {
        return Vec::new();
    }
    let drawn = facts.nodes(|kind| kind == Kind::Monitor).next();
    let node = facts.node(first);
    let finding = match drawn.map(|monitor| facts.node(monitor)) {
        Some(monitor) => Diagnostic::unstated(
            format!("{} stands aside: it observes nothing", monitor.name()),
            monitor.span,
            "no `..> … observes` from here",
        ),
        None => Diagnostic::unstated(
            format!("when {} fails, users find out first: nothing watches it", node.name()),
            design.flows.first().map_or(node.span, |flow| flow.span),
            "no metrics, logs, traces or alerts anywhere",
        ),
    };
    let id = drawn.map_or("watch", |monitor| facts.id(monitor));
    let finding = match design.flows.is_empty() {
        true => finding.node(&node.id),
        false => finding.flows(design.flows.iter().map(|flow| flow.id.clone())),
    };
    let own = facts.nodes(works).filter(|&node| facts.is_reached(node));
    vec![
        finding
            .mend(own.fold(Mend::default(), |mend, node| mend.and_node(facts.id(node), "metrics alert")))
            .evidence("no hop `..> observes`, and no `metrics`, `logs`, `trace` or `alert` on what serves requests")
            .consequence(format!(
                "{} answers every tenth request with an error for hours, and the first to notice is a user who writes to support",
                node.name()
            ))
            .fix(format!("`monitor {id} alert` and `{id} ..> {} observes`; or `every {} metrics alert`", node.id, node.kind.name())),
    ]
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let expect = |text: &str, expected: &[&str]| expect(&RULE, text, expected);
        expect("client u\nservice a\nflow f { u -> a }", &["unstated f"]);
        expect("client u\nlb l\nservice a\npostgres d\nu -> l -> a -> d", &["unstated a"]);
        // A sketch of three.
        expect("client u\nservice a\npostgres d\nu -> a -> d", &[]);
        expect("client u\nservice a metrics\nflow f { u -> a }", &[]);
        expect("every service trace\nclient u\nservice a\nflow f { u -> a }", &[]);
        expect("client u\nservice a\nmonitor m\nm ..> a observes\nflow f { u -> a }", &[]);
        expect("client u\nservice a\nmonitor m\na ~> m\nflow f { u -> a }", &[]);
        // A box on the side watches nothing.
        expect("client u\nservice a\nmonitor m\nflow f { u -> a }", &["unstated f"]);
        // Two that watch each other watch nothing.
        expect("client u\nservice a\nmonitor m\nmonitor n\nn -> m\nflow f { u -> a }", &["unstated f"]);
        // Something is watched: what the busy and the promised run on is asked about.
        let busy = |nodes: &str, flow: &str, expected: &[&str]| {
            expect(&format!("client u\n{nodes}\nflow f {flow} {{ u -> a -> b }}"), expected);
        };
        let both = "service a metrics\nservice b";
        busy(both, "rate=100/s", &["unstated b"]);
        busy(both, "rate=10/s peak=1k/s", &["unstated b"]);
        busy(both, "availability=99.9%", &["unstated b"]);
        busy(both, "rate=99/s", &[]);
        busy(both, "", &[]);
        busy("service a metrics\nservice b logs trace alert", "rate=100/s", &["unstated b"]);
        busy("service a metrics\nservice b metrics=no", "rate=100/s", &["wrong b"]);
        busy("service a metrics\nservice b\nmonitor m\nm ..> b observes", "rate=100/s", &[]);
        busy("gateway a\nservice b metrics", "rate=100/s", &[]);
        busy("service a metrics\npostgres b", "rate=100/s", &[]);
        // What works behind a queue fails without an error that anybody sees.
        let behind = |queue: &str, worker: &str, more: &str, expected: &[&str]| {
            let flow = format!("flow f rate=100/s {{ u -> a ~> q {more} ~> w }}");
            expect(
                &format!("client u\nservice a metrics\nqueue q {queue}\nworker w {worker}\n{flow}"),
                expected,
            );
        };
        behind("", "alert", "", &["unstated w"]);
        behind("tech=redis-pubsub", "", "", &["unstated w"]);
        behind("", "alert metrics=no", "", &["wrong w"]);
        behind("", "alert metrics", "", &[]);
        behind("lag_alert", "alert", "", &[]);
        behind("", "alert", "optional", &[]);
        // `no-lag-alert` asks.
        behind("", "", "", &[]);
        expect(
            "client u\nservice a metrics\nqueue q\nworker w alert\nflow f rate=9/s { u -> a ~> q ~> w }",
            &[],
        );
        // Nothing runs here.
        expect("client u\ns3 b\nflow f { u -> b }", &[]);
    }
}
