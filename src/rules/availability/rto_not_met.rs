use std::collections::HashMap;

use petgraph::graph::NodeIndex;

use crate::design::{Setting, Table};
use crate::diagnostic::{Diagnostic, Severity, Verdict};
use crate::rules::{Confidence, Facts, Group, Outage, Page, Rule};
use crate::units::{show_duration, show_number};

pub static RULE: Rule = Rule {
    id: "rto-not-met",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Availability,
    summary: "the backup takes longer to come back than the design promises to be down",
    question: None,
    reads: &["backup", "failover", "on", "restore", "rows", "rto", "shards", "size", "spare", "replica_of"],
    page: Page {
        checks: "What a store keeps (`rows` × `size` of its tables) over the speed of its `restore`, against the time in which it must be back (`rto`).",
        when: "A database, warehouse or blob has a `backup`, it or a flow that needs it states an `rto`, all of its tables state `rows` and `size`, and \
               their sum over the speed of `restore` takes longer; with `shards` all of them are read at once, each at that speed. \
               Silent where a replica (`replica_of`) in another region or zone can take over, sooner than any backup is read: it says `failover`, \
               it is managed, stands in a `spare` group, or a hop `on=failover` leads to it. Info where such a replica says none of that. \
               Not evaluated where only `restore` is not stated.",
        why: "Bytes over bandwidth is a time that nobody can shorten on the day. Terabytes take hours from wherever the backup is \
              kept, and what was written since then has to be played back after that.",
        outage: Some(Outage {
            name: "GitHub, 2018",
            what: "more than 24 hours of restoration work followed a 43 second network partition",
            link: "https://github.blog/2018-10-30-oct21-post-incident-analysis/",
        }),
        bad: "client web\nlb front managed\nservice api x3\npostgres store x2 failover=auto backup=1h restore_tested=30d restore=100MB/s rto=1h {\n\
              \x20 table orders { key id; rows = 4G; size = 1KB }\n}\nflow order { web -> front -> api -> store writes=orders }\n",
        good: "client web\nlb front managed\nservice api x3\npostgres store x2 failover=auto backup=1h restore_tested=30d restore=2GB/s rto=1h {\n\
               \x20 table orders { key id; rows = 4G; size = 1KB }\n}\nflow order { web -> front -> api -> store writes=orders }\n",
        ignore: "A part is enough to open again and comes first: then the `rto` is that of the part.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    // For each store, a copy elsewhere; one that can take over before others.
    let mut elsewhere: HashMap<NodeIndex, (bool, NodeIndex)> = HashMap::new();
    for copy in facts.nodes(|kind| kind.is_durable()) {
        for of in facts.node(copy).attrs.words("replica_of") {
            let Some(first) = facts.design.node(of) else { continue };
            if facts.place(first) != facts.place(copy) {
                let can = takes_over(facts, copy);
                let known = elsewhere.entry(first).or_insert((can, copy));
                if can && !known.0 {
                    *known = (can, copy);
                }
            }
        }
    }
    let mut found = Vec::new();
    for store in facts.nodes(|kind| kind.is_durable()) {
        match elsewhere.get(&store) {
            Some((true, _)) => {}
            Some((false, copy)) => {
                found.extend(late(facts, store).map(|finding| beside(facts, finding, *copy)))
            }
            None => found.extend(late(facts, store)),
        }
    }
    found
}

/// Something says that the copy does the work when the first is lost.
fn takes_over(facts: &Facts, copy: NodeIndex) -> bool {
    let node = facts.node(copy);
    node.is_managed()
        || node.attrs.has("failover")
        || facts.design.groups_around(copy).any(|group| group.attrs.has("spare"))
        || facts.design.steps_to(copy).any(|step| step.attrs.text("on").value() == Some("failover"))
}

/// There is a copy elsewhere, which may take over for all that is known.
fn beside(facts: &Facts, finding: Diagnostic, copy: NodeIndex) -> Diagnostic {
    if finding.verdict == Verdict::NotEvaluated {
        return finding;
    }
    let name = facts.node(copy).name();
    finding
        .label(facts.node(copy).span, "nothing says that it takes over")
        .evidence(format!("{name} is a copy in another place; with `failover=` on it, that is the way back"))
        .consequence(format!("the store is lost, and whether {name} can be made the first is tried for the first time that night"))
        .at_most(Severity::Info)
}

fn late(facts: &Facts, store: NodeIndex) -> Option<Diagnostic> {
    let node = facts.node(store);
    let flows: Vec<_> = facts.flows_needing(store).collect();
    let promises = std::iter::once(&node.attrs).chain(flows.iter().map(|flow| &flow.attrs));
    let (promised, setting): (f64, &Setting) = promises
        .filter_map(|attrs| Some((attrs.number("rto").value()?, attrs.get("rto")?)))
        .min_by(|one, other| one.0.total_cmp(&other.0))?;
    let size: f64 = node.tables.iter().map(size).sum::<Option<f64>>().filter(|size| *size > 0.0)?;
    if !node.attrs.has("backup") {
        return None;
    }
    let name = node.name();
    let Some(speed) = node.attrs.number("restore").value().filter(|speed| *speed > 0.0) else {
        return Some(Diagnostic::not_evaluated(format!("`restore` of {name}"), node.span));
    };
    let shards = node.attrs.number("shards").value().unwrap_or(1.0).max(1.0);
    let takes = size / shards / speed;
    if takes <= promised {
        return None;
    }
    let [gigabytes, per_second] = [size / 1e9, speed / 1e6].map(show_number);
    let over = if shards > 1.0 { format!(" / {shards} shards at once") } else { String::new() };
    Some(
        Diagnostic::wrong(
            format!("{name} is promised back in {}, and its backup takes {} to read", show_duration(promised), show_duration(takes)),
            setting.span,
            "to be back within this",
        )
        .label(node.attrs.get("restore")?.span, format!("{} for all of it", show_duration(takes)))
        .node(&node.id)
        .flows(flows.iter().map(|flow| flow.id.clone()))
        .evidence(format!("{gigabytes} GB{over} / {per_second} MB/s = {}", show_duration(takes)))
        .consequence(format!(
            "every instance of {name} is lost, the backup is good, and for {} there is nothing to do but watch it come back",
            show_duration(takes)
        ))
        .fix(format!(
            "`rto={}` if that is what can be kept; or less to restore at once, a faster way back, or a replica of {name} in another region",
            show_duration(takes * 1.5).replace(' ', "")
        )),
    )
}

/// What a table keeps in the end.
fn size(table: &Table) -> Option<f64> {
    Some(table.attrs.number("rows").value()? * table.attrs.number("size").value()?)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::diagnostic::Severity;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        // 4 TB at 100 MB/s take 40,000 seconds.
        let case = |store: &str, flow: &str, expected: &[&str]| {
            let table = "table t { key k; rows = 4G; size = 1KB }";
            expect(
                &RULE,
                &format!(
                    "client u\nservice a\npostgres d {store} {{ {table} }}\nflow f {flow} {{ u -> a -> d }}"
                ),
                expected,
            );
        };
        case("backup=1d restore=100MB/s rto=4h", "", &["wrong d"]);
        case("backup=1d restore=100MB/s", "rto=4h", &["wrong d"]);
        case("backup=1d restore=100MB/s rto=12h", "", &[]);
        case("backup=1d restore=100MB/s rto=4h shards=4", "", &[]);
        case("backup=1d rto=4h", "", &["wants restore of d"]);
        // Nothing is promised; there is no backup to read; nobody says how much there is.
        case("backup=1d restore=100MB/s", "", &[]);
        case("restore=100MB/s rto=4h", "", &[]);
        expect(&RULE, "postgres d backup=1d restore=100MB/s rto=4h", &[]);
        let far = "region e { postgres d backup=1d restore=100MB/s rto=4h { table t { key k; rows = 4G; size = 1KB } } }\n";
        expect(&RULE, &format!("{far}region w {{ postgres c replica_of=d failover=manual }}"), &[]);
        expect(&RULE, &format!("{far}region w spare {{ postgres c replica_of=d }}"), &[]);
        // It is read from, and that is all that is said of it.
        let read = format!("{far}region w {{ postgres c replica_of=d }}");
        expect(&RULE, &read, &["wrong d"]);
        let design = crate::rules::testing::design(&read);
        let found = crate::rules::run(&RULE, &crate::rules::Facts::new(&design));
        assert_eq!(found[0].severity, Severity::Info);
        expect(&RULE, &format!("{far}postgres c replica_of=g\npostgres g"), &["wrong d"]);
    }
}
