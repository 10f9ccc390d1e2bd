use std::collections::{HashMap, HashSet};

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Design, Node, Step, Table};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::facts::{finds_one, is_count};
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
        text: "two requests at the same moment write the same thing: what refuses the second?",
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
               `conditional`. Silent where the node writes that table `conditional` elsewhere: there it makes its codes, here it changes what is there.\n\n\
               A question where such a database has a table whose `key` has several fields and ends with a count (`seq`, \
               `number`, `version`, `position`, …), which several instances write without `conditional`, in a flow with an \
               `idempotency_key` (without one the number may be the caller's), and do not get their work from a queue or topic with a `key`. And where, in one flow, a node reads a declared table of a database \
               `by` some fields and then writes it, without `conditional`: a remark (info) where the fields are its key. Silent there \
               with a `unique` that is not its key, with `isolation=serializable`, where the node calls a `lock` in that \
               flow, for reads with `page`, `limit`, `on=` or `consistency=eventual` or `one`, for reads by one field that says whose the rows are (`org`, `organisation`, `tenant`, `team`, `workspace`, `company` or `project`, also with `_id`) and is no whole key, for tables without `key`, where nobody waits, and in flows of at most 10 requests a second that promise no `availability`.\n\n\
               A question where several instances of a node with `scheme=range` write a table of such a database with `calls` below one (a range for many requests) \
               without `conditional`: two take the same range.",
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
    let refused = refused(facts);
    // One finding for a writer and a table, whatever flows they meet in.
    let mut known: HashSet<(NodeIndex, NodeIndex, &str)> = HashSet::new();
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
            let makes = !refused.contains(&(step.from, facts.holder(step.to), table.id.as_str()));
            let finding = code_taken_twice(facts, step, table, said)
                .filter(|_| makes)
                .or_else(|| range_taken_twice(facts, step, table))
                .or_else(|| number_taken_twice(facts, step, table))
                .or_else(|| looked_and_wrote(facts, &looks, step, table));
            if let Some(finding) = finding
                && known.insert((step.from, step.to, &table.id))
            {
                found.push(finding);
            }
        }
    }
    found
}

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

/// The tables that a node writes somewhere only if what it writes is not there: by node, store and table.
fn refused<'d>(facts: &Facts<'d>) -> HashSet<(NodeIndex, NodeIndex, &'d str)> {
    let steps = facts.design.steps.iter().filter(|step| step.attrs.has("conditional"));
    steps
        .flat_map(|step| {
            facts.tables_written(step).map(|table| (step.from, facts.holder(step.to), table.id.as_str()))
        })
        .collect()
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
        .mend(Mend::step(step, "conditional"))
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
    if is_list(table, read.attrs.words("by")) {
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
    .mend(match is_key {
        true => Mend::step(step, "conditional"),
        false => Mend::table(table, format!("unique {fields}")),
    })
    .fix(fix);
    Some(if is_key { finding.at_most(Severity::Info) } else { finding })
}

/// It reads all that a customer has, not the one that would be in the way. What belongs to a room or a listing may be its
/// free nights, and is looked at to take one.
fn is_list(table: &Table, by: &[String]) -> bool {
    let holders =
        ["org", "organisation", "organization", "tenant", "team", "workspace", "company", "project"];
    let [field] = by else { return false };
    let name = field.to_lowercase();
    let whose = name.strip_suffix("_id").unwrap_or(&name);
    holders.contains(&whose) && whose != table.id && !finds_one(table, by)
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
        // It is made in one flow, and changed in another.
        let changed = |made: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a x2 generates=code scheme=random\ndynamodb d {{ table t {{ key code }} }}\n\
                 flow f {{ u -> a -> d writes=t {made} }}\nflow g {{ u -> a -> d reads=t by=code }}\n\
                 flow h {{ u -> a -> d writes=t }}"
            );
            expect(&RULE, &text, expected);
        };
        changed("conditional", &[]);
        changed("", &["wrong d, a"]);
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
        // All of an organisation, to count them or to show; one of it by its name.
        case("{ table t { key id } }", "by=org", "", &[]);
        case("{ table t { key id } }", "by=team_id", "", &[]);
        case("{ table t { key org, name } }", "by=org", "", &[]);
        case("{ table t { key room, at } }", "by=room", "", &["unstated d, a"]);
        case("{ table t { key id; index room } }", "by=room", "", &["unstated d, a"]);
        case("{ table t { key id } }", "by=[org, name]", "", &["unstated d, a"]);
        case("{ table org { key id }\ntable t { key org } }", "by=org", "", &["unstated d, a"]);
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
