use petgraph::graph::NodeIndex;

use crate::design::Arrow;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::units::show_duration;

pub static RULE: Rule = Rule {
    id: "visibility-too-short",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Messaging,
    summary: "a message is given to a second consumer while the first still works on it",
    question: Some(Question {
        topic: "redelivery",
        text: "the work takes longer than the broker waits for its confirmation: how long does it wait here?",
    }),
    reads: &["attempts", "dedupe", "idempotent", "latency", "latency_p99", "timeout", "visibility"],
    page: Page {
        checks: "How long a consumer has for a message (`visibility`) and how long it can take: its own work, and the calls that it waits for.",
        when: "Wrong where `visibility` is not above the consumer's `latency_p99` (or `latency`), and, as a warning, where it is not above that plus the `timeout` × `attempts` of the calls that it makes for a message; \
               one lower where the consumer is `idempotent` or has `dedupe`. A question where `visibility` is not stated and the technology gives a \
               message away sooner than the consumer's `latency_p99` by default (SQS and JetStream after 30 seconds, RabbitMQ after thirty minutes, Kafka after five between two polls, each of up to 500 messages: by the time of one it is only seen when a single message takes so long). \
               Where the client libraries ask for more time by themselves while the work goes on (Service Bus, Pub/Sub), it is no question, and one lower where `visibility` is stated. \
               Not evaluated where neither the consumer's latency nor a timeout of its calls is known. The finding is about the broker.",
        why: "When the time is up the broker takes the consumer for dead, and another one starts on the same message. Both finish. On a slow \
              day most messages take too long, each is worked on several times, and the extra work makes the day slower.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x2\nsqs clips visibility=30s dlq=dead\nsqs dead alert\nworker encode x4 latency_p99=4min idempotent\n\
              flow upload { web -> front -> api ~> clips ~> encode }\n",
        good: "client web\nlb front managed\nservice api x2\nsqs clips visibility=15min dlq=dead\nsqs dead alert\nworker encode x4 latency_p99=4min idempotent\n\
               flow upload { web -> front -> api ~> clips ~> encode }\n",
        ignore: "The consumer asks for more time while it works (a heartbeat).",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for broker in facts.nodes(|kind| kind.is_broker()) {
        let node = facts.node(broker);
        let stated = node.attrs.number("visibility");
        let default = node.tech.and_then(|tech| tech.redelivers_after);
        let Some(given) = stated.value().or(default) else { continue };
        for consumer in facts.consumers(broker) {
            let who = facts.node(consumer);
            if !who.kind.is_app() || facts.is_dead_letters(broker) {
                continue;
            }
            let renews = node.tech.is_some_and(|tech| tech.renews);
            let own = who.attrs.number("latency_p99").value().or(who.attrs.number("latency").value());
            // Without a `visibility` only the consumer's own time can tell.
            if stated.is_unstated() && (renews || own.is_none_or(|own| own < given)) {
                continue;
            }
            let waits = waits(facts, broker, consumer);
            if own.is_none() && waits.is_empty() {
                found.push(Diagnostic::not_evaluated(format!("`latency_p99` of {}", who.name()), who.span));
                continue;
            }
            let total = own.unwrap_or(0.0) + waits.iter().map(|wait| wait.seconds).sum::<f64>();
            let certain = own.is_some_and(|own| own >= given);
            if !(certain || stated.is_yes() && total >= given) {
                continue;
            }
            let [name, worker] = [node.name(), who.name()];
            let time = show_duration(given);
            let message = match own.filter(|_| certain) {
                Some(own) => format!(
                    "{worker} takes up to {} for a message, and {name} gives it to another after {time}",
                    show_duration(own)
                ),
                None => format!(
                    "{worker} can wait {} for a message's calls, and {name} gives it to another after {time}",
                    show_duration(total)
                ),
            };
            let mut sum: Vec<String> =
                own.map(|own| format!("{} of its own", show_duration(own))).into_iter().collect();
            sum.extend(waits.iter().map(|wait| wait.sum.clone()));
            let mut finding = match stated.span() {
                Some(span) => Diagnostic::wrong(message, span, "shorter than the work"),
                None => Diagnostic::unstated(message, node.span, "no `visibility=` here").question(format!(
                    "{worker} takes up to {}; how long does {name} wait before another gets the message?",
                    show_duration(own.unwrap_or(total))
                )),
            };
            let safe = who.attrs.has("idempotent") || who.attrs.has("dedupe");
            let milder = [!certain, safe, renews].into_iter().filter(|&milder| milder).count();
            finding = match milder {
                0 => finding,
                1 => finding.at_most(Severity::Warning),
                _ => finding.at_most(Severity::Info),
            };
            if stated.is_unstated() {
                let title = node.tech.map_or("", |tech| tech.title.as_str());
                finding = finding.evidence(format!("{title} waits {time} unless told otherwise"));
            }
            found.push(
                finding
                    .label(who.span, "does the work")
                    .node(&node.id)
                    .hop(&node.id, &who.id)
                    .evidence(format!("{} = {} against {time}", sum.join(" + "), show_duration(total)))
                    .consequence(format!(
                        "on a slow day {worker} is still at it when a second one starts on the same message: the work is done \
                         twice, and the load doubles when there is least room for it"
                    ))
                    .mend(Mend::node(&node.id, &format!("visibility={}", show_duration(ample(total)).replace(' ', ""))))
                    .fix(format!(
                        "`visibility={}` on {name}, or let {worker} ask for more time while it works",
                        show_duration(ample(total)).replace(' ', "")
                    )),
            );
        }
    }
    found
}

struct Wait {
    seconds: f64,
    sum: String,
}

/// The calls that it makes for a message and that may take as long as their timeouts allow.
fn waits(facts: &Facts, broker: NodeIndex, consumer: NodeIndex) -> Vec<Wait> {
    let work = facts.work_on(broker, consumer);
    // The longest of the flows that it takes messages in, by what it calls in each.
    let mut flows: Vec<(Option<usize>, Vec<Wait>)> = Vec::new();
    for step in work {
        let hop = &facts.design.graph[step.hop].attrs;
        let timeout = hop.number("timeout").value().filter(|_| facts.arrow(step) == Arrow::Call);
        let Some(timeout) = timeout else { continue };
        let tries = hop.number("attempts").value().unwrap_or(1.0).max(1.0);
        let tried = if tries > 1.0 { format!(" × {tries}") } else { String::new() };
        let sum = format!("{}{tried} for {}", show_duration(timeout), facts.node(step.to).name());
        let wait = Wait { seconds: timeout * tries, sum };
        match flows.iter_mut().find(|(flow, _)| *flow == step.flow) {
            Some((_, waits)) => waits.push(wait),
            None => flows.push((step.flow, vec![wait])),
        }
    }
    let total = |waits: &[Wait]| waits.iter().map(|wait| wait.seconds).sum::<f64>();
    flows.into_iter().map(|(_, waits)| waits).max_by(|a, b| total(a).total_cmp(&total(b))).unwrap_or_default()
}

/// Several times what it takes, in whole minutes where it is minutes.
fn ample(seconds: f64) -> f64 {
    let ample = seconds * 3.0;
    if ample > 60.0 { (ample / 60.0).ceil() * 60.0 } else { (ample / 5.0).ceil() * 5.0 }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let expect = |text: &str, expected: &[&str]| expect(&RULE, &format!("service a\n{text}"), expected);
        let run = "\nexternal e\na ~> q ~> w -> e";
        expect("sqs q visibility=30s\nworker w latency_p99=4min\na ~> q ~> w", &["wrong q"]);
        expect("sqs q visibility=15min\nworker w latency_p99=4min\na ~> q ~> w", &[]);
        expect(&format!("sqs q visibility=30s\nworker w{run} timeout=20s attempts=3"), &["wrong q"]);
        expect(&format!("sqs q visibility=2min\nworker w{run} timeout=20s attempts=3"), &[]);
        // As it comes, one gives messages away sooner than the other.
        for (broker, expected) in [
            ("sqs", &["unstated q"][..]),
            ("nats-jetstream", &["unstated q"]),
            ("kafka", &[]),
            ("rabbitmq", &[]),
        ] {
            expect(&format!("{broker} q\nworker w latency_p99=1min\na ~> q ~> w"), expected);
        }
        expect("sqs q\nworker w latency_p99=10s\na ~> q ~> w", &[]);
        // Its library asks for more time.
        expect("servicebus q\nworker w latency_p99=3min\na ~> q ~> w", &[]);
        expect("pubsub q visibility=1min\nworker w latency_p99=3min\na ~> q ~> w", &["wrong q"]);
        // Timeouts that nobody reaches are no reason to ask.
        expect(&format!("sqs q\nworker w{run} timeout=20s attempts=3"), &[]);
        expect("sqs q visibility=30s\nworker w\na ~> q ~> w", &["wants latency_p99 of w"]);
        expect("sqs q\nworker w\na ~> q ~> w", &[]);
    }
}
