use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Attrs, GroupKind, Node, Value};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Rule};
use std::collections::HashSet;

pub static RULE: Rule = Rule {
    id: "unused-component",
    severity: Severity::Info,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Simplicity,
    summary: "nothing reaches it and it does nothing",
    question: None,
    reads: &["replica_of", "spare"],
    page: Page {
        checks: "Applications, load balancers, stores, queues and topics that no hop leads to or from.",
        when: "The design has hops, and this node has none but `..>` into it. Silent for what works without being called \
               (clients, DNS, configuration, secrets, registries, locks, identity, monitors, externals), for a node that \
               another one names (`dlq=`, `registry=`, `dedupe=`, `source=`, `fallback=`, …), for what stands in a `spare` \
               group, and where a `note` is on it. A node with `replica_of` is a standby and may be alone; only copies \
               that are more than that are a finding: three instances or more, in the region of their primary.",
        why: "What is drawn and not used is a decision that was not taken, or an arrow that was forgotten. Built like \
              that, it costs money and patches, and whoever reads the design believes that it does something.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x2\nredis hot x2\nflow show { web -> front -> api }\n",
        good: "client web\nlb front managed\nservice api x2\nflow show { web -> front -> api }\n",
        ignore: "It is there for something that the design leaves out; a `note` on it says so as well.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let design = facts.design;
    if design.graph.edge_weights().all(|hop| hop.arrow == Arrow::Control) {
        return Vec::new();
    }
    let noted: HashSet<_> = design.notes.iter().flat_map(|note| &note.on).copied().collect();
    let mut alone = Vec::new();
    for at in facts.nodes(|kind| {
        kind.is_app()
            || kind.is_store()
            || kind.is_broker()
            || matches!(kind, Kind::Lb | Kind::Cdn | Kind::Waf)
    }) {
        if !noted.contains(&at) && !stands_by(facts, at) && is_alone(facts, at) {
            alone.push(at);
        }
    }
    if alone.is_empty() {
        return Vec::new();
    }
    let named = named(facts);
    let spare = |at| design.groups_around(at).take(64).any(|group| group.attrs.has("spare"));
    alone.retain(|&at| !named.contains(facts.id(at)) && !spare(at));
    alone
        .into_iter()
        .map(|at| {
            let node = facts.node(at);
            let name = node.name();
            if let Some(primary) = node.attrs.words("replica_of").first() {
                return unread(node, primary);
            }
            Diagnostic::wrong(
                format!("nothing reaches {name}, and it reaches nothing"),
                node.span,
                "no hop leads here or away",
            )
            .node(&node.id)
            .evidence(format!("no line of the design has {name} at an end of `->`, `~>` or `<->`"))
            .consequence(format!("{name} is paid for, patched and watched, and a request never gets there"))
            .fix(format!(
                "the hop that leads to {name}, if it was forgotten; without it, no `{}` at all",
                node.id
            ))
        })
        .collect()
}

fn unread(node: &Node, primary: &str) -> Diagnostic {
    let (name, count) = (node.name(), node.instances);
    Diagnostic::wrong(
        format!("{name} has {count} copies of `{primary}`, and nobody reads them"),
        node.span,
        "no hop leads here",
    )
    .node(&node.id)
    .evidence(format!("no line of the design has {name} at an end of `->`, `~>` or `<->`; one copy is enough to stand by"))
    .consequence(format!("all reads go to `{primary}`, and {count} machines follow it for nothing"))
    .fix(format!("the reads that may be a little old to {name}, as in `… -> {} reads`; or one standby, without the `x{count}`", node.id))
}

/// Copies that wait for their primary to fail: one or two of them, or all in another region.
fn stands_by(facts: &Facts, at: NodeIndex) -> bool {
    let node = facts.node(at);
    if !node.attrs.has("replica_of") {
        return false;
    }
    let primary = node.attrs.words("replica_of").first().and_then(|id| facts.design.node(id));
    let Some(primary) = primary else { return true };
    let region = |node: NodeIndex| {
        let around = facts.design.groups_around(node).take(64);
        around.filter(|group| group.kind == GroupKind::Region).map(|group| group.id.as_str()).next()
    };
    node.instances < 3 || region(at) != region(primary)
}

/// At the end of nothing but `..>` hops that come in.
fn is_alone(facts: &Facts, at: NodeIndex) -> bool {
    use petgraph::Direction::{Incoming, Outgoing};
    let graph = &facts.design.graph;
    graph.edges_directed(at, Outgoing).next().is_none()
        && graph.edges_directed(at, Incoming).all(|edge| edge.weight().arrow == Arrow::Control)
}

/// Every word in an attribute: a node that is named somewhere is there for something.
fn named<'d>(facts: &Facts<'d>) -> HashSet<&'d str> {
    fn words(attrs: &Attrs) -> impl Iterator<Item = &str> {
        attrs.iter().flat_map(|setting| match &setting.value {
            Value::Words(words) => words.iter().map(String::as_str).collect(),
            _ => Vec::new(),
        })
    }
    let design = facts.design;
    let nodes = design.graph.node_weights().flat_map(|node| words(&node.attrs));
    let hops = design.graph.edge_weights().flat_map(|hop| words(&hop.attrs));
    let steps = design.steps.iter().flat_map(|step| words(&step.attrs));
    nodes.chain(hops).chain(steps).collect()
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |more: &str, expected: &[&str]| {
            expect(&RULE, &format!("client u\nservice a\npostgres d\nu -> a -> d\n{more}"), expected);
        };
        case("redis c", &["wrong c"]);
        case("sqs q", &["wrong q"]);
        case("service b\nmonitor m\nm ..> b observes", &["wrong b"]);
        case("redis c\na -> c", &[]);
        case("worker w\nw -> d", &[]);
        // Others name it, it copies another, it waits for a disaster.
        case("kafka k dlq=q\nsqs q\na ~> k", &[]);
        case("socket s registry=c\nredis c\nu -> s", &[]);
        case("postgres e replica_of=d", &[]);
        case("postgres e x2 replica_of=d", &[]);
        case("region s { postgres e x3 replica_of=d }", &[]);
        case("postgres e x3 replica_of=d\na -> e", &[]);
        // More of them than stand by.
        case("postgres e x3 replica_of=d", &["wrong e"]);
        case("region r spare { postgres e }", &[]);
        case("redis c\nnote on c \"for the batch jobs, which are another team's\"", &[]);
        // Not reached by requests.
        case("client v\ndns n\nsecrets k\nauth i\nmonitor m\nexternal x", &[]);
    }

    #[test]
    fn a_sketch_without_arrows_is_only_begun() {
        expect(&RULE, "client u\nservice a\npostgres d", &[]);
    }
}
