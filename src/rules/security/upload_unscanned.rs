use std::collections::BTreeMap;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Attrs, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "upload-unscanned",
    severity: Severity::Warning,
    confidence: Confidence::High,
    grave: false,
    group: Group::Security,
    summary: "what one user uploads is handed to others as it came",
    question: Some(Question {
        topic: "uploads",
        text: "what looks at a file before somebody else opens it?",
    }),
    reads: &["antivirus", "payload", "reads", "trust", "writes"],
    page: Page {
        checks: "Object stores that clients write to and that are read for clients again: whether anything scans the \
                 files in between.",
        when: "Clients outside upload to an object store, directly or through a program, and a client, a CDN, or a program on a \
               call from a client has a hop that reads it. An upload is a hop to it with `writes`: from a client, from a load balancer, \
               CDN, firewall or gateway behind one, or from a service, function or connection server that a client \
               calls, if that hop or its flow states a `payload` of 100 KB or more. A question where the store says \
               nothing of `antivirus`; wrong where it says `antivirus=no` (then any service's write on a client's call \
               is an upload). Left alone: `antivirus`, stores that nobody reads from, stores that only workers write \
               to, and clients in a group with `trust=private`.",
        why: "A file store that takes anything soon serves malware from your own domain, which browsers and mail \
              filters then block as a whole; and an HTML or SVG file in it runs with your site's cookies when someone \
              opens it.",
        outage: None,
        bad: "client app\ngateway api x2 auth=jwt rate_limit=10/s limit_by=user tls\nservice albums x2 authz\ns3 photos object_versions antivirus=no\n\
              flow upload { app -> photos writes signed }\nflow view { app -> api -> albums -> photos reads }\n",
        good: "client app\ngateway api x2 auth=jwt rate_limit=10/s limit_by=user tls\nservice albums x2 authz\ns3 photos object_versions antivirus\n\
               flow upload { app -> photos writes signed }\nflow view { app -> api -> albums -> photos reads }\n",
        ignore: "Files are only ever shown again to the user who uploaded them, or are made anew on the way, as \
                 pictures that are always re-encoded.",
    },
    check,
};

/// Bytes above which a request that ends in a file store brings the file.
const FILE: f64 = 100e3;

#[derive(Default)]
struct Use<'d> {
    upload: Option<&'d Step>,
    download: Option<&'d Step>,
}

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut uses: BTreeMap<NodeIndex, Use> = BTreeMap::new();
    if facts.nodes(|kind| kind == Kind::Blob).next().is_none() {
        return Vec::new();
    }
    for journey in facts.journeys() {
        let outsiders = journey.outsiders(facts);
        let spread = journey.spread(facts, &outsiders, |_, to| {
            let kind = facts.node(to).kind;
            kind.is_compute() || matches!(kind, Kind::Dns | Kind::Cdn | Kind::Waf)
        });
        for &step in &journey.steps {
            let blob = facts.node(step.to);
            if blob.kind != Kind::Blob || !spread.reaches(step.from) || facts.arrow(step) == Arrow::Control {
                continue;
            }
            let used = uses.entry(step.to).or_default();
            if step.attrs.has("writes") && (is_upload(facts, step) || blob.attrs.get("antivirus").is_some()) {
                used.upload.get_or_insert(step);
            }
            if step.attrs.has("reads") || facts.node(step.from).kind == Kind::Cdn {
                used.download.get_or_insert(step);
            }
        }
    }
    uses.into_iter().filter_map(|(blob, used)| finding(facts, blob, used.upload?, used.download?)).collect()
}

/// The client's own request writes there, or one large enough to bring a file.
fn is_upload(facts: &Facts, step: &Step) -> bool {
    let before = matches!(
        facts.node(step.from).kind,
        Kind::Client | Kind::Dns | Kind::Cdn | Kind::Waf | Kind::Lb | Kind::Gateway
    );
    let payload = |attrs: &Attrs| attrs.number("payload").value();
    let large = payload(&step.attrs).or(facts.flow_of(step).and_then(|flow| payload(&flow.attrs)));
    before || large.is_some_and(|bytes| bytes >= FILE)
}

fn finding(facts: &Facts, at: NodeIndex, upload: &Step, download: &Step) -> Option<Diagnostic> {
    let blob = facts.node(at);
    let name = blob.name();
    let (from, to) = (facts.node(upload.from).name(), facts.node(download.from).name());
    let finding = match blob.attrs.get("antivirus") {
        Some(_) if blob.attrs.has("antivirus") => return None,
        Some(setting) => {
            let message = format!(
                "what {from} puts into {name} is handed out through {to} as it came: nothing scans it"
            );
            Diagnostic::wrong(message, setting.span, "said not to be scanned")
        }
        None => {
            let message = format!(
                "nothing says what looks at a file in {name} between its upload and the next user who opens it"
            );
            Diagnostic::unstated(message, blob.span, "no `antivirus`")
                .question(format!("what looks at a file in {name} before somebody else opens it?"))
        }
    };
    Some(
        finding
            .label(upload.span, "comes in")
            .label(download.span, "goes out")
            .node(&blob.id)
            .evidence(format!("{from} → {name} → {to}"))
            .consequence(format!(
                "someone spreads malware by links to {name}, and browsers block your whole domain for it"
            ))
            .mend(Mend::node(&blob.id, "antivirus"))
            .fix(format!("`antivirus` on {name}: files stay out of sight until they are scanned and their type is checked; and hand them out from a domain of their own, where an HTML or SVG file finds no cookies")),
    )
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let expect = |text: &str, expected: &[&str]| expect(&RULE, text, expected);
        expect("client u\ns3 b\nu -> b reads writes signed", &["unstated b"]);
        expect(
            "client u\ncdn e\ns3 b\nflow f { u -> b writes signed }\nflow g { u -> e -> b on=miss }",
            &["unstated b"],
        );
        expect("client u\ns3 b antivirus=no\nu -> b reads writes signed", &["wrong b"]);
        expect("client u\ns3 b antivirus\nu -> b reads writes signed", &[]);
        // Through a service: a file, or perhaps an invoice that it made.
        let through = |payload: &str, antivirus: &str| {
            format!(
                "client u\nservice a\ns3 b {antivirus}\nflow f {payload} {{ u -> a -> b writes }}\nflow g {{ u -> a -> b reads }}"
            )
        };
        expect(&through("payload=2MB", ""), &["unstated b"]);
        expect(&through("payload=2KB", ""), &[]);
        expect(&through("", ""), &[]);
        expect(&through("", "antivirus=no"), &["wrong b"]);
        // Nobody reads it, or only workers and the inside touch it.
        expect("client u\ns3 b\nu -> b writes signed", &[]);
        expect(
            "client u\ns3 b\nservice a\nqueue q\nworker w\nu -> a ~> q ~> w -> b writes\na -> b reads",
            &[],
        );
        expect("group o trust=private { client u }\ns3 b\nu -> b reads writes", &[]);
    }
}
