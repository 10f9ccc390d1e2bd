use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::Flow;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Outage, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "backup-never-restored",
    severity: Severity::Warning,
    confidence: Confidence::High,
    grave: false,
    group: Group::Availability,
    summary: "nobody has ever restored the backup: it may not be one",
    question: Some(Question {
        topic: "restore",
        text: "when was the backup last restored, and how long did that take?",
    }),
    reads: &[
        "availability",
        "backup",
        "data",
        "optional",
        "rebuild_from",
        "replica_of",
        "restore_tested",
        "rto",
        "writes",
    ],
    page: Page {
        checks: "Stores with backups: whether restoring them is practised.",
        when: "Wrong where `backup` is stated and `restore_tested=none`. A question where `backup` is stated, nothing is said of \
               restoring, and the store or a flow that needs it states an `rto`: who promises a time must have measured it; or it is a \
               database that cannot be built again (`rebuild_from`, `replica_of`), and a flow that somebody waits for promises \
               99.9 % or more and needs it or writes it (`writes`), be it behind a queue or topic: what was acknowledged ends there; or such a flow needs it and it keeps `data=payment`.",
        why: "Backups fail silently: a version that does not match, a bucket that fills, a key that is gone. It is found out on the \
              day when nothing else is left.",
        outage: Some(Outage {
            name: "GitLab, 2017",
            what: "the wrong host was wiped, every intended way to restore failed, and six hours of data were lost",
            link: "https://about.gitlab.com/blog/2017/02/10/postmortem-of-database-outage-of-january-31/",
        }),
        bad: "client web\nlb front managed\nservice api x2\npostgres store x2 failover=auto backup=1h restore_tested=none\n\
              flow order { web -> front -> api -> store writes }\n",
        good: "client web\nlb front managed\nservice api x2\npostgres store x2 failover=auto backup=1h restore_tested=90d\n\
               flow order { web -> front -> api -> store writes }\n",
        ignore: "The vendor restores every backup to check it, and says so.",
    },
    check,
};

/// A promise hangs on it, or money is kept there; and it is kept nowhere else.
fn is_relied_on(facts: &Facts, store: NodeIndex) -> bool {
    let node = facts.node(store);
    let elsewhere = ["rebuild_from", "replica_of"].iter().any(|source| node.attrs.has(source));
    let money = node.attrs.words("data").iter().any(|data| data == "payment");
    let promises =
        |flow: &Flow| flow.attrs.number("availability").value().is_some_and(|share| share > LITTLE);
    let needed = || facts.flows_needing(store).filter(|flow| !facts.is_background(flow));
    let mut written = facts
        .design
        .steps_to(store)
        .filter(|step| step.attrs.has("writes") && !step.attrs.has("optional"))
        .filter_map(|step| facts.flow_of(step));
    node.kind == Kind::Database
        && !elsewhere
        && (needed().any(|flow| money || promises(flow))
            || written.any(|flow| promises(flow) && !facts.is_background(flow)))
}

/// What is promised above this leaves no day for finding out how to restore.
const LITTLE: f64 = 0.9989;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for store in facts.nodes(|kind| kind.is_durable()) {
        let node = facts.node(store);
        let tested = node.attrs.get("restore_tested");
        if !node.attrs.has("backup") || node.attrs.has("restore_tested") {
            continue;
        }
        let name = node.name();
        let promise = node
            .attrs
            .get("rto")
            .or_else(|| facts.flows_needing(store).find_map(|flow| flow.attrs.get("rto")));
        let message = format!("nothing says that {name} has ever come back from its backup");
        let mut finding = match (tested, promise) {
            (Some(setting), _) => Diagnostic::wrong(message, setting.span, "said not to be tested"),
            (None, Some(_)) => Diagnostic::unstated(message, node.span, "no `restore_tested=` here")
                .question(format!(
                    "when was {name} last restored from its backup, and how long did it take?"
                )),
            (None, None) if is_relied_on(facts, store) => {
                Diagnostic::unstated(message, node.span, "no `restore_tested=` here").question(format!(
                    "{name} is gone: has its backup ever been read back, and how long did that take?"
                ))
            }
            (None, None) => continue,
        };
        if let Some(promise) = promise {
            finding = finding.label(promise.span, "to be back within this");
        }
        found.push(
            finding
                .node(&node.id)
                .flows(facts.flows_needing(store).map(|flow| flow.id.clone()))
                .consequence(format!(
                    "{name} is lost, its backup is fetched for the first time, and it is empty, too old, or takes a day to read"
                ))
                .mend(Mend::node(&node.id, "restore_tested=90d"))
                .fix(format!("restore it on a spare machine, measure that, and write `restore_tested=90d` on {name}")),
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let expect = |text: &str, expected: &[&str]| expect(&RULE, text, expected);
        expect("postgres d backup=1h restore_tested=no", &["wrong d"]);
        expect("postgres d backup=1h rto=1h", &["unstated d"]);
        expect("client u\nservice a\npostgres d backup=1h\nflow f rto=1h { u -> a -> d }", &["unstated d"]);
        expect("postgres d backup=1h restore_tested=90d rto=1h", &[]);
        let kept = |store: &str, flow: &str| {
            format!("client u\nservice a\npostgres p\n{store}\nflow f {flow} {{ u -> a -> d }}")
        };
        expect(&kept("postgres d backup=1h data=payment", ""), &["unstated d"]);
        expect(&kept("postgres d backup=1h", "rate=2/s availability=99.9%"), &["unstated d"]);
        expect(&kept("postgres d backup=1h", "availability=99%"), &[]);
        expect(&kept("postgres d backup=1h rebuild_from=p", "availability=99.9%"), &[]);
        expect(&kept("postgres d backup=1h restore_tested=90d", "availability=99.9%"), &[]);
        expect(&kept("s3 d backup=1h", "availability=99.9%"), &[]);
        let behind = |hop: &str| {
            format!(
                "client u\nservice a\nqueue q\nworker w\npostgres d backup=1h\nflow f availability=99.9% {{ u -> a ~> q ~> w -> d {hop} }}"
            )
        };
        expect(&behind("writes"), &["unstated d"]);
        expect(&behind("reads"), &[]);
        expect(&behind("writes optional"), &[]);
        // Nothing was promised; and without a backup there is nothing to test.
        expect("postgres d backup=1h", &[]);
        expect("postgres d rto=1h", &[]);
    }
}
