//! The tables that a flow reads and writes.

use petgraph::graph::NodeIndex;

use super::attributes::fits;
use crate::design::{Design, Node, Step, Table};
use crate::rubric::Met;
use crate::rubric::condition::{Lookup, ValueTest};
use crate::rubric::outcome::Outcome;
use crate::rubric::pattern::Access;
use crate::rubric::view::View;

/// The tables that these hops of a flow name, each once, in order; those of one access, or of both.
pub(super) fn touched<'v, 'd: 'v>(
    view: &View<'d>,
    steps: impl Iterator<Item = &'v &'d Step>,
    access: Option<Access>,
) -> Vec<(NodeIndex, &'d Table)> {
    let mut tables: Vec<(NodeIndex, &Table)> = Vec::new();
    for step in steps {
        for access in
            [Access::Reads, Access::Writes].into_iter().filter(|one| access.is_none_or(|only| only == *one))
        {
            for table in tables_of(view.design, step, access.name()) {
                if !tables.iter().any(|(node, known)| *node == step.to && known.id == table.id) {
                    tables.push((step.to, table));
                }
            }
        }
    }
    tables
}

/// What a hop reads or writes: the tables it names, or the only one there is.
pub(super) fn tables_of<'d>(design: &'d Design, step: &Step, access: &str) -> Vec<&'d Table> {
    if !step.attrs.has(access) {
        return Vec::new();
    }
    let node = &design.graph[step.to];
    // A replica has its primary's tables.
    let node = match node.attrs.text("replica_of").value().and_then(|id| design.node(id)) {
        Some(primary) if node.tables.is_empty() => &design.graph[primary],
        _ => node,
    };
    let named: Vec<&Table> = step.attrs.words(access).iter().filter_map(|id| node.table(id)).collect();
    match (named.is_empty(), node.tables.as_slice()) {
        (true, [only]) => vec![only],
        _ => named,
    }
}

pub(super) fn has_part(
    view: &View,
    node: NodeIndex,
    table: &Table,
    has: &[String],
    fields: usize,
    value: &ValueTest,
) -> Outcome {
    let name = format!("`{}.{}`", view.id(node), table.id);
    let holds = has.iter().any(|part| match part.as_str() {
        "key" => table.keys.len() >= fields,
        "unique" => table.uniques.iter().any(|unique| unique.len() >= fields),
        "index" => table.indexes.iter().any(|index| index.len() >= fields),
        "shard" => table.shard.len() >= fields,
        "column" => !table.columns.is_empty(),
        attribute => {
            let said = table.attrs.get(attribute).map(|setting| &setting.value);
            said.is_some_and(|said| fits(value, said))
        }
    });
    let parts = has.join("` or `");
    let outcome = if holds {
        Outcome::new(Met::Yes, format!("table {name} has `{parts}`"))
    } else if fields > 1 {
        Outcome::new(Met::Unstated, format!("table {name} has no `{parts}` of {fields} fields"))
    } else {
        Outcome::new(Met::Unstated, format!("table {name} has no `{parts}`"))
    };
    outcome.about([view.id(node)])
}

/// Whether the fields that a hop reads by find its rows.
pub(super) fn found_by(node: &Node, table: &Table, step: &Step, lookup: Lookup) -> Outcome {
    let by = step.attrs.words("by");
    let name = format!("`{}.{}`", node.id, table.id);
    if by.is_empty() {
        return Outcome::new(
            Met::Unstated,
            format!("table {name} is read, but not said by what (`by=FIELD`)"),
        );
    }
    let read = format!("table {name} is read by {}", by.join(", "));
    match lookup {
        Lookup::Key => {
            let front = |fields: &[String]| {
                by.len() <= fields.len() && fields[..by.len()].iter().all(|field| by.contains(field))
            };
            let found =
                front(&table.keys) || table.uniques.iter().chain(&table.indexes).any(|fields| front(fields));
            if found {
                Outcome::new(Met::Yes, read)
            } else {
                Outcome::new(Met::No, format!("{read}, which no key or index of it starts with"))
            }
        }
        Lookup::Shard => {
            let model = node.tech.and_then(|tech| tech.model.as_deref());
            let by_nature = matches!(model, Some("key-value" | "wide-column" | "document"));
            let shard = match (table.shard.as_slice(), table.keys.as_slice()) {
                ([], [first, ..]) if by_nature => std::slice::from_ref(first),
                (shard, _) => shard,
            };
            if shard.is_empty() {
                Outcome::new(Met::Unstated, format!("table {name} does not say what it is sharded by"))
            } else if shard.iter().all(|field| by.contains(field)) {
                Outcome::new(Met::Yes, format!("{read}, and stands on one shard"))
            } else {
                Outcome::new(
                    Met::No,
                    format!("{read} but sharded by {}: every shard is asked", shard.join(", ")),
                )
            }
        }
    }
}
