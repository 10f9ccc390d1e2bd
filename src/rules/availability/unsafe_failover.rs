use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Attrs, GroupKind, Node, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Outage, Page, Question, Rule};
use crate::source::Span;

pub static RULE: Rule = Rule {
    id: "unsafe-failover",
    severity: Severity::Error,
    confidence: Confidence::Medium,
    grave: true,
    group: Group::Availability,
    summary: "a copy that lags is promoted by itself: acknowledged writes are lost, or there are two primaries",
    question: Some(Question {
        topic: "failover across regions",
        text: "the other region takes over by itself: which writes has it not got, and what stops the old one?",
    }),
    reads: &[
        "conflict",
        "data",
        "failover",
        "fencing",
        "idempotency_key",
        "lag",
        "on",
        "rebuild_from",
        "replica_of",
        "replication",
        "rpo",
        "spare",
        "writes",
    ],
    page: Page {
        checks: "Databases whose copy is promoted without anybody deciding it, and whether that copy has every write.",
        when: "An error between regions (a `region` around each, and not the same), where the store or a table written has `data=payment`, or where a flow that writes it has an \
               `idempotency_key`; otherwise a warning. A database with several instances that is not managed, is written to and fails over by itself (`failover=auto`, or its technology does) says \
               `replication=async`. Or a replica (`replica_of`) says `failover=auto` and is a standby (one instance, in a `spare` group, or with a hop `on=failover` to it), and is behind: `replication=async` on it or on its \
               primary, a `lag`, or a `~>` from its primary; a question where that replica stands in another region and nothing is said of replication. Silent \
               where the store, or a flow that needs it, states an `rpo` (the loss is accepted), where the store has `fencing` (the old \
               primary is refused and can be read out), `conflict` (two primaries are meant) or `rebuild_from`.",
        why: "A network that is gone for half a minute looks like a primary that is dead. The copy that is promoted lacks the last \
              seconds; the old primary still has them, may still take writes, and putting the two together again is done by hand.",
        outage: Some(Outage {
            name: "GitHub, 2018",
            what: "a 43 second network partition caused a failover to a primary that lacked several seconds of writes; restoring took more than 24 hours",
            link: "https://github.blog/2018-10-30-oct21-post-incident-analysis/",
        }),
        bad: "client web\nlb front managed\nservice api x3\nmysql store x3 failover=auto replication=async\n\
              flow order { web -> front -> api idempotency_key -> store writes }\n",
        good: "client web\nlb front managed\nservice api x3\nmysql store x3 failover=auto replication=semi-sync\n\
               flow order { web -> front -> api idempotency_key -> store writes }\n",
        ignore: "The last seconds may be lost, as of measurements that come again: say how many with `rpo`.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for store in facts.nodes(|kind| kind == Kind::Database) {
        let attrs = &facts.node(store).attrs;
        match attrs.text("replica_of").value().and_then(|id| facts.design.node(id)) {
            Some(primary) => found.extend(to_replica(facts, store, primary)),
            None => found.extend(among_copies(facts, store)),
        }
    }
    found
}

/// What may be lost is said, or nothing can be.
fn is_accepted(facts: &Facts, store: NodeIndex) -> bool {
    let attrs = &facts.node(store).attrs;
    ["conflict", "fencing", "rebuild_from", "rpo"].iter().any(|name| attrs.has(name))
        || facts.flows_needing(store).any(|flow| flow.attrs.has("rpo"))
        || facts.writers(store).is_empty()
}

/// Its technology makes another instance the primary; where any instance takes a write, there is none to make.
fn promotes(node: &Node) -> bool {
    node.tech.is_some_and(|tech| tech.failover.as_deref() == Some("auto") && tech.placement.is_none())
}

fn among_copies(facts: &Facts, store: NodeIndex) -> Option<Diagnostic> {
    let node = facts.node(store);
    let by_itself = match node.attrs.text("failover") {
        said if said.is_unstated() => promotes(node),
        said => said.value() == Some("auto"),
    };
    let behind =
        node.attrs.get("replication").filter(|_| node.attrs.text("replication").value() == Some("async"))?;
    if !by_itself || node.instances < 2 || node.is_managed() || is_accepted(facts, store) {
        return None;
    }
    let name = node.name();
    let mut finding = Diagnostic::wrong(
        format!(
            "{name} promotes a copy by itself that lacks the last writes: they were acknowledged, and are gone"
        ),
        behind.span,
        "a write waits for no copy",
    );
    if let Some(setting) = node.attrs.get("failover") {
        finding = finding.label(setting.span, "nobody decides it");
    }
    Some(told(facts, finding, store, store, is_at_stake(facts, store)).evidence(format!(
        "{} instances of {name}; a write is acknowledged when one of them has it{}",
        node.instances,
        match node.attrs.number("lag").value() {
            Some(lag) => format!(", the others {} later", crate::units::show_duration(lag)),
            None => String::new(),
        }
    )))
}

fn to_replica(facts: &Facts, replica: NodeIndex, primary: NodeIndex) -> Option<Diagnostic> {
    let (node, first) = (facts.node(replica), facts.node(primary));
    let decides =
        node.attrs.get("failover").filter(|_| node.attrs.text("failover").value() == Some("auto"))?;
    if !is_standby(facts, replica)
        || is_accepted(facts, primary)
        || ["conflict", "fencing", "rpo"].iter().any(|name| node.attrs.has(name))
    {
        return None;
    }
    let replication = node.attrs.text("replication").value().or(first.attrs.text("replication").value());
    let copied = facts
        .hops_to(replica)
        .into_iter()
        .find(|(from, hop)| *from == primary && hop.arrow == Arrow::Handoff);
    let behind = replication == Some("async")
        || (replication.is_none() && (node.attrs.has("lag") || copied.is_some()));
    let [name, of] = [node.name(), first.name()];
    let [here, there] = [region(facts, primary), region(facts, replica)];
    let far = here.is_some() && there.is_some() && here != there;
    let finding = if behind {
        let says: Option<Span> =
            ["replication", "lag"].iter().find_map(|name| node.attrs.get(name)).map(|setting| setting.span);
        let finding = Diagnostic::wrong(
            format!("{name} takes over from {of} by itself, without the writes that have not reached it"),
            decides.span,
            "nobody decides it",
        );
        match says.or(copied.map(|(_, hop)| hop.span)) {
            Some(span) => finding.label(span, "it is behind"),
            None => finding.label(first.span, "its writes wait for no copy"),
        }
    } else if replication.is_none() && far {
        Diagnostic::unstated(
            format!("{name} takes over from {of} by itself, in another region, and nothing says which writes it has"),
            decides.span,
            "nobody decides it",
        )
        .question(format!("{name} takes over from {of}: which writes has it not got, and what stops {of} from taking more?"))
    } else {
        return None;
    };
    let mut evidence = format!("{of} → {name}: a copy that is behind");
    if let (Some(here), Some(there)) = (here, there)
        && far
    {
        let stay: Vec<NodeIndex> = facts
            .writers(primary)
            .into_iter()
            .filter(|&writer| region(facts, writer) == Some(here))
            .collect();
        evidence = format!("{of} stands in `{here}`, {name} in `{there}`");
        if !stay.is_empty() {
            let stays = if stay.len() == 1 { "stays" } else { "stay" };
            evidence +=
                &format!("; {} {stays} in `{here}`, and each write then crosses over", facts.names(&stay));
        }
    }
    let grave = far || is_at_stake(facts, primary);
    Some(told(facts, finding, replica, primary, grave).evidence(evidence))
}

/// With several instances of its own and no way that leads there after a failover, `failover` may be about those.
fn is_standby(facts: &Facts, replica: NodeIndex) -> bool {
    let taken = facts.design.steps_to(replica).any(|step| step.attrs.text("on").value() == Some("failover"));
    let spare = facts.design.groups_around(replica).any(|group| group.attrs.has("spare"));
    taken || spare || facts.node(replica).instances == 1
}

/// Money, or what a client asked to be done once: nobody sends it again when it is lost.
fn is_at_stake(facts: &Facts, store: NodeIndex) -> bool {
    let paid = |attrs: &Attrs| attrs.words("data").iter().any(|word| word == "payment");
    let mut writes = facts.design.steps_to(store).filter(|step| step.attrs.has("writes"));
    let keyed = |step: &Step| {
        let flow = facts.flow_of(step);
        flow.is_some_and(|flow| {
            facts.design.steps_of(flow).iter().any(|step| step.attrs.has("idempotency_key"))
        })
    };
    paid(&facts.node(store).attrs)
        || writes.any(|step| keyed(step) || facts.tables_written(step).any(|table| paid(&table.attrs)))
}

fn told(facts: &Facts, finding: Diagnostic, copy: NodeIndex, primary: NodeIndex, grave: bool) -> Diagnostic {
    let name = facts.node(primary).name();
    let finding = if grave { finding } else { finding.at_most(Severity::Warning) };
    let finding = finding.node(facts.id(copy));
    let finding = if copy == primary { finding } else { finding.node(facts.id(primary)) };
    let fix = if copy == primary && grave {
        format!(
            "`replication=semi-sync` on {name}, so that another instance has every write; or say what may be lost: `rpo=5s`, with the `lag` that is watched"
        )
    } else if copy == primary {
        format!(
            "`rpo=5s` on {name}, if that may be lost, with the `lag` that is watched; otherwise `replication=semi-sync`, so that another instance has every write"
        )
    } else {
        format!(
            "`failover=manual` on {}, so that somebody decides whether the loss is worth it; or say what may be lost: `rpo=5s` on {name}, with `fencing`",
            facts.node(copy).name()
        )
    };
    finding
        .flows(facts.flows_needing(primary).map(|flow| flow.id.clone()))
        .consequence(format!(
            "the network is gone for half a minute, another instance is made primary, and the writes of the last seconds are only on the \
             old {name}, which comes back and has its own: users miss what they had saved, and the two histories are put together by hand"
        ))
        .mend(match copy == primary {
            true => Mend::node(facts.id(primary), "replication=semi-sync"),
            false => Mend::node(facts.id(copy), "failover=manual"),
        })
        .fix(fix)
}

fn region<'d>(facts: &Facts<'d>, node: NodeIndex) -> Option<&'d str> {
    let around = facts.design.groups_around(node).find(|group| group.kind == GroupKind::Region);
    around.map(|group| group.id.as_str())
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::diagnostic::Severity;
    use crate::rules::testing::{design, expect};
    use crate::rules::{Facts, run};

    #[test]
    fn cases() {
        let case = |stores: &str, flow: &str, expected: &[&str]| {
            expect(
                &RULE,
                &format!("client u\nservice a x2\n{stores}\nflow f {flow} {{ u -> a -> d writes }}"),
                expected,
            );
        };
        case("postgres d x2 failover=auto replication=async", "", &["wrong d"]);
        case("mongodb d x3 replication=async", "", &["wrong d"]);
        case("postgres d x2 failover=auto replication=sync", "", &[]);
        // Nothing is said of replication: no claim.
        case("postgres d x2 failover=auto", "", &[]);
        // Somebody decides; the loss is accepted; the old one is kept out; two primaries are meant; it can be built again.
        case("postgres d x2 failover=manual replication=async", "", &[]);
        case("postgres d x2 failover=auto replication=async rpo=5s", "", &[]);
        case("postgres d x2 failover=auto replication=async", "rpo=1min", &[]);
        case("postgres d x2 failover=auto replication=async fencing", "", &[]);
        case("mysql d x2 failover=auto replication=async conflict=lww", "", &[]);
        case("postgres e x2\npostgres d x2 failover=auto replication=async rebuild_from=e", "", &[]);
        case("dynamodb d replication=async\ncassandra e x3", "", &[]);
        case("cassandra d x3 replication=async", "", &[]);
        case("postgres d failover=auto replication=async", "", &[]);
        // A cache's loss is another matter.
        expect(
            &RULE,
            "client u\nservice a\nredis c x3 failover=auto replication=async\nflow f { u -> a -> c }",
            &[],
        );
    }

    #[test]
    fn what_is_at_stake_weighs_more() {
        let severity = |stores: &str, hop: &str| {
            let text = format!("client u\nservice a x2\n{stores}\nflow f {{ u -> a {hop} -> d writes=t }}");
            run(&RULE, &Facts::new(&design(&text)))[0].severity
        };
        let lags = "postgres d x2 failover=auto replication=async";
        assert_eq!(severity(lags, ""), Severity::Warning);
        assert_eq!(severity(lags, "idempotency_key"), Severity::Error);
        assert_eq!(severity(&format!("{lags} data=payment"), ""), Severity::Error);
        assert_eq!(
            severity(&format!("{lags} {{ table t {{ key id; data = payment }} }}"), ""),
            Severity::Error
        );
        let two = |first: &str, second: &str| {
            format!("{first} {{ mysql d }}\n{second} {{ mysql r replica_of=d failover=auto lag=1s }}")
        };
        assert_eq!(severity(&two("region e", "region w"), ""), Severity::Error);
        assert_eq!(severity(&two("zone e", "zone w"), ""), Severity::Warning);
    }

    #[test]
    fn replicas() {
        let case = |primary: &str, replica: &str, expected: &[&str]| {
            let text = format!(
                "client u\nregion e {{ service a x2; mysql d x3 failover=auto {primary} }}\nregion w {{ mysql r replica_of=d {replica} }}\n\
                 flow f {{ u -> a -> d writes }}"
            );
            expect(&RULE, &text, expected);
        };
        case("", "failover=auto lag=1s", &["wrong r, d"]);
        case("replication=semi-sync", "failover=auto replication=async", &["wrong r, d"]);
        case("", "failover=auto", &["unstated r, d"]);
        case("replication=sync", "failover=auto", &[]);
        case("", "failover=manual lag=1s", &[]);
        case("", "lag=1s", &[]);
        case("rpo=5s", "failover=auto lag=1s", &[]);
        // Its own two take over from each other; it stands by where a hop leads to it after a failover.
        let own = "client u\nservice a\nmysql d x3\nmysql r x2 replica_of=d failover=auto lag=1s\nflow f { u -> a -> d writes }";
        expect(&RULE, own, &[]);
        expect(&RULE, &format!("{own}\na -> r on=failover"), &["wrong r, d"]);
    }
}
