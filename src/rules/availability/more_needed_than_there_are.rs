use std::collections::HashMap;

use crate::catalog::Kind;
use crate::design::Node;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Rule};
use crate::units::show_number;

pub static RULE: Rule = Rule {
    id: "more-needed-than-there-are",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Availability,
    summary: "more instances must be up, agree or hold a copy than there are",
    question: None,
    reads: &["autoscale", "copies", "managed", "needs", "quorum"],
    page: Page {
        checks: "Counts of instances that a node states beside how many there are.",
        when: "A node of two or more instances (the most of `autoscale=[least, most]`) states a `needs` or a `quorum` of more than that, or, as a warning, \
               more `copies`; for `quorum` and `copies`, nodes of the same technology that state the same count are taken together, as members of one. Left alone: what is managed, what \
               grows without a stated end, and a node of one instance, whose fellows may be drawn one by one.",
        why: "What needs more members than it has never works, and says so on the first day at best: a broker refuses to make a topic with more \
              copies than it has machines. At worst it works until copies are checked for the first time, after a loss.",
        outage: None,
        bad: "service api x3\netcd leases x3 quorum=4\napi ..> leases needs\n",
        good: "service api x3\netcd leases x5 quorum=4\napi ..> leases needs\n",
        ignore: "The others are drawn as nodes of their own.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let members = members(facts);
    let nodes = facts.design.graph.node_weights();
    nodes.filter(|node| !node.is_managed()).flat_map(|node| too_many(node, &members)).collect()
}

/// Instances by kind, technology, attribute and count; None where some of them have no end.
type Members<'d> = HashMap<(Kind, Option<&'d str>, &'static str, u64), Option<u64>>;

fn members<'d>(facts: &Facts<'d>) -> Members<'d> {
    let mut members = Members::new();
    for node in facts.design.graph.node_weights() {
        for (word, count) in counts(node) {
            let sum = members.entry(member(node, word, count)).or_insert(Some(0));
            *sum = sum.zip(node.most_instances()).map(|(sum, more)| sum.saturating_add(more));
        }
    }
    members
}

fn counts(node: &Node) -> impl Iterator<Item = (&'static str, f64)> {
    let attrs = &node.attrs;
    let counts = [
        ("needs", attrs.number("needs")),
        ("quorum", attrs.number("quorum")),
        ("copies", attrs.number("copies")),
    ];
    counts.into_iter().filter_map(|(word, count)| Some((word, count.value()?)))
}

fn member<'d>(node: &Node, word: &'static str, count: f64) -> (Kind, Option<&'d str>, &'static str, u64) {
    (node.kind, node.tech.map(|tech| tech.id.as_str()), word, count as u64)
}

fn too_many(node: &Node, members: &Members) -> Vec<Diagnostic> {
    let name = node.name();
    let mut found = Vec::new();
    for (word, count) in counts(node) {
        let Some(setting) = node.attrs.get(word) else { continue };
        let together = members.get(&member(node, word, count)).copied().flatten();
        let instances = if word == "needs" { node.most_instances() } else { together };
        let Some(instances) = instances.filter(|_| node.instances >= 2) else { continue };
        if count <= instances as f64 {
            continue;
        }
        let what = match word {
            "needs" => "be up",
            "quorum" => "agree",
            _ => "hold each record",
        };
        let wanted = show_number(count);
        let finding = Diagnostic::wrong(
            format!("{wanted} instances of {name} are to {what}, and there are {instances}"),
            setting.span,
            format!("of {instances}"),
        );
        let (consequence, fix) = match word {
            "needs" => (
                format!("{name} never works"),
                format!("`x{wanted}` or more on {name}, or a smaller `needs`"),
            ),
            "quorum" => (
                format!("{name} never decides anything, and whatever waits for it waits for good"),
                format!(
                    "`x{wanted}` or more on {name}, or the `quorum` that was meant: {} of {instances} are a majority",
                    instances / 2 + 1
                ),
            ),
            _ => (
                format!(
                    "{name} refuses to make what is to have so many copies, or has fewer than everybody counts on"
                ),
                format!("`copies={instances}` on {name}, or `x{wanted}`"),
            ),
        };
        let most = if word == "copies" { Severity::Warning } else { Severity::Error };
        found.push(
            finding
                .at_most(most)
                .node(&node.id)
                .evidence(format!("{wanted} > {instances}"))
                .consequence(consequence)
                .fix(fix),
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
        expect(&RULE, "lock l x3 needs=4", &["wrong l"]);
        expect(&RULE, "lock l x3 needs=3", &[]);
        expect(&RULE, "etcd e x3 quorum=5", &["wrong e"]);
        expect(&RULE, "etcd e x3 quorum", &[]);
        expect(&RULE, "kafka k x2 copies=3", &["wrong k"]);
        expect(&RULE, "kafka k x3 copies=3", &[]);
        expect(&RULE, "service a x2 autoscale=[2, 8] needs=4", &[]);
        expect(&RULE, "service a x2 autoscale needs=4", &[]);
        expect(&RULE, "cassandra d x2 copies=3\ncassandra e x2 copies=3", &[]);
        expect(&RULE, "cassandra d x2 copies=3\nmongodb e x2 copies=3", &["wrong d", "wrong e"]);
        // Drawn one by one, or a vendor's business.
        expect(&RULE, "etcd e quorum=2", &[]);
        expect(&RULE, "dynamodb d x2 copies=3", &[]);
    }
}
