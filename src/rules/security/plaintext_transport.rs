use std::collections::BTreeMap;

use petgraph::graph::NodeIndex;
use petgraph::visit::EdgeRef;

use crate::catalog::Kind;
use crate::design::{Arrow, Group as Place, GroupKind, Hop, Node, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "plaintext-transport",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Security,
    summary: "what travels over networks that are not yours can be read and changed on the way",
    question: Some(Question {
        topic: "encryption in transit",
        text: "who between the caller and you can read or change what is sent?",
    }),
    reads: &["auth", "availability", "data", "managed", "p99", "tls", "trust"],
    page: Page {
        checks: "Connections over networks that are not yours: from clients to the first node behind them, to and from \
                 external services, between regions, and between groups that state a different `trust`.",
        when: "Wrong: such a connection says `tls=no`, or the node that it leads to does and the connection does not \
               say `tls`; between a public or dmz network and a private one a warning, unless one of the two nodes states \
               `data=pii`, `payment` or `credential`, or a flow over it uses such data. A question, as a remark, about a door: the first load \
               balancer, CDN, firewall, gateway, service, function or connection server behind a client outside, where \
               neither it nor the hop to it says anything of `tls`, and it is not managed (a vendor hands out a \
               certificate with the address). It is asked in two cases: another door says `tls`, so that this one looks \
               forgotten; or the flow promises an `availability` or a `p99`, and some node of it states `auth` (or is an \
               `auth` node) or it uses `data=pii`, `payment` or `credential`. Never of a flow of at most 10 requests a \
               second without a stated `availability`. A question: a hop leads \
               from one region into another, to or from a node that states `data=pii`, `payment` or `credential`, and \
               says nothing of `tls`, and neither does its target. Left alone: connections within one region and \
               trust, which may be plain behind the door; calls of external services that say nothing; clients in a \
               group with `trust=private`; nodes with `auth=mtls`, which is TLS.",
        why: "Whoever runs the café's network, a cheap router or the wrong provider on the way reads session tokens \
              and passwords out of plain requests, and puts his own script into plain answers.",
        outage: None,
        bad: "client app\nlb front managed tls=no rate_limit=20/s limit_by=ip\nservice notes x2 auth=jwt\npostgres store x2 failover=auto backup=1h\n\
              flow read { app -> front -> notes -> store reads }\n",
        good: "client app\nlb front managed tls rate_limit=20/s limit_by=ip\nservice notes x2 auth=jwt\npostgres store x2 failover=auto backup=1h\n\
               flow read { app -> front -> notes -> store reads }\n",
        ignore: "Something that is not drawn encrypts it: a tunnel between the sites, or a mesh.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = facts
        .design
        .graph
        .edge_references()
        .filter_map(|edge| plain(facts, edge.source(), edge.target(), edge.weight()))
        .collect();
    found.extend(doors(facts).into_iter().map(|(door, (step, _, flows))| {
        // A connection may be drawn from either end.
        let client = if step.from == door { step.to } else { step.from };
        let (client, node) = (facts.node(client), facts.node(door));
        let name = node.name();
        let message = format!("nothing says that what {} sends to {name} is encrypted on the way", client.name());
        Diagnostic::unstated(message, node.span, "no `tls`")
            .question(format!("who between {} and {name} can read or change what is sent?", client.name()))
            .at_most(Severity::Info)
            .node(&node.id)
            .hop(&client.id, &node.id)
            .flows(flows)
            .consequence(format!("on an open network anyone reads what is sent to {name}, tokens included, and answers in its place"))
            .mend(Mend::node(&node.id, "tls"))
            .fix(format!("`tls` on {name}"))
    }));
    found.sort_by_key(|finding| finding.at.span);
    found
}

/// The first nodes behind clients outside that say nothing of it and should: a hop that leads there, whether what it
/// carries is worth it by itself, and the flows that take it.
fn doors<'d>(facts: &Facts<'d>) -> BTreeMap<NodeIndex, (&'d Step, bool, Vec<String>)> {
    let mut doors: BTreeMap<NodeIndex, (&Step, bool, Vec<String>)> = BTreeMap::new();
    let mut another_says = false;
    for journey in facts.journeys() {
        let Some(flow) = journey.flow else { continue };
        let promised = ["availability", "p99"].iter().any(|promise| flow.attrs.has(promise));
        let worth_it = promised && journey.steps.iter().any(|step| is_worth_stealing(facts, step));
        let small = facts.is_small(flow);
        for &step in &journey.steps {
            let (from, to) = (facts.node(step.from), facts.node(step.to));
            let is_before = |kind: Kind| matches!(kind, Kind::Client | Kind::Dns);
            let behind =
                if facts.arrow(step) == Arrow::Stream && is_before(to.kind) { step.from } else { step.to };
            let (client, door) = if behind == step.to { (from, to) } else { (to, from) };
            let takes = door.kind.is_compute() || matches!(door.kind, Kind::Cdn | Kind::Waf);
            let outside = match client.kind {
                Kind::Client => facts.is_outsider(if behind == step.to { step.from } else { step.to }),
                kind => kind == Kind::Dns,
            };
            let waits = matches!(facts.arrow(step), Arrow::Call | Arrow::Stream);
            let hop = &facts.design.graph[step.hop];
            let said = [&hop.attrs, &door.attrs].into_iter().any(|attrs| attrs.get("tls").is_some());
            if !(takes && outside && waits) {
                continue;
            }
            another_says |= [&hop.attrs, &door.attrs].into_iter().any(|attrs| attrs.has("tls"));
            if said || small || by_certificate(door) || door.is_managed() {
                continue;
            }
            let (_, asked, flows) = doors.entry(behind).or_insert_with(|| (step, false, Vec::new()));
            *asked |= worth_it;
            if flows.last() != Some(&flow.id) {
                flows.push(flow.id.clone());
            }
        }
    }
    doors.retain(|_, (_, asked, _)| *asked || another_says);
    doors
}

/// Somebody has to prove who he is for it, or the data is sensitive.
fn is_worth_stealing(facts: &Facts, step: &Step) -> bool {
    let asks = |node: NodeIndex| facts.node(node).attrs.has("auth") || facts.node(node).kind == Kind::Auth;
    asks(step.from) || asks(step.to) || facts.sensitive_in(step).is_some()
}

/// Callers prove who they are by certificates, which only TLS carries.
fn by_certificate(node: &Node) -> bool {
    node.attrs.words("auth").iter().any(|how| how == "mtls")
}

/// A connection that is said to be plain where it must not be, or unsaid between regions.
fn plain(facts: &Facts, from: NodeIndex, to: NodeIndex, hop: &Hop) -> Option<Diagnostic> {
    let (source, target) = (facts.node(from), facts.node(to));
    if hop.arrow == Arrow::Control || hop.attrs.has("tls") {
        return None;
    }
    let over = border(facts, from, to)?;
    let said = hop.attrs.get("tls").or(target.attrs.get("tls"));
    let (name, end) = (source.name(), target.name());
    let finding = match said {
        Some(_) if target.attrs.has("tls") && hop.attrs.get("tls").is_none() => return None,
        Some(setting) => {
            let message = format!("what {name} sends to {end} travels {over} as plain text");
            let finding = Diagnostic::wrong(message, setting.span, "not encrypted")
                .label(hop.span, "readable on the way");
            let harmless = over.starts_with("from a ") && !is_sensitive(facts, from, to, hop);
            if harmless { finding.at_most(Severity::Warning) } else { finding }
        }
        None => {
            let what = [from, to].into_iter().find_map(|node| facts.sensitive(node))?.what;
            if !over.starts_with("from region") || by_certificate(target) {
                return None;
            }
            let message = format!("nothing says whether {what} is encrypted on its way {over}");
            Diagnostic::unstated(message, hop.span, "no `tls`")
                .question(format!("who can read the {what} on its way {over}?"))
        }
    };
    Some(
        finding
            .node(&target.id)
            .hop(&source.id, &target.id)
            .consequence(format!(
                "whoever sits on the way between {name} and {end} reads all of it, and answers in its place"
            ))
            .mend(Mend::hop(&source.id, &target.id, "tls"))
            .fix(format!("`tls` on {end}, or on `{} -> {}` alone", source.id, target.id)),
    )
}

/// One of its ends says so, or a flow that takes it uses such data further on.
fn is_sensitive(facts: &Facts, from: NodeIndex, to: NodeIndex, hop: &Hop) -> bool {
    let uses = |flow| facts.design.steps_of(flow).iter().any(|step| facts.sensitive_in(step).is_some());
    [from, to].iter().any(|&node| facts.sensitive(node).is_some()) || facts.flows_on(hop).any(uses)
}

/// What a connection leaves: `over the internet`, where it does.
fn border(facts: &Facts, from: NodeIndex, to: NodeIndex) -> Option<String> {
    let private = |node: NodeIndex| trust(facts, node) == Some("private");
    let outside = |node: NodeIndex| match facts.node(node).kind {
        Kind::Client => !private(node),
        kind => kind == Kind::External,
    };
    if outside(from) || outside(to) {
        return Some("over the internet".to_string());
    }
    let region = |node: NodeIndex| {
        let mut around = facts.design.groups_around(node).take(64);
        around.find(|group: &&Place| group.kind == GroupKind::Region).map(|region| region.id.as_str())
    };
    if let (Some(here), Some(there)) = (region(from), region(to))
        && here != there
    {
        return Some(format!("from region `{here}` to `{there}`"));
    }
    match (trust(facts, from), trust(facts, to)) {
        (Some(here), Some(there)) if here != there => {
            Some(format!("from a {here} network into a {there} one"))
        }
        _ => None,
    }
}

fn trust<'d>(facts: &Facts<'d>, node: NodeIndex) -> Option<&'d str> {
    facts.design.groups_around(node).take(64).find_map(|group| group.attrs.text("trust").value())
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::diagnostic::Severity;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let expect = |text: &str, expected: &[&str]| expect(&RULE, text, expected);
        expect("client u\nlb l\nservice a auth=jwt\nflow f p99=1s { u -> l -> a }", &["unstated l"]);
        expect(
            "client u\nlb l\nservice a\npostgres d data=pii\nflow f p99=1s { u -> l -> a -> d }",
            &["unstated l"],
        );
        expect("client u\nsocket s auth=jwt\nflow f p99=1s { s <-> u }", &["unstated s"]);
        expect(
            "client u\ndns d\ncdn e\nservice a auth=jwt\nflow f p99=1s { u -> d -> e -> a }",
            &["unstated e"],
        );
        expect("client u\nlb l tls=no\nservice a auth=jwt\nflow f p99=1s { u -> l -> a }", &["wrong l"]);
        expect("client u\nlb l\nservice a auth=jwt\nflow f p99=1s { u -> l tls=no\nl -> a }", &["wrong l"]);
        // Said at the door or on the hop; behind it is inside.
        expect("client u\nlb l tls\nservice a auth=jwt\nflow f p99=1s { u -> l -> a }", &[]);
        expect("client u\nlb l\nservice a auth=jwt\nflow f p99=1s { u -> l tls\nl -> a }", &[]);
        expect(
            "client u\nlb l tls\nservice a tls=no\npostgres d data=pii\nflow f p99=1s { u -> l -> a -> d }",
            &[],
        );
        expect("client u\nalb g\nservice a auth=jwt\nflow f p99=1s { u -> g -> a }", &[]);
        expect("client u\ngateway g auth=mtls\nservice a\nflow f p99=1s { u -> g -> a }", &[]);
        // No promise, so nobody asks; but where another door says it, this one looks forgotten.
        expect("client u\nlb l\nservice a auth=jwt\nflow f { u -> l -> a }", &[]);
        let two = |flow: &str| {
            format!(
                "client u\nlb l\nlb m tls\nservice a\nflow f {flow} {{ u -> l -> a }}\nflow g {{ u -> m -> a }}"
            )
        };
        expect(&two(""), &["unstated l"]);
        expect(&two("rate=2/s"), &[]);
        // Nothing to steal, as far as it is said.
        expect("client u\nlb l\nservice a\npostgres d\nflow f p99=1s { u -> l -> a -> d }", &[]);
        // A sketch, a handful, the inside, a file store, somebody else's service.
        expect("client u\nlb l\nservice a auth=jwt\nu -> l -> a", &[]);
        expect("client u\nlb l\nservice a auth=jwt\nflow f rate=2/s p99=1s { u -> l -> a }", &[]);
        expect("group o trust=private { client u }\nservice a auth=jwt\nflow f p99=1s { u -> a }", &[]);
        expect("client u\ns3 b\nflow f p99=1s { u -> b reads signed }", &[]);
        expect("service a\nexternal e\nflow f p99=1s { a -> e }", &[]);
        expect("service a\nexternal e\nflow f p99=1s { a -> e tls=no }", &["wrong e"]);
    }

    #[test]
    fn between_networks() {
        let regions = |hop: &str, data: &str| {
            format!("region x {{ service a }}\nregion y {{ postgres d {data} }}\nflow f {{ a -> d {hop} }}")
        };
        expect(&RULE, &regions("", "data=pii"), &["unstated d"]);
        expect(&RULE, &regions("tls=no", ""), &["wrong d"]);
        expect(&RULE, &regions("tls", "data=pii"), &[]);
        expect(&RULE, &regions("", "data=pii tls"), &[]);
        expect(&RULE, &regions("", "data=private"), &[]);
        let trust = "group x trust=dmz { service a }\ngroup y trust=private { service b tls=no }\na -> b";
        expect(&RULE, trust, &["wrong b"]);
        let further = trust.replace("\na -> b", "\npostgres d data=pii\nflow f { a -> b -> d }");
        let found =
            crate::rules::run(&RULE, &crate::rules::Facts::new(&crate::rules::testing::design(&further)));
        assert_eq!(found[0].severity, Severity::Error);
        for (data, severity) in [("", Severity::Warning), ("data=pii", Severity::Error)] {
            let text = trust.replace("tls=no", &format!("{data} tls=no"));
            let found =
                crate::rules::run(&RULE, &crate::rules::Facts::new(&crate::rules::testing::design(&text)));
            assert_eq!(found[0].severity, severity);
        }
    }
}
