//! What was looked for before it is written.

use std::collections::HashMap;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Design, Step, Table};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::Facts;
use crate::rules::facts::finds_one;

/// The first read of one row, or of the rows that would be in its way: by flow, reader, store and table.
pub type Looks<'d> = HashMap<(Option<usize>, NodeIndex, NodeIndex, &'d str), &'d Step>;

pub fn looks<'d>(facts: &Facts<'d>) -> Looks<'d> {
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

pub fn looked_and_wrote(facts: &Facts, looks: &Looks, step: &Step, table: &Table) -> Option<Diagnostic> {
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

/// Many rows have these fields, and are meant to: it looks at all of somebody's, not for the one that would be in its way.
fn is_list(table: &Table, by: &[String]) -> bool {
    let holders =
        ["org", "organisation", "organization", "tenant", "team", "workspace", "company", "project"];
    let [field] = by else { return false };
    let name = field.to_lowercase();
    let whose = name.strip_suffix("_id").unwrap_or(&name);
    holders.contains(&whose) && whose != table.id && !finds_one(table, by)
}

/// What it does in this flow it does for a message.
fn is_fed(design: &Design, steps: &[Step], node: NodeIndex) -> bool {
    steps.iter().any(|step| step.to == node && design.graph[step.from].kind.is_broker())
}

#[cfg(test)]
mod tests {
    use super::super::RULE;
    use crate::rules::testing::expect;

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
