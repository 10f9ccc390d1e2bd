use std::collections::{BTreeMap, HashMap};

use crate::catalog::Kind;
use crate::design::{Node, Value};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::units::show_number;

pub static RULE: Rule = Rule {
    id: "more-needed-than-there-are",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Availability,
    summary: "more instances must be up, agree or hold a copy than there are",
    question: Some(Question {
        topic: "instances needed",
        text: "more must be up than run on a quiet day: does it work with those?",
    }),
    reads: &["autoscale", "copies", "managed", "needs", "quorum"],
    page: Page {
        checks: "Counts of instances that a node states beside how many there are.",
        when: "A node of two or more instances states (the finding points at the count, on the node or in the `every` line that it comes from)\n\n\
               - a `needs` of more than all its instances, the most of `autoscale=[least, most]`: an error; a question where they are enough and those that run on a quiet day (`xN`, or the least where that is more) are not, with a bare `autoscale` too;\n\
               - a `quorum` of more than all members: an error;\n\
               - more `copies` than members: an error for Kafka and what works like it, which refuse to make such a topic, a warning for others.\n\n\
               Members are the instances, with those of nodes of the same technology that state the same count and may be parts of one cluster: of each other place (zone, region or group) the largest such node, \
               and all that are drawn with one instance each. Left alone: what is managed without an `xN`, and copies of a managed store, which lie on machines of its vendor; a count of members that grow without a stated end; and a node of one instance, whose fellows may be drawn one by one.",
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
    let nodes = facts.design.graph.node_indices();
    let mut found = Vec::new();
    for at in nodes.filter(|&at| !facts.node(at).is_managed() || facts.node(at).instances >= 2) {
        found.extend(too_many(facts.node(at), &members));
        found.extend(too_few_on_a_quiet_day(facts.node(at)));
    }
    found
}

/// What may be parts of one cluster: its kind, technology, attribute and count.
type Cluster<'d> = (Kind, Option<&'d str>, &'static str, u64);

/// The instances of a cluster.
#[derive(Default)]
struct Members<'d> {
    /// Nodes of one instance.
    alone: u64,
    /// Of each place the largest node; None where one grows without an end.
    largest: BTreeMap<(&'d [String], Option<&'d str>), Option<u64>>,
}

impl Members<'_> {
    fn sum(&self) -> Option<u64> {
        let mut sum = self.alone;
        for largest in self.largest.values() {
            sum = sum.saturating_add((*largest)?);
        }
        Some(sum)
    }
}

/// Two nodes of several instances at one place are two things on the same machines, or two clusters: neither adds to the other.
fn members<'d>(facts: &Facts<'d>) -> HashMap<Cluster<'d>, Members<'d>> {
    let mut clusters: HashMap<Cluster, Members> = HashMap::new();
    for at in facts.design.graph.node_indices() {
        let node = facts.node(at);
        for (word, count) in counts(node) {
            let cluster = clusters.entry(cluster(node, word, count)).or_default();
            let most = node.most_instances();
            if most == Some(1) {
                cluster.alone = cluster.alone.saturating_add(1);
                continue;
            }
            let group = facts.design.groups_around(at).next().map(|group| group.id.as_str());
            let largest = cluster.largest.entry((&node.zones, group)).or_insert(Some(0));
            *largest = largest.zip(most).map(|(largest, most)| largest.max(most));
        }
    }
    clusters
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

fn cluster<'d>(node: &Node, word: &'static str, count: f64) -> Cluster<'d> {
    (node.kind, node.tech.map(|tech| tech.id.as_str()), word, count as u64)
}

/// Kafka, and what divides a topic as it does.
fn refuses(node: &Node) -> bool {
    node.kind.is_broker() && node.tech.is_some_and(|tech| tech.shares.as_deref() == Some("partitions"))
}

/// More than those that run when little is asked for, and not more than there may be.
fn too_few_on_a_quiet_day(node: &Node) -> Option<Diagnostic> {
    let least = match node.attrs.get("autoscale").map(|setting| &setting.value)? {
        Value::Range(least, _) => *least,
        Value::Yes => 1.0,
        _ => return None,
    };
    let runs = least.max(node.instances as f64);
    let (setting, needs) = (node.attrs.get("needs")?, node.attrs.number("needs").value()?);
    if needs <= runs || runs < 2.0 || node.most_instances().is_some_and(|most| needs > most as f64) {
        return None;
    }
    let (name, wanted, runs) = (node.name(), show_number(needs), show_number(runs));
    Some(
        Diagnostic::unstated(
            format!("{wanted} instances of {name} are to be up, and {runs} run on a quiet day"),
            setting.span,
            format!("of {runs}, until more are started"),
        )
        .question(format!("{runs} instances of {name} run on a quiet day: does it work with them, or does it need {wanted}?"))
        .node(&node.id)
        .evidence(format!("{wanted} > {runs}"))
        .consequence(format!("if {wanted} are needed at any time, {name} is down until it has grown; if only at the busiest, its availability is reckoned too low"))
        .fix(format!("`autoscale=[{wanted}, …]` on {name}, or the `needs` of a quiet day")),
    )
}

fn too_many(node: &Node, members: &HashMap<Cluster, Members>) -> Vec<Diagnostic> {
    let name = node.name();
    let mut found = Vec::new();
    for (word, count) in counts(node) {
        let Some(setting) = node.attrs.get(word) else { continue };
        // A managed store keeps its copies apart from the instances that answer, as Aurora does.
        if word == "copies" && node.is_managed() && !node.kind.is_broker() {
            continue;
        }
        let together = || members.get(&cluster(node, word, count)).and_then(Members::sum);
        let instances = if word == "needs" { node.most_instances() } else { together() };
        let several = node.instances >= 2 || node.most_instances().is_none_or(|most| most >= 2);
        let Some(instances) = instances.filter(|_| several) else { continue };
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
                if refuses(node) {
                    format!("{name} refuses to make a topic with so many copies")
                } else {
                    format!(
                        "{name} has fewer copies than everybody counts on, and the loss of one machine costs more than was reckoned with"
                    )
                },
                format!("`copies={instances}` on {name}, or `x{wanted}`"),
            ),
        };
        let most = if word == "copies" && !refuses(node) { Severity::Warning } else { Severity::Error };
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
    use crate::diagnostic::Severity;
    use crate::rules::testing::{design, expect};
    use crate::rules::{Facts, run};

    #[test]
    fn cases() {
        expect(&RULE, "lock l x3 needs=4", &["wrong l"]);
        expect(&RULE, "lock l x3 needs=3", &[]);
        expect(&RULE, "etcd e x3 quorum=5", &["wrong e"]);
        expect(&RULE, "etcd e x3 quorum", &[]);
        expect(&RULE, "kafka k x2 copies=3", &["wrong k"]);
        expect(&RULE, "kafka k x3 copies=3", &[]);
        expect(&RULE, "service a x2 autoscale=[2, 8] needs=9", &["wrong a"]);
        expect(&RULE, "service a autoscale=[3, 8] needs=9", &["wrong a"]);
        // Enough when it has grown.
        expect(&RULE, "service a x2 autoscale=[2, 8] needs=4", &["unstated a"]);
        expect(&RULE, "service a x2 autoscale=[4, 8] needs=4", &[]);
        expect(&RULE, "service a x2 autoscale needs=4", &["unstated a"]);
        expect(&RULE, "service a autoscale needs=4", &[]);
        // One cluster in two halls; two topics of one cluster; two clusters.
        expect(&RULE, "zone a { cassandra d x2 copies=3 }\nzone b { cassandra e x2 copies=3 }", &[]);
        expect(&RULE, "region r zones=2 { cassandra d x2 @a copies=3\ncassandra e x2 @b copies=3 }", &[]);
        expect(&RULE, "kafka k x2 copies=3\nkafka l x2 copies=3", &["wrong k", "wrong l"]);
        expect(&RULE, "every kafka copies=3\nkafka k x2\nkafka l x4", &[]);
        expect(&RULE, "etcd d x2 quorum=3\netcd e quorum=3", &[]);
        expect(&RULE, "cassandra d x2 copies=3\nmongodb e x2 copies=3", &["wrong d", "wrong e"]);
        // Drawn one by one, or a vendor's business.
        expect(&RULE, "etcd e quorum=2", &[]);
        expect(&RULE, "dynamodb d x2 copies=3", &[]);
        expect(&RULE, "msk d copies=3", &[]);
        expect(&RULE, "msk d x2 copies=3", &["wrong d"]);
        expect(&RULE, "msk d x3 copies=3", &[]);
    }

    #[test]
    fn a_topic_that_is_refused_weighs_more() {
        let severity = |text: &str| run(&RULE, &Facts::new(&design(text)))[0].severity;
        assert_eq!(severity("kafka k x2 copies=3"), Severity::Error);
        assert_eq!(severity("cassandra k x2 copies=3"), Severity::Warning);
    }
}
