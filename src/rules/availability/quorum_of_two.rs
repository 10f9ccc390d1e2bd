use crate::catalog::Kind;
use crate::design::Node;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::facts::{majority_of, voters};
use crate::rules::{Confidence, Facts, Group, Page, Rule};

pub static RULE: Rule = Rule {
    id: "quorum-of-two",
    severity: Severity::Warning,
    confidence: Confidence::High,
    grave: false,
    group: Group::Availability,
    summary: "members that decide by majority are an even number: one more machine, and no more failures survived",
    question: None,
    reads: &["copies", "quorum", "replica_of", "replication", "shards"],
    page: Page {
        checks: "How many members a node has that decides by majority.",
        when: "An even number of instances of etcd, ZooKeeper or Consul, of a `lock` of no stated technology, or of any node with a \
               bare `quorum` or one of more than half of them; two instances of MongoDB. What keeps data decides by the copies of it: \
               with `copies` (and `quorum` or `replication=quorum`) those are counted, with `shards` the instances of each. \
               Managed ones and replicas of another store are left alone.",
        why: "A majority of two is two, of four is three. The even member adds a machine that can fail and no failure that is \
              survived; and a network that splits in the middle leaves no side with a majority.",
        outage: None,
        bad: "service api x3\netcd leases x2\napi ..> leases needs\n",
        good: "service api x3\netcd leases x3\napi ..> leases needs\n",
        ignore: "The fourth is a member without a vote, or stands by while one is replaced.",
    },
    check,
};

/// How many vote on one decision is stated, and not only how many machines there are.
fn has_said_how_many(node: &Node) -> bool {
    ["copies", "quorum", "shards"].iter().any(|name| node.attrs.has(name))
}

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for index in facts.design.graph.node_indices() {
        let node = facts.node(index);
        let Some(count) = voters(node).filter(|count| count.is_multiple_of(2)) else { continue };
        // A replica set of more than two may be several, whose number is not said.
        let uncertain = node.kind == Kind::Database && count > 2 && !has_said_how_many(node);
        if node.is_managed() || count == 0 || uncertain {
            continue;
        }
        let needed = majority_of(node, count);
        let survives = count.saturating_sub(needed);
        let name = node.name();
        let odd = count + 1;
        let message = if survives == 0 {
            format!("{name} stops when either of its {count} members does")
        } else {
            format!(
                "{name} survives the loss of {survives} of its {count} members, as it would with {}",
                count - 1
            )
        };
        found.push(
            Diagnostic::wrong(message, node.span, format!("{count} members, {needed} must agree"))
                .node(&node.id)
                .flows(facts.flows_needing(index).map(|flow| flow.id.clone()))
                .evidence(format!("a majority of {count} is {needed}; {count} - {needed} = {survives} may fail; of {odd}, {}", odd - (odd / 2 + 1)))
                .consequence(format!("the network splits in the middle, neither side has {needed}, and {name} decides nothing until it heals"))
                .mend(match node.attrs.has("copies") {
                    true => Mend::node(&node.id, &format!("copies={odd}")),
                    false => Mend::instances(&node.id, node.instances / count * odd),
                })
                .fix(match node.attrs.has("copies") {
                    true => format!("`copies={odd}` on {name}, over three zones"),
                    false => format!("`x{}` on {name}, over three zones", node.instances / count * odd),
                }),
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
        let expect = |text, expected: &[&str]| expect(&RULE, text, expected);
        expect("etcd e x2", &["wrong e"]);
        expect("zookeeper z x4", &["wrong z"]);
        expect("lock l x2", &["wrong l"]);
        expect("cassandra c x4 quorum=3", &["wrong c"]);
        expect("etcd e x3\nconsul c x5\nlock l x3", &[]);
        // Not by majority; or one, which is another flaw; or somebody else's.
        expect("postgres d x2\nkafka k x4\nredis r x6\nregistry g x2", &[]);
        expect("etcd e", &[]);
        expect("etcd e x2 managed", &[]);
        expect("database d x2 quorum", &["wrong d"]);
        expect("mongodb d x2", &["wrong d"]);
        expect("mongodb d x8 shards=4", &["wrong d"]);
        expect("mongodb d x3\nmongodb e x2 replica_of=d\nmongodb f x6\nmongodb g x6 shards=2", &[]);
        // Copies decide, not machines.
        expect("cassandra c x5 copies=4 replication=quorum", &["wrong c"]);
        expect("cassandra c x4 copies=3 quorum=2\nscylladb s x6 copies=3 replication=quorum", &[]);
        // Data is spread over more members than have to agree.
        expect("cassandra c x6 quorum=2", &[]);
    }
}
