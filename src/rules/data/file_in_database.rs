use std::collections::HashSet;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Step, Table};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Rule};
use crate::units::{show_number, show_size};

pub static RULE: Rule = Rule {
    id: "file-in-database",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Data,
    summary: "files are kept as rows: backups, replicas and memory carry what nobody queries",
    question: None,
    reads: &["batch", "payload", "rows", "size", "writes"],
    page: Page {
        checks: "What is written to databases: rows, columns and requests of the size of files.",
        when: "A table of a database has a `size` of 1 MB or more, or a column whose type is `blob`, `mediumblob`, `longblob`, \
               `image`, `video` or `file` unless the `size` of the table's rows is under 100 KB; or a hop that writes a database has a `payload` of 1 MB or \
               more without a `batch`, and names no table whose `size` is stated. Silent for tables whose `rows` times `size` is under 1 GB. Replicas are judged with their primary.",
        why: "A database moves every byte several times: through its memory, its log, each replica and each backup. Files push \
              out of memory the rows that queries need, and a restore that took minutes takes a day. An object store does the one \
              thing that files need, at a tenth of the price.",
        outage: None,
        bad: "client web\nlb front managed\nservice photos x2\npostgres store x2 failover=auto backup=1h {\n  table photo { key id; rows = 20M; size = 3MB }\n}\n\
              flow add { web -> front -> photos idempotency_key -> store writes=photo }\n",
        good: "client web\nlb front managed\nservice photos x2\ns3 files object_versions\npostgres store x2 failover=auto backup=1h {\n  table photo { key id; rows = 20M; size = 300B }\n}\n\
               flow add { web -> front -> photos idempotency_key -> files writes\n  photos -> store writes=photo }\n",
        ignore: "The files are few and must be written in one transaction with their rows.",
    },
    check,
};

const A_FILE: f64 = 1e6;
const SMALL: f64 = 100e3;
/// Less than this no backup notices.
const LITTLE: f64 = 1e9;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut told: HashSet<NodeIndex> = HashSet::new();
    for store in facts.nodes(|kind| kind == Kind::Database) {
        for table in &facts.node(store).tables {
            if let Some(why) = large(table) {
                told.insert(store);
                found.push(of_table(facts, store, table, &why));
            }
        }
    }
    for step in &facts.design.steps {
        let is_file = step.attrs.number("payload").value().is_some_and(|bytes| bytes >= A_FILE);
        let batched = step.attrs.number("batch").value().is_some_and(|batch| batch > 1.0);
        if is_file
            && !batched
            && facts.node(step.to).kind == Kind::Database
            && step.attrs.has("writes")
            && !facts.tables_written(step).any(|table| table.attrs.number("size").value().is_some())
            && told.insert(facts.holder(step.to))
        {
            found.push(of_step(facts, step));
        }
    }
    found
}

/// In which words its rows are as large as files, if they are.
fn large(table: &Table) -> Option<String> {
    let size = table.attrs.number("size").value();
    let total = table.attrs.number("rows").value().zip(size).map(|(rows, size)| rows * size);
    if total.is_some_and(|total| total < LITTLE) {
        return None;
    }
    let file = |ty: &str| {
        let ty = ty.to_lowercase();
        ["blob", "mediumblob", "longblob", "image", "video", "file"].contains(&ty.as_str())
    };
    if size.is_some_and(|size| size >= A_FILE) {
        return Some(format!("rows of {}", show_size(size?)));
    }
    let column = table.columns.iter().find(|(_, ty)| file(ty))?;
    size.is_none_or(|size| size >= SMALL).then(|| format!("column {} {}", column.0, column.1))
}

fn of_table(facts: &Facts, store: NodeIndex, table: &Table, why: &str) -> Diagnostic {
    let name = facts.node(store).name();
    let [rows, size] = ["rows", "size"].map(|number| table.attrs.number(number).value());
    let sum = match rows.zip(size) {
        Some((rows, size)) => {
            format!(
                "{} rows × {} = {}, in each replica and backup",
                show_number(rows),
                show_size(size),
                show_size(rows * size)
            )
        }
        None => format!("`{}`: {why}", table.id),
    };
    Diagnostic::wrong(format!("`{}` keeps files in {name}: {why}", table.id), table.span, "a file in each row")
        .node(facts.id(store))
        .evidence(sum)
        .consequence(consequence(&name))
        .fix(format!("a `blob` that keeps the files, and in `{}` only their names, so that its `size` is a few hundred bytes", table.id))
}

fn of_step(facts: &Facts, step: &Step) -> Diagnostic {
    let name = facts.node(step.to).name();
    let size = show_size(step.attrs.number("payload").value().unwrap_or(0.0));
    let span = step.attrs.get("payload").map_or(step.span, |setting| setting.span);
    Diagnostic::wrong(
        format!(
            "{} writes {size} at a time into {name}, which is a file each time",
            facts.node(step.from).name()
        ),
        span,
        "as large as a file",
    )
    .node(facts.id(step.to))
    .hop(facts.id(step.from), facts.id(step.to))
    .flows(facts.flow_of(step).map(|flow| flow.id.clone()))
    .evidence(format!("{} → {} writes {size} for each request", facts.id(step.from), facts.id(step.to)))
    .consequence(consequence(&name))
    .fix(
        "a `blob` that keeps the files, written by a signed URL, and in the database only their names"
            .to_string(),
    )
}

fn consequence(name: &str) -> String {
    format!(
        "reading a few of them pushes out of the memory of {name} the rows that every query needs, and restoring {name} takes a day instead of minutes"
    )
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |table: &str, hop: &str, expected: &[&str]| {
            expect(
                &RULE,
                &format!("service a\npostgres d {{ table t {{ key id; {table} }} }}\na -> d writes {hop}"),
                expected,
            );
        };
        case("size = 3MB", "", &["wrong d"]);
        case("size = 3MB; rows = 1M", "", &["wrong d"]);
        case("column picture blob", "", &["wrong d"]);
        case("rows = 5", "payload=8MB", &["wrong d"]);
        // Both say the same.
        case("size = 3MB", "payload=3MB", &["wrong d"]);
        case("size = 3KB", "", &[]);
        case("size = 3MB; rows = 20", "", &[]);
        case("column digest blob; size = 200B", "", &[]);
        case("column digest bytea", "", &[]);
        case("rows = 5", "payload=8MB batch=1000", &[]);
        expect(
            &RULE,
            "service a\ns3 b\nclickhouse w\na -> b writes payload=8MB\na -> w writes payload=8MB",
            &[],
        );
    }
}
