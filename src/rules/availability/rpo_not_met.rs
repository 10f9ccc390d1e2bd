use std::collections::HashMap;

use crate::design::{Flow, Node, Setting};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::units::show_duration;

/// No copy that works at all is further behind.
const AN_HOUR: f64 = 3_600.0;

pub static RULE: Rule = Rule {
    id: "rpo-not-met",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: true,
    group: Group::Availability,
    summary: "more is lost with a store than the design promises to lose",
    question: Some(Question {
        topic: "replication",
        text: "the first instance is gone: how far behind may the copy be?",
    }),
    reads: &["backup", "failover", "lag", "managed", "replica_of", "replication", "rpo"],
    page: Page {
        checks: "What may be lost at most (`rpo`, of a store or of a flow that writes to it) against what its copies and backups keep.",
        when: "A store, or a flow that writes to it, states an `rpo`. Its copies are its own instances, and databases drawn as \
               `replica_of` it, whose `replication` and `lag` count where it states none itself. It has no copy and its `backup` \
               interval is longer; or the stated `lag` of copies that are `async`, or not said to be anything, is longer. A \
               warning where only the `backup` bounds what `async` copies may be behind. A question where there are copies, the \
               `rpo` is under an hour, neither `replication` nor `lag` is stated, and the store is neither managed nor of a \
               technology that copies to a majority, or waits for its copies, without being told to. Silent where `replication` \
               is `sync`, `semi-sync` or `quorum`, and otherwise where neither interval nor lag is given.",
        why: "A recovery point is lost by arithmetic: what was written since the last copy that survives is gone. A backup a day \
              cannot keep a promise of minutes, however fast somebody restores it.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x2\npostgres store x2 failover=auto replication=async lag=10min backup=1d rpo=5min\n\
              flow order { web -> front -> api -> store writes }\n",
        good: "client web\nlb front managed\nservice api x2\npostgres store x2 failover=auto replication=sync backup=1d rpo=5min\n\
               flow order { web -> front -> api -> store writes }\n",
        ignore: "The promise holds for something else than the loss of this store; then write it there.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut standbys: HashMap<&str, Vec<&Node>> = HashMap::new();
    for index in facts.nodes(|kind| kind.is_durable()) {
        for primary in facts.node(index).attrs.words("replica_of") {
            standbys.entry(primary).or_default().push(facts.node(index));
        }
    }
    for store in facts.nodes(|kind| kind.is_durable()) {
        let node = facts.node(store);
        let writes = facts
            .design
            .steps_to(store)
            .filter(|step| facts.writes(step))
            .filter_map(|step| facts.flow_of(step));
        let Some((promise, flow)) = strictest(node, writes) else { continue };
        let promised = promise.0;
        let standbys = standbys.get(node.id.as_str()).map_or(&[][..], Vec::as_slice);
        let copies = Copies::of(node, standbys);
        if promised < AN_HOUR && copies.are_unsaid(node) {
            found.push(unsaid(node, promise, flow));
            continue;
        }
        let Some((loss, setting, why)) = loss(node, &copies) else { continue };
        if loss <= promised {
            continue;
        }
        let name = node.name();
        let [loss, promised] = [loss, promised].map(show_duration);
        let whose = flow.map_or(String::new(), |flow| format!(" of `{}`", flow.id));
        let redundant = node.is_redundant();
        let message =
            format!("with {name} go up to {loss} of writes, and no more than {promised} was promised");
        let finding = if redundant && setting.name == "backup" {
            // A copy that is seconds behind keeps the promise, and nothing says that it is.
            let message = format!(
                "only a backup each {loss} bounds what is lost with {name}, and {promised} was promised"
            );
            Diagnostic::wrong(message, setting.span, why).at_most(Severity::Warning)
        } else {
            Diagnostic::wrong(message, setting.span, why)
        };
        let fix = match setting.name {
            "backup" if redundant => {
                format!("the `lag` that {name} is kept within, or `replication=semi-sync`, on {name}")
            }
            "lag" => format!(
                "`replication=sync` or `semi-sync` on {name}, which waits for a copy; or promise {loss}"
            ),
            _ => format!(
                "`x2` with `replication=sync` (or `semi-sync`) on {name}; or a `backup` at least every {promised}; or promise {loss}"
            ),
        };
        found.push(
            finding
            .label(promise.1.span, format!("at most {promised}"))
            .node(&node.id)
            .flows(flow.map(|flow| flow.id.clone()))
            .evidence(format!("{}: {loss}; `rpo`{whose}: {promised}", setting.name))
            .consequence(format!("its disk fails, and everything written in the last {loss} has to be explained to those who wrote it"))
            .fix(fix),
        );
    }
    found
}

/// The shortest `rpo` of a store and of the flows that write to it, and the flow whose it is.
fn strictest<'d>(
    node: &'d Node,
    flows: impl Iterator<Item = &'d Flow>,
) -> Option<((f64, &'d Setting), Option<&'d Flow>)> {
    let of = |attrs: &'d crate::design::Attrs| attrs.number("rpo").value().zip(attrs.get("rpo"));
    let own = of(&node.attrs).map(|promise| (promise, None));
    let theirs = flows.filter_map(|flow| Some((of(&flow.attrs)?, Some(flow))));
    own.into_iter().chain(theirs).min_by(|(a, _), (b, _)| a.0.total_cmp(&b.0))
}

/// What is said of the copies of a store.
struct Copies<'d> {
    any: bool,
    /// The safest of those stated.
    replication: Option<&'d str>,
    lag: Option<(f64, &'d Setting)>,
}

impl<'d> Copies<'d> {
    fn of(node: &'d Node, standbys: &[&'d Node]) -> Copies<'d> {
        let standbys = || standbys.iter().copied().filter(|standby| standby.kind == node.kind);
        let lag = |node: &'d Node| node.attrs.number("lag").value().zip(node.attrs.get("lag"));
        let replication = |node: &'d Node| node.attrs.text("replication").value();
        let theirs = standbys().filter_map(replication).max_by_key(|&word| word != "async");
        let least = standbys().filter_map(lag).min_by(|(a, _), (b, _)| a.total_cmp(b));
        Copies {
            any: node.is_redundant() || standbys().next().is_some(),
            replication: replication(node).or(theirs),
            lag: lag(node).or(least),
        }
    }

    /// They may be as far behind as anything.
    fn are_unsaid(&self, node: &Node) -> bool {
        // What relational databases can do, they do not do unless they are told to.
        let known = node.tech.is_some_and(|tech| match tech.replication.as_deref() {
            Some("quorum") => true,
            Some("sync" | "semi-sync") => tech.model.as_deref() != Some("relational"),
            _ => false,
        });
        self.any && !known && !node.is_managed() && self.replication.is_none() && self.lag.is_none()
    }
}

fn unsaid(node: &Node, promise: (f64, &Setting), flow: Option<&Flow>) -> Diagnostic {
    let name = node.name();
    let promised = show_duration(promise.0);
    Diagnostic::unstated(
        format!("no more than {promised} of writes may be lost with {name}, and nothing says how far its copies are behind"),
        node.span,
        "no `replication=` here",
    )
    .question(format!("the first instance of {name} is gone: what had its copy not got yet?"))
    .label(promise.1.span, format!("at most {promised}"))
    .node(&node.id)
    .flows(flow.map(|flow| flow.id.clone()))
    .evidence(format!("{} has a copy, without `replication` or `lag`", node.id))
    .consequence(format!("its disk fails, the copy takes over, and what it had not got yet is gone: perhaps more than {promised}"))
    .mend(Mend::node(&node.id, "replication=sync"))
    .fix(format!("`replication=sync` (or `semi-sync`) on {name}; or `replication=async` with the `lag` that is watched"))
}

/// How much is lost with the store at most, what says so, and in which words.
fn loss<'d>(node: &'d Node, copies: &Copies<'d>) -> Option<(f64, &'d Setting, &'static str)> {
    let (replication, lag) = (copies.replication, copies.lag);
    let backup = node.attrs.number("backup").value().zip(node.attrs.get("backup"));
    match (copies.any, replication, lag, backup) {
        (true, Some("async") | None, Some((lag, setting)), _) => {
            Some((lag, setting, "what a copy is behind is lost with the first"))
        }
        (true, Some("async"), None, Some((interval, setting))) => {
            Some((interval, setting, "nothing says how far the copies are behind: this is what is sure"))
        }
        (false, _, _, Some((interval, setting))) => {
            Some((interval, setting, "what is newer than the last backup is lost"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let expect = |store: &str, flow: &str, expected: &[&str]| {
            expect(
                &RULE,
                &format!("client u\nservice a\n{store}\nflow f {flow} {{ u -> a -> d writes }}"),
                expected,
            );
        };
        expect("postgres d backup=1d rpo=5min", "", &["wrong d"]);
        expect("postgres d backup=1d", "rpo=1h", &["wrong d"]);
        expect("postgres d backup=5min rpo=5min", "", &[]);
        expect("postgres d x2 replication=async lag=30s backup=1d rpo=5s", "", &["wrong d"]);
        expect("postgres d x2 replication=async backup=6h rpo=15min", "", &["wrong d"]);
        expect("postgres d x2 replication=async lag=3s backup=1d rpo=5s", "", &[]);
        expect("postgres d x2 replication=sync backup=1d rpo=5s", "", &[]);
        // No promise, or no figure to hold against it.
        expect("postgres d backup=1d", "", &[]);
        expect("postgres d rpo=5s", "", &[]);
        // A copy, and nothing says how it is kept.
        expect("postgres d x2 backup=1d rpo=5s", "", &["unstated d"]);
        expect("postgres d x2 backup=1d rpo=1d", "", &[]);
        expect("postgres d managed backup=1d rpo=5s", "", &[]);
        expect("cockroachdb d x3 backup=1d rpo=5s", "", &[]);
        // A copy that is drawn as a node of its own.
        expect("postgres d backup=1d rpo=5s\npostgres r replica_of=d replication=sync", "", &[]);
        expect("postgres d backup=1d rpo=5s\npostgres r replica_of=d replication=async lag=1s", "", &[]);
        expect(
            "postgres d backup=1d rpo=5s\npostgres r replica_of=d replication=async lag=1min",
            "",
            &["wrong d"],
        );
        expect("postgres d backup=1d rpo=5s\npostgres r replica_of=d replication=async", "", &["wrong d"]);
        expect("postgres d backup=1d rpo=5s\npostgres r replica_of=d", "", &["unstated d"]);
        expect("postgres d backup=1d rpo=5s\nclickhouse r replica_of=d replication=sync", "", &["wrong d"]);
    }
}
