use std::collections::HashMap;

use crate::catalog::Kind;
use crate::design::Step;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::facts::is_before_system;
use crate::rules::{Confidence, Facts, Group, Outage, Page, Question, Rule};
use crate::units::show_number;

pub static RULE: Rule = Rule {
    id: "slow-consumer",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Realtime,
    summary: "one client that reads slowly fills the memory of a server, or stops it for all",
    question: Some(Question {
        topic: "slow clients",
        text: "a phone on a bad network reads slower than is sent to it: where does the rest wait, and up to how much?",
    }),
    reads: &["fanout", "managed", "max_length", "on_full", "send_buffer"],
    page: Page {
        checks: "Connection servers: whether what waits for one slow client is bounded.",
        when: "Wrong where a socket that clients hold connections to says `send_buffer=no`, or a hop out of it towards them \
               `on_full=block`. A question where a flow through it makes at least a hundred of one (`fanout=`), as a broadcast \
               does, and neither `send_buffer` on it nor `max_length` or `on_full` on its hops towards clients is \
               stated. What a vendor runs is left alone.",
        why: "A server writes faster than a bad network reads, and the difference lies in its memory, for each such client. \
              At a busy moment, which is when everybody is on one bad network, that is all of its memory. Waiting instead \
              makes the slowest client set the pace of all others.",
        outage: Some(Outage {
            name: "Discord, 2017",
            what: "clients reconnected all at once to a flapping service, and frontends ran out of memory as internal queues filled up",
            link: "https://status.discordapp.com/incidents/dj3l6lw926kl",
        }),
        bad: "client app resume reconnect=60s jitter\nlb front managed\nsocket push x4 heartbeat=30s drain=5min send_buffer=no\nservice scores x3 metrics\nredis-pubsub bus x2\n\
              flow goal staleness=2s { app <-> front <-> push -> scores\nscores ~> bus ~> push }\n",
        good: "client app resume reconnect=60s jitter\nlb front managed\nsocket push x4 heartbeat=30s drain=5min send_buffer=256KB\nservice scores x3 metrics\nredis-pubsub bus x2\n\
               flow goal staleness=2s { app <-> front <-> push -> scores\nscores ~> bus ~> push }\n",
        ignore: "So little is sent to each client that a day of it fits in memory.",
    },
    check,
};

/// One that becomes so many is a broadcast.
const BROADCAST: f64 = 100.0;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let broadcasts: HashMap<&str, f64> = facts
        .design
        .flows
        .iter()
        .filter_map(|flow| {
            let steps = facts.design.steps_of(flow).iter();
            let most = steps.filter_map(|step| step.attrs.number("fanout").value()).fold(0.0, f64::max);
            (most >= BROADCAST).then_some((flow.id.as_str(), most))
        })
        .collect();
    for at in facts.nodes(|kind| kind == Kind::Socket) {
        let node = facts.node(at);
        if node.is_managed() || !facts.is_held(at) || node.attrs.has("send_buffer") {
            continue;
        }
        let out = |step: &&Step| is_before_system(facts.node(step.to).kind);
        let outward: Vec<&Step> = facts.design.steps_from(at).filter(out).collect();
        let blocks = outward.iter().find(|step| step.attrs.text("on_full").value() == Some("block"));
        let bounded = outward.iter().any(|step| step.attrs.has("max_length") || step.attrs.has("on_full"));
        let flows = facts.flows_through(at);
        let broadcast = flows.iter().find_map(|flow| Some((*flow, *broadcasts.get(flow.id.as_str())?)));
        let name = node.name();
        let finding = match (node.attrs.get("send_buffer"), blocks, broadcast) {
            (Some(setting), ..) => Diagnostic::wrong(
                format!("what {name} keeps for a client that reads slowly has no bound"),
                setting.span,
                "said to have no bound",
            )
            .evidence(format!("{name} writes on, the client does not read, and all of it waits in {name}'s memory")),
            (None, Some(step), _) => Diagnostic::wrong(
                format!("one client that reads slowly holds up {name} for all others"),
                step.span,
                "waits for the slowest",
            )
            .evidence(format!("{} → {}, on_full=block", node.id, facts.id(step.to))),
            (None, None, Some((flow, most))) if !bounded => Diagnostic::unstated(
                format!("nothing says how much {name} keeps for a client that reads slowly"),
                node.span,
                "no `send_buffer=` here",
            )
            .evidence(format!("`{}` makes {} of each message", flow.id, show_number(most)))
            .question(format!(
                "one of the {} that `{}` sends to reads slowly: what does {name} keep for it, and up to how much?",
                show_number(most),
                flow.id
            )),
            _ => continue,
        };
        found.push(
            finding
                .node(&node.id)
                .flows(flows.iter().map(|flow| flow.id.clone()))
                .consequence(format!(
                    "a full stadium on one overloaded mast reads slowly, {name} runs out of memory or stands still, and everybody on it is thrown out"
                ))
                .mend(Mend::node(&node.id, "send_buffer=256KB"))
                .fix(format!("`send_buffer=256KB` on {name}: above it the client is cut off, and catches up when it comes back")),
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
        let case = |socket: &str, flow: &str, expected: &[&str]| {
            expect(
                &RULE,
                &format!("client u\nservice a\ntopic t\nsocket s {socket}\nflow f {{ u -> a\n{flow} }}"),
                expected,
            );
        };
        case("send_buffer=no", "a -> s <-> u", &["wrong s"]);
        case("send_buffer=1MB", "a -> s <-> u on_full=block", &[]);
        case("", "a -> s <-> u on_full=block", &["wrong s"]);
        case("", "a ~> t ~> s <-> u fanout=1000", &["unstated s"]);
        case("", "a ~> t ~> s fanout=200\ns <-> u", &["unstated s"]);
        case("send_buffer=1MB", "a ~> t ~> s <-> u fanout=1000", &[]);
        case("", "a ~> t ~> s <-> u fanout=1000 on_full=drop", &[]);
        case("managed", "a ~> t ~> s <-> u fanout=1000", &[]);
        // One or a few, or nobody connected.
        case("", "a ~> t ~> s <-> u fanout=20", &[]);
        case("", "a ~> t ~> s <-> u", &[]);
        case("send_buffer=no", "a ~> t ~> s", &[]);
    }
}
