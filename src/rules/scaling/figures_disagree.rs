use std::collections::HashSet;

use petgraph::graph::NodeIndex;

use crate::design::{Flow, Node, Setting, Table};
use crate::diagnostic::{Diagnostic, Severity};
use crate::numbers::expected_rows;
use crate::rules::facts::finds_one;
use crate::rules::{Confidence, Facts, Group, Page, Rule};
use crate::units::{show_count, show_duration, show_number, show_rate};

pub static RULE: Rule = Rule {
    id: "figures-disagree",
    severity: Severity::Warning,
    confidence: Confidence::High,
    grave: false,
    group: Group::Scaling,
    summary: "a number that is stated is not the one that follows from the others",
    question: None,
    reads: &[
        "batch",
        "by",
        "capacity",
        "concurrency",
        "conditional",
        "latency",
        "peak",
        "rate",
        "reads",
        "rows",
        "ttl",
        "writes",
    ],
    page: Page {
        checks: "Figures of which a design states more than it needs: the rows of a table, the capacity of a node, the peak of a flow.",
        when: "A table's `rows` against what its flows write (their rates, on hops with `writes=` that name it; what comes in a `batch` of 100 is 100 rows) times its \
               `ttl`, unless rows are changed rather than added: a write of it is `conditional`, its flow has read it before by its whole key or a `unique`, or \
               its name ends with what is updated by nature (`status`, `state`, `position`, `location`, `session`, `presence`, `counter`, `balance`, `stock`, `setting`, `profile`, `cart`, `quota`); a node's `capacity` against its `concurrency` divided by its `latency`: a remark where one is more than twice the \
               other, a warning where it is more than ten times. And a warning where a flow's `peak` is below its `rate`. Silent where \
               a number of the three is missing.",
        why: "One of the numbers is wrong, and everything that was sized by it is. An estimate is worth having because it can be \
              checked two ways; an interviewer will do so.",
        outage: None,
        bad: "client web\nlb front managed\nservice links x3\npostgres store x2 {\n  table link { key code; rows=1M; ttl=1y }\n}\n\
              flow shorten rate=10/s { web -> front -> links -> store writes=link }\n",
        good: "client web\nlb front managed\nservice links x3\npostgres store x2 {\n  table link { key code; rows=315M; ttl=1y }\n}\n\
               flow shorten rate=10/s { web -> front -> links -> store writes=link }\n",
        ignore: "Most of what is written replaces a row that is there, and so adds none.",
    },
    check,
};

/// More than this is another number, less is rounding and growth.
const OTHER: f64 = 2.0;
/// More than this is a mistake in units or in arithmetic.
const ORDER: f64 = 10.0;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let changed = changed(facts);
    for index in facts.design.graph.node_indices() {
        let node = facts.node(index);
        found.extend(capacity(node));
        for table in &node.tables {
            if changed.contains(&(index, table.id.as_str())) || is_updated_by_nature(table) {
                continue;
            }
            let Some(expected) = expected_rows(facts.design, index, table) else { continue };
            found.extend(rows(node, table, expected.value, &expected.reached));
        }
    }
    found.extend(facts.design.flows.iter().filter_map(peak));
    found
}

/// Tables of which some write changes a row that is there: how many it adds cannot be reckoned.
fn changed<'d>(facts: &Facts<'d>) -> HashSet<(NodeIndex, &'d str)> {
    let mut changed = HashSet::new();
    let mut read: HashSet<(Option<usize>, NodeIndex, &str)> = HashSet::new();
    for step in &facts.design.steps {
        let holder = facts.holder(step.to);
        for table in facts.tables_written(step) {
            if step.attrs.has("conditional") || read.contains(&(step.flow, holder, &table.id)) {
                changed.insert((holder, table.id.as_str()));
            }
        }
        for table in facts.tables_read(step) {
            if finds_one(table, step.attrs.words("by")) {
                read.insert((step.flow, holder, &table.id));
            }
        }
    }
    changed
}

/// What somebody or something has one of, whose row is written again.
fn is_updated_by_nature(table: &Table) -> bool {
    let name = table.id.to_lowercase();
    let name =
        name.strip_suffix('s').filter(|_| !name.ends_with("ss") && !name.ends_with("us")).unwrap_or(&name);
    let last = name.rsplit(['_', '-']).next().unwrap_or(name);
    let words = [
        "status", "state", "position", "location", "session", "presence", "counter", "balance", "stock",
        "setting", "profile", "cart", "quota",
    ];
    words.contains(&last)
}

fn rows(node: &Node, table: &Table, expected: f64, reached: &[String]) -> Option<Diagnostic> {
    let stated = table.attrs.number("rows").value()?;
    let times = ratio(stated, expected)?;
    let setting = table.attrs.get("rows")?;
    let message = format!(
        "`{}` is said to have {} rows, and by what is written into it there are {}",
        table.id,
        show_count(stated),
        show_count(expected)
    );
    let found = disagreement(message, setting, times).node(&node.id);
    let found = reached.iter().fold(found, |found, line| found.evidence(line.clone()));
    Some(
        found
            .consequence(format!(
                "{} is sized by it, and so for {}",
                node.name(),
                if stated < expected { "too little" } else { "too much" }
            ))
            .fix(format!("`rows={}`, or the rate or `ttl` that was meant", show_count(expected))),
    )
}

fn capacity(node: &Node) -> Option<Diagnostic> {
    let setting = node.attrs.get("capacity")?;
    let stated = node.attrs.number("capacity").value()?;
    let at_once = node.attrs.number("concurrency").value()?;
    let latency = node.attrs.number("latency").value().filter(|latency| *latency > 0.0)?;
    let expected = at_once / latency;
    let times = ratio(stated, expected)?;
    let name = node.name();
    let message = format!(
        "one instance of {name} is said to carry {}, and {} at once of {} each are {}",
        show_rate(stated),
        show_number(at_once),
        show_duration(latency),
        show_rate(expected)
    );
    Some(
        disagreement(message, setting, times)
            .node(&node.id)
            .evidence(format!(
                "{} / {} = {}",
                show_number(at_once),
                show_duration(latency),
                show_rate(expected)
            ))
            .consequence(format!(
                "the number of instances of {name} is right by one of the two numbers and wrong by the other"
            ))
            .fix(format!(
                "`capacity={}/s`, or the `concurrency` or `latency` that was meant",
                expected.round()
            )),
    )
}

fn peak(flow: &Flow) -> Option<Diagnostic> {
    let [rate, peak] = ["rate", "peak"].map(|name| flow.attrs.number(name).value());
    let (rate, peak) = rate.zip(peak).filter(|(rate, peak)| peak < rate)?;
    let message = format!(
        "flow `{}` happens {} on average and {} at its peak",
        flow.id,
        show_rate(rate),
        show_rate(peak)
    );
    Some(
        Diagnostic::wrong(message, flow.attrs.get("peak")?.span, "below the average")
            .flows([flow.id.clone()])
            .evidence(format!("{} < {}", show_rate(peak), show_rate(rate)))
            .consequence("everything that is sized for the peak is too small on an ordinary day".to_string())
            .fix("`peak` above `rate`: two to five times is usual where people are awake in one part of the world".to_string()),
    )
}

/// How many times one is the other, where that is too much to be rounding.
fn ratio(stated: f64, expected: f64) -> Option<f64> {
    let times = (stated / expected).max(expected / stated);
    (stated > 0.0 && expected > 0.0 && times > OTHER).then_some(times)
}

fn disagreement(message: String, setting: &Setting, times: f64) -> Diagnostic {
    let found = Diagnostic::wrong(message, setting.span, format!("{} times apart", show_number(times)));
    if times > ORDER { found } else { found.at_most(Severity::Info) }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::diagnostic::Severity;
    use crate::rules::testing::{design, expect};
    use crate::rules::{Facts, run};

    fn table(rows: &str) -> String {
        format!(
            "client u\nservice a x2\npostgres d {{ table t {{ key i; {rows} }} }}\nflow f rate=10/s {{ u -> a -> d writes=t }}"
        )
    }

    #[test]
    fn rows() {
        let case = |rows: &str, expected: &[&str]| expect(&RULE, &table(rows), expected);
        case("rows=1M; ttl=1y", &["wrong d"]);
        case("rows=10G; ttl=1y", &["wrong d"]);
        case("rows=300M; ttl=1y", &[]);
        // Nothing to hold it against.
        case("rows=1M", &[]);
        case("ttl=1y", &[]);
    }

    #[test]
    fn rows_that_are_changed() {
        let case = |table: &str, write: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a x2\npostgres d {{ table {table} {{ key i; unique k; rows=1M; ttl=1y }} }}\n\
                 flow f rate=10/s {{ u -> a\n{write} }}"
            );
            expect(&RULE, &text, expected);
        };
        case("t", "a -> d writes=t", &["wrong d"]);
        case("t", "a -> d writes=t conditional", &[]);
        case("t", "a -> d reads=t by=i\na -> d writes=t", &[]);
        case("t", "a -> d reads=t by=k\na -> d writes=t", &[]);
        case("t", "a -> d reads=t by=x\na -> d writes=t", &["wrong d"]);
        case("t", "a -> d writes=t\na -> d reads=t by=i", &["wrong d"]);
        case("session", "a -> d writes=session", &[]);
        case("order_status", "a -> d writes=order_status", &[]);
        case("positions", "a -> d writes=positions", &[]);
        case("address", "a -> d writes=address", &["wrong d"]);
    }

    #[test]
    fn a_batch_is_so_many_rows() {
        let text = |rows: &str| {
            format!(
                "client u\nservice a x2\npostgres d {{ table t {{ key i; rows={rows}; ttl=1y }} }}\n\
                 flow f rate=1k/s {{ u -> a -> d writes=t batch=100 }}"
            )
        };
        expect(&RULE, &text("31G"), &[]);
        expect(&RULE, &text("310M"), &["wrong d"]);
    }

    #[test]
    fn ten_times_weighs_more_than_twice() {
        let severity = |rows: &str| run(&RULE, &Facts::new(&design(&table(rows))))[0].severity;
        assert_eq!(severity("rows=100M; ttl=1y"), Severity::Info);
        assert_eq!(severity("rows=1M; ttl=1y"), Severity::Warning);
    }

    #[test]
    fn capacity_and_peak() {
        let expect = |text: &str, expected: &[&str]| expect(&RULE, text, expected);
        expect("service a capacity=10k/s concurrency=100 latency=100ms", &["wrong a"]);
        expect("service a capacity=900/s concurrency=100 latency=100ms", &[]);
        expect("service a capacity=10k/s concurrency=100", &[]);
        expect("client u\nservice a\nflow f rate=10/s peak=5/s { u -> a }", &["wrong f"]);
        expect("client u\nservice a\nflow f rate=10/s peak=10/s { u -> a }", &[]);
    }
}
