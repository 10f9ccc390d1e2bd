//! One flaw, one finding: where two rules see it from two sides, the more telling one speaks.

use std::collections::{HashMap, HashSet};

use crate::diagnostic::Diagnostic;

/// The rule that speaks, and the one that is silent about every node that the first has named.
pub const PRECEDENCE: &[(&str, &str)] = &[
    // How much the store gets says more than that it may get more.
    ("cache-loss-overloads-store", "cache-stampede"),
    // What must not be lost in a cache must not expire in it either: first it has to be kept elsewhere.
    ("spof-cache-as-store", "cache-no-ttl"),
    // The figures of both sides say more than that one depends on the other.
    ("availability-out-of-reach", "external-hard-dependency"),
    // What is missing after a loss says more than that little is left before it.
    ("no-headroom-after-zone-loss", "over-capacity"),
    // A circle has no depth.
    ("sync-cycle", "sync-chain-deep"),
    // Nor is anything in it only passed through.
    ("sync-cycle", "pass-through-service"),
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
        let zones =
            of("client u\nregion r zones=3 { service a x6 capacity=100/s }\nflow f rate=500/s { u -> a }");
        assert!(
            zones.contains(&"no-headroom-after-zone-loss") && !zones.contains(&"over-capacity"),
            "{zones:?}"
        );
        let circle = of(
            "client u\nservice a x2\nservice b x2\nservice c x2\nservice d x2\nservice e x2\nservice g x2\n\
                         flow f { u -> a -> b -> c -> d -> e -> g -> a }",
        );
        assert!(circle.contains(&"sync-cycle") && !circle.contains(&"sync-chain-deep"), "{circle:?}");
    }
}
