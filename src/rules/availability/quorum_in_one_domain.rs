use std::collections::{BTreeMap, HashSet};

use petgraph::graph::NodeIndex;

use crate::design::Arrow;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::facts::{majority_of, voters};
use crate::rules::{Confidence, Facts, Group, Outage, Page, Rule};

pub static RULE: Rule = Rule {
    id: "quorum-in-one-domain",
    severity: Severity::Warning,
    confidence: Confidence::High,
    grave: false,
    group: Group::Availability,
    summary: "a majority of the voters falls together: the others cannot decide without it",
    question: None,
    reads: &["copies", "fate", "needs", "quorum", "replication", "shards"],
    page: Page {
        checks: "Where the members stand that decide by majority, by zone and by `fate`.",
        when: "Three members or more decide by majority (etcd, ZooKeeper, Consul, a `lock` of no stated technology, `quorum` of more than half, \
               `replication=quorum` with `copies`), they stand in two zones or more that are named, as evenly as can be (`x5 @a,b,c` is 2, 2 and 1), and \
               without the fullest zone fewer than a majority (or than `quorum`) is left. All in a single zone are judged here only where they are \
               no store and no flow calls them; else that is `spof-zone`. Members drawn as several nodes, of fewer than three instances each and of one technology, to which one and the same node has calls, messages or `..> needs`, \
               are counted together, also by the `fate` that they name; what only observes or deploys them joins nothing. Managed ones are left alone, and even numbers, which are `quorum-of-two`.",
        why: "Three members in two buildings are two in one of them. When that one goes, the single member that is left is healthy, \
              reachable, and not allowed to decide anything.",
        outage: Some(Outage {
            name: "PagerDuty, 2013",
            what: "two of the three data centers behind a quorum shared one peering point, and failed together",
            link: "https://www.pagerduty.com/blog/outage-post-mortem-april-13-2013/",
        }),
        bad: "service api x3\nregion eu zones=2 {\n  etcd leases x3\n}\napi ..> leases needs cached=5min\n",
        good: "service api x3\nregion eu zones=3 {\n  etcd leases x3\n}\napi ..> leases needs cached=5min\n",
        ignore: "There are two sites and no third to be had, and somebody is woken to let the smaller half go on.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for index in facts.design.graph.node_indices() {
        let node = facts.node(index);
        let Some(count) = voters(node).filter(|count| count % 2 == 1 && *count >= 3) else { continue };
        let zones = node.zones.len() as u64;
        let called = node.kind.is_store() || facts.flows_needing(index).next().is_some();
        if node.is_managed() || zones == 0 || (zones == 1 && called) {
            continue;
        }
        let needed = majority_of(node, count);
        let fullest = count.div_ceil(zones);
        if count - fullest < needed {
            let zone = node.zones[0].rsplit('/').next().unwrap_or_default();
            found.push(finding(facts, &[index], &format!("zone `{zone}`"), fullest, count, needed));
        }
    }
    for (members, fate, inside) in together(facts) {
        let count: u64 = members.iter().map(|&member| facts.node(member).instances).sum();
        let needed = count / 2 + 1;
        if count >= 3 && count % 2 == 1 && inside < count && count - inside < needed {
            found.push(finding(facts, &members, &fate, inside, count, needed));
        }
    }
    found
}

/// Members drawn as several nodes: all of one technology that somebody has hops to, with how many of them name each
/// failure domain.
fn together(facts: &Facts) -> Vec<(Vec<NodeIndex>, String, u64)> {
    let mut ensembles: Vec<Vec<NodeIndex>> = Vec::new();
    let mut known = HashSet::new();
    for user in facts.design.graph.node_indices() {
        let mut by_technology: BTreeMap<&str, Vec<NodeIndex>> = BTreeMap::new();
        for (member, hop) in facts.hops_from(user) {
            let node = facts.node(member);
            let uses = hop.arrow != Arrow::Control
                || hop.steps.iter().any(|&step| facts.design.steps[step].attrs.has("needs"));
            // Three of its own are a cluster, not a member.
            let member_only = uses && node.instances < 3;
            if let Some(tech) = node.tech.filter(|tech| member_only && tech.votes && voters(node).is_some()) {
                let members = by_technology.entry(tech.id.as_str()).or_default();
                if !members.contains(&member) {
                    members.push(member);
                }
            }
        }
        for mut members in by_technology.into_values().filter(|members| members.len() > 1) {
            members.sort_unstable();
            if known.insert(members.clone()) {
                ensembles.push(members);
            }
        }
    }
    let mut together = Vec::new();
    for members in ensembles {
        let mut domains: BTreeMap<String, u64> = BTreeMap::new();
        for &member in &members {
            let node = facts.node(member);
            let fates = node.attrs.words("fate").iter().map(|fate| format!("`{fate}`"));
            let zone = node.zones.first().filter(|_| node.zones.len() == 1 && facts.is_in_zone_block(member));
            for domain in
                fates.chain(zone.map(|zone| format!("zone `{}`", zone.rsplit('/').next().unwrap_or(zone))))
            {
                *domains.entry(domain).or_default() += node.instances;
            }
        }
        if let Some((domain, inside)) = domains.into_iter().max_by_key(|(_, inside)| *inside) {
            together.push((members, domain, inside));
        }
    }
    together
}

fn finding(
    facts: &Facts,
    members: &[NodeIndex],
    domain: &str,
    inside: u64,
    count: u64,
    needed: u64,
) -> Diagnostic {
    let names = facts.names(members);
    let fate = domain.trim_matches('`');
    let falls = |member: NodeIndex| {
        let node = facts.node(member);
        members.len() == 1
            || node.attrs.words("fate").iter().any(|name| name == fate)
            || domain.starts_with("zone")
    };
    let first = members.iter().copied().find(|&member| falls(member)).unwrap_or(members[0]);
    let left = count - inside;
    let [decide, stop] = if members.len() == 1 { ["decides", "stops"] } else { ["decide", "stop"] };
    let mut finding = Diagnostic::wrong(
        format!(
            "{names} {stop} when {domain} does: {inside} of {count} members fall with it, and {needed} must agree"
        ),
        facts.node(first).span,
        format!("{inside} of {count} in {domain}"),
    );
    let mut flows: Vec<_> = Vec::new();
    for &member in members {
        finding = finding.node(facts.id(member));
        flows.extend(facts.flows_needing(member).map(|flow| flow.id.clone()));
    }
    flows.dedup();
    // Those that fall with it, after the first.
    for &member in members.iter().filter(|&&member| falls(member)).skip(1) {
        finding = finding.label(facts.node(member).span, format!("in {domain} too"));
    }
    let is_left = if left == 1 { "1 is".to_string() } else { format!("{left} are") };
    finding
        .flows(flows)
        .evidence(format!("{count} - {inside} = {left} left, a majority of {count} is {needed}"))
        .consequence(format!(
            "{domain} fails; {is_left} left, healthy and without a majority, and {names} {decide} nothing until it is back"
        ))
        .fix(match domain.starts_with("zone") {
            true => "`zones=3` around them, so that no zone holds a majority; a member without data is enough at the third place".to_string(),
            false => format!("another `fate` for one of those that name {domain}, so that what it stands for takes a minority at most"),
        })
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |text: &str, expected: &[&str]| expect(&RULE, text, expected);
        case("region r zones=2 { etcd e x3 }", &["wrong e"]);
        case("region r zones=2 { zookeeper e x5 }", &["wrong e"]);
        case("region r zones=3 { consul e x3 @a,b }", &["wrong e"]);
        case("zone z { etcd e x3 }\nzone y { mongodb d x3 }", &["wrong e"]);
        case("region r zones=2 { cassandra d x8 copies=3 replication=quorum }", &["wrong d"]);
        case("region r zones=3 { etcd e x3; etcd f x5; cassandra d x9 copies=3 replication=quorum }", &[]);
        case("etcd e x3", &[]);
        case("region r zones=2 { etcd e x3 managed; postgres d x3; kafka k x3; redis c x3 }", &[]);
        // All in one zone and called by a flow, or even: other rules' matter.
        case("client u\nservice a\nzone z { etcd e x3 }\nflow f { u -> a -> e }", &[]);
        case("region r zones=2 { etcd e x4 }", &[]);
        // A write asks for fewer than half: one zone is enough.
        case("region r zones=2 { cassandra d x6 copies=3 quorum=1 }", &[]);
        // Drawn one by one.
        let each = "service a\netcd c fate=p\netcd d fate=p\netcd e\n";
        case(&format!("{each}a ..> c, d, e needs"), &["wrong c, d, e"]);
        case(&each.replace("etcd d fate=p", "etcd d"), &[]);
        case(each, &[]);
        case(&format!("{each}a ..> c, d, e observes"), &[]);
        // Three clusters, each of which decides alone.
        let clusters = "service a\netcd c x3 fate=p\netcd d x3 fate=p\netcd e x3\na ..> c, d, e needs";
        case(clusters, &[]);
        case("region r zones=3 { etcd e x5 @a,b,c }", &[]);
        case("service a\nzone z { etcd c; etcd d }\netcd e\na -> c, d, e", &["wrong c, d, e"]);
        case("service a\nregion r zones=3 { etcd c; etcd d }\netcd e\na -> c, d, e", &[]);
    }
}
