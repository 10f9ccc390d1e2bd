use std::collections::HashSet;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::Flow;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::facts::{Pair, Spread};
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "failover-target-incomplete",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Availability,
    summary: "the standby region or zone needs something that only the first one has",
    question: Some(Question {
        topic: "standby",
        text: "the first region is gone: what of all that it asks is there in the second?",
    }),
    reads: &["availability", "fallback", "on", "optional", "replica_of", "spare"],
    page: Page {
        checks: "Services, gateways, load balancers and connection servers that take over in another region or zone (`on=failover`, or in a `spare` group), \
                 and what those that they take over from cannot do without.",
        when: "What takes over depends, by calls or `..> needs` that it cannot do without, on something drawn in the region or zone \
               that has failed, and on no replica of it. Or, as a warning: the first depends on a database, blob, warehouse, queue, topic, identity service, registry, configuration or store of secrets in its own region or zone, \
               and what takes over depends on nothing of that kind, nor on a replica of it; a question (info) where that stands in a `spare` group and no hop of it is drawn at all. \
               Silent where either side is in no region or zone. Of two zones, what has several instances in the failed one only, and no replica, is left to `spof-zone` \
               where that speaks: where a flow that needs it promises more than 99 %, or nothing.",
        why: "The standby answers its health check, so it is believed. What it lacks is the least obvious part of the first: found on the \
              day on which traffic arrives, when there is nowhere to copy it from.",
        outage: None,
        bad: "client web\ndns names managed failover=auto\nregion east {\n  service api x3\n  postgres store x2 failover=auto\n}\n\
              region west spare {\n  service api-west x3\n}\nflow order { web -> names -> api -> store writes }\n\
              names -> api-west -> store\n",
        good: "client web\ndns names managed failover=auto\nregion east {\n  service api x3\n  postgres store x2 failover=auto\n}\n\
               region west spare {\n  service api-west x3\n  postgres copy x2 replica_of=store\n}\nflow order { web -> names -> api -> store writes }\n\
               names -> api-west -> copy\n",
        ignore: "The standby is meant to do less: say what with `optional` on its hops.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let stands_in = |pair: &&Pair| {
        let by_kind = |node| {
            matches!(
                facts.node(node).kind,
                Kind::Gateway | Kind::Lb | Kind::Service | Kind::Socket | Kind::Function
            )
        };
        let [here, there] = [facts.place(pair.first), facts.place(pair.standby)];
        !pair.by_share
            && by_kind(pair.first)
            && by_kind(pair.standby)
            && here.is_some()
            && there.is_some()
            && here != there
    };
    let copied: HashSet<&str> = facts
        .design
        .graph
        .node_weights()
        .flat_map(|node| node.attrs.words("replica_of"))
        .map(String::as_str)
        .collect();
    facts.pairs().iter().filter(stands_in).filter_map(|pair| lacks(facts, pair, &copied)).collect()
}

fn lacks(facts: &Facts, pair: &Pair, copied: &HashSet<&str>) -> Option<Diagnostic> {
    let [of_first, of_standby] = [pair.first, pair.standby].map(|node| facts.depends_on(node));
    let failed = |node: &NodeIndex| facts.place(*node) == facts.place(pair.first);
    // A copy that it asks as well takes the place of the first, once that is gone.
    let is_copied = |node: NodeIndex| {
        let copy =
            |&other: &NodeIndex| facts.node(other).attrs.words("replica_of").contains(&facts.node(node).id);
        of_standby.reached.iter().any(copy)
    };
    let mut left: Vec<NodeIndex> = of_standby.reached.iter().copied().filter(failed).collect();
    left.retain(|&node| !is_copied(node));
    left.retain(|&node| copied.contains(facts.id(node)) || !falls_with_its_zone(facts, node));
    if !left.is_empty() {
        return Some(finding(facts, pair, &left, &of_standby, true));
    }
    let kept = |kind: Kind| {
        let asked = matches!(kind, Kind::Auth | Kind::Config | Kind::Registry | Kind::Secrets);
        asked || kind.is_durable() || kind.is_broker()
    };
    let has_own = |node: NodeIndex| {
        let same = |&other: &NodeIndex| facts.node(other).kind == facts.node(node).kind;
        of_standby.reached.iter().any(same) || is_copied(node)
    };
    let mut missing: Vec<NodeIndex> = of_first.reached.iter().copied().filter(failed).collect();
    missing.retain(|&node| kept(facts.node(node).kind) && !has_own(node));
    if missing.is_empty() {
        return None;
    }
    if !facts.hops_from(pair.standby).is_empty() {
        return Some(finding(facts, pair, &missing, &of_first, false).at_most(Severity::Warning));
    }
    let spare = facts.design.groups_around(pair.standby).any(|group| group.attrs.has("spare"));
    spare.then(|| empty(facts, pair, &missing))
}

/// `spof-zone` says of it that the flow stops with the zone, whatever takes over.
fn falls_with_its_zone(facts: &Facts, index: NodeIndex) -> bool {
    let node = facts.node(index);
    let said = |flow: &&Flow| flow.attrs.number("availability").value().is_none_or(|share| share > 0.99);
    facts.is_in_zone_block(index)
        && node.instances >= 2
        && !node.is_managed()
        && facts.flows_relying_on(index).iter().any(said)
}

/// It is there to take over, and nothing says what it asks.
fn empty(facts: &Facts, pair: &Pair, missing: &[NodeIndex]) -> Diagnostic {
    let [first, standby] = [facts.node(pair.first), facts.node(pair.standby)];
    let to = facts.place(pair.standby).unwrap_or_default();
    let from = facts.place(pair.first).unwrap_or_default();
    let [who, whom, what] = [standby.name(), first.name(), facts.names(missing)];
    Diagnostic::unstated(
        format!("{who} takes over for {whom}, which needs {what}, and nothing says what {who} asks instead"),
        standby.span,
        "no hop leads on from here",
    )
    .at_most(Severity::Info)
    .question(format!("`{from}` is gone and {who} gets the traffic: what does it have instead of {what}?"))
    .node(&standby.id)
    .flows(facts.flows_needing(pair.first).map(|flow| flow.id.clone()))
    .evidence(format!("{what} in `{from}`, and no hop from {who} in `{to}`"))
    .consequence(format!(
        "`{from}` loses power, {who} starts, and what it has no copy of is missing in every answer"
    ))
    .fix(format!(
        "`{} -> …` to what it asks in `{to}`: {}",
        standby.id,
        own(facts, missing[0], &who, to)
    ))
}

/// What it should ask instead: a copy of data, another one of anything else.
fn own(facts: &Facts, node: NodeIndex, who: &str, to: &str) -> String {
    let node = facts.node(node);
    match node.kind.is_durable() {
        true => format!("`replica_of={}` on a copy of its own in `{to}`, which {who} asks instead", node.id),
        false => format!(
            "a `{}` of its own in `{to}`, which {who} asks instead of {}",
            node.kind.name(),
            node.name()
        ),
    }
}

fn finding(facts: &Facts, pair: &Pair, lacking: &[NodeIndex], way: &Spread, falls: bool) -> Diagnostic {
    let [first, standby] = [facts.node(pair.first), facts.node(pair.standby)];
    let [from, to] = [facts.place(pair.first), facts.place(pair.standby)].map(Option::unwrap_or_default);
    let [who, whom, what] = [standby.name(), first.name(), facts.names(lacking)];
    let stand = if lacking.len() == 1 { "stands" } else { "stand" };
    let message = if falls {
        format!("{who} takes over when `{from}` is down, and needs {what}, which {stand} in `{from}`")
    } else {
        format!("{who} takes over when `{from}` is down, without what {whom} has in {what}")
    };
    let mut finding =
        Diagnostic::wrong(message, pair.span, "taken when the other has failed").node(&standby.id);
    for &node in lacking.iter().take(8) {
        finding = finding.node(facts.id(node)).label(facts.node(node).span, format!("falls with `{from}`"));
    }
    let shown = facts.show_way(&way.way_to(lacking[0]));
    let flows = facts.flows_needing(pair.first).map(|flow| flow.id.clone());
    finding
        .flows(flows)
        .evidence(match falls {
            true => format!("{shown}: `{to}` calls into `{from}`"),
            false => format!("{shown} in `{from}`; in `{to}` nothing that {who} asks is of that kind"),
        })
        .consequence(format!("`{from}` loses power, traffic goes to `{to}`, and every request there that needs {what} fails as it did before"))
        .fix(format!("{}; `optional` on the hop if it can do without", own(facts, lacking[0], &who, to)))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |west: &str, hops: &str, expected: &[&str]| {
            let text = format!(
                "client u\nlb l managed\nregion e {{ service a x2; postgres d x2; sqs q; vault v x3 }}\nregion w spare {{ service b x2; {west} }}\n\
                 s3 files\nflow f {{ u -> l -> a -> d\na -> files\na ~> q }}\na ..> v needs\nl -> b\n{hops}"
            );
            expect(&RULE, &text, expected);
        };
        case("", "b -> d", &["wrong b, d"]);
        case("", "b ~> q", &["wrong b, q"]);
        case("postgres c x2 replica_of=d; sqs p", "b ..> v needs\nb -> c\nb ~> p", &["wrong b, v"]);
        // It lacks the queue.
        case("postgres c x2 replica_of=d; vault z x3", "b -> c\nb ..> z needs", &["wrong b, q"]);
        case("postgres c x2 replica_of=d; sqs p; vault z x3", "b -> c, files\nb ~> p\nb ..> z needs", &[]);
        case(
            "postgres c x2 replica_of=d; sqs p; vault z x3",
            "b -> c\nb ~> p\nb -> d on=error\nb ..> z needs",
            &[],
        );
        // It writes to the first as long as that is there.
        case("postgres c x2 replica_of=d; sqs p; vault z x3", "b -> c, d\nb ~> p\nb ..> z needs", &[]);
        // Nothing of it is drawn.
        case("", "", &["unstated b"]);
        // It keeps no secrets of its own, and has what holds them in the first.
        case("postgres c x2 replica_of=d; sqs p", "b -> c\nb ~> p", &["wrong b, v"]);
        case("postgres c x2 replica_of=d; sqs p; vault z x3", "b -> c\nb ~> p\nb ..> z needs", &[]);
    }

    #[test]
    fn on_failover() {
        let case = |to: &str, expected: &[&str]| {
            let text = format!(
                "client u\nlb l managed\nregion r {{ zone x {{ service a x2; postgres d }}\nzone y {{ service b x2; postgres e }} }}\n\
                 flow f {{ u -> l -> a -> d\nl -> b on=failover\nb -> {to} }}"
            );
            expect(&RULE, &text, expected);
        };
        case("d", &["wrong b, d"]);
        case("e", &[]);
        // All instances of it stand in the zone: that is said of the zone.
        let zones = |promise: &str| {
            format!(
                "client u\nlb l managed\nzone x {{ service a x2; postgres d x2 }}\nzone y {{ service b x2 }}\n                 flow f {promise} {{ u -> l -> a -> d\nl -> b on=failover\nb -> d }}"
            )
        };
        expect(&RULE, &zones(""), &[]);
        expect(&RULE, &zones("availability=99%"), &["wrong b, d"]);
        // Two that both work are no standby.
        expect(
            &RULE,
            "client u\nlb l managed\nregion e { service a x2; postgres d x2 }\nregion w { service b x2 }\nu -> l -> a, b -> d",
            &[],
        );
    }
}
