//! What writes do to the rows of a table: add some, change those that are there, or nobody can tell.

use std::collections::{HashMap, HashSet};

use petgraph::graph::NodeIndex;

use super::lookup::finds_one;
use super::{Arrow, Design, Flow, Node, Step, Table};
use crate::catalog::Kind;

/// What a write does to a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    /// Each puts in a row that was not there.
    Adds,
    /// Rows that are there: the hop says `by=` which.
    Changes,
    /// The flow has written that table before, or takes its work from it: of the same row, as far as is known.
    Again,
    /// Compared before it is set, or under a key that others have given: it finds its row there, or puts it in.
    Compared,
    /// It may be of a row that is there, by what is read before it, the table or the flow's label.
    Unknown,
}

/// The writes that name a table, in the order of the file.
pub type Writes<'d> = HashMap<(NodeIndex, &'d str), Vec<(&'d Step, Write)>>;

/// Of each table that some step says it writes, by the store that declares it.
pub fn row_writes(design: &Design) -> Writes<'_> {
    let mut writes: Writes = HashMap::new();
    // Rows that a flow has looked up before: the write after that may be of the same one.
    let mut read: HashSet<(Option<usize>, NodeIndex, &str)> = HashSet::new();
    // Tables of which a flow has read some rows before, those that its work comes from, and those that it has written.
    let mut listed: HashSet<(Option<usize>, NodeIndex, &str)> = HashSet::new();
    let mut worked_off: HashSet<(Option<usize>, NodeIndex, &str)> = HashSet::new();
    let mut written: HashSet<(usize, NodeIndex, &str)> = HashSet::new();
    for step in design.steps.iter().filter(|step| design.graph[step.hop].arrow != Arrow::Control) {
        let store = holder(design, step.to);
        let node = &design.graph[store];
        let (by, reads) = (step.attrs.words("by"), step.attrs.words("reads"));
        for table in step.attrs.words("writes").iter().filter_map(|id| node.table(id)) {
            let place = (step.flow, store, table.id.as_str());
            let looked_up = read.contains(&place);
            let flow = step.flow.map(|flow| &design.flows[flow]);
            let selects = selects(step, table) && !is_noted_beside(node, step, table);
            let before = !selects && step.flow.is_some_and(|flow| !written.insert((flow, store, &table.id)));
            // One of two ways writes its own.
            let before = before && !step.attrs.has("share");
            let again = (before || worked_off.contains(&place)) && !counts_on(table);
            let write = match () {
                () if selects => Write::Changes,
                () if looked_up || is_one_of_few(design, store, table) => Write::Unknown,
                () if again => Write::Again,
                () if step.attrs.has("conditional") || is_named_by_others(design, store, table) => {
                    Write::Compared
                }
                () if counts_on(table) => Write::Adds,
                () if listed.contains(&place) || flow.is_some_and(changes) => Write::Unknown,
                () => Write::Adds,
            };
            writes.entry((store, &table.id)).or_default().push((step, write));
        }
        for table in reads.iter().filter_map(|id| node.table(id)).filter(|table| finds_one(table, by)) {
            read.insert((step.flow, store, &table.id));
        }
        let takes_work = takes_work(design, step);
        for table in reads.iter().filter_map(|id| node.table(id)) {
            let place = (step.flow, store, table.id.as_str());
            if takes_work {
                worked_off.insert(place);
            }
            if !by.is_empty() {
                listed.insert(place);
            }
        }
    }
    writes
}

/// A worker reads it, or a timer has it read: rows that wait for something to be done with them.
fn takes_work(design: &Design, step: &Step) -> bool {
    let Some(flow) = step.flow.map(|flow| &design.flows[flow]) else { return false };
    let begins = |kind| matches!(kind, Kind::Scheduler | Kind::Worker);
    let first = design.steps_of(flow).first().map(|first| design.graph[first.from].kind);
    design.graph[step.from].kind == Kind::Worker || first.is_some_and(begins)
}

/// The store whose tables a store has: its primary's, where it is a replica that declares none.
fn holder(design: &Design, store: NodeIndex) -> NodeIndex {
    let node = &design.graph[store];
    let primary = || design.node(node.attrs.text("replica_of").value()?);
    if node.tables.is_empty() { primary().unwrap_or(store) } else { store }
}

/// `writes=t by=id`: the rows are found, then written. Where the hop reads another table, its `by` is of that one.
fn selects(step: &Step, table: &Table) -> bool {
    let (by, reads) = (step.attrs.words("by"), step.attrs.words("reads"));
    let of_this = reads.is_empty() || reads.contains(&table.id);
    !by.is_empty() && of_this && (!step.attrs.has("reads") || finds_one(table, by))
}

/// `writes=[order, change] by=id`: an order is found and changed, and what was changed is one row more of a table that
/// goes on.
fn is_noted_beside(store: &Node, step: &Step, table: &Table) -> bool {
    let by = step.attrs.words("by");
    let mut written = step.attrs.words("writes").iter().filter_map(|id| store.table(id));
    counts_on(table)
        && !finds_one(table, by)
        && written.any(|other| other.id != table.id && finds_one(other, by))
}

/// Of each something there is one row, which is written as a whole: whoever writes it twice leaves it as it is. What adds
/// up is not among them.
pub fn is_set(design: &Design, store: NodeIndex, table: &Table) -> bool {
    let set = ["status", "state", "position", "location", "presence", "setting", "profile", "preference"];
    let adds_up = [
        "counter",
        "count",
        "balance",
        "stock",
        "quota",
        "cart",
        "account",
        "wallet",
        "credit",
        "point",
        "score",
        "inventory",
        "total",
        "usage",
        "budget",
    ];
    let name = singular(&last_word(&table.id));
    let [key] = table.keys.as_slice() else { return false };
    !adds_up.contains(&name.as_str())
        && (is_of_another(design, store, table, key) || set.contains(&name.as_str()))
}

/// The label says that something is set, whatever it was before.
pub fn sets(flow: &Flow) -> bool {
    let verbs =
        ["put", "delete", "upsert", "set", "rename", "mark", "replace", "overwrite", "remove", "cancel"];
    verbs.contains(&flow.method().to_lowercase().as_str())
}

/// Its key goes on with each write: a time, a running number.
fn counts_on(table: &Table) -> bool {
    let words = ["at", "time", "timestamp", "ts", "seq", "sequence", "offset"];
    table.keys.len() >= 2 && table.keys.iter().any(|key| words.contains(&last_word(key).as_str()))
}

/// There are as many rows as there are of something else: what somebody or something has one of, by the table's name or
/// by its key.
pub fn is_one_of_few(design: &Design, store: NodeIndex, table: &Table) -> bool {
    let has_one = [
        "status", "state", "position", "location", "session", "presence", "counter", "balance", "stock",
        "setting", "profile", "cart", "quota",
    ];
    let by_name = has_one.contains(&singular(&last_word(&table.id)).as_str()) && !counts_on(table);
    by_name || matches!(table.keys.as_slice(), [key] if is_of_another(design, store, table, key))
}

/// A player's third saved game, a reader's vote on an article: nothing in the key is new with each row, and the second
/// write is of the same.
fn is_named_by_others(design: &Design, store: NodeIndex, table: &Table) -> bool {
    table.keys.len() >= 2 && !table.keys.iter().any(|key| is_made(design, store, table, key))
}

/// A new one for each row: an id, a number, a time.
fn is_made(design: &Design, store: NodeIndex, table: &Table, key: &str) -> bool {
    let words = [
        "at",
        "time",
        "timestamp",
        "ts",
        "seq",
        "sequence",
        "offset",
        "number",
        "no",
        "nr",
        "num",
        "code",
        "uuid",
        "version",
        "revision",
        "id",
    ];
    words.contains(&last_word(key).as_str()) && !is_of_another(design, store, table, key)
}

/// The only field of the key is the key of something else: one row for each of those.
fn is_of_another(design: &Design, store: NodeIndex, table: &Table, key: &str) -> bool {
    let things = [
        "user", "account", "customer", "member", "owner", "tenant", "org", "device", "driver", "vehicle",
        "sku",
    ];
    let name = key.to_lowercase();
    let whose = name.strip_suffix("_id").unwrap_or(&name);
    let own = singular(&table.id.to_lowercase());
    let drawn = || design.graph[store].tables.iter().any(|other| singular(&other.id.to_lowercase()) == whose);
    let refers = table.refs.iter().any(|reference| reference.field == key);
    whose != own && (refers || things.contains(&whose) || drawn())
}

/// `PATCH /orders/{id}`, `PUT /seats/{id}`, "Change an address": the label says that something is there already.
pub fn changes(flow: &Flow) -> bool {
    let verbs = [
        "put",
        "patch",
        "delete",
        "update",
        "upsert",
        "set",
        "change",
        "edit",
        "rename",
        "mark",
        "replace",
        "overwrite",
        "refresh",
        "renew",
        "reset",
        "toggle",
        "adjust",
        "correct",
        "cancel",
        "remove",
    ];
    verbs.contains(&flow.method().to_lowercase().as_str())
}

/// `created_at` ends with `at`.
fn last_word(name: &str) -> String {
    let name = name.to_lowercase();
    name.rsplit(['_', '-']).next().unwrap_or(&name).to_string()
}

/// `carts` is `cart`, and `status` and `address` are what they are.
fn singular(name: &str) -> String {
    let plural = !name.ends_with("ss") && !name.ends_with("us");
    name.strip_suffix('s').filter(|_| plural).unwrap_or(name).to_string()
}

#[cfg(test)]
mod tests {
    use super::{Write, row_writes};

    /// What the writes of the first table do, in the order of the file.
    fn writes(tables: &str, flow: &str) -> Vec<Write> {
        let text = format!("client u\nservice a x2\npostgres d {{ {tables} }}\nflow f {flow}");
        let (ast, mistakes) = crate::syntax::parse(&text);
        let (design, more) = crate::design::lower(&ast);
        assert!(mistakes.is_empty() && more.is_empty(), "{mistakes:?} {more:?} in {text}");
        let store = design.node("d").unwrap();
        let table = design.graph[store].tables[0].id.as_str();
        row_writes(&design)[&(store, table)].iter().map(|(_, write)| *write).collect()
    }

    #[test]
    fn what_a_line_says() {
        let of = |line: &str| {
            writes("table t { key id; unique k }; table o { key id }", &format!("{{ u -> a\n{line} }}"))
        };
        assert_eq!(of("a -> d writes=t"), [Write::Adds]);
        assert_eq!(of("a -> d writes=t by=id"), [Write::Changes]);
        assert_eq!(of("a -> d writes=t by=colour"), [Write::Changes]);
        assert_eq!(of("a -> d reads=t writes=t by=k"), [Write::Changes]);
        assert_eq!(of("a -> d reads writes=t by=id"), [Write::Changes]);
        assert_eq!(of("a -> d writes=t conditional"), [Write::Compared]);
        assert_eq!(of("a -> d reads=t by=k\na -> d writes=t conditional"), [Write::Unknown]);
        assert_eq!(of("a -> d reads=t by=k\na -> d writes=t"), [Write::Unknown]);
        // An order is changed, and the change is noted beside it.
        let noted = |by: &str| {
            let tables = "table t { key id, at }; table o { key id }";
            writes(tables, &format!("{{ u -> a\na -> d writes=[o, t] by={by} }}"))
        };
        assert_eq!(noted("id"), [Write::Adds]);
        assert_eq!(noted("[id, at]"), [Write::Changes]);
        assert_eq!(noted("colour"), [Write::Changes]);
        // Of another table, by something that many have, or after it.
        assert_eq!(of("a -> d reads=o writes=t by=id"), [Write::Adds]);
        assert_eq!(of("a -> d reads=o by=id\na -> d writes=t"), [Write::Adds]);
        assert_eq!(of("a -> d reads=t\na -> d writes=t"), [Write::Adds]);
        assert_eq!(of("a -> d writes=t\na -> d reads=t by=id"), [Write::Adds]);
    }

    #[test]
    fn what_a_flow_has_done_before() {
        let of = |keys: &str, lines: &str| {
            let text = format!(
                "client u\nservice a x2\nscheduler s\nworker w\nqueue q\npostgres d {{ table t {{ key {keys} }}; table o {{ key id }} }}\n\
                 flow f {{ {lines} }}"
            );
            let (ast, _) = crate::syntax::parse(&text);
            let (design, mistakes) = crate::design::lower(&ast);
            assert!(mistakes.is_empty(), "{mistakes:?} in {text}");
            let store = design.node("d").unwrap();
            row_writes(&design)[&(store, "t")].iter().map(|(_, write)| *write).collect::<Vec<_>>()
        };
        // Taken, then settled; asked for some of them, and perhaps one more.
        assert_eq!(of("id", "u -> a -> d writes=t\na -> d writes=t"), [Write::Adds, Write::Again]);
        assert_eq!(of("id", "u -> a -> d writes=t\na ~> q ~> w -> d writes=t"), [Write::Adds, Write::Again]);
        assert_eq!(
            of("id", "u -> a -> d writes=t\na -> d writes=t conditional"),
            [Write::Adds, Write::Again]
        );
        assert_eq!(of("id", "u -> a -> d writes=[o, t]\na -> d writes=o"), [Write::Adds]);
        assert_eq!(of("room, at", "u -> a -> d writes=t\na -> d writes=t"), [Write::Adds, Write::Adds]);
        assert_eq!(of("id", "u -> a -> d reads=t by=x\na -> d writes=t"), [Write::Unknown]);
        assert_eq!(of("room, seq", "u -> a -> d reads=t by=room\na -> d writes=t"), [Write::Adds]);
        // What waits for something to be done with it.
        assert_eq!(of("id", "w -> d reads=t by=state limit=10\nw -> d writes=t"), [Write::Again]);
        assert_eq!(of("id", "s -> a -> d reads=t by=state\na -> d writes=t conditional"), [Write::Again]);
        assert_eq!(of("id", "s -> a -> d reads=o by=state\na -> d writes=t"), [Write::Adds]);
    }

    #[test]
    fn what_a_label_says() {
        let of =
            |table: &str, label: &str| writes(table, &format!("\"{label}\" {{ u -> a -> d writes=t }}"))[0];
        assert_eq!(of("table t { key id }", "POST /t"), Write::Adds);
        for label in ["PUT /t/{id}", "PATCH /t/{id}", "DELETE /t/{id}", "Update a price", "Rename it"] {
            assert_eq!(of("table t { key id }", label), Write::Unknown, "{label}");
            // A reading is a reading, by whatever method it is sent.
            assert_eq!(of("table t { key meter, at }", label), Write::Adds, "{label}");
        }
    }

    #[test]
    fn what_is_set_and_what_adds_up() {
        let is = |table: &str| {
            let text = format!("postgres d {{ {table} }}");
            let design = crate::design::lower(&crate::syntax::parse(&text).0).0;
            let store = design.node("d").unwrap();
            super::is_set(&design, store, &design.graph[store].tables[0])
        };
        assert!(is("table theme { key user }"));
        assert!(is("table order_status { key id }"));
        assert!(is("table seen { key room_id }; table room { key id }"));
        assert!(!is("table wallet { key user }"));
        assert!(!is("table order { key id }"));
        assert!(!is("table position { key lorry, at }"));
    }

    #[test]
    fn what_a_key_says() {
        let of = |table: &str, name: &str| writes(table, &format!("{{ u -> a -> d writes={name} }}"))[0];
        assert_eq!(of("table reading { key device_id, at }", "reading"), Write::Adds);
        assert_eq!(of("table twin { key device_id }", "twin"), Write::Unknown);
        assert_eq!(of("table device { key device_id }", "device"), Write::Adds);
        assert_eq!(of("table users { key user_id }", "users"), Write::Adds);
        assert_eq!(of("table seen { key room }", "seen"), Write::Adds);
        assert_eq!(of("table seen { key room }; table room { key id }", "seen"), Write::Unknown);
        assert_eq!(
            of("table seen { key r; ref r -> room.id }; table room { key id }", "seen"),
            Write::Unknown
        );
        // Some of them, each again; a new one of somebody's; so many a day.
        assert_eq!(of("table save { key player, slot }", "save"), Write::Compared);
        assert_eq!(of("table like { key user_id, post_id }; table post { key id }", "like"), Write::Compared);
        assert_eq!(of("table line { key order_id, no }; table order { key id }", "line"), Write::Adds);
        assert_eq!(of("table message { key chat, id }", "message"), Write::Adds);
        assert_eq!(of("table message { key chat_id, message_id }", "message"), Write::Adds);
        assert_eq!(of("table views { key page, day }", "views"), Write::Compared);
        assert_eq!(of("table order_status { key id }", "order_status"), Write::Unknown);
        assert_eq!(of("table position { key lorry, at }", "position"), Write::Adds);
        assert_eq!(of("table address { key id }", "address"), Write::Adds);
    }
}
