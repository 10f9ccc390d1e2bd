use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::facts::flow_names;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "ws-no-cross-node-bus",
    severity: Severity::Error,
    confidence: Confidence::Medium,
    grave: true,
    group: Group::Realtime,
    summary: "a message never reaches users who are connected to another instance",
    question: Some(Question {
        topic: "between instances",
        text: "two users are connected to different instances: how does a message get from one to the other?",
    }),
    reads: &["autoscale", "managed", "reads", "registry", "writes"],
    page: Page {
        checks: "Connection servers with several instances: whether a message can get to a client that is connected to \
                 another instance than its sender.",
        when: "A socket that no vendor runs has at least two instances (or `autoscale`) and clients connected to it, and \
               nothing brings messages to it from inside: no topic or queue hands to it or is read by it, no application \
               calls it, and it holds no connection inwards. Wrong where a flow goes in through it and out of it to a client, \
               unless it has a `registry`, which knows where a client is and brings nothing there, or calls a cache, a \
               registry or a broker in a way that may be meant as the way across. In those cases it is a question, and so it \
               is where no flow shows what goes out, but one hop leads on from it to an application, a store or a broker.",
        why: "With one instance everything works: each connection is in the same process. With the second, half of all \
              pairs of users are on different ones, and their messages go nowhere, without an error. A sticky load balancer \
              does not help: it keeps each user in place and does not bring two together.",
        outage: None,
        bad: "client alice\nclient bob\nlb front managed\nsocket push x4\nflow send { alice <-> front <-> push <-> bob }\n",
        good: "client alice\nclient bob\nlb front managed\nsocket push x4\nredis-pubsub bus x2\n\
               flow send { alice <-> front <-> push ~> bus ~> push <-> bob }\n",
        ignore: "Clients only send and are answered: nothing ever goes from one to another.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let deliveries = facts.deliveries();
    for socket in facts.connected_sockets() {
        let node = facts.node(socket);
        let several = node.instances >= 2 || node.attrs.has("autoscale");
        if !several || node.is_managed() || facts.is_brought_messages(socket) {
            continue;
        }
        let delivers = deliveries.get(&socket);
        let across = facts.design.steps_from(socket).find(|step| may_lead_across(facts, step));
        let passes_on = passes_on(facts, socket);
        // What clients only call sends them nothing by itself.
        let holds = facts
            .hops_to(socket)
            .iter()
            .chain(&facts.hops_from(socket))
            .any(|(_, hop)| hop.arrow == Arrow::Stream);
        if delivers.is_none() && (passes_on.is_none() || !holds) {
            continue;
        }
        let name = node.name();
        let many =
            if node.instances >= 2 { format!("{} instances", node.instances) } else { "several".to_string() };
        let finding = match (delivers, across) {
            (Some(flows), None) if !node.attrs.has("registry") => {
                let message = format!(
                    "{} reaches only who is connected to the same instance of {name} as the sender",
                    flow_names(flows)
                );
                Diagnostic::wrong(message, node.span, many.clone())
                    .flows(flows.iter().map(|flow| flow.id.clone()))
            }
            _ => {
                let message =
                    format!("nothing says how a message gets from one instance of {name} to another");
                Diagnostic::unstated(message, node.span, format!("{many}, and nothing leads back to it")).question(
                    format!("two users are connected to different instances of {name}: how does a message get from one to the other?"),
                )
            }
        };
        let evidence = match (across, passes_on) {
            (Some(step), _) => {
                format!("{} → {}, and no way back to {name} is drawn", node.id, facts.id(step.to))
            }
            (None, Some(to)) => format!("{} → {}, and nothing inside leads to {name}", node.id, facts.id(to)),
            (None, None) => format!("nothing but clients leads to {name}"),
        };
        let chance = match node.instances {
            0 | 1 => "most messages are".to_string(),
            many => format!("{} of {many} messages are", many - 1),
        };
        found.push(
            finding
                .node(&node.id)
                .evidence(evidence)
                .consequence(format!("{chance} for somebody on another instance, and never arrive; no log has an error"))
                .fix(format!(
                    "a topic that every instance subscribes to: `redis-pubsub bus`, `{id} ~> bus ~> {id}`; or `registry=` on {name}, and send to the instance that it names",
                    id = node.id
                )),
        );
    }
    found
}

/// Where what clients send goes from here.
fn passes_on(facts: &Facts, socket: NodeIndex) -> Option<NodeIndex> {
    let inside = |kind: Kind| kind.is_app() || kind.is_store() || kind.is_broker();
    facts
        .hops_from(socket)
        .into_iter()
        .find(|(to, hop)| hop.arrow != Arrow::Control && inside(facts.node(*to).kind))
        .map(|(to, _)| to)
}

/// May be meant as the way across: a place where the instances meet, used without saying how.
fn may_lead_across(facts: &Facts, step: &Step) -> bool {
    let said = step.attrs.has("reads") || step.attrs.has("writes");
    match facts.node(step.to).kind {
        Kind::Cache | Kind::Registry => true,
        Kind::Topic | Kind::Queue => facts.arrow(step) == Arrow::Call && !said,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let expect = |text: &str, expected: &[&str]| expect(&RULE, text, expected);
        let between =
            |more: &str| format!("client u\nclient v\nlb l\nsocket s x3\nservice a\npostgres d\n{more}");
        expect(&between("flow f { u <-> s -> a -> d writes\ns ~> v }"), &["wrong s"]);
        expect(&between("flow f { u <-> l <-> s -> a -> d writes\ns <-> v }"), &["wrong s"]);
        // A bus, a service that calls back, a registry.
        expect(&between("redis-pubsub b\nflow f { u <-> s ~> b ~> s ~> v }"), &[]);
        expect(&between("kafka k\nflow f { u <-> s ~> k\ns -> k reads\ns ~> v }"), &[]);
        expect(&between("flow f { u <-> s -> a -> s ~> v }"), &[]);
        // A register says where somebody is; something has to call there.
        expect("client u\nsocket s x3 registry=c\nredis c\nservice a\nu <-> s -> a", &["unstated s"]);
        expect("client u\nsocket s x3 registry=c\nredis c\nservice a\nu <-> s -> a -> c\na -> s", &[]);
        expect(&between("registry r\nflow f { u <-> s -> a -> d writes\ns ~> v }"), &["wrong s"]);
        expect("client u\nsocket s x3\nservice a\nu <-> s <-> a", &[]);
        // A log that nobody brings back is no bus.
        expect(&between("kafka k\nflow f { u <-> s ~> k ~> a -> d writes\ns ~> v }"), &["wrong s"]);
        // A sketch: perhaps `c` is it, perhaps nothing goes back.
        expect("client u\nsocket s x3\nredis c\nu <-> s -> c", &["unstated s"]);
        expect("client u\nsocket s x3\nservice a\npostgres d\nu <-> s -> a -> d", &["unstated s"]);
        // One instance, a vendor's, no clients, nothing passed on.
        expect("client u\nsocket s\nservice a\nu <-> s -> a", &[]);
        expect("client u\nably s\nservice a\nu <-> s -> a", &[]);
        expect("socket s x3\nservice a\ns -> a", &[]);
        expect("client u\nsocket s x3\nu <-> s", &[]);
    }
}
