use std::collections::{BTreeMap, HashMap, HashSet};

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::Flow;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::facts::flow_names;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "spof-zone",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Availability,
    summary: "several instances stand in one zone, and fall with it",
    question: Some(Question { topic: "zones", text: "a data center loses power: are all instances in it?" }),
    reads: &["availability", "replica_of", "spare"],
    page: Page {
        checks: "Nodes with several instances of which the design says that all stand in the same zone.",
        when: "A node that a flow needs, or that something which a flow needs `..> needs` without `cached`, has two instances or more, is not managed, and stands in a single zone: in a `zone` \
               group, by `@a`, or by `zones=1`; and no node of the same kind and technology stands in another zone that \
               has a hop from or to the same node, or one of them a `replica_of` the other. Where \
               no zone is named at all, a question where a flow that needs several instances promises 99.9 % or more. Silent for flows that promise 99 % or less. Nodes of one zone are one finding.",
        why: "A zone is a building: its power, its cooling and its network fail for everything in it at once. More instances in \
              the same building help against a bad disk, not against that.",
        outage: None,
        bad: "client web\nlb front managed\nzone a {\n  service api x3\n  postgres store x2 failover=auto\n}\n\
              flow order { web -> front -> api -> store writes }\n",
        good: "client web\nlb front managed\nregion eu zones=3 {\n  service api x3\n  postgres store x2 failover=auto\n}\n\
               flow order { web -> front -> api -> store writes }\n",
        ignore: "One zone is what there is, as on premises, and the flows may stop for the hours that a building takes.",
    },
    check,
};

/// More than this is promised only by those who have thought of the loss of one: 8.8 hours a year.
const A_BUILDING: f64 = 0.9989;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let beside = zones_beside(facts);
    let mut by_zone: BTreeMap<&str, Vec<NodeIndex>> = BTreeMap::new();
    for index in facts.nodes(|kind| kind != Kind::Client && kind != Kind::External) {
        let node = facts.node(index);
        let [zone] = node.zones.as_slice() else { continue };
        let alone = neighbours(facts, index)
            .into_iter()
            .all(|neighbour| beside[&(make(facts, index), neighbour)].len() == 1);
        let matters =
            |flow: &&Flow| flow.attrs.number("availability").value().is_none_or(|promised| promised > 0.99);
        let spare = facts.design.groups_around(index).any(|group| group.attrs.has("spare"));
        if node.instances >= 2
            && !node.is_managed()
            && alone
            && !spare
            && facts.flows_relying_on(index).iter().any(matters)
        {
            by_zone.entry(zone).or_default().push(index);
        }
    }
    if facts.design.graph.node_weights().all(|node| node.zones.is_empty()) {
        return no_zone_named(facts).into_iter().collect();
    }
    by_zone.into_iter().map(|(zone, nodes)| finding(facts, zone, &nodes)).collect()
}

/// A promise that a building cannot keep, and no word of buildings.
fn no_zone_named(facts: &Facts) -> Option<Diagnostic> {
    let promises =
        |flow: &&Flow| flow.attrs.number("availability").value().is_some_and(|share| share > A_BUILDING);
    let several = |&index: &NodeIndex| {
        let node = facts.node(index);
        let promised = || facts.flows_needing(index).any(|flow| promises(&flow));
        node.instances >= 2
            && !node.is_managed()
            && (node.kind.is_durable() || node.kind.is_compute())
            && promised()
    };
    let mut candidates = facts.nodes(|_| true).filter(several);
    let first = candidates.next()?;
    let index = std::iter::once(first)
        .chain(candidates)
        .find(|&node| facts.node(node).kind.is_durable())
        .unwrap_or(first);
    let node = facts.node(index);
    let flow = facts.flows_needing(index).find(|flow| promises(flow))?;
    let (name, instances) = (node.name(), node.instances);
    let setting = flow.attrs.get("availability")?;
    Some(
        Diagnostic::unstated(
            format!("nothing says whether the {instances} instances of {name} stand in more than one zone"),
            node.span,
            "in which building?",
        )
        .at_most(Severity::Info)
        .question(format!("a data center loses power: are the {instances} instances of {name} in it all of them?"))
        .label(setting.span, "promised here")
        .node(&node.id)
        .flows([flow.id.clone()])
        .evidence(format!("{} instances of {name}, and no `region`, `zone` or `zones=` anywhere", instances))
        .consequence(format!("they stand where the first one was put, the building loses power for some hours, and `{}` with it", flow.id))
        .fix(format!("`region … zones=3 {{ … }}` around {name} and what calls it")),
    )
}

type Make = (Kind, Option<&'static str>);

fn make(facts: &Facts, node: NodeIndex) -> Make {
    let node = facts.node(node);
    (node.kind, node.tech.map(|tech| tech.id.as_str()))
}

/// For each kind and technology, and each node that such nodes have a hop from or to: the zones in which those stand.
fn zones_beside<'f>(facts: &'f Facts) -> HashMap<(Make, NodeIndex), HashSet<&'f str>> {
    let mut zones: HashMap<_, HashSet<&str>> = HashMap::new();
    for index in facts.design.graph.node_indices() {
        let own = || facts.node(index).zones.iter().map(String::as_str);
        for neighbour in neighbours(facts, index) {
            zones.entry((make(facts, index), neighbour)).or_default().extend(own());
        }
    }
    zones
}

/// Whatever it has a hop from or to, or copies, or is copied to; and itself, for a copy to find.
fn neighbours(facts: &Facts, node: NodeIndex) -> Vec<NodeIndex> {
    let primaries = facts.node(node).attrs.words("replica_of").iter();
    let mut all: Vec<NodeIndex> = facts.design.graph.neighbors_undirected(node).collect();
    all.extend(primaries.filter_map(|id| facts.design.node(id)));
    all.push(node);
    all
}

fn finding(facts: &Facts, zone: &str, nodes: &[NodeIndex]) -> Diagnostic {
    let mut seen = HashSet::new();
    let flows: Vec<_> = nodes
        .iter()
        .flat_map(|&node| facts.flows_relying_on(node))
        .filter(|flow| seen.insert(flow.id.as_str()))
        .collect();
    let short = zone.rsplit('/').next().unwrap_or(zone);
    let names = facts.names(nodes);
    let all = if nodes.len() == 1 { "all instances of" } else { "all of" };
    let stop = if flows.len() == 1 { "stops" } else { "stop" };
    let mut finding = Diagnostic::wrong(
        format!("{} {stop} when zone `{short}` does: {all} {names} stand there", flow_names(&flows)),
        facts.node(nodes[0]).span,
        format!("{} instances, all in zone `{short}`", facts.node(nodes[0]).instances),
    );
    for &node in nodes {
        finding = finding.node(facts.id(node));
    }
    for &node in &nodes[1..] {
        finding = finding.label(facts.node(node).span, "and these");
    }
    // Whoever pays for several zones and needs one of them has one.
    let spread = nodes.iter().find_map(|&node| {
        let callers = facts.hops_to(node).into_iter().map(|(caller, _)| caller);
        let mut spread = callers.filter(|&caller| {
            facts.node(caller).zones.len() > 1
                && facts.flows_needing(caller).next().is_some()
                && facts.depends_directly(caller).contains(&node)
        });
        Some((spread.next()?, node))
    });
    if let Some((caller, node)) = spread {
        let zones: Vec<String> = facts
            .node(caller)
            .zones
            .iter()
            .map(|zone| format!("`{}`", zone.rsplit('/').next().unwrap_or(zone)))
            .collect();
        let [who, what] = [caller, node].map(|node| facts.node(node).name());
        finding = finding.label(facts.node(caller).span, "spread, to no avail").evidence(format!(
            "{who} is spread over {}, and all of it needs {what} in `{short}`",
            zones.join(", ")
        ));
    }
    finding
        .flows(flows.iter().map(|flow| flow.id.clone()))
        .evidence(format!("{}: none of {names} has a counterpart in another zone", facts.show_way(&facts.way_to(nodes[0]))))
        .consequence("the zone loses power or network for some hours, and more instances beside the first do not help")
        .fix(format!("spread {names} over the region's zones: `region … zones=3 {{ … }}`, without `@{short}` or `zones=1`"))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let expect = |text: &str, expected: &[&str]| expect(&RULE, text, expected);
        expect("client u\nzone a { service s x2 }\nflow f { u -> s }", &["wrong s"]);
        expect("client u\nregion r zones=3 { service s x2 @a }\nflow f { u -> s }", &["wrong s"]);
        expect("client u\nregion r zones=3 { service s x4 zones=1 }\nflow f { u -> s }", &["wrong s"]);
        expect(
            "client u\nregion r zones=1 { service s x2; mysql d x2 }\nflow f { u -> s -> d }",
            &["wrong s, d"],
        );
        expect("client u\nregion r zones=3 { service s x2 }\nflow f { u -> s }", &[]);
        // Nothing is said of zones.
        expect("client u\nservice s x2\nflow f { u -> s }", &[]);
        expect("client u\nservice s x2\nflow f availability=99.5% { u -> s }", &[]);
        expect(
            "client u\nservice s x2\nmysql d x2\nflow f availability=99.9% { u -> s -> d }",
            &["unstated d"],
        );
        expect(
            "client u\nservice s x2\ndynamodb d\nflow f availability=99.9% { u -> s -> d }",
            &["unstated s"],
        );
        expect("client u\nregion r zones=2 { service s x2 }\nflow f availability=99.99% { u -> s }", &[]);
        // Needed to start, by what is spread.
        let starts =
            "client u\nregion r zones=3 { service s x3; registry c x3 @a }\nflow f { u -> s }\ns ..> c needs";
        expect(starts, &["wrong c"]);
        expect(&format!("{starts} cached=1h"), &[]);
        // One instance is another flaw, and managed ones are somebody else's.
        expect("client u\nzone a { service s; sqs q }\nflow f { u -> s ~> q }", &[]);
        // Its twin stands in another zone.
        expect(
            "client u\nlb l managed\nzone a { service s x2 }\nzone b { service t x2 }\nflow f { u -> l -> s, t }",
            &[],
        );
        // Two databases are no twins because they are of one make; what one service uses, or copies the other, is.
        let two = |more: &str, flow: &str| {
            format!(
                "client u\nservice s x2\nservice t x2\nzone a {{ postgres d x2 }}\nzone b {{ postgres e x2 {more} }}\n\
                 flow f {{ u -> s -> d\n{flow} }}"
            )
        };
        expect(&two("", "u -> t -> e"), &["wrong d", "wrong e"]);
        expect(&two("", "s -> e"), &[]);
        expect(&two("replica_of=d", "u -> t -> e"), &[]);
        expect("client u\nzone a { service s x2 }\nflow f availability=99% { u -> s }", &[]);
    }
}
