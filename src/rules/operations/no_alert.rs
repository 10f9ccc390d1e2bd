use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::Flow;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::facts::is_own_code;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "no-alert",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Operations,
    summary: "an availability is promised, and nobody is told when it is being missed",
    question: Some(Question {
        topic: "alerts",
        text: "the promise is being broken right now: who is told, and by what?",
    }),
    reads: &["alert"],
    page: Page {
        checks: "The services, workers, functions and sockets that a flow with a promised `availability` needs: whether \
                 somebody is told when one of them is in trouble.",
        when: "A flow states `availability` and needs a service, worker, function, socket or identity service (`auth`, unless a vendor runs it) that neither says `alert` nor is \
               observed by a monitor or sends it anything. Wrong where it says `alert=no`, otherwise a question. Gateways, \
               load balancers, stores and brokers are not asked about: what they do wrong shows in what calls them. A design \
               in which nothing at all is watched is left to `no-monitoring`.",
        why: "99.9 % leaves 43 minutes a month, and all of them are gone before somebody looks at a dashboard by chance. \
              Figures that nobody is woken by explain an outage afterwards; they do not shorten it.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x2 metrics\nflow order availability=99.9% { web -> front -> api }\n",
        good: "client web\nlb front managed\nservice api x2 metrics alert\nflow order availability=99.9% { web -> front -> api }\n",
        ignore: "The whole system is watched from outside, by probes that are not drawn.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let observed = facts.observed();
    if !facts.watches_anything(&observed) {
        return found;
    }
    for at in facts.nodes(|kind| is_own_code(kind) || kind == Kind::Auth) {
        let node = facts.node(at);
        // Somebody else is woken for what a vendor runs.
        if node.kind == Kind::Auth && node.is_managed() {
            continue;
        }
        let promised: Vec<&Flow> = facts.flows_needing(at).filter(|flow| facts.is_promised(flow)).collect();
        let Some(&flow) = promised.first() else { continue };
        if node.attrs.has("alert") || observed.contains(&at) {
            continue;
        }
        let name = node.name();
        let message = format!("{}, and nobody is told when {name} fails", facts.stakes(flow));
        let finding = match node.attrs.get("alert") {
            Some(setting) => Diagnostic::wrong(message, setting.span, "said to tell nobody"),
            None => Diagnostic::unstated(message, node.span, "no `alert`, and no monitor observes it")
                .question(format!("{name} fails, and `{}` with it: who is told, and by what?", flow.id)),
        };
        found.push(
            finding
                .label(flow.span, "the promise")
                .node(&node.id)
                .flows(promised.iter().map(|flow| flow.id.clone()))
                .evidence(format!("`{}` needs {}", flow.id, facts.names(&needed(facts, at, flow))))
                .consequence(format!(
                    "{name} answers with errors from three in the morning on, and the promise of `{}` is gone before the first person is at work",
                    flow.id
                ))
                .mend(Mend::node(&node.id, "alert"))
                .fix(format!("`alert` on {name}, on what its users feel: errors and slow answers, not its CPU")),
        );
    }
    found
}

/// What else the flow runs of the team's own code; the node itself first.
fn needed(facts: &Facts, node: NodeIndex, flow: &Flow) -> Vec<NodeIndex> {
    let steps = facts.design.steps_of(flow).iter().map(|step| step.to);
    let mut nodes = vec![node];
    for to in steps.filter(|&to| is_own_code(facts.node(to).kind)).take(32) {
        if !nodes.contains(&to) {
            nodes.push(to);
        }
    }
    nodes
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let promised = |nodes: &str, steps: &str, expected: &[&str]| {
            expect(
                &RULE,
                &format!("client u\nlb l managed\n{nodes}\nflow f availability=99.9% {{ {steps} }}"),
                expected,
            );
        };
        promised("service a metrics", "u -> l -> a", &["unstated a"]);
        promised("service a metrics alert=no", "u -> l -> a", &["wrong a"]);
        promised(
            "service a metrics\nfunction b\nsocket s alert",
            "u -> l -> a -> b\na -> s",
            &["unstated a, b"],
        );
        promised("service a metrics alert", "u -> l -> a", &[]);
        promised("service a\nmonitor m\nm ..> a observes", "u -> l -> a", &[]);
        promised("service a\ndatadog m\na ~> m", "u -> l -> a", &[]);
        promised("service a\ndatadog m\na ..> m needs", "u -> l -> a", &[]);
        // What follows a broker is not what was promised, nor is what is optional.
        promised("service a alert\nkafka k\nworker w metrics", "u -> l -> a ~> k ~> w", &[]);
        promised("service a alert\nservice b metrics", "u -> l -> a -> b optional", &[]);
        // Nothing is watched: that is another rule's.
        promised("service a", "u -> l -> a", &[]);
        // Nothing was promised.
        expect(&RULE, "client u\nservice a metrics\nflow f rate=1k/s { u -> a }", &[]);
        expect(&RULE, "client u\nservice a metrics alert=no\nflow f { u -> a }", &[]);
    }
}
