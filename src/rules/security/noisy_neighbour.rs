use std::collections::BTreeMap;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::Table;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::facts::Journey;
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
    reads: &["by", "limit_by", "quota", "rate_limit", "tenant_key", "tenants", "trust", "writes"],
    page: Page {
        checks: "Services, functions, gateways and connection servers with `tenants=shared` that clients reach through \
                 a rate limit: whether a limit on the way is one for each customer organisation.",
        when: "Such a node is reached by calls from a client, some node on the way (itself included) has a \
               `rate_limit`, and there is a way on which no node has a `rate_limit` with `limit_by=tenant` or with \
               `limit_by=key`, which counts as one where keys are handed out to organisations. Wrong: the limit that \
               is passed counts something else, as in `limit_by=user` or `limit_by=ip`; a question where each such way \
               has a `quota` as well, which holds over a day or a month and lets all of it come in one hour. A \
               question: it says nothing of `limit_by`, and there is such a way without a `quota`. Where there is no limit at \
               all, `no-rate-limit` asks. Left alone are flows that sign an organisation up (they write a new row of the table that the store's `tenant_key` names). Clients in a group with `trust=private` are left alone.",
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
    // For each limit that is passed, the shared nodes behind it, and whether quotas bound them.
    let mut passed: BTreeMap<NodeIndex, (Vec<NodeIndex>, bool)> = BTreeMap::new();
    if !facts.nodes(Kind::is_app).any(|node| is_shared(facts, node)) {
        return Vec::new();
    }
    for journey in facts.journeys().into_iter().filter(|journey| !makes_a_tenant(facts, journey)) {
        let outsiders = journey.outsiders(facts);
        let goes = |to: NodeIndex| {
            let kind = facts.node(to).kind;
            (kind.is_compute() || matches!(kind, Kind::Dns | Kind::Cdn | Kind::Waf))
                && !counts_tenants(facts, to)
        };
        let past_quotas = journey.spread(facts, &outsiders, |_, to| goes(to));
        let spread =
            journey.spread(facts, &outsiders, |_, to| goes(to) && !facts.node(to).attrs.has("quota"));
        for (spread, bounded) in [(&spread, false), (&past_quotas, true)] {
            let limits = spread.first_passed(|node| facts.node(node).attrs.has("rate_limit"));
            for &node in spread.reached.iter().filter(|&&node| is_shared(facts, node)) {
                let Some(&limit) = limits.get(&node) else { continue };
                // What a quota bounds is not asked for lack of a word.
                if bounded && facts.node(limit).attrs.get("limit_by").is_none() {
                    continue;
                }
                let (behind, quota) = passed.entry(limit).or_insert((Vec::new(), true));
                *quota &= bounded;
                if !behind.contains(&node) && behind.len() < 64 {
                    behind.push(node);
                }
            }
        }
    }
    passed.into_iter().map(|(limit, (shared, bounded))| finding(facts, limit, &shared, bounded)).collect()
}

/// Whoever signs an organisation up belongs to none yet: it writes a new row of the table that `tenant_key` names.
fn makes_a_tenant(facts: &Facts, journey: &Journey) -> bool {
    journey.steps.iter().filter(|step| step.attrs.words("by").is_empty()).any(|step| {
        let keys = facts.node(step.to).attrs.words("tenant_key");
        let tenant =
            |table: &Table| keys.iter().any(|key| key.strip_suffix("_id").unwrap_or(key) == table.id);
        facts.tables_written(step).any(tenant)
    })
}

fn is_shared(facts: &Facts, node: NodeIndex) -> bool {
    facts.node(node).attrs.text("tenants").value() == Some("shared")
}

fn counts_tenants(facts: &Facts, node: NodeIndex) -> bool {
    let attrs = &facts.node(node).attrs;
    let apart = attrs.words("limit_by").iter().any(|word| word == "tenant" || word == "key");
    attrs.has("rate_limit") && apart
}

fn finding(facts: &Facts, at: NodeIndex, shared: &[NodeIndex], bounded: bool) -> Diagnostic {
    let node = facts.node(at);
    let (name, behind) = (node.name(), facts.names(shared));
    let counted = node.attrs.words("limit_by").join(", ");
    let finding = match node.attrs.get("limit_by") {
        Some(setting) if bounded => {
            let message = format!(
                "one tenant can take all of {behind} for as long as its quota lasts: {name} counts by {counted}"
            );
            Diagnostic::unstated(message, setting.span, "not by tenant").question(format!(
                "the largest customer sends all of its quota within an hour: what do the others notice of it at {behind}?"
            ))
        }
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
            Diagnostic::unstated(message, node.span, "no `limit_by=tenant`")
                .question(format!("the largest customer runs an import on Monday at nine: what do the others notice of it at {behind}?"))
        }
    };
    finding
        .node(&node.id)
        .label(facts.node(shared[0]).span, "shared by all tenants")
        .consequence(format!("one customer's script fills {behind}, and all the others get errors for it"))
        .mend(Mend::node(&node.id, &match counted.as_str() { "" => "limit_by=tenant".to_string(), other => format!("limit_by=[{},tenant]", other.replace(' ', "")) }))
        .fix(match counted.as_str() {
            "" => format!("`limit_by=tenant` on {name}, a rate that one customer may reach with all of its users"),
            other => format!("`limit_by=[{other}, tenant]` on {name}, a rate that one customer may reach with all of its users"),
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
        // A month's requests may come in an hour.
        case("rate_limit=10/s limit_by=user quota=1M/month", "tenants=shared", &["unstated g"]);
        case("rate_limit=10/s limit_by=user", "tenants=shared quota=1M/month", &["unstated g"]);
        case("rate_limit=10/s limit_by=[user, tenant] quota=1M/month", "tenants=shared", &[]);
        case("rate_limit=10/s limit_by=ip", "tenants=shared rate_limit=50/s limit_by=tenant", &[]);
        case("rate_limit=10/s limit_by=user", "tenants=single", &[]);
        case("rate_limit=10/s limit_by=user", "", &[]);
        // Who signs a company up belongs to none; who changes one does.
        let company = |write: &str, expected: &[&str]| {
            let text = format!(
                "client u\nwaf g rate_limit=1/s limit_by=ip\nservice a tenants=shared\n\
                 postgres d tenant_key=company {{ table company {{ key id }}\n table seat {{ key company, id }} }}\n\
                 flow f {{ u -> g -> a -> d {write} }}"
            );
            expect(&RULE, &text, expected);
        };
        company("writes=company", &[]);
        company("writes=[company, seat]", &[]);
        company("writes=company by=id", &["wrong g"]);
        company("writes=seat", &["wrong g"]);
        // No limit at all is asked elsewhere; nobody outside reaches it.
        case("", "tenants=shared", &[]);
        expect(
            &RULE,
            "group o trust=private { client u }\nservice a tenants=shared rate_limit=1/s limit_by=user\nu -> a",
            &[],
        );
    }
}
