use std::collections::HashSet;

use crate::catalog::Kind;
use crate::design::{Step, Table};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::facts::{finds_one, has_way};
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::units::show_number;

pub static RULE: Rule = Rule {
    id: "lookup-without-index",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Data,
    summary: "rows are looked up by a field that no key or index begins with: each read goes through the whole table",
    question: Some(Question {
        topic: "indexes",
        text: "an index holds only some of the rows: does this read ask for those?",
    }),
    reads: &["by", "rate", "reads", "replica_of", "rows", "size"],
    page: Page {
        checks: "Reads that say `by=` against the keys and indexes of the table that they read.",
        when: "A hop reads a table of a database that declares a `key`, `by` one or several fields, and none of these is the first \
               field of its key, of a `unique` or of an `index` (one with a `where` counts for reads by a field of its condition, and where that leaves out what was `deleted`), \
               nor do they name its whole `shard`. Of several tables in one read (`reads=[session, account] by=id`) it is enough that these fields are all of a `key` or `unique` of one: its row leads to the others. A question where such a partial index begins with the field, and the read \
               does not name what it is about. A warning unless the table says that it has a million `rows` or more; silent up to ten thousand, and where the table's `rows` times `size` come to 100 MB at most and a flow with a known rate reads it so less than once a minute.",
        why: "Without an index that begins with the field the database reads every row to find one. That passes every test with \
              a thousand rows, and takes all disks and the whole cache with a hundred million.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x2\npostgres store x2 failover=auto {\n  table order { key id; rows = 50M }\n}\n\
              flow mine { web -> front -> api -> store reads=order by=customer }\n",
        good: "client web\nlb front managed\nservice api x2\npostgres store x2 failover=auto {\n  table order { key id; index customer; rows = 50M }\n}\n\
               flow mine { web -> front -> api -> store reads=order by=customer }\n",
        ignore: "A report that may take its time, on a replica of its own.",
    },
    check,
};

const FEW: f64 = 10_000.0;
const MANY: f64 = 1e6;
/// Bytes that lie in memory anyhow, and are gone through in a moment.
const LITTLE: f64 = 100e6;
/// Requests a second, below which that moment is nobody's trouble.
const SELDOM: f64 = 1.0 / 60.0;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    for step in &facts.design.steps {
        let fields = step.attrs.words("by");
        let owner = facts.node(facts.holder(step.to));
        if fields.is_empty() || owner.kind != Kind::Database {
            continue;
        }
        if facts.tables_read(step).count() > 1
            && facts.tables_read(step).any(|table| finds_one(table, fields))
        {
            continue;
        }
        for table in facts.tables_read(step) {
            let rows = table.attrs.number("rows").value();
            if !has_way(table, fields)
                && rows.is_none_or(|rows| rows > FEW)
                && !(step.load.rate.is_some_and(|rate| rate < SELDOM) && is_little(table))
                && seen.insert((step.to, &table.id, fields))
            {
                found.push(finding(facts, step, table, fields, rows));
            }
        }
    }
    found
}

fn is_little(table: &Table) -> bool {
    let [rows, size] = ["rows", "size"].map(|name| table.attrs.number(name).value());
    rows.zip(size).is_some_and(|(rows, size)| rows * size <= LITTLE)
}

/// `link` has key code; none begins with `owner`
fn evidence(table: &Table, fields: &[String]) -> String {
    let keys: Vec<String> = std::iter::once(format!("key {}", table.keys.join(", ")))
        .chain(table.uniques.iter().map(|fields| format!("unique {}", fields.join(", "))))
        .chain(table.indexes.iter().zip(&table.partial).map(|(fields, condition)| {
            let some = condition.as_ref().map_or(String::new(), |condition| format!(" where {condition}"));
            format!("index {}{some}", fields.join(", "))
        }))
        .collect();
    format!("`{}` has {}; none begins with `{}`", table.id, keys.join("; "), fields.join("` or `"))
}

/// An index that begins with one of the fields, and its condition, of which the read says nothing.
fn of_some_rows<'t>(table: &'t Table, fields: &[String]) -> Option<(&'t [String], &'t str)> {
    let partial = table.indexes.iter().zip(&table.partial);
    partial
        .filter(|(index, _)| index.first().is_some_and(|first| fields.contains(first)))
        .find_map(|(index, condition)| Some((index.as_slice(), condition.as_deref()?)))
}

/// What a condition is about, as in `state = held`.
fn field_of(condition: &str) -> Option<&str> {
    let field = condition.split_whitespace().next()?;
    (field != "not" && field.chars().all(|c| c.is_alphanumeric() || c == '_')).then_some(field)
}

fn finding(facts: &Facts, step: &Step, table: &Table, fields: &[String], rows: Option<f64>) -> Diagnostic {
    let by = fields.join("`, `");
    let all = match rows {
        Some(rows) => format!("all {} rows", show_number(rows)),
        None => "every row".to_string(),
    };
    let span = step.attrs.get("by").map_or(step.span, |setting| setting.span);
    if let Some((index, condition)) = of_some_rows(table, fields) {
        // Which rows are asked for, its author knows.
        let index = format!("index {} where {condition}", index.join(", "));
        return Diagnostic::unstated(
            format!(
                "a read by `{by}` goes through {all} of `{}`, unless it asks for those of `{index}`",
                table.id
            ),
            span,
            "by this alone",
        )
        .question(format!(
            "`{index}` holds only some rows of `{}`: does the read by `{by}` ask for those?",
            table.id
        ))
        .label(table.span, "its keys and indexes")
        .node(facts.id(step.to))
        .hop(facts.id(step.from), facts.id(step.to))
        .flows(facts.flow_of(step).map(|flow| flow.id.clone()))
        .consequence(format!(
            "if not, every one goes through the table, and {} slows down for everyone",
            facts.node(step.to).name()
        ))
        .fix(match field_of(condition) {
            Some(field) => format!(
                "`by=[{field}, {fields}]` on `{} -> {}` if it does; `index {fields}` in `table {}` if not",
                facts.id(step.from),
                facts.id(step.to),
                table.id,
                fields = fields.join(", ")
            ),
            None => format!("`index {}` in `table {}` if not", fields.join(", "), table.id),
        });
    }
    let finding = Diagnostic::wrong(
        format!("each read by `{by}` goes through {all} of `{}`", table.id),
        span,
        "no index begins with it",
    )
    .label(table.span, "its keys and indexes")
    .node(facts.id(step.to))
    .hop(facts.id(step.from), facts.id(step.to))
    .flows(facts.flow_of(step).map(|flow| flow.id.clone()))
    .evidence(evidence(table, fields))
    .consequence(format!(
        "the table outgrows memory, one such read takes seconds and pushes out what the others need: {} slows down for everyone",
        facts.node(step.to).name()
    ))
    .mend(Mend::table(table, format!("index {}", fields.join(", "))))
    .fix(format!("`index {}` in `table {}`", fields.join(", "), table.id));
    if rows.is_none_or(|rows| rows < MANY) { finding.at_most(Severity::Warning) } else { finding }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let expect = |table: &str, hop: &str, expected: &[&str]| {
            expect(
                &RULE,
                &format!("service a\npostgres d {{ table t {{ {table} }} }}\na -> d {hop}"),
                expected,
            );
        };
        expect("key id", "reads=t by=owner", &["wrong d"]);
        expect("key id; index day, owner", "reads=t by=owner", &["wrong d"]);
        expect("key id; index owner, day", "reads=t by=owner", &[]);
        expect("key id; unique owner", "reads=t by=owner", &[]);
        expect("key owner, id", "reads=t by=owner", &[]);
        expect("key id; shard owner", "reads=t by=owner", &[]);
        expect("key id; index owner", "reads=t by=[owner, day]", &[]);
        // Half of what rows are spread by finds no shard; an index of some rows finds only those.
        expect("key id; shard owner, day", "reads=t by=owner", &["wrong d"]);
        expect("key id; shard owner, day", "reads=t by=[day, owner]", &[]);
        expect("key id; index owner where open = true", "reads=t by=owner", &["unstated d"]);
        expect("key id; index owner where open = true", "reads=t by=[owner, open]", &[]);
        expect("key id; index owner where deleted_at is null", "reads=t by=owner", &[]);
        expect("key id; index owner where owner is not null", "reads=t by=owner", &[]);
        expect("key id", "reads=t by=t_id", &[]);
        // What one of two tables says leads to the other.
        let both = "key id }\ntable s { key owner";
        expect(both, "reads=[t, s] by=id", &[]);
        expect(both, "reads=[t, s] by=owner", &[]);
        expect(both, "reads=[t, s] by=day", &["wrong d", "wrong d"]);
        expect(both, "reads=t by=owner", &["wrong d"]);
        let many = "key id, day }\ntable s { key owner";
        expect(many, "reads=[t, s] by=id", &["wrong d"]);
        // A small table that a nightly run goes through.
        let run = |rate: &str, table: &str, expected: &[&str]| {
            let text = format!(
                "worker w\npostgres d {{ table t {{ key id; {table} }} }}\nflow f {rate} {{ w -> d reads=t by=day }}"
            );
            crate::rules::testing::expect(&RULE, &text, expected);
        };
        run("rate=1/day", "rows = 100k; size = 300B", &[]);
        run("rate=1/day", "rows = 100M; size = 300B", &["wrong d"]);
        run("rate=1/day", "rows = 100k", &["wrong d"]);
        run("rate=10/s", "rows = 100k; size = 300B", &["wrong d"]);
        run("", "rows = 100k; size = 300B", &["wrong d"]);
        // Nothing is said of keys, or of what it is looked up by; a small table is read whole.
        expect("rows = 5M", "reads=t by=owner", &[]);
        expect("key id", "reads=t", &[]);
        expect("key id; rows = 200", "reads=t by=owner", &[]);
    }
}
