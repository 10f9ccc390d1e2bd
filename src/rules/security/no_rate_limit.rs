use std::collections::BTreeMap;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Node, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::facts::Journey;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::source::Span;
use crate::units::show_rate;

pub static RULE: Rule = Rule {
    id: "no-rate-limit",
    severity: Severity::Error,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Security,
    summary: "one caller may send as many requests as it likes",
    question: Some(Question { topic: "rate limit", text: "one caller sends 10,000 a second. Now what?" }),
    reads: &["auth", "peak", "quota", "rate", "rate_limit", "signature", "trust", "users"],
    page: Page {
        checks: "Ways from clients and from partners that call in to the first service, function or connection server \
                 they reach: whether anything limits how much one caller sends.",
        when: "No node on the way, that service included, states `rate_limit` or `quota` (a `waf` filters what a \
               request says, and limits only if it says so). Wrong where one of them says `rate_limit=none`, a \
               question otherwise; only a remark where every flow states its rate and all together make at most 10 \
               requests a second. One finding for each door: the first CDN, firewall, load balancer, gateway, service, function or connection server on such a way. Clients in a group with \
               `trust=private` are left alone, and so is all that only schedulers and queues start. A partner \
               (`external`) that calls in is asked about as a remark, unless what takes its calls only lays them into \
               a queue or topic, or its first call states a `signature`: then it is one known sender, who sends again what is refused.",
        why: "The caller that takes a system down is seldom an attacker: it is a customer's loop without a pause, a \
              mobile release that retries at once, a crawler. Without a limit at the door, its requests take the \
              connections and the database time of everybody else.",
        outage: None,
        bad: "client web\ngateway api x2 auth=jwt rate_limit=none\nservice notes x2\npostgres store x2\n\
              flow read { web -> api -> notes -> store reads }\n",
        good: "client web\ngateway api x2 auth=jwt rate_limit=100/min\nservice notes x2\npostgres store x2\n\
               flow read { web -> api -> notes -> store reads }\n",
        ignore: "The limit is kept by something that is not drawn, such as a provider's edge: say which with an \
                 `allow`.",
    },
    check,
};

struct Exposure {
    way: Vec<NodeIndex>,
    unlimited: Option<Span>,
    flows: Vec<String>,
}

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut exposures: BTreeMap<NodeIndex, Exposure> = BTreeMap::new();
    let journeys = facts.journeys();
    for journey in &journeys {
        expose(facts, journey, &journey.outsiders(facts), &mut exposures);
    }
    // A door that clients use too is theirs.
    let mut partners: BTreeMap<NodeIndex, Exposure> = BTreeMap::new();
    for journey in &journeys {
        let signed = journey.flow.is_some_and(|flow| facts.webhook(flow).is_some());
        let callers = if signed { Vec::new() } else { journey.callers_outside(facts) };
        if !callers.is_empty() {
            expose(facts, journey, &callers, &mut partners);
        }
    }
    partners.retain(|door, exposure| {
        !exposures.contains_key(door) && exposure.way.last().is_some_and(|&last| works_at_once(facts, last))
    });
    exposures.extend(partners);
    let all: Option<f64> = facts.design.flows.iter().map(busiest).sum();
    let tiny = all.filter(|&rate| rate <= 10.0 && !facts.design.flows.is_empty());
    exposures.into_iter().map(|(exposed, exposure)| finding(facts, exposed, exposure, [all, tiny])).collect()
}

/// Adds the first nodes behind these callers to which no limit is kept.
fn expose(
    facts: &Facts,
    journey: &Journey,
    callers: &[NodeIndex],
    exposures: &mut BTreeMap<NodeIndex, Exposure>,
) {
    let spread = journey.spread(facts, callers, |step, to| {
        let from = if step.to == to { step.from } else { step.to };
        (is_before_services(facts.node(from).kind) || callers.contains(&from)) && passes(facts, to)
    });
    let doors = spread.first_passed(|node| {
        let kind = facts.node(node).kind;
        kind.is_compute() || matches!(kind, Kind::Cdn | Kind::Waf)
    });
    // What states `rate_limit` and is passed all the same says that it has none.
    let open = spread.first_passed(|node| facts.node(node).attrs.get("rate_limit").is_some());
    for &node in &spread.reached {
        if is_before_services(facts.node(node).kind) && !ends_here(facts, node) {
            continue;
        }
        let Some(&exposed) = doors.get(&node) else { continue };
        let unlimited = open
            .get(&node)
            .and_then(|&said| facts.node(said).attrs.get("rate_limit"))
            .map(|setting| setting.span);
        let new = || Exposure { way: spread.way_to(node), unlimited, flows: Vec::new() };
        let exposure = exposures.entry(exposed).or_insert_with(new);
        exposure.unlimited = exposure.unlimited.or(unlimited);
        exposure.flows.extend(journey.flow.iter().map(|flow| flow.id.clone()));
    }
}

/// It does more for a call than to lay it into a queue or topic, where a flood may wait.
fn works_at_once(facts: &Facts, node: NodeIndex) -> bool {
    let onwards = facts.hops_from(node);
    let calls = onwards.iter().any(|(to, hop)| hop.arrow == Arrow::Call && !facts.node(*to).kind.is_broker());
    calls || onwards.is_empty()
}

/// One of its callers sends far less than a hundred a minute. A partner is one caller, with all that it has to say.
fn bears(caller: &Node, all: Option<f64>) -> bool {
    let each = all.zip(caller.attrs.number("users").value()).map(|(rate, users)| rate / users.max(1.0));
    caller.kind != Kind::External && each.is_none_or(|each| each * 60.0 < 50.0)
}

fn finding(
    facts: &Facts,
    exposed: NodeIndex,
    exposure: Exposure,
    [all, tiny]: [Option<f64>; 2],
) -> Diagnostic {
    let Exposure { way, unlimited, mut flows } = exposure;
    flows.dedup();
    let front = facts.node(exposed);
    let name = front.name();
    let last = facts.node(way[way.len() - 1]).name();
    let caller = facts.node(way[0]);
    let partner = caller.kind == Kind::External;
    let finding = match unlimited {
        Some(span) => {
            let message = format!("one caller can take all of {last}: nothing on the way limits how much");
            Diagnostic::wrong(message, span, "said to have no limit")
        }
        None if partner => {
            let message = format!("nothing says how much {} may send to {name}", caller.name());
            Diagnostic::unstated(message, front.span, "no `rate_limit=` on the way")
                .question(format!(
                    "{} sends a whole day's calls again within a minute: what does {name} do?",
                    caller.name()
                ))
                .at_most(Severity::Info)
        }
        None => {
            let message = format!("nothing says how much one caller may send to {name}");
            Diagnostic::unstated(message, front.span, "no `rate_limit=` on the way")
                .question(format!("one caller sends {name} 10,000 requests a second. Now what?"))
        }
    };
    let finding = match tiny {
        Some(rate) => {
            finding.at_most(Severity::Info).evidence(format!("all flows together: {}", show_rate(rate)))
        }
        None => finding,
    };
    let by = match front.attrs.has("auth") {
        _ if partner => "key",
        true => "user",
        false => "ip",
    };
    let mut finding = finding.node(&front.id);
    for (from, to) in way.iter().zip(&way[1..]).take(8) {
        finding = finding.hop(facts.id(*from), facts.id(*to));
    }
    finding
        .flows(flows)
        .evidence(format!("{}: no limit on the way", facts.show_way(&way)))
        .consequence(match partner {
            true => format!(
                "{} comes back from an outage with all that it had to say, and {last} serves nobody else",
                caller.name()
            ),
            false => {
                format!("a loop without a pause in one client fills {last}, and everybody else gets errors")
            }
        })
        .mends(
            bears(caller, all).then(|| Mend::node(&front.id, &format!("rate_limit=100/min limit_by={by}"))),
        )
        .fix(format!(
            "`rate_limit=100/min limit_by={by}` on {name}, with the number that one honest caller needs"
        ))
}

fn busiest(flow: &crate::design::Flow) -> Option<f64> {
    flow.attrs.number("peak").value().or(flow.attrs.number("rate").value())
}

/// What requests pass before the first service.
fn is_before_services(kind: Kind) -> bool {
    matches!(kind, Kind::Client | Kind::Dns | Kind::Cdn | Kind::Waf | Kind::Lb | Kind::Gateway)
}

/// Nothing there limits: the way goes on.
fn passes(facts: &Facts, node: NodeIndex) -> bool {
    let node = facts.node(node);
    let on_the_way =
        is_before_services(node.kind) || matches!(node.kind, Kind::Service | Kind::Function | Kind::Socket);
    on_the_way && node.kind != Kind::Client && !node.attrs.has("rate_limit") && !node.attrs.has("quota")
}

/// A gateway that does the work itself.
fn ends_here(facts: &Facts, node: NodeIndex) -> bool {
    let calls_apps = |step: &Step| facts.node(step.to).kind.is_app();
    facts.node(node).kind == Kind::Gateway && !facts.design.steps_from(node).any(calls_apps)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::diagnostic::Severity;
    use crate::rules::testing::{design, expect};
    use crate::rules::{Facts, run};

    #[test]
    fn cases() {
        let expect = |text, expected: &[&str]| expect(&RULE, text, expected);
        expect("client u\nservice a\nu -> a", &["unstated a"]);
        expect("client u\nservice a rate_limit=none\nu -> a", &["wrong a"]);
        expect("client u\nlb l\nservice a\nu -> l -> a", &["unstated l"]);
        // Any node on the way keeps the limit.
        expect("client u\nlb l rate_limit=10/s\nservice a\nu -> l -> a", &[]);
        expect("client u\nlb l\ngateway g rate_limit=10/s\nservice a\nu -> l -> g -> a", &[]);
        expect("client u\nlb l\nservice a rate_limit=10/s\nu -> l -> a", &[]);
        expect("client u\ncdn e rate_limit=10/s\nservice a\nu -> e -> a", &[]);
        // A firewall limits if it says so.
        expect("client u\nwaf w rate_limit=10/s\nlb l\nservice a\nu -> w -> l -> a", &[]);
        expect("client u\nwaf w\nlb l\nservice a\nu -> w -> l -> a", &["unstated w"]);
        // The edge is the door, although what it does not have goes on.
        expect("client u\ncdn e\nservice a\nu -> e\ne -> a on=miss", &["unstated e"]);
        expect("client u\ngateway g quota=1M/month\nservice a\nu -> g -> a", &[]);
        // It says none, and the gateway before it limits.
        expect("client u\ngateway g rate_limit=10/s\nservice a rate_limit=none\nu -> g -> a", &[]);
        // One of two doors is open.
        expect(
            "client u\ngateway g rate_limit=10/s\nservice a\nsocket s\nu -> g -> a\nu <-> s -> a",
            &["unstated s"],
        );
        // Services behind services are not at the door.
        expect("client u\nservice a rate_limit=10/s\nservice b\nu -> a -> b", &[]);
        expect("client u\ngateway g\npostgres d\nu -> g -> d", &["unstated g"]);
        // A partner calls in: at once, limited, or into a queue.
        expect("external e\nlb l\nservice a\npostgres d\ne -> l -> a -> d", &["unstated l"]);
        expect("external e\nservice a rate_limit=5/s\npostgres d\ne -> a -> d", &[]);
        expect("external e\nlb l\nservice a\nqueue q\ne -> l -> a ~> q", &[]);
        expect("external e\nservice a\npostgres d\nflow f { e -> a signature\na -> d }", &[]);
        expect("client u\nexternal e\nservice a\npostgres d\nu -> a -> d\ne -> a", &["unstated a"]);
        // Files from a CDN, a scheduler, a desk inside.
        expect("client u\ncdn e\ns3 b\nu -> e -> b", &[]);
        expect("scheduler t\nservice a\nt -> a", &[]);
        expect("group o trust=private { client u }\nservice a\nu -> a", &[]);
    }

    #[test]
    fn ten_a_second_is_a_remark() {
        let severity = |rate: &str| {
            let text = format!("client u\nservice a\nflow f rate={rate} {{ u -> a }}");
            run(&RULE, &Facts::new(&design(&text)))[0].severity
        };
        assert_eq!(severity("10/s"), Severity::Info);
        assert_eq!(severity("1k/s"), Severity::Warning);
    }
}
