use std::collections::HashMap;

use petgraph::graph::EdgeIndex;

use crate::design::Step;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::facts::Again;
use crate::rules::{Confidence, Facts, Group, Outage, Page, Question, Rule};
use crate::units::show_number;

pub static RULE: Rule = Rule {
    id: "retry-of-unsafe-call",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: true,
    group: Group::Api,
    summary: "somebody else's service is called again after a failure, and may do it again: charge, send, book",
    question: Some(Question {
        topic: "repeated calls",
        text: "they are tried several times: is it done once there, or each time?",
    }),
    reads: &["attempts", "conditional", "dedupe", "idempotency_key", "idempotent", "reads", "writes"],
    page: Page {
        checks: "Calls to externals that are tried again: whether the other side can tell a second try from a second order.",
        when: "A call to an external with `attempts` above one and neither `idempotency_key` nor `conditional` (done there only if nothing has changed \
               since, so that a second try finds it done). Wrong where it says `writes`, is all that a flow labelled POST or \
               PATCH does, or goes to Stripe, PayPal or Adyen and does not say `reads`. But only a question, even then, where some other hop of the flow has an `idempotency_key`, \
               which may go on there, and where the caller says `idempotent` or `dedupe`, by which it knows a second message, while its own tries are \
               inside the handling of one; unless the call itself says `idempotency_key=no`. Also a question where nothing says that the call changes anything and \
               someone waits for its caller, which is not `idempotent`. A warning at most where the external is another known product (a remark, where it is a question). Left alone: calls that \
               only say `reads`, and pushes (FCM, APNs, OneSignal), which may come twice. Calls inside the system are \
               `write-api-not-idempotent`'s.",
        why: "A call fails for you when its answer is late, and it has been done all the same. The second try is another order \
              to those who get it, unless both carry the same key.",
        outage: Some(Outage {
            name: "Twilio, 2013",
            what: "balances that were not updated led auto-recharge to charge cards repeatedly",
            link: "https://www.twilio.com/blog/2013/07/billing-incident-post-mortem-breakdown-analysis-and-root-cause.html",
        }),
        bad: "scheduler nightly\nworker billing x2\nstripe cards\nflow bill { nightly -> billing -> cards writes timeout=5s attempts=3 backoff jitter breaker }\n",
        good: "scheduler nightly\nworker billing x2\nstripe cards\nflow bill { nightly -> billing -> cards writes timeout=5s attempts=3 backoff jitter breaker idempotency_key }\n",
        ignore: "Doing it twice does no harm there: say so with an `allow`, or `reads` if it changes nothing.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    let mut known: HashMap<EdgeIndex, usize> = HashMap::new();
    for journey in facts.journeys() {
        for (step, most) in facts.repeats_outside(&journey) {
            let next = found.len();
            let at = *known.entry(step.hop).or_insert(next);
            if at == next {
                found.push(finding(facts, step, most));
            }
            found[at].flows.extend(journey.flow.map(|flow| flow.id.clone()));
        }
    }
    found
}

/// `most`: how much it weighs if it is certain.
fn finding(facts: &Facts, step: &Step, most: Option<Severity>) -> Diagnostic {
    let [who, name] = [step.from, step.to].map(|node| facts.node(node).name());
    let attempts = facts.design.graph[step.hop].attrs.number("attempts").value().unwrap_or(2.0);
    let tries = show_number(attempts);
    let message = format!("{who} tries {name} up to {tries} times, and each try may be done");
    let label = format!("tried up to {tries} times, with no key to tell");
    let (finding, or_reads) = match most {
        Some(most) => (Diagnostic::wrong(message, step.span, label).at_most(most), ""),
        None => (
            Diagnostic::unstated(message, step.span, label).question(format!(
                "{who} tries {name} up to {tries} times: is it done there once, or each time?"
            )),
            "; or `reads` if it changes nothing there",
        ),
    };
    let (from, to) = (facts.id(step.from), facts.id(step.to));
    let light = most.is_none() && facts.tried_again_outside(step) == Again::Done(Severity::Warning);
    (if light { finding.at_most(Severity::Info) } else { finding })
        .node(from)
        .node(to)
        .hop(from, to)
        .evidence(format!("{from} -> {to} attempts={tries}, and no `idempotency_key` goes with it"))
        .consequence(format!(
            "{name} has done it and the answer is lost; {who} tries again, and it is done twice: paid, sent or booked"
        ))
        .mend(Mend::step(step, "idempotency_key"))
        .fix(format!(
            "`idempotency_key` on `{from} -> {to}`, the same one for every try; or no `attempts` there{or_reads}"
        ))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |caller: &str, text: &str, expected: &[&str]| {
            let nodes = format!(
                "client u\nlb l\nservice a {caller}\nworker w\nscheduler t\ndatabase d\nexternal e\nstripe s\n\
                 ses m\nfcm p\ngooglemaps g\n"
            );
            expect(&RULE, &(nodes + text), expected);
        };
        // A payment that is tried three times.
        case("", "flow f { u -> l -> a -> e writes attempts=3 }", &["wrong a, e"]);
        case("", "flow f \"POST /pay\" { u -> l -> a -> e attempts=3 }", &["wrong a, e"]);
        case("", "u -> l -> a -> s attempts=3", &["wrong a, s"]);
        case("", "every call attempts=3\nflow f { t -> w -> s }", &["wrong w, s"]);
        case("", "flow f { u -> a -> m writes attempts=2 }", &["wrong a, m"]);
        // The request has a key: does it go on?
        case("", "flow f { u -> a idempotency_key -> e writes attempts=3 }", &["unstated a, e"]);
        case(
            "",
            "flow f { u -> a idempotency_key -> e writes attempts=3 idempotency_key=no }",
            &["wrong a, e"],
        );
        case("", "flow f { u -> a idempotency_key -> e attempts=3 }", &["unstated a, e"]);
        // It knows a second message; these are tries within one.
        case("idempotent", "flow f { u -> a -> e writes attempts=3 }", &["unstated a, e"]);
        case("dedupe=d", "flow f { u -> a -> e writes attempts=3 }", &["unstated a, e"]);
        case("idempotent", "flow f { u -> a -> e attempts=3 }", &[]);
        // It may well only read.
        case("", "flow f { u -> a -> e attempts=3 }", &["unstated a, e"]);
        case("", "flow f { t -> w -> e attempts=3 }", &[]);
        case("", "flow f { u -> a -> g attempts=3 }", &[]);
        case("", "flow f { u -> a -> s reads attempts=3 }", &[]);
        // Told apart, tried once, or only a push.
        case("", "flow f { u -> a -> e writes attempts=3 idempotency_key }", &[]);
        case("", "flow f { t -> w -> e writes attempts=1 }", &[]);
        case("", "flow f { t -> w -> p attempts=3 }", &[]);
        // One hop in two flows is one finding; a write beside it is another flaw.
        case("", "flow f { u -> a -> e writes attempts=3 }\nflow g { u -> a -> e writes }", &["wrong a, e"]);
        case("", "flow f \"POST /pay\" { u -> a -> d\na -> e writes attempts=3 }", &["wrong a, e"]);
    }
}
