use std::collections::HashMap;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Attrs, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::numbers::{Traffic, machines};
use crate::rules::{Calls, Confidence, Facts, Group, Page, Rule};
use crate::source::Span;
use crate::units::{show_rate, show_size};

pub static RULE: Rule = Rule {
    id: "large-body-through-service",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Api,
    summary: "large files pass through a service on their way between a client and a blob store",
    question: None,
    reads: &["bandwidth", "payload", "rate", "response", "signed"],
    page: Page {
        checks: "Files of more than 5 MB between clients, or partners, and blob stores.",
        when: "On a flow that starts at a client, or at an `external` that calls in, a gateway, service or function that somebody waits for calls a blob store, and \
               the `payload` that it writes, or the `response` that it reads, is above 5 MB: as stated on that hop, else on the client's own hop, else on \
               the flow. Where the client reaches a blob store or CDN over a `signed` hop in the same flow, in the same direction, the file is taken to go that way, unless that hop states a size of 5 MB at most; \
               what it sends or gets over its other hops then counts only where these state a size above 5 MB. Silent for what is read through a CDN, where no size is stated, where that gateway, service or function states a `bandwidth` and all that flows send through it at their busiest is known and at most half of what its instances carry, \
               and on flows of 10 requests a second or fewer without an `availability`.",
        why: "A service that passes a file on holds a thread, a connection and often the whole file for as long as the slowest \
              mobile network takes. A hundred such uploads fill it, and the small requests beside them wait; each deployment cuts \
              them off in the middle.",
        outage: None,
        bad: "client app\nlb front managed\nservice media x4\ns3 files object_versions\n\
              flow upload { app -> front -> media -> files writes payload=50MB }\n",
        good: "client app\nlb front managed\nservice media x4\ns3 files object_versions\n\
               flow upload { app -> front -> media\n  app -> files writes payload=50MB signed }\n",
        ignore: "The service has to see the bytes, to scan or change them, streams them, and does nothing else.",
    },
    check,
};

const LARGE: f64 = 5e6;
/// Of a network so much may be used at the busiest, for it to carry files beside small requests, and without one zone.
const ROOMY: f64 = 0.5;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut narrow: HashMap<NodeIndex, bool> = HashMap::new();
    for calls in facts.calls() {
        let starter = calls.steps.first().map(|step| step.from);
        let from_client = |step: &&&Step| match facts.node(step.from).kind {
            Kind::Client => true,
            Kind::External => starter == Some(step.from),
            _ => false,
        };
        let clients: Vec<&Step> = calls.steps.iter().filter(from_client).copied().collect();
        if clients.is_empty() || calls.flow.is_some_and(|flow| facts.is_small(flow)) {
            continue;
        }
        for &step in &calls.steps {
            let passes = matches!(facts.node(step.from).kind, Kind::Gateway | Kind::Service | Kind::Function)
                && facts.node(step.to).kind == Kind::Blob
                && calls.waited_for.contains(&step.from);
            // A CDN holds the slow connections, and keeps what it has fetched.
            let from_edge = clients.iter().all(|step| facts.node(step.to).kind == Kind::Cdn);
            let body = if passes { body(facts, &calls, &clients, step) } else { None };
            let body =
                body.filter(|_| *narrow.entry(step.from).or_insert_with(|| !is_roomy(facts, step.from)));
            if let Some(body) = body.filter(|body| body.up || !from_edge) {
                found.push(finding(facts, step, clients[0], &body));
            }
        }
    }
    found
}

/// Its network is sized for what passes: at the busiest at most half of it is used.
fn is_roomy(facts: &Facts, at: NodeIndex) -> bool {
    let node = facts.node(at);
    let each = node.attrs.number("bandwidth").value();
    let Some(all) = each.zip(machines(node)).map(|(each, count)| each * count as f64) else { return false };
    let traffic = Traffic::of(facts.design, at);
    matches!(traffic.busier(), Some(Ok((_, passing))) if passing.value <= ROOMY * all)
}

struct Body {
    size: f64,
    span: Span,
    up: bool,
}

/// What goes between the blob store and the client, where it is large.
fn body(facts: &Facts, calls: &Calls, clients: &[&Step], step: &Step) -> Option<Body> {
    let is_direct =
        |step: &Step| step.attrs.has("signed") && matches!(facts.node(step.to).kind, Kind::Blob | Kind::Cdn);
    let places = || {
        let clients = clients.iter().filter(|step| !is_direct(step)).map(|step| &step.attrs);
        std::iter::once(&step.attrs).chain(clients).chain(calls.flow.map(|flow| &flow.attrs))
    };
    let of = |attrs: &Attrs, up: bool| {
        let size = if up { attrs.number("payload") } else { attrs.number("response") };
        Some(Body { size: size.value()?, span: size.span()?, up })
    };
    let up = if facts.writes(step) { places().find_map(|attrs| of(attrs, true)) } else { None };
    let down = if facts.reads(step) { places().find_map(|attrs| of(attrs, false)) } else { None };
    // The client's own way to the store, unless that is for something small.
    let goes_past = |up: bool| {
        clients.iter().any(|step| {
            let other_way = step.attrs.has(if up { "reads" } else { "writes" })
                && !step.attrs.has(if up { "writes" } else { "reads" });
            is_direct(step) && !other_way && of(&step.attrs, up).is_none_or(|body| body.size > LARGE)
        })
    };
    let comes_in = |up: bool| {
        let others = clients.iter().filter(|step| !is_direct(step));
        others.filter_map(|step| of(&step.attrs, up)).any(|body| body.size > LARGE)
    };
    up.into_iter().chain(down).find(|body| body.size > LARGE && (!goes_past(body.up) || comes_in(body.up)))
}

fn finding(facts: &Facts, step: &Step, client: &Step, body: &Body) -> Diagnostic {
    let (service, files) = (facts.node(step.from).name(), facts.node(step.to).name());
    let size = show_size(body.size);
    let way = facts.show_way(&facts.way_to(step.from));
    let rate = facts.busiest(step).map_or(String::new(), |rate| {
        format!(": {} × {size} = {}/s", show_rate(rate), show_size(rate * body.size))
    });
    let (verb, towards) = if body.up { ("writes", "upload") } else { ("reads", "download") };
    Diagnostic::wrong(
        if body.up {
            format!("each upload of {size} passes through {service} on its way to {files}")
        } else {
            format!("each download of {size} from {files} passes through {service}")
        },
        body.span,
        format!("goes through {service}"),
    )
    .label(step.span, "between it and the store")
    .node(facts.id(step.from))
    .node(facts.id(step.to))
    .hop(facts.id(step.from), facts.id(step.to))
    .flows(facts.flow_of(step).map(|flow| flow.id.clone()))
    .evidence(format!("{way} → {}{rate}", facts.id(step.to)))
    .consequence(format!(
        "a hundred clients on slow networks {towards} at once: {service} holds a connection and its memory for each of them for minutes, and answers nobody else"
    ))
    .fix(format!(
        "`{} -> {} {verb} signed` in the flow: {service} gives out a signed URL, and the bytes go straight to {files}",
        facts.id(client.from),
        facts.id(step.to)
    ))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |flow: &str, steps: &str, expected: &[&str]| {
            let text =
                format!("client u\nservice a x2\nworker w\nqueue q\ns3 b\nflow f {flow} {{ {steps} }}");
            expect(&RULE, &text, expected);
        };
        case("", "u -> a -> b writes payload=20MB", &["wrong a, b"]);
        case("payload=20MB", "u -> a -> b writes", &["wrong a, b"]);
        case("", "u -> a payload=20MB\na -> b writes", &["wrong a, b"]);
        case("", "u -> a -> b reads response=1GB", &["wrong a, b"]);
        // Small, unknown, the other direction, straight, few, or nobody waits.
        case("", "u -> a -> b writes payload=2MB", &[]);
        case("", "u -> a -> b writes", &[]);
        case("payload=20MB", "u -> a -> b reads", &[]);
        case("payload=20MB", "u -> a\nu -> b writes signed\na -> b reads", &[]);
        case("payload=20MB", "u -> a\nu -> b writes signed\na -> b writes", &[]);
        // The signed hop is for something else: small, or the other way; what comes in by the other hop says its size.
        case("", "u -> a\nu -> b writes signed payload=50KB\na -> b writes payload=20MB", &["wrong a, b"]);
        case("payload=20MB", "u -> a\nu -> b reads signed\na -> b writes", &["wrong a, b"]);
        case("", "u -> a payload=20MB\nu -> b writes signed\na -> b writes", &["wrong a, b"]);
        case("payload=20MB", "u -> a payload=4KB\nu -> b writes signed\na -> b writes payload=20MB", &[]);
        // A partner's files are no smaller; what a service fetches from one is another matter.
        let partner = "external e\nservice a x2\ns3 b\nflow f { e -> a -> b writes payload=20MB }";
        expect(&RULE, partner, &["wrong a, b"]);
        let fetched =
            "scheduler u\nworker a x2\nexternal e\ns3 b\nflow f { u -> a -> e\na -> b writes payload=20MB }";
        expect(&RULE, fetched, &[]);
        case("rate=1/s", "u -> a -> b writes payload=20MB", &[]);
        // 20/s of 20 MB come in and go out, 400 MB/s, over two machines.
        let streams = |bandwidth: &str, expected: &[&str]| {
            let text = "client u\nservice a x2 BANDWIDTH\ns3 b\nflow f rate=20/s { u -> a payload=20MB -> b writes payload=20MB }";
            expect(&RULE, &text.replace("BANDWIDTH", bandwidth), expected);
        };
        streams("", &["wrong a, b"]);
        streams("bandwidth=300MB/s", &["wrong a, b"]);
        streams("bandwidth=400MB/s", &[]);
        let edge =
            "client u\ncloudfront e\nservice a x2\ns3 b\nflow f { u -> e -> a -> b reads response=20MB }";
        expect(&RULE, edge, &[]);
        case("", "u -> a ~> q ~> w -> b writes payload=20MB", &[]);
    }
}
