use crate::design::Step;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::facts::Again;
use crate::rules::{Confidence, Facts, Group, Outage, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "consumer-not-idempotent",
    severity: Severity::Error,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Messaging,
    summary: "a message that arrives twice is done twice: its consumer does not notice",
    question: Some(Question { topic: "twice", text: "the same message arrives twice: is it done twice?" }),
    reads: &[
        "conditional",
        "dedupe",
        "delivery",
        "idempotency_key",
        "idempotent",
        "persistence",
        "reads",
        "source",
        "writes",
    ],
    page: Page {
        checks: "Consumers of queues and topics that deliver at least once, and whether doing a message again changes anything.",
        when: "The consumer, on taking a message, writes a database or warehouse or calls an external. Wrong where it says \
               `idempotent=no` or `dedupe=none` and the broker delivers at least once; a question where neither is said. \
               Not where the write is `conditional` or carries an `idempotency_key` that somebody looks at: an external, or a database, \
               unless it declares the tables written and none has a `unique`; nor for caches, search indexes and files, \
               which a second write leaves as they are (but for a cache with `source=none` or `persistence`, which counts); nor where messages arrive at most once. A call that the consumer \
               itself tries several times is `retry-of-unsafe-call`. The finding is about the consumer.",
        why: "A consumer that dies after its work and before its acknowledgement gets the message again, and so does one that \
              was merely slow. That is not an accident of the broker but what it promises: at least once.",
        outage: Some(Outage {
            name: "Twilio, 2013",
            what: "a billing store came back read-only after a failure, and auto-recharge charged customers repeatedly",
            link: "https://www.twilio.com/blog/2013/07/billing-incident-post-mortem-breakdown-analysis-and-root-cause.html",
        }),
        bad: "client web\nlb front managed\nservice api x2\nsqs jobs\nworker charge x2\nstripe card\n\
              flow pay { web -> front -> api ~> jobs ~> charge -> card writes }\n",
        good: "client web\nlb front managed\nservice api x2\nsqs jobs\nworker charge x2 idempotent\nstripe card\n\
               flow pay { web -> front -> api ~> jobs ~> charge -> card writes }\n",
        ignore: "Doing it twice is harmless by nature, such as setting a value: then it is idempotent; say so.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut asked = std::collections::HashSet::new();
    for broker in facts.nodes(|kind| kind.is_broker()) {
        let delivery = facts.delivery(broker);
        if matches!(delivery, Some("at-most-once" | "exactly-once")) || facts.is_dead_letters(broker) {
            continue;
        }
        for consumer in facts.consumers(broker) {
            let node = facts.node(consumer);
            let [idempotent, dedupe] = [node.attrs.get("idempotent"), node.attrs.get("dedupe")];
            let yes = node.attrs.has("idempotent") || node.attrs.has("dedupe");
            if !node.kind.is_app() || yes || asked.contains(&consumer) {
                continue;
            }
            // That its own tries are done twice is said of the call.
            let spoken = |step: &&&Step| matches!(facts.tried_again_outside(step), Again::Done(_));
            let effects = facts.effects(broker, consumer);
            let Some(effect) = effects.iter().find(|step| !spoken(step)) else { continue };
            asked.insert(consumer);
            let [name, from, to] = [node, facts.node(broker), facts.node(effect.to)].map(|node| node.name());
            let does = if facts.calls_external(effect) { "calls" } else { "writes" };
            let message =
                format!("a message that {from} delivers twice, {name} does twice: it {does} {to} again");
            let stated = idempotent.or(dedupe).filter(|_| delivery.is_some());
            let finding = match stated {
                Some(setting) => Diagnostic::wrong(message, setting.span, "said not to notice"),
                None => Diagnostic::unstated(message, node.span, "no `idempotent` or `dedupe=` here")
                    .question(format!(
                        "{name} gets the same message twice: does it {} {to} twice?",
                        &does[..does.len() - 1]
                    )),
            };
            let promise = match delivery {
                Some(delivery) => format!("{from} delivers {delivery}"),
                None => format!("{from} does not say how it delivers; most deliver at least once"),
            };
            let flow = effect.flow.map(|flow| facts.design.flows[flow].id.clone());
            found.push(
                finding
                    .node(&node.id)
                    .hop(facts.id(broker), &node.id)
                    .flows(flow)
                    .label(effect.span, "done again")
                    .evidence(format!("{promise}; then {}", facts.show_way(&[consumer, effect.to])))
                    .consequence(format!(
                        "{name} is restarted between its work and its acknowledgement, gets the message again, and {}",
                        if facts.calls_external(effect) {
                            format!("{to} is asked for the same thing a second time")
                        } else {
                            format!("{to} counts or holds it twice")
                        }
                    ))
                    .mend(Mend::node(&node.id, "idempotent"))
                    .fix(format!(
                        "make the work repeatable and write `idempotent` on {name}, or `dedupe=key` with a unique key \
                         in the same transaction"
                    )),
            );
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let expect = |text: &str, expected: &[&str]| expect(&RULE, text, expected);
        expect("service a\nkafka q\nworker w\npostgres d\na ~> q ~> w -> d", &["unstated w"]);
        expect("service a\nkafka q\nworker w idempotent=no\npostgres d\na ~> q ~> w -> d", &["wrong w"]);
        expect("service a\nkafka q\nworker w dedupe=none\npostgres d\na ~> q ~> w -> d", &["wrong w"]);
        expect("service a\nkafka q\nworker w idempotent\npostgres d\na ~> q ~> w -> d", &[]);
        expect("service a\nkafka q\nworker w dedupe=d\npostgres d\na ~> q ~> w -> d", &[]);
        // How it delivers is not known: a question even then.
        expect("service a\nqueue q\nworker w idempotent=no\npostgres d\na ~> q ~> w -> d", &["unstated w"]);
        expect(
            "service a\nqueue q delivery=at-least-once\nworker w idempotent=no\npostgres d\na ~> q ~> w -> d",
            &["wrong w"],
        );
        expect("service a\ntopic q delivery=at-most-once\nworker w\npostgres d\na ~> q ~> w -> d", &[]);
        // Tried again by itself, which says more.
        expect("service a\nsqs q\nworker w\nexternal e\na ~> q ~> w -> e writes attempts=3", &[]);
        // Externals count, reads do not.
        expect("service a\nsqs q\nworker w\nexternal e\na ~> q ~> w -> e", &["unstated w"]);
        expect("service a\nsqs q\nworker w\nexternal e\na ~> q ~> w -> e reads", &[]);
        expect("service a\nsqs q\nworker w\npostgres d\na ~> q ~> w -> d reads", &[]);
        // A second write leaves these as they are.
        expect("service a\nsqs q\nworker w\nredis c\nelasticsearch s\ns3 b\na ~> q ~> w\nw -> c, s, b", &[]);
        expect("service a\nsqs q\nworker w\npostgres d\na ~> q ~> w -> d writes conditional", &[]);
        // A key that nothing in the database looks at.
        let keyed = |table: &str| {
            format!(
                "service a\nsqs q\nworker w\npostgres d {{ table t {{ {table} }} }}\na ~> q ~> w -> d writes=t idempotency_key"
            )
        };
        expect(&keyed("key id"), &["unstated w"]);
        expect(&keyed("key id; unique request"), &[]);
        // Counts that are nowhere else.
        expect("service a\nsqs q\nworker w\nredis c source=none\na ~> q ~> w -> c writes", &["unstated w"]);
        // Polling is taking too.
        expect("service a\nsqs q\nworker w\npostgres d\na ~> q\nw -> q reads\nw -> d", &["unstated w"]);
        // What it writes in another flow, on a user's request, is not done for a message.
        expect(
            "client u\nservice a\nservice b\nkafka q\nredis c\npostgres d\n\
             flow f { u -> a ~> q ~> b -> c writes }\nflow g { u -> b -> d writes }",
            &[],
        );
        // Several are one question.
        expect("service a\nsqs q\nworker v\nworker w\npostgres d\na ~> q ~> v, w -> d", &["unstated v, w"]);
    }
}
