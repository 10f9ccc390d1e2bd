use std::collections::HashSet;

use crate::catalog::Kind;
use crate::design::{Node, Step, Table};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::facts::{has_way, names_all};
use crate::rules::{Confidence, Facts, Group, Page, Rule};
use crate::units::{show_number, show_rate, show_share};

pub static RULE: Rule = Rule {
    id: "scatter-gather",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Scaling,
    summary: "each read asks every shard, so that more shards do not help it and the slowest decides",
    question: None,
    reads: &["async", "by", "reads", "rows", "shards"],
    page: Page {
        checks: "Reads of sharded tables by something else than what they are sharded by.",
        when: "A hop of a flow that somebody waits for reads a table with a `shard`, `by` fields of which some field of the shard is \
               missing, and an `index`, `unique` or `key` of the table begins with one of them (without one it is `lookup-without-index`). \
               Silent where the database has neither `shards` above one nor several instances and a technology that spreads \
               rows by itself, where that keeps indexes over all shards (key-value stores with an `index` or `unique` of the field, relational ones that copy to a majority), up to ten \
               thousand `rows`, in flows of at most 10 requests a second that promise no `availability`, and in flows that are `async`.",
        why: "A query without the shard key goes to every shard and waits for the last. Its tail is the worst of all of them, one \
              shard in trouble slows every such query down, and each shard added carries all of them again: the one part of the load \
              that sharding does not divide.",
        outage: None,
        bad: "client web\nlb front managed\nservice orders x4\nmysql store x16 shards=8 failover=auto backup=1h {\n  table order { key id; index customer; shard id; rows = 900M }\n}\n\
              flow mine rate=500/s { web -> front -> orders -> store reads=order by=customer }\n",
        good: "client web\nlb front managed\nservice orders x4\nmysql store x16 shards=8 failover=auto backup=1h {\n  table order { key id; index customer; shard customer; rows = 900M }\n}\n\
               flow mine rate=500/s { web -> front -> orders -> store reads=order by=customer }\n",
        ignore: "It is asked rarely, and by people who can wait.",
    },
    check,
};

const FEW: f64 = 10_000.0;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    for step in &facts.design.steps {
        let fields = step.attrs.words("by");
        let node = facts.node(step.to);
        let Some(flow) = facts.flow_of(step) else { continue };
        if fields.is_empty() || node.kind != Kind::Database || flow.attrs.has("async") {
            continue;
        }
        if facts.is_background(flow) || facts.is_small(flow) {
            continue;
        }
        for table in facts.tables_read(step) {
            let few = table.attrs.number("rows").value().is_some_and(|rows| rows <= FEW);
            let whole = table.shard.is_empty() || names_all(table, &table.shard, fields);
            if whole
                || few
                || !is_spread(node)
                || !has_way(table, fields)
                || finds_over_all(node, table, fields)
            {
                continue;
            }
            if seen.insert((step.to, &table.id, fields)) {
                found.push(finding(facts, step, table, fields));
            }
        }
    }
    found
}

fn is_spread(node: &Node) -> bool {
    match node.attrs.number("shards").value() {
        Some(shards) => shards > 1.0,
        None => node.tech.is_some_and(|tech| tech.placement.is_some()) && node.is_redundant(),
    }
}

/// An index of its own that is spread by the field itself.
fn finds_over_all(node: &Node, table: &Table, fields: &[String]) -> bool {
    let Some(tech) = node.tech else { return false };
    let relational = tech.model.as_deref() == Some("relational");
    let begins = |index: &Vec<String>| index.first().is_some_and(|first| fields.contains(first));
    let indexed = table.indexes.iter().chain(&table.uniques).any(begins);
    indexed
        && (tech.model.as_deref() == Some("key-value")
            || (relational && tech.replication.as_deref() == Some("quorum")))
}

fn finding(facts: &Facts, step: &Step, table: &Table, fields: &[String]) -> Diagnostic {
    let node = facts.node(step.to);
    let (name, by, shard) = (node.name(), fields.join(", "), table.shard.join(", "));
    let shards = node.attrs.number("shards").value();
    let all = shards
        .map_or_else(|| "every machine".to_string(), |shards| format!("all {} shards", show_number(shards)));
    let sum = match (shards, facts.busiest(step)) {
        (Some(shards), Some(rate)) => format!(
            "{} × {} shards = {} queries, where by {shard} it would be {}",
            show_rate(rate),
            show_number(shards),
            show_rate(rate * shards),
            show_rate(rate)
        ),
        _ => format!("`{}` is sharded by {shard}, and read by {by}", table.id),
    };
    let tail = shards.map(|shards| {
        // J. Dean and L. A. Barroso, The Tail at Scale (2013): 1 − (1 − p)^F.
        format!(
            "if each shard is slow for 1 % of its queries, 1 − 0.99^{} = {} of these reads wait for a slow one",
            show_number(shards),
            show_share(1.0 - 0.99_f64.powf(shards))
        )
    });
    let span = step.attrs.get("by").map_or(step.span, |setting| setting.span);
    let finding = Diagnostic::wrong(
        format!("each read of `{}` by {by} asks {all} of {name}", table.id),
        span,
        "says nothing of the shard",
    )
    .label(table.span, format!("shard {shard}"))
    .node(&node.id)
    .hop(facts.id(step.from), &node.id)
    .flows(facts.flow_of(step).map(|flow| flow.id.clone()))
    .evidence(sum);
    let finding = match tail {
        Some(tail) => finding.evidence(tail),
        None => finding,
    };
    finding
        .consequence(format!("one slow machine of {name} makes every one of these reads slow, and a larger {name} does not serve more of them"))
        .fix(format!("`shard {by}` in `table {}`, if most reads come so; or a table that finds {shard} by {by}", table.id))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::{design, expect};
    use crate::rules::{Facts, run};

    #[test]
    fn cases() {
        let case = |store: &str, table: &str, flow: &str, by: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a\n{store} {{ table t {{ key id; {table} }} }}\nflow f {flow} {{ u -> a -> d reads=t by={by} }}"
            );
            expect(&RULE, &text, expected);
        };
        let table = "shard id; index owner";
        case("mysql d shards=4", table, "", "owner", &["wrong d"]);
        case("mysql d shards=4", "shard owner, day; index owner", "", "owner", &["wrong d"]);
        case("cassandra d x6", table, "", "owner", &["wrong d"]);
        case("mysql d shards=4", table, "", "id", &[]);
        case("mysql d shards=4", table, "", "[owner, id]", &[]);
        case("mysql d shards=4", "index owner", "", "owner", &[]);
        // In one place; a reader of every row, which another rule sees; an index over all shards; few rows; nobody waits.
        case("mysql d shards=1", table, "", "owner", &[]);
        case("mysql d", table, "", "owner", &[]);
        case("mysql d shards=4", "shard id", "", "owner", &[]);
        case("cockroachdb d x3", table, "", "owner", &[]);
        case("dynamodb d", table, "", "owner", &[]);
        case("mysql d shards=4", "shard id; index owner; rows = 500", "", "owner", &[]);
        case("mysql d shards=4", table, "async", "owner", &[]);
        case("mysql d shards=4", table, "rate=2/s", "owner", &[]);
    }

    /// All eight are fast for 0.99^8 = 92.27 % of the reads.
    #[test]
    fn load_and_tail_over_all_shards() {
        let text = "client u\nservice a\nmysql d shards=8 { table t { key id; shard id; index owner } }\n\
                    flow f rate=500/s { u -> a -> d reads=t by=owner }";
        let found = run(&RULE, &Facts::new(&design(text)));
        let evidence = &found[0].evidence;
        assert!(evidence[0].starts_with("500/s × 8 shards = 4,000/s queries"), "{evidence:?}");
        assert!(evidence[1].contains("1 − 0.99^8 = 7.73 %"), "{evidence:?}");
    }
}
