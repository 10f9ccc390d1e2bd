use std::collections::{HashMap, HashSet};

use petgraph::graph::NodeIndex;

use crate::catalog::Grade;
use crate::design::Node;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::numbers::Capacity;
use crate::rules::facts::Miss;
use crate::rules::{Confidence, Facts, Group, Outage, Page, Question, Rule};
use crate::units::{show_number, show_rate};

pub static RULE: Rule = Rule {
    id: "cache-loss-overloads-store",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: true,
    group: Group::Caching,
    summary: "without its cache, a store gets more than it can serve",
    question: Some(Question {
        topic: "cold cache",
        text: "the cache comes back empty: can the store serve everything until it is warm?",
    }),
    reads: &["autoscale", "bulkhead", "capacity", "failover", "hit_rate", "rate", "stampede", "warm"],
    page: Page {
        checks: "Stores behind a cache: whether they can serve what the cache takes off them when it is empty.",
        when: "The rate at which a cache is asked is known (at the flow's `peak`, where given), a hop to a store is taken \
               `on=miss`, and all of those requests together with the store's other known load exceed the `capacity` of \
               its instances. Where the capacity is its technology's default it is a warning at most, and only a question \
               where that default is a rule of thumb. A warning at most if the cache is managed or has a second instance \
               and `failover=auto`, since it rarely empties whole; a remark if `stampede=` is stated, which holds back \
               repeated loads of one entry but not the first load of each. Silent with a `bulkhead` on the hops taken \
               on a miss (or their caller), and where a number is missing. With `warm` on the cache it is a warning at most: \
               what is filled before it takes traffic survives a deployment, not a crash.",
        why: "A restart, a flush, a new version of the key format or a failover empties a cache in a second. The store behind \
              it was sized for what the cache lets through. It slows down, loads time out before they can fill the cache, \
              so the cache stays empty: the system does not come back by itself.",
        outage: Some(Outage {
            name: "Slack, 2022",
            what: "removing cache nodes put a high load on the database cluster behind, which caused the outage",
            link: "https://slack.engineering/slacks-incident-on-2-22-22/",
        }),
        bad: "client web\nlb front managed\nservice api x8\nredis hot hit_rate=90%\npostgres store x2 capacity=5k/s\n\
              flow show rate=40k/s { web -> front -> api -> hot reads\napi -> store reads on=miss }\n",
        good: "client web\nlb front managed\nservice api x8\nredis hot hit_rate=90% stampede=single-flight\npostgres store x2 capacity=5k/s\n\
               flow show rate=40k/s { web -> front -> api -> hot reads\napi -> store reads on=miss bulkhead=200 }\n",
        ignore: "The callers shed what the store cannot take, and a slow hour after a restart is acceptable.",
    },
    check,
};

/// Below this, nobody wonders whether a store can do without its cache.
const CONSIDERABLE: f64 = 100.0;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let misses = facts.misses();
    // By cache and store, in the order of the file.
    let mut pairs: Vec<Vec<&Miss>> = Vec::new();
    let mut places: HashMap<(NodeIndex, NodeIndex), usize> = HashMap::new();
    for miss in misses {
        let at = *places.entry((miss.cache, miss.store)).or_insert(pairs.len());
        if at == pairs.len() {
            pairs.push(Vec::new());
        }
        pairs[at].push(miss);
    }
    let mut loads: HashMap<NodeIndex, f64> = HashMap::new();
    for step in facts.design.steps.iter().filter(|_| !pairs.is_empty()) {
        *loads.entry(step.to).or_default() += facts.busiest(step).unwrap_or(0.0);
    }
    pairs.iter().filter_map(|between| cold(facts, between, loads[&between[0].store])).collect()
}

/// The load of a store when one cache before it is empty, if it is too much. `known` is what reaches it while it is warm.
fn cold(facts: &Facts, misses: &[&Miss], known: f64) -> Option<Diagnostic> {
    let first = misses[0];
    let (hot, store) = (facts.node(first.cache), facts.node(first.store));
    if misses.iter().all(|miss| miss.is_bounded(facts)) {
        return None;
    }
    if let Some(wants) = missing(facts, misses, store) {
        return Some(Diagnostic::not_evaluated(wants, store.span));
    }
    let asked: f64 = misses.iter().map(|miss| miss.asked(facts)).sum::<Option<f64>>()?;
    let cold: f64 = misses.iter().map(|miss| miss.cold(facts)).sum::<Option<f64>>()?;
    let warm: Option<f64> = misses.iter().map(|miss| facts.busiest(miss.load)).sum();
    let own: f64 = misses.iter().filter_map(|miss| facts.busiest(miss.load)).sum();
    let beside = if known - own > known * 1e-6 { known - own } else { 0.0 };
    let capacity = Capacity::of(store)?;
    let total = capacity.total();
    if cold + beside <= total {
        return None;
    }
    let (name, behind) = (hot.name(), store.name());
    let times = show_number((cold + beside) / total);
    let message = format!("when {name} is empty, {behind} gets {times} times what it can serve");
    let label = match warm {
        Some(warm) => {
            format!("{} while {name} is warm, {} while it is cold", show_rate(warm), show_rate(cold))
        }
        None => format!("{} while {name} is cold", show_rate(cold)),
    };
    let finding = match capacity.grade {
        Some(Grade::C) => Diagnostic::unstated(message, first.load.span, label).question(format!(
            "{name} comes back empty: can {behind} serve {} until it is warm again?",
            show_rate(cold + beside)
        )),
        _ => Diagnostic::wrong(message, first.load.span, label),
    };
    let rarely_empty =
        hot.is_managed() || (hot.instances >= 2 && hot.attrs.text("failover").value() == Some("auto"));
    let most = if hot.attrs.has("stampede") {
        Severity::Info
    } else if rarely_empty || hot.attrs.has("warm") || capacity.grade.is_some() {
        Severity::Warning
    } else {
        Severity::Error
    };
    let mut sum = format!("{} × (1 − 0 % hits)", show_rate(asked));
    if (cold - asked).abs() > asked * 1e-6 {
        sum += &format!(" × {}", show_number(cold / asked));
    }
    sum += &format!(" = {}", show_rate(cold));
    if beside > 0.0 {
        sum += &format!(", and {} beside it", show_rate(beside));
    }
    let assumed = if capacity.grade.is_some() { " (assumed)" } else { "" };
    sum += &format!(
        "; {behind}: {} × {} = {}{assumed}",
        show_number(capacity.instances),
        show_rate(capacity.each),
        show_rate(total)
    );
    let stampede =
        if hot.attrs.has("stampede") { "" } else { &format!("`stampede=single-flight` on {name} and ") };
    Some(
        finding
            .at_most(most)
            .node(&hot.id)
            .node(&store.id)
            .hop(facts.id(first.load.from), &store.id)
            .flows(flows(facts, misses))
            .evidence(sum)
            .consequence(format!(
                "{name} restarts empty, every request goes to {behind}, which slows down until loads time out; so nothing fills {name} again"
            ))
            .mend(Mend::hop(facts.id(first.load.from), &store.id, "bulkhead=100"))
            .fix(format!(
                "{stampede}`bulkhead=100` on `{} -> {}`, so that no more than it can serve are loading; or instances of {behind} that carry {}",
                facts.id(first.load.from),
                store.id,
                show_rate(cold + beside)
            )),
    )
}

/// The one number without which nothing can be said; None where all are known, or more than one is missing.
fn missing(facts: &Facts, misses: &[&Miss], store: &Node) -> Option<String> {
    let unrated: HashSet<&str> = misses
        .iter()
        .filter(|miss| miss.asked(facts).is_none())
        .filter_map(|miss| facts.flow_of(miss.load))
        .filter(|flow| flow.attrs.number("rate").is_unstated())
        .map(|flow| flow.id.as_str())
        .collect();
    let busy = facts.asked_of(misses).is_some_and(|asked| asked >= CONSIDERABLE);
    match Capacity::of(store) {
        Some(capacity) if capacity.grade.is_none() && unrated.len() == 1 => {
            unrated.into_iter().next().map(|flow| format!("`rate` of `{flow}`"))
        }
        None if busy && !store.is_managed() && !store.attrs.has("autoscale") => {
            Some(format!("`capacity` of {}", store.name()))
        }
        _ => None,
    }
}

fn flows(facts: &Facts, misses: &[&Miss]) -> Vec<String> {
    let mut flows: Vec<String> =
        misses.iter().filter_map(|miss| facts.flow_of(miss.load)).map(|flow| flow.id.clone()).collect();
    flows.dedup();
    flows
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::diagnostic::Severity;
    use crate::rules::testing::{design, expect};
    use crate::rules::{Facts, run};

    fn text(cache: &str, store: &str, flow: &str, miss: &str) -> String {
        format!(
            "client u\nservice a x2\nredis c {cache}\n{store}\n\
             flow f {flow} {{ u -> a -> c reads\na -> d reads on=miss {miss} }}"
        )
    }

    #[test]
    fn cases() {
        let case = |cache: &str, store: &str, flow: &str, miss: &str, expected: &[&str]| {
            expect(&RULE, &text(cache, store, flow, miss), expected);
        };
        case("hit_rate=90%", "database d capacity=500/s", "rate=1k/s", "", &["wrong c, d"]);
        case("", "database d capacity=500/s", "rate=1k/s", "", &["wrong c, d"]);
        case("", "database d capacity=500/s", "rate=400/s peak=1k/s", "", &["wrong c, d"]);
        // It can carry everything: by size, by copies, or because little is asked.
        case("", "database d capacity=2k/s", "rate=1k/s", "", &[]);
        case("", "database d x3 capacity=500/s", "rate=1k/s", "", &[]);
        case("hit_rate=90%", "postgres d", "rate=10/s", "", &[]);
        case("", "database d capacity=500/s", "rate=1k/s", "share=10%", &[]);
        case("", "database d capacity=500/s", "rate=300/s", "calls=2", &["wrong c, d"]);
        // A number is missing.
        case("hit_rate=90%", "database d", "rate=1M/s", "", &["wants capacity of d"]);
        case("hit_rate=90%", "database d", "rate=50/s", "", &[]);
        case("hit_rate=90%", "dynamodb d", "rate=1M/s", "", &[]);
        case("hit_rate=90%", "database d capacity=500/s", "", "", &["wants rate of f"]);
        case("hit_rate=90%", "database d", "", "", &[]);
        case("hit_rate=90%", "database d capacity=500/s autoscale", "rate=1k/s", "", &[]);
        // A rule of thumb is no proof.
        case("hit_rate=90%", "postgres d", "rate=40k/s", "", &["unstated c, d"]);
        // Bounded, or filled before.
        case("", "database d capacity=500/s", "rate=1k/s", "bulkhead=20", &[]);
        case("warm", "database d capacity=500/s", "rate=1k/s", "", &["wrong c, d"]);
    }

    #[test]
    fn other_load_of_the_store_counts() {
        let text = "client u\nservice a x2\nredis c\ndatabase d capacity=500/s\n\
                    flow f rate=400/s { u -> a -> c reads\na -> d reads on=miss }\n\
                    flow g rate=200/s { u -> a -> d writes }";
        expect(&RULE, text, &["wrong c, d"]);
    }

    #[test]
    fn what_holds_it_back_makes_it_weigh_less() {
        let severity = |cache: &str| {
            let text = text(cache, "database d capacity=500/s", "rate=1k/s", "");
            run(&RULE, &Facts::new(&design(&text)))[0].severity
        };
        assert_eq!(severity(""), Severity::Error);
        assert_eq!(severity("x3 failover=auto"), Severity::Warning);
        assert_eq!(severity("warm"), Severity::Warning);
        assert_eq!(severity("stampede=single-flight"), Severity::Info);
    }
}
