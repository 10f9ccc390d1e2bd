use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::Arrow;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "scheduler-runs-twice",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Availability,
    summary: "several instances of a scheduler each start the same job",
    question: Some(Question {
        topic: "one run",
        text: "each instance reads the same timetable: which of them starts the job?",
    }),
    reads: &["dedupe", "idempotent", "leader"],
    page: Page {
        checks: "Schedulers with several instances: whether one of them is chosen to start a job.",
        when: "A scheduler with two instances or more that starts something, is not managed, and whose technology does not see to it. \
               Wrong where `leader=none` is stated, a question where nothing is said. Silent with a `leader`, with a hop to a `lock` or a `registry`, \
               and where everything it starts, at once or through a queue, is `idempotent` or has `dedupe`.",
        why: "A second instance is there so that the timetable survives the first. Without one being chosen both keep it, and the \
              invoices of the night go out twice.",
        outage: None,
        bad: "scheduler nightly x2 leader=none\nservice billing x2\nexternal bank\nflow charge { nightly -> billing -> bank }\n",
        good: "scheduler nightly x2 leader=lease\nservice billing x2\nexternal bank\nflow charge { nightly -> billing -> bank }\n",
        ignore: "Each instance keeps the timetable of its own part of the work.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for index in facts.nodes(|kind| kind == Kind::Scheduler) {
        let node = facts.node(index);
        let hops = facts.hops_from(index);
        let leader = node.attrs.text("leader");
        let by_itself = node.tech.is_some_and(|tech| tech.failover.as_deref() == Some("auto"));
        // etcd and ZooKeeper are registries, and give out leases.
        let agrees = |kind: Kind| matches!(kind, Kind::Lock | Kind::Registry);
        let locked = hops.iter().any(|(to, _)| agrees(facts.node(*to).kind));
        let started = hops.iter().filter(|(_, hop)| hop.arrow != Arrow::Control).map(|(to, _)| *to);
        let starts: Vec<NodeIndex> = started.collect();
        let told = |node: NodeIndex| {
            let attrs = &facts.node(node).attrs;
            attrs.has("idempotent") || attrs.has("dedupe")
        };
        let harmless = starts.iter().all(|&to| {
            let consumers = facts.consumers(to);
            let late = facts.node(to).kind.is_broker() && !consumers.is_empty();
            if late { consumers.into_iter().all(told) } else { told(to) }
        });
        if node.instances < 2 || node.is_managed() || by_itself || leader.is_yes() || locked || harmless {
            continue;
        }
        let name = node.name();
        // What a queue is filled with, its consumer does.
        let done_by = facts.consumers(starts[0]).first().copied();
        let done_by = done_by.filter(|_| facts.node(starts[0]).kind.is_broker()).unwrap_or(starts[0]);
        let first = facts.node(done_by).name();
        let message = format!("{} instances of {name} each start {first}", node.instances);
        let finding = match leader.span() {
            Some(span) => Diagnostic::wrong(message, span, "none is chosen"),
            None => Diagnostic::unstated(message, node.span, "no `leader=` here").question(format!(
                "{} instances of {name} read the same timetable: which of them starts {first}?",
                node.instances
            )),
        };
        found.push(
            finding
                .node(&node.id)
                .evidence(format!("{} × {} → {}", node.instances, node.id, facts.id(starts[0])))
                .consequence(format!("the hour strikes, and {first} is started {} times at once", node.instances))
                .mend(Mend::node(&node.id, "leader=lease"))
                .fix(format!("`leader=lease` on {name}, and `idempotent` on {first} for the hour in which two believe that they are it")),
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
        let expect = |text, expected: &[&str]| expect(&RULE, text, expected);
        expect("scheduler s x2\nservice a\ns -> a", &["unstated s"]);
        expect("scheduler s x3 leader=none\nqueue q\ns ~> q", &["wrong s"]);
        expect("scheduler s x2 leader=lease\nservice a\ns -> a", &[]);
        expect("scheduler s x2\nlock l x3\nservice a\ns -> l\ns -> a", &[]);
        expect("scheduler s x2\nservice a idempotent\ns -> a", &[]);
        expect("scheduler s\nservice a\ns -> a", &[]);
        expect("airflow s x2\nservice a\ns -> a", &[]);
        expect("scheduler s x2\netcd l x3\nservice a\ns ..> l needs\ns -> a", &[]);
        expect("scheduler s x2\nqueue q x3\nworker w idempotent\ns ~> q ~> w", &[]);
        expect("scheduler s x2\nqueue q x3\nworker w\ns ~> q ~> w", &["unstated s"]);
        // It starts nothing.
        expect("scheduler s x2", &[]);
    }
}
