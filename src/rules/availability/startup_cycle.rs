use std::collections::HashMap;

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::design::{Arrow, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Page, Rule};

pub static RULE: Rule = Rule {
    id: "startup-cycle",
    severity: Severity::Error,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Availability,
    summary: "each needs the other to start: after everything was down at once, nothing comes up",
    question: None,
    reads: &["cached", "needs"],
    page: Page {
        checks: "Circles of `..> needs`, alone or closed by calls that cannot be done without.",
        when: "Going from node to node over `..> needs` without `cached` leads back to the first. A warning where calls close the \
               circle: a starts only with b, and b answers only by calling a (a call without `optional`, `fallback`, `cached`, \
               `on=error` or a `share`). `~>` breaks a circle: whoever hands over waits for the queue, not for what the queue hands to. \
               Calls alone are not looked at, nor what a load balancer, gateway, CDN or DNS with \
               several targets calls.",
        why: "The circle is never noticed while one of them runs: they are restarted one after the other. After a power cut, a \
              restore into an empty region or a change that stops both, each waits for the other, and somebody has to build \
              by hand what neither can do without.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x3\nvault keys x3\nconsul peers x3\nkeys ..> peers needs\npeers ..> keys needs\n\
              api ..> keys needs cached=1h\nflow order { web -> front -> api }\n",
        good: "client web\nlb front managed\nservice api x3\nvault keys x3\nconsul peers x3\nkeys ..> peers needs\npeers ..> keys needs cached=30d\n\
               api ..> keys needs cached=1h\nflow order { web -> front -> api }\n",
        ignore: "A cold start is practised, and the step that breaks the circle by hand is written down.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let needs = |step: &Step| {
        facts.arrow(step) == Arrow::Control && step.attrs.has("needs") && !step.attrs.has("cached")
    };
    let starts: Vec<&Step> = facts.design.steps.iter().filter(|step| needs(step)).collect();
    if starts.is_empty() {
        return Vec::new();
    }
    let mut alone: DiGraph<(), ()> = facts.design.graph.map(|_, _| (), |_, _| ());
    alone.clear_edges();
    let mut with_calls = alone.clone();
    for step in &starts {
        alone.add_edge(step.from, step.to, ());
    }
    for node in facts.design.graph.node_indices() {
        let next = facts.depends_directly(node);
        if next.len() < 2 || !facts.stands_before_others(node) {
            for &next in next {
                with_calls.add_edge(node, next, ());
            }
        }
    }
    let mut found = Vec::new();
    let mut named = vec![false; facts.design.graph.node_count()];
    for (graph, certain) in [(&alone, true), (&with_calls, false)] {
        for step in one_of_each_circle(graph, &starts) {
            let Some(back) = way(graph, step.to, step.from) else { continue };
            if back.iter().any(|node| std::mem::replace(&mut named[node.index()], true)) {
                continue;
            }
            let finding = finding(facts, step, &back);
            found.push(if certain { finding } else { finding.at_most(Severity::Warning) });
        }
    }
    found
}

/// In each circle, the first `needs` in the file.
fn one_of_each_circle<'d>(graph: &DiGraph<(), ()>, starts: &[&'d Step]) -> Vec<&'d Step> {
    let mut circle_of = vec![None; graph.node_count()];
    for (circle, nodes) in kosaraju_scc(graph).into_iter().enumerate().filter(|(_, nodes)| nodes.len() > 1) {
        for node in nodes {
            circle_of[node.index()] = Some(circle);
        }
    }
    let mut first: HashMap<usize, &Step> = HashMap::new();
    for step in starts {
        if let Some(circle) = circle_of[step.from.index()]
            && circle_of[step.to.index()] == Some(circle)
        {
            first.entry(circle).or_insert(step);
        }
    }
    let mut steps: Vec<&Step> = first.into_values().collect();
    steps.sort_by_key(|step| step.span);
    steps
}

/// A shortest way, both ends included.
fn way(graph: &DiGraph<(), ()>, from: NodeIndex, to: NodeIndex) -> Option<Vec<NodeIndex>> {
    let mut came_from = HashMap::from([(from, from)]);
    let mut queue = std::collections::VecDeque::from([from]);
    while let Some(at) = queue.pop_front().filter(|&at| at != to) {
        for next in graph.neighbors(at) {
            came_from.entry(next).or_insert_with(|| {
                queue.push_back(next);
                at
            });
        }
    }
    came_from.get(&to)?;
    let mut way = vec![to];
    while let Some(&at) = way.last().filter(|&&at| at != from) {
        way.push(came_from[&at]);
    }
    way.reverse();
    Some(way)
}

fn finding(facts: &Facts, step: &Step, back: &[NodeIndex]) -> Diagnostic {
    let mut circle = vec![step.from];
    circle.extend_from_slice(back);
    let [who, whom] = [facts.node(step.from).name(), facts.node(step.to).name()];
    let mut finding = Diagnostic::wrong(
        format!("{who} starts only with {whom}, and {whom} works only with {who}"),
        step.span,
        "needed to start, in a circle",
    )
    .hop(facts.id(step.from), facts.id(step.to))
    .evidence(format!("{}: back where it began", facts.show_way(&circle)));
    for &node in &circle[..circle.len() - 1] {
        finding = finding.node(facts.id(node));
    }
    finding
        .consequence(format!("a power cut stops both; {who} waits for {whom}, {whom} for {who}, and nothing comes up until somebody takes one of them out of the circle by hand"))
        .mend(Mend::step(step, "cached=30d"))
        .fix(format!("`cached=30d` on `{} ..> {}` (start with the last answer, kept on disk), or on another hop of the circle", facts.id(step.from), facts.id(step.to)))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let nodes = "client u\nservice a x2\nservice b x2\nservice c x2\nconsul r x3\nvault v x3\n";
        let case = |text: &str, expected: &[&str]| expect(&RULE, &format!("{nodes}{text}"), expected);
        case("a ..> b needs\nb ..> a needs", &["wrong a, b"]);
        case("a ..> b needs\nb ..> c needs\nc ..> a needs", &["wrong a, b, c"]);
        case("a ..> r needs\nr ..> v needs\nv ..> r needs", &["wrong r, v"]);
        // It answers only by asking the one that waits for it.
        case("a ..> b needs\nb -> a", &["wrong a, b"]);
        case("a ..> b needs\nb -> a optional", &[]);
        // What a queue hands to may come up later; the queue itself may not.
        case("sqs q\na ..> b needs\nb ~> q ~> a", &[]);
        case("kafka k x3\na ..> b needs\nb ~> k\nk ..> a needs", &["wrong a, b, k"]);
        case("a ..> b needs cached=1d\nb ..> a needs", &[]);
        case("a ..> b needs\nb ..> c needs\na ..> c needs", &[]);
        case("a ..> b needs\nb ..> a observes", &[]);
        // Calls in a circle are another flaw, and nothing waits for a start there.
        case("a -> b -> a\nc ..> a needs", &[]);
        // Which of the services behind a gateway is asked is not said.
        case("gateway g x2\na ..> b needs\nb -> g -> a, c", &[]);
    }
}
