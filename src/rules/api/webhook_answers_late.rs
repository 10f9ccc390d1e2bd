use crate::catalog::Kind;
use crate::design::{Flow, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Rule};
use crate::units::show_duration;

pub static RULE: Rule = Rule {
    id: "webhook-answers-late",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Api,
    summary: "a webhook is answered only after slow work or when another service has answered: its sender gives up and sends it again",
    question: None,
    reads: &[
        "attempts",
        "fallback",
        "latency",
        "latency_p99",
        "long",
        "on",
        "optional",
        "signature",
        "timeout",
    ],
    page: Page {
        checks: "Webhooks: what is done before they are answered.",
        when: "A flow starts with an external service that calls in over a hop with a `signature`, as webhooks do (on its own hop, or on one by which a gateway or load balancer \
               hands it on), and before any \
               queue a node that it waits for calls an external service, makes a call that is `long`, or a service, function or worker that it waits for states a \
               `latency` or `latency_p99` above 3 seconds, which is what impatient senders wait. Silent where that lies behind a `~>`, or is taken only `on=` something, \
               where the call outside is given up soon (`optional` or with a `fallback`, and its `timeout` times its `attempts` is 500 ms or less), \
               and for external callers without `signature`, which want an answer of substance.",
        why: "A sender waits some seconds, then counts the call as failed, sends it again, and after enough failures stops \
              sending. A handler that first calls somebody else is as slow as they are: in their bad hour events come twice, \
              then not at all.",
        outage: None,
        bad: "external payments\nexternal mail\nlb front managed\nservice hooks x2 idempotent\npostgres store x2 failover=auto\n\
              flow paid { payments -> front signature\n  front -> hooks -> store writes\n  hooks -> mail optional timeout=5s }\n",
        good: "external payments\nexternal mail\nlb front managed\nservice hooks x2 idempotent outbox\npostgres store x2 failover=auto\nsqs events dlq=dead\nsqs dead alert\nworker sender x2 idempotent\n\
               flow paid { payments -> front signature\n  front -> hooks -> store writes\n  hooks ~> events ~> sender\n  sender -> mail timeout=5s }\n",
        ignore: "The sender is known to wait longer than the call can take.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for calls in facts.calls() {
        let Some(flow) = calls.flow else { continue };
        let Some(hook) = facts.webhook(flow) else { continue };
        let late = calls.steps.iter().find(|step| {
            step.to != hook.from
                && !step.attrs.has("on")
                && calls.waited_for.contains(&step.from)
                && (step.attrs.has("long")
                    || works_for(facts, step).is_some()
                    || (facts.node(step.to).kind == Kind::External && !is_given_up(facts, step)))
        });
        if let Some(step) = late {
            found.push(finding(facts, flow, hook, step));
        }
    }
    found
}

/// What the most impatient senders wait.
const PATIENCE: f64 = 3.0;
/// Nobody's webhook is late for this.
const SOON: f64 = 0.5;

/// How long it works by itself, where it says so and that is too long.
fn works_for(facts: &Facts, step: &Step) -> Option<f64> {
    let node = facts.node(step.to);
    let works = matches!(node.kind, Kind::Service | Kind::Function | Kind::Worker);
    let stated = [node.attrs.number("latency_p99"), node.attrs.number("latency")];
    stated.into_iter().filter(|_| works).filter_map(|time| time.value()).find(|time| *time > PATIENCE)
}

/// The handler goes on without the answer before anybody notices.
fn is_given_up(facts: &Facts, step: &Step) -> bool {
    let hop = &facts.design.graph[step.hop].attrs;
    let attempts = hop.number("attempts").value().unwrap_or(1.0).max(1.0);
    let does_without = ["optional", "fallback"].iter().any(|how| step.attrs.has(how) || hop.has(how));
    does_without && hop.number("timeout").value().is_some_and(|timeout| timeout * attempts <= SOON)
}

fn finding(facts: &Facts, flow: &Flow, hook: &Step, step: &Step) -> Diagnostic {
    let works_for = works_for(facts, step);
    let [sender, handler, other] = [hook.from, step.from, step.to].map(|node| facts.node(node).name());
    Diagnostic::wrong(
        match works_for {
            Some(time) => format!("{sender} waits {} for {other} to answer its webhook", show_duration(time)),
            None => format!("{sender} waits for {other}: {handler} answers its webhook only afterwards"),
        },
        step.span,
        "before the webhook is answered",
    )
    .label(hook.span, "waits a few seconds")
    .node(facts.id(if works_for.is_some() { step.to } else { step.from }))
    .node(facts.id(if works_for.is_some() { step.from } else { step.to }))
    .hop(facts.id(step.from), facts.id(step.to))
    .flows([flow.id.clone()])
    .evidence(format!("{}{} → {} → {}", facts.id(hook.from), if hook.to == step.from { "" } else { " → …" }, facts.id(step.from), facts.id(step.to)))
    .consequence(format!(
        "{other} is slow for an hour: {sender} takes each event for lost and sends it again, {} works on all of them twice, and in the end {sender} stops sending",
        if works_for.is_some() { &other } else { &handler }
    ))
    .fix(match works_for {
        Some(_) => format!(
            "`{} ~> events ~> worker` with a queue `events`: store the event, answer, and let a worker do what takes long",
            facts.id(step.to)
        ),
        None => format!(
            "`{} ~> events ~> worker` with a queue `events`: store the event, answer, and let a worker call {other}",
            facts.id(step.from)
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |hook: &str, then: &str, expected: &[&str]| {
            let text = format!(
                "external e\nexternal m\nservice a x2\nqueue q\nworker w\npostgres d\n\
                 flow f {{ e -> a {hook}\n{then} }}"
            );
            expect(&RULE, &text, expected);
        };
        case("signature", "a -> d writes\na -> m", &["wrong a, m"]);
        case("signature", "a -> m optional", &["wrong a, m"]);
        case("signature", "a -> d writes", &[]);
        case("signature", "a ~> q ~> w -> m", &[]);
        case("signature", "a -> m on=error", &[]);
        // It goes on without it at once.
        case("signature", "a -> m optional timeout=300ms", &[]);
        case("signature", "a -> m optional timeout=300ms attempts=3", &["wrong a, m"]);
        case("signature", "a -> m timeout=300ms", &["wrong a, m"]);
        // Slow by itself.
        case("signature", "a -> d long writes", &["wrong a, d"]);
        let own = "external e\nlb l\nservice a x2 latency_p99=5s\nflow f { e -> l signature\nl -> a }";
        expect(&RULE, own, &["wrong a, l"]);
        expect(&RULE, &own.replace("5s", "2s"), &[]);
        // The signature is said where the load balancer hands it on.
        let on = "external e\nexternal m\nlb l\nservice a x2\nservice b x2\nflow f { e -> l -> a signature\na -> b -> m }";
        expect(&RULE, on, &["wrong b, m"]);
        expect(&RULE, &on.replace("a signature\na -> b", "a -> b signature"), &[]);
        // A partner that wants an answer, and a sender that is asked back.
        case("", "a -> m", &[]);
        case("signature", "a -> e", &[]);
        expect(&RULE, "client u\nservice a\nexternal m\nflow f { u -> a signature\na -> m }", &[]);
    }
}
