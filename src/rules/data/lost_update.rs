use std::collections::{HashMap, HashSet};

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Step, Table, rows};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::facts::names_all;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::source::Span;

pub static RULE: Rule = Rule {
    id: "lost-update",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Data,
    summary: "one write of a row looks whether it has changed, and another overwrites it",
    question: Some(Question {
        topic: "changed meanwhile",
        text: "somebody else changes the row between reading and writing: which change is kept?",
    }),
    reads: &["by", "conditional", "idempotency_key", "isolation", "reads", "writes"],
    page: Page {
        checks: "Tables whose rows several lines change: whether all of them look that nobody came between.",
        when: "A question: a line changes rows of a declared table of a database, that is, an application writes it (`writes=`) that has read or written the same table before, \
               on an earlier line or arrow of the same flow, and says nothing of `conditional`; while another flow changes rows of that table, in this sense, with `conditional`. Left alone: \
               `isolation=serializable`, flows in which the application calls a `lock`, writes that are the first thing their flow does with the table (they add rows), those by which a flow adds a row that it has looked for and not found (the first write of the table, without `by=`, after a read `by` all of a `unique` in a flow with an `idempotency_key`, or `by` all of one of several fields in a flow whose label says of no change, \
               or `by` all of a `unique` or of a key other than `id` in a flow whose label is a POST without `{` or begins with Create, Add, Register, Book, Place or Open: the unique key refuses a second), those that follow a `conditional` one of the same application in the same flow (it has taken the row by then), and tables of which \
               no change is `conditional` (nothing says there that changes compete; where somebody reads and then writes, `no-unique-constraint` may ask).",
        why: "A condition protects a row only from those who use it too. A job that settles what hangs reads the row, takes its time and \
              writes; meanwhile the request that it took for dead comes back and writes as well. The one that compares notices, the one that does not wins.",
        outage: None,
        bad: "client web\nlb front managed\nservice pay x2 idempotent\nscheduler clock x2 leader=lease\nworker clerk x2 idempotent alert\n\
              postgres store x2 failover=auto backup=1h {\n  table payment { key id; unique shop, request; index state }\n}\n\
              flow refund rate=50/s { web -> front -> pay -> store reads=payment by=id\npay -> store writes=payment conditional }\n\
              flow recover { clock -> clerk -> store reads=payment by=state limit=20\nclerk -> store writes=payment }\n",
        good: "client web\nlb front managed\nservice pay x2 idempotent\nscheduler clock x2 leader=lease\nworker clerk x2 idempotent alert\n\
               postgres store x2 failover=auto backup=1h {\n  table payment { key id; unique shop, request; index state }\n}\n\
               flow refund rate=50/s { web -> front -> pay -> store reads=payment by=id\npay -> store writes=payment conditional }\n\
               flow recover { clock -> clerk -> store reads=payment by=state limit=20\nclerk -> store writes=payment conditional }\n",
        ignore: "The two never change the same row, or the last write may win.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let changes = changes(facts);
    let mut careful: HashMap<Span, &Step> = HashMap::new();
    for &(step, _, table) in changes.iter().filter(|(step, ..)| step.attrs.has("conditional")) {
        careful.entry(table.span).or_insert(step);
    }
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    // Who has taken a row with a condition has it, and may write what came of it.
    let mut taken: HashSet<(Option<usize>, NodeIndex, Span)> = HashSet::new();
    for (step, before, table) in changes {
        if step.attrs.has("conditional") {
            taken.insert((step.flow, step.from, table.span));
        }
        let Some(&other) = careful.get(&table.span).filter(|other| other.flow != step.flow) else { continue };
        if taken.contains(&(step.flow, step.from, table.span)) {
            continue;
        }
        let serial = facts.node(step.to).attrs.text("isolation").value() == Some("serializable");
        if step.attrs.get("conditional").is_none()
            && !serial
            && !locks(facts, step)
            && seen.insert((step.flow, step.from, table.span))
        {
            found.push(finding(facts, step, before, other, table));
        }
    }
    found
}

/// Every write of a table's rows by an application that has read or written the table before in that flow, and where.
fn changes<'d>(facts: &Facts<'d>) -> Vec<(&'d Step, &'d Step, &'d Table)> {
    let mut changes = Vec::new();
    let mut written: HashSet<(Option<usize>, NodeIndex, Span)> = HashSet::new();
    // The first line of a flow in which an application met a table.
    let mut met: HashMap<(Option<usize>, NodeIndex, Span), &Step> = HashMap::new();
    for step in facts.design.steps.iter().filter(|step| step.flow.is_some()) {
        let is_database = facts.node(step.to).kind == Kind::Database;
        if !is_database || !facts.node(step.from).kind.is_app() {
            continue;
        }
        for table in facts.tables_written(step) {
            let place = (step.flow, step.from, table.span);
            let first = written.insert(place);
            if let Some(&before) = met
                .get(&place)
                .filter(|before| !(first && !step.attrs.has("by") && adds(facts, before, table)))
            {
                changes.push((step, before, table));
            }
        }
        for table in facts.tables_read(step).chain(facts.tables_written(step)) {
            met.entry((step.flow, step.from, table.span)).or_insert(step);
        }
    }
    changes
}

/// What the flow looked for must not be there: it is added, and a unique key refuses a second one.
fn adds(facts: &Facts, look: &Step, table: &Table) -> bool {
    let Some(flow) = facts.flow_of(look) else { return false };
    let by = look.attrs.words("by");
    let held = |key: &Vec<String>| !key.is_empty() && names_all(table, key, by);
    let is_unique = table.uniques.iter().any(held);
    // A night of a room, a request of a shop: nobody changes a row by that.
    let several = table.uniques.iter().any(|key| key.len() > 1 && held(key));
    let is_named = held(&table.keys) && !matches!(table.keys.as_slice(), [key] if key == "id");
    let label = flow.label.as_deref().unwrap_or_default();
    let makes = match flow.method() {
        "POST" => !label.contains('{'),
        word => {
            ["create", "add", "register", "book", "place", "open"].contains(&word.to_lowercase().as_str())
        }
    };
    let keyed = || facts.design.steps_of(flow).iter().any(|step| step.attrs.has("idempotency_key"));
    let changes = rows::changes(flow) || label.contains('{');
    (makes && (is_unique || is_named)) || (is_unique && keyed()) || (several && !changes)
}

/// The application holds a lock in that flow, which keeps the others away.
fn locks(facts: &Facts, step: &Step) -> bool {
    let steps = facts.flow_of(step).map_or(&[][..], |flow| facts.design.steps_of(flow));
    steps.iter().any(|other| other.from == step.from && facts.node(other.to).kind == Kind::Lock)
}

fn finding(facts: &Facts, step: &Step, before: &Step, other: &Step, table: &Table) -> Diagnostic {
    let [who, store] = [step.from, step.to].map(|node| facts.node(node).name());
    let careful = facts.node(other.from).name();
    let flow = facts.flow_of(step).map_or("", |flow| &flow.id);
    let there = facts.flow_of(other).map_or("", |flow| &flow.id);
    let (from, to) = (facts.id(step.from), facts.id(step.to));
    Diagnostic::unstated(
        format!(
            "in `{flow}` {who} overwrites a `{}` that may have changed since it last saw it, which `{there}` looks for",
            table.id
        ),
        step.span,
        "no `conditional` here",
    )
    .question(format!(
        "`{there}` changes a `{}` while `{flow}` is at work on it: which change is still in {store} afterwards?",
        table.id
    ))
    .label(before.span, "saw it here")
    .label(other.span, "looks before it writes")
    .node(to)
    .node(from)
    .hop(from, to)
    .flows([flow.to_string()])
    .evidence(format!(
        "`{there}`: {} → {} conditional; `{flow}`: {from} → {to} without",
        facts.id(other.from),
        facts.id(other.to)
    ))
    .consequence(format!(
        "{careful} settles a `{}`, {who} writes what it had in mind before that, and what was settled is undone without an error",
        table.id
    ))
    .fix(format!("`conditional` on `{from} -> {to}` in `{flow}`: it fails if the row has changed, and {who} looks again"))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |store: &str, careful: &str, other: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a x2\nscheduler s x2\nworker w x2\nlock l\nexternal e\n\
                 postgres d {store} {{ table t {{ key id; index x }}\ntable o {{ key id }} }}\n\
                 flow f {{ u -> a -> d reads=t by=id\na -> d writes=t {careful} }}\nflow g {{ {other} }}"
            );
            expect(&RULE, &text, expected);
        };
        let job = "s -> w -> d reads=t by=x limit=20\nw -> d writes=t";
        case("", "conditional", job, &["unstated d, w"]);
        case("", "conditional", "u -> a -> d writes=t\na -> e\na -> d writes=[t, o]", &["unstated d, a"]);
        case("", "conditional", &format!("{job} conditional"), &[]);
        // Nothing says that changes compete; it adds rows; it changes others.
        case("", "", job, &[]);
        case("", "conditional", "u -> a -> d writes=t", &[]);
        case("", "conditional", "s -> w -> d reads=o by=id\nw -> d writes=o", &[]);
        case("", "conditional", "s -> w -> d reads=t by=x limit=20\nw -> d writes=o", &[]);
        case("", "conditional", "s -> w -> d reads=t by=x limit=20\na -> d writes=t", &[]);
        // It has taken the row before.
        case(
            "",
            "conditional",
            "s -> w -> d reads=t by=x limit=20\nw -> d writes=t conditional\nw -> e\nw -> d writes=t",
            &[],
        );
        // Nobody comes between.
        case("isolation=serializable", "conditional", job, &[]);
        case("", "conditional", &format!("s -> w -> l\n{job}"), &[]);
        // It is added if it is not there: by a key that is the request's, not by that of the row.
        let absent = |table: &str, made: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a x2\npostgres d {{ table t {{ {table} }} }}\nflow f {made}\n\
                 flow g {{ u -> a -> d reads=t by=id\na -> d writes=t }}"
            );
            expect(&RULE, &text, expected);
        };
        let made = "{ u -> a idempotency_key -> d reads=t by=[k, r]\na -> d writes=t conditional }";
        absent("key id; unique k, r", made, &[]);
        absent("key k, r", &made.replace("{ u", "\"POST /t\" { u"), &[]);
        absent("key k, r", made, &["unstated d, a"]);
        let unkeyed = made.replace("idempotency_key ", "");
        absent("key id; unique k, r", &unkeyed, &[]);
        absent("key id; unique k, r", &unkeyed.replace("writes=t", "writes=t by=id"), &["unstated d, a"]);
        absent("key id; unique k", &unkeyed.replace("[k, r]", "k"), &["unstated d, a"]);
        absent("key id; unique k, r", &made.replace("by=[k, r]", "by=id"), &["unstated d, a"]);
        absent(
            "key id; unique k, r",
            &made.replace("{ u", "\"PATCH /t/{id}\" { u").replace("idempotency_key ", ""),
            &["unstated d, a"],
        );
        absent(
            "key id; unique k, r",
            &made.replace(" }", "\na -> d writes=t conditional }"),
            &["unstated d, a"],
        );
        // A condition on an insert says nothing of changes.
        let insert = "client u\nservice a x2\npostgres d { table t { key id } }\n\
                      flow f { u -> a -> d writes=t conditional }\n\
                      flow g { u -> a -> d reads=t by=id\na -> d writes=t }";
        expect(&RULE, insert, &[]);
    }
}
