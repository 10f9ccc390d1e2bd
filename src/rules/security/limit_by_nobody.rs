use std::collections::BTreeMap;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::Flow;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
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
        when: "Wrong: such a node has a `rate_limit`, lies in flows that clients outside (not in a group with \
               `trust=private`) start, and says `limit_by=none`. A question: it says nothing of `limit_by`, and another node before or at the first services does (a CDN or firewall \
               that says nothing counts addresses, and is not asked); or it says nothing, one of these \
               flows states an `availability` or a `rate` or `peak` of 100 a second or more, and either all of them state \
               their rate and together make no more requests than the limit lets pass, so that it is no limit for one \
               caller; or none of them states a rate, and neither the node nor one on the way to it has `auth`, so that it \
               knows addresses at best. A limit far below what passes has to be one for each caller, whatever it says. \
               Left alone: any `limit_by`, a limit that says nothing behind one that says whom it counts (callers are \
               kept apart by then), limits of services further in, and designs without flows.",
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

/// What passes a limit that counts nobody, as far as it says.
#[derive(Default)]
struct Limit<'d> {
    flows: Vec<&'d Flow>,
    /// In one of them callers have signed in by then.
    known: bool,
}

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut limits: BTreeMap<NodeIndex, Limit> = BTreeMap::new();
    for journey in facts.journeys() {
        let Some(flow) = journey.flow else { continue };
        let spread = journey.spread(facts, &journey.outsiders(facts), |step, to| {
            let from = if step.to == to { step.from } else { step.to };
            is_before_services(facts.node(from).kind)
                && (facts.node(to).kind.is_compute() || is_before_services(facts.node(to).kind))
        });
        let known = spread.first_passed(|node| facts.node(node).attrs.has("auth"));
        let counted = spread.first_passed(|node| {
            let attrs = &facts.node(node).attrs;
            attrs.has("rate_limit") && attrs.has("limit_by")
        });
        for &node in &spread.reached {
            let attrs = &facts.node(node).attrs;
            let unsaid = attrs.get("limit_by").is_none();
            if attrs.has("rate_limit") && !attrs.has("limit_by") && !(unsaid && counted.contains_key(&node)) {
                let limit = limits.entry(node).or_default();
                limit.flows.push(flow);
                limit.known |= known.contains_key(&node);
            }
        }
    }
    let other = facts.nodes(|kind| kind.is_compute() || is_before_services(kind)).find(|&node| {
        let attrs = &facts.node(node).attrs;
        attrs.has("rate_limit") && attrs.has("limit_by")
    });
    limits.into_iter().filter_map(|(node, limit)| finding(facts, node, &limit, other)).collect()
}

/// `other`: a limit that says whom it counts.
fn finding(
    facts: &Facts,
    at: NodeIndex,
    Limit { flows, known }: &Limit,
    other: Option<NodeIndex>,
) -> Option<Diagnostic> {
    let node = facts.node(at);
    let other = other.filter(|_| !matches!(node.kind, Kind::Cdn | Kind::Waf));
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
        None if other.is_none()
            && !flows.iter().any(|flow| facts.is_promised(flow) || facts.is_busy(flow)) =>
        {
            return None;
        }
        // Far below what passes it is one for each caller, and so it is where callers have signed in.
        None if other.is_none()
            && !one_for_all
            && (*known || flows.iter().any(|flow| busiest(flow).is_some())) =>
        {
            return None;
        }
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
    let finding = match other.filter(|_| node.attrs.get("limit_by").is_none()).map(|other| facts.node(other))
    {
        Some(other) => finding.evidence(format!(
            "{} says `limit_by={}`, and this one does not say",
            other.name(),
            other.attrs.words("limit_by").join(", ")
        )),
        None => finding,
    };
    let finding = finding
        .node(&node.id)
        .flows(flows.iter().map(|flow| flow.id.clone()))
        .consequence(format!("one customer's loop uses up the limit of {name}, and everybody else is told to slow down"))
        .mend(Mend::node(&node.id, if node.attrs.has("auth") { "limit_by=user" } else { "limit_by=ip" }))
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
        case("rate_limit=10/s", "availability=99.9%", &["unstated g"]);
        case("rate_limit=10/s limit_by=none", "", &["wrong g"]);
        case("rate_limit=10/s limit_by=ip", "", &[]);
        case("", "", &[]);
        case("rate_limit=none", "", &[]);
        // The figures tell whether it can mean each caller; without them, whether they have signed in.
        case("auth=jwt rate_limit=10/s", "availability=99.9%", &[]);
        case("rate_limit=10/s", "rate=5k/s", &[]);
        case("rate_limit=5k/s", "rate=5k/s", &["unstated g"]);
        case("auth=jwt rate_limit=5k/s", "rate=5k/s", &["unstated g"]);
        case("rate_limit=10/s", "rate=5/s availability=99.9%", &["unstated g"]);
        case("rate_limit=10/s", "rate=50/s availability=99.9%", &[]);
        // Neither promised nor busy.
        case("rate_limit=10/s", "", &[]);
        case("rate_limit=100/s", "rate=50/s", &[]);
        // The service at the door, not one further in; no sketch, nobody inside.
        let expect = |text: &str, expected: &[&str]| {
            expect(&RULE, &text.replace("flow f", "flow f availability=99.9%"), expected);
        };
        expect("client u\nlb l\nservice a rate_limit=1/s\nflow f { u -> l -> a }", &["unstated a"]);
        expect("client u\ngateway g auth=jwt\nservice a rate_limit=1/s\nflow f { u -> g -> a }", &[]);
        expect("client u\nservice a\nservice b rate_limit=1/s\nflow f { u -> a -> b }", &[]);
        expect("client u\nservice a rate_limit=1/s\nu -> a", &[]);
        // The other limit says whom it counts.
        let two = |first: &str, other: &str, expected: &[&str]| {
            let text = format!(
                "client u\nclient v\n{first}\ngateway g rate_limit=1/s {other}\nservice a\n\
                 flow e rate=5/s {{ u -> f -> a }}\nflow h rate=5/s {{ v -> g -> a }}"
            );
            crate::rules::testing::expect(&RULE, &text, expected);
        };
        two("gateway f rate_limit=1/s", "limit_by=ip", &["unstated f"]);
        two("gateway f rate_limit=1/s limit_by=user", "limit_by=ip", &[]);
        two("gateway f rate_limit=1/s", "", &[]);
        two("cdn f rate_limit=1/s", "limit_by=ip", &[]);
        // Behind a limit that keeps callers apart, it keeps what lies behind it from too much.
        let behind = |edge: &str| {
            format!(
                "client u\ncdn c rate_limit=5/s {edge}\nlb l rate_limit=5k/s\nservice a\nflow f rate=4k/s {{ u -> c -> l -> a }}"
            )
        };
        crate::rules::testing::expect(&RULE, &behind("limit_by=ip"), &[]);
        crate::rules::testing::expect(&RULE, &behind(""), &["unstated l"]);
        expect("group o trust=private { client u }\nservice a rate_limit=1/s\nflow f { u -> a }", &[]);
        expect("scheduler t\nservice a rate_limit=1/s\nflow f { t -> a }", &[]);
    }
}
