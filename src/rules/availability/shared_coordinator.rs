use std::collections::{BTreeMap, HashSet};

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Flow, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::facts::flow_names;
use crate::rules::{Confidence, Facts, Group, Outage, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "shared-coordinator",
    severity: Severity::Error,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Availability,
    summary: "one registry, identity or configuration service that every flow stops without",
    question: Some(Question {
        topic: "shared coordinator",
        text: "it is down for an hour: what still works with the last answer it gave?",
    }),
    reads: &["cached", "needs", "rate", "share"],
    page: Page {
        checks: "Registries, configuration, stores of secrets, identity services and internal DNS that others `..> needs`, and \
                 what is left of the flows without them.",
        when: "One such cluster is needed by `..> needs` without `cached` of three nodes or more, and every flow that somebody waits for, two \
               at least, needs one of these nodes or, of alternatives by `share`, stops in each. Wrong where one of these hops says `cached=no`; a question where nothing is said. Copies do not silence it: they help \
               against a lost machine, not against a fault that all of them have. Locks are left to `spof-coordinator`: what they \
               say cannot be kept. Silent where all flows that somebody waits for are of 10 requests a second or fewer and promise nothing (no `availability`).",
        why: "The cluster has copies, so it is left out of every reckoning. What stops it is what all copies share: a version, a setting, \
              a load that only grows when everybody asks again. Then all that was kept apart with care stops together.",
        outage: Some(Outage {
            name: "Roblox, 2021",
            what: "one Consul cluster that hundreds of services relied on was degraded, and the service was down for 73 hours",
            link: "https://blog.roblox.com/2022/01/roblox-return-to-service-10-28-10-31-2021/",
        }),
        bad: "client web\nlb front managed\nservice cart x3\nservice pay x3\nservice games x3\nconsul peers x5\n\
              cart, pay, games ..> peers needs cached=no\nflow order { web -> front -> cart -> pay }\nflow play { web -> front -> games }\n",
        good: "client web\nlb front managed\nservice cart x3\nservice pay x3\nservice games x3\nconsul peers x5\n\
               cart, pay, games ..> peers needs cached=1h\nflow order { web -> front -> cart -> pay }\nflow play { web -> front -> games }\n",
        ignore: "The answer must be of this instant, and everything may stop with it.",
    },
    check,
};

/// Fewer than these are their own matter.
const MANY: usize = 3;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut needed: BTreeMap<NodeIndex, Vec<&Step>> = BTreeMap::new();
    for step in &facts.design.steps {
        let needs =
            facts.arrow(step) == Arrow::Control && step.attrs.has("needs") && !step.attrs.has("cached");
        if needs && is_coordinator(facts.node(step.to).kind) {
            needed.entry(step.to).or_default().push(step);
        }
    }
    let waited_for: Vec<&Flow> =
        facts.design.flows.iter().filter(|flow| !facts.is_background(flow)).collect();
    if waited_for.len() < 2 || waited_for.iter().all(|flow| facts.is_small(flow)) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (coordinator, mut steps) in needed {
        steps.dedup_by_key(|step| step.from);
        let users: Vec<NodeIndex> = steps.iter().map(|step| step.from).collect();
        let lost: Vec<NodeIndex> = users.iter().copied().chain([coordinator]).collect();
        let stopped: HashSet<&str> =
            facts.flows_stopped_without(&lost).into_iter().map(|flow| flow.id.as_str()).collect();
        if users.len() >= MANY && waited_for.iter().all(|flow| stopped.contains(flow.id.as_str())) {
            found.push(finding(facts, coordinator, &steps, &users, &waited_for));
        }
    }
    found
}

fn is_coordinator(kind: Kind) -> bool {
    use Kind::{Auth, Config, Dns, Registry, Secrets};
    matches!(kind, Auth | Config | Dns | Registry | Secrets)
}

fn finding(
    facts: &Facts,
    coordinator: NodeIndex,
    steps: &[&Step],
    users: &[NodeIndex],
    flows: &[&Flow],
) -> Diagnostic {
    let node = facts.node(coordinator);
    let [what, who] = [node.name(), facts.names(users)];
    let all = if flows.len() == 2 { "both".to_string() } else { format!("all {}", flows.len()) };
    let closed = steps.iter().find_map(|step| {
        let setting = step.attrs.get("cached")?;
        Some((*step, setting.span))
    });
    let finding = match closed {
        Some((step, span)) => Diagnostic::wrong(
            format!("{all} flows stop when {what} does: {who} keep no answer of it"),
            span,
            "no last answer is kept",
        )
        .label(step.span, "needed here"),
        None => Diagnostic::unstated(
            format!("{all} flows hang on {what}: nothing says what {who} do when it is down"),
            steps[0].span,
            "no `cached=` here",
        )
        .question(format!("{what} is down for an hour: what do {who} still do?")),
    };
    finding
        .label(node.span, format!("{} nodes need it", users.len()))
        .node(&node.id)
        .flows(flows.iter().map(|flow| flow.id.clone()))
        .evidence(format!(
            "{} need one of {} nodes that need {what}; its {} instance{} share what can stop {what} as a whole",
            flow_names(flows),
            users.len(),
            node.instances,
            if node.instances == 1 { "" } else { "s" },
        ))
        .consequence(format!(
            "{what} is overloaded or gets a wrong setting, every instance of it alike: {who} find nobody any more, and nothing can be started \
             to help, since what starts needs {what} too"
        ))
        .mend(steps.iter().fold(Mend::default(), |mend, step| mend.and_step(step, "cached=1h")))
        .fix(format!(
            "`cached=1h` on each `… ..> {}`, so that what runs goes on with the last answer it got; or a cluster for each part that may fail alone",
            node.id
        ))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let nodes = "client u\nservice a x2\nservice b x2\nservice c x2\nservice d x2\nconsul r x5\n";
        let case = |text: &str, expected: &[&str]| expect(&RULE, &format!("{nodes}{text}"), expected);
        let flows = "flow f { u -> a -> b }\nflow g { u -> c }\n";
        case(&format!("{flows}a, b, c ..> r needs"), &["unstated r"]);
        case(&format!("{flows}a, b, c ..> r needs cached=no"), &["wrong r"]);
        case(&format!("{flows}a, b, c ..> r needs cached=1h"), &[]);
        // Two of three keep what it said.
        case(&format!("{flows}a, b ..> r needs cached=1h\nc ..> r needs"), &[]);
        case(&format!("{flows}a, c ..> r needs"), &[]);
        // One flow goes on; there is only one; nobody waits.
        case(&format!("{flows}flow h {{ u -> d }}\na, b, c ..> r needs"), &[]);
        case("flow f { u -> a -> b -> c }\na, b, c ..> r needs", &[]);
        case("scheduler t\nflow f { t -> a -> b }\nflow g { t -> c }\na, b, c ..> r needs", &[]);
        case("flow f rate=1/s { u -> a -> b }\nflow g rate=1/s { u -> c }\na, b, c ..> r needs", &[]);
        // Two that share the requests of one flow both need it.
        let ways = "flow f { u -> a, b share=50% }\nflow g { u -> c }\n";
        case(&format!("{ways}a, b, c ..> r needs"), &["unstated r"]);
        case(&format!("{ways}a, c, d ..> r needs"), &[]);
        // The answer of a lock cannot be kept.
        case(&format!("{flows}lock k x3\na, b, c ..> k needs"), &[]);
        // What they need is no coordinator.
        case(&format!("{flows}a, b, c ..> d needs"), &[]);
    }
}
