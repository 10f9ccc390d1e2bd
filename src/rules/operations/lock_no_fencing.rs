use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::units::show_duration;

pub static RULE: Rule = Rule {
    id: "lock-no-fencing",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Operations,
    summary: "a holder whose lease has lapsed goes on writing beside the next one",
    question: Some(Question {
        topic: "locks",
        text: "a holder pauses until its lease is over, then goes on: what refuses its write?",
    }),
    reads: &["conditional", "dedupe", "fencing", "idempotent", "lease"],
    page: Page {
        checks: "Locks that lapse by themselves: whether a holder that comes back too late can still do harm.",
        when: "A `lock` that something calls states a `lease` and no `fencing`. Wrong where `fencing=no` is stated, \
               otherwise a question; a `hold` below the lease does not silence it. Left alone where each caller says `dedupe` \
               or makes only `conditional` writes (and makes one): then what it does too late is dropped, or its write fails. \
               That a caller is `idempotent` helps less, as it may write again what the next holder has changed meanwhile: \
               where all the others are, `fencing=no` is a question too.",
        why: "A lease is a promise about a clock that the holder cannot see. A garbage collection, a paused virtual machine \
              or a slow disk lasts longer than the lease; the lock goes to somebody else, and the first wakes up believing \
              that it still holds it. A short `hold` makes that rare. Only a number that grows with each holder, which \
              the store compares, makes it harmless.",
        outage: None,
        bad: "client web\nlb front managed\nservice seats x3 metrics\nlock turns x3 lease=10s hold=2s fencing=no\npostgres store x2\n\
              flow book { web -> front -> seats -> turns\nseats -> store writes }\n",
        good: "client web\nlb front managed\nservice seats x3 metrics\nlock turns x3 lease=10s hold=2s fencing\npostgres store x2\n\
               flow book { web -> front -> seats -> turns\nseats -> store writes }\n",
        ignore: "The lock only saves work: all holders do the same thing, and the later of two writes may win.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for lock in facts.nodes(|kind| kind == Kind::Lock) {
        let node = facts.node(lock);
        let Some(lease) = node.attrs.number("lease").value() else { continue };
        let holders: Vec<NodeIndex> =
            facts.callers(lock).into_iter().filter(|&holder| !is_harmless(facts, holder, lock)).collect();
        let Some(&first) = holders.first() else { continue };
        if node.attrs.has("fencing") {
            continue;
        }
        let (name, who) = (node.name(), facts.node(first).name());
        // Those do the same thing twice; whether somebody else's work lies between, nothing says.
        let repeats = holders.iter().all(|&holder| facts.node(holder).attrs.has("idempotent"));
        let finding = match node.attrs.get("fencing").filter(|_| !repeats) {
            Some(setting) => Diagnostic::wrong(
                format!("{who} goes on writing after its lease of {name} has lapsed, and nothing refuses it"),
                setting.span,
                "an old holder is not refused",
            ),
            None => Diagnostic::unstated(
                format!("nothing says what refuses {who} once its lease of {name} has lapsed"),
                node.attrs.get("fencing").map_or(node.span, |setting| setting.span),
                "a lease, and no `fencing`",
            )
            .question(format!(
                "{who} pauses for longer than {}, loses {name} and goes on: what refuses its write?",
                show_duration(lease)
            )),
        };
        found.push(
            finding
                .node(&node.id)
                .flows(facts.flows_through(lock).iter().map(|flow| flow.id.clone()))
                .evidence(format!("{} → {}, lease {}", facts.names(&holders), name, show_duration(lease)))
                .consequence(format!(
                    "a pause of {} lets two of {who} through {name} at once, and the slower one writes over what the other has done",
                    show_duration(lease)
                ))
                .mend(Mend::node(&node.id, "fencing"))
                .fix(format!(
                    "`fencing` on {name}, and its number in each write, which the store refuses when it has seen a higher one; or `conditional` on those writes"
                )),
        );
    }
    found
}

/// What it does after somebody else has taken the lock is dropped, or fails.
fn is_harmless(facts: &Facts, holder: NodeIndex, lock: NodeIndex) -> bool {
    let attrs = &facts.node(holder).attrs;
    let mut writes = facts
        .design
        .steps_from(holder)
        .filter(|step| step.to != lock && facts.node(step.to).kind.is_store() && facts.writes(step))
        .peekable();
    attrs.has("dedupe") || (writes.peek().is_some() && writes.all(|step| step.attrs.has("conditional")))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let locked = |lock: &str, write: &str, expected: &[&str]| {
            expect(
                &RULE,
                &format!(
                    "client u\nservice a\npostgres d\nlock l {lock}\nflow f {{ u -> a -> l\na -> d {write} }}"
                ),
                expected,
            );
        };
        locked("lease=10s", "writes", &["unstated l"]);
        locked("lease=10s hold=2s", "writes", &["unstated l"]);
        locked("lease=10s fencing=no", "writes", &["wrong l"]);
        // A holder may renew its lease.
        locked("lease=10s hold=30s", "writes", &["unstated l"]);
        locked("lease=10s hold=30s fencing", "writes", &[]);
        locked("lease=10s fencing", "writes", &[]);
        // Fenced by the write itself; a sketch of a lock.
        locked("lease=10s", "writes conditional", &[]);
        locked("", "writes", &[]);
        let alone = "service a idempotent\nlock l lease=5s\npostgres d\na -> l\na -> d writes";
        expect(&RULE, &alone.replace("idempotent", "dedupe=d"), &[]);
        // Twice is once, but what another has written in between is gone.
        expect(&RULE, alone, &["unstated l"]);
        expect(&RULE, &alone.replace("5s", "5s fencing=no"), &["unstated l"]);
        expect(&RULE, &alone.replace(" idempotent", ""), &["unstated l"]);
        expect(&RULE, "lock l lease=5s fencing=no", &[]);
    }
}
