//! Codes drawn at random: two may be the same.

use std::collections::{HashMap, HashSet};

use petgraph::graph::NodeIndex;

use super::replaces;
use crate::design::{Step, Table};
use crate::diagnostic::Diagnostic;
use crate::rules::Facts;
use crate::rules::facts::finds_one;

/// The fields of every read of a table, by the store that holds it and its name.
pub fn lookups<'d>(facts: &Facts<'d>) -> HashMap<(NodeIndex, &'d str), Vec<&'d [String]>> {
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
pub fn refused<'d>(facts: &Facts<'d>) -> HashSet<(NodeIndex, NodeIndex, &'d str)> {
    let steps = facts.design.steps.iter().filter(|step| step.attrs.has("conditional"));
    steps
        .flat_map(|step| {
            facts.tables_written(step).map(|table| (step.from, facts.holder(step.to), table.id.as_str()))
        })
        .collect()
}

pub fn code_taken_twice(
    facts: &Facts,
    step: &Step,
    table: &Table,
    lookups: &[&[String]],
) -> Option<Diagnostic> {
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

#[cfg(test)]
mod tests {
    use super::super::RULE;
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
}
