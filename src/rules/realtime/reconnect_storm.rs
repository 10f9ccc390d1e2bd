use std::collections::{HashMap, HashSet};

use petgraph::graph::NodeIndex;

use crate::design::{Flow, Hop, Setting, Value};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::numbers::overload::{Brunt, Herd, Outcome, herds};
use crate::rules::{Confidence, Facts, Group, Outage, Page, Question, Rule};
use crate::units::{show_duration, show_number, show_rate};

pub static RULE: Rule = Rule {
    id: "reconnect-storm",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Realtime,
    summary: "after a break all clients come back in the same second",
    question: Some(Question {
        topic: "reconnects",
        text: "every connection breaks at once: over what time, and how spread, do the clients come back?",
    }),
    reads: &["connections", "jitter", "managed", "rate", "reconnect", "shed", "users"],
    page: Page {
        checks: "Clients that hold connections: whether they come back one by one after a break, or all at once.",
        when: "A client holds a connection (`<->`, directly or through what stands before it) to a socket that no vendor runs. \
               Wrong where the client or the hop at its end says `reconnect=no` (or no time at all) or `jitter=no`. A question where \
               neither says `reconnect`, or neither says `jitter`, and a flow uses the connection. How many \
               come back is the socket's `connections` times its instances or the client's `users`, whichever is less: with fewer \
               than a thousand nothing is said, and below ten thousand, without a figure, or where several clients share the \
               socket and this one states no `users`, a question is a remark and what is wrong a warning. A question about \
               the jitter alone is a remark. With `shed` on the socket or on what the client connects to nothing is asked, and \
               what is wrong is a warning, or a remark where it was one: those who are turned away come back at once as well. \
               Silent where a flow from the client says `connects`, and what each node on it carries is known and is enough for all of them \
               in the time that is stated (one second, where none is), or `shed` or a `bulkhead` there turns away what is too much. \
               Left alone where all flows over the connection that somebody waits for state a `rate` of ten requests a second \
               or fewer and no `availability`.",
        why: "A deploy or a lost zone breaks in one second what took an hour to build up. If all come back in the next second, \
              each with a handshake, a login and a catch-up, what is behind gets a day's worth of logins at once, falls over, and \
              breaks the connections of those who were in. A fixed wait only moves that second.",
        outage: Some(Outage {
            name: "Slack",
            what: "many users were disconnected; reconnecting all together they exceeded the database's capacity, and 5 % of all users could not connect for up to two hours",
            link: "https://web.archive.org/web/20181208123409/https://slackhq.com/this-was-not-normal-really",
        }),
        bad: "client app resume reconnect=no\nlb front managed\nsocket push x4 connections=50k heartbeat=30s drain=5min\nservice chat x3 metrics\nredis-pubsub bus x2\n\
              flow send { app <-> front <-> push -> chat\nchat ~> bus ~> push }\n",
        good: "client app resume reconnect=60s jitter\nlb front managed\nsocket push x4 connections=50k heartbeat=30s drain=5min\nservice chat x3 metrics\nredis-pubsub bus x2\n\
               flow send { app <-> front <-> push -> chat\nchat ~> bus ~> push }\n",
        ignore: "What is behind can log all of them in within a second, and this has been tried.",
    },
    check,
};

/// Fewer can all come back in a second.
const FEW: f64 = 1_000.0;

/// From so many on, coming back at once is an outage of its own.
const MANY: f64 = 10_000.0;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let holders = facts.holders();
    let mut shared: HashMap<NodeIndex, usize> = HashMap::new();
    for (_, _, socket) in &holders {
        *shared.entry(*socket).or_default() += 1;
    }
    // Of several kinds of client, nobody knows whose the connections are.
    let alone = |socket: NodeIndex| shared[&socket] == 1;
    let carried = carried(facts);
    for (client, hop, socket) in holders {
        let (node, server) = (facts.node(client), facts.node(socket));
        let flows = flows_over(facts, hop);
        let reconnect = said(facts, client, hop, "reconnect");
        let jitter = said(facts, client, hop, "jitter");
        if carried.contains(&client) || server.is_managed() || (!flows.is_empty() && facts.are_small(&flows))
        {
            continue;
        }
        let shed = sheds(facts, client, hop, socket);
        let each = server.attrs.number("connections").value();
        let users = node.attrs.number("users").value();
        let places = each.map(|each| each * server.instances as f64);
        let open = [places, users].into_iter().flatten().reduce(f64::min);
        if open.is_some_and(|open| open < FEW) {
            continue;
        }
        let at_once = reconnect.filter(|setting| matches!(setting.value, Value::None | Value::Number(0.0)));
        let unspread = jitter.filter(|setting| setting.value == Value::None);
        let answered = shed || flows.is_empty() || (reconnect.is_some() && jitter.is_some());
        if at_once.or(unspread).is_none() && answered {
            continue;
        }
        let (name, there) = (node.name(), server.name());
        let all = match open {
            Some(open) => format!("up to {} connections", show_number(open)),
            None => "all connections".to_string(),
        };
        let wait = match reconnect.map(|setting| &setting.value) {
            Some(Value::Number(wait)) if *wait > 0.0 => Some(show_duration(*wait)),
            _ => None,
        };
        let message = match &wait {
            Some(wait) => {
                format!("{wait} after a break, {all} of {name} may come back to {there} in the same second")
            }
            None => format!("after a break, {all} of {name} come back to {there} at once"),
        };
        let finding = match (at_once.or(unspread), reconnect) {
            (Some(setting), _) => Diagnostic::wrong(message, setting.span, "nothing spreads them"),
            (None, Some(setting)) => Diagnostic::unstated(message, setting.span, "a wait, and no `jitter`")
                .question(format!("does each {name} wait a random time, or do all of them wait the same?")),
            (None, None) => Diagnostic::unstated(
                format!("nothing says over what time {all} of {name} come back to {there}"),
                node.span,
                "no `reconnect=` here",
            )
            .question(format!("{there} restarts: over what time do the connections of {name} come back?")),
        };
        let only_jitter = at_once.is_none() && reconnect.is_some();
        let most = match open {
            Some(open) if !shed && open >= MANY && !only_jitter && (users.is_some() || alone(socket)) => {
                Severity::Error
            }
            Some(open) if shed && open < MANY => Severity::Info,
            None if shed => Severity::Info,
            _ if at_once.or(unspread).is_some() => Severity::Warning,
            _ => Severity::Info,
        };
        let evidence = match (each, open) {
            (Some(each), Some(open)) if users.is_none_or(|users| users > open) => format!(
                "{} × {} = {} connections; in one second that is {}",
                server.instances,
                show_number(each),
                show_number(open),
                show_rate(open)
            ),
            (_, Some(open)) => format!("{} use {name}", show_number(open)),
            _ => format!("{name} holds a connection to {there}"),
        };
        found.push(
            finding
                .at_most(most)
                .node(&node.id)
                .node(&server.id)
                .flows(flows.iter().map(|flow| flow.id.clone()))
                .evidence(evidence)
                .consequence(match shed {
                    true => format!("{there} restarts, turns most of them away, and gets all of those again a second later, over and over"),
                    false => format!("{there} restarts, everybody signs in and catches up in one second, and what is behind it falls over each time it comes up"),
                })
                .mend(Mend::node(&node.id, &match &wait { Some(wait) => format!("reconnect={} jitter", wait.replace(' ', "")), None => "reconnect=60s jitter".to_string() }))
                .fix(match wait {
                    Some(wait) => format!("`reconnect={wait} jitter` on {name}, so that each comes back at a random moment of it"),
                    None if shed => format!("`reconnect=60s jitter` on {name}, so that few have to be turned away"),
                    None => format!("`reconnect=60s jitter` on {name}, and `shed` on what takes the connections"),
                }),
        );
    }
    found
}

/// The clients of whom it is known that all that they come back to carries them, or turns them away.
fn carried(facts: &Facts) -> HashSet<NodeIndex> {
    let withstands = |brunt: &Brunt| matches!(brunt.outcome, Some(Outcome::Carried | Outcome::TurnedAway));
    let (safe, other): (Vec<Herd>, Vec<Herd>) = herds(facts.design)
        .into_iter()
        .partition(|herd| !herd.brunts.is_empty() && herd.brunts.iter().all(withstands));
    let clients = |herds: &[Herd]| -> HashSet<NodeIndex> {
        herds.iter().flat_map(|herd| &herd.crowds).map(|crowd| crowd.node).collect()
    };
    let other = clients(&other);
    clients(&safe).into_iter().filter(|client| !other.contains(client)).collect()
}

/// The flows that use a connection.
fn flows_over<'d>(facts: &Facts<'d>, hop: &Hop) -> Vec<&'d Flow> {
    let mut flows: Vec<usize> = hop.steps.iter().filter_map(|&step| facts.design.steps[step].flow).collect();
    flows.dedup();
    flows.into_iter().map(|flow| &facts.design.flows[flow]).collect()
}

/// What the client says, else the connection at its end.
fn said<'d>(facts: &Facts<'d>, client: NodeIndex, hop: &'d Hop, name: &str) -> Option<&'d Setting> {
    let steps = hop.steps.iter().map(|&step| &facts.design.steps[step].attrs);
    facts
        .node(client)
        .attrs
        .get(name)
        .or(hop.attrs.get(name))
        .or(steps.filter_map(|attrs| attrs.get(name)).next())
}

/// Whoever takes the connections refuses what is too much.
fn sheds(facts: &Facts, client: NodeIndex, hop: &Hop, socket: NodeIndex) -> bool {
    let step = hop.steps.first().map(|&step| &facts.design.steps[step]);
    let front = step.map(|step| if step.from == client { step.to } else { step.from });
    std::iter::once(socket).chain(front).any(|node| facts.node(node).attrs.has("shed"))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::{design, expect};
    use crate::rules::{Facts, run};

    fn held(client: &str, socket: &str, flow: &str) -> String {
        format!("client u {client}\nlb l\nsocket s {socket}\n{flow}")
    }

    #[test]
    fn cases() {
        let flow = "flow f { u <-> l <-> s }";
        let case = |client: &str, socket: &str, expected: &[&str]| {
            expect(&RULE, &held(client, socket, flow), expected);
        };
        case("", "x3", &["unstated u, s"]);
        case("reconnect=60s", "x3", &["unstated u, s"]);
        case("jitter", "x3", &["unstated u, s"]);
        case("reconnect=60s jitter", "x3", &[]);
        case("reconnect jitter", "x3", &[]);
        case("reconnect=no", "x3", &["wrong u, s"]);
        case("reconnect=0s jitter", "x3", &["wrong u, s"]);
        case("reconnect=60s jitter=no", "x3", &["wrong u, s"]);
        case("", "x3 shed", &[]);
        case("reconnect=60s", "x3 shed", &[]);
        case("reconnect=no", "x3 shed", &["wrong u, s"]);
        case("", "x3 managed", &[]);
        case("reconnect=no", "connections=900", &[]);
        case("reconnect=no users=900", "", &[]);
        expect(&RULE, &held("", "x3", "flow f { u <-> l <-> s reconnect=5s }"), &["unstated u, s"]);
        expect(&RULE, &held("", "", "flow f { u <-> s reconnect=60s jitter }"), &[]);
        expect(&RULE, &held("", "x3", "flow f { s <-> u }"), &["unstated u, s"]);
        // All of it carries all of them in one second, or turns them away.
        let hello = |service: &str| {
            format!(
                "client u users=5k\nsocket s capacity=10k/s\nservice a {service}\nflow f connects {{ u <-> s -> a }}"
            )
        };
        expect(&RULE, &hello("capacity=5k/s"), &[]);
        expect(&RULE, &hello("capacity=4k/s shed"), &[]);
        expect(&RULE, &hello("capacity=4k/s"), &["unstated u, s"]);
        expect(&RULE, &hello(""), &["unstated u, s"]);
        // A sketch, a small system, calls that hold nothing.
        expect(&RULE, &held("", "x3", "u <-> l <-> s"), &[]);
        expect(&RULE, &held("", "x3", "flow f rate=5/s { u <-> l <-> s }"), &[]);
        expect(&RULE, &held("", "x3", "flow f { u -> l -> s }"), &[]);
    }

    #[test]
    fn how_many_decides_how_bad() {
        let severity = |client: &str, socket: &str| {
            let text = held(client, socket, "flow f { u <-> l <-> s }");
            run(&RULE, &Facts::new(&design(&text)))[0].severity.name()
        };
        assert_eq!(severity("reconnect=no", "x10 connections=1k"), "error");
        assert_eq!(severity("reconnect=no", "x9 connections=1k"), "warning");
        assert_eq!(severity("reconnect=no", "x10 connections=1k shed"), "warning");
        assert_eq!(severity("reconnect=no", "x9 connections=1k shed"), "info");
        assert_eq!(severity("", "x10 connections=1k"), "warning");
        assert_eq!(severity("", "x9 connections=1k"), "info");
        assert_eq!(severity("reconnect=1min", "x10 connections=1k"), "info");
    }
}
