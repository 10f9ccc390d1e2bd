use std::collections::HashSet;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::Arrow;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "ssrf-surface",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: true,
    group: Group::Security,
    summary: "users choose the addresses that a program inside fetches",
    question: Some(Question {
        topic: "outgoing calls",
        text: "what if the address to fetch is one inside your own network?",
    }),
    reads: &["egress", "fetches", "trust"],
    page: Page {
        checks: "Services, functions, workers and connection servers with `fetches=user-url`: previews, webhooks, \
                 crawlers, imports from an address.",
        when: "Wrong: such a node says `egress=open`, or `egress=none`, which says that nothing limits where it connects. A \
               question: it says nothing of `egress`. Left alone: `egress=proxy`; `egress=allowlist`, which with addresses \
               from users allows only known hosts; and a node in a group with `trust=public` or `trust=dmz` \
               that has no hop to a store, a secret store, a configuration service or a registry, and neither is there \
               one in that group (a queue or topic is none: what it sends there is all that others take from it).",
        why: "The address may be `http://169.254.169.254/`, where a cloud hands a machine its own credentials, or the \
              admin page of the database beside it. The program is trusted there, and shows what it got to whoever \
              asked. Checking the name first is not enough: it may resolve to something else the second time.",
        outage: None,
        bad: "client app\ngateway api x2 auth=jwt rate_limit=10/s limit_by=user tls\n\
              service preview x2 fetches=user-url egress=open\npostgres store x2 failover=auto backup=1h\n\
              flow show { app -> api -> preview -> store writes }\n",
        good: "client app\ngateway api x2 auth=jwt rate_limit=10/s limit_by=user tls\n\
               service preview x2 fetches=user-url egress=proxy\npostgres store x2 failover=auto backup=1h\n\
               flow show { app -> api -> preview -> store writes }\n",
        ignore: "The users are the company's own engineers, who may reach those addresses anyway.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let fetching: Vec<NodeIndex> =
        facts.nodes(Kind::is_app).filter(|&node| facts.node(node).attrs.has("fetches")).collect();
    if fetching.is_empty() {
        return Vec::new();
    }
    let stocked: HashSet<Option<&str>> =
        facts.nodes(is_worth_reaching).map(|node| boundary(facts, node)).collect();
    fetching.into_iter().filter_map(|node| finding(facts, node, &stocked)).collect()
}

fn finding(facts: &Facts, at: NodeIndex, stocked: &HashSet<Option<&str>>) -> Option<Diagnostic> {
    let node = facts.node(at);
    let name = node.name();
    let open = node.attrs.get("egress").filter(|_| match node.attrs.text("egress").value() {
        Some(word) => word == "open",
        None => true,
    });
    let finding = match open {
        Some(setting) => {
            let message = format!(
                "{name} fetches whatever address a user gives it, inside your network as well as outside"
            );
            Diagnostic::wrong(message, setting.span, "may connect to anything")
        }
        None if node.attrs.has("egress") || stands_apart(facts, at, stocked) => return None,
        None => {
            let message = format!(
                "nothing says where {name} may connect to, and users choose the addresses that it fetches"
            );
            Diagnostic::unstated(message, node.span, "no `egress=`")
                .question(format!("what if a user gives {name} an address inside your own network?"))
        }
    };
    let inside: Vec<NodeIndex> =
        neighbours(facts, at).filter(|&to| is_worth_reaching(facts.node(to).kind)).collect();
    let finding = match inside.as_slice() {
        [] => finding,
        inside => {
            finding.evidence(format!("from its place in the network it reaches {}", facts.names(inside)))
        }
    };
    let fetches = node.attrs.get("fetches").map_or(node.span, |setting| setting.span);
    Some(
        finding
            .label(fetches, "users choose the address")
            .node(&node.id)
            .consequence(format!(
                "someone asks {name} for the address where the cloud hands out its credentials, and reads them in the answer"
            ))
            .mend(Mend::node(&node.id, "egress=proxy"))
            .fix(format!("`egress=proxy` on {name}: a proxy that resolves the name itself and refuses private addresses")),
    )
}

/// It stands outside, with nothing there that is worth asking for.
fn stands_apart(facts: &Facts, node: NodeIndex, stocked: &HashSet<Option<&str>>) -> bool {
    let mut around = facts.design.groups_around(node).take(64);
    let is_outside =
        around.find_map(|group| group.attrs.text("trust").value()).is_some_and(|trust| trust != "private");
    is_outside
        && !neighbours(facts, node).any(|to| is_worth_reaching(facts.node(to).kind))
        && !stocked.contains(&boundary(facts, node))
}

/// The innermost group around a node that is a trust boundary.
fn boundary<'d>(facts: &Facts<'d>, node: NodeIndex) -> Option<&'d str> {
    let mut around = facts.design.groups_around(node).take(64);
    around.find(|group| group.attrs.get("trust").is_some()).map(|group| group.id.as_str())
}

fn neighbours(facts: &Facts, node: NodeIndex) -> impl Iterator<Item = NodeIndex> {
    facts.hops_from(node).into_iter().filter(|(_, hop)| hop.arrow != Arrow::Control).map(|(to, _)| to)
}

fn is_worth_reaching(kind: Kind) -> bool {
    kind.is_store() || matches!(kind, Kind::Secrets | Kind::Config | Kind::Registry)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let expect = |text, expected: &[&str]| expect(&RULE, text, expected);
        expect("service a fetches=user-url egress=open", &["wrong a"]);
        expect("service a fetches egress=none", &["wrong a"]);
        expect("worker w fetches=user-url\nqueue q\nq ~> w", &["unstated w"]);
        expect("service a fetches=user-url egress=proxy\nworker w fetches=user-url egress=allowlist", &[]);
        expect("service a egress=open\nservice b fetches=no", &[]);
        // In a place of its own, or in one with a database.
        expect("group out trust=dmz { worker w fetches=user-url }\nqueue q\nq ~> w", &[]);
        expect("group out trust=dmz { worker w fetches=user-url; queue q }\nq ~> w", &[]);
        expect("group out trust=dmz {\n worker w fetches=user-url\n postgres d\n}", &["unstated w"]);
        expect("group out trust=dmz { worker w fetches=user-url }\npostgres d\nw -> d", &["unstated w"]);
        expect("group in trust=private { worker w fetches=user-url }", &["unstated w"]);
    }
}
