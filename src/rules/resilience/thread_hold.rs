use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Hop};
use crate::diagnostic::{Diagnostic, Severity, Verdict};
use crate::rules::{Confidence, Facts, Group, Page, Rule};
use crate::source::Span;
use crate::units::{show_duration, show_number, show_rate};

pub static RULE: Rule = Rule {
    id: "thread-hold",
    severity: Severity::Error,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Resilience,
    summary: "a slow dependency holds every thread of its caller before the first call times out",
    question: None,
    reads: &["attempts", "autoscale", "breaker", "bulkhead", "concurrency", "pool", "timeout"],
    page: Page {
        checks: "The threads that a caller has, beside those that it needs while what it calls does not answer: calls a second × `timeout`.",
        when: "A call states a `timeout`, its flows a `rate` (`peak`, where there is one), and the caller the `concurrency` or \
               `pool` of one instance: calls a second for one instance × `timeout` × `attempts` is above that number. One finding for each caller. An error where \
               another flow that someone waits for needs the caller and never uses the hop; a warning where all of \
               them do. A `pool` on the hop is for this call alone: then it counts instead, and only as a warning, where \
               another flow does without the hop. Silent where the hop has a `breaker`, or a `bulkhead` on it or on \
               its caller, where the caller may `autoscale`, and for functions. With a pool and one of `timeout` and `rate`, the other is named as missing.",
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

/// The threads or connections of one instance, where they are written, and whether they are for this call alone.
fn threads(facts: &Facts, caller: NodeIndex, hop: &Hop) -> Option<(f64, Span, bool)> {
    let node = facts.node(caller);
    let of = |stated: crate::design::Stated<f64>| stated.value().zip(stated.span());
    let own = of(hop.attrs.number("pool")).map(|(number, span)| (number, span, true));
    let shared = of(node.attrs.number("concurrency")).or(of(node.attrs.number("pool")));
    own.or(shared.map(|(number, span)| (number, span, false)))
}

fn judge(facts: &Facts, caller: NodeIndex, target: NodeIndex, hop: &Hop) -> Option<Diagnostic> {
    let node = facts.node(caller);
    let (threads, span, own) = threads(facts, caller, hop)?;
    let guarded = hop.attrs.has("breaker") || hop.attrs.has("bulkhead") || node.attrs.has("bulkhead");
    let other = facts.another_flow(caller, hop);
    if guarded || node.attrs.has("autoscale") || (own && other.is_none()) {
        return None;
    }
    let timeout = hop.attrs.number("timeout");
    let (timeout, rate) = match (timeout.value(), facts.busiest_on(hop)) {
        (Some(timeout), Some(rate)) => (timeout, rate),
        (None, Some(_)) if timeout.is_unstated() => {
            let wants = format!("`timeout` of `{} -> {}`", node.id, facts.id(target));
            return Some(Diagnostic::not_evaluated(wants, hop.span));
        }
        (Some(_), None) => {
            let flow = facts.flows_on(hop).next()?;
            return Some(Diagnostic::not_evaluated(format!("`rate` of `{}`", flow.id), flow.span));
        }
        _ => return None,
    };
    let attempts = hop.attrs.number("attempts").value().unwrap_or(1.0).max(1.0);
    let each = rate / node.instances.max(1) as f64;
    let needed = each * timeout * attempts;
    if needed <= threads {
        return None;
    }
    let [who, name] = [caller, target].map(|node| facts.node(node).name());
    let held = show_duration(timeout * attempts);
    let [had, wanted] = [threads, needed.ceil()].map(show_number);
    let what = if own { "connections" } else { "threads" };
    let tries =
        if attempts > 1.0 { format!(" × {} attempts", show_number(attempts)) } else { String::new() };
    let also = match other {
        Some(flow) if !own => format!(", and `{}`, which never calls it, finds none", flow.id),
        _ => String::new(),
    };
    let mut finding = Diagnostic::wrong(
        format!("when {name} hangs, all {had} {what} of {who} are taken after {}", show_duration(threads / each)),
        span,
        format!("{wanted} would be needed"),
    )
    .label(hop.span, format!("each call may hold one for {held}"))
    .node(&node.id)
    .node(facts.id(target))
    .hop(&node.id, facts.id(target))
    .flows(facts.flows_on(hop).map(|flow| flow.id.clone()))
    .evidence(format!("{} on {} of {who} = {} each", show_rate(rate), instances(node.instances), show_rate(each)))
    .evidence(format!("{} × {}{tries} = {wanted} in flight > {had}", show_rate(each), show_duration(timeout)))
    .consequence(format!(
        "{name} stops answering: each call keeps its place for {held}, new requests wait in front of {who}{also}"
    ))
    .fix(format!(
        "`bulkhead={}` on `{} -> {}`, so that the rest stay free; or a timeout below {}, or a `breaker`",
        show_number((threads / 4.0).ceil()),
        node.id,
        facts.id(target),
        show_duration(threads / each / attempts)
    ));
    if other.is_none() || own {
        finding = finding.at_most(Severity::Warning);
    }
    Some(finding)
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
        case("", "flow f rate=400/s { u -> a -> b timeout=5s pool=200 }", &["wrong a, b"]);
        case("concurrency=200", "flow f rate=400/s { u -> a -> b timeout=1s attempts=3 }", &["wrong a, b"]);
        case("concurrency=200", "flow f rate=40/s peak=400/s { u -> a -> b timeout=5s }", &["wrong a, b"]);
        // Enough, or kept apart.
        case("concurrency=500", slow, &[]);
        case("concurrency=200", "flow f rate=400/s { u -> a -> b timeout=2s }", &[]);
        case("concurrency=200", "flow f rate=400/s { u -> a -> b timeout=5s breaker }", &[]);
        case("concurrency=200", "flow f rate=400/s { u -> a -> b timeout=5s bulkhead=50 }", &[]);
        case("concurrency=200 bulkhead=50", slow, &[]);
        // One number is missing.
        case("concurrency=200", "flow f { u -> a -> b timeout=5s }", &["wants rate of f"]);
        case("concurrency=200", "flow f rate=400/s { u -> a -> b }", &["wants timeout of a -> b"]);
        case("", slow, &[]);
        // A pool of its own holds up nobody else.
        expect(
            &RULE,
            "client u\nservice a\npostgres d\nflow f rate=400/s { u -> a -> d timeout=5s pool=20 }",
            &[],
        );
    }

    #[test]
    fn where_every_flow_needs_it_it_is_a_warning() {
        let nodes = "client u\nservice a concurrency=10\nservice b\npostgres d\n\
                     flow f rate=400/s { u -> a -> b timeout=5s }\n";
        for (more, severity) in [("", Severity::Warning), ("flow g { u -> a -> d }", Severity::Error)] {
            let found =
                crate::rules::run(&RULE, &crate::rules::Facts::new(&design(&format!("{nodes}{more}"))));
            assert_eq!(found[0].severity, severity);
        }
    }
}
