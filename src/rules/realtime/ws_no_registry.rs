use std::collections::HashSet;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Flow, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::facts::is_before_system;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "ws-no-registry",
    severity: Severity::Error,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Realtime,
    summary: "what is for one user reaches an instance to which that user is not connected",
    question: Some(Question {
        topic: "who is where",
        text: "something is for one user: how does its sender know which instance holds that user's connection?",
    }),
    reads: &["autoscale", "fanout", "key", "managed", "reads", "registry", "writes"],
    page: Page {
        checks: "Connection servers with several instances that applications or queues bring messages to: how the one is found \
                 that holds the recipient's connection.",
        when: "A socket that no vendor runs has at least two instances (or `autoscale`), clients hold connections to it, no \
               topic brings messages to it, and an application calls it or hands to it, or a queue does, which gives each \
               message to one instance. Left alone where the socket has a `registry`, where it writes a cache, database or \
               registry that the caller reads, where the socket itself goes to the caller by a `key` (its instances subscribe at the one that has it, as at a relay), and where the step says `key` (the same instance each time) or a `fanout` of at least as many as there are instances \
               (all of them; with `autoscale`, any). Wrong where a flow \
               goes on from the socket to a client, except behind a queue of a stated technology, which may give each instance \
               a queue of its own, and except where the flow came in through the same socket and has one client, to which it may be the \
               answer; otherwise a question. All flows in which that happens are listed.",
        why: "A call to a name lands on whichever instance is next, and a connection exists on exactly one. With four \
              instances three messages in four arrive where nobody listens and are dropped without an error; with one, \
              on the developer's machine, it always worked.",
        outage: None,
        bad: "client app resume reconnect=60s jitter\nlb front managed\nsocket push x4 heartbeat=30s drain=5min\nservice chat x3 metrics\npostgres store x2 failover=auto backup=1h\n\
              flow send { app -> front -> chat -> store writes idempotency_key\nchat -> push <-> front <-> app }\n",
        good: "client app resume reconnect=60s jitter\nlb front managed\nsocket push x4 heartbeat=30s drain=5min registry=online\nservice chat x3 metrics\nredis online x3 ttl=90s failover=auto\npostgres store x2 failover=auto backup=1h\n\
               flow connect { app <-> front <-> push -> online writes }\nflow send { app -> front -> chat -> store writes idempotency_key\nchat -> online reads\nchat -> push <-> front <-> app }\n",
        ignore: "The caller knows every instance and sends to all of them: say `fanout=4` on the hop, as many as there are.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut sockets = facts.connected_sockets().peekable();
    if sockets.peek().is_none() {
        return found;
    }
    let deliveries = facts.deliveries();
    let steps = facts.design.steps.iter();
    let looked_up: HashSet<(NodeIndex, NodeIndex)> =
        steps.filter(|step| !step.attrs.has("writes")).map(|step| (step.from, step.to)).collect();
    for socket in sockets {
        let node = facts.node(socket);
        let grows = node.attrs.has("autoscale");
        let several = node.instances >= 2 || grows;
        let heard = |broker: NodeIndex| facts.node(broker).kind == Kind::Topic;
        let bus = facts.hops_to(socket).iter().any(|(from, _)| heard(*from))
            || facts.design.steps_from(socket).any(|step| heard(step.to) && step.attrs.has("reads"));
        if !several || node.is_managed() || node.attrs.has("registry") || !facts.is_held(socket) || bus {
            continue;
        }
        let kept = kept_by(facts, socket);
        let knows = |from: NodeIndex| kept.iter().any(|&store| looked_up.contains(&(from, store)));
        let blind = |step: &&Step| {
            let from = facts.node(step.from).kind;
            let inside = from != Kind::Socket && !is_before_system(from) && from != Kind::Monitor;
            let sends = matches!(facts.arrow(step), Arrow::Call | Arrow::Handoff);
            let all =
                step.attrs.number("fanout").value().is_some_and(|copies| copies >= node.instances as f64);
            let directed = step.attrs.has("key") || (step.attrs.has("fanout") && (all || grows));
            inside && sends && !directed && !knows(step.from)
        };
        let asked = |step: &&Step| blind(step) && !subscribes(facts, socket, step.from);
        let steps: Vec<&Step> = facts.design.steps_to(socket).filter(asked).collect();
        let ends = |step: &&Step| {
            let flows = deliveries.get(&socket).into_iter().flatten();
            let of_step = facts.flow_of(step);
            let own_queues =
                facts.node(step.from).kind == Kind::Queue && facts.node(step.from).tech.is_some();
            flows.copied().any(|flow| {
                of_step.is_some_and(|own| own.span == flow.span)
                    && !own_queues
                    && !may_answer(facts, flow, socket)
            })
        };
        // The surest of them, in whatever order the flows stand.
        let certain = steps.iter().copied().find(ends);
        let Some(step) = certain.or(steps.first().copied()) else { continue };
        let flows = steps.iter().filter_map(|step| facts.flow_of(step)).map(|flow| flow.id.clone());
        let mut flows: Vec<String> = flows.collect();
        flows.dedup();
        let from = facts.node(step.from);
        let (name, who) = (node.name(), from.name());
        let many = match node.instances {
            0 | 1 => "several instances".to_string(),
            many => format!("{many} instances"),
        };
        let finding = match certain {
            Some(_) => Diagnostic::wrong(
                format!("{who} sends to any of {many} of {name}, and the recipient is connected to one of them"),
                step.span,
                "to whichever is next",
            ),
            None => Diagnostic::unstated(
                format!("nothing says how {who} finds the instance of {name} that the recipient is connected to"),
                step.span,
                format!("{many}, and no `registry`"),
            )
            .question(format!(
                "{who} has something for one user: how does it find which of {many} of {name} holds that user?"
            )),
        };
        let missed = match node.instances {
            0 | 1 => "most messages arrive".to_string(),
            many => format!("{} messages in {many} arrive", many - 1),
        };
        found.push(
            finding
                .node(&node.id)
                .flows(flows)
                .hop(facts.id(step.from), &node.id)
                .evidence(format!("{} → {}, {many}, and nothing that {who} reads says who is where", facts.id(step.from), node.id))
                .consequence(format!("{missed} at an instance to which the recipient is not connected, and are dropped there; no log has an error"))
                .fix(if from.kind == Kind::Queue {
                    format!("a topic that all instances of {name} hear, in place of {who}: `redis-pubsub bus`, `bus ~> {}`", node.id)
                } else {
                    format!(
                        "`registry=online` on {name}, which writes there who is connected where, and `{from} -> online reads` before the call; a topic that all instances hear; \
                         or, if connections are placed by it, `key=user` on `{from} -> {to}`, and if instances subscribe at {who}, `key=topic` on `{to} -> {from}`",
                        from = from.id,
                        to = node.id
                    )
                }),
        );
    }
    found
}

/// The flow comes in through the socket, and the client at its end may be the one that it began with.
fn may_answer(facts: &Facts, flow: &Flow, socket: NodeIndex) -> bool {
    let steps = facts.design.steps_of(flow);
    let came_in =
        steps.iter().take_while(|step| step.to != socket || is_before_system(facts.node(step.from).kind));
    let through = came_in.clone().any(|step| step.to == socket);
    let ends = steps.iter().flat_map(|step| [step.from, step.to]);
    let clients: HashSet<NodeIndex> = ends.filter(|&end| facts.node(end).kind == Kind::Client).collect();
    through && clients.len() == 1
}

/// Instances of the socket go to the one instance of the sender that has a key: it answers those that have subscribed
/// there.
fn subscribes(facts: &Facts, socket: NodeIndex, sender: NodeIndex) -> bool {
    facts.design.steps_from(socket).any(|step| {
        let keyed = step.attrs.has("key") || facts.design.graph[step.hop].attrs.has("key");
        step.to == sender && keyed && !facts.node(sender).kind.is_broker()
    })
}

/// Where the socket writes down who is connected to it.
fn kept_by(facts: &Facts, socket: NodeIndex) -> Vec<NodeIndex> {
    let keeps = |kind: Kind| kind.is_store() || matches!(kind, Kind::Registry | Kind::Lock);
    facts
        .design
        .steps_from(socket)
        .filter(|step| keeps(facts.node(step.to).kind) && !step.attrs.has("reads"))
        .map(|step| step.to)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::{design, expect};
    use crate::rules::{Facts, run};

    #[test]
    fn cases() {
        let case = |socket: &str, flow: &str, expected: &[&str]| {
            let nodes = "client u\nclient v\nservice a\nredis c\nredis-pubsub b\nqueue q\nrabbitmq r";
            expect(&RULE, &format!("{nodes}\nsocket s {socket}\nflow f {{ u <-> s\n{flow} }}"), expected);
        };
        case("x3", "s -> a -> s <-> v", &["wrong s"]);
        case("autoscale", "s -> a -> s <-> v", &["wrong s"]);
        // Perhaps it answers who has asked.
        case("x3", "s -> a -> s <-> u", &["unstated s"]);
        case("x3", "s -> a -> s", &["unstated s"]);
        case("x3", "s ~> q ~> s <-> v", &["wrong s"]);
        case("x3", "s ~> r ~> s <-> v", &["unstated s"]);
        // It knows: by name, by what the socket has written down, by hashing, by telling all.
        case("x3 registry=c", "s -> a -> s <-> u", &[]);
        case("x3", "s -> c writes\ns -> a -> c reads\na -> s <-> u", &[]);
        case("x3", "s -> a -> s key=user\ns <-> u", &[]);
        case("x3", "s -> a -> s fanout=3\ns <-> u", &[]);
        // A relay: who wants a topic has subscribed at the instance that has it.
        case("x3", "s <-> a key=topic }\nflow g { v -> a -> s <-> u", &[]);
        case("x3", "s -> a key=topic }\nflow g { v -> a -> s <-> u", &[]);
        case("x3", "s <-> a }\nflow g { v -> a -> s <-> u", &["wrong s"]);
        case("autoscale", "s -> a -> s fanout=3\ns <-> u", &[]);
        // Not to all.
        case("x3", "s -> a -> s fanout=2\ns <-> v", &["wrong s"]);
        case("x3", "s -> a ~> b ~> s <-> u", &[]);
        // What the caller reads is not what the socket writes.
        case("x3", "s -> a -> c reads\na -> s <-> v", &["wrong s"]);
        expect(&RULE, "client u\nservice a\nsocket s x3\nflow f { u -> a -> s <-> u }", &["wrong s"]);
        // The one that is no answer decides, wherever it stands.
        let [ask, tell] = ["flow f { u <-> s -> a -> s <-> u }\n", "flow g { v -> a -> s <-> u }\n"];
        for flows in [format!("{ask}{tell}"), format!("{tell}{ask}")] {
            let text = format!("client u\nclient v\nservice a\nsocket s x3\n{flows}");
            expect(&RULE, &text, &["wrong s"]);
            let found = run(&RULE, &Facts::new(&design(&text)));
            assert_eq!(found[0].flows.len(), 2, "{found:?}");
        }
        // One, a vendor's, or a connection to each.
        case("", "s -> a -> s <-> u", &[]);
        case("x3 managed", "s -> a -> s <-> u", &[]);
        case("x3", "s <-> a", &[]);
        case("x3", "s -> a", &[]);
    }
}
