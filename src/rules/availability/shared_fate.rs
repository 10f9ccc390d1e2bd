use std::collections::HashMap;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::facts::{Pair, Spread};
use crate::rules::{Confidence, Facts, Group, Outage, Page, Rule};

pub static RULE: Rule = Rule {
    id: "shared-fate",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Availability,
    summary: "what should stand in for another falls with it",
    question: None,
    reads: &["fallback", "fate", "on", "replica_of", "share"],
    page: Page {
        checks: "Whatever stands in for something else, and what both of them depend on: replicas and their primaries, `fallback=ID`, hops \
                 `on=failover` and `on=error` beside a hop to the same kind, `spare` groups, alternatives by `share`, and twins of one \
                 kind and technology behind one load balancer, gateway, CDN or DNS (each in its own region or zone, or behind a load balancer or DNS, \
                 in the same flows and going on to the same). Where twins stand in regions or zones of their own, so do the services behind them: what each \
                 of them calls in its own place, one of a kind and technology there, in the same flows.",
        when: "All of them name the same `fate`; or a replica stands in the same `zone` block as its primary, in a design with several zones; or the \
               stand-in depends on what it stands in for; or both depend, by calls or `..> needs` that they cannot do without, on one and the \
               same external or single instance that no flow needs. (What a flow reaches only over a hop with a `fallback`, an `on=` or a `share` it does not need. What \
               it needs is a single point of failure of its own.) Silent as long as one is left: with several copies of one primary, several ways that \
               the same node takes after a failure, or several alternatives by `share`, one that does not fall with the others is enough.",
        why: "A copy protects against what hits one of two. One power feed, one image that updates itself, one peering point or one \
              provider behind both hits the two together, at the moment for which the second was paid.",
        outage: Some(Outage {
            name: "Datadog, 2023",
            what: "hosts of all regions and clouds ran the same system image with the same update window, and a large part of the compute was lost everywhere",
            link: "https://www.datadoghq.com/blog/2023-03-08-multiregion-infrastructure-connectivity-issue/",
        }),
        bad: "client web\nlb front managed\nservice api x3\npostgres store x2 failover=auto fate=feed-a\n\
              postgres copy x2 replica_of=store lag=1s fate=feed-a\nflow order { web -> front -> api -> store writes }\n",
        good: "client web\nlb front managed\nservice api x3\npostgres store x2 failover=auto fate=feed-a\n\
               postgres copy x2 replica_of=store lag=1s fate=feed-b\nflow order { web -> front -> api -> store writes }\n",
        ignore: "The second is there for load and not for failures.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let pairs = facts.pairs();
    for pairs in stand_ins(&pairs) {
        let ties: Option<Vec<Tie>> = pairs.iter().map(|pair| tie(facts, pair)).collect();
        // One that stays up is enough.
        for (pair, tie) in pairs.iter().zip(ties.into_iter().flatten()) {
            found.push(together(facts, &[pair.standby, pair.first], pair, tie));
        }
    }
    for (pair, ways) in alternatives(&pairs) {
        match ways.as_slice() {
            [_, _] => found.extend(
                tie(facts, &pair).map(|tie| together(facts, &[pair.standby, pair.first], &pair, tie)),
            ),
            _ => found.extend(tie_of_all(facts, &ways).map(|tie| together(facts, &ways, &pair, tie))),
        }
    }
    for twins in facts.twins() {
        let known = |pair: &Pair| twins.contains(&pair.first) && twins.contains(&pair.standby);
        if let Some(fate) = fate_of_all(facts, &twins).filter(|_| !pairs.iter().any(known)) {
            let [first, standby] = [twins[0], twins[1]];
            let pair = Pair { first, standby, by_share: true, by: None, span: facts.node(first).span };
            found.push(together(facts, &twins, &pair, Tie::fate(facts, &twins, fate)));
        }
    }
    found
}

/// What stands in for one and the same, for whoever goes there: all copies of a primary, all ways after a failure.
fn stand_ins(pairs: &[Pair]) -> Vec<Vec<Pair>> {
    let mut all: Vec<Vec<Pair>> = Vec::new();
    let mut known: HashMap<(NodeIndex, Option<NodeIndex>), usize> = HashMap::new();
    for pair in pairs.iter().filter(|pair| !pair.by_share) {
        let at = *known.entry((pair.first, pair.by)).or_insert(all.len());
        match all.get_mut(at) {
            Some(pairs) => pairs.push(*pair),
            None => all.push(vec![*pair]),
        }
    }
    all
}

/// The ways by `share` of one caller, with the first two of them as a pair.
fn alternatives(pairs: &[Pair]) -> Vec<(Pair, Vec<NodeIndex>)> {
    let mut all: Vec<(Pair, Vec<NodeIndex>)> = Vec::new();
    let mut of_caller: HashMap<Option<NodeIndex>, Vec<usize>> = HashMap::new();
    for pair in pairs.iter().filter(|pair| pair.by_share) {
        let known = of_caller.entry(pair.by).or_default();
        let ends = [pair.first, pair.standby];
        match known.iter().find(|&&at| ends.iter().any(|end| all[at].1.contains(end))) {
            Some(&at) => {
                let new: Vec<NodeIndex> = ends.into_iter().filter(|end| !all[at].1.contains(end)).collect();
                all[at].1.extend(new);
            }
            None => {
                known.push(all.len());
                all.push((*pair, ends.to_vec()));
            }
        }
    }
    all
}

fn fate_of_all<'f>(facts: &'f Facts, all: &[NodeIndex]) -> Option<&'f String> {
    let mut fates = facts.node(all[0]).attrs.words("fate").iter();
    fates.find(|fate| all.iter().all(|&node| facts.node(node).attrs.words("fate").contains(fate)))
}

/// What both fall with.
struct Tie {
    name: String,
    evidence: String,
    /// A node, where it is one.
    node: Option<NodeIndex>,
}

impl Tie {
    fn fate(facts: &Facts, all: &[NodeIndex], fate: &str) -> Tie {
        let evidence = format!("{} all name `{fate}`: what falls with it falls at once", facts.names(all));
        Tie {
            name: format!("`{fate}`"),
            evidence: evidence.replace("all name", if all.len() == 2 { "both name" } else { "all name" }),
            node: None,
        }
    }
}

fn tie(facts: &Facts, pair: &Pair) -> Option<Tie> {
    let Pair { first, standby, .. } = *pair;
    let [one, other] = [first, standby].map(|node| facts.node(node));
    if let Some(fate) = fate_of_all(facts, &[first, standby]) {
        return Some(Tie::fate(facts, &[standby, first], fate));
    }
    if other.attrs.has("replica_of") {
        let zone = facts.common_fate(first, standby)?;
        let evidence =
            format!("{} and {} both stand in `{zone}`, and there are other zones", one.name(), other.name());
        return Some(Tie { name: format!("zone `{zone}`"), evidence, node: None });
    }
    let of_standby = facts.depends_on(standby);
    if of_standby.reaches(first) {
        let evidence = format!("{}: each depends on the next", facts.show_way(&of_standby.way_to(first)));
        return Some(Tie { name: one.name(), evidence, node: None });
    }
    tie_of_all(facts, &[first, standby])
}

/// A fate that all of them name, or one thing that none of them works without.
fn tie_of_all(facts: &Facts, all: &[NodeIndex]) -> Option<Tie> {
    if let Some(fate) = fate_of_all(facts, all) {
        return Some(Tie::fate(facts, all, fate));
    }
    let alone = |node: &NodeIndex| {
        let weak = facts.node(*node).kind == Kind::External || !facts.node(*node).is_redundant();
        weak && facts.flows_needing(*node).next().is_none()
    };
    let depend: Vec<Spread> = all.iter().map(|&node| facts.depends_on(node)).collect();
    let by_all = |node: &&NodeIndex| depend.iter().all(|of| of.reaches(**node));
    let common = *depend.last()?.reached.iter().filter(by_all).find(|node| alone(node))?;
    let ways: Vec<String> = depend.iter().take(3).map(|of| facts.show_way(&of.way_to(common))).collect();
    Some(Tie { name: facts.node(common).name(), evidence: ways.join(", and "), node: Some(common) })
}

fn together(facts: &Facts, all: &[NodeIndex], pair: &Pair, tie: Tie) -> Diagnostic {
    let Tie { name, evidence, node } = tie;
    let names = facts.names(all);
    let [first, standby] = [facts.node(pair.first).name(), facts.node(pair.standby).name()];
    let all_of_them = if all.len() == 2 { "both" } else { "all of them" };
    let message = if all.len() > 2 || all[0] == pair.first {
        format!("{names} stand in for each other, and {all_of_them} fall with {name}")
    } else if name == first {
        format!("{standby} stands in for {first}, and works only while {first} does")
    } else {
        format!("{standby} stands in for {first}, and falls with it when {name} does")
    };
    let mut finding = Diagnostic::wrong(message, pair.span, format!("falls with {name} too"));
    for &member in all.iter().take(8) {
        finding = finding.node(facts.id(member));
        if facts.node(member).span != pair.span {
            finding = finding.label(facts.node(member).span, format!("falls with {name}"));
        }
    }
    if let Some(node) = node {
        finding = finding.node(facts.id(node));
    }
    let stopped = facts.flows_stopped_without(all);
    finding
        .flows(stopped.iter().map(|flow| flow.id.clone()))
        .evidence(evidence)
        .consequence(format!("{name} fails, {first} with it, everything turns to {standby}, and that is down for the same reason"))
        .fix(match node {
            Some(_) => format!("a {standby} that does not need {name}, or several instances of {name}"),
            None if name == first => format!("a {standby} that works without {first}"),
            None => format!("another `fate` or zone for {standby}, so that {name} takes one of the two at most"),
        })
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |text: &str, expected: &[&str]| expect(&RULE, text, expected);
        case("postgres d fate=p\npostgres e replica_of=d fate=[q, p]", &["wrong e, d"]);
        case("postgres d fate=p\npostgres e replica_of=d fate=q", &[]);
        case("zone x { postgres d; postgres e replica_of=d }\nzone y { service a }", &["wrong e, d"]);
        case("zone x { postgres d }\nzone y { postgres e replica_of=d }", &[]);
        // One zone is all there is; or none is named.
        case("zone x { postgres d; postgres e replica_of=d }", &[]);
        case("region r zones=3 { postgres d x2; postgres e replica_of=d }", &[]);
        // Twins behind one door.
        let two = |one: &str, other: &str| {
            format!(
                "client u\ndns n\nregion e {{ lb l x2 {one} }}\nregion w {{ lb m x2 {other} }}\nflow f {{ u -> n -> l, m }}"
            )
        };
        case(&two("fate=image", "fate=image"), &["wrong l, m"]);
        case(&two("fate=image", ""), &[]);
        // The services behind twins that are gateways.
        let behind = |west: &str, east: &str| {
            format!(
                "client u\ndns n\nregion e {{ gateway g x2; service a x2 fate=[p, image] }}\n\
                 region w {{ gateway h x2; {west} }}\nflow f {{ u -> n -> g, h share=50%\ng -> a\n{east} }}"
            )
        };
        case(&behind("service b x2 fate=image", "h -> b"), &["wrong a, b"]);
        case(&behind("service b x2 fate=q", "h -> b"), &[]);
        // Which of two is its twin is not said; or they are there for different flows.
        case(&behind("service b x2 fate=image; service c x2 fate=image", "h -> b, c"), &[]);
        case(&behind("service b x2 fate=image", "} flow g { h -> b"), &[]);
        // Two services that a gateway sends to are not twins.
        case(
            "client u\ngateway g x2\nservice a fate=i\nservice b fate=i\npostgres d x2\nu -> g -> a, b\na -> d",
            &[],
        );
        case(
            "client u\nlb g x2\nservice a fate=i\nservice b fate=i\npostgres d x2\nu -> g -> a, b -> d",
            &["wrong a, b"],
        );
        // One node that shares something with another kind of node is no group.
        case("service a x3 fate=i\npostgres d x2 fate=i\na -> d", &[]);
    }

    #[test]
    fn one_that_is_left_is_enough() {
        let case = |text: &str, expected: &[&str]| expect(&RULE, text, expected);
        let copies = |fate: &str| {
            format!("postgres d fate=p\npostgres e replica_of=d fate=p\npostgres g replica_of=d {fate}")
        };
        case(&copies("fate=q"), &[]);
        case(&copies("fate=p"), &["wrong e, d", "wrong g, d"]);
        let ways = |fate: &str| {
            format!(
                "client u\nlb l x2\nservice a fate=p\nservice b fate=p\nservice c {fate}\n\
                 flow f {{ u -> l -> a, b share=30%\nl -> c share=40% }}"
            )
        };
        case(&ways("fate=q"), &[]);
        case(&ways("fate=p"), &["wrong a, b, c"]);
        let failover = |fate: &str| {
            format!(
                "client u\nlb l x2\nservice a fate=p\nservice b fate=p\nservice c {fate}\nflow f {{ u -> l -> a\nl -> b, c on=failover }}"
            )
        };
        case(&failover("fate=q"), &[]);
        case(&failover("fate=p"), &["wrong b, a", "wrong c, a"]);
    }

    #[test]
    fn what_both_depend_on() {
        let case = |hops: &str, expected: &[&str]| {
            let nodes = "client u\nservice a x2\nservice b x2\nservice c x2\nservice s\nservice t x2\nexternal e\nexternal g\n";
            expect(&RULE, &format!("{nodes}flow f {{\nu -> a\n{hops}\n}}"), expected);
        };
        case("a -> b fallback=c\nb -> s\nc -> s", &["wrong c, b, s"]);
        case("a -> b fallback=c\nb -> e\nc -> e", &["wrong c, b, e"]);
        case("a -> b\na -> c on=failover\nb -> t -> s\nc -> s", &[]);
        case("a -> b fallback=c\nb -> t\nc -> t", &[]);
        case("a -> b fallback=c\nb -> e\nc -> g", &[]);
        case("a -> b fallback=c\nc -> b", &["wrong c, b"]);
        case("a -> b fallback=stale\nb -> s", &[]);
    }
}
