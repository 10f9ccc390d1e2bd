use std::collections::{BTreeMap, HashMap, HashSet};

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Flow, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::facts::{Journey, Spread, flow_names};
use crate::rules::{Confidence, Facts, Group, Page, Rule};

pub static RULE: Rule = Rule {
    id: "control-plane-in-data-path",
    severity: Severity::Error,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Availability,
    summary: "every request asks configuration, discovery or secrets first, and fails when those do",
    question: None,
    reads: &[
        "cached",
        "deploys",
        "configures",
        "payload",
        "peak",
        "rate",
        "registry",
        "response",
        "state",
        "trust",
        "writes",
    ],
    page: Page {
        checks: "Calls in flows to what should only be needed at a start or a change: configuration, service registries, stores \
                 of secrets.",
        when: "A flow needs a `config`, `registry` or `secrets` node by `->`, on a hop without `cached`. Not where the hop is \
               `optional`, has a `fallback`, or is a `..> needs` outside the request path; not for what a timer or a worker \
               starts, nor for what instances do as they start (`connects`), since nobody waits for that. \
               Nor for what people do to the system, which is no path of its requests: a flow whose `rate` is below one a minute, or without one where its client starts another that is; \
               one in which somebody `..> deploys` or `..> configures`; one whose id or label begins with deploy, release, rollback, rollout or provision; and one that only clients in a group with `trust=private` start, where clients outside start another. Left alone: a `registry` of images (a hop to \
               it has a `payload` or `response` of 1 MB or more, or a worker or an external service writes to it in a flow that others start); hops that say `writes`, which register or take a lease, and a \
               register of what changes by the second: of connections (a socket calls it or names it as its `registry`), or in a \
               design whose instances keep `state`.",
        why: "Such a service is one cluster for everything, is changed often, and is sized for rare questions. When it stops, \
              everything stops at once, and what would bring it back often asks it first.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x3\nconsul peers x3\npostgres store x2 failover=auto\n\
              flow order { web -> front -> api -> peers; api -> store writes }\n",
        good: "client web\nlb front managed\nservice api x3\nconsul peers x3\npostgres store x2 failover=auto\n\
               flow order { web -> front -> api -> peers cached=10min; api -> store writes }\n",
        ignore: "The answer must be of this instant, as with a lease or a revoked key, and the flow may stop with it.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    // By what is asked: the first step that asks it, and all flows that do.
    let mut asked: BTreeMap<usize, (usize, Vec<usize>)> = BTreeMap::new();
    let fleeting = fleeting(facts);
    let operators = operators(facts);
    for (index, flow) in facts.design.flows.iter().enumerate() {
        if facts.is_background(flow) || is_operating(facts, flow, &operators) {
            continue;
        }
        for at in flow.steps.clone() {
            let step = &facts.design.steps[at];
            let control = matches!(facts.node(step.to).kind, Kind::Config | Kind::Registry | Kind::Secrets);
            if !control
                || facts.arrow(step) != Arrow::Call
                || step.attrs.has("cached")
                || step.attrs.has("writes")
                || fleeting.contains(&step.to)
                || keeps_images(facts, step.to)
                || !facts.needs_of(index).contains(&step.to)
            {
                continue;
            }
            let (_, flows) = asked.entry(step.to.index()).or_insert((at, Vec::new()));
            if flows.last() != Some(&index) {
                flows.push(index);
            }
        }
    }
    let mut spreads: HashMap<usize, Spread> = HashMap::new();
    let describe = |(_, (step, flows)): (usize, (usize, Vec<usize>))| {
        let step = &facts.design.steps[step];
        let spread = spreads.entry(flows[0]).or_insert_with(|| spread(facts, &facts.design.flows[flows[0]]));
        let way = match spread.way_to(step.to) {
            way if way.len() > 1 => way,
            _ => vec![step.from, step.to],
        };
        let flows: Vec<_> = flows.iter().map(|&flow| &facts.design.flows[flow]).collect();
        let [who, whom] = [facts.node(step.from).name(), facts.node(step.to).name()];
        let names = flow_names(&flows);
        let each = if flows.len() == 1 { "every request of" } else { "every request of all of" };
        Diagnostic::wrong(
            format!("{names} cannot be served without {whom}, which is asked each time"),
            step.span,
            "asked for every request",
        )
        .node(facts.id(step.to))
        .hop(facts.id(step.from), facts.id(step.to))
        .flows(flows.iter().map(|flow| flow.id.clone()))
        .evidence(format!("{each} {names} waits at {}", facts.show_way(&way)))
        .consequence(format!(
            "{whom} is changed, overloaded or loses its quorum, and {who} cannot answer although everything it serves is up"
        ))
        .mend(Mend::step(step, "cached=10min"))
        .fix(format!(
            "`cached=10min` on the hop (the last answer is kept and used), or ask at the start only: `{} ..> {} needs`",
            facts.id(step.from),
            facts.id(step.to)
        ))
    };
    asked.into_iter().map(describe).collect()
}

/// How far a flow's requests get from where it starts.
fn spread(facts: &Facts, flow: &Flow) -> Spread {
    let journey = Journey { flow: None, steps: facts.design.steps_of(flow).iter().collect() };
    let starts: Vec<NodeIndex> = journey.steps.first().map(|first| first.from).into_iter().collect();
    journey.spread(facts, &starts, |_, _| true)
}

/// Requests a second, below which nobody sends a stream of them: some release, or turn a switch.
const SELDOM: f64 = 1.0 / 60.0;

/// It comes less than once a minute; None where nothing says how often.
fn is_rare(flow: &Flow) -> Option<bool> {
    let rate = flow.attrs.number("peak").value().or(flow.attrs.number("rate").value())?;
    Some(rate < SELDOM)
}

/// The client that starts a flow.
fn starter(facts: &Facts, flow: &Flow) -> Option<NodeIndex> {
    let first = facts.design.steps_of(flow).first()?.from;
    (facts.node(first).kind == Kind::Client).then_some(first)
}

/// Clients who run the system: what they start comes less than once a minute, as far as it is said; or they sit inside
/// while others come from outside.
fn operators(facts: &Facts) -> HashSet<NodeIndex> {
    let mut rare: HashMap<NodeIndex, bool> = HashMap::new();
    let mut inside: HashSet<NodeIndex> = HashSet::new();
    let mut outside = false;
    for flow in &facts.design.flows {
        let Some(client) = starter(facts, flow) else { continue };
        if let Some(is_rare) = is_rare(flow) {
            *rare.entry(client).or_insert(true) &= is_rare;
        }
        if facts.is_outsider(client) {
            outside = true;
        } else {
            inside.insert(client);
        }
    }
    inside.retain(|_| outside);
    inside.extend(rare.into_iter().filter(|(_, rare)| *rare).map(|(client, _)| client));
    inside
}

/// It is called what operators do.
fn is_release(flow: &Flow) -> bool {
    let words = ["deploy", "release", "rollback", "rollout", "provision"];
    [Some(flow.id.as_str()), flow.label.as_deref()].into_iter().flatten().any(|name| {
        let first = name.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_lowercase();
        words.contains(&first.as_str())
    })
}

/// Somebody changes the system by it: releases, takes back, turns a switch.
fn is_operating(facts: &Facts, flow: &Flow, operators: &HashSet<NodeIndex>) -> bool {
    let changes = |step: &Step| ["deploys", "configures"].iter().any(|verb| step.attrs.has(verb));
    is_release(flow)
        || is_rare(flow)
            .unwrap_or_else(|| starter(facts, flow).is_some_and(|client| operators.contains(&client)))
        || starter(facts, flow)
            .is_some_and(|client| !facts.is_outsider(client) && operators.contains(&client))
        || facts.design.steps_of(flow).iter().any(changes)
}

/// Bytes from which an answer is no address, but an image to be run.
const IMAGE: f64 = 1e6;

/// A registry of what is built, not of who runs where: images pass, or a pipeline puts them there.
fn keeps_images(facts: &Facts, node: NodeIndex) -> bool {
    let builds = |step: &Step| {
        let first = facts.flow_of(step).and_then(|flow| facts.design.steps_of(flow).first());
        step.attrs.has("writes")
            && matches!(facts.node(step.from).kind, Kind::Worker | Kind::External)
            && first.is_some_and(|first| first.from != step.from)
    };
    let large = |step: &Step| {
        let sizes = ["payload", "response"].into_iter().filter_map(|name| step.attrs.number(name).value());
        sizes.into_iter().any(|bytes| bytes >= IMAGE)
    };
    facts.node(node).kind == Kind::Registry
        && facts.design.steps_to(node).any(|step| builds(step) || large(step))
}

/// Registries whose answer of a minute ago is wrong: who is connected where, which instance has which match.
fn fleeting(facts: &Facts) -> HashSet<NodeIndex> {
    let sockets = || facts.nodes(|kind| kind == Kind::Socket);
    let named = sockets().filter_map(|socket| {
        facts.node(socket).attrs.text("registry").value().and_then(|id| facts.design.node(id))
    });
    let called = sockets().flat_map(|socket| facts.hops_from(socket)).map(|(to, _)| to);
    let mut fleeting: HashSet<NodeIndex> = named.chain(called).collect();
    if facts.nodes(Kind::is_app).any(|node| facts.node(node).attrs.has("state")) {
        fleeting.extend(facts.nodes(|kind| kind == Kind::Registry));
    }
    fleeting.retain(|&node| facts.node(node).kind == Kind::Registry);
    fleeting
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let expect = |text: &str, expected: &[&str]| expect(&RULE, text, expected);
        expect("client u\nservice a x2\nvault v x3\nflow f { u -> a -> v }", &["wrong v"]);
        expect(
            "client u\nservice a x2\netcd c x3\nflow f { u -> a -> c }\nflow g { u -> a -> c }",
            &["wrong c"],
        );
        expect("client u\nservice a x2\nvault v x3\nflow f { u -> a -> v cached=1h }", &[]);
        expect("client u\nservice a x2\nconfig c\nflow f { u -> a -> c optional }", &[]);
        expect("client u\nservice a x2\nconfig c\nflow f { u -> a }\na ..> c needs", &[]);
        expect("service a x2\nconfig c\nflow f { a -> c }", &["wrong c"]);
        expect("service a x2\nconfig c\nflow f connects { a -> c }", &[]);
        // Takes a lease; asks where a user is connected, where a match is played.
        expect("client u\nservice a x2\netcd c x3\nflow f { u -> a -> c writes }", &[]);
        expect(
            "client u\nsocket s x2 registry=c\nservice a x2\netcd c x3\nflow f { u <-> s -> a -> c }",
            &[],
        );
        expect("client u\nservice m x9 state=memory\nservice a x2\netcd c x3\nflow f { u -> a -> c }", &[]);
        // Nobody waits for a timer.
        expect("scheduler t\nservice a x2\nvault v x3\nflow f { t -> a -> v }", &[]);
        // A release is no data path, nor what goes with it; nor what clerks do beside customers.
        let release = |clients: &str, flows: &str, expected: &[&str]| {
            let nodes = "service a x2\nservice b x2\nconfig c\nregistry r\nworker w";
            expect(&format!("{clients}\n{nodes}\n{flows}"), expected);
        };
        let two = "client u\nclient o";
        release(two, "flow f rate=9/s { u -> a }\nflow g rate=2/day { o -> b -> c -> a -> r }", &[]);
        release(two, "flow f rate=9/s { u -> a }\nflow g rate=2/min { o -> b -> c }", &["wrong c"]);
        release(two, "flow g rate=2/day { o -> b }\nflow h { o -> b -> c }", &[]);
        release(
            "client u",
            "flow f rate=9/s { u -> a }\nflow g rate=2/day { u -> b }\nflow h { u -> b -> c }",
            &["wrong c"],
        );
        release("client o", "flow g { o -> b -> c\nb ..> a deploys }", &[]);
        let apart = "client u\ngroup i trust=private { client o }";
        release(apart, "flow f { u -> a }\nflow g rate=2/s { o -> b -> c }", &[]);
        release(apart, "flow f { u -> a -> c }\nflow g { o -> b -> c }", &["wrong c"]);
        release("group i trust=private { client o }", "flow g { o -> b -> c }", &["wrong c"]);
        release("client o", "flow rollback { o -> b -> c }", &[]);
        release("client o", "flow g \"Deploy to all\" { o -> b -> c }", &[]);
        release("client o", "flow g \"What was deployed\" { o -> b -> c }", &["wrong c"]);
        // Images are no addresses.
        release(two, "flow f { u -> a -> r reads response=200MB }", &[]);
        release(two, "flow f { u -> a -> r reads response=2KB }", &["wrong r"]);
        release(two, "flow f { u -> a -> r reads }\nflow g { o -> b ~> w -> r writes }", &[]);
        release(two, "flow f { u -> a -> r reads }\nflow g connects { w -> r writes }", &["wrong r"]);
        // Who somebody is must be asked each time; and a lock is no configuration.
        expect("client u\nservice a x2\nauth i x2\nlock l x3\nflow f { u -> a -> i\na -> l }", &[]);
    }
}
