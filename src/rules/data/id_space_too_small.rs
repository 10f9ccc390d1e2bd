use std::collections::HashSet;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Node, Step, Table};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::facts::finds_one;
use crate::rules::{Confidence, Facts, Group, Outage, Page, Rule};
use crate::units::show_number;

pub static RULE: Rule = Rule {
    id: "id-space-too-small",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Data,
    summary: "there are fewer ids or codes than rows that need one, or so few that two draw the same",
    question: None,
    reads: &["generates", "length", "rows", "scheme", "writes"],
    page: Page {
        checks: "Whole-number keys and codes of a stated length against the rows that a table ends up with.",
        when: "A column that is a table's only key field, or that a `ref` of another table of the same database points from, has the type `int`, `integer`, `int4`, `serial` \
               (2.1 G values), `smallint` or `smallserial` (32,767), or `mediumint` (8.4 M; all twice as many if `unsigned`), and the `rows` of the table, or of the one \
               it refers to, are more: an error; more than half: a warning.\n\n\
               Or a node that `generates=code` states a `length` and writes a table with `rows`. Of 62 letters and digits there are 62 to the \
               power of `length` codes. An error where that is fewer than the rows; with `scheme=random` or `hash` also where no `key` or `unique` \
               refuses a second one and the birthday arithmetic, rows² / (2 × codes), expects one collision or more; and a remark (info) where they are refused \
               but more than one draw in ten finds its code taken. Not asked of a table without such a `key` or `unique` that is written in one transaction (`writes=[link, request]`) with one that has it. Where such a node states no `length` and the table has `rows`, a line \
               under the report names it.",
        why: "An id that is used up fails every insert at once, on a day that nobody chose, and making it wider rewrites the \
              largest table. Random codes collide long before they run out: at about the square root of their number.",
        outage: Some(Outage {
            name: "Heroku, 2023",
            what: "a foreign key used a smaller data type than the primary key that it referenced; it overflowed, and new authorizations could not be created",
            link: "https://status.heroku.com/incidents/2558",
        }),
        bad: "client web\nlb front managed\nservice links x3 generates=code scheme=random length=5\npostgres store x2 failover=auto backup=1h {\n  table link { key code; rows = 6G; size = 500B; ttl = 5y }\n}\n\
              flow make { web -> front -> links idempotency_key -> store writes=link }\n",
        good: "client web\nlb front managed\nservice links x3 generates=code scheme=random length=7\npostgres store x2 failover=auto backup=1h {\n  table link { key code; rows = 6G; size = 500B; ttl = 5y }\n}\n\
               flow make { web -> front -> links idempotency_key -> store writes=link }\n",
        ignore: "Codes are used again when theirs has expired, and `rows` counts all that ever were.",
    },
    check,
};

const LETTERS_AND_DIGITS: f64 = 62.0;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for store in facts.nodes(|kind| kind == Kind::Database) {
        for table in &facts.node(store).tables {
            found.extend(narrow(facts.node(store), table));
        }
    }
    let mut told: HashSet<(NodeIndex, &str)> = HashSet::new();
    for step in &facts.design.steps {
        if facts.node(step.from).attrs.text("generates").value() != Some("code")
            || facts.node(step.to).kind != Kind::Database
        {
            continue;
        }
        // A transaction is refused as a whole: what else it writes has no codes of its own.
        let home = facts.tables_written(step).any(refuses_a_second);
        for table in facts.tables_written(step).filter(|table| !home || refuses_a_second(table)) {
            if let Some(rows) = table.attrs.number("rows").value()
                && let Some(finding) = codes(facts, step, table, rows)
                && told.insert((step.from, &table.id))
            {
                found.push(finding);
            }
        }
    }
    found
}

/// Columns of whole numbers that are too narrow for the rows that they tell apart.
fn narrow(node: &Node, table: &Table) -> Vec<Diagnostic> {
    let rows = |table: &Table| table.attrs.number("rows").value();
    let own = match table.keys.as_slice() {
        [only] => rows(table).map(|rows| (only.as_str(), table, rows)),
        _ => None,
    };
    let referred = table.refs.iter().filter_map(|reference| {
        let target = node.table(&reference.table)?;
        let is_key = target.keys.len() == 1 && target.keys[0] == reference.target;
        is_key.then(|| Some((reference.field.as_str(), target, rows(target)?)))?
    });
    let judge = |(field, target, rows): (&str, &Table, f64)| {
        let (_, ty) = table.columns.iter().find(|(name, _)| name == field)?;
        let most = values(ty)?;
        if rows <= most / 2.0 {
            return None;
        }
        let name = node.name();
        let verb = if rows > most { "runs out" } else { "is nearly used up" };
        let finding = Diagnostic::wrong(
            format!(
                "`{field}` of `{}` in {name} {verb}: {} values for {} rows of `{}`",
                table.id,
                show_number(most),
                show_number(rows),
                target.id
            ),
            table.span,
            format!("column {field} {ty}"),
        );
        let finding = if rows > most { finding } else { finding.at_most(Severity::Warning) };
        Some(
            finding
                .node(&node.id)
                .evidence(format!("{ty}: {}; `{}`: {} rows, and what was deleted has used its own", show_number(most), target.id, show_number(rows)))
                .consequence(format!("every insert into `{}` fails from one moment on, and making `{field}` wider rewrites the whole table", table.id))
                .fix(format!("`column {field} bigint` in `table {}`, and in whatever refers to it", table.id)),
        )
    };
    own.into_iter().chain(referred).filter_map(judge).collect()
}

/// How many different ids from 1 on a column can hold; None where more than anybody has.
fn values(ty: &str) -> Option<f64> {
    let ty = ty.to_lowercase();
    let word = ty.split([' ', '(']).next().unwrap_or("");
    let signed = match word {
        "int" | "integer" | "int4" | "int32" | "serial" | "serial4" => 2_147_483_647.0,
        "smallint" | "int2" | "smallserial" => 32_767.0,
        "mediumint" => 8_388_607.0,
        _ => return None,
    };
    Some(if ty.contains("unsigned") { signed * 2.0 } else { signed })
}

/// A field of it is unique by itself.
fn refuses_a_second(table: &Table) -> bool {
    let keys = std::iter::once(&table.keys).chain(&table.uniques);
    keys.filter(|key| key.len() == 1).any(|key| finds_one(table, key))
}

fn codes(facts: &Facts, step: &Step, table: &Table, rows: f64) -> Option<Diagnostic> {
    let maker = facts.node(step.from);
    let drawn = matches!(maker.attrs.text("scheme").value(), Some("random" | "hash"));
    let Some((length, setting)) = maker.attrs.number("length").value().zip(maker.attrs.get("length")) else {
        let wants =
            || Diagnostic::not_evaluated(format!("`length` of the codes of {}", maker.name()), maker.span);
        return drawn.then(wants);
    };
    let space = LETTERS_AND_DIGITS.powf(length);
    let who = maker.name();
    let count = format!("62^{} = {} codes", show_number(length), show_number(space));
    let refused = refuses_a_second(table);
    let clashes = rows * rows / (2.0 * space);
    let (message, sum, happens, severity) = if rows > space {
        (
            format!(
                "{who} has {} codes for {} rows of `{}`",
                show_number(space),
                show_number(rows),
                table.id
            ),
            count,
            "no code is left, and nothing new can be made until they are longer",
            Severity::Error,
        )
    } else if drawn && !refused && clashes >= 1.0 {
        (
            format!(
                "{} rows of `{}` draw their codes from {}: about {} of them get one that is taken",
                show_number(rows),
                table.id,
                show_number(space),
                show_number(clashes)
            ),
            format!(
                "{count}; {}² / (2 × {}) = {} collisions",
                show_number(rows),
                show_number(space),
                show_number(clashes)
            ),
            "somebody's code leads to somebody else's row",
            Severity::Error,
        )
    } else if drawn && rows / space > 0.1 {
        (
            format!(
                "in the end {} in 100 codes that {who} draws are taken",
                show_number(100.0 * rows / space)
            ),
            format!(
                "{count}; {} / {} = {} %",
                show_number(rows),
                show_number(space),
                show_number(100.0 * rows / space)
            ),
            "each new one is tried several times, ever more often as they fill up",
            Severity::Info,
        )
    } else {
        return None;
    };
    // So that one draw in a hundred at most finds its code taken.
    let enough = (rows * 100.0).ln() / LETTERS_AND_DIGITS.ln();
    Some(
        Diagnostic::wrong(message, setting.span, format!("{} characters", show_number(length)))
            .at_most(severity)
            .label(table.span, format!("{} rows", show_number(rows)))
            .node(&maker.id)
            .hop(&maker.id, facts.id(step.to))
            .flows(facts.flow_of(step).map(|flow| flow.id.clone()))
            .evidence(sum)
            .consequence(happens)
            .fix(format!("`length={}` on {who}", show_number(enough.ceil().max(length + 1.0)))),
    )
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn columns() {
        let case = |table: &str, expected: &[&str]| {
            expect(
                &RULE,
                &format!(
                    "postgres d {{ table t {{ key id; {table} }}\ntable s {{ key id; column t_id int; ref t_id -> t.id }} }}"
                ),
                expected,
            );
        };
        case("column id int; rows = 3G", &["wrong d", "wrong d"]);
        case("column id bigint; rows = 3G", &["wrong d"]);
        case("column id bigint; rows = 1500M", &["wrong d"]);
        case("column id int; rows = 900M", &[]);
        case("column id bigint", &[]);
        expect(&RULE, "postgres d { table t { key id; column id int; rows = 40M } }", &[]);
        expect(&RULE, "postgres d { table t { key id; column n int; rows = 40G } }", &[]);
        expect(&RULE, "postgres d { table t { key a, b; column a int; rows = 40G } }", &[]);
    }

    #[test]
    fn drawn() {
        let case = |maker: &str, table: &str, expected: &[&str]| {
            expect(
                &RULE,
                &format!(
                    "service a generates={maker}\npostgres d {{ table t {{ {table} }} }}\na -> d writes=t"
                ),
                expected,
            );
        };
        // 62^5 = 916 M, 62^7 = 3.5 T.
        case("code scheme=random length=5", "key code; rows = 6G", &["wrong a"]);
        case("code scheme=range length=5", "key code; rows = 6G", &["wrong a"]);
        case("code scheme=random length=5", "key code; rows = 200M", &["wrong a"]);
        case("code scheme=random length=7", "key x, y; rows = 6G", &["wrong a"]);
        case("code scheme=random length=7", "key code; rows = 6G", &[]);
        case("code scheme=range length=5", "key code; rows = 200M", &[]);
        case("code scheme=random", "key code; rows = 6G", &["wants length of the codes of a"]);
        case("code scheme=range", "key code; rows = 6G", &[]);
        case("code scheme=random length=5", "key code", &[]);
        case("id scheme=random", "key id; rows = 6G", &[]);
        // Beside the table that has the codes, one of what callers have asked for.
        let beside = |link: &str, expected: &[&str]| {
            let text = format!(
                "service a generates=code scheme=random length=7\n\
                 dynamodb d {{ table t {{ {link}; rows = 6G }}\ntable r {{ key owner, request; column code text; rows = 3M }} }}\n\
                 a -> d writes=[t, r] conditional"
            );
            expect(&RULE, &text, expected);
        };
        beside("key code", &[]);
        beside("key owner, code", &["wrong a", "wrong a"]);
    }
}
