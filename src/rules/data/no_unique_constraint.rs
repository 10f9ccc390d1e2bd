use std::collections::{HashMap, HashSet};

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Design, Flow, Node, Step, Table};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::facts::finds_one;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "no-unique-constraint",
    severity: Severity::Error,
    confidence: Confidence::Medium,
    grave: true,
    group: Group::Data,
    summary: "two requests at once can both take what only one may have: a code, a seat, a number",
    question: Some(Question {
        topic: "uniqueness",
        text: "two requests at the same moment, or one that is sent twice, write the same thing: what refuses the second?",
    }),
    reads: &[
        "by",
        "calls",
        "conditional",
        "consistency",
        "dedupe",
        "generates",
        "idempotency_key",
        "idempotent",
        "isolation",
        "key",
        "limit",
        "on",
        "page",
        "reads",
        "scheme",
        "writes",
    ],
    page: Page {
        checks: "Writes that must happen once for each value: short codes drawn at random, numbers counted up within something, \
                 and what was looked for before it is written.",
        when: "Wrong where a node that `generates=code` with `scheme=random` or `hash` writes a table whose reads `by` some \
               field all name fields without all of some `key` or `unique` among them; or a table that is read by its key in a \
               key-value or wide-column database, where a second write of a key replaces the first, and the hop is not \
               `conditional`.\n\n\
               A question where such a database has a table whose `key` has several fields and ends with a count (`seq`, \
               `number`, `version`, `position`, …), which several instances write without `conditional`, in a flow with an \
               `idempotency_key` (without one the number may be the caller's), and do not get their work from a queue or topic with a `key`. And where, in one flow, a node reads a declared table of a database \
               `by` some fields and then writes it, without `conditional`: a remark (info) where the fields are its key. Silent there \
               with a `unique` that is not its key, with `isolation=serializable`, where the node calls a `lock` in that \
               flow, for reads with `page`, `limit`, `on=` or `consistency=eventual` or `one`, for tables without `key`, where nobody waits, and in flows of at most 10 requests a second that promise no `availability`.\n\n\
               A question where several instances of a node with `scheme=range` write a table of such a database with `calls` below one (a range for many requests) \
               without `conditional`: two take the same range.\n\n\
               And a question of the lowest weight (info) where a flow sends an `idempotency_key` that nothing keeps: all tables that it writes in databases are declared with a `key` and without a \
               `unique`, none of their keys is one that the caller chooses (several fields, the last no count and no `id`; or one that is not `id` or `code`, while the writer generates none) or is named after the \
               request (`request`, `client`, `idempotency`), no write is `conditional` unless its node `generates`, no node of the flow is `idempotent` or has `dedupe`, the flow has not read such a table before, and it writes no cache, lock or registry. \
               Not for labels GET, HEAD, PUT and DELETE, nor where nobody waits or the flow is as small as above.",
        why: "To look and then to write are two steps. Two requests that arrive together both look before either writes, both \
              find nothing, and both are right. It cannot be seen in a test, happens daily at a thousand a second, and is \
              found by the customer who stands before a taken seat. Only the store can refuse the second.",
        outage: None,
        bad: "client web\nlb front managed\nservice links x2 generates=code scheme=random\ndynamodb store backup=1h {\n  table link { key code }\n}\n\
              flow make { web -> front -> links -> store writes=link }\n\
              flow open { web -> front -> links -> store reads=link by=code }\n",
        good: "client web\nlb front managed\nservice links x2 generates=code scheme=random\ndynamodb store backup=1h {\n  table link { key code }\n}\n\
               flow make { web -> front -> links -> store writes=link conditional }\n\
               flow open { web -> front -> links -> store reads=link by=code }\n",
        ignore: "Each value has one writer, which is not drawn; or a second one does no harm.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let lookups = lookups(facts);
    let looks = looks(facts);
    // One finding for a writer and a table, whatever flows they meet in.
    let mut known: HashMap<Told, ()> = HashMap::new();
    for step in &facts.design.steps {
        let store = facts.node(step.to);
        if store.kind != Kind::Database
            || step.attrs.has("conditional")
            || !facts.node(step.from).kind.is_app()
        {
            continue;
        }
        for table in facts.tables_written(step).filter(|table| !table.keys.is_empty()) {
            let said =
                lookups.get(&(facts.holder(step.to), table.id.as_str())).map_or(&[][..], Vec::as_slice);
            let finding = code_taken_twice(facts, step, table, said)
                .or_else(|| range_taken_twice(facts, step, table))
                .or_else(|| number_taken_twice(facts, step, table))
                .or_else(|| looked_and_wrote(facts, &looks, step, table));
            if let Some(finding) = finding
                && known.insert((step.from, step.to, &table.id), ()).is_none()
            {
                found.push(finding);
            }
        }
    }
    let told: HashSet<Told> = known.into_keys().collect();
    found.extend(facts.design.flows.iter().filter_map(|flow| key_kept_nowhere(facts, &told, flow)));
    found
}

/// A writer, a store and a table of which something is said.
type Told<'d> = (NodeIndex, NodeIndex, &'d str);

/// The fields of every read of a table, by the store that holds it and its name.
fn lookups<'d>(facts: &Facts<'d>) -> HashMap<(NodeIndex, &'d str), Vec<&'d [String]>> {
    let mut all: HashMap<(NodeIndex, &str), Vec<&[String]>> = HashMap::new();
    for step in &facts.design.steps {
        let fields = step.attrs.words("by");
        for table in facts.tables_read(step).filter(|_| !fields.is_empty()) {
            all.entry((facts.holder(step.to), &table.id)).or_default().push(fields);
        }
    }
    all
}

/// The first read of one row, or of the rows that would be in its way: by flow, reader, store and table.
type Looks<'d> = HashMap<(Option<usize>, NodeIndex, NodeIndex, &'d str), &'d Step>;

fn looks<'d>(facts: &Facts<'d>) -> Looks<'d> {
    let mut looks = Looks::new();
    for step in &facts.design.steps {
        let is_list = step.attrs.has("page") || step.attrs.has("limit");
        // What may be old is another rule's business, and mended in the same way.
        let is_old = step.attrs.has("on")
            || matches!(step.attrs.text("consistency").value(), Some("eventual" | "one"));
        for table in step
            .attrs
            .words("reads")
            .iter()
            .filter(|_| !is_list && !is_old && !step.attrs.words("by").is_empty())
        {
            looks.entry((step.flow, step.from, step.to, table)).or_insert(step);
        }
    }
    looks
}

fn code_taken_twice(facts: &Facts, step: &Step, table: &Table, lookups: &[&[String]]) -> Option<Diagnostic> {
    let (maker, store) = (facts.node(step.from), facts.node(step.to));
    let is_code = maker.attrs.text("generates").value() == Some("code");
    let may_repeat = matches!(maker.attrs.text("scheme").value(), Some("random" | "hash"));
    if !is_code || !may_repeat || lookups.is_empty() {
        return None;
    }
    let unique = lookups.iter().any(|fields| finds_one(table, fields));
    if unique && !replaces(store) {
        return None;
    }
    let (who, name) = (maker.name(), store.name());
    let fields = lookups[0].join(", ");
    let (message, label, fix) = if unique {
        (
            format!(
                "{who} may make a code a second time, and {name} then replaces the first `{}` with the second",
                table.id
            ),
            "a plain write replaces what has this key",
            format!(
                "`conditional` on `{} -> {}`, so that a code that is taken is refused and drawn again",
                maker.id, store.id
            ),
        )
    } else {
        (
            format!(
                "{who} may make a code a second time, and nothing in {name} refuses a second `{}` with it",
                table.id
            ),
            "nothing here must be unique",
            format!("`unique {fields}` in `table {}`, and a second draw when it refuses", table.id),
        )
    };
    let mut finding = Diagnostic::wrong(message, step.span, label)
        .label(table.span, format!("key {}", table.keys.join(", ")))
        .node(&store.id)
        .node(&maker.id)
        .hop(&maker.id, &store.id);
    finding = finding.flows(facts.flow_of(step).map(|flow| flow.id.clone()));
    Some(
        finding
            .evidence(format!(
                "{}: `scheme={}`; `{}` is read by {fields}",
                maker.id,
                maker.attrs.text("scheme").value()?,
                table.id
            ))
            .consequence(format!(
                "whoever follows a code finds somebody else's `{}`, and the first owner's is gone",
                table.id
            ))
            .fix(fix),
    )
}

fn number_taken_twice(facts: &Facts, step: &Step, table: &Table) -> Option<Diagnostic> {
    let (writer, store) = (facts.node(step.from), facts.node(step.to));
    let last = table.keys.last().filter(|last| table.keys.len() > 1 && is_count(last))?;
    if !replaces(store)
        || !(writer.instances > 1 || writer.kind == Kind::Function)
        || !table.uniques.is_empty()
    {
        return None;
    }
    // A number that stands for the request itself is the caller's own; with a key beside it, it is counted here.
    let counted_here = facts
        .flow_of(step)
        .is_some_and(|flow| facts.design.steps_of(flow).iter().any(|step| step.attrs.has("idempotency_key")));
    if !counted_here || takes_turns(facts, step.from) {
        return None;
    }
    let (who, name) = (writer.name(), store.name());
    let within = table.keys[..table.keys.len() - 1].join(", ");
    Some(
        Diagnostic::unstated(
            format!("two instances of {who} may give the next `{last}` of one {within} to two rows, and {name} keeps only the second"),
            step.span,
            "a plain write replaces what has this key",
        )
        .question(format!("two instances of {who} count on to the same `{last}` at once: which `{}` is kept?", table.id))
        .label(table.span, format!("key {}", table.keys.join(", ")))
        .node(&store.id)
        .node(&writer.id)
        .hop(&writer.id, &store.id)
        .flows(facts.flow_of(step).map(|flow| flow.id.clone()))
        .evidence(format!("{} instances of {} write `{}`, and nothing before them sends one {within} to one of them", writer.instances, writer.id, table.id))
        .consequence(format!("a `{}` that was acknowledged is overwritten by another with the same `{last}`, and no error is seen", table.id))
        .fix(format!("`conditional` on `{} -> {}`, so that the second is refused and takes the next `{last}`; or a topic with `key={within}` before {who}", writer.id, store.id)),
    )
}

fn looked_and_wrote(facts: &Facts, looks: &Looks, step: &Step, table: &Table) -> Option<Diagnostic> {
    let (writer, store) = (facts.node(step.from), facts.node(step.to));
    let flow = facts.flow_of(step)?;
    let serial = store.attrs.text("isolation").value() == Some("serializable");
    if serial || !table.uniques.is_empty() || facts.is_background(flow) || facts.is_small(flow) {
        return None;
    }
    let read = *looks.get(&(step.flow, step.from, step.to, table.id.as_str()))?;
    if (read.line, read.leg) >= (step.line, step.leg) {
        return None;
    }
    let steps = facts.design.steps_of(flow);
    let mut own = steps.iter().filter(|other| other.from == step.from);
    if own.any(|other| facts.node(other.to).kind == Kind::Lock) || is_fed(facts.design, steps, step.from) {
        return None;
    }
    let (who, by) = (writer.name(), read.attrs.words("by"));
    let is_key = finds_one(table, by);
    let fields = by.join(", ");
    let fix = if is_key {
        format!(
            "`conditional` on the write, which fails if `{}` was changed since it was read; or a `lock` around both",
            table.id
        )
    } else {
        format!("`unique {fields}` in `table {}`, or `conditional` on the write", table.id)
    };
    let finding = Diagnostic::unstated(
        format!("two requests that read `{}` by {fields} together both find it free, and {who} writes both", table.id),
        step.span,
        "writes what it has seen before",
    )
    .question(format!("two requests look for the same {fields} at the same moment, and both find it free: which write of `{}` is refused?", table.id))
    .label(read.span, format!("looks by {fields}"))
    .node(&store.id)
    .node(&writer.id)
    .hop(&writer.id, &store.id)
    .flows([flow.id.clone()])
    .evidence(format!("{} -> {} reads, then writes; `{}` has key {} and no other `unique`", writer.id, store.id, table.id, table.keys.join(", ")))
    .consequence("both callers are told that they have it, and the second write stands".to_string())
    .fix(fix);
    Some(if is_key { finding.at_most(Severity::Info) } else { finding })
}

/// A range of numbers for the next thousand is taken by writing where it ends.
fn range_taken_twice(facts: &Facts, step: &Step, table: &Table) -> Option<Diagnostic> {
    let (taker, store) = (facts.node(step.from), facts.node(step.to));
    let seldom = step.attrs.number("calls").value().is_some_and(|calls| calls < 1.0);
    let ranges = taker.attrs.text("scheme").value() == Some("range");
    let several = taker.instances > 1 || taker.kind == Kind::Function;
    if !seldom || !ranges || !several || !replaces(store) {
        return None;
    }
    let (who, name) = (taker.name(), store.name());
    Some(
        Diagnostic::unstated(
            format!(
                "two instances of {who} that take a range from `{}` of {name} together may take the same one",
                table.id
            ),
            step.span,
            "a plain write of where the next range begins",
        )
        .question(format!("two instances of {who} take the next range at once: what makes them two ranges?"))
        .node(&store.id)
        .node(&taker.id)
        .hop(&taker.id, &store.id)
        .flows(facts.flow_of(step).map(|flow| flow.id.clone()))
        .evidence(format!(
            "{}: scheme=range; {} → {} writes `{}`, unconditionally",
            taker.id, taker.id, store.id, table.id
        ))
        .consequence(
            "two instances read the same end, both move it on, and every number of that range is given twice",
        )
        .fix(format!(
            "`conditional` on `{} -> {}`, which fails if somebody has moved the end since",
            taker.id, store.id
        )),
    )
}

/// A key against repeats protects from nothing unless it is written down where a second try can be seen.
fn key_kept_nowhere(facts: &Facts, told: &HashSet<Told>, flow: &Flow) -> Option<Diagnostic> {
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
            let refused = |table: &&Table| {
                table.keys.is_empty()
                    || !table.uniques.is_empty()
                    || read.contains(table.id.as_str())
                    || is_the_callers(table, maker)
            };
            let compared = step.attrs.has("conditional") && !maker.attrs.has("generates");
            if tables.len() < step.attrs.words("writes").len().max(1)
                || compared
                || tables.iter().any(refused)
            {
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
    if told.contains(&(write.from, write.to, table.id.as_str())) {
        return None;
    }
    Some(
        Diagnostic::unstated(
            format!("the key that `{}` sends is kept nowhere: its second try is another `{}`", flow.id, table.id),
            write.span,
            "writes nothing that tells a repeat",
        )
        .at_most(Severity::Info)
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

/// A second write of a key is no error but the new value.
fn replaces(store: &Node) -> bool {
    let model = store.tech.and_then(|tech| tech.model.as_deref());
    matches!(model, Some("key-value" | "wide-column"))
}

/// It works on what a queue or topic with a key gives it, all of one key in turn.
fn takes_turns(facts: &Facts, node: NodeIndex) -> bool {
    facts.hops_to(node).iter().any(|&(from, _)| {
        let keyed = |step: &Step| step.attrs.has("key");
        facts.node(from).kind.is_broker()
            && (facts.node(from).attrs.has("key") || facts.design.steps_to(from).any(keyed))
    })
}

/// What it does in this flow it does for a message.
fn is_fed(design: &Design, steps: &[Step], node: NodeIndex) -> bool {
    steps.iter().any(|step| step.to == node && design.graph[step.from].kind.is_broker())
}

fn is_count(field: &str) -> bool {
    let name = field.to_lowercase();
    let words = [
        "seq", "sequence", "number", "num", "no", "nr", "position", "version", "revision", "counter",
        "offset",
    ];
    words.iter().any(|word| name == *word || name.ends_with(&format!("_{word}")))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn codes() {
        let case = |scheme: &str, store: &str, write: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a x2 generates=code scheme={scheme}\n{store}\n\
                 flow f {{ u -> a -> d writes=t {write} }}\nflow g {{ u -> a -> d reads=t by=code }}"
            );
            expect(&RULE, &text, expected);
        };
        case("random", "dynamodb d { table t { key code } }", "", &["wrong d, a"]);
        case("hash", "dynamodb d { table t { key code } }", "", &["wrong d, a"]);
        case("random", "dynamodb d { table t { key code } }", "conditional", &[]);
        case("range", "dynamodb d { table t { key code } }", "", &[]);
        // A relational insert is refused by the key, if there is one.
        case("random", "postgres d { table t { key code } }", "", &[]);
        case("random", "postgres d { table t { key id; unique code } }", "", &[]);
        case("random", "postgres d { table t { key id; index code } }", "", &["wrong d, a"]);
        // Nothing is said of keys.
        case("random", "postgres d { table t { rows = 5M } }", "", &[]);
    }

    #[test]
    fn numbers() {
        let case = |nodes: &str, flow: &str, expected: &[&str]| {
            expect(&RULE, &format!("client u\n{nodes}\nflow f {{ {flow} }}"), expected);
        };
        let table = "cassandra d { table t { key room, seq } }";
        case(
            &format!("service a x2 idempotent\n{table}"),
            "u -> a idempotency_key -> d writes=t",
            &["unstated d, a"],
        );
        case(&format!("service a x2 idempotent\n{table}"), "u -> a -> d writes=t", &[]);
        case(
            &format!("service a x2 idempotent\n{table}"),
            "u -> a idempotency_key -> d writes=t conditional",
            &[],
        );
        case(&format!("service a idempotent\n{table}"), "u -> a idempotency_key -> d writes=t", &[]);
        case(
            &format!("kafka q key=room\nservice p\nworker a x2 idempotent\n{table}"),
            "u -> p idempotency_key ~> q ~> a -> d writes=t",
            &[],
        );
        case(
            "service a x2 idempotent\ncassandra d { table t { key room, id } }",
            "u -> a idempotency_key -> d writes=t",
            &[],
        );
        case(
            "service a x2 idempotent\npostgres d { table t { key room, seq } }",
            "u -> a idempotency_key -> d writes=t",
            &[],
        );
    }

    #[test]
    fn ranges() {
        let case = |nodes: &str, hop: &str, expected: &[&str]| {
            let text = format!(
                "client u\n{nodes} {{ table c {{ key name }} }}\nflow f {{ u -> a -> d writes=c {hop} }}"
            );
            expect(&RULE, &text, expected);
        };
        let many = "service a x3 generates=code scheme=range\ndynamodb d";
        case(many, "calls=0.001", &["unstated d, a"]);
        case(many, "calls=0.001 conditional", &[]);
        case(many, "", &[]);
        case("service a generates=code scheme=range\ndynamodb d", "calls=0.001", &[]);
        case("service a x3 generates=code scheme=random\ndynamodb d", "calls=0.001", &[]);
        // `set next = next + 1000` is one statement there.
        case("service a x3 generates=code scheme=range\npostgres d", "calls=0.001", &[]);
    }

    #[test]
    fn keys_that_nobody_keeps() {
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
        // Nothing is sent, nothing is said of keys, few ask, and what is put twice is the same.
        case("", "key id", "\"POST /t\" { u -> a -> d writes=t", &[]);
        case("", "rows = 5", write, &[]);
        case("", "key id", "\"POST /t\" { u -> a idempotency_key -> d writes", &[]);
        case("", "key id", "rate=1/s { u -> a idempotency_key -> d writes=t", &[]);
        case("", "key id", "\"PUT /t\" { u -> a idempotency_key -> d writes=t", &[]);
    }

    #[test]
    fn look_then_write() {
        let case = |store: &str, read: &str, write: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a x2\nlock l\npostgres d {store}\nflow f rate=100/s {{ u -> a -> d reads=t {read}\na -> d writes=t {write} }}"
            );
            expect(&RULE, &text, expected);
        };
        case("{ table t { key id } }", "by=[room, day]", "", &["unstated d, a"]);
        case("{ table t { key id } }", "by=id", "", &["unstated d, a"]);
        case("{ table t { key id } }", "by=[room, day]", "conditional", &[]);
        case("{ table t { key id; unique room, day } }", "by=[room, day]", "", &[]);
        case("isolation=serializable { table t { key id } }", "by=room", "", &[]);
        // A list to show, a lock, writing before reading, nobody waiting, ten a second.
        case("{ table t { key id } }", "by=room page=cursor", "", &[]);
        let flow = |flow: &str, expected: &[&str]| {
            let nodes =
                "client u\nservice a x2\nworker w\nqueue q\nlock l\npostgres d { table t { key id } }";
            expect(&RULE, &format!("{nodes}\nflow f {flow}"), expected);
        };
        flow("{ u -> a -> d reads=t by=x\na -> d writes=t }", &["unstated d, a"]);
        flow("{ u -> a -> l\na -> d reads=t by=x\na -> d writes=t }", &[]);
        flow("{ u -> a -> d writes=t\na -> d reads=t by=x }", &[]);
        flow("{ u -> a ~> q ~> w -> d reads=t by=x\nw -> d writes=t }", &[]);
        flow("{ u -> a -> d reads=t by=x consistency=eventual\na -> d writes=t }", &[]);
        flow("rate=5/s { u -> a -> d reads=t by=x\na -> d writes=t }", &[]);
    }
}
