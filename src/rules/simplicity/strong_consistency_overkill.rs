use std::collections::HashSet;

use crate::catalog::Kind;
use crate::design::{Arrow, Node, Setting, Step, Value};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Page, Rule};
use crate::units::show_duration;

pub static RULE: Rule = Rule {
    id: "strong-consistency-overkill",
    severity: Severity::Info,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Simplicity,
    summary: "reads are paid for as the very latest, and shown where older ones are allowed",
    question: None,
    reads: &["autoscale", "conditional", "consistency", "reads", "replica_of", "staleness"],
    page: Page {
        checks: "Reads with `consistency=strong`, and how old what their flow shows may be.",
        when: "A hop of a flow that states a `staleness` of a second or more says `consistency=strong` and only reads; or \
               a hop that only reads a search engine or a warehouse says so. A store's own `consistency=` is not looked \
               at: other flows may need it. Silent where the flow writes the same store, whose decision may rest on what \
               was read, and where there is no weaker place to read from: a store of one instance that is not managed, \
               with no other node that is its `replica_of`.",
        why: "A strong read goes to the one copy that leads, or to a majority: it is slower, cannot be served nearby, \
              costs twice as much where reads are paid for, and fails when that copy does. A count that may be a minute \
              old gains nothing from it.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x3\ncassandra store x6 copies=3\n\
              flow likes staleness=1min { web -> front -> api -> store reads consistency=strong }\n",
        good: "client web\nlb front managed\nservice api x3\ncassandra store x6 copies=3\n\
               flow likes staleness=1min { web -> front -> api -> store reads consistency=eventual }\n",
        ignore: "The answer is kept for long by somebody else, who must not keep an old one.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let strong = |step: &&Step| step.attrs.text("consistency").value() == Some("strong");
    let steps: Vec<&Step> = facts.design.steps.iter().filter(strong).collect();
    if steps.is_empty() {
        return Vec::new();
    }
    let copied: HashSet<&String> =
        facts.nodes(|_| true).flat_map(|at| facts.node(at).attrs.words("replica_of")).collect();
    steps.into_iter().filter_map(|step| overkill(facts, step, &copied)).collect()
}

fn overkill(facts: &Facts, step: &Step, copied: &HashSet<&String>) -> Option<Diagnostic> {
    let flow = facts.flow_of(step)?;
    let node = facts.node(step.to);
    let only_reads = facts.reads(step) && !facts.writes(step) && facts.arrow(step) == Arrow::Call;
    let decides = facts.design.steps_of(flow).iter().any(|other| other.to == step.to && facts.writes(other));
    if !only_reads || decides || !node.kind.is_store() || is_alone(node, copied) {
        return None;
    }
    let old = flow.attrs.number("staleness").value().filter(|seconds| *seconds >= 1.0);
    let (from, name) = (facts.node(step.from), node.name());
    let setting = step.attrs.get("consistency").filter(|setting| is_written(setting))?;
    let why = match old {
        Some(seconds) => format!("`{}` may show what is {} old", flow.id, show_duration(seconds)),
        None if matches!(node.kind, Kind::Search | Kind::Warehouse) => {
            let what = if node.kind == Kind::Search { "an index" } else { "a warehouse" };
            format!("{name} is {what}, which is behind its source anyway")
        }
        None => return None,
    };
    Some(
        Diagnostic::wrong(
            format!("{} reads the very latest of {name}, and {why}", from.name()),
            setting.span,
            "the dearest read there is",
        )
        .node(&node.id)
        .hop(&from.id, &node.id)
        .flows([flow.id.clone()])
        .evidence(format!("`consistency=strong` on `{} -> {}`; {why}", from.id, node.id))
        .consequence(format!(
            "the copy of {name} that leads is slow for a moment, and `{}` waits for it although any other copy had an answer that is good enough",
            flow.id
        ))
        .mend(Mend::step(step, "consistency=eventual"))
        .fix(format!("`consistency=eventual` on `{} -> {}` in `{}`", from.id, node.id, flow.id)),
    )
}

/// One machine, which has the latest anyway.
fn is_alone(node: &Node, copied: &HashSet<&String>) -> bool {
    let grows = node.is_managed() || node.attrs.has("autoscale");
    node.instances < 2 && !grows && !copied.contains(&node.id)
}

fn is_written(setting: &Setting) -> bool {
    !setting.inherited && setting.value != Value::None
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |store: &str, flow: &str, hop: &str, expected: &[&str]| {
            let text = format!("client u\nservice a\n{store} d\nflow f {flow} {{ u -> a -> d {hop} }}");
            expect(&RULE, &text, expected);
        };
        case("dynamodb", "staleness=1min", "reads consistency=strong", &["wrong d"]);
        case("dynamodb", "", "reads consistency=strong", &[]);
        case("dynamodb", "staleness=1min", "reads", &[]);
        case("dynamodb", "staleness=1min", "reads consistency=session", &[]);
        case("dynamodb", "staleness=100ms", "reads consistency=strong", &[]);
        case("dynamodb", "staleness=1min", "reads writes consistency=strong", &[]);
    }

    #[test]
    fn there_has_to_be_a_weaker_place() {
        let case = |store: &str, flow: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a\n{store}\nflow f {flow} {{ u -> a -> d reads consistency=strong }}"
            );
            expect(&RULE, &text, expected);
        };
        case("elasticsearch d x3", "", &["wrong d"]);
        case("elasticsearch d", "", &[]);
        case("postgres d", "staleness=1min", &[]);
        case("postgres d x2", "staleness=1min", &["wrong d"]);
        case("postgres d\npostgres e replica_of=d", "staleness=1min", &["wrong d"]);
    }

    #[test]
    fn what_is_decided_on_must_be_the_latest() {
        let text = "client u\nservice a\ndynamodb d\nflow f staleness=1min { u -> a -> d reads consistency=strong\na -> d writes }";
        expect(&RULE, text, &[]);
    }
}
