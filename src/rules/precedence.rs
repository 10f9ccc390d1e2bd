//! One flaw, one finding: where two rules see it from two sides, the more telling one speaks.

use std::collections::{HashMap, HashSet};

use crate::diagnostic::Diagnostic;

/// Two rules that see one flaw from two sides.
pub struct Precedence {
    /// The more telling rule.
    pub speaks: &'static str,
    /// Says nothing about any node that the first has named.
    pub silent: &'static str,
    pub because: &'static str,
    /// A design in which both see the flaw: the test of the row.
    pub example: &'static str,
}

pub static PRECEDENCE: &[Precedence] = &[
    Precedence {
        speaks: "cache-loss-overloads-store",
        silent: "cache-stampede",
        because: "how much the store gets says more than that it may get more",
        example: "client u\nservice a x2\nredis c hit_rate=90%\ndatabase d capacity=500/s\n\
                  flow f rate=1k/s { u -> a -> c reads\na -> d reads on=miss }",
    },
    Precedence {
        speaks: "cache-loss-overloads-store",
        silent: "cache-single",
        because: "how much the store gets says more than how many nodes the cache has",
        example: "client u\nservice a x2\nredis c hit_rate=90%\ndatabase d capacity=500/s\n\
                  flow f rate=5k/s { u -> a -> c reads\na -> d reads on=miss }",
    },
    Precedence {
        speaks: "spof-cache-as-store",
        silent: "cache-hard-dependency",
        because: "what is nowhere else is lost with its cache; that requests fail meanwhile is the smaller part",
        example: "client u\nlb l managed\nservice a x2\nredis c ttl=none\n\
                  flow f { u -> l -> a -> c writes }\nflow g { u -> l -> a -> c reads }",
    },
    Precedence {
        speaks: "spof-cache-as-store",
        silent: "cache-no-ttl",
        because: "what must not be lost in a cache must not expire in it either: first it has to be kept elsewhere",
        example: "client u\nlb l managed\nservice a x2\nredis c ttl=none\n\
                  flow f { u -> l -> a -> c writes }\nflow g { u -> l -> a -> c reads }",
    },
    Precedence {
        speaks: "at-most-once-for-kept-data",
        silent: "every-instance-takes-it",
        because: "what may be lost is worse than what is done three times, and the same broker mends both",
        example: "client u\nservice a x2\nredis-pubsub q x3\nworker w x2\npostgres d x2 failover=auto\n\
                  flow f { u -> a ~> q ~> w -> d writes }",
    },
    Precedence {
        speaks: "consumer-not-idempotent",
        silent: "effect-before-record",
        because: "that a message may come twice is the wider question, and the same answer serves both",
        example: "client u\nservice a\nsqs q\nworker w\nses m\npostgres d\n\
                  flow f { u -> a ~> q ~> w -> d reads\nw -> m writes\nw -> d writes }",
    },
    Precedence {
        speaks: "retry-of-unsafe-call",
        silent: "effect-before-record",
        because: "a call that is tried again is done twice sooner than one before a crash, and the same key tells both",
        example: "scheduler t\nworker w\nses m\npostgres d\n\
                  flow f { t -> w -> d reads\nw -> m writes attempts=3\nw -> d writes }",
    },
    Precedence {
        speaks: "search-as-source-of-truth",
        silent: "derived-store-no-rebuild",
        because: "what is kept in an index alone has to be kept elsewhere first; then it can be filled again from there",
        example: "client u\nservice a x2\nsqs q\nworker w\nelasticsearch s x3\nflow f { u -> a ~> q ~> w -> s writes }",
    },
    Precedence {
        speaks: "availability-out-of-reach",
        silent: "external-hard-dependency",
        because: "the figures of both sides say more than that one depends on the other",
        example: "client u\nlb l managed\nservice a x2\nexternal e sla=99%\n\
                  flow f availability=99.9% { u -> l -> a -> e timeout=1s }",
    },
    Precedence {
        speaks: "no-monitoring",
        silent: "no-alert",
        because: "what nobody measures cannot tell anybody either",
        example: "client u\nlb l managed\nservice a x2 alert\nservice b x2\n\
                  flow f availability=99.9% { u -> l -> a -> b }",
    },
    Precedence {
        speaks: "retries-keep-it-down",
        silent: "retry-storm",
        because: "what comes against what it carries says more than how many tries one request becomes",
        example: "client u\nservice a x2\nservice b x2\ndatabase d capacity=500/s\n\
                  flow f rate=100/s { u -> a -> b attempts=3 -> d attempts=3 }",
    },
    Precedence {
        speaks: "no-bulkhead",
        silent: "no-circuit-breaker",
        because: "what else the hanging call takes with it says more than that it hangs; a breaker answers both",
        example: "client u\nservice a x2\nexternal e\nflow g { u -> a -> e }\nflow h { u -> a }",
    },
    Precedence {
        speaks: "no-rate-limit",
        silent: "no-load-shedding",
        because: "a limit for each caller comes first; what to refuse when all come at once is the next question",
        example: "client u\nservice a x2\npostgres d\nflow f rate=100/s peak=1k/s { u -> a -> d reads }",
    },
    Precedence {
        speaks: "no-headroom-after-zone-loss",
        silent: "over-capacity",
        because: "what is missing after a loss says more than that little is left before it",
        example: "client u\nregion r zones=3 { service a x6 capacity=100/s }\nflow f rate=500/s { u -> a }",
    },
    Precedence {
        speaks: "sync-cycle",
        silent: "pass-through-service",
        because: "in a circle nothing is only passed through",
        example: "client u\nservice a x2\nservice b x2\nservice c x2\nflow f rate=20/s { u -> a -> b -> c -> a }",
    },
    Precedence {
        speaks: "no-unique-constraint",
        silent: "key-kept-nowhere",
        because: "a row that another replaces is lost, whoever sent it; what mends that keeps the key as well",
        example: "client u\nservice a x2\ncassandra d { table t { key room, seq } }\n\
                  flow f { u -> a idempotency_key -> d writes=t }",
    },
    Precedence {
        speaks: "herd-overloads",
        silent: "reconnect-storm",
        because: "what a node gets when all come back says more than that they come back at once",
        example: "client u reconnect=no\nsocket s x10 connections=10k\nservice a capacity=1k/s\n\
                  flow f connects { u <-> s -> a timeout=2s }",
    },
    Precedence {
        speaks: "noisy-neighbour",
        silent: "limit-by-nobody",
        because: "what one tenant takes from the others says more than that the limit counts nobody",
        example: "client u\nservice a tenants=shared rate_limit=1/s\nflow f availability=99.9% { u -> a }",
    },
    Precedence {
        speaks: "long-work-in-request",
        silent: "latency-budget-exceeded",
        because: "what takes seconds keeps no promise of less; handed off, it need not",
        example: "client u\nservice a x2\nservice b x2 latency=3s\n\
                  flow f rate=50/s p99=500ms { u -> a -> b timeout=9s }",
    },
];

/// Leaves out what a more telling rule says already.
pub fn apply(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut named: HashMap<&str, HashSet<String>> = HashMap::new();
    for Precedence { speaks, .. } in PRECEDENCE {
        let nodes =
            found.iter().filter(|finding| finding.code == *speaks).flat_map(|finding| finding.nodes.clone());
        named.entry(speaks).or_default().extend(nodes);
    }
    found.retain(|finding| {
        let subject = finding.nodes.first();
        !PRECEDENCE.iter().any(|Precedence { speaks, silent, .. }| {
            finding.code == *silent && subject.is_some_and(|subject| named[speaks].contains(subject))
        })
    });
    found
}

#[cfg(test)]
mod tests {
    use super::{PRECEDENCE, Precedence};
    use crate::rules::testing::design;
    use crate::rules::{Facts, find, find_all, run};

    #[test]
    fn nobody_is_silenced_by_the_silent() {
        for Precedence { speaks, .. } in PRECEDENCE {
            assert!(PRECEDENCE.iter().all(|other| other.silent != *speaks), "{speaks} is silent itself");
        }
    }

    #[test]
    fn of_two_that_see_a_flaw_one_speaks() {
        for Precedence { speaks, silent, example, .. } in PRECEDENCE {
            let design = design(example);
            let facts = Facts::new(&design);
            let sees = |id: &str| !run(find(id).expect(id), &facts).is_empty();
            assert!(sees(speaks) && sees(silent), "{speaks} and {silent} do not both see:\n{example}");
            let said: Vec<&str> = find_all(&design).iter().map(|finding| finding.code).collect();
            assert!(said.contains(speaks) && !said.contains(silent), "{speaks}, {silent}: {said:?}");
        }
    }
}
