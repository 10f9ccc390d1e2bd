use std::collections::HashSet;

use crate::catalog::Kind;
use crate::design::{Step, Table};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::facts::{finds_many, finds_one};
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::source::Span;
use crate::units::show_number;

pub static RULE: Rule = Rule {
    id: "unbounded-answer",
    severity: Severity::Warning,
    confidence: Confidence::High,
    grave: false,
    group: Group::Api,
    summary: "a read returns all rows that fit, however many there are by then",
    question: Some(Question {
        topic: "long answers",
        text: "the one with the most rows asks for them: how many come in one answer?",
    }),
    reads: &["by", "limit", "page", "rate", "rows"],
    page: Page {
        checks: "Reads that select by less than a whole key, against a limit of the answer.",
        when: "On a flow that somebody waits for, a hop reads a table of a database `by=` fields which do not hold all of its \
               `key` nor of a `unique`, so that one answer can have many rows. Wrong where `page=none` or `limit=none` is \
               stated. A question where neither `page` nor `limit` is said and a key or index begins with these fields and goes on \
               (`key chat, seq` read `by=chat`), which is how rows are kept that are listed; an index of just these fields may as well be of something unique. Silent with a `page` or a `limit`, where the table has a hundred thousand `rows` at \
               most, where the field is another table of the store and there are ten rows at most for each of its `rows` (the lines of an order), where it states no `rows` and no hop `writes=` it, and on flows of 10 requests a second or fewer that \
               promise nothing.",
        why: "The answer grows with the oldest and largest customer. It is fast for years, then one account has two hundred \
              thousand rows: the read takes seconds, the service holds all of them in memory, and it does so for each retry.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x2\npostgres store x2 failover=auto {\n  table order { key id; index customer, placed_at; rows = 50M }\n}\n\
              flow mine { web -> front -> api -> store reads=order by=customer }\n",
        good: "client web\nlb front managed\nservice api x2\npostgres store x2 failover=auto {\n  table order { key id; index customer, placed_at; rows = 50M }\n}\n\
               flow mine { web -> front -> api -> store reads=order by=customer page=cursor limit=50 }\n",
        ignore: "The rows of one answer are few by their nature, as the lines of one order are: say so with a `limit`.",
    },
    check,
};

const FEW: f64 = 100_000.0;
/// On average; the largest has more, but not thousands.
const HANDFUL: f64 = 10.0;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let grown: HashSet<Span> = facts
        .design
        .steps
        .iter()
        .flat_map(|step| facts.tables_written(step))
        .map(|table| table.span)
        .collect();
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    for calls in facts.calls() {
        if calls.flow.is_some_and(|flow| facts.is_small(flow)) {
            continue;
        }
        for &step in &calls.steps {
            let fields = step.attrs.words("by");
            let bounded = step.attrs.has("page") || step.attrs.has("limit");
            let is_database = facts.node(step.to).kind == Kind::Database;
            if fields.is_empty() || bounded || !is_database || !calls.waited_for.contains(&step.from) {
                continue;
            }
            let grows = |table: &Table| match table.attrs.number("rows").value() {
                Some(rows) => rows > FEW,
                None => grown.contains(&table.span),
            };
            for table in facts.tables_read(step) {
                let said = ["page", "limit"].iter().any(|how| step.attrs.get(how).is_some());
                let many = match said {
                    true => !table.keys.is_empty() && !finds_one(table, fields),
                    false => finds_many(table, fields) && !are_parts(facts, step, table, fields),
                };
                if many && grows(table) && seen.insert((step.to, table.span, fields)) {
                    found.push(finding(facts, step, table, fields));
                }
            }
        }
    }
    found
}

/// The lines of an order: the field is another table of the store, with a few rows here for each one there.
fn are_parts(facts: &Facts, step: &Step, table: &Table, fields: &[String]) -> bool {
    let [field] = fields else { return false };
    let whole = facts.node(step.to).table(field.strip_suffix("_id").unwrap_or(field));
    let rows = |table: &Table| table.attrs.number("rows").value();
    whole.and_then(rows).zip(rows(table)).is_some_and(|(wholes, parts)| parts <= wholes * HANDFUL)
}

fn finding(facts: &Facts, step: &Step, table: &Table, fields: &[String]) -> Diagnostic {
    let by = fields.join("`, `");
    let caller = facts.node(step.from).name();
    let message = format!("{caller} gets all of `{}` that one `{by}` has, in one answer", table.id);
    let said = step.attrs.get("page").or(step.attrs.get("limit"));
    let finding = match said {
        Some(setting) => Diagnostic::wrong(message, setting.span, "said to come all at once"),
        None => {
            let span = step.attrs.get("by").map_or(step.span, |setting| setting.span);
            Diagnostic::unstated(message, span, "no `page` and no `limit` here").question(format!(
                "the `{by}` with the most rows in `{}` asks for them: how many come in one answer?",
                table.id
            ))
        }
    };
    let rows = table.attrs.number("rows").value();
    let rows = rows.map_or(String::new(), |rows| format!(", {} rows in all", show_number(rows)));
    finding
        .label(table.span, "its key")
        .node(facts.id(step.to))
        .hop(facts.id(step.from), facts.id(step.to))
        .flows(facts.flow_of(step).map(|flow| flow.id.clone()))
        .evidence(format!("the key of `{}` is {}, so one `{by}` may have any number of them{rows}", table.id, table.keys.join(", ")))
        .consequence(format!(
            "one `{by}` has grown far beyond the others: its request takes seconds, {caller} holds all of the rows in memory, and each retry does it again"
        ))
        .fix(format!(
            "`page=cursor limit=50` on `{} -> {}`, so that the answer stays as small as it is today",
            facts.id(step.from),
            facts.id(step.to)
        ))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |table: &str, flow: &str, read: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a x2\npostgres d {{ table t {{ {table} }} }}\n\
                 flow f {flow} {{ u -> a -> d reads=t {read} }}"
            );
            expect(&RULE, &text, expected);
        };
        case("key id; index o, at; rows = 1M", "", "by=o", &["unstated d"]);
        case("key id; index o; rows = 1M", "", "by=o page=none", &["wrong d"]);
        case("key o, n; rows = 1M", "", "by=o", &["unstated d"]);
        case("key o, n; rows = 1M", "", "by=o page=none", &["wrong d"]);
        case("key o, n; rows = 1M", "", "by=o limit=none", &["wrong d"]);
        // It comes in pages, or with an end.
        case("key o, n; rows = 1M", "", "by=o page", &[]);
        case("key o, n; rows = 1M", "", "by=o limit=10", &[]);
        // One row at most.
        case("key id; rows = 1M", "", "by=id", &[]);
        case("key id; rows = 1M", "", "by=t_id", &[]);
        case("key o, n; rows = 1M", "", "by=[n, o]", &[]);
        case("key id; unique o; rows = 1M", "", "by=o", &[]);
        // As likely a number that only one has.
        case("key id; index o; rows = 1M", "", "by=o", &[]);
        // A short table, one that nothing adds to, one whose keys are not said, and few requests.
        case("key id; index o, at; rows = 500", "", "by=o", &[]);
        case("key id; index o, at", "", "by=o", &[]);
        case("rows = 1M", "", "by=o", &[]);
        case("key id; rows = 1M", "", "", &[]);
        case("key id; index o, at; rows = 1M", "rate=2/s", "by=o", &[]);
    }

    #[test]
    fn the_parts_of_a_whole() {
        let text = |lines: &str| {
            format!(
                "client u\nservice a x2\npostgres d {{ table o {{ key id; rows = 1M }}\ntable l {{ key o, no; rows = {lines} }} }}\n\
             flow f {{ u -> a -> d reads=l by=o }}"
            )
        };
        expect(&RULE, &text("4M"), &[]);
        expect(&RULE, &text("400M"), &["unstated d"]);
    }

    #[test]
    fn a_table_that_grows() {
        let text = "client u\nservice a x2\npostgres d { table t { key id; index o, at } }\n\
                    flow f { u -> a -> d writes=t }\nflow g { u -> a -> d reads=t by=o }";
        expect(&RULE, text, &["unstated d"]);
        // Nobody waits for the worker.
        let text = "scheduler s\nworker w\npostgres d { table t { key id; index o, at; rows = 1M } }\n\
                    flow g { s -> w -> d reads=t by=o }";
        expect(&RULE, text, &[]);
    }
}
