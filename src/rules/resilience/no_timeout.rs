use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Hop};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Outage, Page, Question, Rule};
use crate::units::show_duration;

pub static RULE: Rule = Rule {
    id: "no-timeout",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Resilience,
    summary: "a call without a timeout: when the other side hangs, so does the caller",
    question: Some(Question { topic: "timeouts", text: "how long do they wait before giving up?" }),
    reads: &["availability", "deadline", "managed", "p99", "rate", "reads", "signature", "timeout", "writes"],
    page: Page {
        checks: "Calls from applications to whatever they wait for: other services, stores, externals.",
        when: "Wrong where `timeout=none` is stated. A question, once for each caller, where nothing is said and someone waits \
               for the caller, or it calls an external. As a remark, it is asked too of a worker that nobody waits for (a job \
               that hangs holds up all behind it), and of a function that is run by its vendor, whose clients wait a minute by \
               themselves: both where a flow on that call promises an `availability` or a `p99`, or states a `rate` above 10 a second. At most a remark as well where the only timeout of a \
               call to an external is one of 250 ms or less that comes from `every call`, and was meant for calls inside; of 500 ms or less, where the call says `writes` or carries a `signature` (a webhook): who gives up on an effect does not know whether it happened. Clients, load balancers, CDNs and gateways as callers are not asked, nor \
               what else is managed, nor about a database that is a library in the caller's own process (SQLite), nor one that takes its time from a `deadline` that is passed to it.",
        why: "Things rarely fail by refusing; they fail by not answering. Without a timeout each waiting request keeps its \
              thread and its connection, until there are none and the caller is down as well, and then its callers.",
        outage: Some(Outage {
            name: "Slack, 2021",
            what: "packet loss in the network gateway made web threads wait",
            link: "https://slack.engineering/slacks-outage-on-january-4th-2021/",
        }),
        bad: "client web\nlb front managed\nservice api x2\npostgres store x2 failover=auto\n\
              flow order { web -> front -> api -> store writes }\n",
        good: "client web\nlb front managed\nservice api x2\npostgres store x2 failover=auto\n\
               flow order { web -> front -> api -> store writes timeout=200ms }\n",
        ignore: "Calls that are meant to wait long, such as a long poll: state the long timeout.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut someone_waits = std::collections::HashSet::new();
    for calls in facts.calls() {
        someone_waits.extend(calls.waited_for);
    }
    for index in facts.nodes(is_asked) {
        let node = facts.node(index);
        let calls = || facts.hops_from(index).into_iter().filter(|(to, hop)| is_judged(facts, *to, hop));
        let endless: Vec<_> = calls().filter(|(_, hop)| hop.attrs.number("timeout").is_no()).collect();
        let silent: Vec<_> = calls().filter(|(_, hop)| hop.attrs.get("timeout").is_none()).collect();
        if let Some(span) = endless.first().and_then(|(_, hop)| hop.attrs.number("timeout").span()) {
            let to = targets(&endless);
            let message = format!("{} waits for {} without end", node.name(), facts.names(&to));
            let finding = Diagnostic::wrong(message, span, "never gives up");
            found.push(describe(facts, index, &endless, finding));
        }
        // Behind a queue nobody waits for the answer, but the next message does.
        let works = node.kind == Kind::Worker && matters(facts, &silent);
        // The platform ends a function late; until then its clients wait as long as their makers chose.
        let runs = !node.is_managed() || (node.kind == Kind::Function && matters(facts, &silent));
        let external = silent.iter().any(|(to, _)| facts.node(*to).kind == Kind::External);
        let asked = node.kind != Kind::Gateway
            && runs
            && (external || works || someone_waits.contains(&index))
            && !facts.design.steps_to(index).any(|step| step.attrs.has("deadline"))
            && !facts.design.steps_from(index).any(|step| step.attrs.has("deadline"));
        if asked && let Some((_, first)) = silent.first() {
            let to = facts.names(&targets(&silent));
            let message = format!("{} does not say how long it waits for {to}", node.name());
            let finding = Diagnostic::unstated(message, first.span, "no `timeout=` here")
                .question(format!("how long does {} wait for {to} before giving up?", node.name()));
            let delays_only = node.is_managed() || (!external && !someone_waits.contains(&index));
            let finding = if delays_only { finding.at_most(Severity::Info) } else { finding };
            found.push(describe(facts, index, &silent, finding));
        }
        let inside: Vec<_> = calls().filter(|(to, hop)| is_meant_for_inside(facts, *to, hop)).collect();
        if let Some((to, first)) = inside.first().filter(|_| node.kind != Kind::Gateway) {
            let seconds = first.attrs.number("timeout").value().unwrap_or(0.0);
            let [shown, to] = [show_duration(seconds), facts.node(*to).name()];
            let message = format!("{} gives {to} {shown}, like everything inside", node.name());
            let finding = Diagnostic::unstated(message, first.span, "no `timeout=` of its own")
                .question(format!("{to} is outside: are {shown} what {} gives it?", node.name()))
                .at_most(Severity::Info);
            let happens = match seconds <= SHORT_FOR_OUTSIDE {
                true => format!(
                    "{to} takes half a second on an ordinary day: {} gives up on calls that are about to succeed, and tries them again",
                    node.name()
                ),
                false => format!(
                    "{to} takes a second on a busy day: {} gives up on what is being done there, and does not know whether it was",
                    node.name()
                ),
            };
            let mut described = describe(facts, index, &inside, finding).consequence(happens);
            described.mends = vec![inside.iter().fold(Mend::default(), |mend, (to, _)| {
                mend.and_hop(facts.id(index), facts.id(*to), "timeout=2s")
            })];
            found.push(described.fix(format!(
                "`{} -> {} timeout=2s`, a little above its p99",
                facts.id(index),
                to.trim_matches('`')
            )));
        }
    }
    found
}

/// A quarter of a second: the way there and a handshake alone may take that.
const SHORT_FOR_OUTSIDE: f64 = 0.25;

/// Half a second: enough to ask, and little to have something done.
const SHORT_FOR_AN_EFFECT: f64 = 0.5;

/// What all calls were given by default, and is short for one over the internet.
fn is_meant_for_inside(facts: &Facts, to: NodeIndex, hop: &Hop) -> bool {
    let has_effect = facts.steps_on(hop).any(|step| step.attrs.has("writes") || step.attrs.has("signature"));
    let short = if has_effect { SHORT_FOR_AN_EFFECT } else { SHORT_FOR_OUTSIDE };
    facts.node(to).kind == Kind::External
        && hop.attrs.get("timeout").is_some_and(|setting| setting.inherited)
        && hop.attrs.number("timeout").value().is_some_and(|seconds| seconds <= short)
}

/// Clients give up by themselves, and what only passes requests on comes with a timeout of its own.
fn is_asked(kind: Kind) -> bool {
    use Kind::{Auth, Function, Gateway, Scheduler, Service, Socket, Worker};
    matches!(kind, Auth | Function | Gateway | Scheduler | Service | Socket | Worker)
}

/// A call to another process; waiting at a queue for the next message is no call.
fn is_judged(facts: &Facts, to: NodeIndex, hop: &Hop) -> bool {
    let polls = facts.node(to).kind.is_broker()
        && hop.steps.iter().any(|&at| facts.design.steps[at].attrs.has("reads"));
    let in_process = facts.node(to).tech.is_some_and(|tech| tech.embedded);
    hop.arrow == Arrow::Call && !polls && !in_process && facts.node(to).kind != Kind::Client
}

/// One of these calls is made often, or for a flow that promises something.
fn matters(facts: &Facts, calls: &[(NodeIndex, &Hop)]) -> bool {
    let mut flows = calls.iter().flat_map(|(_, hop)| facts.flows_on(hop));
    flows.any(|flow| {
        let promised = flow.attrs.has("availability") || flow.attrs.has("p99");
        promised || flow.attrs.number("rate").value().is_some_and(|rate| rate > 10.0)
    })
}

fn targets(calls: &[(NodeIndex, &Hop)]) -> Vec<NodeIndex> {
    calls.iter().map(|(to, _)| *to).collect()
}

fn describe(
    facts: &Facts,
    caller: NodeIndex,
    calls: &[(NodeIndex, &Hop)],
    mut finding: Diagnostic,
) -> Diagnostic {
    let [who, first] = [facts.node(caller), facts.node(calls[0].0)].map(|node| node.name());
    finding = finding.node(facts.id(caller));
    for (to, _) in calls {
        finding = finding.hop(facts.id(caller), facts.id(*to));
    }
    let before = facts.before(caller).filter(|&before| facts.node(before).kind != Kind::Client);
    let before = before.map_or(String::new(), |before| format!(", then {}", facts.node(before).name()));
    finding
        .flows(facts.flows_needing(caller).map(|flow| flow.id.clone()))
        .evidence(format!("{} → {}", facts.id(caller), list(facts, calls)))
        .consequence(format!(
            "{first} accepts the connection and never answers: every thread of {who} that asks it is stuck, {who} stops \
             answering{before}"
        ))
        .mend(calls.iter().fold(Mend::default(), |mend, (to, hop)| {
            mend.and_hop(facts.id(caller), facts.id(*to), &format!("timeout={}", patience(facts, hop)))
        }))
        .fix(format!("`every call timeout=1s`, or one for each: `{} -> {} timeout=200ms`, a little above its p99", facts.id(caller), first.trim_matches('`')))
}

/// A second, or less where every flow that makes the call promises an answer sooner.
fn patience(facts: &Facts, hop: &Hop) -> String {
    let promises = facts.flows_on(hop).map(|flow| flow.attrs.number("p99").value());
    let longest = promises.reduce(|one, other| Some(one?.max(other?))).flatten();
    show_duration(longest.map_or(1.0, |p99| p99.min(1.0))).replace(' ', "")
}

fn list(facts: &Facts, calls: &[(NodeIndex, &Hop)]) -> String {
    let ids: Vec<&str> = calls.iter().take(6).map(|(to, _)| facts.id(*to)).collect();
    let more = if calls.len() > 6 { ", …" } else { "" };
    format!("{}{more}", ids.join(", "))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let nodes = "client u\nlb l managed\ngateway g\nservice a\nservice b\nqueue q\nworker w\npostgres d\nexternal e\n";
        let case = |text: &str, expected: &[&str]| expect(&RULE, &format!("{nodes}{text}"), expected);
        case("u -> l -> a -> d", &["unstated a"]);
        case("u -> a -> d timeout=1s", &[]);
        case("u -> a -> d timeout=none", &["wrong a"]);
        case("every call timeout=1s\nu -> a -> b -> d", &[]);
        // One question, whoever it is about.
        case("u -> l -> a -> b -> d", &["unstated a, b"]);
        case("flow f { u -> a -> b -> d }\nflow g { u -> a -> d }", &["unstated a, b"]);
        // Said of one call, not of the other.
        case("u -> a -> b timeout=1s\nb -> d", &["unstated b"]);
        // Who passes requests on has a timeout of its own; saying it has none is wrong all the same.
        case("u -> g -> a", &[]);
        case("u -> g -> a timeout=none", &["wrong g"]);
        // The time left is passed on.
        case("u -> a deadline -> b timeout=1s -> d", &["unstated b"]);
        case("u -> a -> b deadline timeout=1s -> d", &[]);
        // Nobody waits for a worker, but the next message does.
        let busy = "{ u -> a timeout=1s ~> q ~> w -> d }";
        case(&format!("flow f rate=100/s {busy}"), &["unstated w"]);
        case(&format!("flow f availability=99.9% {busy}"), &["unstated w"]);
        case(&format!("flow f {busy}"), &[]);
        case("u -> a ~> q ~> w -> e", &["unstated w"]);
        case("u -> a ~> q ~> w -> d timeout=1s", &[]);
        // A default for calls inside is short for one over the internet.
        case("every call timeout=200ms\nu -> a -> e", &["unstated a"]);
        case("every call timeout=1s\nu -> a -> e", &[]);
        case("u -> a -> e timeout=200ms", &[]);
        case("w -> q reads\nu -> a ~> q", &[]);
        // The platform ends a function that takes too long, which is late where something is promised.
        expect(&RULE, "client u\nlambda f\npostgres d\nu -> f -> d", &[]);
        let function = |flow: &str, expected: &[&str]| {
            expect(
                &RULE,
                &format!("client u\nlambda f\npostgres d\nflow x {flow} {{ u -> f -> d }}"),
                expected,
            );
        };
        function("p99=100ms", &["unstated f"]);
        function("rate=1/s", &[]);
        // A file beside the program, which answers or fails at once.
        expect(&RULE, "client u\nservice a\nsqlite d\nu -> a -> d", &[]);
    }
}
