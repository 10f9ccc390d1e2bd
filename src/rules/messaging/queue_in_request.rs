use std::collections::{HashMap, HashSet};

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Flow, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Rule};

pub static RULE: Rule = Rule {
    id: "queue-in-request",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Messaging,
    summary: "a user waits for an answer that goes through a queue and comes back",
    question: None,
    reads: &["async", "every", "reads", "writes"],
    page: Page {
        checks: "Requests that somebody waits for and that go through a queue: whether their answer comes back through it.",
        when: "In one flow that somebody waits for (not `async`), a node puts a message into a queue or topic, what is done with the message leads back to that node, and \
               it waits for it: it takes the answer out of another queue with `reads`, it asks a store that the consumer has written, with `every=` on the hop, or, once it is back, a plain call (`->`) goes on from there to the client. Not where the answer is \
               pushed over a connection (`<->`, or a `socket`), nor where the client itself asks again later. The finding is about the queue and whoever waits for it.",
        why: "The request now takes as long as the queue is. When the consumers are slow, callers give up and try again, their first messages stay in the queue, and \
              consumers work for nobody. A call would have failed at once, and the caller would have known.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x2\nsqs asked\nsqs answers\nworker price x2\n\
              flow quote {\n  web -> front -> api ~> asked ~> price ~> answers\n  api -> answers reads\n}\n",
        good: "client web\nlb front managed\nservice api x2\nservice price x2\n\
               flow quote { web -> front -> api -> price timeout=500ms }\n",
        ignore: "The work needs the queue to be evened out, and the user agrees to wait for it.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for flow in &facts.design.flows {
        let steps = facts.design.steps_of(flow);
        let first = steps.iter().position(|step| facts.node(step.to).kind.is_broker() && facts.writes(step));
        let Some(first) = first.filter(|_| !flow.attrs.has("async") && !facts.is_background(flow)) else {
            continue;
        };
        let waited_for = facts.waited_for_in(flow);
        let put = &steps[first];
        let holds = facts.node(put.from).kind == Kind::Socket;
        if !waited_for.contains(&put.from) || holds || pushes(facts, steps) {
            continue;
        }
        if let Some(back) = comes_back(facts, steps, first) {
            found.push(finding(facts, flow, put, back));
        }
    }
    found
}

/// The client holds a connection in this flow, over which it can be told.
fn pushes(facts: &Facts, steps: &[Step]) -> bool {
    steps.iter().any(|step| facts.arrow(step) == Arrow::Stream || facts.node(step.to).kind == Kind::Socket)
}

/// The step by which the node that put the message in waits for what becomes of it.
fn comes_back<'d>(facts: &Facts<'d>, steps: &'d [Step], first: usize) -> Option<&'d Step> {
    let put = &steps[first];
    // What the message leads to, by which way first.
    let mut after: HashSet<NodeIndex> = HashSet::from([put.to]);
    let mut written: HashMap<NodeIndex, &Step> = HashMap::new();
    let mut returned = false;
    for step in &steps[first + 1..] {
        let target = facts.node(step.to).kind;
        let call = facts.arrow(step) == Arrow::Call;
        if step.from == put.from && written.contains_key(&step.to) && call {
            let takes = target.is_broker() && step.attrs.has("reads");
            let polls = target.is_store() && facts.reads(step) && step.attrs.has("every");
            if takes || polls {
                return Some(step);
            }
        }
        if returned && call && target == Kind::Client && after.contains(&step.from) {
            return Some(step);
        }
        if after.contains(&step.from) && step.from != put.from {
            after.insert(step.to);
            // What it puts elsewhere; back into its own queue is trying again.
            if step.to != put.to && facts.writes(step) {
                written.entry(step.to).or_insert(step);
            }
        } else if returned && after.contains(&step.from) {
            after.insert(step.to);
        }
        returned |= step.to == put.from && after.contains(&put.from);
    }
    None
}

fn finding(facts: &Facts, flow: &Flow, put: &Step, back: &Step) -> Diagnostic {
    let [who, name] = [put.from, put.to].map(|node| facts.node(node).name());
    let there = facts.show_way(&[put.from, put.to]);
    let answer = facts.show_way(&[back.from, back.to]);
    Diagnostic::wrong(
        format!("whoever waits for `{}` waits for the queue {name} too: its answer goes through it and comes back", flow.id),
        put.span,
        "handed off here",
    )
    .label(back.span, "and waited for here")
    .node(facts.id(put.to))
    .node(facts.id(put.from))
    .hop(facts.id(put.from), facts.id(put.to))
    .flows([flow.id.clone()])
    .evidence(format!("{there}, and then {answer}, in one flow that is not `async`"))
    .consequence(format!(
        "{name} holds ten seconds of messages, every user has gone after five, tries again, and doubles the queue; its consumers work for nobody"
    ))
    .fix(format!(
        "a plain call with a `timeout` instead of {name}, or `async` on `{}`: {who} answers at once, and the client asks later or is told over a `<->`",
        flow.id
    ))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let expect = |text: &str, expected: &[&str]| {
            expect(
                &RULE,
                &format!("client u\nservice a\nqueue q\nqueue r\nworker w\npostgres d\n{text}"),
                expected,
            );
        };
        expect("flow f { u -> a ~> q ~> w ~> r\na -> r reads }", &["wrong q, a"]);
        expect("flow f { u -> a ~> q ~> w -> d writes\na -> d reads every=1s }", &["wrong q, a"]);
        expect("flow f { u -> a ~> q ~> w ~> r ~> a -> u }", &["wrong q, a"]);
        // The client asks later, or is told.
        expect("flow f { u -> a ~> q ~> w -> d writes }\nflow g { u -> a -> d reads }", &[]);
        expect("flow f { u -> a ~> q ~> w -> d writes\nu -> a -> d reads }", &[]);
        expect("flow f async { u -> a ~> q ~> w ~> r\na -> r reads }", &[]);
        expect("socket s\nflow f { u <-> s ~> q ~> w ~> r ~> s <-> u }", &[]);
        // An orchestrator that goes on when a reply comes, and a callback that nobody waits for.
        expect("flow f { u -> a ~> q ~> w ~> r ~> a -> d writes }", &[]);
        expect("flow f { u -> a ~> q ~> w -> a -> d writes }", &[]);
        // It reads what it reads anyway, before or beside.
        expect("flow f { u -> a -> d reads\na ~> q ~> w -> d writes }", &[]);
        expect("flow f { u -> a ~> q ~> w -> d writes\na -> d reads }", &[]);
        // Every instance hears what one announces.
        expect("redis-pubsub p\nflow f { u -> a ~> p ~> a }", &[]);
    }
}
