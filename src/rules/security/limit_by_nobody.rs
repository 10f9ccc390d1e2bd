use std::collections::BTreeMap;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::Flow;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::units::show_rate;

pub static RULE: Rule = Rule {
    id: "limit-by-nobody",
    severity: Severity::Warning,
    confidence: Confidence::High,
    grave: false,
    group: Group::Security,
    summary: "a rate limit counts all callers as one",
    question: Some(Question {
        topic: "whom limits count",
        text: "who shares the limit: one user, one address, one office, or everybody?",
    }),
    reads: &["auth", "limit_by", "peak", "rate", "rate_limit", "trust"],
    page: Page {
        checks: "Rate limits at the door: on load balancers, CDNs, firewalls and gateways before the first service, \
                 function or connection server that clients reach, and on that one.",
        when: "Wrong: such a node has a `rate_limit` and says `limit_by=none`. A question: it has a `rate_limit`, lies \
               in flows that clients outside start, says nothing of `limit_by`, and either has no `auth` of its own, \
               so that it knows addresses at best, or all flows through it state their rate and together make at least \
               1,000 requests a second, or no more than the limit itself. Not asked in flows of at most 10 requests a \
               second without a promise. Left alone: any `limit_by`, limits of services further in, and designs \
               without flows.",
        why: "Counted for all together, the limit is a switch that the first greedy caller turns off for everybody. \
              Counted by address behind a proxy, all callers have the proxy's; and an office or a mobile network is \
              one address with thousands of users.",
        outage: None,
        bad: "client app\ngateway api x2 auth=jwt tls rate_limit=200/s limit_by=none\nservice notes x2\n\
              postgres store x2 failover=auto backup=1h\nflow read { app -> api -> notes -> store reads }\n",
        good: "client app\ngateway api x2 auth=jwt tls rate_limit=200/s limit_by=user\nservice notes x2\n\
               postgres store x2 failover=auto backup=1h\nflow read { app -> api -> notes -> store reads }\n",
        ignore: "The limit only keeps what lies behind it from more than it can carry, and another one keeps callers \
                 apart.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut limits: BTreeMap<NodeIndex, Vec<&Flow>> = BTreeMap::new();
    for journey in facts.journeys() {
        let Some(flow) = journey.flow else { continue };
        let spread = journey.spread(facts, &journey.outsiders(facts), |step, to| {
            let from = if step.to == to { step.from } else { step.to };
            is_before_services(facts.node(from).kind)
                && (facts.node(to).kind.is_compute() || is_before_services(facts.node(to).kind))
        });
        for &node in &spread.reached {
            let attrs = &facts.node(node).attrs;
            let unsaid = attrs.get("limit_by").is_none() && facts.is_small(flow);
            if attrs.has("rate_limit") && !attrs.has("limit_by") && !unsaid {
                limits.entry(node).or_default().push(flow);
            }
        }
    }
    limits.into_iter().filter_map(|(node, flows)| finding(facts, node, &flows)).collect()
}

/// Requests a second above which it has to be said how they are counted.
const MANY: f64 = 1000.0;

fn finding(facts: &Facts, at: NodeIndex, flows: &[&Flow]) -> Option<Diagnostic> {
    let node = facts.node(at);
    let name = node.name();
    let limit = node.attrs.number("rate_limit");
    let much = limit.value().map_or("its limit".to_string(), show_rate);
    let span = node.attrs.get("rate_limit").map_or(node.span, |setting| setting.span);
    let busiest = |flow: &&Flow| flow.attrs.number("peak").value().or(flow.attrs.number("rate").value());
    let all: Option<f64> = flows.iter().map(busiest).sum();
    let one_for_all = matches!((limit.value(), all), (Some(limit), Some(all)) if limit >= all);
    let finding = match node.attrs.get("limit_by") {
        Some(setting) => {
            let message = format!(
                "{name} takes {much} from all callers together: one that sends so much locks out everybody else"
            );
            Diagnostic::wrong(message, setting.span, "counts nobody apart")
        }
        // Who has signed in there is counted by himself, unless the figures say otherwise.
        None if node.attrs.has("auth") && !one_for_all && all.is_none_or(|all| all < MANY) => return None,
        None => {
            let message = format!("nothing says whom {name} counts when it lets {much} pass");
            Diagnostic::unstated(message, span, "no `limit_by=`")
                .question(format!("who shares the {much} of {name}: one user, one address, or everybody?"))
        }
    };
    let finding = match all.filter(|_| one_for_all && node.attrs.get("limit_by").is_none()) {
        Some(all) => finding.evidence(format!(
            "all requests that come through {name} are {}: counted for each caller, {much} stops nobody",
            show_rate(all)
        )),
        None => finding,
    };
    let finding = finding
        .node(&node.id)
        .flows(flows.iter().map(|flow| flow.id.clone()))
        .consequence(format!("one customer's loop uses up the limit of {name}, and everybody else is told to slow down"))
        .fix(match node.attrs.has("auth") {
            true => format!("`limit_by=user` on {name}, which knows who asks"),
            false => format!("`limit_by=ip` on {name}, with the address that the client really has, and another by user where users are known"),
        });
    Some(finding)
}

fn is_before_services(kind: Kind) -> bool {
    matches!(kind, Kind::Client | Kind::Dns | Kind::Cdn | Kind::Waf | Kind::Lb | Kind::Gateway)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |gateway: &str, flow: &str, expected: &[&str]| {
            expect(
                &RULE,
                &format!("client u\ngateway g {gateway}\nservice a\nflow f {flow} {{ u -> g -> a }}"),
                expected,
            );
        };
        case("rate_limit=10/s", "", &["unstated g"]);
        case("rate_limit=10/s limit_by=none", "", &["wrong g"]);
        case("rate_limit=10/s limit_by=ip", "", &[]);
        case("", "", &[]);
        case("rate_limit=none", "", &[]);
        // It knows who has signed in; the figures tell whether it can mean each of them.
        case("auth=jwt rate_limit=10/s", "", &[]);
        case("auth=jwt rate_limit=10/s", "rate=50/s", &[]);
        case("auth=jwt rate_limit=100/s", "rate=50/s", &["unstated g"]);
        case("auth=jwt rate_limit=10/s", "rate=5k/s", &["unstated g"]);
        case("rate_limit=10/s", "rate=5/s", &[]);
        case("rate_limit=10/s", "rate=5/s availability=99.9%", &["unstated g"]);
        // The service at the door, not one further in; no sketch, nobody inside.
        expect(&RULE, "client u\nlb l\nservice a rate_limit=1/s\nflow f { u -> l -> a }", &["unstated a"]);
        expect(&RULE, "client u\nservice a\nservice b rate_limit=1/s\nflow f { u -> a -> b }", &[]);
        expect(&RULE, "client u\nservice a rate_limit=1/s\nu -> a", &[]);
        expect(&RULE, "group o trust=private { client u }\nservice a rate_limit=1/s\nflow f { u -> a }", &[]);
        expect(&RULE, "scheduler t\nservice a rate_limit=1/s\nflow f { t -> a }", &[]);
    }
}
