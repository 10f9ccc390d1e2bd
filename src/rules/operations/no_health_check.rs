use std::collections::HashSet;

use crate::catalog::Kind;
use crate::design::{Arrow, Flow, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "no-health-check",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Operations,
    summary: "requests keep going to an instance that cannot serve them",
    question: Some(Question {
        topic: "health checks",
        text: "one instance still runs and cannot serve: who notices, and stops sending to it?",
    }),
    reads: &["autoscale", "availability", "health", "managed", "peak", "rate"],
    page: Page {
        checks: "Load balancers and gateways before several instances: whether they can tell one that serves from one that only runs.",
        when: "A load balancer or gateway that no vendor runs has a hop (`->` or `<->`, drawn from it) to a service, function, \
               socket or identity service (`auth`) that no vendor runs and that has at least two instances (or `autoscale`). Wrong where that node says \
               `health=no` and the balancer does not state `health`; a question where neither states it and a flow over this \
               hop states an `availability` of 99.9 % or more, or a `rate` or `peak` of 1,000 a second or more. `health` on \
               either of the two ends it. Clients of a socket notice a dead instance themselves; the balancer that gives it \
               new connections does not.",
        why: "A second instance helps only if somebody knows which of the two is broken. One that has lost its database, or is \
              still starting, answers at once with an error: it is the fastest of all, and gets the most requests.",
        outage: None,
        bad: "client web\nhaproxy front x2\nservice api x4 metrics alert\nflow order rate=2k/s { web -> front -> api }\n",
        good: "client web\nhaproxy front x2\nservice api x4 metrics alert health=ready\nflow order rate=2k/s { web -> front -> api }\n",
        ignore: "The orchestrator below does it for everything that runs on it: say so once with `every service health=ready`.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let served = |kind: Kind| matches!(kind, Kind::Service | Kind::Function | Kind::Socket | Kind::Auth);
    for at in facts.nodes(served) {
        let node = facts.node(at);
        let several = node.instances >= 2 || node.attrs.has("autoscale");
        let said = node.attrs.get("health");
        if !several || node.is_managed() || node.attrs.has("health") {
            continue;
        }
        let before = |step: &&Step| {
            let front = facts.node(step.from);
            matches!(front.kind, Kind::Lb | Kind::Gateway)
                && matches!(facts.arrow(step), Arrow::Call | Arrow::Stream)
                && !front.is_managed()
                && !front.attrs.has("health")
        };
        let steps: Vec<_> = facts.design.steps_to(at).filter(before).collect();
        let mattering = |step: &&&Step| facts.flow_of(step).is_some_and(matters);
        let Some(step) = steps.iter().find(mattering).or(steps.first().filter(|_| said.is_some())) else {
            continue;
        };
        let (name, front) = (node.name(), facts.node(step.from).name());
        let many = match node.instances {
            0 | 1 => "several instances".to_string(),
            many => format!("{many} instances"),
        };
        let message = format!("{front} goes on sending to an instance of {name} that cannot serve");
        let finding = match said {
            Some(setting) => Diagnostic::wrong(message, setting.span, "said to be checked by nobody"),
            None => Diagnostic::unstated(
                format!("nothing says how {front} knows which of {many} of {name} can serve"),
                node.span,
                "no `health=` here",
            )
            .question(format!("one of {many} of {name} runs and cannot serve: how does {front} know?")),
        };
        let mut seen = HashSet::new();
        let flows = steps.iter().filter_map(|step| facts.flow_of(step)).filter(|flow| seen.insert(&flow.id));
        let evidence = match facts.flow_of(step).filter(|flow| matters(flow)) {
            Some(flow) => format!("{} → {}, {many}; {}", facts.id(step.from), node.id, facts.stakes(flow)),
            None => format!("{} → {}, {many}", facts.id(step.from), node.id),
        };
        let (does, asked) = match node.kind {
            Kind::Socket => ("hangs", "connection"),
            _ => ("loses its connections and answers with errors", "request"),
        };
        let one = match node.instances {
            0 | 1 => format!("its share of all {asked}s fails"),
            many => format!("one {asked} in {many} fails"),
        };
        found.push(
            finding
                .node(&node.id)
                .flows(flows.map(|flow| flow.id.clone()))
                .evidence(evidence)
                .consequence(format!(
                    "an instance of {name} {does}; {one} until somebody takes it out by hand"
                ))
                .mend(Mend::node(&node.id, "health=ready"))
                .fix(format!(
                    "`health=ready` on {name}: it answers only when it can serve, and without asking what all instances share"
                )),
        );
    }
    found
}

/// So much is promised, or so many ask, that it cannot wait for somebody to look.
fn matters(flow: &Flow) -> bool {
    let promised = flow.attrs.number("availability").value().is_some_and(|share| share > PROMISE);
    promised
        || ["rate", "peak"]
            .iter()
            .any(|name| flow.attrs.number(name).value().is_some_and(|rate| rate >= MANY))
}

/// A little below 99.9 %, which is no binary number.
const PROMISE: f64 = 0.999 - 1e-9;

const MANY: f64 = 1_000.0;

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let busy = |nodes: &str, expected: &[&str]| {
            expect(&RULE, &format!("client u\n{nodes}\nflow f rate=1k/s {{ u -> l -> a }}"), expected);
        };
        busy("lb l\nservice a x2", &["unstated a"]);
        busy("gateway l\nservice a autoscale", &["unstated a"]);
        // New connections go to a dead one as well.
        busy("lb l\nsocket a x2", &["unstated a"]);
        busy("lb l\nsocket a x2 health=ready", &[]);
        busy("alb l\nsocket a x2", &[]);
        busy("lb l\nsocket a x2 health=no", &["wrong a"]);
        busy("lb l\nservice a x2 health=no", &["wrong a"]);
        busy("lb l\nservice a x2 health=shallow", &[]);
        busy("lb l health\nservice a x2", &[]);
        // A vendor checks by default; one instance has no other to send to.
        busy("alb l\nservice a x2", &[]);
        busy("lb l\ncloud-run a x2", &[]);
        busy("lb l\nservice a", &[]);
        let flow = |flow: &str, expected: &[&str]| {
            expect(&RULE, &format!("client u\nlb l\nservice a x2\n{flow}"), expected);
        };
        flow("flow f rate=10/s availability=99.9% { u -> l -> a }", &["unstated a"]);
        flow("flow f rate=10/s peak=2k/s { u -> l -> a }", &["unstated a"]);
        flow("flow f { u <-> l <-> a }", &[]);
        flow("flow f rate=1k/s { u <-> l <-> a }", &["unstated a"]);
        flow("flow f availability=99.5% { u -> l -> a }", &[]);
        flow("flow f rate=999/s { u -> l -> a }", &[]);
        // Slow, or a sketch.
        flow("flow f rate=10/s { u -> l -> a }", &[]);
        flow("u -> l -> a", &[]);
        expect(&RULE, "client u\nlb l\nservice a x2 health=no\nu -> l -> a", &["wrong a"]);
        expect(&RULE, "client u\nservice a x2\nflow f rate=1k/s { u -> a }", &[]);
    }
}
