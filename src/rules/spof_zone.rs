use std::collections::{BTreeMap, HashMap, HashSet};

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::facts::flow_names;
use crate::rules::{Facts, Group, Page, Rule};

pub static RULE: Rule = Rule {
    id: "spof-zone",
    severity: Severity::Error,
    grave: false,
    group: Group::Availability,
    summary: "several instances stand in one zone, and fall with it",
    question: None,
    reads: &["availability", "spare"],
    page: Page {
        checks: "Nodes with several instances of which the design says that all stand in the same zone.",
        when: "A node that a flow needs has two instances or more, is not managed, and stands in a single zone: in a `zone` \
               group, by `@a`, or by `zones=1`; and no node of the same kind and technology stands in another zone. Silent where \
               no zone is named at all, and for flows that promise 99 % or less. Nodes of one zone are one finding.",
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

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let elsewhere = zones_by_make(facts);
    let mut by_zone: BTreeMap<&str, Vec<NodeIndex>> = BTreeMap::new();
    for index in facts.nodes(|kind| kind != Kind::Client && kind != Kind::External) {
        let node = facts.node(index);
        let [zone] = node.zones.as_slice() else { continue };
        let alone = elsewhere.get(&(node.kind, tech(facts, index))).is_none_or(|zones| zones.len() == 1);
        let matters = |flow: &&crate::design::Flow| {
            flow.attrs.number("availability").value().is_none_or(|promised| promised > 0.99)
        };
        let spare = facts.design.groups_around(index).any(|group| group.attrs.has("spare"));
        if node.instances >= 2
            && !node.is_managed()
            && alone
            && !spare
            && facts.flows_needing(index).any(|flow| matters(&flow))
        {
            by_zone.entry(zone).or_default().push(index);
        }
    }
    by_zone.into_iter().map(|(zone, nodes)| finding(facts, zone, &nodes)).collect()
}

fn tech(facts: &Facts, node: NodeIndex) -> Option<&'static str> {
    facts.node(node).tech.map(|tech| tech.id.as_str())
}

/// The zones in which there is a node of each kind and technology.
fn zones_by_make<'f>(facts: &'f Facts) -> HashMap<(Kind, Option<&'static str>), HashSet<&'f str>> {
    let mut zones: HashMap<_, HashSet<&str>> = HashMap::new();
    for index in facts.design.graph.node_indices() {
        let node = facts.node(index);
        zones
            .entry((node.kind, tech(facts, index)))
            .or_default()
            .extend(node.zones.iter().map(String::as_str));
    }
    zones
}

fn finding(facts: &Facts, zone: &str, nodes: &[NodeIndex]) -> Diagnostic {
    let mut seen = HashSet::new();
    let flows: Vec<_> = nodes
        .iter()
        .flat_map(|&node| facts.flows_needing(node))
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
        let expect = |text, expected: &[&str]| expect(&RULE, text, expected);
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
        // One instance is another flaw, and managed ones are somebody else's.
        expect("client u\nzone a { service s; sqs q }\nflow f { u -> s ~> q }", &[]);
        // Its twin stands in another zone.
        expect(
            "client u\nlb l managed\nzone a { service s x2 }\nzone b { service t x2 }\nflow f { u -> l -> s, t }",
            &[],
        );
        expect("client u\nzone a { service s x2 }\nflow f availability=99% { u -> s }", &[]);
    }
}
