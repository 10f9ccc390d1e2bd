use std::collections::{BTreeMap, HashSet};

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::Arrow;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::facts::flow_names;
use crate::rules::{Confidence, Facts, Group, Page, Rule};

pub static RULE: Rule = Rule {
    id: "control-plane-in-data-path",
    severity: Severity::Error,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Availability,
    summary: "every request asks configuration, discovery or secrets first, and fails when those do",
    question: None,
    reads: &["cached", "registry", "state", "writes"],
    page: Page {
        checks: "Calls in flows to what should only be needed at a start or a change: configuration, service registries, stores \
                 of secrets.",
        when: "A flow needs a `config`, `registry` or `secrets` node by `->`, on a hop without `cached`. Not where the hop is \
               `optional`, has a `fallback`, or is a `..> needs` outside the request path; not for what a timer or a worker \
               starts, nor for what instances do as they start (`connects`), since nobody waits for that. Left alone: hops that say `writes`, which register or take a lease, and a \
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
    for (index, flow) in facts.design.flows.iter().enumerate() {
        if facts.is_background(flow) {
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
    let describe = |(_, (step, flows)): (usize, (usize, Vec<usize>))| {
        let step = &facts.design.steps[step];
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
        .evidence(format!("{each} {names} waits at {}", facts.show_way(&facts.way_to(step.to))))
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
        let expect = |text, expected: &[&str]| expect(&RULE, text, expected);
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
        // Who somebody is must be asked each time; and a lock is no configuration.
        expect("client u\nservice a x2\nauth i x2\nlock l x3\nflow f { u -> a -> i\na -> l }", &[]);
    }
}
