use petgraph::graph::{EdgeIndex, NodeIndex};

use crate::catalog::Kind;
use crate::design::{Arrow, Hop};
use crate::diagnostic::{Diagnostic, Severity, Verdict};
use crate::fix::Mend;
use crate::numbers::overload::{hold, is_fenced};
use crate::rules::{Confidence, Facts, Group, Page, Rule};
use crate::units::{show_duration, show_number, show_rate};

pub static RULE: Rule = Rule {
    id: "thread-hold",
    severity: Severity::Error,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Resilience,
    summary: "a slow dependency holds every thread of its caller before the first call times out",
    question: None,
    reads: &[
        "attempts",
        "autoscale",
        "breaker",
        "bulkhead",
        "concurrency",
        "fanout",
        "pool",
        "retry_budget",
        "timeout",
    ],
    page: Page {
        checks: "The threads that a caller has, beside those that it needs while what it calls does not answer: calls a second × `timeout`.",
        when: "A call states a `timeout`, its flows a `rate` (`peak`, where there is one), and the caller the `concurrency` or \
               `pool` of one instance: calls a second for one instance (with `concurrency`, which counts requests, those that a request makes at once by `fanout` are one) × `timeout` × `attempts` (1 + `retry_budget`, where there is one and it is less) is above that number. One finding for each caller. An error where \
               another flow that someone waits for needs the caller and never uses the hop; a warning where all of \
               them do. Where the caller may `autoscale` to a stated number, that many instances are counted and it is a \
               warning at most: the threads are gone before the first new instance is there. Silent where a fence is meant to fill: \
               the hop has a `breaker` or a `pool` of its own, or a `bulkhead` is on it or on its caller; where no other \
               flow needs the caller and all who call it have such a fence around that call, or it is a worker (its \
               messages wait in their queue); where it may `autoscale` without a stated end, and for functions. With a pool and one of `timeout` and `rate`, the other is named as missing.",
        why: "By Little's law what is in flight is the arrival rate × the time that each stays. In good times that time is \
              milliseconds; when the other side hangs it is the timeout, and the same traffic needs a hundred times the threads.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x4 concurrency=100\npostgres store x2 failover=auto\nservice maps x2\n\
              flow plan rate=400/s { web -> front -> api -> maps timeout=5s }\n\
              flow read rate=100/s { web -> front -> api -> store reads timeout=200ms }\n",
        good: "client web\nlb front managed\nservice api x4 concurrency=100\npostgres store x2 failover=auto\nservice maps x2\n\
               flow plan rate=400/s { web -> front -> api -> maps timeout=300ms }\n\
               flow read rate=100/s { web -> front -> api -> store reads timeout=200ms }\n",
        ignore: "What waits is no thread but an entry in a table, of which there are enough.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let callers =
        |kind| matches!(kind, Kind::Service | Kind::Socket | Kind::Auth | Kind::Gateway | Kind::Worker);
    for caller in facts.nodes(callers) {
        let mut worst: Option<Diagnostic> = None;
        for (target, hop) in facts.hops_from(caller) {
            let polls = facts.node(target).kind.is_broker();
            if hop.arrow != Arrow::Call || polls || facts.node(target).kind == Kind::Client {
                continue;
            }
            match (judge(facts, caller, target, hop), &mut worst) {
                (None, _) => {}
                (Some(wants), _) if wants.verdict == Verdict::NotEvaluated => found.push(wants),
                (Some(finding), None) => worst = Some(finding),
                // The threads are the same: what else takes them stands beside it.
                (Some(mut finding), Some(worst)) => {
                    if finding.at.span == worst.at.span && finding.severity > worst.severity {
                        std::mem::swap(&mut finding, worst);
                    }
                    if finding.at.span == worst.at.span {
                        let other = finding.evidence.pop().unwrap_or_default();
                        worst.evidence.push(format!("likewise `{}`: {other}", finding.nodes[1]));
                        worst.evidence.truncate(6);
                        worst.hops.extend(finding.hops);
                    } else {
                        found.push(finding);
                    }
                }
            }
        }
        found.extend(worst);
    }
    found
}

/// Nobody else stands in line: its messages wait in their queue, or its callers wait behind fences of their own.
fn holds_up_nobody(facts: &Facts, caller: NodeIndex) -> bool {
    let mut calls = facts.hops_to(caller);
    calls.retain(|(_, hop)| hop.arrow == Arrow::Call);
    let is_fenced = |hop: &Hop| edge(facts, hop).is_some_and(|edge| is_fenced(facts.design, edge));
    let fenced = !calls.is_empty() && calls.iter().all(|(_, hop)| is_fenced(hop));
    fenced || facts.node(caller).kind == Kind::Worker
}

fn judge(facts: &Facts, caller: NodeIndex, target: NodeIndex, hop: &Hop) -> Option<Diagnostic> {
    let node = facts.node(caller);
    let edge = edge(facts, hop)?;
    let other = facts.another_flow(caller, hop);
    if is_fenced(facts.design, edge) || (other.is_none() && holds_up_nobody(facts, caller)) {
        return None;
    }
    let hold = match hold(facts.design, edge)? {
        Ok(hold) if hold.is_short() => hold,
        Ok(_) => return None,
        Err(missing) => return Some(Diagnostic::not_evaluated(missing.wants.join(", "), hop.span)),
    };
    let (threads, each) = (hold.has, hold.each);
    let rate = each * hold.instances as f64;
    let [who, name] = [caller, target].map(|node| facts.node(node).name());
    let held = show_duration(hold.held);
    let [had, wanted] = [threads, hold.needed.value.ceil()].map(show_number);
    let tries = match hop.attrs.has("retry_budget") {
        _ if hold.tries <= 1.0 => String::new(),
        true => format!(" × {} tries with its budget", show_number(hold.tries)),
        false => format!(" × {} attempts", show_number(hold.tries)),
    };
    let at_once = hold.at_once.map_or_else(String::new, |calls| {
        format!("; up to {} calls of a request at once hold one place", show_number(calls))
    });
    let also = match other {
        Some(flow) => format!(", and `{}`, which never calls it, finds none", flow.id),
        None => String::new(),
    };
    let mut finding = Diagnostic::wrong(
        format!("when {name} hangs, all {had} threads of {who} are taken after {}", show_duration(threads / each)),
        hold.at,
        format!("{wanted} would be needed"),
    )
    .label(hop.span, format!("each call may hold one for {held}"))
    .node(&node.id)
    .node(facts.id(target))
    .hop(&node.id, facts.id(target))
    .flows(facts.flows_on(hop).map(|flow| flow.id.clone()))
    .evidence(format!("{} on {} of {who} = {} each{at_once}", show_rate(rate), instances(hold.instances), show_rate(each)))
    .evidence(format!("{} × {}{tries} = {wanted} in flight > {had}", show_rate(each), show_duration(hold.timeout)))
    .consequence(format!(
        "{name} stops answering: each call keeps its place for {held}, new requests wait in front of {who}{also}"
    ))
    .mend(Mend::hop(&node.id, facts.id(target), &format!("bulkhead={}", show_number((threads / 4.0).ceil()).replace(",", ""))))
    .fix(format!(
        "`bulkhead={}` on `{} -> {}`, so that the rest stay free; or a timeout below {}, or a `breaker`",
        show_number((threads / 4.0).ceil()),
        node.id,
        facts.id(target),
        show_duration(threads / each / hold.tries)
    ));
    if other.is_none() || node.attrs.has("autoscale") {
        finding = finding.at_most(Severity::Warning);
    }
    Some(finding)
}

/// The place of a hop in the graph: its steps know it.
fn edge(facts: &Facts, hop: &Hop) -> Option<EdgeIndex> {
    hop.steps.first().map(|&at| facts.design.steps[at].hop)
}

fn instances(count: u64) -> String {
    if count == 1 { "one instance".to_string() } else { format!("{count} instances") }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::diagnostic::Severity;
    use crate::rules::testing::{design, expect};

    #[test]
    fn cases() {
        let case = |service: &str, flow: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a x4 {service}\nservice b\npostgres d\n{flow}\nflow g {{ u -> a -> d }}"
            );
            expect(&RULE, &text, expected);
        };
        // 100 a second for each instance: 500 in flight for 5 s.
        let slow = "flow f rate=400/s { u -> a -> b timeout=5s }";
        case("concurrency=200", slow, &["wrong a, b"]);
        case("pool=200", slow, &["wrong a, b"]);
        case("concurrency=200", "flow f rate=400/s { u -> a -> b timeout=1s attempts=3 }", &["wrong a, b"]);
        case("concurrency=200", "flow f rate=40/s peak=400/s { u -> a -> b timeout=5s }", &["wrong a, b"]);
        // Enough, or kept apart.
        case("concurrency=500", slow, &[]);
        case("concurrency=200", "flow f rate=400/s { u -> a -> b timeout=2s }", &[]);
        case("concurrency=200", "flow f rate=400/s { u -> a -> b timeout=5s breaker }", &[]);
        case("concurrency=200", "flow f rate=400/s { u -> a -> b timeout=5s bulkhead=50 }", &[]);
        case("concurrency=200 bulkhead=50", slow, &[]);
        case("concurrency=200", "flow f rate=400/s { u -> a -> b timeout=5s pool=20 }", &[]);
        // As many as it may grow to.
        case("concurrency=200 autoscale=[4, 8]", slow, &["wrong a, b"]);
        case("concurrency=200 autoscale=[4, 20]", slow, &[]);
        case("concurrency=200 autoscale", slow, &[]);
        // What one request asks at once holds one place among requests, and one connection each.
        let fanned = "flow f rate=10/s { u -> a -> b timeout=5s fanout=40 }";
        case("concurrency=20", fanned, &[]);
        case("concurrency=10", fanned, &["wrong a, b"]);
        case("pool=200", fanned, &["wrong a, b"]);
        case("concurrency=20", "flow f rate=10/s { u -> a -> b timeout=5s calls=40 }", &["wrong a, b"]);
        // One number is missing.
        case("concurrency=200", "flow f { u -> a -> b timeout=5s }", &["wants rate of f"]);
        case("concurrency=200", "flow f rate=400/s { u -> a -> b }", &["wants timeout of a -> b"]);
        case("", slow, &[]);
        // Messages wait in their queue, unless somebody calls it too.
        let worker = |more: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice s\nqueue q\nworker w pool=10\npostgres d\ncache c\n\
                 flow f rate=400/s {{ u -> s ~> q ~> w -> d timeout=5s }}\n{more}"
            );
            expect(&RULE, &text, expected);
        };
        worker("", &[]);
        worker("flow g { u -> w -> c }", &["wrong w, d"]);
        // Its only callers wait behind a fence.
        let behind = |fence: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice s {fence}\nservice a concurrency=10\npostgres d\n\
                 flow f rate=400/s {{ u -> s -> a -> d timeout=5s }}"
            );
            expect(&RULE, &text, expected);
        };
        behind("bulkhead=50", &[]);
        behind("", &["wrong a, d"]);
    }

    #[test]
    fn where_every_flow_needs_it_it_is_a_warning() {
        let nodes = "client u\nservice a concurrency=10\nservice b\npostgres d\n\
                     flow f rate=400/s { u -> a -> b timeout=5s }\n";
        let severity =
            |text: &str| crate::rules::run(&RULE, &crate::rules::Facts::new(&design(text)))[0].severity;
        assert_eq!(severity(nodes), Severity::Warning);
        let two = format!("{nodes}flow g {{ u -> a -> d }}");
        assert_eq!(severity(&two), Severity::Error);
        assert_eq!(severity(&two.replace("concurrency", "autoscale=[1, 2] concurrency")), Severity::Warning);
    }
}
