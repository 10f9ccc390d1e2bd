use crate::catalog::{Kind, Technology};
use crate::design::{Arrow, Flow, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "acks-before-copies",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: true,
    group: Group::Messaging,
    summary: "a user is told that it is done while only one machine has it",
    question: Some(Question {
        topic: "confirmed writes",
        text: "the user is told that it is done: which copies of the message exist at that moment?",
    }),
    reads: &["acks", "async", "delivery", "optional", "reads", "writes"],
    page: Page {
        checks: "Requests whose only effect is a message: how many copies of it there are when the user is told that it is done.",
        when: "In a flow that somebody waits for (not `async`), the message is all that is written: nothing that is waited for reads or writes a store or cache. A consumer then \
               writes a database or file store. Wrong where the broker says `acks=0` or `acks=1`. A question, as information, where it says no `acks` and is Kafka or RabbitMQ on two or more machines of your own, \
               and the flow is not small (at most 10 requests/s, and no `availability`). Others are not asked: Pulsar, Redpanda and JetStream confirm when a majority has a message, unless told otherwise, Redis Streams cannot be told to wait for a copy, \
               and managed brokers have their defaults. Left alone: hops that are `optional`, and what is lost at most once anyway. The finding is about the broker.",
        why: "With `acks=1` the leader confirms before anybody else has the message. When its machine fails in that moment, another one leads, and has never \
              heard of it. The user has been told that the order is in; no log, queue or table knows of it.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x2\nkafka orders x3 acks=1 dlq=dead\nkafka dead x3 alert\nworker saver x2 idempotent\npostgres store x2 failover=auto backup=1h\n\
              flow order { web -> front -> api ~> orders ~> saver -> store writes }\n",
        good: "client web\nlb front managed\nservice api x2\nkafka orders x3 acks=all dlq=dead\nkafka dead x3 alert\nworker saver x2 idempotent\npostgres store x2 failover=auto backup=1h\n\
               flow order { web -> front -> api ~> orders ~> saver -> store writes }\n",
        ignore: "Single messages may be lost, such as clicks or samples: write `optional` on the hop into the broker.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    let mut reported = std::collections::HashSet::new();
    for flow in &facts.design.flows {
        let steps = facts.design.steps_of(flow);
        let Some(put) = steps.iter().find(|step| facts.node(step.to).kind.is_broker() && facts.writes(step))
        else {
            continue;
        };
        if flow.attrs.has("async") || put.attrs.has("optional") || reported.contains(&put.to) {
            continue;
        }
        if facts.is_background(flow) || !is_all_that_is_written(facts, flow, put) {
            continue;
        }
        // The first that keeps it, in this flow.
        let kept = steps.iter().find(|step| {
            matches!(facts.node(step.to).kind, Kind::Database | Kind::Blob)
                && facts.writes(step)
                && step.span > put.span
        });
        let Some(kept) = kept else { continue };
        if let Some(finding) = judge(facts, flow, put, kept) {
            reported.insert(put.to);
            found.push(finding);
        }
    }
    found
}

fn is_all_that_is_written(facts: &Facts, flow: &Flow, put: &Step) -> bool {
    let waited_for = facts.waited_for_in(flow);
    let touches = |step: &Step| {
        let kind = facts.node(step.to).kind;
        let waits =
            matches!(facts.arrow(step), Arrow::Call | Arrow::Stream) && waited_for.contains(&step.from);
        waits && kind.is_store()
    };
    waited_for.contains(&put.from) && !facts.design.steps_of(flow).iter().any(touches)
}

fn judge(facts: &Facts, flow: &Flow, put: &Step, kept: &Step) -> Option<Diagnostic> {
    let node = facts.node(put.to);
    let acks = node.attrs.text("acks");
    let copies = node.tech.is_some_and(|tech| {
        // A table of a database is copied as the database says.
        tech.durability.as_deref() == Some("replicated") && !tech.kinds.contains(&Kind::Database)
    });
    // Logs that vote confirm when a majority has it.
    let log = |tech: &Technology| tech.model.as_deref() == Some("log");
    let votes = node.tech.is_some_and(|tech| log(tech) && tech.replication.as_deref() == Some("quorum"));
    let ours = !node.is_managed() && node.instances >= 2 && copies && !votes;
    let lossy = facts.delivery(put.to) == Some("at-most-once");
    let [who, name, store] = [put.from, put.to, kept.to].map(|node| facts.node(node).name());
    let message =
        |when: &str| format!("`{}` is answered {when}, and {name} is all that has the message then", flow.id);
    let finding = match (acks.value(), acks.span()) {
        _ if lossy => return None,
        (Some("0"), Some(span)) => {
            Diagnostic::wrong(message("before any machine has it"), span, "waits for nobody")
        }
        (Some("1"), Some(span)) => {
            Diagnostic::wrong(message("when one machine has it"), span, "waits for the leader alone")
        }
        (None, None) if ours && !facts.is_small(flow) => {
            Diagnostic::unstated(message("when it has been handed off"), node.span, "no `acks=` here")
                .question(format!(
                    "`{}` is answered when {name} has the message: how many copies are there then?",
                    flow.id
                ))
                .at_most(Severity::Info)
        }
        _ => return None,
    };
    Some(
        finding
            .label(put.span, "the user is told after this")
            .label(kept.span, "and it is stored only here")
            .node(&node.id)
            .hop(facts.id(put.from), &node.id)
            .flows([flow.id.clone()])
            .evidence(format!(
                "{}: {store} is the first to keep it",
                facts.show_way(&[put.from, put.to, kept.from, kept.to])
            ))
            .consequence(format!(
                "the machine that leads {name} fails a moment after {who} was told: the user has an answer, and nothing has the message"
            ))
            .mend(Mend::node(&node.id, "acks=all"))
            .fix(format!("`acks=all` on {name}, or `optional` on the hop into it if a message may be lost")),
    )
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let expect = |text: &str, expected: &[&str]| {
            expect(
                &RULE,
                &format!("client u\nservice a x2\npostgres d\nredis c\nworker w\n{text}"),
                expected,
            );
        };
        let run = "flow f { u -> a ~> q ~> w -> d writes }";
        expect(&format!("kafka q x3 acks=1\n{run}"), &["wrong q"]);
        expect(&format!("kafka q x3 acks=0\n{run}"), &["wrong q"]);
        for broker in ["redpanda", "msk", "kafka"] {
            expect(&format!("{broker} q x3 acks=1\n{run}"), &["wrong q"]);
        }
        expect(&format!("kafka q x3 acks=all\n{run}"), &[]);
        expect(&format!("kafka q x3\n{run}"), &["unstated q"]);
        expect(&format!("rabbitmq q x3\n{run}"), &["unstated q"]);
        // One instance is said elsewhere; a vendor's copies are theirs; nobody is told.
        for broker in [
            "kafka q",
            "queue q tech=postgres x2",
            "redis-streams q x3",
            "pulsar q x3",
            "sqs q",
            "msk q",
            "nats q x3",
            "bullmq q x2",
        ] {
            expect(&format!("{broker}\n{run}"), &[]);
        }
        expect("kafka q x3\nflow f async { u -> a ~> q ~> w -> d writes }", &[]);
        expect("kafka q x3\nflow f rate=2/s { u -> a ~> q ~> w -> d writes }", &[]);
        // It is kept elsewhere, or beside what the user came for, or may be lost.
        expect("kafka q x3 acks=1\nflow f { u -> a -> d writes\na ~> q ~> w -> d writes }", &[]);
        expect("kafka q x3 acks=1\nflow f { u -> a -> d reads\na ~> q ~> w -> d writes }", &[]);
        expect("kafka q x3 acks=1\nflow f { u -> a -> c reads\na ~> q ~> w -> d writes }", &[]);
        expect("kafka q x3 acks=1\nwarehouse h\nflow f { u -> a ~> q ~> w -> h writes }", &[]);
        expect("kafka q x3 acks=1\nflow f { u -> a ~> q optional ~> w -> d writes }", &[]);
        expect("kafka q x3 acks=1\nflow f { u -> a ~> q ~> w -> c writes }", &[]);
    }
}
