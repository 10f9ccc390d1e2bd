//! One flaw, one finding: where two rules see it from two sides, the more telling one speaks.

use std::collections::{HashMap, HashSet};

use crate::diagnostic::Diagnostic;

/// The rule that speaks, and the one that is silent about every node that the first has named.
pub const PRECEDENCE: &[(&str, &str)] = &[
    // How much the store gets says more than that it may get more.
    ("cache-loss-overloads-store", "cache-stampede"),
    // And more than how many nodes the cache has.
    ("cache-loss-overloads-store", "cache-single"),
    // What is nowhere else is lost with its cache; that requests fail meanwhile is the smaller part.
    ("spof-cache-as-store", "cache-hard-dependency"),
    // What must not be lost in a cache must not expire in it either: first it has to be kept elsewhere.
    ("spof-cache-as-store", "cache-no-ttl"),
    // What may be lost is worse than what is done three times, and the same broker mends both.
    ("at-most-once-for-kept-data", "every-instance-takes-it"),
    // The figures of both sides say more than that one depends on the other.
    ("availability-out-of-reach", "external-hard-dependency"),
    // What nobody measures cannot tell anybody either.
    ("no-monitoring", "no-alert"),
    // What else the hanging call takes with it says more than that it hangs; a breaker answers both.
    ("no-bulkhead", "no-circuit-breaker"),
    // A limit for each caller comes first; what to refuse when all come at once is the next question.
    ("no-rate-limit", "no-load-shedding"),
    // A circle has no depth.
    ("sync-cycle", "sync-chain-deep"),
    // What one tenant takes from the others says more than that the limit counts nobody.
    ("noisy-neighbour", "limit-by-nobody"),
];

/// Leaves out what a more telling rule says already.
pub fn apply(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut named: HashMap<&str, HashSet<String>> = HashMap::new();
    for (speaks, _) in PRECEDENCE {
        let nodes =
            found.iter().filter(|finding| finding.code == *speaks).flat_map(|finding| finding.nodes.clone());
        named.entry(speaks).or_default().extend(nodes);
    }
    found.retain(|finding| {
        let subject = finding.nodes.first();
        !PRECEDENCE.iter().any(|(speaks, silent)| {
            finding.code == *silent && subject.is_some_and(|subject| named[speaks].contains(subject))
        })
    });
    found
}

#[cfg(test)]
mod tests {
    use super::PRECEDENCE;
    use crate::rules::testing::design;
    use crate::rules::{find, find_all};

    #[test]
    fn both_sides_are_rules_and_nobody_is_silenced_by_the_silent() {
        for (speaks, silent) in PRECEDENCE {
            assert!(find(speaks).is_some() && find(silent).is_some(), "{speaks}, {silent}");
            assert!(PRECEDENCE.iter().all(|(_, other)| other != speaks), "{speaks} is silent itself");
        }
    }

    #[test]
    fn the_more_telling_rule_speaks_alone() {
        let of = |text: &str| -> Vec<&str> {
            find_all(&design(text)).iter().map(|finding| finding.code).collect()
        };
        let base = "client u\nlb l managed\nservice a x2\nexternal e sla=99%\n";
        let figures = of(&format!("{base}flow f availability=99.9% {{ u -> l -> a -> e timeout=1s }}"));
        assert!(figures.contains(&"availability-out-of-reach"), "{figures:?}");
        assert!(!figures.contains(&"external-hard-dependency"), "{figures:?}");
        let none = of(&format!("{base}flow f {{ u -> l -> a -> e timeout=1s }}"));
        assert!(none.contains(&"external-hard-dependency"), "{none:?}");
        let cold = of("client u\nservice a x2\nredis c hit_rate=90%\ndatabase d capacity=500/s\n\
                       flow f rate=1k/s { u -> a -> c reads\na -> d reads on=miss }");
        assert!(
            cold.contains(&"cache-loss-overloads-store") && !cold.contains(&"cache-stampede"),
            "{cold:?}"
        );
        let single = of("client u\nservice a x2\nredis c hit_rate=90%\ndatabase d capacity=500/s\n\
                         flow f rate=5k/s { u -> a -> c reads\na -> d reads on=miss }");
        assert!(
            single.contains(&"cache-loss-overloads-store") && !single.contains(&"cache-single"),
            "{single:?}"
        );
        let carts = of("client u\nlb l managed\nservice a x2\nredis c ttl=none\n\
                        flow f { u -> l -> a -> c writes }\nflow g { u -> l -> a -> c reads }");
        assert!(
            carts.contains(&"spof-cache-as-store") && !carts.contains(&"cache-hard-dependency"),
            "{carts:?}"
        );
        let heard =
            of("client u\nservice a x2\nredis-pubsub q x3\nworker w x2\npostgres d x2 failover=auto\n\
                        flow f { u -> a ~> q ~> w -> d writes }");
        assert!(
            heard.contains(&"at-most-once-for-kept-data") && !heard.contains(&"every-instance-takes-it"),
            "{heard:?}"
        );
        let watched = "client u\nlb l managed\nservice a x2 alert\nservice b x2\nflow f availability=99.9% { u -> l -> a -> b }";
        let blind = of(watched);
        assert!(blind.contains(&"no-monitoring") && !blind.contains(&"no-alert"), "{blind:?}");
        let silent = of(&watched.replace("b x2", "b x2 metrics"));
        assert!(silent.contains(&"no-alert"), "{silent:?}");
        let circle = of(
            "client u\nservice a x2\nservice b x2\nservice c x2\nservice d x2\nservice e x2\nservice g x2\n\
                         flow f { u -> a -> b -> c -> d -> e -> g -> a }",
        );
        assert!(circle.contains(&"sync-cycle") && !circle.contains(&"sync-chain-deep"), "{circle:?}");
        let shared = of("client u\nservice a tenants=shared rate_limit=1/s\nflow f { u -> a }");
        assert!(shared.contains(&"noisy-neighbour") && !shared.contains(&"limit-by-nobody"), "{shared:?}");
        let outside = of("client u\nservice a x2\nexternal e\nflow g { u -> a -> e }\nflow h { u -> a }");
        assert!(outside.contains(&"no-bulkhead") && !outside.contains(&"no-circuit-breaker"), "{outside:?}");
        let rush = |service: &str| {
            of(&format!(
                "client u\nservice a x2 {service}\npostgres d\n\
                 flow f rate=100/s peak=1k/s {{ u -> a -> d reads }}"
            ))
        };
        let open = rush("");
        assert!(open.contains(&"no-rate-limit") && !open.contains(&"no-load-shedding"), "{open:?}");
        assert!(rush("rate_limit=10/s shed=none").contains(&"no-load-shedding"));
    }
}
