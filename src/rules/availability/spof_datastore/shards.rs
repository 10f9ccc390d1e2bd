//! Stores of many machines of which each has rows that no other has.

use petgraph::graph::NodeIndex;

use crate::design::{Flow, Node};
use crate::diagnostic::Diagnostic;
use crate::fix::Mend;
use crate::rules::Facts;
use crate::rules::facts::flow_names;
use crate::units::show_number;

/// How many shards it has, where each is kept on one machine and nothing moves it to another.
pub fn single_shards(node: &Node) -> Option<u64> {
    let shards = node.attrs.number("shards").value().filter(|&shards| shards >= 2.0)? as u64;
    let copied = node.attrs.has("copies") || node.attrs.has("replica_of") || node.is_managed();
    // What spreads rows over machines by itself keeps copies too.
    let by_itself = node.tech.is_none_or(|tech| tech.failover.as_deref() == Some("auto"));
    (!copied && !by_itself && node.instances > 1 && node.instances <= shards).then_some(shards)
}

pub fn one_a_shard(facts: &Facts, store: NodeIndex, shards: u64) -> Option<Diagnostic> {
    let node = facts.node(store);
    let flows: Vec<&Flow> = facts.flows_needing(store).collect();
    let (name, instances) = (node.name(), node.instances);
    if flows.is_empty() || facts.are_small(&flows) {
        return None;
    }
    Some(
        Diagnostic::wrong(
            format!("{name} keeps each of its {shards} shards once: one machine of {instances} takes its users down"),
            node.span,
            format!("{instances} instances for {shards} shards"),
        )
        .node(&node.id)
        .flows(flows.iter().map(|flow| flow.id.clone()))
        .evidence(format!("{instances} / {shards} shards: no second instance has any row; of {instances} machines one fails {instances} times as often"))
        .consequence(format!(
            "a disk fails, and for one user in {instances} {} fails until a backup is restored; for the others nothing is wrong, so it is found late",
            flow_names(&flows)
        ))
        .mend(Mend::instances(&node.id, 2 * shards).and_node(&node.id, "failover=auto"))
        .fix(format!("`x{}` on {name} (two instances a shard), with `failover=auto`", 2 * shards)),
    )
}

/// Copies that lie on the same machine are lost together; perhaps only `xN` was forgotten.
pub fn more_copies_than_machines(facts: &Facts, store: NodeIndex, copies: f64) -> Option<Diagnostic> {
    let node = facts.node(store);
    let flows: Vec<&Flow> = facts.flows_needing(store).collect();
    let spared = node.is_managed() || node.attrs.has("replica_of") || facts.are_small(&flows);
    if spared || copies <= node.instances as f64 {
        return None;
    }
    let (name, copies) = (node.name(), show_number(copies));
    let machines = match node.instances {
        1 => "one machine".to_string(),
        count => format!("{count} machines"),
    };
    Some(
        Diagnostic::unstated(
            format!("{name} is to keep each row {copies} times and is drawn with {machines}"),
            node.span,
            format!("{machines} for {copies} copies"),
        )
        .question(format!("{name} keeps {copies} copies of each row: on how many machines?"))
        .node(&node.id)
        .flows(flows.iter().map(|flow| flow.id.clone()))
        .evidence(format!("{copies} copies / {machines}: at least two of them lie on the same disk"))
        .consequence(format!(
            "one machine of {name} fails and takes with it copies that were there for that moment"
        ))
        .fix(format!("`x{copies}` or more on {name}, in as many zones as there are")),
    )
}

#[cfg(test)]
mod tests {
    use super::super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn shards() {
        let case = |store: &str, expected: &[&str]| {
            expect(&RULE, &format!("client u\nservice a\n{store}\nflow f {{ u -> a -> d }}"), expected);
        };
        case("mysql d x16 shards=16", &["wrong d"]);
        case("mysql d x32 shards=16", &[]);
        case("mysql d x16 shards=16 copies=2", &[]);
        case("mysql d x16 shards=16\nmysql r x16 shards=16 replica_of=d", &[]);
        // How many machines share a shard of these is their own matter.
        case("mongodb d x16 shards=16\nelasticsearch e x4 shards=8", &[]);
        case("database d x16 shards=16", &[]);
    }
}
