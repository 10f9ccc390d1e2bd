use std::collections::{HashMap, HashSet};

use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::facts::Miss;
use crate::rules::{Confidence, Facts, Group, Page, Rule};
use crate::source::Span;
use crate::units::{show_number, show_rate};

pub static RULE: Rule = Rule {
    id: "pointless-cache",
    severity: Severity::Info,
    confidence: Confidence::Low,
    grave: false,
    group: Group::Caching,
    summary: "a cache answers so little that it costs more than it saves",
    question: None,
    reads: &["hit_rate", "latency", "peak", "rate", "reads", "writes"],
    page: Page {
        checks: "Caches in front of a store: how much they save, by the design's own numbers.",
        when: "A cache has a way past it to a store (`on=miss`, or a call of its own), and states a `hit_rate` below 30 %, unless a store behind it states a `latency` so long that the few hits save 10 ms or more of each request on average (`hit_rate` times `latency`: 12 % of 300 ms); or the tables that \
               are loaded into it, as hops name them in `reads=`, are written (`writes=`) more often than the cache is asked, all rates known. Silent where \
               numbers are missing.",
        why: "Each miss costs a round trip more than no cache would, and each entry that is rewritten before it is read again \
              was loaded for nothing. What remains is one more thing that can be down, and answers that are sometimes old.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x4\nredis hot x2 ttl=1min hit_rate=10% failover=auto stampede=single-flight\npostgres store x2 failover=auto\n\
              flow show { web -> front -> api -> hot reads\n  api -> store reads on=miss }\n",
        good: "client web\nlb front managed\nservice api x4\npostgres store x2 failover=auto\n\
               flow show { web -> front -> api -> store reads }\n",
        ignore: "The few entries that it answers are very expensive to make.",
    },
    check,
};

const POOR: f64 = 0.3;
/// Saved of each request, on average: ten times what asking the cache costs.
const WORTH_IT: f64 = 0.01;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let written = written(facts);
    for (cache, misses) in facts.misses_by_cache() {
        let node = facts.node(cache);
        let name = node.name();
        let store = facts.node(misses[0].store).name();
        let rate = node.attrs.number("hit_rate");
        let slowest = misses.iter().filter_map(|miss| facts.node(miss.store).attrs.number("latency").value());
        let slowest = slowest.fold(0.0, f64::max);
        let poor =
            rate.value().zip(rate.span()).filter(|(rate, _)| *rate < POOR && rate * slowest < WORTH_IT);
        let finding = if let Some((rate, span)) = poor {
            let hits = show_number(rate * 100.0);
            Diagnostic::wrong(
                format!("{name} answers {hits} % itself: the other requests ask it, and then {store}"),
                span,
                "two round trips for the rest",
            )
            .evidence(format!("{} of 100 requests miss", show_number(100.0 - rate * 100.0)))
        } else if let Some((written, asked)) = rewritten(facts, &misses, &written) {
            Diagnostic::wrong(
                format!("what {name} keeps is written more often than it is asked for"),
                node.span,
                "old before it is read",
            )
            .evidence(format!("written {}, asked {}", show_rate(written), show_rate(asked)))
        } else {
            continue;
        };
        found.push(
            finding
                .node(&node.id)
                .consequence(format!(
                    "{name} is one more thing to run and to be woken for, most requests are slower for it, and {store} notices little"
                ))
                .fix(format!("no {name} at all: read {store} directly; or longer-lived keys that more requests share")),
        );
    }
    found
}

/// How often each table is written; None where some hop that writes it has no known rate.
fn written(facts: &Facts) -> HashMap<Span, Option<f64>> {
    let mut written: HashMap<Span, Option<f64>> = HashMap::new();
    for step in &facts.design.steps {
        for table in facts.tables_written(step) {
            let rate = facts.busiest(step);
            let sum = written.entry(table.span).or_insert(Some(0.0));
            *sum = sum.zip(rate).map(|(sum, rate)| sum + rate);
        }
    }
    written
}

/// How often the loaded tables are written, and the cache asked, where the first is more.
fn rewritten(facts: &Facts, misses: &[&Miss], written: &HashMap<Span, Option<f64>>) -> Option<(f64, f64)> {
    let asked = facts.asked_of(misses)?;
    let loaded: HashSet<Span> =
        misses.iter().flat_map(|miss| facts.tables_read(miss.load)).map(|table| table.span).collect();
    let writes: f64 = loaded.iter().filter_map(|table| written.get(table)).copied().sum::<Option<f64>>()?;
    (writes > asked).then_some((writes, asked))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |cache: &str, read: &str, write: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a x2\nredis c {cache}\npostgres d {{ table t {{ key k }} }}\n\
                 flow f {read} {{ u -> a -> c reads\na -> d reads=t by=k on=miss }}\n\
                 flow g {write} {{ u -> a -> d writes=t }}"
            );
            expect(&RULE, &text, expected);
        };
        case("hit_rate=10%", "", "", &["wrong c"]);
        case("", "rate=10/s", "rate=100/s", &["wrong c"]);
        case("hit_rate=60%", "", "", &[]);
        let slow = "client u\nservice a x2\nredis c hit_rate=12%\npostgres d latency=300ms\n\
                    flow f { u -> a -> c reads\na -> d reads on=miss }";
        expect(&RULE, slow, &[]);
        expect(&RULE, &slow.replace("300ms", "5ms"), &["wrong c"]);
        case("", "rate=100/s", "rate=10/s", &[]);
        case("", "rate=10/s", "", &[]);
        case("", "", "rate=10/s", &[]);
    }
}
