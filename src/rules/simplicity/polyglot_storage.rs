use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::Flow;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Rule};

pub static RULE: Rule = Rule {
    id: "polyglot-storage",
    severity: Severity::Info,
    confidence: Confidence::Low,
    grave: false,
    group: Group::Simplicity,
    summary: "one flow needs four kinds of database to be known, run and kept in step",
    question: None,
    reads: &["owner", "rebuild_from"],
    page: Page {
        checks: "How many different products keep records in one flow.",
        when: "A flow passes databases, search engines and warehouses of four different technologies or more. Those behind \
               a queue or topic of the flow count as well. Caches, blob stores and whatever states `rebuild_from` do not, \
               since no record depends on them. Said once, of the flow with the most. Silent where the stores state two different `owner`s or more, and where a `decide` names one \
               of the technologies or ids, or storage, databases or polyglot.",
        why: "Each product has its own way to fail over, to be backed up, to run out of something, and its own person who \
              knows it. And one record is in several of them: each change is a change in four places, which agree most of \
              the time.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x2 outbox\npostgres orders x2 failover=auto backup=1h\nmongodb carts x3 backup=1h\ncassandra events x3 backup=1d\nneo4j friends x3 failover=auto backup=1d\n\
              flow buy { web -> front -> api -> carts reads\napi -> friends reads\napi -> orders writes\napi -> events reads }\n",
        good: "client web\nlb front managed\nservice api x2 outbox\npostgres orders x2 failover=auto backup=1h\n\
               flow buy { web -> front -> api -> orders reads writes }\n",
        ignore: "Each has a load that the others cannot carry; a `decide` for each says which.",
    },
    check,
};

const MANY: usize = 4;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut most: Option<(&Flow, Vec<NodeIndex>)> = None;
    for flow in &facts.design.flows {
        let stores = products(facts, flow);
        if stores.len() >= MANY && most.as_ref().is_none_or(|(_, other)| other.len() < stores.len()) {
            most = Some((flow, stores));
        }
    }
    let Some((flow, stores)) = most else { return Vec::new() };
    let mut owners: Vec<&str> =
        stores.iter().filter_map(|&store| facts.node(store).attrs.text("owner").value()).collect();
    owners.sort_unstable();
    owners.dedup();
    let topics = ["storage", "store", "database", "polyglot"];
    if owners.len() >= 2 || facts.is_decided(&topics, &stores) {
        return Vec::new();
    }
    let titles: Vec<&str> =
        stores.iter().filter_map(|&store| facts.node(store).tech).map(|tech| tech.title.as_str()).collect();
    let (count, titles) = (stores.len(), titles.join(", "));
    let finding = Diagnostic::wrong(
        format!("`{}` needs {count} kinds of database: {titles}", flow.id),
        flow.span,
        format!("{count} products"),
    );
    let finding = stores.iter().fold(finding, |finding, &store| finding.node(facts.id(store)));
    vec![
        finding
            .flows([flow.id.clone()])
            .evidence(format!("{} keep the records of one flow", facts.names(&stores)))
            .consequence(format!(
                "`{}` fails in {count} ways that have nothing in common, and the person on call knows one or two of them",
                flow.id
            ))
            .fix("one of them for all that it can carry, and `decide \"…\" because …` for each that stays".to_string()),
    ]
}

/// The first store of each technology, in the order in which the flow reaches them.
fn products(facts: &Facts, flow: &Flow) -> Vec<NodeIndex> {
    let mut stores: Vec<NodeIndex> = Vec::new();
    for step in facts.design.steps_of(flow) {
        for at in [step.from, step.to] {
            let node = facts.node(at);
            let keeps = matches!(node.kind, Kind::Database | Kind::Search | Kind::Warehouse)
                && !node.attrs.has("rebuild_from");
            let Some(tech) = node.tech.filter(|_| keeps) else { continue };
            let known =
                stores.iter().any(|&other| facts.node(other).tech.is_some_and(|other| other.id == tech.id));
            if !known {
                stores.push(at);
            }
        }
    }
    stores
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |fourth: &str, more: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a\npostgres p\nmongodb m\ncassandra c\n{fourth}\nflow f {{ u -> a -> p, m, c, x }}\n{more}"
            );
            expect(&RULE, &text, expected);
        };
        case("elasticsearch x", "", &["wrong p, m, c, x"]);
        case("clickhouse x", "", &["wrong p, m, c, x"]);
        case("elasticsearch x rebuild_from=p", "", &[]);
        case("redis x", "", &[]);
        case("s3 x", "", &[]);
        case("postgres x", "", &[]);
        case("database x", "", &[]);
        case(
            "elasticsearch x",
            "decide \"Cassandra for the feed\" because \"a million writes a second\"",
            &[],
        );
        case("elasticsearch x", "decide \"REST\" because \"everybody knows it\"", &["wrong p, m, c, x"]);
    }

    #[test]
    fn in_one_flow_and_of_one_team() {
        let apart = "client u\nservice a\npostgres p\nmongodb m\ncassandra c\nneo4j n\nflow f { u -> a -> p, m }\nflow g { u -> a -> c, n }";
        expect(&RULE, apart, &[]);
        let teams = "client u\nservice a\npostgres p owner=x\nmongodb m owner=y\ncassandra c\nneo4j n\nflow f { u -> a -> p, m, c, n }";
        expect(&RULE, teams, &[]);
    }
}
