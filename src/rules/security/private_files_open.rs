use std::collections::BTreeMap;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::source::Span;

pub static RULE: Rule = Rule {
    id: "private-files-open",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: true,
    group: Group::Security,
    summary: "a CDN or gateway hands private files to whoever has their address",
    question: Some(Question {
        topic: "private files",
        text: "somebody passes the address of a file on: who can open it, and until when?",
    }),
    reads: &["auth", "data", "public", "reads", "signed", "trust", "writes"],
    page: Page {
        checks: "Object stores that clients outside read through a CDN, load balancer or gateway, whose files are not public.",
        when: "Clients reach, through CDNs, load balancers, gateways, firewalls and DNS alone, a CDN, load balancer or gateway with a hop \
               to an object store that says of itself, or of the table read, `data` other than `public`, and neither a \
               node nor a hop on the way (that hop included) states `signed` or `auth=`. Wrong where one of them says \
               `signed=no` or `auth=none`, a question otherwise. Left alone: stores whose data is `public` or not \
               said, flows marked `public`, hops that only write, and clients in a group with `trust=private`. Hops \
               from the client itself to the store are `datastore-public`.",
        why: "An address is no secret: it stands in histories, in proxies' logs, in the mail that a user forwards, and \
              it works for ever. The CDN keeps a copy in front of every check that the store would make.",
        outage: None,
        bad: "client app\ncdn edge x3 ttl=1min signed=no tls\ns3 scans object_versions data=pii lifecycle=10y\nflow view { app -> edge -> scans reads }\n",
        good: "client app\ncdn edge x3 ttl=1min signed tls\ns3 scans object_versions data=pii lifecycle=10y\nflow view { app -> edge -> scans reads }\n",
        ignore: "The files are encrypted, and only their owners have the keys.",
    },
    check,
};

struct Exposure<'d> {
    way: Vec<NodeIndex>,
    step: &'d Step,
    open: Option<Span>,
    flows: Vec<String>,
}

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut exposures: BTreeMap<NodeIndex, Exposure> = BTreeMap::new();
    if facts.nodes(|kind| kind == Kind::Blob).next().is_none() {
        return Vec::new();
    }
    for journey in facts.journeys() {
        if journey.flow.is_some_and(|flow| flow.attrs.has("public")) {
            continue;
        }
        let checks = |node: NodeIndex| {
            let attrs = &facts.node(node).attrs;
            attrs.has("auth") || attrs.has("signed")
        };
        let spread = journey.spread(facts, &journey.outsiders(facts), |step, to| {
            use Kind::{Cdn, Dns, Gateway, Lb, Waf};
            let passes = matches!(facts.node(to).kind, Dns | Cdn | Waf | Lb | Gateway);
            passes && !checks(to) && !step.attrs.has("signed")
        });
        let said = |node: NodeIndex| {
            let attrs = &facts.node(node).attrs;
            attrs.get("signed").or(attrs.get("auth")).map(|setting| setting.span)
        };
        let opened = spread.first_passed(|node| said(node).is_some());
        for &step in &journey.steps {
            let reads = step.attrs.has("reads") || !step.attrs.has("writes");
            let front = matches!(facts.node(step.from).kind, Kind::Cdn | Kind::Lb | Kind::Gateway)
                && spread.reaches(step.from);
            let data = || facts.used_data(step).into_iter().flatten().any(|word| word != "public");
            if facts.node(step.to).kind != Kind::Blob
                || !(reads && front)
                || facts.arrow(step) == Arrow::Control
            {
                continue;
            }
            if step.attrs.has("signed") || !data() {
                continue;
            }
            let open =
                opened.get(&step.from).copied().and_then(said).or(step.attrs.get("signed").map(|no| no.span));
            let new = || Exposure { way: spread.way_to(step.from), step, open, flows: Vec::new() };
            let exposure = exposures.entry(step.to).or_insert_with(new);
            if exposure.open.is_none() && open.is_some() {
                *exposure = Exposure { flows: std::mem::take(&mut exposure.flows), ..new() };
            }
            exposure.flows.extend(journey.flow.iter().map(|flow| flow.id.clone()));
        }
    }
    exposures.into_iter().map(|(blob, exposure)| finding(facts, blob, exposure)).collect()
}

fn finding(facts: &Facts, at: NodeIndex, exposure: Exposure) -> Diagnostic {
    let Exposure { way, step, open, mut flows } = exposure;
    flows.dedup();
    let (blob, front) = (facts.node(at), facts.node(step.from));
    let (name, edge) = (blob.name(), front.name());
    let finding = match open {
        Some(span) => {
            let message = format!(
                "{edge} hands out the files of {name}, which are not public, to whoever has their address"
            );
            Diagnostic::wrong(message, span, "lets everybody in")
        }
        None => {
            let message = format!(
                "nothing says what {edge} asks for before it hands out a file of {name}, and they are not public"
            );
            Diagnostic::unstated(message, step.span, "neither `signed` nor `auth=` on the way").question(
                format!(
                    "somebody passes on the address of a file in {name}: who can open it, and until when?"
                ),
            )
        }
    };
    let way: Vec<NodeIndex> = way.into_iter().chain([at]).collect();
    finding
        .node(&blob.id)
        .hop(&front.id, &blob.id)
        .flows(flows)
        .evidence(facts.show_way(&way))
        .consequence(format!(
            "an address out of a mail or a log opens a file of {name} years later, from anywhere"
        ))
        .mend(match front.kind {
            Kind::Cdn => Mend::node(&front.id, "signed"),
            Kind::Gateway => Mend::node(&front.id, "auth=session"),
            _ => Mend::hop(&front.id, &blob.id, "signed"),
        })
        .fix(match front.kind {
            Kind::Cdn => format!("`signed` on {edge}: an address that opens one file and expires"),
            Kind::Gateway => format!("`auth=session` on {edge}, or whichever way users prove who they are"),
            _ => format!(
                "`signed` on `{} -> {}`: an address that opens one file and expires",
                front.id, blob.id
            ),
        })
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |cdn: &str, blob: &str, flow: &str, expected: &[&str]| {
            expect(
                &RULE,
                &format!("client u\ncdn e {cdn}\ns3 b {blob}\nflow f {flow} {{ u -> e -> b }}"),
                expected,
            );
        };
        case("", "data=private", "", &["unstated b"]);
        case("signed=no", "data=pii", "", &["wrong b"]);
        case("auth=none", "data=[public, pii]", "", &["wrong b"]);
        case("signed", "data=private", "", &[]);
        case("auth=jwt", "data=private", "", &[]);
        case("", "data=public", "", &[]);
        case("", "", "", &[]);
        case("signed=no", "data=private", "public", &[]);
        // A gateway that asks for nothing is the same hole.
        expect(&RULE, "client u\ngateway g\ns3 b data=private\nflow f { u -> g -> b }", &["unstated b"]);
        expect(&RULE, "client u\ngateway g auth=none\ns3 b data=pii\nflow f { u -> g -> b }", &["wrong b"]);
        expect(&RULE, "client u\ngateway g auth=jwt\ns3 b data=pii\nflow f { u -> g -> b }", &[]);
        // Signed on a hop; a program in between; an upload; the inside.
        expect(&RULE, "client u\ncdn e\ns3 b data=private\nflow f { u -> e signed\ne -> b }", &[]);
        expect(&RULE, "client u\ncdn e\ns3 b data=private\nflow f { u -> e\ne -> b signed }", &[]);
        expect(&RULE, "client u\ncdn e\nservice a\ns3 b data=private\nflow f { u -> e -> a -> b }", &[]);
        expect(&RULE, "client u\ncdn e\ns3 b data=private\nflow f { u -> e\ne -> b writes }", &[]);
        expect(&RULE, "group o trust=private { client u }\ncdn e\ns3 b data=private\nu -> e -> b", &[]);
    }
}
