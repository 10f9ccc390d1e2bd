use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Hop};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Outage, Page, Rule};

pub static RULE: Rule = Rule {
    id: "health-check-cascades",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Resilience,
    summary: "the health check fails with what all instances share, and the balancer takes them all out at once",
    question: None,
    reads: &["fail_open", "health"],
    page: Page {
        checks: "Instances behind a load balancer or gateway whose health check looks at what they call.",
        when: "`health=deep` on a service, function, socket or gateway with two instances or more that a load balancer or \
               gateway calls, and that itself calls a store, an external or another service, which all its instances share. An \
               error where a flow needs it and not what it calls; a warning where every flow needs both. Silent where each of those balancers says `fail_open`, or is a technology that does so \
               unless told `fail_open=no` (AWS's ALB and NLB), and \
               for `health=ready` and `health=shallow`.",
        why: "A dependency that is slow for ten seconds fails the check of every instance in the same ten seconds. The \
              balancer finds nobody left, requests that needed nothing of it fail too, and the instances come back into \
              the full load one by one.",
        outage: Some(Outage {
            name: "Buildkite, 2016",
            what: "a database with too little capacity for the peak led to a cascading collapse of dependent servers",
            link: "https://building.buildkite.com/outage-post-mortem-for-august-23rd-82b619a3679b",
        }),
        bad: "client web\nlb front x2\nservice api x6 health=deep\npostgres store x2 failover=auto\nredis hot x3 failover=auto ttl=5min\n\
              flow read { web -> front -> api -> store reads timeout=200ms }\n\
              flow sign-in { web -> front -> api -> hot writes timeout=50ms }\n",
        good: "client web\nlb front x2\nservice api x6 health=ready\npostgres store x2 failover=auto\nredis hot x3 failover=auto ttl=5min\n\
               flow read { web -> front -> api -> store reads timeout=200ms }\n\
               flow sign-in { web -> front -> api -> hot writes timeout=50ms }\n",
        ignore: "The check is for people to look at, and no balancer acts on it.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let checked =
        |kind| matches!(kind, Kind::Service | Kind::Function | Kind::Socket | Kind::Gateway | Kind::Auth);
    for index in facts.nodes(checked) {
        let node = facts.node(index);
        let deep = node.attrs.text("health");
        let Some(span) = deep.span().filter(|_| deep.value() == Some("deep") && node.instances >= 2) else {
            continue;
        };
        let mut balancers = facts.callers(index);
        balancers.retain(|&caller| matches!(facts.node(caller).kind, Kind::Lb | Kind::Gateway));
        let closed = balancers.iter().copied().find(|&caller| !opens(facts, caller));
        let shared: Vec<(NodeIndex, &Hop)> = facts
            .hops_from(index)
            .into_iter()
            .filter(|(to, hop)| hop.arrow == Arrow::Call && is_shared(facts.node(*to).kind))
            .collect();
        let (Some(balancer), false) = (closed, shared.is_empty()) else { continue };
        // The flow that would go on without it makes the better story.
        let other =
            shared.iter().find_map(|(to, hop)| facts.another_flow(index, hop).map(|flow| (*to, flow)));
        let first = other.map_or(shared[0].0, |(to, _)| to);
        let [name, front, target] = [index, balancer, first].map(|node| facts.node(node).name());
        let count = node.instances;
        let mut finding = Diagnostic::wrong(
            format!("when {target} is slow, {front} takes all {count} instances of {name} out at once"),
            span,
            "fails with what it calls",
        )
        .node(&node.id)
        .node(facts.id(first))
        .node(facts.id(balancer))
        .flows(facts.flows_needing(index).map(|flow| flow.id.clone()))
        .evidence(facts.show_way(&[balancer, index, first]))
        .evidence(format!("all {count} check the same {target}, so all fail in the same moment"));
        if let Some((_, flow)) = other {
            finding = finding.evidence(format!("`{}` needs {name}, not {target}", flow.id));
        }
        let too = match other {
            Some((_, flow)) => format!("`{}`, which needs nothing of {target}, is down as well", flow.id),
            None => format!(
                "a slow minute of {target} has become an outage, which lasts until the checks pass again"
            ),
        };
        finding = finding
            .consequence(format!("{target} answers late for ten seconds: every check fails, {front} has nobody to send to, and {too}"))
            .mend(Mend::node(&node.id, "health=ready"))
            .fix(match facts.node(balancer).kind {
                Kind::Lb => format!(
                    "`health=ready` on {name}, which proves that this instance can serve; or `fail_open` on {front}, \
                     which sends to all when none is healthy"
                ),
                _ => format!("`health=ready` on {name}, which proves that this instance can serve"),
            });
        if other.is_none() && !facts.design.flows.is_empty() {
            finding = finding.at_most(Severity::Warning);
        }
        found.push(finding);
    }
    found
}

/// With nobody healthy it sends to all of them. Gateways cannot say so, but what balances before them can.
fn opens(facts: &Facts, balancer: NodeIndex) -> bool {
    let node = facts.node(balancer);
    let by_itself = node.tech.is_some_and(|tech| tech.fails_open);
    node.kind == Kind::Lb && node.attrs.flag("fail_open").value().unwrap_or(by_itself)
}

fn is_shared(kind: Kind) -> bool {
    kind.is_store() || matches!(kind, Kind::External | Kind::Service | Kind::Function | Kind::Auth)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::diagnostic::Severity;
    use crate::rules::testing::{design, expect};

    #[test]
    fn cases() {
        let case = |lb: &str, service: &str, text: &str, expected: &[&str]| {
            let nodes = format!(
                "client u\nlb l {lb}\ngateway g x2\nservice a {service}\nservice b x2\npostgres d\nexternal e\nqueue q\n"
            );
            expect(&RULE, &(nodes + text), expected);
        };
        let flow = "flow f { u -> l -> a -> d }";
        case("", "x3 health=deep", flow, &["wrong a, d, l"]);
        case("", "x3 health=deep", "u -> l -> a -> d", &["wrong a, d, l"]);
        case("", "x3 health=deep", "flow f { u -> g -> a -> b }", &["wrong a, b, g"]);
        // It proves less, or the balancer does not believe it.
        case("", "x3 health=ready", flow, &[]);
        case("", "x3 health=shallow", flow, &[]);
        case("", "x3", flow, &[]);
        case("fail_open", "x3 health=deep", flow, &[]);
        let alb = |lb: &str, expected: &[&str]| {
            let text = format!(
                "client u\nalb l {lb}\nservice a x3 health=deep\npostgres d\nflow f {{ u -> l -> a -> d }}"
            );
            expect(&RULE, &text, expected);
        };
        alb("", &[]);
        alb("fail_open=no", &["wrong a, d, l"]);
        // One instance, no balancer, nothing that is shared.
        case("", "health=deep", flow, &[]);
        case("", "x3 health=deep", "flow f { u -> a -> d }", &[]);
        case("", "x3 health=deep", "flow f { u -> l -> a ~> q }", &[]);
    }

    #[test]
    fn a_flow_that_does_not_need_it_makes_it_an_error() {
        let nodes = "client u\nlb l x2\nservice a x3 health=deep\npostgres d\nexternal e\n";
        for (flows, severity) in [
            ("flow f { u -> l -> a -> d }", Severity::Warning),
            ("flow f { u -> l -> a -> d }\nflow g { u -> l -> a -> e }", Severity::Error),
        ] {
            let found =
                crate::rules::run(&RULE, &crate::rules::Facts::new(&design(&format!("{nodes}{flows}"))));
            assert_eq!(found[0].severity, severity);
        }
    }
}
