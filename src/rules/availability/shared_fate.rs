use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::GroupKind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::facts::Pair;
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
                 kind and technology behind one load balancer, gateway, CDN or DNS (each in its own region or zone, or behind a load balancer or DNS, in the same flows and going on to the same).",
        when: "All of them name the same `fate`; or a replica stands in the same `zone` block as its primary, in a design with several; or the \
               stand-in depends on what it stands in for; or both depend, by calls or `..> needs` that they cannot do without, on one and the \
               same external or single instance that no flow needs otherwise (else that is its own single point of failure).",
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
    let several_zones = facts.design.groups.iter().filter(|group| group.kind == GroupKind::Zone).count() > 1;
    for pair in &pairs {
        found.extend(
            tie(facts, pair, several_zones)
                .map(|tie| together(facts, &[pair.standby, pair.first], pair, tie)),
        );
    }
    for twins in facts.twins() {
        let known = |pair: &Pair| twins.contains(&pair.first) && twins.contains(&pair.standby);
        let fates = facts.node(twins[0]).attrs.words("fate").iter();
        let fate = fates
            .into_iter()
            .find(|fate| twins.iter().all(|&twin| facts.node(twin).attrs.words("fate").contains(fate)));
        if let Some(fate) = fate.filter(|_| !pairs.iter().any(known)) {
            let pair =
                Pair { first: twins[0], standby: twins[1], by_share: true, span: facts.node(twins[0]).span };
            found.push(together(facts, &twins, &pair, Tie::fate(facts, &twins, fate)));
        }
    }
    found
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

fn tie(facts: &Facts, pair: &Pair, several_zones: bool) -> Option<Tie> {
    let Pair { first, standby, .. } = *pair;
    let [one, other] = [first, standby].map(|node| facts.node(node));
    let fates = other.attrs.words("fate");
    if let Some(fate) = one.attrs.words("fate").iter().find(|fate| fates.contains(fate)) {
        return Some(Tie::fate(facts, &[standby, first], fate));
    }
    if other.attrs.has("replica_of") {
        let zone = facts.common_fate(first, standby).filter(|_| several_zones)?;
        let evidence =
            format!("{} and {} both stand in `{zone}`, and there are other zones", one.name(), other.name());
        return Some(Tie { name: format!("zone `{zone}`"), evidence, node: None });
    }
    let [of_first, of_standby] = [first, standby].map(|node| facts.depends_on(node));
    if of_standby.reaches(first) {
        let evidence = format!("{}: each depends on the next", facts.show_way(&of_standby.way_to(first)));
        return Some(Tie { name: one.name(), evidence, node: None });
    }
    let alone = |node: &NodeIndex| {
        let weak = facts.node(*node).kind == Kind::External || !facts.node(*node).is_redundant();
        weak && facts.flows_needing(*node).next().is_none()
    };
    let common = of_standby.reached.iter().find(|node| of_first.reaches(**node) && alone(node))?;
    let ways = [&of_first, &of_standby].map(|of| facts.show_way(&of.way_to(*common)));
    Some(Tie { name: facts.node(*common).name(), evidence: ways.join(", and "), node: Some(*common) })
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
    let mut flows: Vec<String> = Vec::new();
    for flow in all.iter().flat_map(|&member| facts.flows_needing(member)) {
        if !flows.contains(&flow.id) {
            flows.push(flow.id.clone());
        }
    }
    finding
        .flows(flows)
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
