use petgraph::graph::NodeIndex;

use crate::design::Arrow;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::units::show_rate;

pub static RULE: Rule = Rule {
    id: "cache-single",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Caching,
    summary: "a cache that keeps the load off a store is one node: a restart lets all of it through",
    question: Some(Question {
        topic: "lost cache nodes",
        text: "one of its nodes dies: what answers for its entries until it is back?",
    }),
    reads: &["bulkhead", "failover", "peak", "rate"],
    page: Page {
        checks: "Busy caches with a way past them to a store: how much of them goes at once.",
        when: "A cache that is not managed has a way past it (`on=miss`, or a call of its own), is known to be asked at least 1,000 times \
               a second (at the flow's `peak`, where given), and the stores behind are not known to carry all of that. Wrong, \
               as drawn, where it is one instance; a remark then where each hop taken on a miss has a `bulkhead` (no more than so many loads are under way: the store survives it, and requests wait or fail meanwhile). A question \
               where it has more, says no `failover`, its technology can keep replicas, and some hop taken on a miss has no `bulkhead`. Also a question for a managed cache that says `failover=none`: its vendor replaces a dead node, by an empty one. A `cache` of no technology, with as many instances as the one node that asks it, lies in their memory: it has no nodes of its own, and nothing is asked. Silent where `failover=auto` or \
               `failover=manual` is stated, and where `cache-loss-overloads-store` speaks.",
        why: "With one node every upgrade, resize and crash empties the cache as a whole; with six, a sixth of it. A store behind \
              six can be sized for a sixth of the load more, behind one it would have to be sized as if there were no cache.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x8\nredis hot hit_rate=95% ttl=10min jitter eviction=lru stampede=single-flight\ndynamodb store\n\
              flow show rate=20k/s { web -> front -> api -> hot reads\napi -> store reads on=miss }\n",
        good: "client web\nlb front managed\nservice api x8\nredis hot x6 failover=auto hit_rate=95% ttl=10min jitter eviction=lru stampede=single-flight\ndynamodb store\n\
               flow show rate=20k/s { web -> front -> api -> hot reads\napi -> store reads on=miss }\n",
        ignore: "The store is known to serve everything: state its `capacity`.",
    },
    check,
};

const BUSY: f64 = 1000.0;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (cache, misses) in facts.misses_by_cache() {
        let node = facts.node(cache);
        let Some(asked) = facts.asked_of(&misses).filter(|&asked| asked >= BUSY) else { continue };
        let tech = |fact: &str| node.tech.is_some_and(|tech| tech.failover.as_deref() == Some(fact));
        let several = node.instances >= 2;
        let kept = node.attrs.text("failover").value().is_some() || tech("none");
        let bounded = misses.iter().all(|miss| miss.is_bounded(facts));
        let emptied = node.attrs.text("failover").is_no();
        let held = if node.is_managed() { !emptied || bounded } else { several && (kept || bounded) };
        if held || facts.can_do_without(&misses) {
            continue;
        }
        if several && lies_in_its_callers(facts, cache) {
            continue;
        }
        let (name, store) = (node.name(), facts.node(misses[0].store).name());
        let rate = show_rate(asked);
        let finding = if node.is_managed() {
            let span = node.attrs.get("failover").map_or(node.span, |setting| setting.span);
            Diagnostic::unstated(
                format!("a node of {name} that dies comes back empty: what it answered goes to {store}"),
                span,
                "replaced, without its entries",
            )
            .question(format!(
                "a node of {name} dies and comes back empty: does {store} carry what it answered?"
            ))
        } else if several {
            let part = format!("a {} of {rate}", ordinal(node.instances));
            Diagnostic::unstated(
                format!("when one of the {} nodes of {name} dies, {part} goes to {store}, and nothing says until when", node.instances),
                node.span,
                "no `failover=` here",
            )
            .question(format!("a node of {name} dies: what answers for its entries until another is there?"))
        } else {
            Diagnostic::wrong(
                format!("{name} is one node: each restart sends all {rate} to {store}"),
                node.span,
                "one instance",
            )
        };

        found.push(
            (if bounded { finding.at_most(Severity::Info) } else { finding })
                .node(&node.id)
                .hop(facts.id(misses[0].load.from), facts.id(misses[0].store))
                .flows(misses.iter().filter_map(|miss| facts.flow_of(miss.load)).map(|flow| flow.id.clone()))
                .label(misses[0].load.span, "the way past it")
                .evidence(if several {
                    format!("{name} is asked {rate}; each of {} nodes has {} of it", node.instances, show_rate(asked / node.instances as f64))
                } else {
                    format!("{name} is asked {rate}, and one node has all of it")
                })
                .consequence(format!(
                    "the host of {name} is replaced at the busiest hour, and {store} serves what it has never served before until the cache is full again"
                ))
                .mend(if several || node.is_managed() { Mend::node(&node.id, "failover=auto") } else { Mend::instances(&node.id, 3).and_node(&node.id, "failover=auto") })
                .fix(if several || node.is_managed() {
                    format!("`failover=auto` on {name}, with a replica of each part")
                } else {
                    format!("`x3 failover=auto` on {name}; or a stated `capacity` of {store} that carries {rate}")
                }),
        );
    }
    found
}

/// Nobody says what it runs on, and each instance of the one program that asks it has one.
fn lies_in_its_callers(facts: &Facts, cache: NodeIndex) -> bool {
    let mut asking = facts.design.steps_to(cache).filter(|step| facts.arrow(step) != Arrow::Control);
    let Some(caller) = asking.next().map(|step| facts.node(step.from)) else { return false };
    let node = facts.node(cache);
    node.tech.is_none()
        && node.instances == caller.instances
        && asking.all(|step| facts.id(step.from) == caller.id)
}

fn ordinal(parts: u64) -> String {
    match parts {
        2 => "half".to_string(),
        3 => "third".to_string(),
        4 => "quarter".to_string(),
        _ => format!("1/{parts}"),
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |cache: &str, store: &str, rate: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a x2\n{cache}\n{store}\n\
                 flow f {rate} {{ u -> a -> c reads\na -> d reads on=miss }}"
            );
            expect(&RULE, &text, expected);
        };
        case("redis c", "dynamodb d", "rate=5k/s", &["wrong c"]);
        case("redis c failover=auto", "dynamodb d", "rate=5k/s", &["wrong c"]);
        case("redis c", "database d", "rate=500/s peak=5k/s", &["wrong c"]);
        case("redis c x3", "dynamodb d", "rate=5k/s", &["unstated c"]);
        case("redis c x3 failover=auto", "dynamodb d", "rate=5k/s", &[]);
        // Keys are spread over the nodes; a vendor replaces them.
        case("memcached c x3", "dynamodb d", "rate=5k/s", &[]);
        case("elasticache c", "dynamodb d", "rate=5k/s", &[]);
        case("elasticache c failover=none", "dynamodb d", "rate=5k/s", &["unstated c"]);
        case("elasticache c failover=none", "database d x2 capacity=4k/s", "rate=5k/s", &[]);
        // In the memory of each process.
        case("cache c x2", "dynamodb d", "rate=5k/s", &[]);
        case("cache c x3", "dynamodb d", "rate=5k/s", &["unstated c"]);
        case("redis c x2", "dynamodb d", "rate=5k/s", &["unstated c"]);
        // Little is asked, nobody says how much, or the store carries it.
        case("redis c", "dynamodb d", "rate=50/s", &[]);
        case("redis c", "dynamodb d", "", &[]);
        case("redis c", "database d x2 capacity=4k/s", "rate=5k/s", &[]);
    }
}
