use crate::catalog::Kind;
use crate::design::{Flow, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Rule};

pub static RULE: Rule = Rule {
    id: "webhook-answers-late",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Api,
    summary: "a webhook is answered only when another service has answered: its sender gives up and sends it again",
    question: None,
    reads: &["on", "signature"],
    page: Page {
        checks: "Webhooks: what is done before they are answered.",
        when: "A flow starts with an external service that calls in over a hop with a `signature`, as webhooks do, and before any \
               queue a node that it waits for calls an external service. Silent where that lies behind a `~>`, or is taken only `on=` something, \
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
            facts.node(step.to).kind == Kind::External
                && step.to != hook.from
                && !step.attrs.has("on")
                && calls.waited_for.contains(&step.from)
        });
        if let Some(step) = late {
            found.push(finding(facts, flow, hook, step));
        }
    }
    found
}

fn finding(facts: &Facts, flow: &Flow, hook: &Step, step: &Step) -> Diagnostic {
    let [sender, handler, other] = [hook.from, step.from, step.to].map(|node| facts.node(node).name());
    Diagnostic::wrong(
        format!("{sender} waits for {other}: {handler} answers its webhook only afterwards"),
        step.span,
        "before the webhook is answered",
    )
    .label(hook.span, "waits a few seconds")
    .node(facts.id(step.from))
    .node(facts.id(step.to))
    .hop(facts.id(step.from), facts.id(step.to))
    .flows([flow.id.clone()])
    .evidence(format!("{}{} → {} → {}", facts.id(hook.from), if hook.to == step.from { "" } else { " → …" }, facts.id(step.from), facts.id(step.to)))
    .consequence(format!(
        "{other} is slow for an hour: {sender} takes each event for lost and sends it again, {handler} works on all of them twice, and in the end {sender} stops sending"
    ))
    .fix(format!(
        "`{} ~> events ~> worker` with a queue `events`: store the event, answer, and let a worker call {other}",
        facts.id(step.from)
    ))
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
        // A partner that wants an answer, and a sender that is asked back.
        case("", "a -> m", &[]);
        case("signature", "a -> e", &[]);
        expect(&RULE, "client u\nservice a\nexternal m\nflow f { u -> a signature\na -> m }", &[]);
    }
}
