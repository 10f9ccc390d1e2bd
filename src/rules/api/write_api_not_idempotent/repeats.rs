//! Whether a second write finds the first, by what is written where.

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::rows::is_set;
use crate::design::{Step, Table};
use crate::rules::Facts;

/// The step has an effect that a second one would add to.
pub fn changes(
    facts: &Facts,
    step: &Step,
    posts: bool,
    generates: bool,
    told: &mut dyn FnMut(&Step) -> bool,
) -> bool {
    let target = facts.node(step.to);
    let (reads, writes) = (step.attrs.has("reads"), step.attrs.has("writes"));
    match target.kind {
        Kind::Database | Kind::Warehouse => {
            (writes || (posts && !reads))
                && (generates || !natural(facts, step))
                && (posts || !changes_found(step))
        }
        Kind::External => writes,
        Kind::Queue | Kind::Topic => facts.writes(step) && !told(step),
        _ => false,
    }
}

/// None of the tables that it writes has anything but its key that a repeat could be known by.
pub fn has_no_unique(facts: &Facts, step: &Step) -> bool {
    let mut tables = facts.tables_written(step).peekable();
    tables.peek().is_some() && tables.all(|table| table.uniques.is_empty())
}

/// It writes rows into a table whose key has a running number and nothing else that the caller brings: a repeat gets
/// the next number, and neither a condition on it nor the writer can tell it from a new request.
pub fn numbers(facts: &Facts, step: &Step) -> bool {
    let running = |field: &String| {
        let name = field.to_lowercase();
        matches!(name.as_str(), "seq" | "sequence" | "number") || name.ends_with("_seq")
    };
    let target = facts.node(step.to);
    let tables = step.attrs.words("writes").iter().filter_map(|id| target.table(id));
    tables.into_iter().any(|table| table.uniques.is_empty() && table.keys.iter().any(running))
}

/// All that it does is to write where a second write leaves things as they are.
pub fn overwrites(facts: &Facts, node: NodeIndex) -> bool {
    let mut writes = facts.design.steps_from(node).filter(|step| {
        facts.writes(step) || !(facts.node(step.to).kind.is_store() || facts.node(step.to).kind.is_broker())
    });
    let mut some = false;
    let all = writes.all(|step| {
        some = true;
        matches!(facts.node(step.to).kind, Kind::Blob | Kind::Search | Kind::Cache)
    });
    some && all
}

/// It writes tables whose keys the system makes, with nothing of the caller's in them: a repeat gets a new row,
/// whatever the consumer says of messages that are delivered again.
pub fn numbers_rows(facts: &Facts, node: NodeIndex) -> bool {
    facts.design.steps_from(node).any(|step| {
        let target = facts.node(step.to);
        let drawn = step.attrs.words("writes").iter().any(|id| target.table(id).is_some());
        matches!(target.kind, Kind::Database | Kind::Warehouse) && drawn && !natural(facts, step)
    })
}

/// A second write finds the first: compared before it is set, or under a key that the caller chose.
fn natural(facts: &Facts, step: &Step) -> bool {
    let tables = step.attrs.words("writes");
    let target = facts.node(step.to);
    let holder = facts.holder(step.to);
    let keyed = |id: &String| {
        let of = |table: &Table| chosen_by_caller(table) || is_set(facts.design, holder, table);
        target.table(id).is_some_and(of)
    };
    compares_version(step)
        || (step.attrs.has("conditional") && !numbers(facts, step))
        || (!tables.is_empty() && tables.iter().all(keyed))
}

/// `by=[id, version]`: of a row that has been changed since, nothing is written.
fn compares_version(step: &Step) -> bool {
    let versions = ["version", "revision", "etag", "rev"];
    step.attrs.has("writes") && step.attrs.words("by").iter().any(|field| versions.contains(&field.as_str()))
}

/// `writes=note by=id`: a row that is there is written again, as far as the flow's label does not say that it adds.
fn changes_found(step: &Step) -> bool {
    !step.attrs.words("by").is_empty() && !step.attrs.has("reads")
}

fn chosen_by_caller(table: &Table) -> bool {
    let made = |field: &String| {
        let name = field.to_lowercase();
        let words = ["id", "uuid", "seq", "sequence", "number", "code", "time", "timestamp", "ts"];
        words.contains(&name.as_str())
            || name.ends_with("_at")
            || name.ends_with("_time")
            || name.ends_with("_seq")
    };
    let chosen =
        ["email", "username", "handle", "slug", "request", "request_id", "client_id", "idempotency_key"];
    !table.uniques.is_empty()
        || (table.keys.len() >= 2 && !table.keys.iter().any(made))
        || matches!(table.keys.as_slice(), [only] if chosen.contains(&only.as_str()))
}
