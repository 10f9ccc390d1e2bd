use std::collections::HashMap;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "shared-database",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Data,
    summary: "services of different teams write the same tables: none of them can change one alone",
    question: Some(Question {
        topic: "owners of tables",
        text: "two teams write one database: which tables are whose?",
    }),
    reads: &["owner", "reads", "writes"],
    page: Page {
        checks: "Databases that are written by services of different owners.",
        when: "Two applications that state different `owner`s write one table of a database, named by `writes=` of both. A question where two such write one \
               database, or one whose `owner` is not the database's does, and the hop of one of them names no table: it says a bare `writes`, or neither `reads` nor \
               `writes`. Silent where every one of these hops names its tables and no \
               table is written by two owners, and where owners are not stated.",
        why: "A table that two teams write has no owner. A column cannot be renamed, a constraint cannot be added and a migration \
              cannot be planned without the other team's release; and when a row is wrong, both have a service that could not \
              have written it.",
        outage: None,
        bad: "client web\nlb front managed\nservice orders x2 owner=sales\nservice invoices x2 owner=finance\npostgres store x2 failover=auto backup=1h\n\
              flow order { web -> front -> orders idempotency_key -> store writes=order }\n\
              flow bill { web -> front -> invoices idempotency_key -> store writes=[invoice, order] }\n",
        good: "client web\nlb front managed\nservice orders x2 owner=sales\nservice invoices x2 owner=finance\npostgres store x2 failover=auto backup=1h\n\
               flow order { web -> front -> orders idempotency_key -> store writes=order }\n\
               flow bill { web -> front -> invoices idempotency_key -> store writes=invoice }\n",
        ignore: "The teams are about to become one, or one of the services is about to go.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for store in facts.nodes(|kind| kind == Kind::Database) {
        let node = facts.node(store);
        let is_write = |step: &&Step| {
            facts.node(step.from).kind.is_app() && facts.arrow(step) != Arrow::Control && facts.writes(step)
        };
        let mut writes: Vec<Owned> = Vec::new();
        for step in facts.design.steps_to(store).filter(is_write) {
            if let Some(owner) = facts.node(step.from).attrs.text("owner").value() {
                writes.push((owner, step));
            }
        }
        let mine = node.attrs.text("owner").value();
        if let Some((one, two, table)) = clash(&writes) {
            found.push(finding(facts, store, one, Some(two), table));
        } else if let Some(mine) = mine
            && let Some(&stranger) =
                writes.iter().find(|(owner, step)| *owner != mine && step.attrs.words("writes").is_empty())
        {
            found.push(finding(facts, store, stranger, None, None));
        }
    }
    found
}

/// A write, and whose the writer is.
type Owned<'d> = (&'d str, &'d Step);

/// Two owners who write one table; or one of whom nothing says which tables, which may be the other's.
fn clash<'d>(writes: &[Owned<'d>]) -> Option<(Owned<'d>, Owned<'d>, Option<&'d str>)> {
    let mut first: HashMap<&str, Owned> = HashMap::new();
    for &(owner, step) in writes {
        for table in step.attrs.words("writes") {
            let before = *first.entry(table).or_insert((owner, step));
            if before.0 != owner {
                return Some((before, (owner, step), Some(table)));
            }
        }
    }
    let any = *writes.iter().find(|(_, step)| step.attrs.words("writes").is_empty())?;
    let other = *writes.iter().find(|(owner, _)| *owner != any.0)?;
    Some(if any.1.span <= other.1.span { (any, other, None) } else { (other, any, None) })
}

fn finding(
    facts: &Facts,
    store: NodeIndex,
    (first, one): Owned,
    other: Option<Owned>,
    table: Option<&str>,
) -> Diagnostic {
    let name = facts.node(store).name();
    let who = |step: &Step| facts.node(step.from).name();
    let what = table.map_or_else(|| name.clone(), |table| format!("`{table}` in {name}"));
    let (message, evidence) = match other {
        Some((owner, two)) => (
            format!(
                "{what} is written by {} of {first} and {} of {owner}{}",
                who(one),
                who(two),
                if table.is_some() {
                    ": neither can change it alone"
                } else {
                    ", and nothing says which tables are whose"
                }
            ),
            format!(
                "{} → {}: {first}; {} → {}: {owner}",
                facts.id(one.from),
                facts.id(store),
                facts.id(two.from),
                facts.id(store)
            ),
        ),
        None => {
            let mine = facts.node(store).attrs.text("owner").value().unwrap_or("another team");
            (
                format!(
                    "{name} of {mine} is written by {} of {first}, and nothing says which of its tables",
                    who(one)
                ),
                format!("{}: {mine}; {} → {}: {first}", facts.id(store), facts.id(one.from), facts.id(store)),
            )
        }
    };
    let label = format!("written by {first}");
    let finding = match table {
        Some(_) => Diagnostic::wrong(message, one.span, label),
        None => Diagnostic::unstated(message, one.span, label)
            .question(format!("which tables of {name} are written by {}, and by nobody else?", who(one))),
    };
    let mut finding =
        finding.node(facts.id(store)).node(facts.id(one.from)).hop(facts.id(one.from), facts.id(store));
    if let Some((owner, two)) = other {
        finding = finding
            .label(two.span, format!("and by {owner}"))
            .node(facts.id(two.from))
            .hop(facts.id(two.from), facts.id(store));
    }
    finding
        .evidence(evidence)
        .consequence(format!("a migration of one team breaks the other's release, and a wrong row in {what} was written by nobody"))
        .fix("`writes=` with the tables of each, if no table is written by both; otherwise one owner who writes, and an API or messages for the other".to_string())
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |store: &str, hops: &str, expected: &[&str]| {
            let text = format!(
                "service a owner=x\nservice b owner=y\nservice c\nservice e owner=x\npostgres d {store}\n{hops}"
            );
            expect(&RULE, &text, expected);
        };
        case("", "a -> d writes\nb -> d writes", &["unstated d, a, b"]);
        case("", "a -> d writes=t\nb -> d writes", &["unstated d, a, b"]);
        case("", "a -> d\nb -> d", &["unstated d, a, b"]);
        case("", "a -> d writes=t\nb -> d writes=[s, t]", &["wrong d, a, b"]);
        case("owner=x", "b -> d writes", &["unstated d, b"]);
        // Tables apart, a reader, one owner, owners not stated.
        case("", "a -> d writes=t\nb -> d writes=s", &[]);
        case("", "a -> d writes\nb -> d reads", &[]);
        case("", "a -> d writes\ne -> d writes", &[]);
        case("", "a -> d writes\nc -> d writes", &[]);
        case("owner=x", "b -> d writes=t", &[]);
    }
}
