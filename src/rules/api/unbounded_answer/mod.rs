mod jobs;

use std::collections::HashSet;

use crate::catalog::Kind;
use crate::design::rows::{Writes, row_writes};
use crate::design::{Arrow, Flow, Step, Table};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::numbers::expected_rows;
use crate::rules::facts::{are_parts, finds_many, finds_one, is_position};
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::source::Span;
use crate::units::show_number;
use jobs::{begins_and_stops, changed_by_job, of_a_job};

pub static RULE: Rule = Rule {
    id: "unbounded-answer",
    severity: Severity::Warning,
    confidence: Confidence::High,
    grave: false,
    group: Group::Api,
    summary: "a read returns all rows that fit, however many there are by then",
    question: Some(Question {
        topic: "long answers",
        text: "the one with the most rows asks for them: how many come in one answer?",
    }),
    reads: &["by", "limit", "on", "optional", "page", "rate", "rows", "ttl", "writes"],
    page: Page {
        checks: "Reads that select many rows: whether the answer has an end, and what follows it.",
        when: "On a flow that somebody waits for, a hop reads a table of a database `by=` fields which do not hold all of its \
               `key` nor of a `unique`, so that one answer can have many rows. Wrong where `page=none` or `limit=none` is \
               stated. A question where neither `page` nor `limit` is said and a key or index begins with these fields and goes on \
               (`key chat, seq` read `by=chat`), which is how rows are kept that are listed; an index of just these fields may as well be of something unique. Also a question where a read on a flow that holds a connection with `<->` names a whole key of several fields whose last is a position \
               (`seq`, `offset`, `version`, `at` or the like: `by=[chat, seq]`): that may be one row or all that follow; not on flows that write a database, \
               nor on hops that are `optional` or `on=` something. On a flow labelled `GET` with a `?`, which asks for a list by what its caller says (`GET /ads?category`), a `limit` without `page` is asked about too, `on=` or not, of a table that has more than a hundred thousand `rows` (or that flows write, where it states none). \
               As a remark, it is asked of jobs for which nobody waits and which a timer, a worker by itself or a store (`store ~> worker`) starts: they read a table with a `limit` of 50 or more that its `rows`, if stated, exceed, not `by` a whole key, or, with neither `limit` nor `page`, `by` fields as above, with more than ten million `rows`; \
               and no line of the flow writes that table, by which the next run would find other rows, nor hands off to a queue or topic whose consumer is not drawn there. Otherwise silent with a `page` or a `limit`, where the table has a hundred thousand `rows` at \
               most (stated, or what its flows write times its `ttl`), where the field is another table of the store and there are ten rows at most for each of its `rows` (the lines of an order), where it states no `rows` and no hop `writes=` it, and on flows of 10 requests a second or fewer without an `availability`, unless it has ten million `rows` or more.",
        why: "The answer grows with the oldest and largest customer. It is fast for years, then one account has two hundred \
              thousand rows: the read takes seconds, the service holds all of them in memory, and it does so for each retry.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x2\npostgres store x2 failover=auto {\n  table order { key id; index customer, placed_at; rows = 50M }\n}\n\
              flow mine { web -> front -> api -> store reads=order by=customer }\n",
        good: "client web\nlb front managed\nservice api x2\npostgres store x2 failover=auto {\n  table order { key id; index customer, placed_at; rows = 50M }\n}\n\
               flow mine { web -> front -> api -> store reads=order by=customer page=cursor limit=50 }\n",
        ignore: "The rows of one answer are few by their nature, as the lines of one order are: say so with a `limit`.",
    },
    check,
};

const FEW: f64 = 100_000.0;
/// One answer of this table may hurt, however few ask.
const HUGE: f64 = 9_999_999.0;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let grown = facts.tables_that_flows_write();
    let writes_of = row_writes(facts.design);
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    for calls in facts.calls() {
        let few_ask = calls.flow.is_some_and(|flow| facts.is_small(flow));
        let steps = calls.flow.map_or(&[][..], |flow| facts.design.steps_of(flow));
        let writes =
            steps.iter().any(|step| step.attrs.has("writes") && facts.node(step.to).kind.is_durable());
        let connected = steps.iter().any(|step| facts.arrow(step) == Arrow::Stream);
        // `GET /ads?category`: whoever asks for a list asks for its second page as well.
        let filters = calls.flow.is_some_and(is_filter);
        let mut job: Option<Option<HashSet<Span>>> = None;
        for &step in &calls.steps {
            let fields = step.attrs.words("by");
            let limit = step.attrs.number("limit").value();
            let bounded = step.attrs.has("page");
            let is_database = facts.node(step.to).kind == Kind::Database;
            if bounded || !is_database {
                continue;
            }
            if !calls.waited_for.contains(&step.from) {
                let Some(changed) = job.get_or_insert_with(|| changed_by_job(facts, steps)) else { continue };
                let tables = facts
                    .tables_read(step)
                    .filter(|table| !changed.contains(&table.span) && begins_and_stops(facts, step, table));
                let new = tables.filter(|table| seen.insert((step.to, table.span, fields)));
                found.extend(new.map(|table| of_a_job(facts, step, table)));
                continue;
            }
            if fields.is_empty() || limit.is_some() && !filters {
                continue;
            }
            let grows = |table: &Table| match table.attrs.number("rows").value() {
                Some(rows) => rows > if few_ask && !(filters && limit.is_some()) { HUGE } else { FEW },
                None => {
                    !few_ask && grown.contains(&table.span) && !stays_small(facts, &writes_of, step, table)
                }
            };
            for table in facts.tables_read(step) {
                let listed = !writes && !step.attrs.has("optional") && (filters || !step.attrs.has("on"));
                if listed && connected && is_position(table, fields) {
                    if grows(table) && seen.insert((step.to, table.span, fields)) {
                        found.push(from_a_position(facts, step, table, fields));
                    }
                    continue;
                }
                let said =
                    limit.is_none() && ["page", "limit"].iter().any(|how| step.attrs.get(how).is_some());
                let many = match said || limit.is_some() {
                    true => !table.keys.is_empty() && !finds_one(table, fields),
                    false => {
                        finds_many(table, fields)
                            && !are_parts(facts.node(facts.holder(step.to)), table, fields)
                    }
                };
                if many && grows(table) && seen.insert((step.to, table.span, fields)) {
                    found.push(match limit {
                        Some(limit) => after_the_first(facts, step, table, limit),
                        None => finding(facts, step, table, fields),
                    });
                }
            }
        }
    }
    found
}

/// `GET /ads?category`: a list, cut down by what its caller says.
fn is_filter(flow: &Flow) -> bool {
    flow.method() == "GET" && flow.label.as_deref().is_some_and(|label| label.contains('?'))
}

/// One row, or all from there on: what a client that was away asks for.
fn from_a_position(facts: &Facts, step: &Step, table: &Table, fields: &[String]) -> Diagnostic {
    let caller = facts.node(step.from).name();
    let last = table.keys.last().map_or("", String::as_str);
    let hop = format!("{} -> {}", facts.id(step.from), facts.id(step.to));
    let span = step.attrs.get("by").map_or(step.span, |setting| setting.span);
    let all = fields.join(", ");
    Diagnostic::unstated(
        format!("nothing says whether {caller} gets one `{}` by its `{last}`, or all that came after it", table.id),
        span,
        "no `page` here",
    )
    .question(format!(
        "a client was away for a week: does it get one row of `{}`, all after its `{last}` at once, or pages?",
        table.id
    ))
    .label(table.span, "its key")
    .node(facts.id(step.to))
    .hop(facts.id(step.from), facts.id(step.to))
    .flows(facts.flow_of(step).map(|flow| flow.id.clone()))
    .evidence(format!("`by=[{all}]` is the whole key of `{}`: one row, as it is written", table.id))
    .consequence(format!(
        "everybody comes back after an outage: either {caller} gives each of them one row and the rest is never seen, or all that they missed in one answer"
    ))
    .fix(format!("`page=cursor` on `{hop}` if it reads on from there, page by page; or `limit=1` if one row is meant"))
}

fn finding(facts: &Facts, step: &Step, table: &Table, fields: &[String]) -> Diagnostic {
    let by = fields.join("`, `");
    let caller = facts.node(step.from).name();
    let message = format!("{caller} gets all of `{}` that one `{by}` has, in one answer", table.id);
    let said = step.attrs.get("page").or(step.attrs.get("limit"));
    let finding = match said {
        Some(setting) => Diagnostic::wrong(message, setting.span, "said to come all at once"),
        None => {
            let span = step.attrs.get("by").map_or(step.span, |setting| setting.span);
            Diagnostic::unstated(message, span, "no `page` and no `limit` here").question(format!(
                "the `{by}` with the most rows in `{}` asks for them: how many come in one answer?",
                table.id
            ))
        }
    };
    let rows = table.attrs.number("rows").value();
    let rows = rows.map_or(String::new(), |rows| format!(", {} rows in all", show_number(rows)));
    finding
        .label(table.span, "its key")
        .node(facts.id(step.to))
        .hop(facts.id(step.from), facts.id(step.to))
        .flows(facts.flow_of(step).map(|flow| flow.id.clone()))
        .evidence(format!("the key of `{}` is {}, so one `{by}` may have any number of them{rows}", table.id, table.keys.join(", ")))
        .consequence(format!(
            "one `{by}` has grown far beyond the others: its request takes seconds, {caller} holds all of the rows in memory, and each retry does it again"
        ))
        .mend(Mend::step(step, "page=cursor limit=50"))
        .fix(format!(
            "`page=cursor limit=50` on `{} -> {}`, so that the answer stays as small as it is today",
            facts.id(step.from),
            facts.id(step.to)
        ))
}

/// The answer ends, and nothing leads on from there.
fn after_the_first(facts: &Facts, step: &Step, table: &Table, limit: f64) -> Diagnostic {
    let caller = facts.node(step.from).name();
    let (from, to) = (facts.id(step.from), facts.id(step.to));
    let by = step.attrs.words("by").join(", ");
    let limit = show_number(limit);
    let span = step.attrs.get("limit").map_or(step.span, |setting| setting.span);
    let message =
        format!("{caller} gets {limit} of `{}` by `{by}`, and nothing says how it gets the rest", table.id);
    Diagnostic::unstated(message, span, "no `page` beside it")
        .question(format!("more than {limit} of `{}` fit: how does its caller get the rest?", table.id))
        .label(table.span, "what is listed")
        .node(to)
        .hop(from, to)
        .flows(facts.flow_of(step).map(|flow| flow.id.clone()))
        .evidence(format!("the flow asks for a list by what its caller says, and the read of `{}` has no `page`", table.id))
        .consequence(format!(
            "somebody comes to the end of the first {limit} and there is nothing more; the quick mend is a larger `limit`, until one answer has all of it"
        ))
        .mend(Mend::step(step, "page=cursor"))
        .fix(format!(
            "`page=cursor` on `{from} -> {to}`, so that each page starts after the last one; or an `allow` if only the first {limit} are ever wanted"
        ))
}

/// By what is written into it and how long that lives, it never has many rows.
fn stays_small(facts: &Facts, writes: &Writes, step: &Step, table: &Table) -> bool {
    expected_rows(facts.design, writes, facts.holder(step.to), table).is_some_and(|rows| rows.value <= FEW)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |table: &str, flow: &str, read: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a x2\npostgres d {{ table t {{ {table} }} }}\n\
                 flow f {flow} {{ u -> a -> d reads=t {read} }}"
            );
            expect(&RULE, &text, expected);
        };
        case("key id; index o, at; rows = 1M", "", "by=o", &["unstated d"]);
        case("key id; index o; rows = 1M", "", "by=o page=none", &["wrong d"]);
        case("key o, n; rows = 1M", "", "by=o", &["unstated d"]);
        case("key o, n; rows = 1M", "", "by=o page=none", &["wrong d"]);
        case("key o, n; rows = 1M", "", "by=o limit=none", &["wrong d"]);
        // It comes in pages, or with an end.
        case("key o, n; rows = 1M", "", "by=o page", &[]);
        case("key o, n; rows = 1M", "", "by=o limit=10", &[]);
        case("key o, n; rows = 1M", "", "by=o limit=50", &[]);
        case("key o, n; rows = 1M", "", "by=o limit=1000", &[]);
        // One row at most.
        case("key id; rows = 1M", "", "by=id", &[]);
        case("key id; rows = 1M", "", "by=t_id", &[]);
        case("key o, n; rows = 1M", "", "by=[n, o]", &[]);
        case("key id; unique o; rows = 1M", "", "by=o", &[]);
        // As likely a number that only one has.
        case("key id; index o; rows = 1M", "", "by=o", &[]);
        // A short table, one that nothing adds to, one whose keys are not said, and few requests.
        case("key id; index o, at; rows = 500", "", "by=o", &[]);
        case("key id; index o, at", "", "by=o", &[]);
        case("rows = 1M", "", "by=o", &[]);
        case("key id; rows = 1M", "", "", &[]);
        case("key id; index o, at; rows = 1M", "rate=2/s", "by=o", &[]);
        case("key id; index o, at; rows = 100M", "rate=2/s", "by=o", &["unstated d"]);
    }

    #[test]
    fn the_parts_of_a_whole() {
        let text = |lines: &str| {
            format!(
                "client u\nservice a x2\npostgres d {{ table o {{ key id; rows = 1M }}\ntable l {{ key o, no; rows = {lines} }} }}\n\
             flow f {{ u -> a -> d reads=l by=o }}"
            )
        };
        expect(&RULE, &text("4M"), &[]);
        expect(&RULE, &text("400M"), &["unstated d"]);
    }

    #[test]
    fn what_was_missed() {
        let case = |start: &str, read: &str, expected: &[&str]| {
            let text = format!(
                "client u\nsocket s x2\nservice a x2\npostgres d {{ table t {{ key room, seq; rows = 1M }} }}\n\
                 flow f {{ u {start} s -> a -> d reads=t {read} }}"
            );
            expect(&RULE, &text, expected);
        };
        case("<->", "by=[room, seq]", &["unstated d"]);
        case("<->", "by=[room, seq] limit=100", &[]);
        case("<->", "by=[room, seq] page=cursor", &[]);
        case("<->", "by=[room, seq] limit=1", &[]);
        // One message is asked for, or changed.
        case("->", "by=[room, seq]", &[]);
        case("<->", "by=[room, seq]\na -> d writes=t", &[]);
    }

    #[test]
    fn what_filters_a_list() {
        let case = |label: &str, flow: &str, read: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a x2\npostgres d {{ table t {{ key id; index o, at; rows = 1M }} }}\n\
                 flow f \"{label}\" {flow} {{ u -> a -> d reads=t {read} }}"
            );
            expect(&RULE, &text, expected);
        };
        case("GET /t?o=", "", "by=o limit=20", &["unstated d"]);
        case("GET /t?o=", "rate=2/s", "by=o limit=20", &["unstated d"]);
        case("GET /t?o=", "", "by=o limit=20 page=cursor", &[]);
        case("GET /t/newest", "", "by=o limit=20", &[]);
        case("GET /t?id=", "", "by=id limit=1", &[]);
    }

    #[test]
    fn a_table_that_grows() {
        let text = "client u\nservice a x2\npostgres d { table t { key id; index o, at } }\n\
                    flow f { u -> a -> d writes=t }\nflow g { u -> a -> d reads=t by=o }";
        expect(&RULE, text, &["unstated d"]);
        // A thousand a second for a minute, and no more than that.
        let text = |ttl: &str| {
            format!(
                "client u\nservice a x2\npostgres d {{ table t {{ key id; index o, at; ttl = {ttl} }} }}\n\
                 flow f rate=1k/s {{ u -> a -> d writes=t }}\nflow g rate=1k/s {{ u -> a -> d reads=t by=o }}"
            )
        };
        expect(&RULE, &text("1min"), &[]);
        expect(&RULE, &text("1h"), &["unstated d"]);
        // Nobody waits for the worker.
        let text = "scheduler s\nworker w\npostgres d { table t { key id; index o, at; rows = 1M } }\n\
                    flow g { s -> w -> d reads=t by=o }";
        expect(&RULE, text, &[]);
    }
}
