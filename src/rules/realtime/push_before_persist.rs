use std::collections::HashSet;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Flow, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::facts::is_before_system;
use crate::rules::{Confidence, Facts, Group, Page, Rule};

pub static RULE: Rule = Rule {
    id: "push-before-persist",
    severity: Severity::Error,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Realtime,
    summary: "recipients see a message that may never be stored",
    question: None,
    reads: &["cdc", "delivery", "outbox", "reads", "staleness"],
    page: Page {
        checks: "Flows in which what a client sends goes out to other clients and into a database: which of the two comes first.",
        when: "A flow that starts at a client brings something to a socket that clients hold connections to (from an \
               application or a broker), or on from it to a client, on an earlier line than the one that writes a database, or \
               beside it on the same line, by the same arrow (`bus ~> push, saver` and then `-> store`); something `reads` that database, and nothing durable has the message by then: no write of a database or object store, no read of one, no queue or topic but those that \
               deliver at most once. Left alone: flows that state `staleness`, brokers that state `delivery=at-most-once`, \
               and flows with an `outbox` or `cdc` node. Never a question. The finding is about who writes the database.",
        why: "Between the push and the write lies a crash, a timeout or a refused constraint. The recipients have read the \
              message, answered it, and it is gone when they open the conversation again; the sender, who got an error, \
              sends it a second time. The other order only delays: what is stored and not pushed is found on the next look.",
        outage: None,
        bad: "client app resume reconnect=60s jitter\nlb front managed\nsocket push x4 heartbeat=30s drain=5min\nservice chat x3 idempotent metrics\nredis-pubsub bus x2\npostgres store x2 failover=auto backup=1h\n\
              flow send { app <-> front <-> push -> chat ~> bus ~> push\nchat -> store writes }\n\
              flow history { app -> front -> chat -> store reads page=cursor }\n",
        good: "client app resume reconnect=60s jitter\nlb front managed\nsocket push x4 heartbeat=30s drain=5min\nservice chat x3 idempotent metrics\nredis-pubsub bus x2\npostgres store x2 failover=auto backup=1h\n\
               flow send { app <-> front <-> push -> chat -> store writes\nchat ~> bus ~> push }\n\
               flow history { app -> front -> chat -> store reads page=cursor }\n",
        ignore: "What is pushed is worthless a moment later and is stored for statistics alone: state the flow's `staleness`.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let reads = facts.design.steps.iter().filter(|step| step.attrs.has("reads"));
    let read: HashSet<NodeIndex> = reads.map(|step| step.to).collect();
    facts.design.flows.iter().filter_map(|flow| too_early(facts, flow, &read)).collect()
}

/// Where a flow shows a message before it is in one of the databases that are read.
fn too_early(facts: &Facts, flow: &Flow, read: &HashSet<NodeIndex>) -> Option<Diagnostic> {
    let steps = facts.design.steps_of(flow);
    if facts.node(steps.first()?.from).kind != Kind::Client || flow.attrs.has("staleness") {
        return None;
    }
    let push = steps.iter().position(|step| delivers(facts, step))?;
    let place = |step: &Step| (step.line, step.leg);
    let pushed = &steps[push];
    let at = place(pushed);
    // Up to and with the push itself: a log that keeps what it hands on has it.
    let kept = |step: &Step| {
        let to = facts.node(step.to);
        let asked = to.kind.is_durable() || to.kind == Kind::External;
        let fleeting = facts.delivery(step.to) == Some("at-most-once");
        asked || (to.kind.is_broker() && !fleeting)
    };
    let wished = |step: &Step| {
        [step.from, step.to].iter().any(|&node| {
            let attrs = &facts.node(node).attrs;
            attrs.text("delivery").value() == Some("at-most-once") || attrs.has("outbox") || attrs.has("cdc")
        })
    };
    if steps.iter().any(wished) || steps.iter().any(|step| place(step) < at && kept(step)) {
        return None;
    }
    let writes = |step: &&Step| {
        let to_database = facts.node(step.to).kind == Kind::Database && facts.writes(step);
        place(step) >= at && to_database && read.contains(&step.to)
    };
    let write = steps.iter().find(writes)?;
    let (writer, store) = (facts.node(write.from), facts.node(write.to));
    let how = if place(write).0 == at.0 { "beside" } else { "before" };
    let way = |step: &Step| format!("{} → {}", facts.id(step.from), facts.id(step.to));
    Some(
        Diagnostic::wrong(
            format!(
                "`{}` shows a message to its recipients {how} {} stores it in {}",
                flow.id,
                writer.name(),
                store.name()
            ),
            pushed.span,
            "they have it here",
        )
        .label(write.span, "it is stored here")
        .node(&writer.id)
        .node(&store.id)
        .flows([flow.id.clone()])
        .evidence(format!("{} comes {how} {}", way(pushed), way(write)))
        .consequence(format!(
            "{} fails after the push: the recipients have read and answered a message that {} has never had",
            writer.name(),
            store.name()
        ))
        .fix(format!(
            "`{} -> {} writes` on a line of its own, before the one that leads to {}",
            writer.id,
            store.id,
            facts.node(pushed.to).name()
        )),
    )
}

/// Something from inside comes to a socket that clients hold connections to, or goes out of one to them.
fn delivers(facts: &Facts, step: &Step) -> bool {
    let (from, to) = (facts.node(step.from).kind, facts.node(step.to).kind);
    let inwards = to == Kind::Socket && from != Kind::Socket && !is_before_system(from);
    let outwards = from == Kind::Socket && is_before_system(to);
    (inwards && facts.is_held(step.to)) || outwards
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |flow: &str, expected: &[&str]| {
            let nodes = "client u\nclient v\nsocket s\nservice a\nworker w\nredis-pubsub b\nkafka k\npostgres d\nredis c";
            expect(&RULE, &format!("{nodes}\nflow f {{ {flow} }}\nflow g {{ u -> a -> d reads }}"), expected);
        };
        case("u <-> s -> a ~> b ~> s\na -> d writes", &["wrong a, d"]);
        case("u <-> s <-> v\ns -> d writes", &["wrong s, d"]);
        case("u <-> s -> a -> s <-> v\na -> d writes", &["wrong a, d"]);
        // Nobody looks at it again.
        let unread =
            "client u\nsocket s\nservice a\npostgres d\nflow f { u <-> s -> a -> s <-> u\na -> d writes }";
        expect(&RULE, unread, &[]);
        // Beside it: the channel keeps nothing.
        case("u <-> s -> a ~> b ~> s\nb ~> w -> d writes", &["wrong w, d"]);
        case("u <-> s -> a -> s, d", &["wrong a, d"]);
        // Stored first, or in a log that keeps it.
        case("u <-> s -> a -> d writes\na ~> b ~> s", &[]);
        case("u <-> s ~> k\nk ~> w -> d writes\nk ~> s", &[]);
        case("u <-> s ~> k ~> s\nk ~> w -> d writes", &[]);
        // What it sends on was read first; nothing is stored at all; only presence is.
        case("u <-> s -> a -> d reads\na ~> b ~> s\na -> d writes", &[]);
        case("u <-> s -> a ~> b ~> s", &[]);
        case("u <-> s -> a ~> b ~> s\na -> c writes", &[]);
        let fleeting = "client u\nsocket s\nservice a\ntopic b delivery=at-most-once\npostgres d\nflow g { u -> a -> d reads }\n";
        expect(&RULE, &format!("{fleeting}flow f {{ u <-> s -> a ~> b ~> s\na -> d writes }}"), &[]);
        let nodes =
            "client u\nsocket s\nservice a\nredis-pubsub b\npostgres d\nflow g { u -> a -> d reads }\n";
        let flow = "u <-> s -> a ~> b ~> s\na -> d writes";
        expect(&RULE, &format!("{nodes}flow f staleness=1s {{ {flow} }}"), &[]);
        expect(&RULE, &format!("{}flow f {{ {flow} }}", nodes.replace("service a", "service a outbox")), &[]);
        // A timer is no sender.
        expect(
            &RULE,
            &format!(
                "{nodes}scheduler t\nflow h {{ u <-> s }}\nflow f {{ t -> a ~> b ~> s\na -> d writes }}"
            ),
            &[],
        );
    }
}
