use std::collections::HashMap;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Node, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::facts::Arrivals;
use crate::rules::{Confidence, Facts, Group, Page, Rule};
use crate::units::{show_number, show_rate};

pub static RULE: Rule = Rule {
    id: "broadcast-to-all",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Scaling,
    summary: "every connection server gets every message, so that adding servers helps nothing",
    question: None,
    reads: &["capacity", "key", "reads", "registry", "share"],
    page: Page {
        checks: "Topics that hand to connection servers with several instances: what each instance gets, against what one \
                 serves.",
        when: "The messages of a topic that come to a `socket` with two instances or more are, together, more than the \
               `capacity` of one instance. Silent with `key` on the topic or on a hop to or from it (taken as a channel for each \
               conversation or user, to which a server subscribes while one of its clients takes part), with `share` on the hop, and with `registry` on the connection server (taken as: whoever \
               sends looks up the server that holds the client, and sends to that one). Not evaluated where a thousand messages a second go to ten \
               instances or more and `capacity` is not stated.",
        why: "Each server looks at every message to find the few that are for its own clients. The work of each grows with \
              the whole system's messages, not with its own clients: twice as many servers do twice as much work, and the \
              limit of one is the limit of all.",
        outage: None,
        bad: "client app\nlb front managed\nsocket gate x40 capacity=10k/s\nservice chat x8\nredis-pubsub live x3\n\
              flow send rate=20k/s { app <-> front <-> gate -> chat ~> live ~> gate }\n",
        good: "client app\nlb front managed\nsocket gate x40 capacity=10k/s\nservice chat x8\nredis-pubsub live x3\n\
               flow send rate=20k/s { app <-> front <-> gate -> chat ~> live key=conversation\nlive ~> gate }\n",
        ignore: "Every client is to see every message, as with a live score: then the work is the clients', not the \
                 servers'.",
    },
    check,
};

/// A rate at which it is worth knowing what one server takes.
const MANY: f64 = 1000.0;
const MANY_SERVERS: u64 = 10;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut known: HashMap<NodeIndex, Option<Arrivals>> = HashMap::new();
    for at in facts.nodes(|kind| kind == Kind::Socket) {
        let node = facts.node(at);
        if node.instances < 2 || node.attrs.has("registry") {
            continue;
        }
        // A topic hands to it, or it reads from the topic: drawn either way round.
        let handed = facts.hops_to(at).into_iter().map(|(from, _)| from);
        let read = facts.design.steps_from(at).filter(|step| step.attrs.has("reads")).map(|step| step.to);
        let mut topics: Vec<NodeIndex> =
            handed.chain(read).filter(|&from| facts.node(from).kind == Kind::Topic).collect();
        topics.sort_unstable();
        topics.dedup();
        for topic in topics {
            if let Some(arrivals) = known.entry(topic).or_insert_with(|| for_all(facts, topic)) {
                found.extend(broadcast(facts.node(topic), node, arrivals));
            }
        }
    }
    found
}

/// The messages of a topic, unless each goes only to those who want it.
fn for_all<'d>(facts: &Facts<'d>, topic: NodeIndex) -> Option<Arrivals<'d>> {
    let told = |step: &Step| step.attrs.has("key") || step.attrs.has("share");
    let mut around = facts.design.steps_to(topic).chain(facts.design.steps_from(topic));
    let keyed = facts.node(topic).attrs.has("key") || around.any(told);
    (!keyed).then(|| facts.arriving(topic, |step| facts.writes(step)))
}

fn broadcast(topic: &Node, node: &Node, arrivals: &Arrivals) -> Option<Diagnostic> {
    let rate = arrivals.busiest;
    let Some(each) = node.attrs.number("capacity").value() else {
        let many = rate >= MANY && node.instances >= MANY_SERVERS && !node.is_managed();
        return many.then(|| Diagnostic::not_evaluated(format!("`capacity` of {}", node.name()), node.span));
    };
    if rate <= each {
        return None;
    }
    let (name, servers) = (node.name(), show_number(node.instances as f64));
    Some(
        Diagnostic::wrong(
            format!("each of the {servers} instances of {name} gets all {} of {}, and serves {}", show_rate(rate), topic.name(), show_rate(each)),
            node.span,
            format!("{} each", show_rate(each)),
        )
        .label(topic.span, format!("{} to each", show_rate(rate)))
        .node(&node.id)
        .node(&topic.id)
        .flows(arrivals.flows())
        .evidence(format!(
            "{} × {servers} instances = {} delivered; each instance gets {} of its {}",
            show_rate(rate),
            show_rate(rate * node.instances as f64),
            show_rate(rate),
            show_rate(each)
        ))
        .consequence(format!(
            "{name} falls behind on every instance at once, and the instances that are added get every message as well"
        ))
        .fix(format!(
            "`key=conversation` on the hop to {}, so that an instance subscribes only to what its clients take part in; or `registry=` on {name}, and messages sent to the instance that holds the client",
            topic.name()
        )),
    )
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |topic: &str, socket: &str, rate: &str, expected: &[&str]| {
            let text = format!(
                "client u\nsocket s {socket}\nredis r\nservice a\ntopic t {topic}\nflow f rate={rate} {{ u <-> s -> a ~> t ~> s }}"
            );
            expect(&RULE, &text, expected);
        };
        case("", "x40 capacity=1k/s", "5k/s", &["wrong s, t"]);
        case("", "x40 capacity=10k/s", "5k/s", &[]);
        case("", "x40", "5k/s", &["wants capacity of s"]);
        case("", "x4", "5k/s", &[]);
        case("", "x40", "500/s", &[]);
        // One server has to have all of them.
        case("", "capacity=1k/s", "5k/s", &[]);
        case("key=chat", "x40 capacity=1k/s", "5k/s", &[]);
        case("", "x40 capacity=1k/s registry=r", "5k/s", &[]);
    }

    #[test]
    fn drawn_the_other_way_round() {
        let text = |hop: &str| {
            format!(
                "client u\nsocket s x4 capacity=1k/s\nservice a\ntopic t\nflow f rate=5k/s {{ u <-> s -> a ~> t {hop}\ns -> t reads }}"
            )
        };
        expect(&RULE, &text(""), &["wrong s, t"]);
        expect(&RULE, &text("key=chat"), &[]);
    }
}
