mod replicas;
mod shards;

use std::collections::HashMap;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::standby::standbys;
use crate::design::{Arrow, Flow, Node};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::facts::flow_names;
use crate::rules::{Confidence, Facts, Group, Outage, Page, Question, Rule};
use crate::units::show_duration;
use replicas::{is_primarys_matter, replicas};
use shards::{more_copies_than_machines, one_a_shard, single_shards};

pub static RULE: Rule = Rule {
    id: "spof-datastore",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: true,
    group: Group::Availability,
    summary: "a database on one machine takes down every flow that needs it",
    question: Some(Question {
        topic: "machines",
        text: "it keeps several copies of each row: on how many machines?",
    }),
    reads: &[
        "autoscale",
        "availability",
        "backup",
        "copies",
        "failover",
        "instances",
        "managed",
        "rate",
        "replica_of",
        "shards",
    ],
    page: Page {
        checks: "Databases, warehouses, file stores and search indexes with a single instance, and which flows stop when that instance does.",
        when: "A database, blob, warehouse or search index that is not managed has one instance (as drawn, without `xN` or \
               `copies=2` or more), and at least one flow needs it; in a design without flows, it is reached and called (search \
               indexes are looked at in flows alone). Also:\n\n\
               - A database with `shards` and no more instances than those, without `copies`, of a technology that does not fail over by itself.\n\
               - A replica of another store only where it is the single one (of flows that somebody waits for: a replica that only timers, workers and messages read does not count beside it) and a flow needs it that does not go to the primary at all; otherwise it is its primary's matter.\n\
               - Silent where a copy takes over by itself that is drawn as a node of its own (a database with `replica_of`): `failover=auto` stands on the primary, or on that copy.\n\
               - Silent where it is a file in the process of its only caller, which has one instance (SQLite): the two are one machine, of which `spof-compute` speaks.\n\
               - A question where it is not managed and states more `copies` than it has \
               instances, and no other node of its technology states as many (one cluster, drawn in parts): several copies on one machine are one.\n\
               - A warning for search indexes and replicas, which can be built again; and for stores \
               of which each flow that needs them promises 99 % or less, or has 10 requests a second or fewer and promises \
               nothing while the store has a `backup`.",
        why: "A disk, a host, a kernel upgrade or a zone fails a few times a year. With one instance each of these is an outage \
              that lasts until someone has restored a backup, and what was written since that backup is gone.",
        outage: Some(Outage {
            name: "Stack Exchange, 2017",
            what: "a fault in the primary database server put the sites into read-only mode and eventually took them down",
            link: "http://web.archive.org/web/20170130231315/https://stackstatus.net/post/156407746074/outage-postmortem-january-24-2017",
        }),
        bad: "client web\nlb front managed\nservice api x3\npostgres store\n\
              flow order { web -> front -> api -> store writes }\n",
        good: "client web\nlb front managed\nservice api x3\npostgres store x2 failover=auto\n\
               flow order { web -> front -> api -> store writes }\n",
        ignore: "A prototype, or data that may be gone for a day: say so with `allow spof-datastore on ID because \"…\"`.",
    },
    check,
};

/// What nodes have in common that may be parts of one cluster.
fn cluster(node: &Node) -> (Kind, Option<&'static str>, u64) {
    let copies = node.attrs.number("copies").value().unwrap_or(1.0);
    (node.kind, node.tech.map(|tech| tech.id.as_str()), copies as u64)
}

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let replicas = replicas(facts);
    let standbys = standbys(facts.design);
    let stores: Vec<NodeIndex> = facts.nodes(|kind| kind.is_durable() || kind == Kind::Search).collect();
    let mut clusters: HashMap<(Kind, Option<&str>, u64), usize> = HashMap::new();
    for &store in &stores {
        *clusters.entry(cluster(facts.node(store))).or_default() += 1;
    }
    for store in stores {
        let node = facts.node(store);
        // It fails with its caller's process, of which the other rule speaks as far as that matters.
        if facts.is_embedded(store)
            && let [only] = facts.callers(store).as_slice()
            && !(facts.node(*only).is_redundant() || facts.node(*only).attrs.has("autoscale"))
        {
            continue;
        }
        let copies = node.attrs.number("copies").value().unwrap_or(1.0);
        let rebuilt = node.kind == Kind::Search || node.attrs.has("replica_of");
        if let Some(shards) = single_shards(node)
            && !replicas.contains_key(node.id.as_str())
            && facts.is_reached(store)
        {
            found.extend(one_a_shard(facts, store, shards));
            continue;
        }
        // One cluster may be drawn in parts.
        let is_part = clusters.get(&cluster(node)).is_some_and(|&parts| parts > 1);
        if copies >= 2.0 && !is_part && facts.is_reached(store) {
            found.extend(more_copies_than_machines(facts, store, copies));
        }
        let taken_over = standbys.contains_key(&store);
        if node.is_redundant() || taken_over || copies >= 2.0 || !facts.is_reached(store) {
            continue;
        }
        let mut flows: Vec<_> = facts.flows_needing(store).collect();
        flows.retain(|flow| !is_primarys_matter(facts, node, flow, &replicas));
        if flows.is_empty() && rebuilt {
            continue;
        }
        // A design that draws flows says by them what matters; one that draws none is judged by its hops.
        let called = facts.hops_to(store).iter().any(|(_, hop)| hop.arrow == Arrow::Call);
        if flows.is_empty() && (!facts.design.flows.is_empty() || !called) {
            continue;
        }
        found.push(alone(facts, store, &flows, rebuilt));
    }
    found
}

/// One machine has it all: what stops with it, for how long, and what would stand in.
fn alone(facts: &Facts, store: NodeIndex, flows: &[&Flow], rebuilt: bool) -> Diagnostic {
    let node = facts.node(store);
    let name = node.name();
    let cut_off = facts.cut_off_by(store);
    let way = facts.show_way(&facts.way_to(store));
    let all = facts.design.flows.len();
    let mut finding = match flows {
        [] => Diagnostic::wrong(
            format!("everything that needs data stops when {name} does"),
            node.span,
            "one instance",
        )
        .evidence(format!("{way} has no way around")),
        [only] if all > 1 => {
            Diagnostic::wrong(format!("`{}` stops when {name} does", only.id), node.span, "one instance")
                .evidence(format!("{way}; no second copy answers"))
        }
        flows if flows.len() == all => {
            let all = match all {
                1 => "the only flow needs it".to_string(),
                2 => "both flows need it".to_string(),
                _ => format!("all {all} flows need it"),
            };
            Diagnostic::wrong(format!("everything stops when {name} does"), node.span, "one instance")
                .evidence(format!("{all}: {way} has no way around"))
        }
        flows => Diagnostic::wrong(
            format!("{} of {all} flows stop when {name} does", flows.len()),
            node.span,
            "one instance",
        )
        .evidence(format!("{way} has no way around")),
    };
    let users: Vec<_> = flows.iter().copied().filter(|flow| !facts.is_background(flow)).collect();
    let promised_little = |flow: &&Flow| {
        let promised = flow.attrs.number("availability").value();
        promised.is_some_and(|share| share <= 0.99) || (node.attrs.has("backup") && facts.is_small(flow))
    };
    if rebuilt || (!users.is_empty() && users.iter().all(promised_little)) {
        finding = finding.at_most(Severity::Warning);
    }
    if !cut_off.is_empty() {
        finding = finding.evidence(format!("it also cuts off {}", facts.names(&cut_off)));
    }
    for flow in flows {
        if let Some(setting) = flow.attrs.get("availability")
            && let Some(promised) = flow.attrs.number("availability").value()
        {
            let allowed = show_duration((1.0 - promised) * 365.0 * 86_400.0 / 12.0);
            finding = finding.label(setting.span, format!("allows {allowed} a month"));
            break;
        }
    }
    let restore = match node.attrs.number("backup").value() {
        _ if rebuilt => "until it is back, or filled again from its source".to_string(),
        Some(interval) => {
            format!("until someone restores a backup up to {} old", show_duration(interval))
        }
        None if node.attrs.number("backup").is_no() => "for good: there is no backup".to_string(),
        None => "until someone restores a backup, if there is one".to_string(),
    };
    let down = match flows {
        [] => "all that reads or writes it is".to_string(),
        [only] => format!("`{}` is", only.id),
        flows => format!("{} are", flow_names(flows)),
    };
    let vendors = match node.kind {
        Kind::Blob => "a managed object store",
        Kind::Warehouse => "a managed warehouse",
        Kind::Search => "a managed search service",
        _ => "a managed database",
    };
    finding
        .node(&node.id)
        .flows(flows.iter().map(|flow| flow.id.clone()))
        .consequence(format!("a disk or host fails, and {down} down {restore}"))
        .mends((!facts.is_embedded(store)).then(|| {
            let votes = node.tech.is_some_and(|tech| tech.votes);
            Mend::instances(&node.id, if votes { 3 } else { 2 }).and_node(&node.id, "failover=auto")
        }))
        .fix(format!("`x2` or more with `failover=auto` on {name}, in more than one zone; or {vendors}"))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::diagnostic::Severity;
    use crate::rules::Facts;
    use crate::rules::testing::{design, expect};

    #[test]
    fn cases() {
        let expect = |text: &str, expected: &[&str]| expect(&RULE, text, expected);
        expect("client u\nservice a x2\npostgres d\nu -> a -> d", &["wrong d"]);
        expect("client u\nservice a x2\npostgres d x2\nu -> a -> d", &[]);
        expect("client u\nservice a x2\ndynamodb d\nu -> a -> d", &[]);
        expect("client u\nservice a x2\npostgres d managed\nu -> a -> d", &[]);
        // A file on its caller's machine goes with that machine.
        expect("client u\nservice a\nsqlite d\nu -> a -> d", &[]);
        expect("client u\nservice a\nsqlite d\nflow f availability=99% { u -> a -> d }", &[]);
        expect("client u\nservice a x2\nsqlite d\nflow f { u -> a -> d }", &["wrong d"]);
        expect("client u\nservice a\nservice b\nsqlite d\nu -> a, b -> d", &["wrong d"]);
        // Only a worker behind a queue writes it: no flow waits for it.
        expect(
            "client u\nservice a x2\nsqs q\nworker w x2\nclickhouse d\n\
             flow f { u -> a ~> q ~> w -> d writes }",
            &[],
        );
        // Optional, or with a fallback: the flow goes on.
        expect("client u\nservice a x2\npostgres d\nflow f { u -> a -> d reads optional }", &[]);
        // Few requests, and a backup to come back with: a warning, tested below; without one, data is lost.
        expect("client u\nservice a\npostgres d backup=1d\nflow f rate=1/s { u -> a -> d }", &["wrong d"]);
        // Copies on one machine, or the machines were forgotten: asked, not accused.
        expect(
            "client u\nservice a x2\ncassandra d copies=3\nflow f { u -> a -> d writes }",
            &["unstated d"],
        );
        expect(
            "client u\nservice a x2\ncassandra d x2 copies=3\nflow f { u -> a -> d writes }",
            &["unstated d"],
        );
        expect("client u\nservice a x2\ncassandra d x3 copies=3\nflow f { u -> a -> d writes }", &[]);
        let parts = "cassandra d x2 copies=3\ncassandra e x2 copies=3";
        expect(
            &format!("client u\nservice a x2\n{parts}\nflow f {{ u -> a -> d writes\na -> e writes }}"),
            &[],
        );
        expect("client u\nservice a x2\ncassandra d managed copies=3\nflow f { u -> a -> d writes }", &[]);
        expect("client u\nservice a x2\ncassandra d copies=3\nflow f rate=1/s { u -> a -> d writes }", &[]);
        // A search index that a flow needs.
        expect("client u\nservice a x2\nelasticsearch d\nflow f { u -> a -> d reads }", &["wrong d"]);
        expect("client u\nservice a x2\nelasticsearch d\nflow f { u -> a -> d reads optional }", &[]);
        expect("client u\nservice a x2\nelasticsearch d x2\nflow f { u -> a -> d reads }", &[]);
        expect("client u\nservice a x2\nelasticsearch d\nu -> a -> d", &[]);
        // The only replica that a flow reads, and nothing else.
        let replica = |more: &str, reads: &str| {
            format!(
                "client u\nservice a x2\npostgres d x2\npostgres r replica_of=d\n{more}flow f {{ u -> a -> d writes }}\nflow g {{ u -> a -> r reads{reads} }}"
            )
        };
        expect(&replica("", ""), &["wrong r"]);
        expect(&replica("", " fallback=d"), &[]);
        expect(&replica("", "\na -> d reads on=failover"), &[]);
        expect(&replica("postgres s replica_of=d\n", ""), &[]);
        // What the night's report reads stands in for nobody, and nobody waits for it.
        let report = "postgres s replica_of=d\nscheduler t\nworker w\nflow h { t -> w -> s reads }\n";
        expect(&replica(report, ""), &["wrong r"]);
        // Nothing leads there.
        expect("client u\nservice a x2\npostgres d\nu -> a", &[]);
        // A copy drawn as a node of its own takes over, where something says so.
        let standby = |first: &str, copy: &str| {
            format!(
                "client u\nservice a x2\npostgres d {first}\npostgres r replica_of=d {copy}\nflow f {{ u -> a -> d }}"
            )
        };
        expect(&standby("failover=auto", ""), &[]);
        expect(&standby("", "failover=auto"), &[]);
        expect(&standby("failover=manual", ""), &["wrong d"]);
        expect(&standby("", ""), &["wrong d"]);
        expect("client u\nservice a x2\npostgres d failover=auto\nflow f { u -> a -> d }", &["wrong d"]);
        // A replica beside its primary is the primary's matter.
        expect(
            "client u\nservice a x2\npostgres d x2\npostgres r replica_of=d\n\
             flow f { u -> a -> d writes\na -> r reads }",
            &[],
        );
    }

    #[test]
    fn a_small_system_with_a_backup_is_warned() {
        let severity = |store: &str, flow: &str| {
            let text = format!("client u\nservice a\npostgres d {store}\nflow f {flow} {{ u -> a -> d }}");
            crate::rules::run(&RULE, &Facts::new(&design(&text)))[0].severity
        };
        assert_eq!(severity("backup=1d", "rate=5/s"), Severity::Warning);
        assert_eq!(severity("", "rate=5/s"), Severity::Error);
        assert_eq!(severity("backup=none", "rate=5/s"), Severity::Error);
        assert_eq!(severity("backup=1d", "rate=5/s availability=99.9%"), Severity::Error);
        assert_eq!(severity("backup=1d", "rate=500/s"), Severity::Error);
        assert_eq!(severity("backup=1d", ""), Severity::Error);
        // What a timer starts has no users.
        let timer =
            "rate=5/s { u -> a -> d }\nscheduler t\nworker w\nflow g { t -> w -> d }\nflow h rate=1/s";
        assert_eq!(severity("backup=1d", timer), Severity::Warning);
        assert_eq!(severity("", "rate=500/s availability=99%"), Severity::Warning);
        assert_eq!(severity("", "rate=500/s availability=99.5%"), Severity::Error);
    }
}
