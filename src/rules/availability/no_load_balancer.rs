use std::collections::HashSet;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::Arrow;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::source::Span;

pub static RULE: Rule = Rule {
    id: "no-load-balancer",
    severity: Severity::Error,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Availability,
    summary: "clients call several instances directly, and nothing spreads their requests or leaves out a dead one",
    question: Some(Question {
        topic: "dead instance behind a name",
        text: "DNS gives out the address of an instance that has died: until when?",
    }),
    reads: &["failover", "health", "instances", "managed"],
    page: Page {
        checks: "Services, identity services and connection servers with several instances that clients or outside callers reach directly.",
        when: "Such a server that is not managed has two instances or more, a client or an external calls it, nothing that \
               calls it is a load balancer, gateway, CDN, firewall, DNS or registry, and the caller asks no DNS or registry, \
               itself or through what it calls (a lobby that names the game server to connect to). \
               A question where DNS of no stated technology, without `failover` or `health`, is all that is between them. \
               Calls between services are left alone: the platform usually balances those.",
        why: "A client knows one address. Without something behind that address which spreads requests and checks health, one \
              instance takes all of them, and when it fails its users are out while the others idle.",
        outage: None,
        bad: "client web\nservice api x3\npostgres store x2 failover=auto\nflow order { web -> api -> store writes }\n",
        good: "client web\nlb front x2\nservice api x3 health\npostgres store x2 failover=auto\n\
               flow order { web -> front -> api -> store writes }\n",
        ignore: "Clients that are given a list of addresses and balance themselves: draw the `registry` or `dns` they ask.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let find_out = who_find_out(facts);
    for index in facts.nodes(|kind| matches!(kind, Kind::Service | Kind::Socket | Kind::Auth)) {
        let node = facts.node(index);
        let callers = facts.callers(index);
        // One way through a balancer means that there is one; a direct line beside it is shorthand.
        if node.instances < 2 || node.is_managed() || callers.iter().any(|&caller| spreads(facts, caller)) {
            continue;
        }
        let names = names_of(facts, &callers);
        let mut outside = callers;
        outside.retain(|&caller| {
            matches!(facts.node(caller).kind, Kind::Client | Kind::External | Kind::Dns)
                && !find_out.contains(&caller)
        });
        let Some(&first) = outside.first() else { continue };
        let [name, who] = [node.name(), facts.names(&outside)];
        let instances = node.instances;
        let [ask, know, their] = match outside.len() {
            1 => ["asks", "knows", "its"],
            _ => ["ask", "know", "their"],
        };
        let span = facts
            .hops_to(index)
            .into_iter()
            .find(|(caller, hop)| *caller == first && hop.arrow != Arrow::Control)
            .map_or(node.span, |(_, hop)| hop.span);
        if let Some(names) = names {
            found.push(by_name_alone(facts, names, index, span));
            continue;
        }
        let mut finding = Diagnostic::wrong(
            format!("nothing spreads what {who} {ask} of {name} over its {instances} instances"),
            span,
            format!("straight to one of {instances} instances: which?"),
        )
        .label(node.span, format!("{instances} instances"))
        .node(&node.id)
        .flows(facts.flows_needing(index).map(|flow| flow.id.clone()))
        .evidence(format!(
            "{} → {}: no load balancer, gateway, CDN or DNS on the way",
            facts.id(first),
            node.id
        ));
        for &caller in &outside {
            finding = finding.hop(facts.id(caller), &node.id);
        }
        found.push(
            finding
                .consequence(format!(
                    "{who} {know} one address: when that instance fails, all {their} requests fail although {} \
                     other{} up",
                    instances - 1,
                    if instances == 2 { " is" } else { "s are" }
                ))
                .fix(format!("`lb front x2` and `{} -> front -> {}`, with `health` on {name}", facts.id(first), node.id)),
        );
    }
    found
}

/// The DNS by which callers find a server, where that knows no more than names: it calls, or is asked by who calls.
fn names_of(facts: &Facts, callers: &[NodeIndex]) -> Option<NodeIndex> {
    let asked = callers.iter().flat_map(|&caller| facts.hops_from(caller)).map(|(to, _)| to);
    callers.iter().copied().chain(asked).find(|&node| only_names(facts, node))
}

fn by_name_alone(facts: &Facts, names: NodeIndex, server: NodeIndex, span: Span) -> Diagnostic {
    let [dns, name] = [names, server].map(|node| facts.node(node).name());
    let instances = facts.node(server).instances;
    Diagnostic::unstated(
        format!("{dns} spreads requests over {instances} instances of {name}, and nothing says that it leaves out a dead one"),
        span,
        format!("one of {instances} addresses"),
    )
    .question(format!("an instance of {name} dies: when does {dns} stop giving out its address, and when do clients stop using it?"))
    .label(facts.node(names).span, "no `failover` or `health` here")
    .node(facts.id(server))
    .flows(facts.flows_needing(server).map(|flow| flow.id.clone()))
    .evidence(format!("{} → {}: a name has {instances} addresses, and is kept for as long as each client likes", facts.id(names), facts.id(server)))
    .consequence(format!("one of {instances} instances dies, and each client that was given its address fails until its copy of the name expires"))
    .fix(format!("`lb front x2` before {name}, or `failover=auto` on {dns} with a `ttl` of a minute"))
}

/// Stands in front of instances and knows which of them are up.
fn spreads(facts: &Facts, node: NodeIndex) -> bool {
    use Kind::{Cdn, Dns, Gateway, Lb, Registry, Waf};
    matches!(facts.node(node).kind, Cdn | Dns | Gateway | Lb | Registry | Waf) && !only_names(facts, node)
}

/// Names alone: nobody says that it checks which instances are up.
fn only_names(facts: &Facts, node: NodeIndex) -> bool {
    let node = facts.node(node);
    let checks = ["failover", "health"].iter().any(|name| node.attrs.has(name));
    node.kind == Kind::Dns && node.tech.is_none() && !node.is_managed() && !checks
}

/// Those who ask something else where the instances are, themselves or through what they call.
fn who_find_out(facts: &Facts) -> HashSet<NodeIndex> {
    let mut asked: Vec<NodeIndex> = facts.nodes(|kind| matches!(kind, Kind::Dns | Kind::Registry)).collect();
    asked.retain(|&node| !only_names(facts, node));
    let mut find_out = HashSet::new();
    while let Some(node) = asked.pop() {
        for caller in facts.callers(node) {
            if find_out.insert(caller) {
                asked.push(caller);
            }
        }
    }
    find_out
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let expect = |text, expected: &[&str]| expect(&RULE, text, expected);
        expect("client u\nservice a x2\nu -> a", &["wrong a"]);
        expect("client u\nsocket a x10\nu <-> a", &["wrong a"]);
        expect("external e\nservice a x2\ne -> a", &["wrong a"]);
        expect("client u\nservice a\nu -> a", &[]);
        expect("client u\nlb l x2\nservice a x2\nu -> l -> a", &[]);
        expect("client u\ngateway g x3\nservice a x2\nu -> g -> a", &[]);
        // Shorthand in one flow for the way drawn in another.
        expect("client u\nlb l x2\nservice a x2\nflow f { u -> l -> a }\nflow g { u -> a }", &[]);
        // The client asks where to go.
        expect("client u\nroute53 n\nservice a x2\nu -> n\nu -> a", &[]);
        expect("client u\ndns n failover=auto\nservice a x2\nu -> n -> a", &[]);
        // Names alone spread, and do not look.
        expect("client u\ndns n\nservice a x2\nu -> n\nu -> a", &["unstated a"]);
        expect("client u\ndns n\nservice a x2\nu -> n -> a", &["unstated a"]);
        expect("client u\ndns n\nlb l x2\nservice a x2\nu -> n -> l -> a", &[]);
        // A lobby asks for it.
        expect("client u\nlb l x2\nservice b\nregistry r\nservice a x9\nu -> l -> b -> r\nu <-> a", &[]);
        // How services find each other helps no client.
        expect("client u\nservice a x2\nregistry r\nu -> a\na ..> r needs", &["wrong a"]);
        expect("client u\nkeycloak a x2\nu -> a", &["wrong a"]);
        // Between services the platform balances; a platform's own functions too.
        expect("client u\nlb l x2\nservice a x2\nservice b x6\nu -> l -> a -> b", &[]);
        expect("client u\nfunction a x2\nu -> a", &[]);
        expect("client u\nservice a x2 managed\nu -> a", &[]);
    }
}
