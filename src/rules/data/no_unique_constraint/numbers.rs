//! Numbers that several instances count up, one by one or by ranges.

use petgraph::graph::NodeIndex;

use super::replaces;
use crate::catalog::Kind;
use crate::design::{Step, Table};
use crate::diagnostic::Diagnostic;
use crate::fix::Mend;
use crate::rules::Facts;
use crate::rules::facts::is_count;

pub fn number_taken_twice(facts: &Facts, step: &Step, table: &Table) -> Option<Diagnostic> {
    let (writer, store) = (facts.node(step.from), facts.node(step.to));
    let last = table.keys.last().filter(|last| table.keys.len() > 1 && is_count(last))?;
    if !replaces(store)
        || !(writer.instances > 1 || writer.kind == Kind::Function)
        || !table.uniques.is_empty()
    {
        return None;
    }
    // A number that stands for the request itself is the caller's own; with a key beside it, it is counted here.
    let counted_here = facts
        .flow_of(step)
        .is_some_and(|flow| facts.design.steps_of(flow).iter().any(|step| step.attrs.has("idempotency_key")));
    if !counted_here || takes_turns(facts, step.from) {
        return None;
    }
    let (who, name) = (writer.name(), store.name());
    let within = table.keys[..table.keys.len() - 1].join(", ");
    Some(
        Diagnostic::unstated(
            format!("two instances of {who} may give the next `{last}` of one {within} to two rows, and {name} keeps only the second"),
            step.span,
            "a plain write replaces what has this key",
        )
        .question(format!("two instances of {who} count on to the same `{last}` at once: which `{}` is kept?", table.id))
        .label(table.span, format!("key {}", table.keys.join(", ")))
        .node(&store.id)
        .node(&writer.id)
        .hop(&writer.id, &store.id)
        .flows(facts.flow_of(step).map(|flow| flow.id.clone()))
        .evidence(format!("{} instances of {} write `{}`, and nothing before them sends one {within} to one of them", writer.instances, writer.id, table.id))
        .consequence(format!("a `{}` that was acknowledged is overwritten by another with the same `{last}`, and no error is seen", table.id))
        .mend(Mend::step(step, "conditional"))
        .fix(format!("`conditional` on `{} -> {}`, so that the second is refused and takes the next `{last}`; or a topic with `key={within}` before {who}", writer.id, store.id)),
    )
}

/// A range of numbers for the next thousand is taken by writing where it ends.
pub fn range_taken_twice(facts: &Facts, step: &Step, table: &Table) -> Option<Diagnostic> {
    let (taker, store) = (facts.node(step.from), facts.node(step.to));
    let seldom = step.attrs.number("calls").value().is_some_and(|calls| calls < 1.0);
    let ranges = taker.attrs.text("scheme").value() == Some("range");
    let several = taker.instances > 1 || taker.kind == Kind::Function;
    if !seldom || !ranges || !several || !replaces(store) {
        return None;
    }
    let (who, name) = (taker.name(), store.name());
    Some(
        Diagnostic::unstated(
            format!(
                "two instances of {who} that take a range from `{}` of {name} together may take the same one",
                table.id
            ),
            step.span,
            "a plain write of where the next range begins",
        )
        .question(format!("two instances of {who} take the next range at once: what makes them two ranges?"))
        .node(&store.id)
        .node(&taker.id)
        .hop(&taker.id, &store.id)
        .flows(facts.flow_of(step).map(|flow| flow.id.clone()))
        .evidence(format!(
            "{}: scheme=range; {} → {} writes `{}`, unconditionally",
            taker.id, taker.id, store.id, table.id
        ))
        .consequence(
            "two instances read the same end, both move it on, and every number of that range is given twice",
        )
        .fix(format!(
            "`conditional` on `{} -> {}`, which fails if somebody has moved the end since",
            taker.id, store.id
        )),
    )
}

/// It works on what a queue or topic with a key gives it, all of one key in turn.
fn takes_turns(facts: &Facts, node: NodeIndex) -> bool {
    facts.hops_to(node).iter().any(|&(from, _)| {
        let keyed = |step: &Step| step.attrs.has("key");
        facts.node(from).kind.is_broker()
            && (facts.node(from).attrs.has("key") || facts.design.steps_to(from).any(keyed))
    })
}

#[cfg(test)]
mod tests {
    use super::super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn numbers() {
        let case = |nodes: &str, flow: &str, expected: &[&str]| {
            expect(&RULE, &format!("client u\n{nodes}\nflow f {{ {flow} }}"), expected);
        };
        let table = "cassandra d { table t { key room, seq } }";
        case(
            &format!("service a x2 idempotent\n{table}"),
            "u -> a idempotency_key -> d writes=t",
            &["unstated d, a"],
        );
        case(&format!("service a x2 idempotent\n{table}"), "u -> a -> d writes=t", &[]);
        case(
            &format!("service a x2 idempotent\n{table}"),
            "u -> a idempotency_key -> d writes=t conditional",
            &[],
        );
        case(&format!("service a idempotent\n{table}"), "u -> a idempotency_key -> d writes=t", &[]);
        case(
            &format!("kafka q key=room\nservice p\nworker a x2 idempotent\n{table}"),
            "u -> p idempotency_key ~> q ~> a -> d writes=t",
            &[],
        );
        case(
            "service a x2 idempotent\ncassandra d { table t { key room, id } }",
            "u -> a idempotency_key -> d writes=t",
            &[],
        );
        case(
            "service a x2 idempotent\npostgres d { table t { key room, seq } }",
            "u -> a idempotency_key -> d writes=t",
            &[],
        );
    }

    #[test]
    fn ranges() {
        let case = |nodes: &str, hop: &str, expected: &[&str]| {
            let text = format!(
                "client u\n{nodes} {{ table c {{ key name }} }}\nflow f {{ u -> a -> d writes=c {hop} }}"
            );
            expect(&RULE, &text, expected);
        };
        let many = "service a x3 generates=code scheme=range\ndynamodb d";
        case(many, "calls=0.001", &["unstated d, a"]);
        case(many, "calls=0.001 conditional", &[]);
        case(many, "", &[]);
        case("service a generates=code scheme=range\ndynamodb d", "calls=0.001", &[]);
        case("service a x3 generates=code scheme=random\ndynamodb d", "calls=0.001", &[]);
        // `set next = next + 1000` is one statement there.
        case("service a x3 generates=code scheme=range\npostgres d", "calls=0.001", &[]);
    }
}
