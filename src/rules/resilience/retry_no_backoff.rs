use std::collections::HashMap;

use petgraph::graph::{EdgeIndex, NodeIndex};
use petgraph::visit::EdgeRef;

use crate::catalog::Kind;
use crate::design::{Arrow, Hop};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Outage, Page, Question, Rule};
use crate::source::Span;
use crate::units::show_number;

pub static RULE: Rule = Rule {
    id: "retry-no-backoff",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Resilience,
    summary: "a failed call is tried again at once, and by all callers at the same moment",
    question: Some(Question {
        topic: "waits between tries",
        text: "how long do they wait before they try again, and is the wait spread by jitter?",
    }),
    reads: &["attempts", "backoff", "jitter"],
    page: Page {
        checks: "Hops with `attempts` above one: what is waited between two tries, and whether all wait equally long.",
        when: "Wrong where `backoff=none` is stated on a hop (of any arrow) with `attempts` of two or more; a warning where it \
               is two, or all its flows are of 10 requests a second or fewer, state no `availability` and bring no more than that over the hop (one request a day may send a million mails). A warning where `jitter=none` \
               is stated beside a `backoff` on a call by a client or by a caller with two instances or more (or a managed one). A question where `attempts` of two or more stand without a word of \
               `backoff`, unless all flows of the hop are that small; at most a remark where they are two, or where there \
               is a `backoff` and only `jitter` is not said, which is asked of the same callers: one instance does not meet itself.",
        why: "Who is overloaded now is overloaded a millisecond later: tries without a wait only add to it. With a wait of \
              the same length for all, those who failed together come back together.",
        outage: Some(Outage {
            name: "Spotify, 2013",
            what: "lack of exponential backoff in a microservice caused a cascading failure",
            link: "https://labs.spotify.com/2013/06/04/incident-management-at-spotify/",
        }),
        bad: "client web\nlb front managed\nservice api x4\npostgres store x2 failover=auto\n\
              flow read rate=500/s { web -> front -> api -> store reads timeout=200ms attempts=3 backoff=none }\n",
        good: "client web\nlb front managed\nservice api x4\npostgres store x2 failover=auto\n\
               flow read rate=500/s { web -> front -> api -> store reads timeout=200ms attempts=3 backoff jitter }\n",
        ignore: "The second try goes to another instance, which has no part in the trouble of the first.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    let mut said: HashMap<Span, usize> = HashMap::new();
    let mut hops: Vec<(Span, EdgeIndex)> =
        facts.design.graph.edge_references().map(|edge| (edge.weight().span, edge.id())).collect();
    hops.sort_unstable();
    for (_, at) in hops {
        let hop = &facts.design.graph[at];
        let Some((from, to)) = facts.design.graph.edge_endpoints(at) else { continue };
        let Some(attempts) = hop.attrs.number("attempts").value().filter(|&attempts| attempts > 1.0) else {
            continue;
        };
        if hop.arrow == Arrow::Control {
            continue;
        }
        let Some((finding, stated)) = judge(facts, from, to, hop, attempts) else { continue };
        // What `every call` says is said once.
        if let Some(span) = stated {
            let next = found.len();
            let first = *said.entry(span).or_insert(next);
            if first != next {
                found[first].hops.extend(finding.hops);
                for (mend, more) in found[first].mends.iter_mut().zip(finding.mends) {
                    mend.writes.extend(more.writes);
                }
                continue;
            }
        }
        found.push(finding);
    }
    found
}

/// The finding, and where the setting stands that is wrong.
fn judge(
    facts: &Facts,
    from: NodeIndex,
    to: NodeIndex,
    hop: &Hop,
    attempts: f64,
) -> Option<(Diagnostic, Option<Span>)> {
    let [who, target] = [from, to].map(|node| facts.node(node).name());
    let tries = show_number(attempts);
    let few = is_small(facts, hop);
    let (backoff, jitter) = (hop.attrs.get("backoff"), hop.attrs.get("jitter"));
    let waits = backoff.is_some() && hop.attrs.has("backoff");
    let many = facts.node(from).kind == Kind::Client || facts.node(from).is_redundant();
    let (finding, stated, together) = match (backoff, jitter) {
        (Some(none), _) if !waits => {
            let message = format!("{who} tries {target} up to {tries} times in a row, without a wait");
            let finding = Diagnostic::wrong(message, none.span, "at once");
            (if few { finding.at_most(Severity::Warning) } else { finding }, Some(none.span), false)
        }
        (Some(_), Some(none)) if many && !hop.attrs.has("jitter") => {
            let message = format!("all that fail at {target} come back to it at the same moment");
            let finding = Diagnostic::wrong(message, none.span, "all wait equally long");
            (finding.at_most(Severity::Warning), Some(none.span), true)
        }
        _ if few => return None,
        (None, _) => {
            let message =
                format!("{who} tries {target} up to {tries} times, and does not say what it waits between");
            (
                Diagnostic::unstated(message, attempts_span(hop), "no `backoff` here").question(format!(
                    "{who} tries {target} up to {tries} times: how long does it wait in between?"
                )),
                None,
                false,
            )
        }
        (Some(_), None) if many => {
            let message = format!("the waits of {who} before it tries {target} again are not said to differ");
            (
                Diagnostic::unstated(message, attempts_span(hop), "no `jitter` here")
                    .question(format!(
                        "{target} fails for all of {who} at once: do they all come back at the same moment?"
                    ))
                    .at_most(Severity::Info),
                None,
                true,
            )
        }
        _ => return None,
    };
    let finding = if attempts <= 2.0 {
        let most = if stated.is_some() { Severity::Warning } else { Severity::Info };
        finding.at_most(most)
    } else {
        finding
    };
    let (consequence, fix) = if together {
        (
            format!(
                "{target} comes back after a second's trouble, and every request that failed meets it in the same instant: it fails again, and so on in step"
            ),
            format!("`jitter` on `{} -> {}`, so that the waits differ", facts.id(from), facts.id(to)),
        )
    } else {
        (
            format!(
                "{target} is too slow for a moment; every failed request comes again at once, {tries} times the load in the very second in which it can take least"
            ),
            format!(
                "`backoff jitter` on `{} -> {}`, a wait that doubles and differs",
                facts.id(from),
                facts.id(to)
            ),
        )
    };
    let finding = finding
        .node(facts.id(from))
        .node(facts.id(to))
        .hop(facts.id(from), facts.id(to))
        .flows(flows(facts, hop))
        .evidence(format!("{} → {} attempts={tries}", facts.id(from), facts.id(to)))
        .consequence(consequence)
        .mend(Mend::hop(facts.id(from), facts.id(to), if together { "jitter" } else { "backoff jitter" }))
        .fix(fix);
    Some((finding, stated))
}

fn attempts_span(hop: &Hop) -> Span {
    hop.attrs.get("attempts").filter(|setting| !setting.inherited).map_or(hop.span, |setting| setting.span)
}

fn flows(facts: &Facts, hop: &Hop) -> Vec<String> {
    let mut ids: Vec<String> = facts.flows_on(hop).map(|flow| flow.id.clone()).collect();
    ids.dedup();
    ids
}

fn is_small(facts: &Facts, hop: &Hop) -> bool {
    let mut steps = facts.steps_on(hop).peekable();
    steps.peek().is_some() && steps.all(|step| facts.is_seldom(step))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::diagnostic::Severity;
    use crate::rules::testing::{design, expect};

    const NODES: &str = "client u\nservice a x2\nservice b\nqueue q\nworker w x2\npostgres d\nexternal e\n";

    #[test]
    fn cases() {
        let case = |text: &str, expected: &[&str]| expect(&RULE, &format!("{NODES}{text}"), expected);
        case("flow f { u -> a -> d attempts=3 backoff=none }", &["wrong a, d"]);
        case("flow f { u -> a -> d attempts=3 }", &["unstated a, d"]);
        case("flow f { u -> a ~> q ~> w -> e attempts=3 jitter }", &["unstated w, e"]);
        case("flow f { u -> a ~> q ~> w attempts=5 backoff=none }", &["wrong q, w"]);
        case("u -> a attempts=3 backoff jitter=none", &["wrong u, a"]);
        case("flow f { u -> a -> d attempts=3 backoff }", &["unstated a, d"]);
        // Said once for all of them.
        case("every call attempts=3 backoff=none\nflow f rate=1k/s { u -> a -> b -> d }", &["wrong u, a"]);
        // All is said, or nothing is tried again.
        case("flow f { u -> a -> d attempts=3 backoff jitter }", &[]);
        case("flow f { u -> a -> d attempts=3 backoff=fixed jitter }", &[]);
        case("every call backoff jitter\nflow f { u -> a -> d attempts=3 }", &[]);
        case("flow f { u -> a -> d attempts=1 }", &[]);
        case("flow f { u -> a -> d backoff=none }", &[]);
        // One instance does not meet itself; a few requests meet nobody.
        case("flow f { u -> b -> d attempts=3 backoff }", &[]);
        case("flow f { u -> b -> d attempts=3 backoff jitter=none }", &[]);
        case("flow f rate=2/s { u -> a -> d attempts=3 }", &[]);
        case("flow f rate=2/s availability=99.9% { u -> a -> d attempts=3 }", &["unstated a, d"]);
    }

    #[test]
    fn how_much_it_weighs() {
        for (hop, severity) in [
            ("attempts=3 backoff=none", Severity::Error),
            ("attempts=2 backoff=none", Severity::Warning),
            ("attempts=3 backoff jitter=none", Severity::Warning),
            ("attempts=3", Severity::Warning),
            ("attempts=2", Severity::Info),
            ("attempts=3 backoff", Severity::Info),
        ] {
            let text = format!("{NODES}flow f rate=1k/s {{ u -> a -> d {hop} }}");
            let found = crate::rules::run(&RULE, &crate::rules::Facts::new(&design(&text)));
            assert_eq!(found[0].severity, severity, "{hop}");
        }
    }
}
