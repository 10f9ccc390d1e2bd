use std::collections::HashMap;

use petgraph::graph::NodeIndex;

use crate::design::Node;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::numbers::{Traffic, has_one_primary};
use crate::rules::facts::{Loss, data, followers, follows_one, loss};
use crate::rules::{Confidence, Facts, Group, Outage, Page, Question, Rule};
use crate::units::{show_duration, show_number, show_size};

pub static RULE: Rule = Rule {
    id: "repair-storm",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Data,
    summary: "copies that are lost are made again all at once, without room or without a limit",
    question: Some(Question {
        topic: "repair",
        text: "a machine is lost: how much is copied again, how fast, and does it leave room for the traffic?",
    }),
    reads: &[
        "bandwidth",
        "conflict",
        "copies",
        "repair_limit",
        "replica_of",
        "resync",
        "rows",
        "shards",
        "size",
        "storage",
    ],
    page: Page {
        checks: "Stores that keep several copies on several machines, and what making lost copies again does to those that are left.",
        when: "A database, blob store, warehouse, search index, queue or topic that is not managed and has two instances or more. \
               What is lost is one instance on an ordinary day; where `copies` is at least two and less than its zones, it is the fullest zone, since the others then have room for each of its copies. The share that is copied again is that of the tables' `rows` × `size` × `copies`. The first of these that holds:\n\n\
               - No room (at `storage`): `copies` of at least two, no more than the instances that are left; all data fits on the `storage` of all instances and not on that of those left. An error where a `repair_limit` says that copies are made again, and then already above 85 % of what is left, at which \
               stores stop taking copies; a warning where none is stated.\n\
               - No limit (at `repair_limit`): `repair_limit=none`, or one of at least the `bandwidth`. Silent where the share is known to be less than 10 GB, or to take those that are left less than 30 s with all of their `bandwidth`; a warning as long as the share is not known, else an error.\n\
               - Beside the traffic (at `repair_limit`), a warning: it and the busiest traffic together are more than the `bandwidth` of each instance that is left.\n\
               - Not said (at the node), a question: `copies` of at least two, no `repair_limit`, a share of 1 TB or more, and a `bandwidth`.\n\n\
               And by itself (at `resync`), a warning: `resync=full` without a `repair_limit`, where two or more copies follow one primary, which are its own other instances where it has one primary, \
               and those that name it in `replica_of`. Silent where its tables are known to be less than 10 GB, or to leave the primary within 30 s.",
        why: "A lost machine is an ordinary day. What it had is copied again from all to all, at once, and takes the network and the disks from the \
              requests; those time out, more machines look lost, and their copies are made again as well. Where the room for them is short, \
              all machines look for it and none finds any.",
        outage: Some(Outage {
            name: "AWS EBS, 2011",
            what: "storage nodes that had lost sight of their copies all looked for room for new ones at the same time, and the room ran out",
            link: "https://aws.amazon.com/message/65648/",
        }),
        bad: "client web\nlb front managed\nservice api x4\nblob disks x20 copies=2 storage=4TB bandwidth=1GB/s repair_limit=none {\n  table block { key id; rows = 20M; size = 1MB }\n}\n\
              flow read rate=2k/s response=1MB { web -> front -> api -> disks reads }\n",
        good: "client web\nlb front managed\nservice api x4\nblob disks x20 copies=2 storage=4TB bandwidth=1GB/s repair_limit=200MB/s {\n  table block { key id; rows = 20M; size = 1MB }\n}\n\
               flow read rate=2k/s response=1MB { web -> front -> api -> disks reads }\n",
        ignore: "Somebody has copies made again, one machine after another, soon and slowly, and it is reckoned how long fewer copies are left meanwhile.",
    },
    check,
};

/// Copied in a minute or so over any network.
const LITTLE: f64 = 10e9;
/// So soon that nobody has given up waiting.
const SOON: f64 = 30.0;
/// Of the disks, as full as stores let them become by themselves: Elasticsearch allots no copy to a disk above 85 %.
const FULL: f64 = 0.85;
/// Hours over most networks.
const MUCH: f64 = 1e12;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let followers = followers(facts);
    for at in facts.nodes(|kind| kind.is_durable() || kind.is_broker()) {
        let node = facts.node(at);
        if node.is_managed() {
            continue;
        }
        if node.instances >= 2
            && let Some(loss) = loss(node)
        {
            found.extend(
                no_room(&loss)
                    .or_else(|| no_limit(&loss))
                    .or_else(|| beside(facts, at, &loss))
                    .or_else(|| unsaid(&loss)),
            );
        }
        found.extend(all_from_one(node, &followers));
    }
    found
}

/// The machines that are left have no room for what the lost one had.
fn no_room(loss: &Loss) -> Option<Diagnostic> {
    let node = loss.node;
    let copied_again = node.attrs.get("repair_limit").is_some();
    let disk = node.attrs.number("storage").value()?;
    let copies = node.attrs.number("copies").value().filter(|copies| *copies >= 2.0)?;
    let (all, _) = loss.data.as_ref()?;
    let (before, after) = (disk * loss.instances, disk * loss.left);
    // Fewer machines than copies: there is nobody to have another one.
    let room = if copied_again { after * FULL } else { after };
    if loss.left < copies || *all > before || *all <= room {
        return None;
    }
    let name = node.name();
    let wanted = (all / (disk * FULL)).ceil() + (loss.instances - loss.left);
    Some(
        Diagnostic::wrong(
            format!("without {}, {name} has room for {} and keeps {}: lost copies have no place", loss.what, show_size(room), show_size(*all)),
            node.attrs.get("storage")?.span,
            "the disk of one instance",
        )
        .node(&node.id)
        .evidence(loss.share_sum()?)
        .evidence(format!(
            "room left: {} × {}{} = {}",
            show_number(loss.left),
            show_size(disk),
            if copied_again { " × 85 %" } else { "" },
            show_size(room)
        ))
        .at_most(if copied_again { Severity::Error } else { Severity::Warning })
        .consequence(format!(
            "{} is lost, the others look for room for the copies it had, fill up, and writes to {name} wait or fail until a machine is added",
            loss.what
        ))
        .fix(format!("`x{}` on {name} or a larger `storage`, so that what is left holds all copies", show_number(wanted))),
    )
}

/// Nothing holds the copying back.
fn no_limit(loss: &Loss) -> Option<Diagnostic> {
    let node = loss.node;
    let setting = node.attrs.get("repair_limit")?;
    let limit = node.attrs.number("repair_limit").value();
    let each = node.attrs.number("bandwidth").value();
    let unlimited = match (limit, each) {
        (None, _) => node.attrs.number("repair_limit").is_no(),
        (Some(limit), Some(each)) => limit >= each,
        (Some(_), None) => false,
    };
    let share = loss.share();
    let all = each.filter(|each| *each > 0.0).map(|each| loss.left * each);
    let takes = share.zip(all).map(|(share, all)| share / all);
    if !unlimited || share.is_some_and(|share| share < LITTLE) || takes.is_some_and(|takes| takes < SOON) {
        return None;
    }
    let name = node.name();
    let much = share.map_or_else(|| "what it had".to_string(), show_size);
    let mut finding = Diagnostic::wrong(
        format!(
            "when {name} loses {}, the others copy {much} again as fast as their network carries",
            loss.what
        ),
        setting.span,
        if limit.is_some() { "all that the network carries" } else { "nothing holds it back" },
    )
    .at_most(if share.is_some() { Severity::Error } else { Severity::Warning })
    .node(&node.id);
    if let Some(sum) = loss.share_sum() {
        finding = finding.evidence(sum);
    }
    if let Some((share, each)) = share.zip(each.filter(|each| *each > 0.0)) {
        finding = finding.evidence(format!(
            "{} / ({} × {}/s) = {} in which the network of all of them is full",
            show_size(share),
            show_number(loss.left),
            show_size(each),
            show_duration(share / (loss.left * each))
        ));
    }
    let to = each.map_or_else(|| "100MB/s".to_string(), |each| format!("{}/s", written(each / 5.0)));
    Some(
        finding
            .consequence(format!(
                "{} is lost, requests to {name} wait behind the copying and time out, machines that answer late are taken for lost, and their copies are made again too",
                loss.what
            ))
            .mend(Mend::node(&node.id, &format!("repair_limit={to}")))
            .fix(format!("`repair_limit={to}` on {name}: slower, and beside the traffic")),
    )
}

/// A size as the language reads it.
fn written(bytes: f64) -> String {
    show_size(bytes).replace(['\u{a0}', ' ', ','], "")
}

/// The copying and the busiest traffic do not fit side by side.
fn beside(facts: &Facts, at: NodeIndex, loss: &Loss) -> Option<Diagnostic> {
    let node = loss.node;
    let limit = node.attrs.number("repair_limit").value()?;
    let each = node.attrs.number("bandwidth").value().filter(|each| limit < *each)?;
    if loss.share().is_some_and(|share| share < LITTLE) || has_one_primary(node) {
        return None;
    }
    let traffic = Traffic::of(facts.design, at);
    let (direction, passing) = traffic.busier()?.ok()?;
    let usual = passing.value / loss.left;
    // What does not fit without the copying either is a shortfall of its own.
    if usual > each || usual + limit <= each {
        return None;
    }
    let name = node.name();
    let finding = Diagnostic::wrong(
        format!(
            "without {}, copying again and the traffic of {name} want {}/s of each instance, whose network carries {}/s",
            loss.what,
            show_size(usual + limit),
            show_size(each)
        ),
        node.attrs.get("repair_limit")?.span,
        "beside the traffic",
    );
    Some(
        finding
            .at_most(Severity::Warning)
            .node(&node.id)
            .evidence(format!(
                "{direction}: {}/s / {} = {}/s, and {}/s of copying",
                show_size(passing.value),
                show_number(loss.left),
                show_size(usual),
                show_size(limit)
            ))
            .consequence(format!("{} is lost at a busy hour, and requests to {name} wait behind the copies until they time out", loss.what))
            .fix(format!("`repair_limit={}/s` on {name} at the most, or more instances", written((each - usual).max(0.0)))),
    )
}

fn unsaid(loss: &Loss) -> Option<Diagnostic> {
    let node = loss.node;
    let share = loss.share().filter(|share| *share >= MUCH)?;
    // Most technologies hold it back a little by themselves: asked where it matters.
    if !node.attrs.has("bandwidth") || node.attrs.get("repair_limit").is_some() {
        return None;
    }
    let name = node.name();
    Some(
        Diagnostic::unstated(
            format!("when {name} loses {}, {} are copied again, and nothing says how fast", loss.what, show_size(share)),
            node.span,
            "no `repair_limit=` here",
        )
        .question(format!("{name} loses {}: at which rate are {} copied again, beside its traffic?", loss.what, show_size(share)))
        .node(&node.id)
        .evidence(loss.share_sum()?)
        .consequence(format!("{name} is busy with itself for hours after an ordinary failure, and its callers time out meanwhile"))
        .fix(format!("`repair_limit=100MB/s` on {name}, or what leaves room for the traffic")),
    )
}

/// All copies are filled again from one primary, whole, at the same time.
fn all_from_one(node: &Node, followers: &HashMap<&str, u64>) -> Option<Diagnostic> {
    let setting = node.attrs.get("resync").filter(|_| node.attrs.text("resync").value() == Some("full"))?;
    if node.attrs.number("repair_limit").value().is_some() {
        return None;
    }
    let own = if follows_one(node) { node.instances.saturating_sub(1) } else { 0 };
    let followers = own.saturating_add(*followers.get(node.id.as_str()).unwrap_or(&0));
    let rows = data(node).map(|(all, _)| all / node.copies().unwrap_or(node.instances as f64));
    let each = node.attrs.number("bandwidth").value().filter(|each| *each > 0.0);
    let takes = rows.zip(each).map(|(rows, each)| followers as f64 * rows / each);
    if followers < 2 || rows.is_some_and(|rows| rows < LITTLE) || takes.is_some_and(|takes| takes < SOON) {
        return None;
    }
    let name = node.name();
    let evidence = match rows {
        Some(rows) => format!(
            "{followers} × {} = {} out of one machine",
            show_size(rows),
            show_size(followers as f64 * rows)
        ),
        None => format!("{followers} copies follow one primary, and each takes all of it"),
    };
    Some(
        Diagnostic::wrong(
            format!("when {name} has a new primary, or is cut off from it for a moment, {followers} copies fetch everything from it at once"),
            setting.span,
            "everything, not what they missed",
        )
        .at_most(Severity::Warning)
        .node(&node.id)
        .evidence(evidence)
        .consequence(format!("the network heals, all copies of {name} start over at the same time, and the primary is busy with them and not with requests"))
        .fix(format!("`resync=incremental` on {name}: each fetches what it missed; or a `repair_limit`")),
    )
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::diagnostic::Severity;
    use crate::rules::testing::{design, expect};
    use crate::rules::{Facts, run};

    /// 20 TB of rows, 40 TB with two copies.
    const TABLE: &str = "table t { key id; rows = 20M; size = 1MB }";

    fn text(region: &str, store: &str, flow: &str) -> String {
        format!(
            "client u\nservice a x2\nregion r {region} {{ {store} {{ {TABLE} }} }}\nflow f {flow} {{ u -> a -> d reads }}"
        )
    }

    #[test]
    fn room() {
        let case = |region: &str, store: &str, expected: &[&str]| {
            expect(&RULE, &text(region, store, ""), expected);
        };
        case("", "blob d x5 copies=2 storage=9TB repair_limit=100MB/s", &["wrong d"]);
        case("", "blob d x5 copies=2 storage=11TB repair_limit=100MB/s", &["wrong d"]);
        // It does not fit to begin with, or there is no further machine for a copy.
        case("", "blob d x5 copies=2 storage=7TB repair_limit=100MB/s", &[]);
        case("", "blob d x2 copies=2 storage=30TB repair_limit=100MB/s", &[]);
        // A zone is lost where copies are in fewer zones than there are.
        case("zones=3", "blob d x6 copies=2 storage=10TB repair_limit=100MB/s", &["wrong d"]);
        case("zones=2", "blob d x6 copies=2 storage=10TB repair_limit=100MB/s", &[]);
        case("", "s3 d x5 copies=2 storage=9TB repair_limit=100MB/s", &[]);
        // Full disks take no copies: of 44 TB 37 are to be had, of 48 TB 41.
        case("", "blob d x5 copies=2 storage=12TB repair_limit=100MB/s", &[]);
        case("", "blob d x5 copies=2 storage=11TB", &[]);
        // Whether copies are made again is not said: 8 TB.
        case("", "blob d x5 copies=2 storage=9TB", &["wrong d"]);
        case("", "blob d x5 copies=2 storage=12TB", &[]);
        case("", "blob d x5 copies=2 storage=12TB bandwidth=1GB/s", &["unstated d"]);
        case("", "blob d x50 copies=2 bandwidth=1GB/s", &[]);
        case("", "blob d x5 copies=2", &[]);
        case("", "blob d x5 storage=9TB", &[]);
    }

    #[test]
    fn limit() {
        let case = |store: &str, expected: &[&str]| expect(&RULE, &text("", store, ""), expected);
        case("blob d x5 copies=2 repair_limit=none", &["wrong d"]);
        case("blob d x5 copies=2 bandwidth=1GB/s repair_limit=1GB/s", &["wrong d"]);
        case("blob d x5 copies=2 bandwidth=1GB/s repair_limit=300MB/s", &[]);
        case("blob d x5 copies=2 repair_limit=1GB/s", &[]);
        case("blob d repair_limit=none", &[]);
        // 8 TB over 4 GB/s take 33 min; 40 GB over 999 GB/s no time.
        case("blob d x5 copies=2 bandwidth=1GB/s repair_limit=none", &["wrong d"]);
        case("blob d x1000 copies=2 bandwidth=1GB/s repair_limit=none", &[]);
        // A little data is copied in no time.
        let small = |size: &str| {
            format!(
                "blob d x5 copies=2 repair_limit=none {{ table t {{ key id; rows = 20k; size = {size} }} }}"
            )
        };
        expect(&RULE, &small("1MB"), &[]);
        expect(&RULE, &small("2MB"), &["wrong d"]);
    }

    #[test]
    fn a_share_that_is_not_known_weighs_less() {
        let severity = |text: &str| run(&RULE, &Facts::new(&design(text)))[0].severity;
        assert_eq!(severity("blob d x5 copies=2 repair_limit=none"), Severity::Warning);
        assert_eq!(severity(&text("", "blob d x5 copies=2 storage=9TB", "")), Severity::Warning);
        assert_eq!(
            severity(&text("", "blob d x5 copies=2 storage=9TB repair_limit=9MB/s", "")),
            Severity::Error
        );
        assert_eq!(severity(&text("", "blob d x5 copies=2 repair_limit=none", "")), Severity::Error);
    }

    /// 1 GB/s of answers over the four that are left: 250 MB/s each.
    #[test]
    fn beside_the_traffic() {
        let case = |limit: &str, expected: &[&str]| {
            let store = format!("blob d x5 copies=2 bandwidth=400MB/s repair_limit={limit}");
            expect(&RULE, &text("", &store, "rate=1k/s response=1MB"), expected);
        };
        case("160MB/s", &["wrong d"]);
        case("140MB/s", &[]);
    }

    #[test]
    fn all_from_one_primary() {
        let case = |stores: &str, expected: &[&str]| expect(&RULE, stores, expected);
        case("postgres d x3 resync=full", &["wrong d"]);
        case("database d x4 tech=redis resync=full", &["wrong d"]);
        case("postgres d x3 resync=incremental", &[]);
        case("postgres d x3", &[]);
        case("postgres d x2 resync=full", &[]);
        case("postgres d resync=full\npostgres e x2 replica_of=d", &["wrong d"]);
        case("postgres d x3 resync=full repair_limit=50MB/s", &[]);
        case("postgres d x3 resync=full { table t { key id; rows = 1M; size = 1KB } }", &[]);
        case("postgres d x3 resync=full { table t { key id; rows = 1G; size = 1KB } }", &["wrong d"]);
        // 20 GB out of one machine.
        let soon = |bandwidth: &str| {
            format!(
                "postgres d x3 resync=full bandwidth={bandwidth} {{ table t {{ key id; rows = 10M; size = 1KB }} }}"
            )
        };
        case(&soon("1GB/s"), &[]);
        case(&soon("600MB/s"), &["wrong d"]);
    }
}
