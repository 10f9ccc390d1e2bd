use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::Flow;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::facts::is_own_code;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::units::show_number;

pub static RULE: Rule = Rule {
    id: "no-drain",
    severity: Severity::Warning,
    confidence: Confidence::High,
    grave: false,
    group: Group::Operations,
    summary: "each deploy cuts off what was being worked on",
    question: Some(Question {
        topic: "deploys",
        text: "a new version goes out: what becomes of open connections and of work that has begun?",
    }),
    reads: &["connections", "drain", "idempotent", "long", "managed", "rate"],
    page: Page {
        checks: "Instances that hold connections or work for long: whether a stopping one may finish first.",
        when: "Wrong where a service, worker, function or socket that something reaches says `drain=no`. Where nothing is \
               said, a question about a socket that clients hold connections to (`<->`, directly or through what stands before \
               it) and that a flow goes through; and about a service or a worker that a flow calls or hands to over a hop \
               that is marked `long` (the one at its end, not the caller). Of those, a worker that is `idempotent` is not \
               asked, as its queue gives the work to another; a service is, idempotent or not, as somebody waits for its \
               answer. What a vendor runs is left alone, and so is a node, unless it says `drain=no`, where all \
               flows through it that somebody waits for state a `rate` of ten requests a second or fewer and no \
               `availability`.",
        why: "Instances stop every day: deploys, scaling in, a machine that is replaced. Without a drain each stop is a small \
              crash. Thousands of connections break in the same second and come back in the same second, and a job of \
              minutes starts again from nothing, or is half done for good.",
        outage: None,
        bad: "client app resume reconnect=60s jitter\nlb front managed\nsocket push x4 connections=50k heartbeat=30s\nservice chat x3 metrics\nredis-pubsub bus x2\n\
              flow send { app <-> front <-> push -> chat\nchat ~> bus ~> push }\n",
        good: "client app resume reconnect=60s jitter\nlb front managed\nsocket push x4 connections=50k heartbeat=30s drain=5min\nservice chat x3 metrics\nredis-pubsub bus x2\n\
               flow send { app <-> front <-> push -> chat\nchat ~> bus ~> push }\n",
        ignore: "Deploys happen at night while nobody is connected.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for at in facts.nodes(is_own_code) {
        let node = facts.node(at);
        let said = node.attrs.get("drain");
        let flows = facts.flows_through(at);
        if node.attrs.has("drain") || node.is_managed() || !facts.is_reached(at) {
            continue;
        }
        let held = node.kind == Kind::Socket && facts.is_held(at);
        let long = long_work(facts, at);
        if said.is_none() && (flows.is_empty() || facts.are_small(&flows) || !(held || long.is_some())) {
            continue;
        }
        let name = node.name();
        let open = node.attrs.number("connections").value().map(show_number);
        let what = match (&open, held) {
            (Some(open), _) => format!("up to {open} connections"),
            (None, true) => "all its connections".to_string(),
            (None, false) => "what it has begun".to_string(),
        };
        let message = format!("each instance of {name} that stops cuts off {what}");
        let finding = match said {
            Some(setting) => Diagnostic::wrong(message, setting.span, "said to stop at once"),
            None => Diagnostic::unstated(
                format!("nothing says what becomes of {what} when an instance of {name} stops"),
                node.span,
                "no `drain=` here",
            )
            .question(format!("you deploy {name}: what becomes of {what}?")),
        };
        let evidence = match (long, held) {
            (Some(flow), false) => format!("`{}` marks what {name} does as `long`", flow.id),
            _ => format!("{} × {}, one after another at each deploy", node.instances, node.id),
        };
        let consequence = if held {
            format!(
                "an instance of {name} is replaced, and everybody on it is thrown out in one second, in the middle of what they were sent"
            )
        } else {
            format!(
                "a deploy stops {name} in the middle of its work: the work is done again, or is half done for good"
            )
        };
        found.push(
            finding
                .node(&node.id)
                .flows(flows.iter().map(|flow: &&Flow| flow.id.clone()))
                .evidence(evidence)
                .consequence(consequence)
                .mend(Mend::node(&node.id, if held { "drain=5min" } else { "drain=2min" }))
                .fix(if held {
                    format!("`drain=5min` on {name}: it takes no new connections, and closes the open ones a few at a time")
                } else {
                    format!("`drain=2min` on {name}: it takes nothing new, and finishes what it has begun")
                }),
        );
    }
    found
}

/// A flow that gives a service, or a worker that cannot begin again, work that takes long.
fn long_work<'d>(facts: &Facts<'d>, at: NodeIndex) -> Option<&'d Flow> {
    let node = facts.node(at);
    let works = match node.kind {
        Kind::Service => true,
        Kind::Worker => !node.attrs.has("idempotent"),
        _ => false,
    };
    let mut steps = facts.design.steps_to(at).filter(|step| works && step.attrs.has("long"));
    steps.find_map(|step| facts.flow_of(step))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let expect = |text: &str, expected: &[&str]| expect(&RULE, text, expected);
        let held = |socket: &str, flow: &str, expected: &[&str]| {
            expect(&format!("client u\nlb l\nsocket s {socket}\n{flow}"), expected);
        };
        held("x3", "flow f { u <-> l <-> s }", &["unstated s"]);
        held("x3 drain=no", "flow f { u <-> l <-> s }", &["wrong s"]);
        held("x3 drain=1min", "flow f { u <-> l <-> s }", &[]);
        held("x3 managed", "flow f { u <-> l <-> s }", &[]);
        // Nobody holds a connection; a small system; a sketch.
        held("x3", "flow f { u -> l -> s }", &[]);
        held("x3", "flow f rate=5/s { u <-> l <-> s }", &[]);
        held("x3", "u <-> l <-> s", &[]);
        let long = |node: &str, expected: &[&str]| {
            expect(
                &format!("client u\nservice b\n{node}\nqueue q\nflow f {{ u -> b ~> q ~> a long }}"),
                expected,
            );
        };
        long("worker a", &["unstated a"]);
        long("worker a idempotent", &[]);
        long("worker a idempotent drain=no", &["wrong a"]);
        expect("client u\nservice a\nflow f { u -> a long }", &["unstated a"]);
        expect("client u\nservice a idempotent\nflow f { u -> a long }", &["unstated a"]);
        // Not who waits for it.
        expect("client u\nservice b\nservice a drain=1min\nflow f { u -> b -> a long }", &[]);
        expect("client u\nservice a\nflow f { u -> a }", &[]);
        expect("client u\nservice a drain=no\nflow f { u -> a }", &["wrong a"]);
    }
}
