use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::facts::Miss;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::units::{show_duration, show_rate};

pub static RULE: Rule = Rule {
    id: "cache-expires-at-once",
    severity: Severity::Info,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Caching,
    summary: "entries that came into a cache together expire together",
    question: Some(Question {
        topic: "expiry all at once",
        text: "it was filled within a minute after a restart: what happens one `ttl` later?",
    }),
    reads: &["jitter", "peak", "rate", "rows", "stampede", "strategy", "ttl"],
    page: Page {
        checks: "Busy caches whose entries all live for the same time.",
        when: "A cache has a way past it to a store (`on=miss`, or a call of its own), is known to be asked at least 1,000 times \
               a second (at the flow's `peak`, where given), and has a `ttl` of ten seconds or more. Wrong where `jitter=no` is stated, a question where \
               nothing is said. Silent with `jitter`, where entries are renewed or served while they are (`strategy=refresh-ahead`, \
               `stampede=stale`), where each hop taken on a miss has a `bulkhead` (no more than so many are loaded at once), where the tables loaded are named and have 5,000 `rows` at most (they are loaded in a second or two, and that is no wave), and where the stores behind are known to carry everything.",
        why: "After a restart, a flush or a warm-up most entries are loaded within the same minute. With one `ttl` for all they \
              leave within one minute too, are loaded together again, and so on: the store gets a wave at every round, though \
              on average the cache answers nearly everything.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x8\nredis hot x3 failover=auto ttl=10min jitter=no eviction=lru stampede=single-flight\ndynamodb store\n\
              flow show rate=5k/s { web -> front -> api -> hot reads\napi -> store reads on=miss }\n",
        good: "client web\nlb front managed\nservice api x8\nredis hot x3 failover=auto ttl=10min jitter eviction=lru stampede=single-flight\ndynamodb store\n\
               flow show rate=5k/s { web -> front -> api -> hot reads\napi -> store reads on=miss }\n",
        ignore: "Keys are so many and so evenly asked for that a round of the `ttl` never sees most of them again.",
    },
    check,
};

const BUSY: f64 = 1000.0;
/// Shorter than it takes to fill it: the entries do not come together in the first place.
const SHORT: f64 = 10.0;
/// So many rows are loaded in a second or two.
const FEW: f64 = 5000.0;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (cache, misses) in facts.misses_by_cache() {
        let node = facts.node(cache);
        let attrs = &node.attrs;
        let Some(asked) = facts.asked_of(&misses).filter(|&asked| asked >= BUSY) else { continue };
        let Some(ttl) = attrs.number("ttl").value().filter(|&ttl| ttl >= SHORT) else { continue };
        let renewed = attrs.text("strategy").value() == Some("refresh-ahead")
            || attrs.text("stampede").value() == Some("stale");
        let bounded = misses.iter().all(|miss| miss.is_bounded(facts));
        if attrs.has("jitter")
            || renewed
            || bounded
            || are_few(facts, &misses)
            || facts.can_do_without(&misses)
        {
            continue;
        }
        let (name, store) = (node.name(), facts.node(misses[0].store).name());
        let after = show_duration(ttl);
        let message = format!("what {name} loads in one minute expires in one minute, {after} later");
        let finding = match attrs.get("jitter") {
            Some(setting) => Diagnostic::wrong(message, setting.span, "all live equally long"),
            None => {
                let span = attrs.get("ttl").map_or(node.span, |setting| setting.span);
                Diagnostic::unstated(message, span, "no `jitter` beside it").question(format!(
                    "{name} is filled within a minute after a restart: what does {store} get {after} later?"
                ))
            }
        };
        found.push(
            finding
                .node(&node.id)
                .hop(facts.id(misses[0].load.from), facts.id(misses[0].store))
                .evidence(format!("{name} is asked {}, and keeps every entry for {after}", show_rate(asked)))
                .consequence(format!(
                    "{name} is restarted and filled again; {after} later the most wanted entries all go at once, and {store} gets that load again, and again"
                ))
                .mend(Mend::node(&node.id, "jitter"))
                .fix(format!("`jitter` on {name}, so that each entry lives a little longer or shorter than {after}")),
        );
    }
    found
}

/// All that can be cached is so little that loading it again is no wave.
fn are_few(facts: &Facts, misses: &[&Miss]) -> bool {
    let rows = |miss: &&Miss| {
        let table = facts.tables_read(miss.load).next()?;
        table.attrs.number("rows").value()
    };
    misses.iter().map(rows).sum::<Option<f64>>().is_some_and(|rows| rows <= FEW)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |cache: &str, rate: &str, miss: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a x2\nredis c {cache}\ndatabase d\n\
                 flow f {rate} {{ u -> a -> c reads\na -> d reads on=miss {miss} }}"
            );
            expect(&RULE, &text, expected);
        };
        case("ttl=10min", "rate=5k/s", "", &["unstated c"]);
        case("ttl=10min jitter=no", "rate=5k/s", "", &["wrong c"]);
        case("ttl=10min", "rate=100/s peak=5k/s", "", &["unstated c"]);
        case("ttl=10min jitter", "rate=5k/s", "", &[]);
        case("ttl=10min", "rate=50/s", "", &[]);
        case("ttl=10min", "", "", &[]);
        case("ttl=1s", "rate=5k/s", "", &[]);
        case("", "rate=5k/s", "", &[]);
        case("ttl=10min stampede=stale", "rate=5k/s", "", &[]);
        case("ttl=10min", "rate=5k/s", "bulkhead=50", &[]);
        // There are few to load.
        let few = |rows: &str| {
            format!(
                "client u\nservice a x2\nredis c ttl=10min\ndatabase d {{ table t {{ key k; rows = {rows} }} }}\n\
                 flow f rate=5k/s {{ u -> a -> c reads\na -> d reads=t by=k on=miss }}"
            )
        };
        expect(&RULE, &few("200"), &[]);
        expect(&RULE, &few("2M"), &["unstated c"]);
        // The store carries all of it.
        let text = "client u\nservice a x2\nredis c ttl=10min\ndatabase d capacity=9k/s\n\
                    flow f rate=5k/s { u -> a -> c reads\na -> d reads on=miss }";
        expect(&RULE, text, &[]);
    }
}
