use super::{disagreement, ratio};
use crate::design::Node;
use crate::diagnostic::Diagnostic;
use crate::numbers::{CacheNumbers, Reached};
use crate::units::show_share;

/// A hit rate that the cache cannot have.
pub fn hit_rate(node: &Node, cache: &CacheNumbers) -> Option<Diagnostic> {
    let setting = node.attrs.get("hit_rate")?;
    let stated = node.attrs.number("hit_rate").value().filter(|stated| *stated > 0.0)?;
    let bound = |figure: &Option<Reached>| figure.as_ref().and_then(|figure| figure.as_ref().ok().cloned());
    let most = bound(&cache.hit_rate_at_most).filter(|most| most.value < stated);
    // Less memory than the rows take would be an answer.
    let fits = node.attrs.number("memory").is_yes();
    let least = bound(&cache.hit_rate_at_least).filter(|least| fits && least.value > stated);
    let (bound, at) = match (most, least) {
        (Some(most), _) => (most, "most"),
        (None, least) => (least?, "least"),
    };
    let name = node.name();
    let times = ratio(stated, bound.value.max(f64::MIN_POSITIVE))?;
    let message = format!(
        "{name} is said to answer {} of what it is asked, and by its other figures it is {} at {at}",
        show_share(stated),
        bound.shown()
    );
    let found = disagreement(message, setting, times).node(&node.id);
    let found = bound.reached.into_iter().fold(found, |found, line| found.evidence(line));
    Some(
        found
            .consequence(match at {
                "most" => {
                    format!("what is behind {name} is sized for misses that are far fewer than those to come")
                }
                _ => format!("what is behind {name} is sized for misses that never come"),
            })
            .fix(format!(
                "`hit_rate={}`, or the `ttl`, `memory`, `rows` or rate that was meant",
                bound_text(bound.value)
            )),
    )
}

/// `15%`: as many digits as are worth writing.
fn bound_text(share: f64) -> String {
    show_share(share).replace(' ', "")
}

#[cfg(test)]
mod tests {
    use super::super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn hit_rates() {
        let case = |cache: &str, table: &str, rate: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a x2\nredis c {cache}\ndatabase d {{ table t {{ key k; {table} }} }}\n\
                 flow f rate={rate} {{ u -> a -> c reads\na -> d reads=t by=k on=miss }}"
            );
            expect(&RULE, &text, expected);
        };
        // Asked for once in 100 s, kept for 10 s: one in eleven at most, whatever is asked for.
        case("ttl=10s hit_rate=90%", "", "10/min", &[]);
        case("ttl=10s hit_rate=90%", "", "36/h", &["wrong c"]);
        case("ttl=10s hit_rate=9%", "", "36/h", &[]);
        // What else fills it could have filled it before.
        case("ttl=10s hit_rate=90% strategy=refresh-ahead", "", "36/h", &[]);
        case("ttl=10s hit_rate=90% stampede=stale", "", "36/h", &[]);
        // The hottest of many rows.
        case("ttl=10s hit_rate=90%", "skew=1%", "1k/s", &[]);
        case("ttl=10s hit_rate=90%", "skew=0.001%", "1k/s", &["wrong c"]);
        // 10 k entries of which none gets more than 0.001 % of all requests.
        case("memory=10MB hit_rate=90%", "size=1KB; skew=0.001%", "1k/s", &["wrong c"]);
        case("memory=1GB hit_rate=90%", "size=1KB; skew=0.001%", "1k/s", &[]);
        case("memory=10MB hit_rate=90%", "size=1KB", "1k/s", &[]);
        // A thousand rows, each asked for once a second, and kept for a minute.
        case("ttl=1min memory=1GB hit_rate=40%", "size=1KB; rows=1k", "1k/s", &["wrong c"]);
        case("ttl=1min memory=1GB hit_rate=60%", "size=1KB; rows=1k", "1k/s", &[]);
        case("ttl=1min memory=1GB hit_rate=40%", "size=1KB; rows=1G", "1k/s", &[]);
        case("ttl=1min memory=300KB hit_rate=40%", "size=1KB; rows=1k", "1k/s", &[]);
        case("ttl=1min hit_rate=40%", "size=1KB; rows=1k", "1k/s", &[]);
    }
}
