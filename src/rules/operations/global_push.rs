use std::collections::{BTreeMap, HashSet};

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Flow, GroupKind, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Outage, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "global-push",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Operations,
    summary: "one change reaches every instance everywhere at once",
    question: Some(Question {
        topic: "rollout",
        text: "a change that is wrong goes out: how many instances have it before somebody notices?",
    }),
    reads: &["bake", "configures", "deploy", "deploys", "rate", "share", "stages", "staged", "validated"],
    page: Page {
        checks: "Hops `..> deploys` and `..> configures`: in how many steps a change gets to what serves requests.",
        when: "All that one source reaches is taken together: it has several instances in all, not all of them managed, and a flow that somebody waits for stops without \
               it, as it needs some of it, or as each of its alternatives by `share` does. Wrong where `stages=1` is stated on a hop, or `staged=no` on the `config` that it \
               comes from: an error where all flows that somebody waits for stop, a warning where only some do. A question where \
               nothing is said of `stages`, `bake`, `staged`, `validated`, nor `deploy=` on what a `deploys` reaches, and all flows that somebody waits for \
               stop: info, but a warning where it reaches several regions. \
               Silent in designs without flows and where all flows that stop are of 10 requests a second or fewer and promise nothing (no `availability`).",
        why: "More instances, zones and regions help against what breaks one of them. A wrong change breaks all of them in the \
              same second, and the way back is often the way that it broke.",
        outage: Some(Outage {
            name: "Cloudflare, 2025",
            what: "a file that exceeded a limit of the software that reads it was propagated through the whole network, and the outage was system-wide",
            link: "https://blog.cloudflare.com/18-november-2025-outage/",
        }),
        bad: "client web\nlb front managed\nservice api x6\nconfig flags x3 managed\nflags ..> api configures stages=1\n\
              flow order { web -> front -> api }\n",
        good: "client web\nlb front managed\nservice api x6\nconfig flags x3 managed\nflags ..> api configures stages=4 bake=10min\n\
               flow order { web -> front -> api }\n",
        ignore: "What is pushed is data that cannot break its reader, such as a list of names, and its reader refuses what it \
                 cannot read.",
    },
    check,
};

/// What one source reaches.
#[derive(Default)]
struct Push<'d> {
    steps: Vec<&'d Step>,
    /// The first step that is said to be taken at once.
    at_once: Option<&'d Step>,
    all_unsaid: bool,
}

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut pushes: BTreeMap<NodeIndex, Push> = BTreeMap::new();
    for step in &facts.design.steps {
        if facts.arrow(step) != Arrow::Control || !(step.attrs.has("deploys") || step.attrs.has("configures"))
        {
            continue;
        }
        let push = pushes.entry(step.from).or_insert_with(|| Push { all_unsaid: true, ..Push::default() });
        let source = &facts.node(step.from).attrs;
        let stages = step.attrs.number("stages").value();
        let once = stages == Some(1.0) || (stages.is_none() && source.flag("staged").value() == Some(false));
        let by_target = step.attrs.has("deploys") && facts.node(step.to).attrs.has("deploy");
        let said = stages.is_some()
            || by_target
            || step.attrs.has("bake")
            || source.has("staged")
            || source.has("validated");
        push.all_unsaid &= !said && !once;
        if once && push.at_once.is_none() {
            push.at_once = Some(step);
        }
        push.steps.push(step);
    }
    let waited_for = facts.design.flows.iter().filter(|flow| !facts.is_background(flow)).count();
    pushes.into_iter().filter_map(|(source, push)| finding(facts, source, &push, waited_for)).collect()
}

fn finding(facts: &Facts, source: NodeIndex, push: &Push, waited_for: usize) -> Option<Diagnostic> {
    let mut targets: Vec<NodeIndex> = push.steps.iter().map(|step| step.to).collect();
    let mut seen = HashSet::new();
    targets.retain(|target| seen.insert(*target));
    let counted = targets.iter().map(|&target| facts.node(target).instances).sum::<u64>();
    let managed = targets.iter().all(|&target| facts.node(target).is_managed());
    if counted < 2 || managed {
        return None;
    }
    let mut flows: Vec<&Flow> = facts.flows_stopped_without(&targets);
    flows.retain(|flow| !facts.is_background(flow));
    let all = flows.len() == waited_for;
    if flows.iter().all(|flow| facts.is_small(flow)) {
        return None;
    }
    let hit: Vec<String> = flows.iter().map(|flow| flow.id.clone()).collect();
    let regions = regions(facts, &targets);
    let [who, whom] = [facts.node(source).name(), facts.names(&targets)];
    let span = push.at_once.unwrap_or(push.steps[0]).span;
    let what = if push.steps[0].attrs.has("configures") { "setting" } else { "version" };
    let all_over = match regions.len() {
        0 | 1 => format!("all {counted} instances of {whom}"),
        count => format!("all {counted} instances of {whom} in {count} regions"),
    };
    let finding = match push.at_once {
        Some(_) => Diagnostic::wrong(format!("a wrong {what} from {who} reaches {all_over} at once"), span, "in one step")
            .at_most(if all { Severity::Error } else { Severity::Warning }),
        None if push.all_unsaid && all => {
            Diagnostic::unstated(format!("nothing says in how many steps a {what} from {who} reaches {all_over}"), span, "no `stages=` here")
                .question(format!("a {what} from {who} is wrong: how many of the {counted} instances have it before somebody notices?"))
                .at_most(if regions.len() > 1 { Severity::Warning } else { Severity::Info })
        }
        None => return None,
    };
    let flows = match hit.len() {
        1 => format!("`{}` needs what it reaches", hit[0]),
        2 if all => "both flows that somebody waits for need what it reaches".to_string(),
        _ if all => format!("all {} flows that somebody waits for need what it reaches", hit.len()),
        count => format!("{count} flows need what it reaches"),
    };
    let mut finding = finding.node(facts.id(source)).flows(hit).evidence(flows);
    for &target in targets.iter().take(8) {
        finding = finding.hop(facts.id(source), facts.id(target));
    }
    Some(
        finding
            .consequence(format!("a {what} that passes every test and fails in production is everywhere within seconds, and no instance is left that works"))
            .mend(push.steps.iter().fold(Mend::default(), |mend, step| mend.and_step(step, "stages=4 bake=10min")))
            .fix(format!("`stages=4 bake=10min` on `{} ..> {}`: a few instances first, one zone or region after the other, and back by itself when errors rise", facts.id(source), facts.id(targets[0]))),
    )
}

fn regions(facts: &Facts, targets: &[NodeIndex]) -> HashSet<String> {
    let region = |&target: &NodeIndex| {
        facts
            .design
            .groups_around(target)
            .find(|group| group.kind == GroupKind::Region)
            .map(|group| group.id.clone())
    };
    targets.iter().filter(|&&target| facts.node(target).kind != Kind::Client).filter_map(region).collect()
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::diagnostic::Severity;
    use crate::rules::Facts;
    use crate::rules::testing::{design, expect};

    const NODES: &str = "client u\nlb l managed\nservice a x3\nservice b x3\nconfig c x3\nscheduler t\n";

    #[test]
    fn cases() {
        let case = |text: &str, expected: &[&str]| expect(&RULE, &format!("{NODES}{text}"), expected);
        let flow = "flow f { u -> l -> a }\n";
        case(&format!("{flow}c ..> a configures stages=1"), &["wrong c"]);
        case(&format!("{flow}c ..> a, b deploys stages=1"), &["wrong c"]);
        case(&format!("{flow}c ..> a configures"), &["unstated c"]);
        case(&format!("{flow}c ..> a configures stages=3"), &[]);
        case(&format!("{flow}c ..> a configures bake=1h"), &[]);
        expect(
            &RULE,
            "client u\nservice a x3\nconfig c staged=no\nflow f { u -> a }\nc ..> a configures",
            &["wrong c"],
        );
        expect(&RULE, "client u\nservice a x3\nconfig c staged\nflow f { u -> a }\nc ..> a configures", &[]);
        expect(
            &RULE,
            "client u\nservice a x3\nconfig c validated\nflow f { u -> a }\nc ..> a configures",
            &[],
        );
        expect(
            &RULE,
            "client u\nservice a x3 deploy=canary\nservice c\nflow f { u -> a }\nc ..> a deploys",
            &[],
        );
        // It reaches both of two that share the requests; or one of them.
        let ways = "flow f { u -> l -> a, b share=50% }\n";
        case(&format!("{ways}c ..> a, b configures"), &["unstated c"]);
        case(&format!("{ways}c ..> a, b configures stages=1"), &["wrong c"]);
        case(&format!("{ways}c ..> a configures stages=1"), &[]);
        // One flow does without: it is asked only of what reaches everything.
        case(&format!("{flow}flow g {{ u -> l -> b }}\nc ..> a configures"), &[]);
        case(&format!("{flow}flow g {{ u -> l -> b }}\nc ..> a configures stages=1"), &["wrong c"]);
        // A sketch; a system that few use; one instance; nobody waits.
        case("u -> l -> a\nc ..> a configures", &[]);
        case("flow f rate=2/s { u -> l -> a }\nc ..> a configures stages=1", &[]);
        expect(&RULE, "client u\nservice a\nconfig c\nflow f { u -> a }\nc ..> a configures stages=1", &[]);
        case("flow f { t -> a }\nc ..> a configures stages=1", &[]);
        case(&format!("{flow}a ..> c needs\nc ..> a observes"), &[]);
    }

    #[test]
    fn part_of_the_flows_is_a_warning() {
        let severity = |text: &str| {
            crate::rules::run(&RULE, &Facts::new(&design(&format!("{NODES}{text}"))))[0].severity
        };
        assert_eq!(severity("flow f { u -> l -> a }\nc ..> a configures stages=1"), Severity::Error);
        assert_eq!(
            severity("flow f { u -> l -> a }\nflow g { u -> l -> b }\nc ..> a configures stages=1"),
            Severity::Warning
        );
        assert_eq!(severity("flow f { u -> l -> a }\nc ..> a configures"), Severity::Info);
    }
}
