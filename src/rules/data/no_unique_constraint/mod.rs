mod codes;
mod looked;
mod numbers;

use std::collections::HashSet;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::Node;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use codes::{code_taken_twice, lookups, refused};
use looked::{looked_and_wrote, looks};
use numbers::{number_taken_twice, range_taken_twice};

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

/// A second write of a key is no error but the new value.
fn replaces(store: &Node) -> bool {
    let model = store.tech.and_then(|tech| tech.model.as_deref());
    matches!(model, Some("key-value" | "wide-column"))
}
