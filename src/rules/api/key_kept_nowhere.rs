use std::collections::HashSet;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::rows::is_one_of_few;
use crate::design::{Flow, Node, Step, Table};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::facts::is_count;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "key-kept-nowhere",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Api,
    summary: "a client sends a key against repeats, and nothing keeps it",
    question: Some(Question {
        topic: "kept keys",
        text: "the same request comes again with the same key: what knows that it was here?",
    }),
    reads: &[
        "calls",
        "conditional",
        "dedupe",
        "generates",
        "idempotency_key",
        "idempotent",
        "reads",
        "writes",
    ],
    page: Page {
        checks: "Flows that send an `idempotency_key`: whether anything on the way, or what they write, can know it again.",
        when: "A question, as information, where a flow sends an `idempotency_key` that nothing keeps: all tables that it writes in databases are declared with a `key` and without a `unique`, none of their keys is one that the caller chooses (several fields, the last no count and no `id`; or one that is not `id` or `code`, while the writer generates none) or is named after the request (`request`, `client`, `idempotency`); beside a table whose key is made, those do not count of which there is one row for each of something else (their one field is a `user`, an `sku`, another table, \
               or their name ends with `stock`, `balance`, `cart` and the like), nor lines whose key begins with the `id` of that table; no write is `conditional` unless its node `generates`, no node of the flow is `idempotent` or has `dedupe`, the flow has not read such a table before, and it writes no cache, lock or registry. Not for labels GET, HEAD, PUT and DELETE, nor where nobody waits, nor in flows of at most 10 requests a second that promise no `availability`. Silent about stores of which `no-unique-constraint` speaks.",
        why: "A key protects from nothing by being sent. Somebody has to write it down with what was done, in the same \
              transaction, and look for it first; else the second try has the same key and makes a second row.",
        outage: None,
        bad: "client web\nlb front managed\nservice orders x2 metrics\npostgres store x2 failover=auto backup=1h {\n  table order { key id }\n}\n\
              flow order \"POST /orders\" { web -> front -> orders idempotency_key -> store writes=order }\n",
        good: "client web\nlb front managed\nservice orders x2 metrics\npostgres store x2 failover=auto backup=1h {\n  table order { key id; unique request }\n}\n\
               flow order \"POST /orders\" { web -> front -> orders idempotency_key -> store writes=order }\n",
        ignore: "The key is kept by something that is not drawn, such as the framework's own table.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    facts.design.flows.iter().filter_map(|flow| finding(facts, flow)).collect()
}

/// A key against repeats protects from nothing unless it is written down where a second try can be seen.
fn finding(facts: &Facts, flow: &Flow) -> Option<Diagnostic> {
    let steps = facts.design.steps_of(flow);
    let keyed = steps.iter().find(|step| step.attrs.has("idempotency_key"))?;
    let knows =
        |node: NodeIndex| ["idempotent", "dedupe"].iter().any(|name| facts.node(node).attrs.has(name));
    let elsewhere = |step: &Step| {
        matches!(facts.node(step.to).kind, Kind::Cache | Kind::Lock | Kind::Registry) && facts.writes(step)
    };
    if matches!(flow.method(), "GET" | "HEAD" | "PUT" | "DELETE")
        || facts.is_background(flow)
        || facts.is_small(flow)
        || steps.iter().any(|step| knows(step.from) || knows(step.to) || elsewhere(step))
    {
        return None;
    }
    let mut read: HashSet<&str> = HashSet::new();
    let mut written: Vec<(&Step, &Table)> = Vec::new();
    for step in steps.iter().filter(|step| facts.node(step.to).kind == Kind::Database) {
        if step.attrs.has("writes") {
            let maker = facts.node(step.from);
            let tables: Vec<&Table> = facts.tables_written(step).collect();
            let declared = tables.len();
            let refused = |table: &&Table| {
                table.keys.is_empty()
                    || !table.uniques.is_empty()
                    || read.contains(table.id.as_str())
                    || is_the_callers(table, maker)
            };
            // What there is one of for each of something else is changed, not made, beside what is made.
            let made = tables.iter().any(|table| !table.keys.is_empty() && !is_the_callers(table, maker));
            let beside = |table: &&&Table| {
                let of_others = is_one_of_few(facts.design, step.to, table) && table.uniques.is_empty();
                made && (of_others || is_part_of(table, &tables))
            };
            let tables: Vec<&Table> = tables.iter().filter(|table| !beside(table)).copied().collect();
            let compared = step.attrs.has("conditional") && !maker.attrs.has("generates");
            if declared < step.attrs.words("writes").len().max(1) || compared || tables.iter().any(refused) {
                return None;
            }
            written.extend(tables.iter().map(|&table| (step, table)));
        }
        read.extend(facts.tables_read(step).map(|table| table.id.as_str()));
    }
    // What is taken seldom, as a range of numbers, is not what the request asks for.
    let often = |step: &Step| step.attrs.number("calls").value().is_none_or(|calls| calls >= 1.0);
    let (write, table) = *written.iter().find(|(step, _)| often(step))?;
    let (writer, store) = (facts.node(write.from), facts.node(write.to));
    Some(
        Diagnostic::unstated(
            format!("the key that `{}` sends is kept nowhere: its second try is another `{}`", flow.id, table.id),
            write.span,
            "writes nothing that tells a repeat",
        )
        .question(format!("`{}` is sent again with the same key: what knows that {} has it already?", flow.id, store.name()))
        .label(keyed.span, "sent with a key")
        .node(&store.id)
        .node(&writer.id)
        .hop(&writer.id, &store.id)
        .flows([flow.id.clone()])
        .evidence(format!("`{}` has key {} and no `unique`; no node of `{}` is `idempotent`", table.id, table.keys.join(", "), flow.id))
        .consequence(format!("an answer is lost, the client sends the same key again, and `{}` has the same thing twice", table.id))
        .fix(format!("`unique` with the client's key in `table {}`; or `idempotent` on {}, where it keeps the key elsewhere", table.id, writer.name())),
    )
}

/// A line of what is made in the same write: its key begins with that, which is new, whatever else the line is of.
fn is_part_of(table: &Table, tables: &[&Table]) -> bool {
    let is_of = |field: &String| {
        let whole = field.strip_suffix("_id").unwrap_or(field);
        tables.iter().any(|other| {
            other.id == whole && other.id != table.id && matches!(other.keys.as_slice(), [key] if key == "id")
        })
    };
    table.uniques.is_empty() && table.keys.len() >= 2 && table.keys.first().is_some_and(is_of)
}

/// Its key comes with the request, so that a second try meets the first.
fn is_the_callers(table: &Table, writer: &Node) -> bool {
    let named = |field: &String| {
        let name = field.to_lowercase();
        ["request", "client", "idempot"].iter().any(|word| name.contains(word))
    };
    let made = |field: &str| {
        let name = field.to_lowercase();
        is_count(&name)
            || ["id", "uuid", "code"].iter().any(|word| name == *word || name.ends_with(&format!("_{word}")))
    };
    let last = table.keys.last().is_some_and(|last| made(last));
    let generated = table.keys.len() == 1 && writer.attrs.has("generates");
    table.keys.iter().any(named) || !(last || generated)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |nodes: &str, table: &str, flow: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a x2 {nodes}\nredis c\npostgres d {{ table t {{ {table} }} }}\nflow f {flow} }}"
            );
            expect(&RULE, &text, expected);
        };
        let write = "\"POST /t\" { u -> a idempotency_key -> d writes=t";
        case("", "key id", write, &["unstated d, a"]);
        case("", "key room, seq", write, &["unstated d, a"]);
        case("generates=code scheme=range", "key name", write, &["unstated d, a"]);
        case("generates=code scheme=range", "key code", &format!("{write} conditional"), &["unstated d, a"]);
        // Kept: with the row, by the service, beside it; or the key is the request's own.
        case("", "key id; unique request", write, &[]);
        case("idempotent", "key id", write, &[]);
        case("dedupe=1d", "key id", write, &[]);
        case("", "key id", &format!("{write} conditional"), &[]);
        case("", "key id", &format!("{write}\na -> c writes"), &[]);
        case("", "key id", &write.replace("-> d", "-> d reads=t\na -> d"), &[]);
        case("", "key client_id", write, &[]);
        case("", "key person, day", write, &[]);
        case("", "key email", write, &[]);
        // Stock is counted down and lines are of the order: neither has seen the request before. A vote has.
        let beside = |other: &str, written: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a x2\npostgres d {{ table t {{ key id }}\ntable {other} }}\n\
                 flow f \"POST /t\" {{ u -> a idempotency_key -> d writes={written} }}"
            );
            expect(&RULE, &text, expected);
        };
        beside("stock { key sku }", "[t, stock]", &["unstated d, a"]);
        beside("line { key t, sku }", "[t, line]", &["unstated d, a"]);
        beside("line { key t_id, no }", "[t, line]", &["unstated d, a"]);
        beside("vote { key person, day }", "[t, vote]", &[]);
        beside("stock { key sku; unique request }", "[t, stock]", &[]);
        beside("stock { key sku }", "stock", &[]);
        // Nothing is sent, nothing is said of keys, few ask, and what is put twice is the same.
        case("", "key id", "\"POST /t\" { u -> a -> d writes=t", &[]);
        case("", "rows = 5", write, &[]);
        case("", "key id", "\"POST /t\" { u -> a idempotency_key -> d writes", &[]);
        case("", "key id", "rate=1/s { u -> a idempotency_key -> d writes=t", &[]);
        case("", "key id", "\"PUT /t\" { u -> a idempotency_key -> d writes=t", &[]);
    }
}
