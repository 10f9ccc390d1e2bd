use std::collections::HashMap;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Flow, GroupKind};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::facts::flow_names;
use crate::rules::{Confidence, Facts, Group, Page, Rule};

pub static RULE: Rule = Rule {
    id: "spof-compute",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Availability,
    summary: "a service, gateway or load balancer that runs once stops every flow through it",
    question: None,
    reads: &["async", "autoscale", "availability", "instances", "managed", "rate"],
    page: Page {
        checks: "Load balancers, gateways, services, connection servers, identity services and workers that are called with `->`, \
                 with a single instance, and which flows stop when that instance does. Those on the same flows are one \
                 finding, which names them all and stands at the first in the file.",
        when: "It is not managed, has one instance (as drawn, without `xN` or `autoscale`), and a flow that someone waits for \
               needs it; in a design without flows, somebody waits for it who called it or for whom it calls on. Left alone: what \
               stands behind a queue or a timer, where a loss only delays; one of several alike behind one load balancer or \
               in several regions; flows that promise 99 % or less; flows that say `async` and start at a service or function itself, which nobody has called. A warning where all its flows are of 10 requests a second or \
               fewer and promise nothing.",
        why: "Hosts fail a few times a year, but every deploy, every crash and every full disk stops a single process too, \
              and those come weekly. A second instance turns each of them from an outage into a slow minute.",
        outage: None,
        bad: "client web\nlb front managed\nservice api\npostgres store x2 failover=auto\n\
              flow order { web -> front -> api -> store writes }\n",
        good: "client web\nlb front managed\nservice api x2\npostgres store x2 failover=auto\n\
               flow order { web -> front -> api -> store writes }\n",
        ignore: "A tool whose users can wait for a restart: state what is promised (`availability=99%` on its flows), or \
                 `allow spof-compute on ID because \"…\"`.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut groups: Vec<(Vec<&Flow>, Vec<NodeIndex>)> = Vec::new();
    let mut by_flows: HashMap<Vec<&str>, usize> = HashMap::new();
    for node in alone(facts) {
        let flows: Vec<&Flow> = facts.flows_needing(node).filter(|flow| matters(facts, flow)).collect();
        if !facts.design.flows.is_empty() && flows.is_empty() {
            continue;
        }
        // What the design accepts must stay apart, so that accepting one does not hide its neighbours.
        let accepted = facts.design.allows.iter().any(|allow| {
            allow.rule == RULE.id
                && (allow.on.contains(&facts.node(node).id)
                    || facts.design.groups_around(node).any(|group| allow.on.contains(&group.id)))
        });
        let mut key: Vec<&str> = flows.iter().map(|flow| flow.id.as_str()).collect();
        if accepted {
            key.push(facts.id(node));
        }
        let at = *by_flows.entry(key).or_insert(groups.len());
        if at == groups.len() {
            groups.push((flows, Vec::new()));
        }
        groups[at].1.push(node);
    }
    groups.into_iter().map(|(flows, nodes)| finding(facts, &flows, &nodes)).collect()
}

/// Nodes that run once and that somebody waits for.
fn alone<'f>(facts: &'f Facts) -> impl Iterator<Item = NodeIndex> + 'f {
    let looks = Looks::new(facts);
    let waited_for = facts.waited_for_at_all();
    let flows = !facts.design.flows.is_empty();
    facts.nodes(is_judged).filter(move |&index| {
        let node = facts.node(index);
        let scaled = node.attrs.has("autoscale");
        let called = !facts.callers(index).is_empty();
        let calls = || facts.hops_from(index).iter().any(|(_, hop)| hop.arrow == Arrow::Call);
        !node.is_redundant()
            && !scaled
            && facts.is_reached(index)
            && (flows || waited_for.contains(&index))
            && (called || (node.kind != Kind::Worker && calls()))
            && !looks.has_twin(facts, index)
    })
}

fn is_judged(kind: Kind) -> bool {
    use Kind::{Auth, Gateway, Lb, Service, Socket, Worker};
    matches!(kind, Lb | Gateway | Service | Worker | Socket | Auth)
}

/// Someone waits for the flow, and was not promised so little that a restart fits.
fn matters(facts: &Facts, flow: &Flow) -> bool {
    let promised = flow.attrs.number("availability").value();
    // What a program does by itself, with its own timer.
    let first = facts.design.steps_of(flow).first().map(|first| facts.node(first.from).kind);
    let by_itself = flow.attrs.has("async") && first.is_some_and(Kind::is_app);
    !by_itself && !facts.is_background(flow) && promised.is_none_or(|share| share > 0.99)
}

/// How nodes look from outside: several drawn alike are instances of one thing under several names.
struct Looks {
    alike: HashMap<Look, usize>,
    /// The regions that hold a node of a kind and technology.
    regions: HashMap<(Kind, Option<&'static str>), Vec<String>>,
}

type Look = (Kind, Vec<NodeIndex>, Vec<NodeIndex>, Vec<String>);

impl Looks {
    fn new(facts: &Facts) -> Looks {
        let mut looks = Looks { alike: HashMap::new(), regions: HashMap::new() };
        for node in facts.nodes(is_judged) {
            if let Some(look) = look(facts, node) {
                *looks.alike.entry(look).or_default() += 1;
            }
            if let Some(region) = region(facts, node) {
                let regions = looks.regions.entry(sort(facts, node)).or_default();
                if !regions.contains(&region) {
                    regions.push(region);
                }
            }
        }
        looks
    }

    /// Another one like it takes over: behind the same load balancer, or in another region.
    fn has_twin(&self, facts: &Facts, node: NodeIndex) -> bool {
        let beside = look(facts, node).and_then(|look| self.alike.get(&look)).is_some_and(|&count| count > 1);
        let elsewhere = region(facts, node).is_some()
            && self.regions.get(&sort(facts, node)).is_some_and(|regions| regions.len() > 1);
        beside || elsewhere
    }
}

/// Its kind, who calls it, what it goes on to and its flows; only of what something spreads requests over.
fn look(facts: &Facts, node: NodeIndex) -> Option<Look> {
    let mut callers = facts.callers(node);
    if !callers.iter().any(|&caller| matches!(facts.node(caller).kind, Kind::Lb | Kind::Dns)) {
        return None;
    }
    let mut next: Vec<NodeIndex> = facts.hops_from(node).into_iter().map(|(next, _)| next).collect();
    callers.sort_unstable();
    next.sort_unstable();
    let flows = facts.flows_needing(node).map(|flow| flow.id.clone()).collect();
    Some((facts.node(node).kind, callers, next, flows))
}

fn sort(facts: &Facts, node: NodeIndex) -> (Kind, Option<&'static str>) {
    let node = facts.node(node);
    (node.kind, node.tech.map(|tech| tech.id.as_str()))
}

fn region(facts: &Facts, node: NodeIndex) -> Option<String> {
    let around = facts.design.groups_around(node).find(|group| group.kind == GroupKind::Region);
    around.map(|group| group.id.clone())
}

fn finding(facts: &Facts, flows: &[&Flow], nodes: &[NodeIndex]) -> Diagnostic {
    let names = facts.names(nodes);
    let first = facts.node(nodes[0]);
    let last = nodes[nodes.len() - 1];
    let all = facts.design.flows.len();
    let stops = match flows {
        [] => "requests stop".to_string(),
        [only] if all > 1 => format!("`{}` stops", only.id),
        flows if flows.len() == all => "everything stops".to_string(),
        flows => format!("{} of {all} flows stop", flows.len()),
    };
    let message = match nodes {
        [_] if flows.is_empty() => format!("requests that pass {names} stop when it does"),
        [_] => format!("{stops} when {names} does"),
        _ => format!("{names} run once each: {stops} when one of them does"),
    };
    let mut finding = Diagnostic::wrong(message, first.span, "one instance")
        .evidence(format!("{}: no second instance answers", facts.show_way(&facts.way_to(last))))
        .flows(flows.iter().map(|flow| flow.id.clone()));
    for &node in nodes {
        finding = finding.node(facts.id(node));
    }
    if facts.are_small(flows) {
        finding = finding.at_most(Severity::Warning);
    }
    for &node in &nodes[1..] {
        finding = finding.label(facts.node(node).span, "one instance");
    }
    if let [only] = nodes {
        let lost = facts.cut_off_by(*only);
        if !lost.is_empty() {
            finding = finding.evidence(format!("without it nothing reaches {}", facts.names(&lost)));
        }
    }
    let down = match flows {
        [] => "every request fails".to_string(),
        [only] => format!("`{}` is down", only.id),
        flows => format!("{} are down", flow_names(flows)),
    };
    let which = if nodes.len() == 1 { names.clone() } else { "one of them".to_string() };
    let direct = nodes.iter().any(|&node| {
        facts.node(node).kind != Kind::Lb
            && facts.callers(node).iter().any(|&caller| facts.node(caller).kind == Kind::Client)
    });
    let mut spread = if direct { ", and an `lb` before what clients call" } else { "" }.to_string();
    // A second instance beside a file of the first would have a file of its own.
    let beside = |&node: &NodeIndex| facts.hops_from(node).into_iter().find(|&(to, _)| facts.is_embedded(to));
    if let Some((file, _)) = nodes.iter().find_map(beside) {
        let file = facts.node(file).name();
        finding = finding.evidence(format!("{file} is a file on the same machine, and goes with it"));
        spread.push_str(&format!(", with {file} in a database of its own"));
    }
    let alone = !nodes.iter().any(|node| beside(node).is_some());
    let finding = match alone {
        true => finding
            .mend(nodes.iter().fold(Mend::default(), |mend, &node| mend.and_instances(facts.id(node), 2))),
        false => finding,
    };
    finding
        .consequence(format!("{which} crashes, is deployed or loses its host, and {down} until it is back"))
        .fix(format!("`x2` or more on {names}{spread}"))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let expect = |text, expected: &[&str]| expect(&RULE, text, expected);
        // The sketch on the whiteboard: one finding.
        expect("client u\ngateway g\nservice a\npostgres d\nu -> g -> a -> d", &["wrong g, a"]);
        expect("client u\nlb l managed\nservice a\npostgres d x2\nu -> l -> a -> d", &["wrong a"]);
        expect("client u\nlb l x2\nservice a x2\npostgres d\nu -> l -> a -> d", &[]);
        expect("client u\nlb l x2\nservice a autoscale\npostgres d\nu -> l -> a -> d", &[]);
        // Those on the same flows are one finding, others are another.
        expect(
            "client u\nlb l\nservice a\nservice b\npostgres d\npostgres e\n\
             flow f { u -> l -> a -> d }\nflow g { u -> l -> b -> e }",
            &["wrong l", "wrong a", "wrong b"],
        );
        // Behind a queue, or on a timer, it only delays.
        expect(
            "client u\nlb l x2\nservice a x2\nqueue q x3\nworker w\nservice b\n\
             flow f { u -> l -> a ~> q ~> w -> b }",
            &[],
        );
        expect("scheduler s\nservice a\npostgres d\nflow f { s -> a -> d }", &[]);
        expect("scheduler s\nworker a\npostgres d\ns -> a -> d", &[]);
        expect(
            "client u\nlb l x2\nservice a x2\nqueue q x3\nworker w\nservice b\nu -> l -> a ~> q ~> w -> b",
            &[],
        );
        // It does it by itself, and nobody waits; or somebody has called it.
        expect("service a\npostgres d x2\nflow f async { a -> d }", &[]);
        expect("service a\npostgres d x2\nflow f { a -> d }", &["wrong a"]);
        expect("service a x2\nservice b\nflow f async { a -> b }", &[]);
        expect("service a x2\nservice b\nflow f { a -> b }", &["wrong b"]);
        // Functions are the platform's matter; optional parts nobody waits for.
        expect("client u\nfunction a\nu -> a", &[]);
        expect("client u\nservice a x2\nservice b\nflow f { u -> a -> b optional }", &[]);
        // Promised little: a restart fits into 7 hours a month.
        expect("client u\nservice a\nflow f availability=99% { u -> a }", &[]);
        // Drawn as several nodes behind one balancer, or as the same in two regions.
        expect("client u\nlb l x2\nservice a\nservice b\npostgres d\nu -> l -> a, b -> d", &[]);
        expect(
            "client u\ndns n\nregion e { lb l; service a x2 }\nregion w { lb m; service b x2 }\n\
             u -> n -> l, m\nl -> a\nm -> b",
            &[],
        );
        // Different services behind one balancer are not copies of each other.
        expect(
            "client u\nlb l x2\nservice a\nservice b\npostgres d\npostgres e\nu -> l -> a, b\na -> d\nb -> e",
            &["wrong a, b"],
        );
        // What is accepted does not hide the other.
        expect(
            "client u\ngateway g\nservice a\nu -> g -> a\nallow spof-compute on g because \"toy\"",
            &["wrong g", "wrong a"],
        );
    }
}
