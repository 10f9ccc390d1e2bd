use std::collections::{BTreeMap, HashMap, HashSet};

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Setting, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::numbers::Capacity;
use crate::rules::facts::Miss;
use crate::rules::{Confidence, Facts, Group, Outage, Page, Question, Rule, keep_first};
use crate::units::{show_number, show_rate};

pub static RULE: Rule = Rule {
    id: "error-empties-cache",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: true,
    group: Group::Caching,
    summary: "an error of the store removes the entry from its cache, so that errors make for more of what caused them",
    question: Some(Question {
        topic: "errors that remove entries",
        text: "an error removes the entry, and the next reader asks again: which errors do that, and what keeps the readers away from what is too busy?",
    }),
    reads: &["bulkhead", "capacity", "invalidate", "on"],
    page: Page {
        checks: "Caches of which an entry is removed when what it is filled from answers with an error.",
        when: "`invalidate=on-error` is stated (alone or in a list) on a cache, and the design shows what is asked when an entry is missing. It points at that `invalidate`, \
               once for each cache.\n\
               - An error where that is a database, blob store, warehouse or search index: by an `on=miss` hop of the cache's caller, by a call of its own, or \
               by way of what the `on=miss` hop leads to (cache, loader, database), as far as the flow calls on from there.\n\
               - A warning where each of these ways has a `bulkhead`, on a hop or on the hop's caller; or where all stores at their ends are known to serve what the cache is asked: their `capacity` (else \
               their technology's) × instances is no less than what comes at the flows' `peak` (else `rate`) when every request is a miss.\n\
               - A question where none of the ways ends at a store, but at an external, a service or the like: it may refuse because it is too busy, or because the entry is void. Silent for \
               `auth` and `secrets`.",
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
        ignore: "Only an error that says the entry itself is wrong removes it (a kept token is refused, a kept address has moved): that is an answer, and no sign that somebody is too busy.",
    },
    check,
};

/// What is asked when the cache has no entry.
struct Way<'d> {
    /// The call that a miss leads to.
    miss: Miss<'d>,
    /// The call that reaches a store: the same, or one further on; None where none does.
    end: Option<&'d Step>,
}

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let removes =
        |cache: &NodeIndex| facts.node(*cache).attrs.words("invalidate").iter().any(|how| how == "on-error");
    let caches: Vec<NodeIndex> = facts.design.graph.node_indices().filter(removes).collect();
    if caches.is_empty() {
        return Vec::new();
    }
    let ways = ways(facts, &caches.iter().copied().collect());
    let found = caches.into_iter().filter_map(|cache| {
        let setting = facts.node(cache).attrs.get("invalidate")?;
        judge(facts, cache, setting, ways.get(&cache)?)
    });
    found.collect()
}

/// The ways of these caches.
fn ways<'d>(facts: &Facts<'d>, caches: &HashSet<NodeIndex>) -> BTreeMap<NodeIndex, Vec<Way<'d>>> {
    let mut ways: BTreeMap<NodeIndex, Vec<Way>> = BTreeMap::new();
    for miss in facts.misses().iter().filter(|miss| caches.contains(&miss.cache)) {
        let Miss { cache, store, load, .. } = *miss;
        let miss = Miss { cache, store, asks: miss.asks.clone(), load };
        ways.entry(cache).or_default().push(Way { miss, end: Some(load) });
    }
    for journey in facts.journeys() {
        // The cache that each caller asked last.
        let mut last: HashMap<NodeIndex, &Step> = HashMap::new();
        for (at, &load) in journey.steps.iter().enumerate() {
            if facts.node(load.to).kind == Kind::Cache && facts.reads(load) {
                last.insert(load.from, load);
            }
            let Some(&ask) = last.get(&load.from).filter(|ask| caches.contains(&ask.to)) else { continue };
            if load.attrs.text("on").value() == Some("miss") && may_be_too_busy(facts.node(load.to).kind) {
                let miss = Miss { cache: ask.to, store: load.to, asks: vec![ask], load };
                let end = store_behind(facts, load.to, &journey.steps[at + 1..]);
                ways.entry(ask.to).or_default().push(Way { miss, end });
            }
        }
    }
    ways
}

/// Neither a store, which is a way by itself, nor what says whether a kept token is still good.
fn may_be_too_busy(kind: Kind) -> bool {
    !kind.is_store()
        && !kind.is_broker()
        && !matches!(kind, Kind::Client | Kind::Cache | Kind::Auth | Kind::Secrets)
}

/// The first call of a store to which calls of this node lead.
fn store_behind<'d>(facts: &Facts, node: NodeIndex, steps: &[&'d Step]) -> Option<&'d Step> {
    let mut reached = HashSet::from([node]);
    for &step in steps {
        if !reached.contains(&step.from) || facts.arrow(step) != Arrow::Call {
            continue;
        }
        let kind = facts.node(step.to).kind;
        if kind.is_store() && kind != Kind::Cache && facts.reads(step) {
            return Some(step);
        }
        reached.insert(step.to);
    }
    None
}

fn judge(facts: &Facts, cache: NodeIndex, setting: &Setting, ways: &[Way]) -> Option<Diagnostic> {
    let first = ways.iter().find(|way| way.end.is_some()).or(ways.first())?;
    let load = first.miss.load;
    let (name, asked) = (facts.node(cache).name(), facts.node(load.to).name());
    let store = first.end.map(|end| end.to);
    let busy = store.map_or(asked.clone(), |store| facts.node(store).name());
    let message = format!(
        "each error of {asked} removes an entry of {name}, and the next request for it goes to {asked} again"
    );
    let label = "an error removes what was good";
    let mut finding = match store {
        Some(_) => Diagnostic::wrong(message, setting.span, label)
            .at_most(if is_held_back(facts, ways) { Severity::Warning } else { Severity::Error }),
        None => Diagnostic::unstated(message, setting.span, "an error removes an entry").question(format!(
            "an error of {asked} removes an entry of {name}: only one that says the entry is void, or any? what keeps the readers away from {asked} when it is too busy?"
        )),
    };
    finding = finding.node(facts.id(cache)).node(facts.id(load.to));
    if let Some(store) = store.filter(|&store| store != load.to) {
        finding = finding.node(facts.id(store));
    }
    let mut flows: Vec<String> =
        ways.iter().filter_map(|way| facts.flow_of(way.miss.load)).map(|flow| flow.id.clone()).collect();
    keep_first(&mut flows);
    let further = match first.end.filter(|end| end.to != load.to) {
        Some(end) if end.from == load.to => format!(" → {}", facts.id(end.to)),
        Some(end) => format!(" → … → {}", facts.id(end.to)),
        None => String::new(),
    };
    let once_more = format!("{} → {}{further}", facts.id(load.from), facts.id(load.to));
    finding = finding
        .label(load.span, "taken by whoever finds nothing")
        .hop(facts.id(load.from), facts.id(load.to))
        .flows(flows)
        .evidence(format!("error → {name} loses the entry → {once_more} once more → error"));
    if let Some(sum) = store.and_then(|store| growth(facts, ways, store)) {
        finding = finding.evidence(sum);
    }
    Some(
        finding
            .consequence(format!(
                "{busy} is slow for a minute and answers with errors, {name} empties with each of them, and {busy} gets more and more until its callers are turned off"
            ))
            .mend(Mend::node(facts.id(cache), "invalidate=on-write"))
            .fix(format!(
                "`invalidate=on-write` on {name}: an error leaves the entry as it is, and the caller waits before it asks again"
            )),
    )
}

/// Only so many loads are under way at once, or all that may come is known to be served.
fn is_held_back(facts: &Facts, ways: &[Way]) -> bool {
    let mut ends = ways.iter().filter(|way| way.end.is_some());
    if ends.all(|way| way.is_bounded(facts)) {
        return true;
    }
    let mut cold: BTreeMap<NodeIndex, f64> = BTreeMap::new();
    for way in ways {
        let Some(end) = way.end else { continue };
        let Some(load) = way.cold(facts) else { return false };
        *cold.entry(end.to).or_default() += load;
    }
    cold.into_iter()
        .all(|(store, load)| Capacity::of(facts.node(store)).is_some_and(|capacity| capacity.total() >= load))
}

impl Way<'_> {
    fn is_bounded(&self, facts: &Facts) -> bool {
        let bound = |end: &Step| {
            facts.design.graph[end.hop].attrs.has("bulkhead") || facts.node(end.from).attrs.has("bulkhead")
        };
        self.miss.is_bounded(facts) || self.end.is_some_and(bound)
    }

    /// What reaches the store at the busiest time, with nothing in the cache.
    fn cold(&self, facts: &Facts) -> Option<f64> {
        let [of_end, of_load] = [self.end?, self.miss.load].map(|step| step.load.per_request);
        let each = if self.end?.span == self.miss.load.span {
            1.0
        } else {
            of_end? / of_load.filter(|load| *load > 0.0)?
        };
        Some(self.miss.cold(facts)? * each)
    }
}

/// What reaches the store while all is well, and what does once the cache is empty.
fn growth(facts: &Facts, ways: &[Way], store: NodeIndex) -> Option<String> {
    let ends = || ways.iter().filter(|way| way.end.is_some_and(|end| end.to == store));
    let cold: f64 = ends().map(|way| way.cold(facts)).sum::<Option<f64>>()?;
    let warm: Option<f64> = ends().filter_map(|way| way.end).map(|end| facts.busiest(end)).sum();
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
    fn what_is_asked_is_no_store() {
        let case = |asked: &str, further: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a x2\nredis c invalidate=on-error\n{asked}\ndatabase d\n\
                 flow f rate=1k/s {{ u -> a -> c reads\na -> l on=miss\n{further} }}"
            );
            expect(&RULE, &text, expected);
        };
        // Through a loader, and through what that calls.
        case("service l x2", "l -> d reads", &["wrong c, l, d"]);
        case("service l x2\nservice m", "l -> m -> d reads", &["wrong c, l, d"]);
        // Whose errors they are, and what they mean, is for the design to say.
        case("service l x2", "", &["unstated c, l"]);
        case("external l", "a -> d reads", &["unstated c, l"]);
        // A refusal that says that a token is void.
        case("auth l", "", &[]);
        case("queue l", "", &[]);
    }

    #[test]
    fn a_loader_bears_what_its_store_does() {
        let found = |store: &str, load: &str| {
            let text = format!(
                "client u\nservice a x2\nservice l x2\nredis c invalidate=on-error hit_rate=90%\ndatabase d {store}\n\
                 flow f rate=1k/s {{ u -> a -> c reads\na -> l on=miss -> d reads {load} }}"
            );
            run(&RULE, &Facts::new(&design(&text))).remove(0)
        };
        assert_eq!(found("", "").severity, Severity::Error);
        assert_eq!(found("capacity=2k/s", "").severity, Severity::Warning);
        assert_eq!(found("capacity=2k/s", "calls=3").severity, Severity::Error);
        assert_eq!(found("", "bulkhead=9").severity, Severity::Warning);
        let evidence = found("capacity=500/s", "calls=3").evidence.join("\n");
        assert!(evidence.contains("300/s of it while all is well, and 3,000/s once"), "{evidence}");
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
