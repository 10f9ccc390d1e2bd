use crate::catalog::Kind;
use crate::design::rows::{Write, row_writes};
use crate::design::{Node, Step, Table};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Outage, Page, Question, Rule};
use crate::units::{show_duration, show_number, show_rate, show_size};

pub static RULE: Rule = Rule {
    id: "no-retention",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Data,
    summary: "a table grows with every request, and nothing ever leaves it",
    question: Some(Question {
        topic: "retention",
        text: "it grows every day: when is anything removed, and by what?",
    }),
    reads: &["batch", "by", "conditional", "lifecycle", "rate", "retention", "rows", "size", "ttl", "writes"],
    page: Page {
        checks: "Tables that flows of a known rate write, and what removes their rows.",
        when: "Wrong where a table states `ttl=none`, or its store `retention=none` or `lifecycle=none`, nothing else removes its rows, and the table grows by more than 1 TB a year; a remark (info) from 100 GB a year on. \
               Otherwise a question, where a table of a database or warehouse has no `ttl`, its store no `retention` or `lifecycle`, and either its `rows` are what \
               the flows that write it bring in 1 to 12 or 18 months, or in a whole number of years up to 30 (within half a percent: they were reckoned for so long), and \
               come to 10 GB at least, or 100 M where `size` is not stated; or it has a `size`, no `rows`, and grows by more than 100 GB a year. \
               Writes with `by=` change rows and add none, nor does one of a table that its flow has written without `by=` on an earlier line or arrow (unless it has a `share`), or of which it has read by a worker, or as a timer or a worker started it (what waits there is worked off); unless its key goes on with a time or a running number. \
               Silent where a write may be of a row that is there: the table states no `rows`, and it is `conditional` or none of several fields of its key is new with each row (an id of its own, a number, a time), as of (`player`, `slot`); its flow has read the table before with a `by=`; the table's name ends with what is updated by nature (`status`, `state`, `position`, `location`, `session`, `presence`, \
               `counter`, `balance`, `stock`, `setting`, `profile`, `cart`, `quota`); the one field of its key is the key of something else, as (`user`); or the flow's label begins with PUT, PATCH, DELETE or a word \
               such as Update, Set, Change (`spof explain figures-disagree` has the lists). A key of several fields with a time or a running number goes on whatever the table's name and the label say.",
        why: "A table without an end is reckoned for a year and filled for ten. Queries, backups and restores grow with it, and when \
              the disk is full, deleting a billion rows is a project of its own, on a database that cannot take more load.",
        outage: Some(Outage {
            name: "Instapaper, 2017",
            what: "a limit of a hosted database was hit, and moving to a new one took many hours",
            link: "https://web.archive.org/web/20211124170124/https://medium.com/making-instapaper/instapaper-outage-cause-recovery-3c32a7e9cc5f",
        }),
        bad: "client app\nlb front managed\nservice track x4\npostgres store x2 failover=auto backup=1h {\n  table event { key id; size = 400B }\n}\n\
              flow save rate=500/s { app -> front -> track idempotency_key -> store writes=event }\n",
        good: "client app\nlb front managed\nservice track x4\npostgres store x2 failover=auto backup=1h {\n  table event { key id; size = 400B; ttl = 90d }\n}\n\
               flow save rate=500/s { app -> front -> track idempotency_key -> store writes=event }\n",
        ignore: "It is kept for good by law or by promise, and the disks are bought ahead.",
    },
    check,
};

const YEAR: f64 = 365.0 * 86_400.0;
const MONTH: f64 = YEAR / 12.0;
const MUCH_A_YEAR: f64 = 100e9;
/// Said to be for ever and less than this, it was meant.
const TOO_MUCH_A_YEAR: f64 = 1e12;
const MUCH: f64 = 10e9;
const MANY: f64 = 100e6;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let writes = row_writes(facts.design);
    let mut found = Vec::new();
    for store in facts.nodes(|kind| matches!(kind, Kind::Database | Kind::Warehouse)) {
        for table in &facts.node(store).tables {
            let of_table = writes.get(&(store, table.id.as_str()));
            if let Some((rate, step)) = of_table.and_then(|writes| added(table, writes)) {
                found.extend(judge(facts, facts.node(store), table, rate, step));
            }
        }
    }
    found
}

/// Rows a second, and the first step that adds some; None where they are changed rather than added, or it is not known how
/// many.
fn added<'d>(table: &Table, writes: &[(&'d Step, Write)]) -> Option<(f64, &'d Step)> {
    let mut grows: Option<(f64, &Step)> = None;
    for &(step, write) in writes {
        // What is reckoned with `rows` is added if it is not there yet; of the rest it may be a change.
        match write {
            Write::Changes | Write::Again => continue,
            Write::Unknown => return None,
            Write::Compared if table.attrs.get("rows").is_none() => return None,
            Write::Adds | Write::Compared => {}
        }
        if let Some(rate) = step.load.rate {
            // So many rows come in one request.
            let batch = step.attrs.number("batch").value().unwrap_or(1.0).max(1.0);
            grows = Some(grows.map_or((rate * batch, step), |(sum, first)| (sum + rate * batch, first)));
        }
    }
    grows
}

fn judge(facts: &Facts, node: &Node, table: &Table, rate: f64, step: &Step) -> Option<Diagnostic> {
    let of_store = ["retention", "lifecycle"].iter().find_map(|name| node.attrs.get(name));
    let ends = table.attrs.has("ttl") || node.attrs.has("retention") || node.attrs.has("lifecycle");
    let never = table.attrs.get("ttl").or(of_store);
    if ends {
        return None;
    }
    let size = table.attrs.number("size").value();
    let a_year = size.map(|size| rate * YEAR * size);
    let name = node.name();
    let (message, sum) = match table.attrs.number("rows").value() {
        Some(rows) => {
            let whole = is_reckoned_for(rows / rate / MONTH);
            let much = size.map_or(rows >= MANY, |size| rows * size >= MUCH);
            if !whole || !much {
                return None;
            }
            let span = show_duration(rows / rate);
            (
                format!(
                    "`{}` in {name} is reckoned for {span}, and nothing removes a row after that",
                    table.id
                ),
                format!("{} rows / {} = {span}", show_number(rows), show_rate(rate)),
            )
        }
        None => {
            let a_year = a_year.filter(|&bytes| bytes > MUCH_A_YEAR)?;
            (
                format!("`{}` in {name} grows by {} a year, for ever", table.id, show_size(a_year)),
                format!("{} × {} × 1 y = {}", show_rate(rate), show_size(size?), show_size(a_year)),
            )
        }
    };
    let finding = match never.filter(|_| a_year.is_some_and(|bytes| bytes > MUCH_A_YEAR)) {
        Some(setting) => {
            let finding = Diagnostic::wrong(message, setting.span, "said to have no end");
            let bearable = a_year.is_some_and(|bytes| bytes <= TOO_MUCH_A_YEAR);
            if bearable { finding.at_most(Severity::Info) } else { finding }
        }
        None if never.is_some() => return None,
        None => Diagnostic::unstated(message, table.span, "no `ttl` here").question(format!(
            "`{}` gets {} a day: when is a row removed, and by what?",
            table.id,
            show_number(rate * 86_400.0)
        )),
    };
    Some(
        finding
            .node(&node.id)
            .flows(facts.flow_of(step).map(|flow| flow.id.clone()))
            .evidence(sum)
            .consequence(format!("the disks of {name} are full in some year, and the rows that could go cannot be deleted fast enough"))
            .mend(Mend::table(table, "ttl = 1y").losing_data())
            .fix(format!("`ttl = 1y` in `table {}`, with the time that somebody needs them; or `lifecycle` on {name}, which moves them", table.id)),
    )
}

/// So long somebody keeps things, and no other number of rows is likely to be so near to it.
fn is_reckoned_for(months: f64) -> bool {
    let spans = (1..=12).chain([18]).chain((2..=30).map(|years| 12 * years)).map(f64::from);
    spans.into_iter().any(|span| (months - span).abs() <= span * 0.005)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::diagnostic::Severity;
    use crate::rules::testing::{design, expect};
    use crate::rules::{Facts, run};

    #[test]
    fn cases() {
        let case = |store: &str, table: &str, flow: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a\npostgres d {store} {{ table t {{ key id; {table} }} }}\nflow f rate=500/s {{ u -> a\n{flow} }}"
            );
            expect(&RULE, &text, expected);
        };
        let write = "a -> d writes=t";
        // 500/s are 15.8 G a year; of 400 B, 6.3 TB.
        case("", "size = 400B", write, &["unstated d"]);
        case("", "size = 400B; ttl = none", write, &["wrong d"]);
        case("", "rows = 500/s * 2y", write, &["unstated d"]);
        case("", "rows = 500/s * 6month; size = 400B", write, &["unstated d"]);
        case("", "rows = 500/s * 2y; ttl = 2y", write, &[]);
        // So many there are: it happens to be 76 months of them, or a little more than ten years.
        case("", "rows = 500/s * 76month", write, &[]);
        case("", "rows = 500/s * 123month", write, &[]);
        case("", "rows = 500/s * 120month", write, &["unstated d"]);
        case("retention=1y", "size = 400B", write, &[]);
        case("lifecycle=90d", "size = 400B", write, &[]);
        // So many users there are, however often they write; rows that are changed; little; unknown.
        case("", "rows = 40M; size = 400B", write, &[]);
        case("", "size = 400B", "a -> d reads=t by=id\na -> d writes=t", &[]);
        case("", "size = 400B", "a -> d writes=t by=id", &[]);
        case("", "size = 400B", "a -> d writes=t by=id\na -> d writes=t", &["unstated d"]);
        // Put down, then settled: one row; and what was found is not what is made.
        case("", "size = 70B", &format!("{write}\n{write}"), &["unstated d"]);
        case("", "size = 5B", &format!("{write}\n{write}"), &[]);
        case("", "size = 400B", "a -> d reads=t by=x\na -> d writes=t", &[]);
        case("", "size = 400B", "a -> d reads=t\na -> d writes=t", &["unstated d"]);
        case("", "size = 400B", "a -> d writes=t conditional", &[]);
        case("", "rows = 500/s * 2y", "a -> d writes=t conditional", &["unstated d"]);
        // 16 B are 252 GB: said to be for ever, it may have been meant.
        let severity = |size: &str| {
            let text = format!(
                "client u\nservice a\npostgres d {{ table t {{ key id; {size}; ttl = none }} }}\nflow f rate=500/s {{ u -> a -> d writes=t }}"
            );
            run(&RULE, &Facts::new(&design(&text))).first().map(|finding| finding.severity)
        };
        assert_eq!(severity("size = 400B"), Some(Severity::Warning));
        assert_eq!(severity("size = 16B"), Some(Severity::Info));
        assert_eq!(severity("size = 4B"), None);
        case("", "size = 4B", write, &[]);
        case("", "index x", write, &[]);
        // A worker takes what waits, and says that it is done.
        let worked_off = |table: &str, expected: &[&str]| {
            let text = format!(
                "worker w x2\npostgres d {{ table t {{ {table}; size = 400B }} }}\nflow f rate=500/s {{ w -> d reads=t by=state limit=10\nw -> d writes=t }}"
            );
            expect(&RULE, &text, expected);
        };
        worked_off("key id; index state", &[]);
        worked_off("key job, at; index state", &["unstated d"]);
        case("", "size = 400B", "a -> d reads=t", &[]);
    }
}
