use petgraph::graph::NodeIndex;

use crate::design::Arrow;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "dlq-unwatched",
    severity: Severity::Warning,
    confidence: Confidence::High,
    grave: false,
    group: Group::Messaging,
    summary: "messages that failed are set aside where nobody looks, and expire there",
    question: Some(Question {
        topic: "failed messages",
        text: "a message lands among the dead letters: who is told, and who puts it back?",
    }),
    reads: &["alert", "dlq", "lag_alert", "reads"],
    page: Page {
        checks: "Queues and topics of dead letters: whether anybody is told of what lands there, or takes it out again.",
        when: "A queue or topic is named by a `dlq=`, or consumers park in it what they fail on, and it has no `alert` and no \
               `lag_alert`, nothing watches it with `..>`, nobody polls it with `reads`, and no hop leads out of it but into stores that nobody reads. Wrong where \
               `alert=no` is stated, a question otherwise. The finding is about the queue of dead letters.",
        why: "Setting a message aside keeps the others moving, and hides that it failed: no queue grows, no request is slow. \
              The first to notice is the customer whose order was in it, often after the dead letters have expired.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x2\nsqs jobs dlq=dead\nsqs dead\nworker mail x2 idempotent\n\
              flow sign-up { web -> front -> api ~> jobs ~> mail }\n",
        good: "client web\nlb front managed\nservice api x2\nsqs jobs dlq=dead\nsqs dead alert\nworker mail x2 idempotent\n\
               flow sign-up { web -> front -> api ~> jobs ~> mail }\n",
        ignore: "Dead letters that are worth nothing once they failed: then the queue needs none.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let feeds = |dead: NodeIndex| -> Vec<NodeIndex> { facts.producers(dead) };
    // Who names it, for each that is named.
    let mut named: std::collections::HashMap<NodeIndex, Vec<NodeIndex>> = std::collections::HashMap::new();
    for broker in facts.nodes(|kind| kind.is_broker()) {
        let dlq = facts.node(broker).attrs.text("dlq").value();
        if let Some(dead) = dlq.and_then(|id| facts.design.node(id)) {
            named.entry(dead).or_default().push(broker);
        }
    }
    for dead in facts.nodes(|kind| kind.is_broker()) {
        let node = facts.node(dead);
        if !facts.is_dead_letters(dead) || is_watched(facts, dead) {
            continue;
        }
        let of = named.get(&dead).cloned().unwrap_or_else(|| feeds(dead));
        let [name, from] = [node.name(), facts.names(&of)];
        let message = format!("what fails in {from} ends in {name}, and nobody is told or takes it out");
        let finding = match node.attrs.get("alert") {
            Some(setting) => Diagnostic::wrong(message, setting.span, "said to tell nobody"),
            None => Diagnostic::unstated(message, node.span, "no `alert`, and no way out")
                .question(format!("a message lands in {name}: who is told, and who puts it back?")),
        };
        found.push(
            finding
                .node(&node.id)
                .evidence(format!("dead letters of {from}; nobody reads or watches {name}"))
                .consequence(format!(
                    "a bad deploy sends a night's messages to {name}; {from} looks healthy, and they expire before somebody asks for them"
                ))
                .mend(Mend::node(&node.id, "alert"))
                .fix(format!("`alert` on {name}, and a worker or a tool that puts messages back: `{} ~> WORKER`", node.id)),
        );
    }
    found
}

fn is_watched(facts: &Facts, dead: NodeIndex) -> bool {
    let attrs = &facts.node(dead).attrs;
    let observed = facts.hops_to(dead).iter().any(|(_, hop)| hop.arrow == Arrow::Control);
    let polled = facts.design.steps_to(dead).any(|step| step.attrs.has("reads"));
    // An archive that nobody reads is another place where nobody looks.
    let taken = facts.hops_from(dead).iter().any(|&(to, hop)| {
        hop.arrow != Arrow::Control && (!facts.node(to).kind.is_store() || !facts.readers(to).is_empty())
    });
    attrs.has("alert") || attrs.has("lag_alert") || observed || polled || taken
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let base = "service a\nqueue q dlq=d\nworker w\na ~> q ~> w\n";
        let expect = |text: &str, expected: &[&str]| expect(&RULE, &format!("{base}{text}"), expected);
        expect("queue d", &["unstated d"]);
        expect("queue d alert=no", &["wrong d"]);
        expect("queue d alert", &[]);
        expect("queue d lag_alert", &[]);
        expect("every queue alert\nqueue d", &[]);
        // Watched, put back, or read by somebody.
        expect("queue d\nmonitor m\nm ..> d observes", &[]);
        expect("queue d\nworker r\nd ~> r ~> q", &[]);
        expect("queue d\nworker r\nr -> d reads", &[]);
        // Put away where nobody reads, or somebody does.
        expect("queue d\ns3 b\nd ~> b writes", &["unstated d"]);
        expect("queue d\ns3 b\nservice t\nd ~> b writes\nt -> b reads", &[]);
        // Parked there by the consumer.
        expect("queue d alert\nkafka k\nkafka p\nworker v\na ~> k ~> v\nv ~> p on=error", &["unstated p"]);
    }
}
