use petgraph::graph::NodeIndex;

use crate::design::Flow;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "no-lag-alert",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Operations,
    summary: "consumers fall behind, and nobody knows until users ask where their things are",
    question: Some(Question {
        topic: "falling behind",
        text: "the consumers stop at midnight and no request fails: who is told, and when?",
    }),
    reads: &["alert", "availability", "delivery", "lag_alert", "optional", "peak", "rate"],
    page: Page {
        checks: "Queues and topics on flows that are busy or have a promised `availability`: whether somebody is told when their consumers stop or fall behind.",
        when: "Wrong where `lag_alert=no` is stated on a queue or topic with consumers. Otherwise a question where a flow that states \
               an `availability`, or a `rate` or `peak` of 100 a second or more, leads into a queue or topic (over a hop \
               that is not `optional`) that has a consumer and delivers at least once, and nothing around it tells anybody: \
               no `lag_alert` or `alert` on it, no `alert` on a consumer, no monitor that observes one of these or that they \
               send to. An alert on its dead letters is none: who has stopped parks nothing. Not in a design in which nothing \
               at all is watched, and not of dead letters, which `dlq-unwatched` asks about.",
        why: "A queue turns an outage into a delay, and hides it as well. Requests are still accepted and every dashboard of \
              the front is green while the work piles up. By the time somebody misses a mail, there are hours to catch up on, \
              and what comes in meanwhile waits behind them; beyond the retention it is lost.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x3 metrics alert\nkafka events x3 dlq=dead\nkafka dead x3\nworker mail x2 idempotent\n\
              flow order rate=200/s { web -> front -> api ~> events ~> mail }\n",
        good: "client web\nlb front managed\nservice api x3 metrics alert\nkafka events x3 dlq=dead lag_alert\nkafka dead x3\nworker mail x2 idempotent\n\
               flow order rate=200/s { web -> front -> api ~> events ~> mail }\n",
        ignore: "Nobody would miss what it carries within a day.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let observed = facts.observed();
    let watches = facts.watches_anything(&observed);
    let tells = |at: NodeIndex| facts.node(at).attrs.has("alert") || observed.contains(&at);
    for broker in facts.nodes(|kind| kind.is_broker()) {
        let node = facts.node(broker);
        let said = node.attrs.get("lag_alert");
        let fleeting = facts.delivery(broker) == Some("at-most-once");
        if node.attrs.has("lag_alert") || tells(broker) || fleeting || facts.is_dead_letters(broker) {
            continue;
        }
        let matters = |flow: &&Flow| facts.is_promised(flow) || facts.is_busy(flow);
        let mut flows: Vec<&Flow> = Vec::new();
        let into = facts.design.steps_to(broker).filter(|step| !step.attrs.has("optional"));
        for flow in into.filter_map(|step| facts.flow_of(step)).filter(matters) {
            if flows.last().is_none_or(|last| last.id != flow.id) {
                flows.push(flow);
            }
        }
        let consumers = facts.consumers(broker);
        let Some(&consumer) = consumers.first() else { continue };
        if said.is_none() && (!watches || flows.is_empty() || consumers.iter().copied().any(tells)) {
            continue;
        }
        let (name, who) = (node.name(), facts.names(&consumers));
        let message = format!("{who} may fall behind {name} for hours, and nobody is told");
        let finding = match said {
            Some(setting) => Diagnostic::wrong(message, setting.span, "said to tell nobody"),
            None => Diagnostic::unstated(message, node.span, "no `lag_alert`, and no alert around it")
                .question(format!("{who} stops at midnight, and no request fails: who is told, and when?")),
        };
        let carried = match flows.first() {
            Some(flow) => format!("{}; {} → {}", facts.stakes(flow), node.id, facts.id(consumer)),
            None => format!("{} → {}", node.id, facts.id(consumer)),
        };
        found.push(
            finding
                .node(&node.id)
                .flows(flows.iter().map(|flow| flow.id.clone()))
                .evidence(carried)
                .consequence(format!(
                    "{who} stops on a Friday night; everything is still accepted, and on Monday {name} holds a weekend of work"
                ))
                .mend(Mend::node(&node.id, "lag_alert"))
                .fix(format!("`lag_alert` on {name}, on the age of the oldest message rather than on how many there are")),
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let at = |rate: &str, more: &str, expected: &[&str]| {
            let flow = format!("flow f {rate} {{ u -> a ~> q ~> w }}");
            expect(&RULE, &format!("client u\nservice a metrics\n{more}\n{flow}"), expected);
        };
        let busy = |more: &str, expected: &[&str]| at("rate=100/s", more, expected);
        busy("queue q\nworker w", &["unstated q"]);
        busy("queue q lag_alert=no\nworker w alert", &["wrong q"]);
        busy("queue q lag_alert\nworker w", &[]);
        busy("queue q alert\nworker w", &[]);
        busy("queue q\nworker w alert", &[]);
        // Dead letters stay empty when nobody takes anything.
        busy("queue q dlq=d\nqueue d alert\nworker w", &["unstated q"]);
        busy("queue q\nworker w\nmonitor m\nm ..> w observes", &[]);
        // Kept by nobody: there is nothing to fall behind.
        busy("redis-pubsub q\nworker w", &[]);
        at("rate=20/s", "queue q\nworker w", &[]);
        at("availability=99.9%", "queue q\nworker w", &["unstated q"]);
        // It may be lost.
        let text =
            "client u\nservice a metrics\nqueue q\nworker w\nflow f rate=1k/s { u -> a ~> q optional ~> w }";
        expect(&RULE, text, &[]);
        // Nothing is watched at all: `no-monitoring` asks.
        expect(&RULE, "client u\nservice a\nqueue q\nworker w\nflow f rate=1k/s { u -> a ~> q ~> w }", &[]);
    }
}
