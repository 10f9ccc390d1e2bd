use crate::diagnostic::{Diagnostic, Severity};
use crate::numbers::Capacity;
use crate::rules::facts::Miss;
use crate::rules::{Confidence, Facts, Group, Outage, Page, Rule};
use crate::units::{show_number, show_rate};

pub static RULE: Rule = Rule {
    id: "error-empties-cache",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: true,
    group: Group::Caching,
    summary: "an error of the store removes the entry from its cache, so that errors make for more of what caused them",
    question: None,
    reads: &["bulkhead", "capacity", "invalidate"],
    page: Page {
        checks: "Caches of which an entry is removed when its store answers with an error.",
        when: "`invalidate=on-error` is stated (alone or in a list) on a cache with a way past it to a database, blob store, warehouse or search index: an `on=miss` hop of its \
               caller, or a call of its own. A warning where every hop taken on a miss, or its caller, has a `bulkhead`, and where all \
               stores behind are known to serve what the cache is asked.",
        why: "A store that is too busy answers with errors. Each of them removes an entry that was good, its next reader goes to the store, and the \
              store is busier. Without the rule an overload ends when the load falls; with it the load is kept up by the errors \
              themselves, until somebody takes the callers away.",
        outage: Some(Outage {
            name: "Facebook, 2010",
            what: "an error of the database cluster made clients delete the cache key and ask again, and the queries went on until the site was turned off",
            link: "https://docs.microsoft.com/en-us/archive/blogs/architectsrule/facebook-more-details-on-todays-outage",
        }),
        bad: "client web\nlb front managed\nservice api x8\nredis hot x3 ttl=1h stampede=single-flight invalidate=[on-write, on-error]\npostgres store x2 failover=auto\n\
              flow show rate=2k/s { web -> front -> api -> hot reads\napi -> store reads on=miss }\n",
        good: "client web\nlb front managed\nservice api x8\nredis hot x3 ttl=1h stampede=single-flight invalidate=on-write\npostgres store x2 failover=auto\n\
               flow show rate=2k/s { web -> front -> api -> hot reads\napi -> store reads on=miss }\n",
        ignore: "Only an error that says the entry itself is wrong removes it: then it is no error of the store, but its answer.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (cache, misses) in facts.misses_by_cache() {
        let node = facts.node(cache);
        let Some(setting) = node
            .attrs
            .get("invalidate")
            .filter(|_| node.attrs.words("invalidate").iter().any(|how| how == "on-error"))
        else {
            continue;
        };
        let held_back = misses.iter().all(|miss| miss.is_bounded(facts)) || facts.can_do_without(&misses);
        let first = misses[0];
        let (name, store) = (node.name(), facts.node(first.store).name());
        let flows = misses.iter().filter_map(|miss| facts.flow_of(miss.load)).map(|flow| flow.id.clone());
        let mut flows: Vec<String> = flows.collect();
        flows.dedup();
        let mut finding = Diagnostic::wrong(
            format!("each error of {store} removes an entry of {name}, and the next request for it goes to {store} again"),
            setting.span,
            "an error removes what was good",
        )
        .at_most(if held_back { Severity::Warning } else { Severity::Error })
        .node(&node.id)
        .node(facts.id(first.store))
        .label(first.load.span, "taken by whoever finds nothing")
        .hop(facts.id(first.load.from), facts.id(first.store))
        .flows(flows)
        .evidence(format!(
            "error → {name} loses the entry → {} → {} once more → error",
            facts.id(first.load.from),
            facts.id(first.store)
        ));
        if let Some(sum) = growth(facts, &misses) {
            finding = finding.evidence(sum);
        }
        found.push(
            finding
                .consequence(format!(
                    "{store} is slow for a minute and answers with errors, {name} empties with each of them, and {store} gets more and more until its callers are turned off"
                ))
                .fix(format!(
                    "`invalidate=on-write` on {name}: an error leaves the entry as it is, and the caller waits before it asks again"
                )),
        );
    }
    found
}

/// What reaches the first store behind while all is well, and what does once the cache is empty.
fn growth(facts: &Facts, misses: &[&Miss]) -> Option<String> {
    let store = misses[0].store;
    let of_store = || misses.iter().filter(|miss| miss.store == store);
    let cold: f64 = of_store().map(|miss| miss.cold(facts)).sum::<Option<f64>>()?;
    let warm: Option<f64> = of_store().map(|miss| facts.busiest(miss.load)).sum();
    let name = facts.node(store).name();
    let serves = Capacity::of(facts.node(store)).filter(|capacity| capacity.grade.is_none()).map_or_else(
        String::new,
        |capacity| {
            format!(
                "; it serves {} × {} = {}",
                show_number(capacity.instances),
                show_rate(capacity.each),
                show_rate(capacity.total())
            )
        },
    );
    Some(match warm {
        Some(warm) => format!(
            "{name} gets {} of it while all is well, and {} once the cache is empty{serves}",
            show_rate(warm),
            show_rate(cold)
        ),
        None => format!("{name} gets {} of it once the cache is empty{serves}", show_rate(cold)),
    })
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::diagnostic::Severity;
    use crate::rules::testing::{design, expect};
    use crate::rules::{Facts, run};

    fn text(cache: &str, store: &str, miss: &str) -> String {
        format!(
            "client u\nservice a x2\nredis c {cache}\n{store}\nflow f rate=1k/s {{ u -> a -> c reads\na -> d reads {miss} }}"
        )
    }

    #[test]
    fn cases() {
        let case = |cache: &str, store: &str, miss: &str, expected: &[&str]| {
            expect(&RULE, &text(cache, store, miss), expected);
        };
        case("invalidate=on-error", "database d", "on=miss", &["wrong c, d"]);
        case("invalidate=[on-write, on-error]", "database d", "on=miss", &["wrong c, d"]);
        case("invalidate=on-write", "database d", "on=miss", &[]);
        case("", "database d", "on=miss", &[]);
        // The store is asked each time: the cache takes nothing off it.
        case("invalidate=on-error", "database d", "", &[]);
        let by_itself = "client u\nservice a x2\nredis c invalidate=on-error\ndatabase d\nflow f { u -> a -> c reads -> d reads }";
        expect(&RULE, by_itself, &["wrong c, d"]);
    }

    #[test]
    fn what_the_store_can_bear_weighs_less() {
        let found = |store: &str, miss: &str| {
            let design = design(&text("invalidate=on-error hit_rate=90%", store, miss));
            run(&RULE, &Facts::new(&design)).remove(0)
        };
        assert_eq!(found("database d", "on=miss").severity, Severity::Error);
        assert_eq!(found("database d capacity=500/s", "on=miss").severity, Severity::Error);
        assert_eq!(found("database d capacity=2k/s", "on=miss").severity, Severity::Warning);
        assert_eq!(found("database d", "on=miss bulkhead=20").severity, Severity::Warning);
        let evidence = found("database d capacity=500/s", "on=miss").evidence.join("\n");
        assert!(evidence.contains("100/s of it while all is well, and 1,000/s once"), "{evidence}");
    }
}
