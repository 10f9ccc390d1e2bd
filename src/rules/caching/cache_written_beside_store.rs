use std::collections::HashSet;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::Step;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "cache-written-beside-store",
    severity: Severity::Warning,
    confidence: Confidence::Low,
    grave: false,
    group: Group::Caching,
    summary: "a service writes a record to its store and to a cache: two at once can leave the older one in the cache",
    question: Some(Question {
        topic: "writes of a cache",
        text: "two requests change the same record at once: which of the two does the cache keep?",
    }),
    reads: &[
        "conditional",
        "invalidate",
        "key",
        "on",
        "optional",
        "order",
        "source",
        "strategy",
        "ttl",
        "writes",
    ],
    page: Page {
        checks: "Applications (services, functions, workers) that write a record to its store and to the cache in front of it.",
        when: "In one flow an application says `writes` on a hop to a database and on one to a cache which is filled from that store on a \
               miss. A question, never more: the write may be a delete. Silent where `invalidate` or a `strategy` other than `cache-aside` is stated on the \
               cache, where its `ttl` is a minute at most, where the hop to the cache is `conditional` or `on=` something, where the application takes its messages, in that flow, from a queue or topic with an `order` or a `key` (one record is only ever written by one at a time), and where \
               the cache is not filled on a miss: then it is no copy.",
        why: "Two requests write the store in one order and the cache in the other, because nothing orders the two together. From then on the store \
              has the new value, the cache the old one, and every reader is given the old one until it expires. Deleting the \
              entry has no order to lose.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x4\nredis hot x2 ttl=1h failover=auto\npostgres store x2 failover=auto\n\
              flow edit { web -> front -> api -> store writes\n  api -> hot writes optional }\n\
              flow show { web -> front -> api -> hot reads\n  api -> store reads on=miss }\n",
        good: "client web\nlb front managed\nservice api x4\nredis hot x2 ttl=1h failover=auto invalidate=on-write\npostgres store x2 failover=auto\n\
               flow edit { web -> front -> api -> store writes\n  api -> hot writes optional }\n\
               flow show { web -> front -> api -> hot reads\n  api -> store reads on=miss }\n",
        ignore: "One record is only ever written by one at a time, or the entry carries a version that an older one cannot replace.",
    },
    check,
};

const SOON: f64 = 60.0;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let filled: HashSet<_> = facts.misses().iter().map(|miss| (miss.cache, miss.store)).collect();
    if filled.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    for flow in &facts.design.flows {
        let steps = facts.design.steps_of(flow);
        let stored: Vec<&Step> = steps
            .iter()
            .filter(|step| step.attrs.has("writes") && facts.node(step.to).kind.is_durable())
            .collect();
        for step in steps.iter().filter(|step| step.attrs.has("writes")) {
            let cache = facts.node(step.to);
            if cache.kind != Kind::Cache || step.attrs.has("conditional") || step.attrs.has("on") {
                continue;
            }
            let both = |other: &&&Step| other.from == step.from && filled.contains(&(step.to, other.to));
            let Some(first) = stored.iter().find(both) else { continue };
            let attrs = &cache.attrs;
            let other_way = attrs.words("invalidate").iter().any(|how| how != "on-error")
                || attrs.text("strategy").value().is_some_and(|how| how != "cache-aside")
                || attrs.number("ttl").value().is_some_and(|ttl| ttl <= SOON);
            let in_order = || {
                let into = |other: &&Step| other.to == step.from && facts.node(other.from).kind.is_broker();
                steps.iter().filter(into).any(|other| is_ordered(facts, other.from))
            };
            if !other_way && !in_order() && seen.insert((step.from, step.to)) {
                found.push(finding(facts, step, first).flows([flow.id.clone()]));
            }
        }
    }
    found
}

/// Messages of one key come one after another.
fn is_ordered(facts: &Facts, broker: NodeIndex) -> bool {
    let attrs = &facts.node(broker).attrs;
    let keyed = |step: &Step| step.attrs.has("key") || facts.design.graph[step.hop].attrs.has("key");
    attrs.has("order") || attrs.has("key") || facts.design.steps_to(broker).any(keyed)
}

fn finding(facts: &Facts, step: &Step, first: &Step) -> Diagnostic {
    let [who, name, store] = [step.from, step.to, first.to].map(|node| facts.node(node).name());
    Diagnostic::unstated(
        format!("{who} writes a record to {store} and to {name}, and nothing keeps the two in one order"),
        step.span,
        "set, or deleted?",
    )
    .question(format!("two requests change one record at once: which of the two does {name} keep?"))
    .label(first.span, "written beside it")
    .node(facts.id(step.to))
    .hop(facts.id(step.from), facts.id(step.to))
    .evidence(format!("{0} → {1} and {0} → {2} in one flow", facts.id(step.from), facts.id(first.to), facts.id(step.to)))
    .consequence(format!(
        "two edits of one record cross between {store} and {name}: {store} keeps the second, {name} the first, and readers get that one until it expires"
    ))
    .mend(Mend::node(facts.id(step.to), "invalidate=on-write"))
    .fix(format!("`invalidate=on-write` on {name}: delete the entry after the write, and let the next read load it; or `invalidate=cdc`"))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |cache: &str, hop: &str, miss: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a x2\nredis c {cache}\npostgres d\n\
                 flow f {{ u -> a -> d writes\na -> c writes {hop} }}\n\
                 flow g {{ u -> a -> c reads\n{miss} }}"
            );
            expect(&RULE, &text, expected);
        };
        let miss = "a -> d reads on=miss";
        case("ttl=1h", "", miss, &["unstated c"]);
        case("", "optional", miss, &["unstated c"]);
        case("strategy=cache-aside", "", miss, &["unstated c"]);
        case("invalidate=on-write", "", miss, &[]);
        case("strategy=write-through", "", miss, &[]);
        case("ttl=30s", "", miss, &[]);
        case("ttl=1h", "conditional", miss, &[]);
        // A leaderboard: nothing would fill it again.
        case("ttl=1h", "", "", &[]);
        // One after another, by their key.
        let worker = "client u\nservice a x2\nkafka q KEY\nworker w x2\nredis c\npostgres d\n\
                      flow f { u -> a ~> q ~> w -> d writes\nw -> c writes }\n\
                      flow g { u -> a -> c reads\na -> d reads on=miss }";
        expect(&RULE, &worker.replace("KEY", ""), &["unstated c"]);
        expect(&RULE, &worker.replace("KEY", "key=id"), &[]);
        // Filled by whoever read it.
        let text = "client u\nservice a x2\nredis c\npostgres d\n\
                    flow g { u -> a -> c reads\na -> d reads on=miss\na -> c writes }";
        expect(&RULE, text, &[]);
    }
}
