use crate::catalog::Kind;
use crate::design::{Flow, Node};
use crate::diagnostic::{Diagnostic, Severity, Verdict};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Outage, Page, Question, Rule};
use crate::units::show_number;

pub static RULE: Rule = Rule {
    id: "acknowledged-write-lost",
    severity: Severity::Warning,
    confidence: Confidence::High,
    grave: false,
    group: Group::Data,
    summary: "what a client was told is stored is lost with one machine",
    question: Some(Question {
        topic: "copies",
        text: "a write has been acknowledged and that machine dies: who else has it?",
    }),
    reads: &[
        "availability",
        "consistency",
        "copies",
        "data",
        "failover",
        "idempotency_key",
        "lag",
        "managed",
        "replica_of",
        "replication",
        "rpo",
        "writes",
    ],
    page: Page {
        checks: "Databases of several instances, in which something is written that must not be lost: whether another machine has \
                 it before the client is told so.",
        when: "Wrong where `copies=1` is stated with several instances, and the database or a table written has `data=payment` or `credential`, or a hop of a \
               flow that writes it has an `idempotency_key`. A question only where more is at stake: `data=payment` or `credential` (a password that was changed is the old one again), a flow with such a key \
               that promises an `availability` of 99.9 % or more, or one that writes it and calls an external with `writes` and a key (money is taken there and noted here); and nothing is said: of a relational database with `failover=auto`, \
               `replication` (silent where `failover` is by hand or not stated); of one that spreads rows over its \
               instances by itself (Cassandra, ScyllaDB, HBase, FoundationDB, …), `copies`, and of Cassandra and its like also how many of \
               the copies answer before the client is told: `replication`, or `consistency` on it or on the write. Left alone: one instance, replicas, \
               managed databases, those that copy to a majority and are relational, what states a `lag` or `rpo`, and flows that state \
               an `rpo`, which is `rpo-not-met`'s. What is said to be `replication=async` is `unsafe-failover`'s.",
        why: "A relational database answers when its own disk has the row, unless it is told to wait. The copy is a moment \
              behind; when the first dies and the copy takes over by itself, that moment is gone, and everybody in it was told \
              that it was safe.",
        outage: Some(Outage {
            name: "GitHub, 2018",
            what: "after a partition of 43 seconds the new primary lacked several seconds of writes, and repairing that took a day",
            link: "https://github.blog/2018-10-30-oct21-post-incident-analysis/",
        }),
        bad: "client web\nlb front managed\nservice pay x2\ncassandra ledger x6 copies=1 backup=1h data=payment\n\
              flow charge { web -> front -> pay idempotency_key -> ledger writes }\n",
        good: "client web\nlb front managed\nservice pay x2\ncassandra ledger x6 copies=3 replication=quorum backup=1h data=payment\n\
               flow charge { web -> front -> pay idempotency_key -> ledger writes }\n",
        ignore: "The client finds out and sends it again, as a sensor does that keeps what was not confirmed a second time.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let has_key: Vec<bool> = facts.design.flows.iter().map(|flow| has_key(facts, flow)).collect();
    for store in facts.nodes(|kind| kind == Kind::Database) {
        let node = facts.node(store);
        let stated = ["lag", "rpo", "replica_of"].iter().any(|name| node.attrs.has(name));
        if node.instances < 2 || node.is_managed() || stated {
            continue;
        }
        let writes = || facts.design.steps_to(store).filter(|step| step.attrs.has("writes"));
        let keeps = |sort: &str| {
            is_of(&node.attrs, sort)
                || writes().any(|step| facts.tables_written(step).any(|table| is_of(&table.attrs, sort)))
        };
        let (payment, secret) = (keeps("payment"), keeps("credential"));
        let done_outside = writes()
            .filter_map(|step| step.flow)
            .map(|flow| &facts.design.flows[flow])
            .find(|flow| flow.attrs.number("rpo").value().is_none() && is_done_outside(facts, flow));
        let keyed: Vec<&Flow> = writes()
            .filter_map(|step| step.flow)
            .filter(|&flow| has_key[flow])
            .map(|flow| &facts.design.flows[flow])
            .filter(|flow| flow.attrs.number("rpo").value().is_none())
            .collect();
        let promised = keyed.iter().copied().find(|flow| promises(flow));
        let at_stake = payment || secret || done_outside.is_some();
        if (!at_stake && keyed.is_empty()) || writes().next().is_none() {
            continue;
        }
        let keyed = promised.or(done_outside).or(keyed.first().copied());
        let why = if payment {
            "payments are kept here".to_string()
        } else if secret {
            "credentials are kept here".to_string()
        } else if let Some(flow) = done_outside.filter(|_| promised.is_none()) {
            format!("`{}` has something done outside, once, and notes it here", flow.id)
        } else {
            format!(
                "`{}` sends an `idempotency_key`: what it asks for is to be done once, and not lost",
                keyed.map_or("", |flow| &flow.id)
            )
        };
        let answered = writes().any(|step| step.attrs.has("consistency"));
        let finding =
            judge(node, answered).filter(|it| at_stake || promised.is_some() || it.verdict == Verdict::Wrong);
        found.extend(finding.map(|finding| {
            finding.node(&node.id).flows(keyed.map(|flow| flow.id.clone())).evidence(format!(
                "{} instances of {}; {why}",
                show_number(node.instances as f64),
                node.id
            ))
        }));
    }
    found
}

/// `answered`: a write says by how many copies.
fn judge(node: &Node, answered: bool) -> Option<Diagnostic> {
    let name = node.name();
    let tech = node.tech?;
    let fails_over = node.attrs.text("failover").value() == Some("auto");
    if let Some(copies) =
        node.attrs.get("copies").filter(|_| node.attrs.number("copies").value() == Some(1.0))
    {
        return Some(
            Diagnostic::wrong(format!("each row of {name} is on one machine only, and is lost with it"), copies.span, "one copy")
                .consequence(format!("the disk of one of {} machines fails, and its share of the rows is gone until a backup is found", node.instances))
                .mend(Mend::node(&node.id, "copies=3"))
                .fix(format!("`copies=3` on {name}")),
        );
    }
    let spreads = tech.placement.is_some() && tech.model.as_deref() != Some("relational");
    if spreads {
        return spread(node, answered);
    }
    let waits_by_itself = tech.replication.as_deref() == Some("quorum");
    if !fails_over || waits_by_itself || tech.model.as_deref() != Some("relational") {
        return None;
    }
    let fix = format!(
        "`replication=semi-sync` on {name} (or `sync`), so that a write waits for a copy; or, if the last seconds may be lost, `replication=async` with the `lag` that is watched and an `rpo`"
    );
    let happens = format!(
        "the first instance of {name} dies, the copy takes over by itself, and what it had not got yet is gone although clients were told that it was stored"
    );
    node.attrs.get("replication").is_none().then(|| {
        Diagnostic::unstated(
            format!("nothing says whether a write to {name} waits for a copy"),
            node.span,
            "no `replication=` here",
        )
        .question(format!(
            "a write to {name} has been acknowledged and the first instance dies: does the copy have it?"
        ))
        .consequence(happens)
        .mend(Mend::node(&node.id, "replication=semi-sync"))
        .fix(fix)
    })
}

/// A database that spreads rows by itself: on how many machines, and how many of them answer.
fn spread(node: &Node, answered: bool) -> Option<Diagnostic> {
    let name = node.name();
    if node.attrs.get("copies").is_none() {
        return (node.instances > 2).then(|| {
            Diagnostic::unstated(
                format!("nothing says on how many of its {} machines {name} keeps each row", node.instances),
                node.span,
                "no `copies=` here",
            )
            .question(format!("a write to {name} has been acknowledged and one machine dies: how many others have it?"))
            .consequence("a machine dies and takes with it what only it had, though the client was told that it was stored")
            .mend(Mend::node(&node.id, "copies=3"))
            .fix(format!("`copies=3` on {name}, with `replication=quorum` if a majority must have a write"))
        });
    }
    let is_tunable = node.tech.is_some_and(|tech| {
        tech.model.as_deref() == Some("wide-column") && tech.placement.as_deref() == Some("hash")
    });
    let stated = answered || node.attrs.has("replication") || node.attrs.has("consistency");
    (is_tunable && !stated).then(|| {
        Diagnostic::unstated(
            format!("nothing says how many of its copies have a write when {name} acknowledges it"),
            node.span,
            "no `replication=` here",
        )
        .question(format!("{name} acknowledges a write: how many of the copies have it by then?"))
        .consequence(format!("one copy answers, its machine dies before the others have the write, and {name} has forgotten what it confirmed"))
        .mend(Mend::node(&node.id, "replication=quorum"))
        .fix(format!("`replication=quorum` on {name}"))
    })
}

/// What is promised below this bears the loss of a moment.
const MUCH: f64 = 0.9989;

fn promises(flow: &Flow) -> bool {
    flow.attrs.number("availability").value().is_some_and(|share| share > MUCH)
}

fn is_of(attrs: &crate::design::Attrs, sort: &str) -> bool {
    attrs.words("data").iter().any(|word| word == sort)
}

/// An external service is told to do something, with a key by which it does it once.
fn is_done_outside(facts: &Facts, flow: &Flow) -> bool {
    facts.design.steps_of(flow).iter().any(|step| {
        facts.calls_external(step) && step.attrs.has("writes") && step.attrs.has("idempotency_key")
    })
}

fn has_key(facts: &Facts, flow: &Flow) -> bool {
    facts.design.steps_of(flow).iter().any(|step| step.attrs.has("idempotency_key"))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let expect = |store: &str, hop: &str, expected: &[&str]| {
            expect(
                &RULE,
                &format!(
                    "client u\nservice a\n{store}\nflow f availability=99.9% {{ u -> a {hop} -> d writes }}"
                ),
                expected,
            );
        };
        let key = "idempotency_key";
        expect("postgres d x2 failover=auto", key, &["unstated d"]);
        expect("postgres d x2 failover=auto data=payment", "", &["unstated d"]);
        // What fails over with copies that lag is a rule of its own.
        expect("postgres d x2 failover=auto data=payment replication=async", "", &[]);
        expect("cassandra d x6 copies=1", key, &["wrong d"]);
        expect("cassandra d x6", key, &["unstated d"]);
        expect("cassandra d x6 copies=3", key, &["unstated d"]);
        expect("cassandra d x6 copies=3 replication=quorum", key, &[]);
        expect("cassandra d x6 copies=3 consistency=quorum", key, &[]);
        expect("hbase d x6 copies=3", key, &[]);
        expect("postgres d x2 failover=auto replication=async", key, &[]);
        for how in ["replication=sync", "replication=semi-sync", "lag=1s", "rpo=5min", "managed"] {
            expect(&format!("postgres d x2 failover=auto {how}"), key, &[]);
        }
        // Nothing says that it must not be lost; one instance; a majority; a person who looks first.
        expect("postgres d x2 failover=auto", "", &[]);
        expect("cassandra d x6", "", &[]);
        expect("postgres d", key, &[]);
        expect("cockroachdb d x3 failover=auto", key, &[]);
        expect("postgres d x2 failover=manual", key, &[]);
        expect("aurora d x2", key, &[]);
    }

    #[test]
    fn a_key_alone_is_no_promise() {
        let case = |store: &str, flow: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a\n{store}\nflow f {flow} {{ u -> a idempotency_key -> d writes }}"
            );
            expect(&RULE, &text, expected);
        };
        case("postgres d x2 failover=auto", "", &[]);
        case("postgres d x2 failover=auto", "availability=99%", &[]);
        case("postgres d x2 failover=auto", "availability=99.9%", &["unstated d"]);
        case("postgres d x2 failover=auto", "availability=99.9% rpo=5s", &[]);
        case("postgres d x2", "availability=99.9%", &[]);
        case("cassandra d x6", "", &[]);
        // What is stated is wrong whatever is promised.
        case("cassandra d x6 copies=1", "", &["wrong d"]);
        case("cassandra d x6 copies=1", "rpo=1h", &[]);
    }
}
