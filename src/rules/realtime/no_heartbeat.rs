use crate::catalog::Kind;
use crate::design::Flow;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::units::show_number;

pub static RULE: Rule = Rule {
    id: "no-heartbeat",
    severity: Severity::Warning,
    confidence: Confidence::High,
    grave: false,
    group: Group::Realtime,
    summary: "a connection that has died without a word counts as open",
    question: Some(Question {
        topic: "dead connections",
        text: "a phone enters a tunnel and sends nothing more: when does the server know, and when does the phone?",
    }),
    reads: &["connections", "heartbeat", "managed", "rate"],
    page: Page {
        checks: "Connection servers: whether either side notices that the other is gone.",
        when: "A socket that no vendor runs has clients that hold connections to it (`<->`, directly or through what stands \
               before it). Wrong where it says `heartbeat=no`; a question where nothing is said and a flow goes through \
               it, unless all such flows are at ten requests a second or fewer and state no `availability`, or its technology sends pings by itself (Socket.IO).",
        why: "A network that goes away sends no goodbye. Without traffic neither end learns of it for hours: the server \
              keeps memory and a presence for nobody and writes messages into nothing, and a proxy in between drops the \
              idle connection while the client goes on waiting on it.",
        outage: None,
        bad: "client app resume reconnect=60s jitter\nlb front managed\nsocket push x4 drain=5min heartbeat=no\nredis-pubsub bus x2\nservice chat x3 metrics\n\
              flow send { app <-> front <-> push -> chat\nchat ~> bus ~> push }\n",
        good: "client app resume reconnect=60s jitter\nlb front managed\nsocket push x4 drain=5min heartbeat=30s\nredis-pubsub bus x2\nservice chat x3 metrics\n\
               flow send { app <-> front <-> push -> chat\nchat ~> bus ~> push }\n",
        ignore: "Something is sent on each connection every few seconds anyway, and both ends time out without it.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for at in facts.nodes(|kind| kind == Kind::Socket) {
        let node = facts.node(at);
        if node.attrs.has("heartbeat") || node.is_managed() || !facts.is_held(at) {
            continue;
        }
        let said = node.attrs.get("heartbeat");
        let flows = facts.flows_through(at);
        let pings = node.tech.is_some_and(|tech| tech.pings);
        if said.is_none() && (pings || flows.is_empty() || facts.are_small(&flows)) {
            continue;
        }
        let name = node.name();
        let finding = match said {
            Some(setting) => Diagnostic::wrong(
                format!("{name} takes clients that are gone for connected, for hours"),
                setting.span,
                "said to ask nobody",
            ),
            None => Diagnostic::unstated(
                format!("nothing says when {name} notices that a client is gone"),
                node.span,
                "no `heartbeat=` here",
            )
            .question(format!(
                "a phone that is connected to {name} enters a tunnel: when does {name} know, and when does the phone?"
            )),
        };
        let open = match node.attrs.number("connections").value() {
            Some(each) => format!(
                "{} × {} connections, and nothing tells the dead ones from the quiet",
                node.instances,
                show_number(each)
            ),
            None => {
                format!("{name} hears nothing from a client that is quiet, and nothing from one that is gone")
            }
        };
        found.push(
            finding
                .node(&node.id)
                .flows(flows.iter().map(|flow: &&Flow| flow.id.clone()))
                .evidence(open)
                .consequence(format!(
                    "a mobile network drops out for a town; {name} shows all of them as online and sends what is for them into dead connections"
                ))
                .mend(Mend::node(&node.id, "heartbeat=30s"))
                .fix(format!("`heartbeat=30s` on {name}, below the idle timeout of whatever stands before it")),
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let held = |socket: &str, flow: &str, expected: &[&str]| {
            expect(&RULE, &format!("client u\nlb l\nsocket s {socket}\n{flow}"), expected);
        };
        held("", "flow f { u <-> l <-> s }", &["unstated s"]);
        held("", "flow f { u <-> s }", &["unstated s"]);
        held("", "flow f { s <-> u }", &["unstated s"]);
        held("heartbeat=no", "flow f { u <-> l <-> s }", &["wrong s"]);
        held("heartbeat=no", "u <-> l <-> s", &["wrong s"]);
        held("heartbeat=20s", "flow f { u <-> l <-> s }", &[]);
        held("managed", "flow f { u <-> l <-> s }", &[]);
        // Its library sees to it, unless told not to.
        held("tech=socketio", "flow f { u <-> l <-> s }", &[]);
        held("tech=socketio heartbeat=no", "flow f { u <-> l <-> s }", &["wrong s"]);
        // A sketch, a small system, calls that hold nothing open.
        held("", "u <-> l <-> s", &[]);
        held("", "flow f rate=5/s { u <-> l <-> s }", &[]);
        held("", "flow f { u -> l -> s }", &[]);
    }
}
