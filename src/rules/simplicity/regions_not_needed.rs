use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Group as Place, GroupKind};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Rule};
use crate::units::show_number;

pub static RULE: Rule = Rule {
    id: "regions-not-needed",
    severity: Severity::Info,
    confidence: Confidence::Low,
    grave: false,
    group: Group::Simplicity,
    summary: "several regions for a promise that one region keeps",
    question: None,
    reads: &["availability", "data", "p50", "p99", "rpo", "rto", "spare", "staleness"],
    page: Page {
        checks: "In how many regions the system answers, and what was promised of it.",
        when: "One flow passes applications or databases in two regions or more that are no `spare`, some flow states an \
               `availability`, and none states more than 99.9 %. It does not matter whether they do the same work or one calls \
               the other: what needs both of two regions fails with either. Silent with a reason to be seen: a client in a region, \
               `p50` or `p99` of 200 ms or less, `rto` or `rpo` of a flow or a store, `staleness`, `data=` other than `public`, or a `decide` that names regions, latency, \
               distance, residency, sovereignty, disasters, continents or countries.",
        why: "The zones of one region fail apart from each other, and three of them keep 99.9 % and more. A second region \
              brings data that is written in two places 100 ms apart, a failover that nobody has practised, and twice the \
              bill. It is the dearest answer that there is, and 99.9 % does not ask for it.",
        outage: None,
        bad: "client web\ndns names managed\nregion east zones=3 {\n  lb east-front managed\n  service east-api x3\n  postgres east-store x3 failover=auto\n}\n\
              region west zones=3 {\n  lb west-front managed\n  service west-api x3\n  postgres west-store x3 failover=auto\n}\n\
              flow show availability=99.9% {\n  web -> names\n  web -> east-front share=50% -> east-api -> east-store reads\n  web -> west-front share=50% -> west-api -> west-store reads\n}\n",
        good: "client web\ndns names managed\nregion east zones=3 {\n  lb east-front managed\n  service east-api x3\n  postgres east-store x3 failover=auto\n}\n\
               flow show availability=99.9% {\n  web -> names\n  web -> east-front -> east-api -> east-store reads\n}\n",
        ignore: "A law or a contract asks for it; a `decide` says so as well.",
    },
    check,
};

/// What the zones of one region keep.
const ONE_REGION: f64 = 0.999;
/// A promise that light from another continent breaks.
const FAR: f64 = 0.2;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let design = facts.design;
    let promises: Vec<f64> =
        design.flows.iter().filter_map(|flow| flow.attrs.number("availability").value()).collect();
    let most = promises.iter().copied().fold(0.0, f64::max);
    let regions = regions(facts);
    if promises.is_empty() || most > ONE_REGION + 1e-9 || regions.len() < 2 || has_reason(facts) {
        return Vec::new();
    }
    let topics = [
        "region",
        "latency",
        "distance",
        "residen",
        "continent",
        "countr",
        "sovereign",
        "gdpr",
        "disaster",
        "active-active",
    ];
    let by_name = |region: &Place| region.id.to_lowercase();
    let names: Vec<String> = regions.iter().map(|(region, _)| by_name(region)).collect();
    let mut all: Vec<&str> = topics.to_vec();
    all.extend(names.iter().filter(|name| name.chars().count() > 2).map(String::as_str));
    if facts.is_decided(&all, &[]) {
        return Vec::new();
    }
    let (second, at) = regions[1];
    let list: Vec<String> = regions.iter().map(|(region, _)| format!("`{}`", region.id)).collect();
    let flows = design.flows.iter().filter(|flow| flow.attrs.has("availability")).map(|flow| flow.id.clone());
    let promise = format!("{} %", show_number(most * 100.0));
    let needs_both = design.flows.iter().enumerate().find(|(index, flow)| {
        let needed: Vec<&str> =
            facts.needs_of(*index).iter().filter_map(|&at| Some(region(facts, at)?.id.as_str())).collect();
        flow.attrs.has("availability")
            && regions[..2].iter().all(|(region, _)| needed.contains(&region.id.as_str()))
    });
    let (message, consequence) = match needs_both {
        Some((_, flow)) => (
            format!(
                "`{}` needs both {} and {} for a promise of {promise}, which one region keeps better",
                flow.id, list[0], list[1]
            ),
            format!(
                "{} is lost, or the way to it, and `{}` is down although all of {} is well; on the other days it waits for the distance",
                list[1], flow.id, list[0]
            ),
        ),
        None => (
            format!(
                "{} are {} regions for a promise of {promise}, which one region keeps",
                list.join(" and "),
                regions.len()
            ),
            format!(
                "what is written in {} is not yet in {} when it is read there, and somebody decides at night which of them is right",
                list[0], list[1]
            ),
        ),
    };
    vec![
        Diagnostic::wrong(message, second.span, "one more region")
        .node(facts.id(at))
        .flows(flows)
        .evidence(format!(
            "the highest promise is {promise}: {} minutes a year",
            show_number((1.0 - most) * 365.0 * 24.0 * 60.0)
        ))
        .consequence(consequence)
        .fix(format!("one region, with `zones=3`; or what `{}` is for: `rto=`, a `p99` that distance breaks, or `decide \"two regions\" because …`", second.id)),
    ]
}

/// The regions that work every day in the flow that passes the most of them, each with the first application or database there.
fn regions<'d>(facts: &Facts<'d>) -> Vec<(&'d Place, NodeIndex)> {
    let mut most = Vec::new();
    for flow in &facts.design.flows {
        let mut found: Vec<(&Place, NodeIndex)> = Vec::new();
        for at in facts.design.steps_of(flow).iter().flat_map(|step| [step.from, step.to]) {
            let node = facts.node(at);
            let Some(region) = region(facts, at) else { continue };
            let works = node.kind.is_app() || node.kind == Kind::Database;
            if works && !found.iter().any(|(other, _)| other.id == region.id) {
                found.push((region, at));
            }
        }
        if found.len() > most.len() {
            most = found;
        }
    }
    most.sort_by_key(|(region, _)| region.span);
    most
}

/// The region around a node, unless it only stands by.
fn region<'d>(facts: &Facts<'d>, node: NodeIndex) -> Option<&'d Place> {
    let around: Vec<&Place> = facts.design.groups_around(node).take(64).collect();
    let spare = around.iter().any(|group| group.attrs.has("spare"));
    around.into_iter().find(|group| group.kind == GroupKind::Region).filter(|_| !spare)
}

fn has_reason(facts: &Facts) -> bool {
    let design = facts.design;
    let by_flow = design.flows.iter().any(|flow| {
        let quick =
            ["p50", "p99"].iter().any(|name| flow.attrs.number(name).value().is_some_and(|time| time <= FAR));
        quick || ["rto", "rpo", "staleness"].iter().any(|name| flow.attrs.has(name))
    });
    by_flow
        || facts.nodes(|_| true).any(|at| {
            let node = facts.node(at);
            let here = node.kind == Kind::Client
                && design.groups_around(at).take(64).any(|group| group.kind == GroupKind::Region);
            let kept = |data: &[String]| data.iter().any(|word| word != "public");
            let private = kept(node.attrs.words("data"))
                || node.tables.iter().any(|table| kept(table.attrs.words("data")));
            here || private || ["rto", "rpo"].iter().any(|name| node.attrs.has(name))
        })
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::Facts;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |east: &str, west: &str, flow: &str, more: &str, expected: &[&str]| {
            let text = format!(
                "client u\nregion east {{ service a\npostgres d {east} }}\nregion west {west} {{ service b\npostgres e }}\n{more}\n\
                 flow f {flow} {{ u -> a share=50% -> d\nu -> b share=50% -> e }}"
            );
            expect(&RULE, &text, expected);
        };
        case("", "", "availability=99.9%", "", &["wrong b"]);
        case("", "", "availability=99%", "", &["wrong b"]);
        case("", "", "availability=99.95%", "", &[]);
        case("", "", "", "", &[]);
        // A reason can be seen.
        case("", "spare", "availability=99.9%", "", &[]);
        case("", "", "availability=99.9% p99=100ms", "", &[]);
        case("", "", "availability=99.9% p99=2s", "", &["wrong b"]);
        case("", "", "availability=99.9% rto=15min", "", &[]);
        case("data=pii", "", "availability=99.9%", "", &[]);
        // Two regions bring these with them.
        case("conflict=lww", "", "availability=99.9%", "", &["wrong b"]);
        case("consistency=eventual", "", "availability=99.9%", "", &["wrong b"]);
        case("", "", "availability=99.9%", "region south { client v }", &[]);
        let apart = "region south { service g }\nflow h { u -> g }";
        case("", "spare", "availability=99.9%", apart, &[]);
        let decided = "decide \"two regions\" because \"users in Asia wait 200 ms\"";
        case("", "", "availability=99.9%", decided, &[]);
    }

    #[test]
    fn one_behind_the_other() {
        let text = "client u\nregion east { service a\npostgres d }\nregion west { service b\npostgres e }\nflow f availability=99.9% { u -> a -> d\na -> b -> e }";
        expect(&RULE, text, &["wrong b"]);
        let found = crate::rules::run(&RULE, &Facts::new(&crate::rules::testing::design(text)));
        assert!(found[0].message.starts_with("`f` needs both `east` and `west`"), "{}", found[0].message);
    }

    #[test]
    fn one_region_is_enough() {
        let text = "client u\nregion east zones=3 { service a\npostgres d }\nflow f availability=99.9% { u -> a -> d }";
        expect(&RULE, text, &[]);
    }
}
