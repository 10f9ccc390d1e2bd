use std::collections::HashMap;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::facts::Miss;
use crate::rules::{Confidence, Facts, Group, Outage, Page, Question, Rule};
use crate::units::show_rate;

pub static RULE: Rule = Rule {
    id: "cache-stampede",
    severity: Severity::Error,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Caching,
    summary: "when a hot cache entry expires, everyone loads it from the store at once",
    question: Some(Question {
        topic: "cache stampede",
        text: "the most wanted entry expires; how many load it from the store at once?",
    }),
    reads: &["bulkhead", "hit_rate", "scope", "skew", "stampede", "strategy"],
    page: Page {
        checks: "Caches in front of a store: what happens in the moment in which a much wanted entry is missing.",
        when: "The cache has a way past it to a database, blob store, warehouse or search index: an `on=miss` hop of its \
               caller, or a call of its own. Wrong where `stampede=none` is stated and the cache is not known to be asked \
               less than 100 times a second. A question where nothing is said and it is known to be asked at least 100 \
               times a second (at the flow's `peak`, where given), or has a `hit_rate` and no known rate. Silent where the \
               entries are each one user's (`scope=user`: nobody else asks for them) or renewed before they expire (`strategy=refresh-ahead`), where every hop taken on a miss has a \
               `bulkhead`, where the `skew` of each table behind leaves fewer than 10 requests a second for its most wanted \
               key, where nothing is said and the technology merges such misses by itself (Varnish), and where `cache-loss-overloads-store` speaks of the same cache.",
        why: "A hot key is asked for thousands of times in the time that one load takes. When it expires all of those miss, \
              all go to the store with the same query, the store slows down, and the load that would end it takes longer: \
              the more are waiting, the more arrive.",
        outage: Some(Outage {
            name: "Facebook, 2010",
            what: "every client that saw an invalid cached value queried the database cluster, whose errors deleted the cache key again",
            link: "https://docs.microsoft.com/en-us/archive/blogs/architectsrule/facebook-more-details-on-todays-outage",
        }),
        bad: "client web\nlb front managed\nservice api x4\nredis hot x2 ttl=1min stampede=none\npostgres store x2\n\
              flow show rate=2k/s { web -> front -> api -> hot reads\napi -> store reads on=miss }\n",
        good: "client web\nlb front managed\nservice api x4\nredis hot x2 ttl=1min stampede=single-flight\npostgres store x2\n\
               flow show rate=2k/s { web -> front -> api -> hot reads\napi -> store reads on=miss }\n",
        ignore: "No key is wanted more than a few times a second: requests are spread evenly over very many keys.",
    },
    check,
};

/// Below this, even if all requests were for one key, few would meet in the time that one load takes.
const CONSIDERABLE: f64 = 100.0;

/// Of one key, too few to meet often in the time of a load.
const FEW: f64 = 10.0;

/// Requests for the most wanted key, where every table behind states its `skew`.
fn hottest(facts: &Facts, misses: &[&Miss]) -> Option<f64> {
    let mut most: f64 = 0.0;
    for miss in misses {
        let mut tables = facts.tables_read(miss.load).peekable();
        tables.peek()?;
        for table in tables {
            most = most.max(miss.asked(facts)? * table.attrs.number("skew").value()?);
        }
    }
    Some(most)
}

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let all = facts.misses();
    let mut of_cache: HashMap<NodeIndex, Vec<&Miss>> = HashMap::new();
    for miss in all {
        of_cache.entry(miss.cache).or_default().push(miss);
    }
    for cache in facts.nodes(|kind| kind == Kind::Cache) {
        let node = facts.node(cache);
        let Some(misses) = of_cache.get(&cache) else { continue };
        let first = misses[0];
        let stampede = node.attrs.text("stampede");
        let rate: Option<f64> = misses.iter().map(|miss| miss.asked(facts)).sum();
        let bounded = |miss: &&Miss| facts.design.graph[miss.load.hop].attrs.has("bulkhead");
        if stampede.is_yes()
            || rate.is_some_and(|rate| rate < CONSIDERABLE)
            || node.attrs.text("strategy").value() == Some("refresh-ahead")
            || node.attrs.text("scope").value() == Some("user")
            || (stampede.is_unstated() && node.tech.is_some_and(|tech| tech.merges_misses))
            || hottest(facts, misses).is_some_and(|rate| rate < FEW)
            || misses.iter().all(bounded)
        {
            continue;
        }
        let asked_often = rate.is_some() || node.attrs.has("hit_rate");
        if stampede.is_unstated() && !asked_often {
            continue;
        }
        let name = node.name();
        let store = facts.node(first.store).name();
        let message =
            format!("when a wanted entry of {name} expires, all who ask for it go to {store} at once");
        let finding = match stampede.span() {
            Some(span) => Diagnostic::wrong(message, span, "said to let all of them through"),
            None => Diagnostic::unstated(message, node.span, "no `stampede=` here").question(format!(
                "the most wanted entry of {name} expires; how many load it from {store} at once?"
            )),
        };
        let often = rate.map_or(String::new(), |rate| format!("{name} is asked {}; ", show_rate(rate)));
        found.push(
            finding
                .node(&node.id)
                .hop(facts.id(first.load.from), facts.id(first.store))
                .label(first.load.span, "taken by each of them")
                .evidence(format!("{often}each miss is one {} → {}", facts.id(first.load.from), facts.id(first.store)))
                .consequence(format!(
                    "one popular key expires, {store} gets the same query from every request in flight, slows down, and more pile up behind it"
                ))
                .mend(Mend::node(&node.id, "stampede=single-flight"))
                .fix(format!("`stampede=single-flight` on {name}: one loads, the others wait for its answer; or `stampede=stale`")),
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |cache: &str, flow: &str, miss: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a x2\nredis c {cache}\ndatabase d\n\
                 flow f {flow} {{ u -> a -> c reads\na -> d reads {miss} }}"
            );
            expect(&RULE, &text, expected);
        };
        case("", "rate=1k/s", "on=miss", &["unstated c"]);
        case("stampede=none", "rate=1k/s", "on=miss", &["wrong c"]);
        case("stampede=none", "", "on=miss", &["wrong c"]);
        case("stampede=lock", "rate=1k/s", "on=miss", &[]);
        case("hit_rate=90%", "", "on=miss", &["unstated c"]);
        // Ten a second, whatever the cache's hit rate.
        case("hit_rate=90%", "rate=10/s", "on=miss", &[]);
        case("stampede=none", "rate=10/s", "on=miss", &[]);
        case("", "rate=50/s peak=500/s", "on=miss", &["unstated c"]);
        // A sketch without numbers, and a store that is not asked because of the cache.
        case("", "", "on=miss", &[]);
        case("", "rate=1k/s", "", &[]);
        case("", "rate=1k/s", "on=miss bulkhead=50", &[]);
        case("strategy=refresh-ahead", "rate=1k/s", "on=miss", &[]);
        let tabled = |tech: &str, skew: &str| {
            format!(
                "client u\nservice a x2\n{tech} c\ndatabase d {{ table t {{ key k; {skew} }} }}\n\
             flow f rate=1k/s {{ u -> a -> c reads\na -> d reads=t by=k on=miss }}"
            )
        };
        expect(&RULE, &tabled("redis", "skew = 5%"), &["unstated c"]);
        expect(&RULE, &tabled("redis", "skew = 0.1%"), &[]);
        expect(&RULE, &tabled("varnish", "rows = 5M"), &[]);
        // The cache loads by itself.
        let text = "client u\nservice a x2\nredis c\ndatabase d\nflow f rate=1k/s { u -> a -> c reads -> d reads on=miss }";
        expect(&RULE, text, &["unstated c"]);
    }
}
