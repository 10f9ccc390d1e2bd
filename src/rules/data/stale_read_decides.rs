use std::collections::{HashMap, HashSet};

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Flow, Step, Table};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::facts::means;
use crate::rules::{Confidence, Facts, Group, Page, Rule};

pub static RULE: Rule = Rule {
    id: "stale-read-decides",
    severity: Severity::Error,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Data,
    summary: "what is written depends on a read that may be old: a replica, a cache, an eventual read",
    question: None,
    reads: &[
        "by",
        "conditional",
        "consistency",
        "data",
        "on",
        "reads",
        "replica_of",
        "replication",
        "writes",
    ],
    page: Page {
        checks: "Applications that read a table from a copy and then write the same table.",
        when: "In one flow a node reads a table, by name, from a replica, with `consistency=eventual` or `one`, or on a cache's miss \
               (it asked the cache before, so that most requests see the cache's copy), and then writes that table without \
               `conditional`. An error where the table or its database has `data=payment`, otherwise a warning. Silent where the \
               table has a `unique` with one of the fields that the read is `by` (any, where it says no `by`), the replica or its primary `replication=sync`, or the read `consistency=strong` or \
               `quorum`; where the same node also reads the table from the primary in between; and in flows that write no named table.",
        why: "Between the copy and the truth lies a moment in which the last seat was sold and the balance was spent. Under load \
              that moment grows, and with it the number of those who decide by a state that is over.",
        outage: None,
        bad: "client web\nlb front managed\nservice bank x2\npostgres store x2 failover=auto backup=1h data=payment {\n  table account { key id }\n}\n\
              postgres copy x2 replica_of=store\n\
              flow pay { web -> front -> bank idempotency_key -> copy reads=account by=id\n  bank -> store writes=account }\n",
        good: "client web\nlb front managed\nservice bank x2\npostgres store x2 failover=auto backup=1h data=payment {\n  table account { key id }\n}\n\
               postgres copy x2 replica_of=store\n\
               flow pay { web -> front -> bank idempotency_key -> copy reads=account by=id\n  bank -> store writes=account conditional }\n",
        ignore: "What is written does not depend on what was read, as when a page shows a name and a visit is counted.",
    },
    check,
};

/// A read of a copy: the step, where it reads, and in which words.
type Stale<'d> = (&'d Step, &'d str);

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut told = HashSet::new();
    for flow in &facts.design.flows {
        // What each node knows of each table of each database only from a copy.
        let mut stale: HashMap<(NodeIndex, NodeIndex, &str), Stale> = HashMap::new();
        for step in
            facts.design.steps_of(flow).iter().filter(|step| facts.node(step.to).kind == Kind::Database)
        {
            let store = facts.primary(step.to);
            let why = copy(facts, step);
            for table in step.attrs.words("reads") {
                match why {
                    Some(why) => stale.insert((step.from, store, table), (step, why)),
                    None => stale.remove(&(step.from, store, table)),
                };
            }
            if step.to != store || step.attrs.has("conditional") || facts.is_way_out(step) {
                continue;
            }
            for id in step.attrs.words("writes") {
                let Some(&(read, why)) = stale.get(&(step.from, store, id.as_str())) else { continue };
                let table = facts.node(store).table(id);
                if read.line < step.line
                    && !table.is_some_and(|table| refuses(table, read))
                    && told.insert((step.from, store, id))
                {
                    found.push(finding(facts, flow, read, why, step, id, table));
                }
            }
        }
    }
    found
}

/// A `unique` of what was looked for refuses the second write.
fn refuses(table: &Table, read: &Step) -> bool {
    let by = read.attrs.words("by");
    let about =
        |unique: &Vec<String>| by.iter().any(|field| unique.iter().any(|part| means(table, part, field)));
    if by.is_empty() { !table.uniques.is_empty() } else { table.uniques.iter().any(about) }
}

/// What it reads may be older than the truth: from where.
fn copy<'d>(facts: &Facts, step: &Step) -> Option<&'d str> {
    let (node, primary) = (facts.node(step.to), facts.node(facts.primary(step.to)));
    if facts.is_way_out(step) {
        return None;
    }
    match step.attrs.text("consistency").value().or(node.attrs.text("consistency").value()) {
        Some("eventual" | "one") => return Some("reads without waiting for the newest"),
        Some("strong" | "quorum") => return None,
        _ => {}
    }
    let in_step = [node, primary].iter().any(|node| node.attrs.text("replication").value() == Some("sync"));
    if node.id != primary.id && !in_step {
        Some("a replica, which is behind")
    } else if step.attrs.text("on").value() == Some("miss") {
        Some("only on a miss: most requests have seen the cache's copy")
    } else {
        None
    }
}

fn finding(
    facts: &Facts,
    flow: &Flow,
    read: &Step,
    why: &str,
    write: &Step,
    id: &str,
    table: Option<&Table>,
) -> Diagnostic {
    let (who, store) = (facts.node(write.from), facts.node(write.to));
    let cached = read.attrs.text("on").value() == Some("miss");
    let copy = if cached { "a cache's copy".to_string() } else { facts.node(read.to).name() };
    let paid = [Some(&store.attrs), table.map(|table| &table.attrs)]
        .into_iter()
        .flatten()
        .any(|attrs| attrs.words("data").iter().any(|word| word == "payment"));
    let most = if paid { Severity::Error } else { Severity::Warning };
    Diagnostic::wrong(
        format!("{} decides by a `{id}` from {copy}, which may be old, and writes {}", who.name(), store.name()),
        read.span,
        why,
    )
    .at_most(most)
    .label(write.span, "written as if that were still true")
    .node(&who.id)
    .node(&store.id)
    .hop(&who.id, facts.id(read.to))
    .flows([flow.id.clone()])
    .evidence(format!("{} → {} reads `{id}`, {} → {} writes it, unconditionally", who.id, facts.id(read.to), who.id, store.id))
    .consequence(format!("two requests see the same old `{id}`, both are allowed, and the second write hides the first"))
    .mend(Mend::step(write, "conditional"))
    .fix(format!("`conditional` on `{} -> {}`, which fails if `{id}` is no longer as it was read; or read it from {} first", who.id, store.id, store.name()))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::diagnostic::Severity;
    use crate::rules::testing::{design, expect};
    use crate::rules::{Facts, run};

    fn text(store: &str, flow: &str) -> String {
        format!(
            "client u\nservice a\nservice b\nredis c\npostgres d {store} {{ table t {{ key id }}\ntable s {{ key id; unique x }} }}\n\
             postgres r replica_of=d\nflow f {{ u -> a\nu -> b\n{flow} }}"
        )
    }

    #[test]
    fn cases() {
        let case = |flow: &str, expected: &[&str]| expect(&RULE, &text("", flow), expected);
        case("a -> r reads=t\na -> d writes=t", &["wrong a, d"]);
        case("a -> d reads=t consistency=eventual\na -> d writes=t", &["wrong a, d"]);
        case("a -> c reads\na -> d reads=t on=miss\na -> d writes=t", &["wrong a, d"]);
        // From the truth, or the truth decides; another table, another node, the other way round; nothing named.
        case("a -> d reads=t\na -> d writes=t", &[]);
        case("a -> r reads=t\na -> d writes=t conditional", &[]);
        case("a -> r reads=s\na -> d writes=s", &[]);
        case("a -> r reads=s by=x\na -> d writes=s", &[]);
        // What must be unique is another field than the one looked at.
        case("a -> r reads=s by=id\na -> d writes=s", &["wrong a, d"]);
        case("a -> r reads=t\na -> d reads=t\na -> d writes=t", &[]);
        case("a -> r reads=t consistency=strong\na -> d writes=t", &[]);
        case("a -> r reads=s\na -> d writes=t", &[]);
        case("a -> r reads=t\nb -> d writes=t", &[]);
        case("a -> d writes=t\na -> r reads=t", &[]);
        case("a -> r reads\na -> d writes", &[]);
        expect(&RULE, &text("replication=sync", "a -> r reads=t\na -> d writes=t"), &[]);
    }

    #[test]
    fn money_weighs_more() {
        let severity = |store: &str| {
            let design = design(&text(store, "a -> r reads=t\na -> d writes=t"));
            run(&RULE, &Facts::new(&design))[0].severity
        };
        assert_eq!(severity(""), Severity::Warning);
        assert_eq!(severity("data=payment"), Severity::Error);
    }
}
