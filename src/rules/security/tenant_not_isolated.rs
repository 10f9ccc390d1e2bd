use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::Node;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "tenant-not-isolated",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: true,
    group: Group::Security,
    summary: "many customers share a store, and nothing keeps their data apart",
    question: Some(Question {
        topic: "tenants",
        text: "a query forgets its condition: whose data comes back?",
    }),
    reads: &["data", "scope", "tenant_key", "tenants"],
    page: Page {
        checks: "Databases, caches, search indexes, object stores and warehouses that several customer organisations \
                 share: because they say `tenants=shared`, or because a program with `tenants=shared` has a hop to \
                 them.",
        when: "Wrong: such a store says `tenant_key=none`. A question: it says nothing of `tenant_key`, and neither \
               does every program with `tenants=shared` that has a hop to it. Left alone: stores with \
               `tenants=single`, with `data=public` (and nothing else), caches with any `scope`, and copies \
               (`replica_of`) of a store that has a `tenant_key`.",
        why: "One forgotten condition in one query, one cache key without the customer in it, and a company reads the \
              numbers of its competitor. It is found by the customer, and it is the one leak that a business does not \
              survive. A key that the store itself enforces (row security, a schema or an index for each) makes the \
              forgotten condition return nothing.",
        outage: None,
        bad: "client app\ngateway api x2 auth=jwt rate_limit=10/s limit_by=tenant tls\nservice books x2 authz tenants=shared\n\
              postgres store x2 failover=auto backup=1h tenant_key=none\nflow read { app -> api -> books -> store reads }\n",
        good: "client app\ngateway api x2 auth=jwt rate_limit=10/s limit_by=tenant tls\nservice books x2 authz tenants=shared\n\
               postgres store x2 failover=auto backup=1h tenant_key=company\nflow read { app -> api -> books -> store reads }\n",
        ignore: "What is kept there belongs to no customer: exchange rates, a product catalogue.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    facts.nodes(Kind::is_store).filter_map(|store| finding(facts, store)).collect()
}

fn finding(facts: &Facts, at: NodeIndex) -> Option<Diagnostic> {
    let store = facts.node(at);
    let tenants = store.attrs.text("tenants").value();
    let users: Vec<&Node> = facts
        .readers(at)
        .into_iter()
        .chain(facts.writers(at))
        .map(|user| facts.node(user))
        .filter(|user| user.kind.is_app() && is_shared(user))
        .collect();
    if tenants == Some("single") || (!is_shared(store) && users.is_empty()) {
        return None;
    }
    let data = store.attrs.words("data");
    let apart = store.attrs.has("tenant_key")
        || facts.node(facts.holder(at)).attrs.has("tenant_key")
        || (!users.is_empty() && users.iter().all(|user| user.attrs.has("tenant_key")))
        || (store.kind == Kind::Cache && store.attrs.has("scope"))
        || (!data.is_empty() && data.iter().all(|word| word == "public"));
    let name = store.name();
    let finding = match store.attrs.get("tenant_key") {
        Some(setting) if !store.attrs.has("tenant_key") => {
            let message = format!(
                "{name} keeps the data of all tenants together, and nothing keeps one from another's"
            );
            Diagnostic::wrong(message, setting.span, "nothing tells them apart")
        }
        _ if apart => return None,
        _ => {
            let message = format!("nothing says what keeps the tenants apart in {name}");
            Diagnostic::unstated(message, store.span, "no `tenant_key=`")
                .question(format!("a query to {name} forgets its condition: whose data comes back?"))
        }
    };
    let sharing = users.first().copied().filter(|_| tenants.is_none()).unwrap_or(store);
    let said = sharing.attrs.get("tenants").map_or(sharing.span, |setting| setting.span);
    Some(
        finding
            .label(said, "serves many tenants")
            .node(&store.id)
            .consequence(match store.kind {
                Kind::Cache => format!("two customers ask for the same key of {name}, and the second gets the answer of the first"),
                _ => format!("one query without its condition shows a customer the rows of all the others in {name}"),
            })
            .mend(Mend::node(&store.id, if store.kind == Kind::Cache { "scope=tenant" } else { "tenant_key=org_id" }))
            .fix(match store.kind {
                Kind::Cache => format!("`scope=tenant` on {name}: the tenant is part of each key"),
                _ => format!("`tenant_key=org_id` on {name}, enforced by the store itself, as by row security"),
            }),
    )
}

fn is_shared(node: &Node) -> bool {
    node.attrs.text("tenants").value() == Some("shared")
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let expect = |text, expected: &[&str]| expect(&RULE, text, expected);
        expect("postgres d tenants=shared", &["unstated d"]);
        expect("postgres d tenants=shared tenant_key=none", &["wrong d"]);
        expect("service a tenants=shared\npostgres d\nredis c\na -> d\na -> c", &["unstated d, c"]);
        // Kept apart: by the store, by the program in all that it does, in a cache by its keys.
        expect("postgres d tenants=shared tenant_key=org", &[]);
        expect("service a tenants=shared tenant_key=org\npostgres d\na -> d", &[]);
        expect("service a tenants=shared\nredis c scope=tenant\na -> c", &[]);
        expect(
            "service a tenants=shared\npostgres d tenant_key=org\npostgres r replica_of=d\na -> r reads",
            &[],
        );
        // A store for each, public data, or one customer only.
        expect("service a tenants=shared\npostgres d tenants=single\na -> d", &[]);
        expect("service a tenants=shared\npostgres d data=public\na -> d", &[]);
        expect("service a tenants=single\npostgres d\na -> d", &[]);
        expect("service a\npostgres d\na -> d", &[]);
        // What watches it is no user of it.
        expect("worker a tenants=shared\npostgres d\na ..> d observes", &[]);
    }
}
