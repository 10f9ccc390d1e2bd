use crate::catalog::Kind;
use crate::design::{Attrs, Step};
use crate::diagnostic::{Diagnostic, Severity};
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
    reads: &["payload", "rate", "response", "signed"],
    page: Page {
        checks: "Files of more than 5 MB between clients and blob stores.",
        when: "On a flow that starts at a client, a gateway, service or function that somebody waits for calls a blob store, and \
               the `payload` that it writes, or the `response` that it reads, is above 5 MB: as stated on that hop, else on the client's own hop, else on \
               the flow. Silent where the client reaches a blob store or CDN over a `signed` hop in the same flow, for what is read through a CDN, where no size is stated, \
               and on flows of 10 requests a second or fewer that promise nothing.",
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

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for calls in facts.calls() {
        let from_client = |step: &&&Step| facts.node(step.from).kind == Kind::Client;
        let clients: Vec<&Step> = calls.steps.iter().filter(from_client).copied().collect();
        let direct = clients.iter().any(|step| {
            step.attrs.has("signed") && matches!(facts.node(step.to).kind, Kind::Blob | Kind::Cdn)
        });
        if clients.is_empty() || direct || calls.flow.is_some_and(|flow| facts.is_small(flow)) {
            continue;
        }
        for &step in &calls.steps {
            let passes = matches!(facts.node(step.from).kind, Kind::Gateway | Kind::Service | Kind::Function)
                && facts.node(step.to).kind == Kind::Blob
                && calls.waited_for.contains(&step.from);
            // A CDN holds the slow connections, and keeps what it has fetched.
            let from_edge = clients.iter().all(|step| facts.node(step.to).kind == Kind::Cdn);
            let body = if passes { body(facts, &calls, &clients, step) } else { None };
            if let Some(body) = body.filter(|body| body.up || !from_edge) {
                found.push(finding(facts, step, clients[0], &body));
            }
        }
    }
    found
}

struct Body {
    size: f64,
    span: Span,
    up: bool,
}

/// What goes between the blob store and the client, where it is large.
fn body(facts: &Facts, calls: &Calls, clients: &[&Step], step: &Step) -> Option<Body> {
    let places = || {
        let clients = clients.iter().map(|step| &step.attrs);
        std::iter::once(&step.attrs).chain(clients).chain(calls.flow.map(|flow| &flow.attrs))
    };
    let of = |attrs: &Attrs, up: bool| {
        let size = if up { attrs.number("payload") } else { attrs.number("response") };
        Some(Body { size: size.value()?, span: size.span()?, up })
    };
    let up = if facts.writes(step) { places().find_map(|attrs| of(attrs, true)) } else { None };
    let down = if facts.reads(step) { places().find_map(|attrs| of(attrs, false)) } else { None };
    up.into_iter().chain(down).find(|body| body.size > LARGE)
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
        case("rate=1/s", "u -> a -> b writes payload=20MB", &[]);
        let edge =
            "client u\ncloudfront e\nservice a x2\ns3 b\nflow f { u -> e -> a -> b reads response=20MB }";
        expect(&RULE, edge, &[]);
        case("", "u -> a ~> q ~> w -> b writes payload=20MB", &[]);
    }
}
