use crate::design::Node;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::numbers::parts;
use crate::rules::facts::Miss;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::units::{show_duration, show_number, show_rate, show_size};

pub static RULE: Rule = Rule {
    id: "cache-no-eviction",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Caching,
    summary: "a cache that fills its memory drops nothing: writes to it fail, or it is killed",
    question: Some(Question { topic: "full caches", text: "its memory is full: what does it drop?" }),
    reads: &["eviction", "failover", "memory", "peak", "rate", "rows", "shards", "size", "ttl"],
    page: Page {
        checks: "Caches that are filled on a miss: what goes when their memory is full.",
        when: "A cache has a way past it to a store (`on=miss`, or a call of its own). Wrong where `eviction=none` is stated and \
               no `ttl` is, or more than a million entries may come together within one `ttl`. A question where `eviction` is not said, the technology as it comes \
               drops nothing (Redis, Valkey, Dragonfly, Hazelcast; Memcached and Varnish drop the oldest) or is not named, and more than a million entries may come together. \
               Entries are counted as requests to the cache (at the flow's `peak`, where given) times its `ttl`, and no more than the `rows` of the tables loaded. Silent \
               where they are fewer, where rate or `ttl` are not known, where they fit in the stated `memory` by the `size` of the rows, and for managed caches that do not say `eviction=none`. `memory` is that of one instance: it counts once for each of its `shards`, \
               else once where `failover` is stated (the others are replicas), else once for each instance.",
        why: "Redis as it comes drops nothing: at its limit writes return an error, and without a limit it grows until the kernel \
              kills it. Both happen on the day with the most different keys, which is the busiest, and then the store gets \
              everything.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x8\nredis hot x3 failover=auto ttl=1h jitter eviction=none stampede=single-flight\ndynamodb store\n\
              flow show rate=2k/s { web -> front -> api -> hot reads\napi -> store reads on=miss }\n",
        good: "client web\nlb front managed\nservice api x8\nredis hot x3 failover=auto ttl=1h jitter eviction=lru stampede=single-flight\ndynamodb store\n\
               flow show rate=2k/s { web -> front -> api -> hot reads\napi -> store reads on=miss }\n",
        ignore: "All that can ever be cached fits: state its `memory`, and the `rows` and `size` of the tables.",
    },
    check,
};

/// About what one small node holds without anybody having thought of it.
const MANY: f64 = 1e6;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (cache, misses) in facts.misses_by_cache() {
        let node = facts.node(cache);
        let eviction = node.attrs.text("eviction");
        let drops = node.tech.is_some_and(|tech| tech.eviction.as_deref().is_some_and(|how| how != "none"));
        if eviction.is_yes() || (eviction.is_unstated() && drops) || (node.is_managed() && !eviction.is_no())
        {
            continue;
        }
        let name = node.name();
        let (ttl, entries) = (node.attrs.number("ttl").value(), entries(facts, node, &misses));
        let endless = eviction.is_no() && ttl.is_none();
        if !endless && entries.is_none_or(|entries| entries <= MANY || fits(facts, node, &misses, entries)) {
            continue;
        }
        let message = format!("when the memory of {name} is full it drops nothing, and takes no new entry");
        let finding = match eviction.span() {
            Some(span) => Diagnostic::wrong(message, span, "said to drop nothing"),
            None => {
                let message = format!("nothing says what {name} drops when its memory is full");
                Diagnostic::unstated(message, node.span, "no `eviction=` here").question(format!(
                    "the memory of {name} is full: what does it drop, or does the next write fail?"
                ))
            }
        };
        let evidence = match (ttl, entries, facts.asked_of(&misses)) {
            (Some(ttl), Some(entries), Some(asked)) => format!(
                "{} kept for {}: up to {} entries{}",
                show_rate(asked),
                show_duration(ttl),
                show_number(entries),
                entry_size(facts, &misses)
                    .map_or(String::new(), |size| format!(", {}", show_size(size * entries)))
            ),
            _ => format!("nothing expires and nothing is dropped: each new key of {name} stays"),
        };
        let store = facts.node(misses[0].store).name();
        found.push(
            finding
                .node(&node.id)
                .evidence(evidence)
                .consequence(format!(
                    "a crawler asks for every key there is, {name} is full and refuses to be written or is killed, and what it no longer answers goes to {store}"
                ))
                .mend(Mend::node(&node.id, "eviction=lru"))
                .fix(format!("`eviction=lru` on {name}, with its `memory`")),
        );
    }
    found
}

/// How many entries may come together before the first expires.
fn entries(facts: &Facts, node: &Node, misses: &[&Miss]) -> Option<f64> {
    let within = facts.asked_of(misses)? * node.attrs.number("ttl").value()?;
    let mut all = Some(0.0);
    for miss in misses {
        let rows = facts.tables_read(miss.load).next().and_then(|table| table.attrs.number("rows").value());
        all = all.zip(rows).map(|(all, rows)| all + rows);
    }
    Some(all.map_or(within, |all: f64| all.min(within)))
}

fn entry_size(facts: &Facts, misses: &[&Miss]) -> Option<f64> {
    let sizes = misses.iter().flat_map(|miss| facts.tables_read(miss.load));
    sizes.filter_map(|table| table.attrs.number("size").value()).reduce(f64::max)
}

fn fits(facts: &Facts, node: &Node, misses: &[&Miss], entries: f64) -> bool {
    let memory = node.attrs.number("memory").value();
    let needed = entry_size(facts, misses).map(|size| size * entries);
    memory.zip(needed).is_some_and(|(memory, needed)| needed <= memory * parts(node))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |cache: &str, table: &str, rate: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a x2\n{cache}\ndatabase d {{ table t {{ key k; {table} }} }}\n\
                 flow f {rate} {{ u -> a -> c reads\na -> d reads=t by=k on=miss }}"
            );
            expect(&RULE, &text, expected);
        };
        case("redis c ttl=1h", "", "rate=1k/s", &["unstated c"]);
        case("cache c ttl=1h", "", "rate=1k/s", &["unstated c"]);
        case("redis c ttl=1h eviction=none", "", "rate=1k/s", &["wrong c"]);
        case("redis c ttl=none eviction=none", "", "", &["wrong c"]);
        case("redis c eviction=none", "", "rate=1/s", &["wrong c"]);
        // It drops something, as said, as it comes, or as its vendor sets it.
        case("redis c ttl=1h eviction=lru", "", "rate=1k/s", &[]);
        case("memcached c ttl=1h", "", "rate=1k/s", &[]);
        case("elasticache c ttl=1h", "", "rate=1k/s", &[]);
        // Few entries: little is asked, they go soon, or there are no more.
        case("redis c ttl=5min", "", "rate=40/s", &[]);
        case("redis c ttl=5min eviction=none", "", "rate=40/s", &[]);
        case("redis c ttl=1h", "rows = 50k", "rate=1k/s", &[]);
        // They fit.
        case("redis c ttl=1h memory=8GB", "size = 1KB", "rate=1k/s", &[]);
        case("redis c ttl=1h memory=1GB", "size = 1KB", "rate=1k/s", &["unstated c"]);
        // In two together; not in one of which the other is a replica.
        case("redis c x2 ttl=1h memory=2GB", "size = 1KB", "rate=1k/s", &[]);
        case("redis c x2 ttl=1h memory=2GB failover=auto", "size = 1KB", "rate=1k/s", &["unstated c"]);
        case("redis c x4 shards=2 ttl=1h memory=2GB failover=auto", "size = 1KB", "rate=1k/s", &[]);
        case("elasticache c ttl=1h eviction=none", "", "rate=1k/s", &["wrong c"]);
        // Numbers are missing; when an entry goes is another question.
        case("redis c ttl=1h", "", "", &[]);
        case("redis c", "", "rate=1k/s", &[]);
        // What is no copy.
        expect(
            &RULE,
            "client u\nservice a\nredis c eviction=none\nflow f rate=1k/s { u -> a -> c writes }",
            &[],
        );
    }
}
