use crate::catalog::Kind;
use crate::design::{Arrow, Hop};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::facts::flow_names;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "no-failover",
    severity: Severity::Warning,
    confidence: Confidence::High,
    grave: false,
    group: Group::Availability,
    summary: "a database has a second copy, and nothing makes it take over",
    question: Some(Question {
        topic: "failover",
        text: "the first copy is gone: who makes the second one take over, and how long does that take?",
    }),
    reads: &["availability", "conflict", "failover", "recovers", "replica_of", "rto", "shards"],
    page: Page {
        checks: "Databases with several instances: whether the others take over by themselves when the first fails.",
        when: "A database that a flow needs has two instances or more, is not managed, and is of a technology that takes a person or \
               another tool to fail over, or of none that is known. Left alone: replicas of another store, which take no writes; several primaries \
               (`conflict`); what something `..> recovers`; `shards` that have no second instance each. Wrong where `failover=manual` or `failover=none` is stated and a \
               flow that needs it promises more than 99.5 % or states an `rto` below half an hour; a question where nothing is said.",
        why: "A standby that waits for somebody is as fast as that somebody: found, woken, logged in, sure that the first is really \
              dead. Half an hour is good; 99.9 % of a month are 43 minutes.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x2\npostgres store x2 failover=manual\n\
              flow order availability=99.9% { web -> front -> api -> store writes }\n",
        good: "client web\nlb front managed\nservice api x2\npostgres store x2 failover=auto\n\
               flow order availability=99.9% { web -> front -> api -> store writes }\n",
        ignore: "Somebody is always awake, and the flows can wait for them.",
    },
    check,
};

/// What a person can keep: half an hour at three in the morning, and once a week.
const BY_HAND: f64 = 0.995;
const WOKEN: f64 = 1800.0;

fn is_recovery(facts: &Facts, hop: &Hop) -> bool {
    hop.steps.iter().any(|&step| facts.design.steps[step].attrs.has("recovers"))
}

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for store in facts.nodes(|kind| kind == Kind::Database) {
        let node = facts.node(store);
        let by_itself = node.tech.is_some_and(|tech| tech.failover.as_deref() == Some("auto"));
        let flows: Vec<_> = facts.flows_needing(store).collect();
        let failover = node.attrs.text("failover");
        let shards = node.attrs.number("shards").value().unwrap_or(1.0);
        let recovered = facts
            .hops_to(store)
            .iter()
            .any(|(_, hop)| hop.arrow == Arrow::Control && is_recovery(facts, hop));
        let takes_over = recovered || ["replica_of", "conflict"].iter().any(|how| node.attrs.has(how));
        if takes_over
            || (node.instances as f64) < 2.0 * shards
            || node.is_managed()
            || flows.is_empty()
            || failover.value() == Some("auto")
        {
            continue;
        }
        let name = node.name();
        let of_shard = if shards > 1.0 { " of each shard" } else { "" };
        let finding = match failover.span() {
            None if by_itself => continue,
            None => Diagnostic::unstated(
                match node.tech.filter(|tech| tech.failover.as_deref() == Some("none")) {
                    Some(tech) => format!(
                        "{name} has {} instances, and {} makes none of them take over when the first fails",
                        node.instances, tech.title
                    ),
                    None => format!(
                        "{name} has {} instances, and nothing says what happens when the first fails",
                        node.instances
                    ),
                },
                node.span,
                "no `failover=` here",
            )
            .question(format!(
                "the first instance of {name} is gone: what makes another one take its writes?"
            )),
            Some(span) => {
                let promise = flows.iter().find_map(|flow| {
                    let share = flow.attrs.number("availability").value().filter(|&share| share > BY_HAND);
                    let rto = flow.attrs.number("rto").value().filter(|&rto| rto < WOKEN);
                    let name = if share.is_some() { "availability" } else { "rto" };
                    flow.attrs.get(name).filter(|_| share.is_some() || rto.is_some())
                });
                let Some(promise) = promise else { continue };
                Diagnostic::wrong(
                    format!("{} waits for a person when {name} fails", flow_names(&flows)),
                    span,
                    "somebody has to be woken",
                )
                .label(promise.span, "promised here")
            }
        };
        found.push(
            finding
                .node(&node.id)
                .flows(flows.iter().map(|flow| flow.id.clone()))
                .evidence(format!("{}: {} instances, one of which takes the writes{}", facts.show_way(&facts.way_to(store)), node.instances, of_shard))
                .consequence(format!(
                    "the host of the first instance dies at three in the morning, and {name} takes no write until somebody has found out, decided and switched"
                ))
                .mend(Mend::node(&node.id, "failover=auto"))
                .fix(format!("`failover=auto` on {name}, and `fencing` so that the old one cannot come back writing; or a managed database")),
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
        let expect = |store: &str, flow: &str, expected: &[&str]| {
            expect(
                &RULE,
                &format!("client u\nservice a\n{store}\nflow f {flow} {{ u -> a -> d writes }}"),
                expected,
            );
        };
        expect("postgres d x2", "", &["unstated d"]);
        expect("database d x2", "", &["unstated d"]);
        expect("postgres d x2 failover=manual", "availability=99.99%", &["wrong d"]);
        expect("postgres d x2 failover=manual", "rto=5min", &["wrong d"]);
        expect("postgres d x2 failover=auto", "availability=99.99%", &[]);
        // A copy takes no writes, and with two primaries the other one goes on.
        expect("postgres d x3 replica_of=p\npostgres p x2 failover=auto", "", &[]);
        expect("mysql d x2 conflict=lww", "", &[]);
        // Something else does it; and of a shard there is nothing to take over.
        expect("postgres d x2\nservice o x3\no ..> d recovers", "", &[]);
        expect("mysql d x16 shards=16", "", &[]);
        expect("mysql d x32 shards=16", "", &["unstated d"]);
        expect("influxdb d x2", "", &["unstated d"]);
        // Said, and enough for what is promised.
        expect("postgres d x2 failover=manual", "", &[]);
        expect("postgres d x2 failover=manual", "availability=99%", &[]);
        // Its technology does it, its vendor does it, or there is nothing to take over.
        expect("cassandra d x3", "", &[]);
        expect("dynamodb d", "", &[]);
        expect("postgres d", "", &[]);
    }
}
