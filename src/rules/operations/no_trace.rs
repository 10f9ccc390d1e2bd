use std::collections::HashSet;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Flow, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::facts::heaviest_chain;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "no-trace",
    severity: Severity::Info,
    confidence: Confidence::Low,
    grave: false,
    group: Group::Operations,
    summary: "a slow request passes several services, and nothing shows where its time went",
    question: Some(Question {
        topic: "tracing",
        text: "one request in a hundred is slow: which of the services on its way was it?",
    }),
    reads: &["availability", "p99", "peak", "rate", "trace"],
    page: Page {
        checks: "Flows over several services: whether one request can be followed through all of them.",
        when: "One request of a flow that states `p99`, `availability`, or a `rate` or `peak` of 100 a second or more passes at \
               least three services, functions or workers one after another, over calls and hand-offs, and more than one of \
               them cannot be seen: it neither says `trace`, nor is observed by a monitor, nor sends it anything. A monitor \
               whose technology keeps figures alone (Prometheus, InfluxDB) shows nothing of a single request, and does not \
               count. What one of them takes alone shows in the traces of the others. A remark where one that cannot be seen \
               says `trace=no`, otherwise a question. Not in a design in which nothing at all is watched. One for each flow.",
        why: "Each service has its own graphs, and on each of them the time is spent in the next one. With three of them and \
              a queue between, the logs of one request lie in four places under four names, and at night somebody joins \
              them by hand.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x2 metrics\nservice cart x2 metrics\nservice price x2 metrics\n\
              flow order p99=300ms { web -> front -> api -> cart -> price }\n",
        good: "client web\nlb front managed\nservice api x2 metrics trace\nservice cart x2 metrics trace\nservice price x2 metrics trace\n\
               flow order p99=300ms { web -> front -> api -> cart -> price }\n",
        ignore: "A request's id is in the logs of all of them, and that has been enough.",
    },
    check,
};

/// Two can be told apart by their own figures.
const MANY: usize = 3;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let observed = facts.observed();
    if !facts.watches_anything(&observed) {
        return found;
    }
    let traced = facts.observed_by(|monitor| !keeps_figures(facts, monitor));
    for flow in &facts.design.flows {
        if !(flow.attrs.has("p99") || facts.is_promised(flow) || facts.is_busy(flow)) {
            continue;
        }
        let passed = longest_way(facts, flow);
        let unseen = |node: &NodeIndex| !facts.node(*node).attrs.has("trace") && !traced.contains(node);
        let dark: Vec<NodeIndex> = passed.iter().copied().filter(unseen).collect();
        if passed.len() < MANY || dark.len() < 2 {
            continue;
        }
        let refused = dark.iter().find_map(|&node| facts.node(node).attrs.get("trace"));
        let names = facts.names(&dark);
        let message = format!(
            "`{}` passes {names}, and nothing shows in which of them a slow request spent its time",
            flow.id
        );
        let finding = match refused {
            Some(setting) => Diagnostic::wrong(message, setting.span, "cannot be followed from here on"),
            None => Diagnostic::unstated(
                message,
                flow.span,
                format!("{} of {} without `trace`", dark.len(), passed.len()),
            )
            .question(format!("a request of `{}` is slow: was it {names}?", flow.id)),
        };
        let finding = dark.iter().fold(finding, |finding, &node| finding.node(facts.id(node)));
        found.push(
            finding
                .flows([flow.id.clone()])
                .evidence(facts.show_way(&passed))
                .consequence(format!(
                    "`{}` takes four seconds for some, each team's graphs are green, and nobody can show whose fault it is",
                    flow.id
                ))
                .mend(dark.iter().fold(Mend::default(), |mend, &node| mend.and_node(facts.id(node), "trace")))
                .fix("`every service trace`, and the request's id handed on in every call and message"),
        );
    }
    found
}

/// How many and how long, not which request.
fn keeps_figures(facts: &Facts, monitor: NodeIndex) -> bool {
    facts.node(monitor).tech.is_some_and(|tech| tech.model.as_deref() == Some("time-series"))
}

/// The services, functions and workers on the way of one request, where it passes the most of them.
fn longest_way(facts: &Facts, flow: &Flow) -> Vec<NodeIndex> {
    let works =
        |node: NodeIndex| matches!(facts.node(node).kind, Kind::Service | Kind::Function | Kind::Worker);
    let steps = facts.design.steps_of(flow).iter();
    let steps: Vec<&Step> = steps.filter(|step| facts.arrow(step) != Arrow::Control).collect();
    let (_, chain) = heaviest_chain(&steps, |node| if works(node) { 1.0 } else { 0.0 }, |_| 0.0);
    let mut seen = HashSet::new();
    let ends = chain.iter().flat_map(|step| [step.from, step.to]);
    ends.filter(|&node| works(node) && seen.insert(node)).collect()
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let over = |nodes: &str, flow: &str, expected: &[&str]| {
            expect(&RULE, &format!("client u\n{nodes}\nflow f {flow} {{ u -> a -> b -> c }}"), expected);
        };
        let three = "service a metrics\nservice b\nservice c";
        over(three, "p99=1s", &["unstated a, b, c"]);
        over(three, "rate=100/s", &["unstated a, b, c"]);
        over("service a metrics trace=no\nservice b\nservice c", "p99=1s", &["wrong a, b, c"]);
        over(three, "rate=10/s", &[]);
        over("service a trace\nservice b trace\nservice c", "p99=1s", &[]);
        // One of three explains nothing.
        over("service a trace\nservice b\nservice c", "p99=1s", &["unstated b, c"]);
        over("service a trace\nservice b trace=no\nservice c", "p99=1s", &["wrong b, c"]);
        over("gateway a metrics\nservice b\nservice c", "p99=1s", &[]);
        let watched = "service a\nservice b\nservice c\nmonitor j MORE\na, b ~> j";
        over(&watched.replace("MORE", ""), "p99=1s", &[]);
        over(&watched.replace("MORE", "tech=jaeger"), "p99=1s", &[]);
        over(&watched.replace("MORE", "tech=prometheus"), "p99=1s", &["unstated a, b, c"]);
        // Beside each other, a request passes one of them.
        let beside = format!("client u\n{three}\nflow f p99=1s {{ u -> a -> b, c }}");
        expect(&RULE, &beside, &[]);
        // Nothing is watched at all.
        over("service a\nservice b\nservice c", "p99=1s", &[]);
        // A worker behind a queue is on the way as well.
        expect(
            &RULE,
            "client u\nservice a metrics\nservice b\nqueue q\nworker w\nflow f availability=99.9% { u -> a -> b ~> q ~> w }",
            &["unstated a, b, w"],
        );
    }
}
