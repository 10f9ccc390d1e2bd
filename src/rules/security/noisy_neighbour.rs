use std::collections::BTreeMap;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Outage, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "noisy-neighbour",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Security,
    summary: "one customer may use up what all share: the limits count something else",
    question: Some(Question {
        topic: "limits of tenants",
        text: "the largest customer runs an import on Monday at nine: what do the others notice?",
    }),
    reads: &["limit_by", "quota", "rate_limit", "tenants", "trust"],
    page: Page {
        checks: "Services, functions, gateways and connection servers with `tenants=shared` that clients reach through \
                 a rate limit: whether a limit on the way is one for each customer organisation.",
        when: "Such a node is reached by calls from a client, some node on the way (itself included) has a \
               `rate_limit`, and there is a way on which no node has a `quota` or a `rate_limit` with \
               `limit_by=tenant` or `limit_by=key`. Wrong: the limit that is passed counts something else, as in \
               `limit_by=user` or `limit_by=ip`. A question: it says nothing of `limit_by`. Where there is no limit at \
               all, `no-rate-limit` asks. Clients in a group with `trust=private` are left alone.",
        why: "A customer with five thousand users has five thousand times the limit of a user. His migration script, \
              his Monday morning, his mistake then is everybody's, and the ones who complain are those who did \
              nothing.",
        outage: Some(Outage {
            name: "Google Filestore",
            what: "an internal service that managed many projects overloaded the Filestore API with requests; its limit was a global one, so customers in all locations were throttled",
            link: "https://status.cloud.google.com/incidents/X8SNkK2BPyCrc1sveeiu",
        }),
        bad: "client app\ngateway api x2 auth=jwt tls rate_limit=10/s limit_by=user\nservice books x2 authz tenants=shared tenant_key=company\n\
              postgres store x2 failover=auto backup=1h tenant_key=company\nflow read { app -> api -> books -> store reads }\n",
        good: "client app\ngateway api x2 auth=jwt tls rate_limit=10/s limit_by=[user, tenant]\nservice books x2 authz tenants=shared tenant_key=company\n\
               postgres store x2 failover=auto backup=1h tenant_key=company\nflow read { app -> api -> books -> store reads }\n",
        ignore: "Customers are many and small: none of them can send what hurts.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    // For each limit that is passed, the shared nodes behind it.
    let mut passed: BTreeMap<NodeIndex, Vec<NodeIndex>> = BTreeMap::new();
    if !facts.nodes(Kind::is_app).any(|node| is_shared(facts, node)) {
        return Vec::new();
    }
    for journey in facts.journeys() {
        let spread = journey.spread(facts, &journey.outsiders(facts), |_, to| {
            let kind = facts.node(to).kind;
            (kind.is_compute() || matches!(kind, Kind::Dns | Kind::Cdn | Kind::Waf))
                && !counts_tenants(facts, to)
        });
        let limits = spread.first_passed(|node| facts.node(node).attrs.has("rate_limit"));
        for &node in spread.reached.iter().filter(|&&node| is_shared(facts, node)) {
            let Some(&limit) = limits.get(&node) else { continue };
            let behind = passed.entry(limit).or_default();
            if !behind.contains(&node) && behind.len() < 64 {
                behind.push(node);
            }
        }
    }
    passed.into_iter().map(|(limit, shared)| finding(facts, limit, &shared)).collect()
}

fn is_shared(facts: &Facts, node: NodeIndex) -> bool {
    facts.node(node).attrs.text("tenants").value() == Some("shared")
}

fn counts_tenants(facts: &Facts, node: NodeIndex) -> bool {
    let attrs = &facts.node(node).attrs;
    let apart = attrs.words("limit_by").iter().any(|word| word == "tenant" || word == "key");
    attrs.has("quota") || (attrs.has("rate_limit") && apart)
}

fn finding(facts: &Facts, at: NodeIndex, shared: &[NodeIndex]) -> Diagnostic {
    let node = facts.node(at);
    let (name, behind) = (node.name(), facts.names(shared));
    let counted = node.attrs.words("limit_by").join(", ");
    let finding = match node.attrs.get("limit_by") {
        Some(setting) => {
            let counted =
                if counted.is_empty() { "all together".to_string() } else { format!("by {counted}") };
            let message = format!(
                "one tenant can take all of {behind}: {name} counts {counted}, and a large customer is many of those"
            );
            Diagnostic::wrong(message, setting.span, "not by tenant")
        }
        None => {
            let message = format!("nothing says how much of {behind} one tenant may take");
            Diagnostic::unstated(message, node.span, "no `limit_by=tenant`, no `quota`")
                .question(format!("the largest customer runs an import on Monday at nine: what do the others notice of it at {behind}?"))
        }
    };
    finding
        .node(&node.id)
        .label(facts.node(shared[0]).span, "shared by all tenants")
        .consequence(format!("one customer's script fills {behind}, and all the others get errors for it"))
        .fix(match counted.as_str() {
            "" => format!("`limit_by=tenant` on {name}, or a `quota` for each customer"),
            other => format!("`limit_by=[{other}, tenant]` on {name}, or a `quota` for each customer"),
        })
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |gateway: &str, service: &str, expected: &[&str]| {
            expect(
                &RULE,
                &format!("client u\ngateway g {gateway}\nservice a {service}\nflow f {{ u -> g -> a }}"),
                expected,
            );
        };
        case("rate_limit=10/s limit_by=user", "tenants=shared", &["wrong g"]);
        case("rate_limit=10/s", "tenants=shared", &["unstated g"]);
        case("rate_limit=10/s limit_by=[user, tenant]", "tenants=shared", &[]);
        case("rate_limit=10/s limit_by=key", "tenants=shared", &[]);
        case("rate_limit=10/s quota=1M/month", "tenants=shared", &[]);
        case("rate_limit=10/s limit_by=ip", "tenants=shared rate_limit=50/s limit_by=tenant", &[]);
        case("rate_limit=10/s limit_by=user", "tenants=single", &[]);
        case("rate_limit=10/s limit_by=user", "", &[]);
        // No limit at all is asked elsewhere; nobody outside reaches it.
        case("", "tenants=shared", &[]);
        expect(
            &RULE,
            "group o trust=private { client u }\nservice a tenants=shared rate_limit=1/s limit_by=user\nu -> a",
            &[],
        );
    }
}
