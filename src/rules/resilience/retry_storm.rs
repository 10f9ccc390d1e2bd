use std::ops::Range;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Flow, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::numbers::overload::{Chains, nobody_retries, tries};
use crate::rules::{Confidence, Facts, Group, Outage, Page, Rule};
use crate::source::Span;
use crate::units::{show_number, show_rate};

/// Tries that one request becomes, from which on a slow moment turns into an outage.
const A_STORM: f64 = 8.0;

pub static RULE: Rule = Rule {
    id: "retry-storm",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: true,
    group: Group::Resilience,
    summary: "several layers retry, and one failing request becomes many: the retries keep down what they wait for",
    question: None,
    reads: &["attempts", "breaker", "max_receives", "retry_budget"],
    page: Page {
        checks: "The product of `attempts` along every chain of calls of a flow.",
        when: "Two layers or more have `attempts=2` or more and their product is 8 or more. The client's own hop counts as one. A hop with a `retry_budget` counts as little more than one. A call that its caller does without ends a chain, as nobody above tries again: it is \
               `optional`, has a `fallback`, a way out `on=error` or `on=failover` on the next line, or asks a cache beside an `on=miss` hop. A warning where the product would be smaller without the hops that have a `breaker`. \
               What a queue or topic delivers again comes later and to no more workers than there are: its `max_receives` times the attempts of its consumer's call of an \
               external is only a remark, from 50 tries of one message on (five deliveries of three attempts are ordinary).",
        why: "Layers multiply: three that try three times make 27 requests of one, and they do it at the moment when the last \
              one is too slow already. It stays overloaded after its trouble is over.",
        outage: Some(Outage {
            name: "AWS DynamoDB, 2015",
            what: "storage servers that could not get their membership in time left service and kept retrying, which kept \
                   the metadata service overloaded",
            link: "https://aws.amazon.com/message/5467D2/",
        }),
        bad: "client web\ngateway api x2\nservice links x2\npostgres store x2 failover=auto\n\
              flow read { web -> api -> links attempts=3 backoff jitter -> store reads attempts=3 backoff jitter }\n",
        good: "client web\ngateway api x2\nservice links x2\npostgres store x2 failover=auto\n\
               flow read { web -> api -> links -> store reads attempts=3 backoff jitter }\n",
        ignore: "The layers cannot fail for the same reason, so that only one of them ever retries.",
    },
    check,
};

/// The chain of calls that multiplies most, of one flow or of a design without flows.
struct Storm<'d> {
    product: f64,
    flow: Option<&'d Flow>,
    chain: Vec<&'d Step>,
}

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = storm(facts);
    found.extend(delivered_again(facts));
    found
}

fn storm(facts: &Facts) -> Vec<Diagnostic> {
    if nobody_retries(facts.design) {
        return Vec::new();
    }
    let chains = Chains::of(facts.design);
    let mut storms: Vec<Storm> = Vec::new();
    let flows: Vec<(Option<&Flow>, Range<usize>)> = match facts.design.flows.as_slice() {
        [] => vec![(None, 0..facts.design.steps.len())],
        flows => flows.iter().map(|flow| (Some(flow), flow.steps.clone())).collect(),
    };
    for (flow, steps) in flows {
        let heaviest = steps
            .filter_map(|at| Some((at, chains.get(at)?)))
            .reduce(|worst, other| if other.1.product > worst.1.product { other } else { worst });
        if let Some((at, chain)) = heaviest.filter(|(_, chain)| is_storm(chain.layers, chain.product)) {
            let calls = chains.calls(at).into_iter().map(|at| &facts.design.steps[at]).collect();
            storms.push(Storm { product: chain.product, flow, chain: calls });
        }
    }
    // One cause, one finding: the worst, with the others beside it.
    let mut worst: Option<usize> = None;
    for (at, storm) in storms.iter().enumerate() {
        if worst.is_none_or(|other| storm.product > storms[other].product) {
            worst = Some(at);
        }
    }
    worst.map(|worst| finding(facts, &storms, worst)).into_iter().collect()
}

/// So many layers that retry, and so many tries of one request, are too much whatever the load.
pub fn is_storm(layers: usize, product: f64) -> bool {
    layers >= 2 && product >= A_STORM * (1.0 - 1e-9)
}

/// Tries of one message, over all its deliveries, from which on somebody else's service notices.
const MANY_TRIES: f64 = 50.0;

/// Messages that are delivered several times to consumers that call an external several times.
fn delivered_again(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for broker in facts.nodes(|kind| kind.is_broker()) {
        let stated = facts.node(broker).attrs.number("max_receives");
        let (Some(deliveries), Some(span)) = (stated.value().filter(|&times| times >= 2.0), stated.span())
        else {
            continue;
        };
        for consumer in facts.consumers(broker) {
            for (target, hop) in facts.hops_from(consumer) {
                let attempts = hop.attrs.number("attempts").value().unwrap_or(1.0);
                let budget = hop.attrs.has("retry_budget");
                let outside = facts.node(target).kind == Kind::External && hop.arrow == Arrow::Call;
                if outside && !budget && attempts >= 2.0 && deliveries * attempts > MANY_TRIES - 1e-6 {
                    found.push(again(facts, [broker, consumer, target], span, deliveries, attempts));
                }
            }
        }
    }
    found
}

fn again(facts: &Facts, way: [NodeIndex; 3], span: Span, deliveries: f64, attempts: f64) -> Diagnostic {
    let [queue, worker, name] = way.map(|node| facts.node(node).name());
    let tries = show_number(deliveries * attempts);
    let [broker, consumer, target] = way.map(|node| facts.id(node));
    Diagnostic::wrong(
        format!("a message of {queue} that fails is tried {tries} times at {name}"),
        span,
        format!("delivered up to {} times", show_number(deliveries)),
    )
    .node(target)
    .node(broker)
    .node(consumer)
    .hop(consumer, target)
    .evidence(format!(
        "{} deliveries × {} attempts = {tries}",
        show_number(deliveries),
        show_number(attempts)
    ))
    .consequence(format!(
        "{name} refuses a whole afternoon of messages: each is sent {tries} times before it becomes a dead letter, and \
         {worker} does little else"
    ))
    .fix(format!("leave `attempts` out on `{consumer} -> {target}`, as {queue} tries again anyway; or fewer `max_receives`"))
    .at_most(Severity::Info)
}

fn finding(facts: &Facts, storms: &[Storm], worst: usize) -> Diagnostic {
    let Storm { product, flow, chain } = &storms[worst];
    let tries = |step: &Step| tries(&facts.design.graph[step.hop]);
    let last = chain[chain.len() - 1];
    let target = facts.node(last.to);
    let name = target.name();
    let times = show_number(*product);
    let factors: Vec<String> =
        chain.iter().map(|step| tries(step)).filter(|&t| t > 1.0).map(show_number).collect();
    let mut way: Vec<NodeIndex> = vec![chain[0].from];
    way.extend(chain.iter().map(|step| step.to));

    let setting =
        |step: &Step| facts.design.graph[step.hop].attrs.get("attempts").map(|setting| setting.span);
    let mut spans: Vec<_> = chain.iter().filter_map(|step| setting(step)).collect();
    spans.dedup();
    let at = spans.first().copied().unwrap_or(last.span);
    let mut finding = Diagnostic::wrong(
        format!("when {name} is slow, each request becomes {times} of them"),
        at,
        if spans.len() == 1 { "every call is tried again" } else { "tried again here" },
    )
    .node(&target.id);
    for span in spans.into_iter().skip(1) {
        finding = finding.label(span, "and again here");
    }
    for step in chain.iter().filter(|step| tries(step) > 1.0) {
        finding = finding.hop(facts.id(step.from), facts.id(step.to));
    }
    finding = finding
        .evidence(facts.show_way(&way))
        .evidence(format!("{} = {times} attempts reach {name}", factors.join(" × ")));
    if let Some(rate) = last.load.rate {
        finding = finding.evidence(format!("{} become up to {}", show_rate(rate), show_rate(rate * product)));
    }
    let others: Vec<String> = storms
        .iter()
        .filter_map(|storm| Some((storm.product, storm.chain.last()?.to)))
        .filter(|(_, target)| *target != last.to)
        .map(|(product, target)| format!("{} at {}", show_number(product), facts.node(target).name()))
        .take(4)
        .collect();
    if !others.is_empty() {
        finding = finding.evidence(format!("likewise {}", others.join(", ")));
    }
    let in_flows = storms.iter().filter_map(|storm| storm.flow.map(|flow| flow.id.clone()));
    finding = match flow {
        Some(_) => finding.flows(in_flows),
        None => finding,
    };
    let without_breakers: f64 = chain
        .iter()
        .filter(|step| !facts.design.graph[step.hop].attrs.has("breaker"))
        .map(|step| tries(step))
        .product();
    if without_breakers < A_STORM * (1.0 - 1e-9) {
        finding = finding.at_most(Severity::Warning);
    }
    let first = facts.node(chain[0].from).name();
    finding
        .consequence(format!(
            "{name} slows down for a moment, every layer tries again, and the {times}-fold load keeps it down long after \
             the cause is gone"
        ))
        .fix(format!(
            "retry in one layer only, the one next to {name}, and leave `attempts` out above it (from {first} on); or \
             `retry_budget=10%` on the hops above"
        ))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::diagnostic::Severity;
    use crate::rules::testing::{design, expect};

    #[test]
    fn cases() {
        let nodes = "client u\nservice a\nservice b\nservice c\nqueue q\npostgres d\n";
        let case = |text: &str, expected: &[&str]| expect(&RULE, &format!("{nodes}{text}"), expected);
        case("flow f { u -> a attempts=3 -> b attempts=3 -> d attempts=3 }", &["wrong d"]);
        case("u -> a attempts=2 -> b attempts=2 -> d attempts=2", &["wrong d"]);
        case("every call attempts=2\nflow f { u -> a -> b -> d }", &["wrong d"]);
        // A layer between that does not retry multiplies all the same.
        case("flow f { u -> a attempts=4 -> b -> d attempts=2 }", &["wrong d"]);
        // One layer, few tries, a budget.
        case("flow f { u -> a -> b -> d attempts=10 }", &[]);
        case("flow f { u -> a -> b attempts=2 -> d attempts=3 }", &[]);
        case(
            "flow f { u -> a attempts=3 retry_budget=10% -> b attempts=3 retry_budget=10% -> d attempts=3 }",
            &[],
        );
        // What a queue delivers again comes later, to as many workers as before.
        case("queue r max_receives=5\nflow f { u -> a ~> r ~> b -> d attempts=3 }", &[]);
        let queue = "external e\nqueue r max_receives=10\n";
        case(&format!("{queue}flow f {{ u -> a ~> r ~> b -> e attempts=5 }}"), &["wrong e, r, b"]);
        case(&format!("{queue}flow f {{ u -> a ~> r ~> b -> e attempts=4 }}"), &[]);
        case(&format!("{queue}flow f {{ u -> a ~> r ~> b -> e }}"), &[]);
        // Whoever goes on without an answer does not fail, and nobody above tries again.
        case("flow f { u -> a attempts=3 -> b attempts=3 -> d attempts=3 optional }", &["wrong b"]);
        case("flow f { u -> a attempts=3 -> b -> d attempts=3 optional }", &[]);
        case("flow f { u -> a attempts=3 -> b attempts=3 fallback=stale -> d attempts=3 }", &["wrong d"]);
        case("flow f { u -> a attempts=3 -> b\nb -> d attempts=3\nb -> c on=error }", &[]);
        case("flow f { u -> a attempts=3 -> b\nb -> d attempts=3\na -> c on=error }", &[]);
        // Beside each other they add up; a queue lies between; different requests.
        case("flow f { u -> a\na -> b attempts=3\na -> c attempts=3 }", &[]);
        case("flow f { u -> a attempts=3 ~> q ~> b -> d attempts=3 }", &[]);
        case("flow f { u -> a -> b attempts=3 }\nflow g { u -> b -> d attempts=3 }", &[]);
        // One cause, one finding.
        case(
            "flow f { u -> a attempts=3 -> b attempts=3 }\nflow g { u -> a attempts=3 -> c attempts=3 -> d attempts=2 }",
            &["wrong d"],
        );
        // A circle ends somewhere.
        case("every call attempts=3\nflow f { u -> a -> b -> a }", &[]);
    }

    #[test]
    fn breakers_make_it_a_warning() {
        let nodes = "client u\nservice a\nservice b\npostgres d\n";
        for (breaker, severity) in [("breaker", Severity::Warning), ("", Severity::Error)] {
            let text = format!("{nodes}flow f {{ u -> a attempts=3 {breaker} -> b -> d attempts=3 }}");
            let found = crate::rules::run(&RULE, &crate::rules::Facts::new(&design(&text)));
            assert_eq!(found[0].severity, severity);
            assert!(
                found[0].evidence.iter().any(|line| line == "3 × 3 = 9 attempts reach `d`"),
                "{found:#?}"
            );
        }
    }
}
