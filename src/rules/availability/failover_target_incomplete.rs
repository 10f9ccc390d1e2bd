use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::facts::{Pair, Spread};
use crate::rules::{Confidence, Facts, Group, Page, Rule};

pub static RULE: Rule = Rule {
    id: "failover-target-incomplete",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Availability,
    summary: "the standby region or zone needs something that only the first one has",
    question: None,
    reads: &["fallback", "on", "optional", "replica_of", "spare"],
    page: Page {
        checks: "Services, gateways, load balancers and connection servers that take over in another region or zone (`on=failover`, or in a `spare` group), \
                 and what those that they take over from cannot do without.",
        when: "What takes over depends, by calls or `..> needs` that it cannot do without, on something drawn in the region or zone \
               that has failed, and on no replica of it. Or, as a warning: the first depends on a database, blob, warehouse, queue, topic or identity service in its own region or zone, \
               and what takes over depends on nothing of that kind, nor on a replica of it. Silent where either side is in no \
               region or zone, and where the standby has no hops drawn at all.",
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
    facts.pairs().iter().filter(stands_in).filter_map(|pair| lacks(facts, pair)).collect()
}

fn lacks(facts: &Facts, pair: &Pair) -> Option<Diagnostic> {
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
    if !left.is_empty() {
        return Some(finding(facts, pair, &left, &of_standby, true));
    }
    let kept = |kind: Kind| kind.is_durable() || kind.is_broker() || kind == Kind::Auth;
    let has_own = |node: NodeIndex| {
        let same = |&other: &NodeIndex| facts.node(other).kind == facts.node(node).kind;
        of_standby.reached.iter().any(same) || is_copied(node)
    };
    let mut missing: Vec<NodeIndex> = of_first.reached.iter().copied().filter(failed).collect();
    missing.retain(|&node| kept(facts.node(node).kind) && !has_own(node));
    let drawn = facts.hops_from(pair.standby).into_iter().next().is_some();
    (drawn && !missing.is_empty())
        .then(|| finding(facts, pair, &missing, &of_first, false).at_most(Severity::Warning))
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
        .fix(format!(
            "`replica_of={}` on a copy of its own in `{to}`, which {who} asks instead; `optional` on the hop if it can do without",
            facts.id(lacking[0])
        ))
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
        case("postgres c x2 replica_of=d", "b -> c", &["wrong b, q"]);
        case("postgres c x2 replica_of=d; sqs p", "b -> c, files\nb ~> p", &[]);
        case("postgres c x2 replica_of=d; sqs p", "b -> c\nb ~> p\nb -> d on=error", &[]);
        // It writes to the first as long as that is there.
        case("postgres c x2 replica_of=d; sqs p", "b -> c, d\nb ~> p", &[]);
        // Its insides are not drawn.
        case("", "", &[]);
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
        // Two that both work are no standby.
        expect(
            &RULE,
            "client u\nlb l managed\nregion e { service a x2; postgres d x2 }\nregion w { service b x2 }\nu -> l -> a, b -> d",
            &[],
        );
    }
}
