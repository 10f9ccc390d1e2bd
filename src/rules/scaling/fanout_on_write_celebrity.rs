use std::collections::{HashMap, HashSet};

use crate::catalog::{Grade, Kind};
use crate::design::{Flow, Step, Table};
use crate::diagnostic::{Diagnostic, Severity};
use crate::numbers::Capacity;
use crate::rules::facts::primaries;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::units::{show_duration, show_number, show_rate};

pub static RULE: Rule = Rule {
    id: "fanout-on-write-celebrity",
    severity: Severity::Error,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Scaling,
    summary: "one request of somebody with many followers makes more writes than can be done in a minute",
    question: Some(Question {
        topic: "the largest fan-out",
        text: "somebody with more followers than anybody else posts: how long until the last one has it?",
    }),
    reads: &["autoscale", "capacity", "fanout", "reads", "rows", "shards", "share", "skew", "staleness"],
    page: Page {
        checks: "Hops with a `fanout` whose receivers are looked up in a table: how many the largest one has.",
        when: "In a flow, a node reads a table (`reads=follow`) that states `rows` and a `skew`, the share of the most wanted key, and hands or \
               calls on with a `fanout`; and `rows` × `skew` writes take the node that this hop leads to (not one behind it) longer than the flow's `staleness`, or \
               a minute if it states none, at its `capacity` times its instances; of a database that does not spread rows by itself, times its `shards` (one if not stated), \
               for its other instances copy. A warning at most where that capacity is the technology's measured default, a \
               question where it is a rule of thumb. Silent where the hop has a `share`, of whatever size (the largest go another way). Where \
               the table has `rows` and no `skew`, or the node no `capacity`, a line under the report says so.",
        why: "A fan-out is sized by its mean, and its mean is 200. One account has thirty million followers: its post is worth \
              150,000 others, arrives as one message, and everybody else's posts stand behind it.",
        outage: None,
        bad: "client web\nlb front managed\nservice posts x4\nkafka posted x3 partitions=64 key=author dlq=dead\nsqs dead alert\nworker spread x20 idempotent capacity=2k/s\n\
              database feeds x8 shards=8 failover=auto backup=1h capacity=20k/s {\n  table follow { key author, reader; shard author; rows = 10G; skew = 0.3% }\n  table feed { key reader, post; shard reader }\n}\n\
              flow post rate=10/s { web -> front -> posts idempotency_key ~> posted ~> spread -> feeds reads=follow by=author\n\
                spread -> feeds writes=feed fanout=200 }\n",
        good: "client web\nlb front managed\nservice posts x4\nkafka posted x3 partitions=64 key=author dlq=dead\nsqs dead alert\nworker spread x20 idempotent capacity=2k/s\n\
               database feeds x8 shards=8 failover=auto backup=1h capacity=20k/s {\n  table follow { key author, reader; shard author; rows = 10G; skew = 0.3% }\n  table feed { key reader, post; shard reader }\n}\n\
               flow post rate=10/s { web -> front -> posts idempotency_key ~> posted ~> spread -> feeds reads=follow by=author\n\
                 spread -> feeds writes=feed fanout=200 share=99% }\n",
        ignore: "The followers of the largest may wait, and have a queue of their own so that nobody else does.",
    },
    check,
};

const A_MINUTE: f64 = 60.0;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut told = HashSet::new();
    for flow in &facts.design.flows {
        // The table that each node looked its receivers up in.
        let mut lists: HashMap<_, &Table> = HashMap::new();
        for step in facts.design.steps_of(flow) {
            if let Some(fanout) = step.attrs.number("fanout").value().filter(|&fanout| fanout > 1.0)
                && step.attrs.number("share").is_unstated()
                && let Some(table) = lists.get(&step.from)
                && told.insert((step.hop, table.id.as_str()))
            {
                found.extend(largest(facts, flow, step, table, fanout));
            }
            for table in facts.tables_read(step).filter(|table| table.attrs.get("rows").is_some()) {
                lists.insert(step.from, table);
            }
        }
    }
    found
}

fn largest(facts: &Facts, flow: &Flow, step: &Step, table: &Table, fanout: f64) -> Option<Diagnostic> {
    let node = facts.node(step.to);
    let rows = table.attrs.number("rows").value()?;
    let Some(skew) = table.attrs.number("skew").value() else {
        return Some(Diagnostic::not_evaluated(format!("`skew` of table `{}`", table.id), table.span));
    };
    let Some(capacity) = Capacity::of(node) else {
        let wants = || Diagnostic::not_evaluated(format!("`capacity` of {}", node.name()), node.span);
        return (!node.is_managed() && node.attrs.get("autoscale").is_none()).then(wants);
    };
    let most = rows * skew;
    // Copies of a database write the same again.
    let writers = primaries(node).filter(|_| node.kind == Kind::Database).unwrap_or(capacity.instances);
    let serves = capacity.each * writers;
    let takes = most / serves;
    let may = flow.attrs.number("staleness").value().unwrap_or(A_MINUTE);
    if most <= fanout || takes <= may {
        return None;
    }
    let (name, who) = (node.name(), facts.node(step.from).name());
    let message = format!(
        "one `{}` of the most followed makes {} writes, which take {name} {}",
        flow.id,
        show_number(most),
        show_duration(takes)
    );
    let label = format!("{} on average, {} at most", show_number(fanout), show_number(most));
    let finding = match capacity.grade {
        Some(Grade::C) => Diagnostic::unstated(message, step.span, label),
        Some(_) => Diagnostic::wrong(message, step.span, label).at_most(Severity::Warning),
        None => Diagnostic::wrong(message, step.span, label),
    };
    let assumed = if capacity.grade.is_some() { " (assumed)" } else { "" };
    Some(
        finding
            .label(table.span, format!("{} rows, {} % of them of one key", show_number(rows), show_number(skew * 100.0)))
            .node(&node.id)
            .hop(facts.id(step.from), &node.id)
            .flows([flow.id.clone()])
            .evidence(format!(
                "{} × {} % = {}; {} / {}{assumed} = {}, against {}",
                show_number(rows),
                show_number(skew * 100.0),
                show_number(most),
                show_number(most),
                show_rate(serves),
                show_duration(takes),
                show_duration(may)
            ))
            .consequence(format!("somebody with {} followers posts, and what all the others post waits {} behind it", show_number(most), show_duration(takes)))
            .fix(format!("`share=99%` on `{} -> {}`, with those of the few who have so many read by their readers instead of written by {who}", facts.id(step.from), node.id)),
    )
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |table: &str, feeds: &str, flow: &str, hop: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a\nworker w\nqueue q\ndatabase d {{ table follow {{ key x, y; {table} }} }}\ndatabase e {feeds}\n\
                 flow f {flow} {{ u -> a ~> q ~> w -> d reads=follow\nw -> e writes {hop} }}"
            );
            expect(&RULE, &text, expected);
        };
        let many = "rows = 10G; skew = 0.3%";
        case(many, "capacity=10k/s", "", "fanout=200", &["wrong e"]);
        case(many, "capacity=10k/s", "staleness=2h", "fanout=200", &[]);
        case(many, "x100 shards=100 capacity=10k/s", "", "fanout=200", &[]);
        case(many, "x100 capacity=10k/s", "", "fanout=200", &["wrong e"]);
        case(many, "x100 capacity=10k/s tech=cassandra", "", "fanout=200", &[]);
        case("rows = 1M; skew = 0.3%", "capacity=10k/s", "", "fanout=20", &[]);
        // The largest go another way; nothing is multiplied.
        case(many, "capacity=10k/s", "", "fanout=200 share=99%", &[]);
        case(many, "capacity=10k/s", "", "", &[]);
        case("rows = 10G", "capacity=10k/s", "", "fanout=200", &["wants skew of table follow"]);
        case(many, "", "", "fanout=200", &["wants capacity of e"]);
        case("", "capacity=10k/s", "", "fanout=200", &[]);
    }
}
