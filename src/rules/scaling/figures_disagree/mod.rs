mod hit_rates;
mod limits;

use std::collections::HashMap;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::rows::{Write, Writes, row_writes};
use crate::design::{Arrow, Flow, Node, Setting, Table};
use crate::diagnostic::{Diagnostic, Severity};
use crate::numbers::{caches, expected_rows};
use crate::rules::facts::finds_one;
use crate::rules::{Confidence, Facts, Group, Page, Rule};
use crate::units::{show_count, show_duration, show_number, show_rate};
use hit_rates::hit_rate;
use limits::allowed;

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
        "hit_rate",
        "latency",
        "latency_p99",
        "limit_by",
        "memory",
        "p50",
        "p99",
        "peak",
        "rate",
        "rate_limit",
        "reads",
        "rows",
        "ttl",
        "users",
        "writes",
    ],
    page: Page {
        checks: "Figures of which a design states more than it needs: the rows of a table, the capacity of a node, the hit rate of a cache, \
                 what all users together may ask for, and pairs of which one cannot be below the other.",
        when: "A table's `rows` against what its flows write (their rates, on hops with `writes=` that name it; what comes in a `batch` of 100 is 100 rows) times its \
               `ttl`. Rows that are changed are not added: a write with `by=` says which. Silent where a write of the table may be of a row that is there: \
               it is `conditional`; its flow has read the table before with a `by=`, has written it before without (unless the later line has a `share`), or a worker or what a timer or worker started has read it before (what waits there is worked off); \
               its name ends with what is updated by nature (`status`, `state`, `position`, `location`, `session`, `presence`, `counter`, `balance`, `stock`, `setting`, `profile`, `cart`, `quota`); \
               the one field of its key is the key of something else (a `ref`, another table of the store, or a `user`, `account`, `customer`, `member`, `owner`, `tenant`, `org`, `device`, `driver`, `vehicle`, `sku`, with or without `_id`); \
               none of several fields of its key is new with each row (ends with `id`, `uuid`, `code`, `at`, `time`, `timestamp`, `ts`, `seq`, `sequence`, `offset`, `number`, `no`, `nr`, `num`, `version`, `revision`, and is not the key of something else); or the flow's label begins with PUT, PATCH, DELETE, \
               Update, Upsert, Set, Change, Edit, Rename, Mark, Replace, Overwrite, Refresh, Renew, Reset, Toggle, Adjust, Correct, Cancel or Remove. Silent too where fewer are stated and another flow finds each row by a key of several fields and writes it (what was delivered may be gone). A key of several fields with a time or a running number (`at`, `time`, `timestamp`, `ts`, `seq`, `sequence`, `offset`) goes on whatever the table's name and the label say. Further: a node's `capacity` against its `concurrency` divided by its `latency` (below that only where it calls nobody, since `latency` is without what it waits for); the `rate` that flows bring from clients to a node with a `rate_limit` for each of them \
               (`limit_by` is `user`, `ip` or not said) against that limit times the `users` of these clients, where it is more; a cache's `hit_rate` where it is above what it \
               can be at most, or, with `memory` stated, below what it is at least (`spof numbers --why` of the cache reckons both: from the requests within its `ttl`, the `rows` and `skew` of the one table it keeps, and how many fit in its `memory`): a remark where one is more than twice the \
               other, a warning where it is more than ten times. And a warning where a flow's `peak` is below its `rate` or its `p99` below its `p50`, or a node's `latency_p99` below its `latency`, which is a mean. Silent where \
               a number is missing.",
        why: "One of the numbers is wrong, and everything that was sized by it is. An estimate is worth having because it can be \
              checked two ways; an interviewer will do so.",
        outage: None,
        bad: "client web\nlb front managed\nservice links x3\npostgres store x2 {\n  table link { key code; rows=1M; ttl=1y }\n}\n\
              flow shorten rate=10/s { web -> front -> links -> store writes=link }\n",
        good: "client web\nlb front managed\nservice links x3\npostgres store x2 {\n  table link { key code; rows=315M; ttl=1y }\n}\n\
               flow shorten rate=10/s { web -> front -> links -> store writes=link }\n",
        ignore: "Most of what is written replaces a row that is there, and so adds none: say `by=` its key on the hop.",
    },
    check,
};

/// More than this is another number, less is rounding and growth.
const OTHER: f64 = 2.0;
/// More than this is a mistake in units or in arithmetic.
const ORDER: f64 = 10.0;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let writes = row_writes(facts.design);
    let mut nodes = facts.design.graph.node_weights();
    let stated = nodes.any(|node| node.kind == Kind::Cache && node.attrs.number("hit_rate").is_yes());
    let caches = if stated { caches(facts.design) } else { HashMap::new() };
    for index in facts.design.graph.node_indices() {
        let node = facts.node(index);
        found.extend(capacity(facts, index));
        found.extend(node_latency(node));
        found.extend(caches.get(&index).and_then(|cache| hit_rate(node, cache)));
        found.extend(allowed(facts, index));
        for table in &node.tables {
            let Some(expected) = expected_rows(facts.design, &writes, index, table) else { continue };
            // What has been delivered or done may be gone before its time; the language has no word for that.
            let may_be_gone = || {
                table.attrs.number("rows").value() < Some(expected.value)
                    && is_found_later(&writes, index, table)
            };
            if !may_be_gone() {
                found.extend(rows(node, table, expected.value, &expected.reached));
            }
        }
    }
    found.extend(facts.design.flows.iter().filter_map(peak));
    found.extend(facts.design.flows.iter().filter_map(flow_latency));
    found
}

/// Some flow adds rows, and another one finds each by its key and writes it: a receipt, which may well remove it.
fn is_found_later(writes: &Writes, store: NodeIndex, table: &Table) -> bool {
    let Some(writes) = writes.get(&(store, table.id.as_str())) else { return false };
    let adders: Vec<_> =
        writes.iter().filter(|(_, write)| *write == Write::Adds).map(|(step, _)| step.flow).collect();
    writes.iter().any(|(step, write)| {
        *write == Write::Changes
            && table.keys.len() >= 2
            && finds_one(table, step.attrs.words("by"))
            && !adders.contains(&step.flow)
    })
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

fn capacity(facts: &Facts, index: NodeIndex) -> Option<Diagnostic> {
    let node = facts.node(index);
    let setting = node.attrs.get("capacity")?;
    let stated = node.attrs.number("capacity").value()?;
    let at_once = node.attrs.number("concurrency").value()?;
    let latency = node.attrs.number("latency").value().filter(|latency| *latency > 0.0)?;
    let expected = at_once / latency;
    // Most of those at once may be waiting for what they call, which `latency` leaves out: then it carries less than that.
    let waits = || facts.design.graph.edges(index).any(|edge| edge.weight().arrow == Arrow::Call);
    if stated < expected && waits() {
        return None;
    }
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

/// A mean above what all but one in a hundred stay below.
fn node_latency(node: &Node) -> Option<Diagnostic> {
    let [mean, most] = ["latency", "latency_p99"].map(|name| node.attrs.number(name).value());
    let (mean, most) = mean.zip(most).filter(|(mean, most)| most < mean)?;
    let (name, hundredth) = (node.name(), (mean - 0.99 * most) / 0.01);
    let [mean, most, hundredth] = [mean, most, hundredth].map(show_duration);
    Some(
        Diagnostic::wrong(
            format!("{name} takes {mean} on average, and 99 of 100 requests take {most} at most"),
            node.attrs.get("latency_p99")?.span,
            "below the mean",
        )
        .node(&node.id)
        .evidence(format!(
            "({mean} - 0.99 x {most}) / 0.01 = {hundredth}: what the hundredth would have to take"
        ))
        .consequence(format!(
            "timeouts and capacity of {name} follow one of the two, and are wrong by the other"
        ))
        .fix(format!("`latency_p99` of {name} above its `latency`: three to ten times is usual")),
    )
}

fn flow_latency(flow: &Flow) -> Option<Diagnostic> {
    let [half, most] = ["p50", "p99"].map(|name| flow.attrs.number(name).value());
    let (half, most) = half.zip(most).filter(|(half, most)| most < half)?;
    let [half, most] = [half, most].map(show_duration);
    Some(
        Diagnostic::wrong(
            format!("half of flow `{}` is answered within {half}, and 99 of 100 within {most}", flow.id),
            flow.attrs.get("p99")?.span,
            "below the median",
        )
        .flows([flow.id.clone()])
        .evidence(format!("{most} < {half}: 99 of 100 cannot be quicker than 50"))
        .consequence(
            "one of the two is promised to somebody, and the design is measured by the other".to_string(),
        )
        .fix("`p99` above `p50`; they may have changed places".to_string()),
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
        case("t", "a -> d reads=t by=x\na -> d writes=t", &[]);
        case("t", "a -> d reads=t\na -> d writes=t", &["wrong d"]);
        case("t", "a -> d writes=t\na -> d writes=t", &[]);
        case("t", "a -> d writes=t\na -> d reads=t by=i", &["wrong d"]);
        case("session", "a -> d writes=session", &[]);
        case("order_status", "a -> d writes=order_status", &[]);
        case("positions", "a -> d writes=positions", &[]);
        case("address", "a -> d writes=address", &["wrong d"]);
        // Which row it is, is said; what another line adds still counts.
        case("t", "a -> d writes=t by=i", &[]);
        case("t", "a -> d writes=t by=i\na -> d writes=t", &["wrong d"]);
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
        // Twenty put together and handed out to twenty: one each, or all to all?
        let apart = |rest: &str| {
            format!(
                "client u\nservice a\nservice b\npostgres d {{ table t {{ key i; rows=31G; ttl=1y }} }}\n\
                 flow f rate=1k/s {{ u -> a -> b batch=20 -> d writes=t {rest} }}"
            )
        };
        // Delivered, and perhaps removed; changed by its number only.
        let inbox = |key: &str, by: &str, rows: &str| {
            format!(
                "client u\nservice a\npostgres d {{ table t {{ key {key}; rows={rows}; ttl=30d }} }}\n\
                 flow f rate=1k/s {{ u -> a -> d writes=t }}\nflow g rate=1k/s {{ u -> a -> d writes=t by={by} }}"
            )
        };
        expect(&RULE, &inbox("device, id", "[device, id]", "5M"), &[]);
        expect(&RULE, &inbox("device, id", "[device, id]", "50G"), &["wrong d"]);
        expect(&RULE, &inbox("device, id", "device", "5M"), &["wrong d"]);
        expect(&RULE, &inbox("id", "id", "5M"), &["wrong d"]);
        expect(&RULE, &apart("fanout=20"), &[]);
        expect(&RULE, &apart(""), &[]);
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
        // A hundred threads that wait for somebody else, 8 ms of work each.
        expect("service a capacity=100/s concurrency=100 latency=8ms", &["wrong a"]);
        expect("service a capacity=100/s concurrency=100 latency=8ms\nexternal b\na -> b", &[]);
        expect("service a capacity=100k/s concurrency=100 latency=8ms\nexternal b\na -> b", &["wrong a"]);
        expect("service a capacity=10k/s concurrency=100", &[]);
        expect("client u\nservice a\nflow f rate=10/s peak=5/s { u -> a }", &["wrong f"]);
        expect("client u\nservice a\nflow f rate=10/s peak=10/s { u -> a }", &[]);
    }

    #[test]
    fn one_below_the_other() {
        let expect = |text: &str, expected: &[&str]| expect(&RULE, text, expected);
        expect("service a latency=50ms latency_p99=20ms", &["wrong a"]);
        expect("service a latency=20ms latency_p99=20ms", &[]);
        expect("client u\nservice a\nflow f p50=2s p99=1s { u -> a }", &["wrong f"]);
        expect("client u\nservice a\nflow f p50=1s p99=2s { u -> a }", &[]);
    }
}
