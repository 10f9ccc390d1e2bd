use crate::catalog::Kind;
use crate::design::Arrow;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};

/// A sketch of fewer nodes, without flows, is not about operating it.
const A_SYSTEM: usize = 4;

pub static RULE: Rule = Rule {
    id: "no-monitoring",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Operations,
    summary: "nothing watches the system: users find out before you do",
    question: Some(Question {
        topic: "monitoring",
        text: "it fails at three in the morning: how do you find out?",
    }),
    reads: &["alert", "logs", "metrics", "observes", "trace"],
    page: Page {
        checks: "Whether anything in the design is observed.",
        when: "A question, once for a design with a flow or with four nodes or more, where no `monitor` observes or receives \
               anything and no application, gateway or load balancer says `metrics`, `logs`, `trace` or `alert`.",
        why: "What nobody measures fails silently and for long: a full queue, a certificate, an error rate of ten percent. The \
              first report comes from a user, and then nothing shows where to look.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x2\nflow order { web -> front -> api }\n",
        good: "client web\nlb front managed\nservice api x2 metrics alert\nflow order { web -> front -> api }\n",
        ignore: "A design that is about one part only, in a system that is watched as a whole.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let design = facts.design;
    let mut serving = facts.nodes(|kind| kind.is_compute()).filter(|&node| facts.is_reached(node)).peekable();
    let Some(&door) = serving.peek() else { return Vec::new() };
    // Better the application than what stands before it or sets it off.
    let works = |kind: Kind| kind.is_app() && !matches!(kind, Kind::Gateway | Kind::Scheduler);
    let first = serving.find(|&node| works(facts.node(node).kind)).unwrap_or(door);
    let too_small = design.flows.is_empty() && design.graph.node_count() < A_SYSTEM;
    if too_small || is_watched(facts) {
        return Vec::new();
    }
    let drawn = facts.nodes(|kind| kind == Kind::Monitor).next();
    let node = facts.node(first);
    let finding = match drawn.map(|monitor| facts.node(monitor)) {
        Some(monitor) => Diagnostic::unstated(
            format!("{} stands aside: it observes nothing", monitor.name()),
            monitor.span,
            "no `..> … observes` from here",
        ),
        None => Diagnostic::unstated(
            format!("when {} fails, users find out first: nothing watches it", node.name()),
            design.flows.first().map_or(node.span, |flow| flow.span),
            "no metrics, logs, traces or alerts anywhere",
        ),
    };
    let id = drawn.map_or("watch", |monitor| facts.id(monitor));
    let finding = match design.flows.is_empty() {
        true => finding.node(&node.id),
        false => finding.flows(design.flows.iter().map(|flow| flow.id.clone())),
    };
    vec![
        finding
            .evidence("no hop `..> observes`, and no `metrics`, `logs`, `trace` or `alert` on what serves requests")
            .consequence(format!(
                "{} answers every tenth request with an error for hours, and the first to notice is a user who writes to support",
                node.name()
            ))
            .fix(format!("`monitor {id} alert` and `{id} ..> {} observes`; or `every {} metrics alert`", node.id, node.kind.name())),
    ]
}

fn is_watched(facts: &Facts) -> bool {
    let by_monitor = facts.nodes(|kind| kind == Kind::Monitor).any(|monitor| {
        let observes = facts
            .hops_from(monitor)
            .iter()
            .filter(|(to, _)| facts.node(*to).kind != Kind::Monitor)
            .any(|(_, hop)| hop.arrow != Arrow::Control || hop.attrs.has("observes"));
        // What sends its figures there is watched as well.
        let receives = facts.hops_to(monitor).iter().any(|(from, _)| facts.node(*from).kind != Kind::Monitor);
        observes || receives
    });
    let by_itself = facts.nodes(|kind| kind.is_compute()).any(|node| {
        let attrs = &facts.node(node).attrs;
        attrs.has("metrics") || attrs.has("logs") || attrs.has("trace") || attrs.has("alert")
    });
    let by_verb = facts
        .design
        .steps
        .iter()
        .any(|step| step.attrs.has("observes") && facts.node(step.to).kind != Kind::Monitor);
    by_monitor || by_verb || by_itself
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let expect = |text, expected: &[&str]| expect(&RULE, text, expected);
        expect("client u\nservice a\nflow f { u -> a }", &["unstated f"]);
        expect("client u\nlb l\nservice a\npostgres d\nu -> l -> a -> d", &["unstated a"]);
        // A sketch of three.
        expect("client u\nservice a\npostgres d\nu -> a -> d", &[]);
        expect("client u\nservice a metrics\nflow f { u -> a }", &[]);
        expect("every service trace\nclient u\nservice a\nflow f { u -> a }", &[]);
        expect("client u\nservice a\nmonitor m\nm ..> a observes\nflow f { u -> a }", &[]);
        expect("client u\nservice a\nmonitor m\na ~> m\nflow f { u -> a }", &[]);
        // A box on the side watches nothing.
        expect("client u\nservice a\nmonitor m\nflow f { u -> a }", &["unstated f"]);
        // Two that watch each other watch nothing.
        expect("client u\nservice a\nmonitor m\nmonitor n\nn -> m\nflow f { u -> a }", &["unstated f"]);
        // Nothing runs here.
        expect("client u\ns3 b\nflow f { u -> b }", &[]);
    }
}
