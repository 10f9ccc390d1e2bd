use std::collections::{HashMap, HashSet};

use petgraph::graph::NodeIndex;

use crate::design::{Flow, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::numbers::Capacity;
use crate::rules::facts::Miss;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::units::{show_number, show_rate};

pub static RULE: Rule = Rule {
    id: "cache-not-needed",
    severity: Severity::Info,
    confidence: Confidence::Low,
    grave: false,
    group: Group::Simplicity,
    summary: "a cache before a store that carries everything without it, ten times over",
    question: Some(Question {
        topic: "the cache",
        text: "the stores carry it all without them: what are they for?",
    }),
    reads: &["capacity", "fallback", "latency", "latency_p99", "long", "p50", "p99", "writes"],
    page: Page {
        checks: "Caches before a store: whether the store could serve everything itself, and whether a promise needs the \
                 cache.",
        when: "All that is asked of a cache comes before a hop to one store taken `on=miss` (or by the cache itself), its \
               rate is known (at the flow's `peak`, where given), and all of it, together with the store's other known \
               load, is at most a tenth of what the store serves by its stated `capacity` (one instance of a relational \
               database without `shards`, all instances of others): a remark; a question, where only the technology's \
               capacity is known and it is at most a hundredth of that. Silent where a flow through the cache promises \
               a `p50` or `p99` of 50 ms or less, where the store states a `latency` or `latency_p99` of 50 ms or more or \
               the hop is `long`, where something else is written to the cache or read from it, where the hop has a \
               `fallback`, and where a `decide` names caches, the cache or its technology.",
        why: "A cache brings the two hard problems with it: answers that are old, and an outage when it is empty. It is \
              worth that where a store cannot carry the reads or answers too slowly. Otherwise one index does as much, and \
              is never out of date.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x2\nredis hot x2 ttl=5min jitter hit_rate=90% failover=auto stampede=single-flight\npostgres store x2 failover=auto capacity=3k/s\n\
              flow show rate=20/s { web -> front -> api -> hot reads\napi -> store reads on=miss }\n",
        good: "client web\nlb front managed\nservice api x2\npostgres store x2 failover=auto capacity=3k/s\n\
               flow show rate=20/s { web -> front -> api -> store reads }\n",
        ignore: "One answer takes the store seconds of work, or each read is paid for.",
    },
    check,
};

/// A store that has so many times what it needs does not notice a cache.
const OVER: f64 = 10.0;
/// What is only said of a technology is said of quick requests on a good machine.
const FAR_OVER: f64 = 100.0;
/// A promise that a trip to a database, and what is around it, may break.
const QUICK: f64 = 0.05;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    // By cache, in the order of the file.
    let mut caches: Vec<(NodeIndex, Vec<&Miss>)> = Vec::new();
    let mut places: HashMap<NodeIndex, usize> = HashMap::new();
    for miss in facts.misses() {
        let at = *places.entry(miss.cache).or_insert(caches.len());
        if at == caches.len() {
            caches.push((miss.cache, Vec::new()));
        }
        caches[at].1.push(miss);
    }
    caches.iter().filter_map(|(cache, misses)| unneeded(facts, *cache, misses)).collect()
}

fn unneeded<'d>(facts: &Facts<'d>, cache: NodeIndex, misses: &[&Miss<'d>]) -> Option<Diagnostic> {
    let store_at = misses[0].store;
    let (hot, store) = (facts.node(cache), facts.node(store_at));
    if misses.iter().any(|miss| miss.store != store_at)
        || has_other_use(facts, cache, misses)
        || is_slow(facts, misses)
    {
        return None;
    }
    let asked: f64 = misses.iter().map(|miss| miss.asked(facts)).sum::<Option<f64>>()?;
    // What is not known might be the load that it is for.
    let loads: HashSet<*const Step> = misses.iter().map(|miss| std::ptr::from_ref(miss.load)).collect();
    let beside = facts.arriving(store_at, |step| !loads.contains(&std::ptr::from_ref(step)));
    let capacity = Capacity::of(store)?;
    let (all, total) = (asked + beside.busiest, capacity.total());
    let over = if capacity.grade.is_some() { FAR_OVER } else { OVER };
    if asked == 0.0
        || beside.unknown.is_some()
        || all * over > total
        || facts.is_decided(&["cache", "caching"], &[cache])
    {
        return None;
    }
    let (name, behind) = (hot.name(), store.name());
    let message = format!("{behind} serves {} and gets {} without {name}", show_rate(total), show_rate(all));
    let finding = match capacity.grade {
        Some(_) => Diagnostic::unstated(message, hot.span, "what for?")
            .question(format!("{behind} carries all {} without {name}: what is {name} for?", show_rate(all))),
        None => Diagnostic::wrong(message, hot.span, "not for the load"),
    };
    let assumed = if capacity.grade.is_some() { " (assumed)" } else { "" };
    let mut sum = format!("{} asked of {name}", show_rate(asked));
    if beside.busiest > 0.0 {
        sum += &format!(" + {} beside it = {}", show_rate(beside.busiest), show_rate(all));
    }
    let flows: Vec<&Flow> = flows(facts, misses);
    Some(
        finding
            .node(&hot.id)
            .node(&store.id)
            .flows(flows.iter().map(|flow| flow.id.clone()))
            .evidence(format!(
                "{sum}; {behind}: {} × {} = {}{assumed}",
                show_number(capacity.instances),
                show_rate(capacity.each),
                show_rate(total)
            ))
            .evidence("no flow through it promises a `p50` or `p99` of 50 ms or less".to_string())
            .consequence(format!(
                "users see what was true before the last change until {name} forgets it, and {name} is one more thing that fails, for load that {behind} does not notice"
            ))
            .fix(format!(
                "`decide \"a cache\" because …` if it is there for latency; else `{} -> {}` without {name}",
                facts.id(misses[0].load.from),
                store.id
            )),
    )
}

/// Whatever touches the cache and is no read of these misses, or what fills it.
fn has_other_use(facts: &Facts, cache: NodeIndex, misses: &[&Miss]) -> bool {
    let asks: HashSet<*const Step> =
        misses.iter().flat_map(|miss| &miss.asks).map(|&ask| std::ptr::from_ref(ask)).collect();
    let fillers: HashSet<NodeIndex> = misses.iter().map(|miss| miss.load.from).collect();
    facts.design.steps_to(cache).any(|step| {
        let fill = step.attrs.has("writes") && fillers.contains(&step.from);
        step.flow.is_some() && !fill && !asks.contains(&std::ptr::from_ref(step))
    })
}

/// A promise or a slow store that a cache is an answer to.
fn is_slow<'d>(facts: &Facts<'d>, misses: &[&Miss<'d>]) -> bool {
    let quick = |flow: &&Flow| {
        ["p50", "p99"].iter().any(|name| flow.attrs.number(name).value().is_some_and(|time| time <= QUICK))
    };
    misses.iter().any(|miss| {
        let store = facts.node(miss.store);
        let hop = &facts.design.graph[miss.load.hop];
        let slow = ["latency", "latency_p99"]
            .iter()
            .any(|name| store.attrs.number(name).value().is_some_and(|time| time >= QUICK));
        let stands_in = hop.attrs.has("fallback")
            || miss.asks.iter().any(|ask| facts.design.graph[ask.hop].attrs.has("fallback"));
        slow || stands_in || miss.load.attrs.has("long")
    }) || flows(facts, misses).iter().any(quick)
}

fn flows<'d>(facts: &Facts<'d>, misses: &[&Miss<'d>]) -> Vec<&'d Flow> {
    let mut flows: Vec<&Flow> = misses.iter().filter_map(|miss| facts.flow_of(miss.load)).collect();
    flows.dedup_by_key(|flow| &flow.id);
    flows
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |store: &str, flow: &str, more: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a\nredis c ttl=1min\n{store}\nflow f {flow} {{ u -> a -> c reads\na -> d reads on=miss }}\n{more}"
            );
            expect(&RULE, &text, expected);
        };
        case("database d capacity=1k/s", "rate=20/s", "", &["wrong c, d"]);
        case("postgres d", "rate=20/s", "", &["unstated c, d"]);
        case("postgres d", "rate=50/s", "", &[]);
        case("cassandra d x3", "rate=50/s", "", &["unstated c, d"]);
        case("cassandra d x3", "rate=500/s", "", &[]);
        // Who stands by takes no load off.
        case("postgres d x9 capacity=1k/s", "rate=200/s", "", &[]);
        case("cassandra d x9 capacity=1k/s", "rate=200/s", "", &["wrong c, d"]);
        // It takes a load off, or holds a promise.
        case("database d capacity=1k/s", "rate=200/s", "", &[]);
        case("database d capacity=1k/s", "rate=20/s peak=200/s", "", &[]);
        case("database d capacity=1k/s", "rate=20/s p99=20ms", "", &[]);
        case("database d capacity=1k/s", "rate=20/s p99=1s", "", &["wrong c, d"]);
        case("database d capacity=1k/s latency=80ms", "rate=20/s", "", &[]);
        case("database d capacity=1k/s", "rate=20/s", "flow g rate=500/s { u -> a -> d writes }", &[]);
        case("database d capacity=1k/s", "rate=20/s", "flow g { u -> a -> d writes }", &[]);
        // It has another job, or is on record.
        case(
            "database d capacity=1k/s",
            "rate=20/s",
            "flow g rate=1/s { u -> a -> c writes }",
            &["wrong c, d"],
        );
        case(
            "database d capacity=1k/s",
            "rate=20/s",
            "service s\nflow g rate=1/s { u -> s -> c writes }",
            &[],
        );
        case("database d capacity=1k/s", "rate=20/s", "decide \"a cache\" because \"latency\"", &[]);
        // A number is missing.
        case("database d", "rate=20/s", "", &[]);
        case("database d capacity=1k/s", "", "", &[]);
        case("dynamodb d", "rate=20/s", "", &[]);
    }
}
