use crate::design::{Flow, Node, Setting};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Facts, Group, Page, Rule};
use crate::units::show_duration;

pub static RULE: Rule = Rule {
    id: "rpo-not-met",
    severity: Severity::Error,
    grave: true,
    group: Group::Availability,
    summary: "more is lost with a store than the design promises to lose",
    question: None,
    reads: &["backup", "failover", "lag", "replication", "rpo"],
    page: Page {
        checks: "What may be lost at most (`rpo`, of a store or of a flow that writes to it) against what its copies and backups keep.",
        when: "A store, or a flow that writes to it, states an `rpo`. It runs once, or its copies are `async` without a stated `lag`, \
               and its `backup` interval is longer; or its copies are `async` and their stated `lag` is longer. A warning \
               where only the backup bounds what `async` copies may be behind. Silent where \
               `replication` is `sync`, `semi-sync` or `quorum`, and where neither interval nor lag is given.",
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
    for store in facts.nodes(|kind| kind.is_durable()) {
        let node = facts.node(store);
        let writes = facts
            .design
            .steps_to(store)
            .filter(|step| facts.writes(step))
            .filter_map(|step| facts.flow_of(step));
        let Some((promise, flow)) = strictest(node, writes) else { continue };
        let Some((loss, setting, why)) = loss(node) else { continue };
        let promised = promise.0;
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

/// How much is lost with the store at most, what says so, and in which words.
fn loss(node: &Node) -> Option<(f64, &Setting, &'static str)> {
    let replication = node.attrs.text("replication").value();
    let lag = node.attrs.number("lag").value().zip(node.attrs.get("lag"));
    let backup = node.attrs.number("backup").value().zip(node.attrs.get("backup"));
    match (node.is_redundant(), replication, lag, backup) {
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
        expect("postgres d x2 backup=1d rpo=5s", "", &[]);
    }
}
