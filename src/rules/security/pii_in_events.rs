use std::collections::HashMap;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "pii-in-events",
    severity: Severity::Warning,
    confidence: Confidence::High,
    grave: false,
    group: Group::Security,
    summary: "personal data, payment data or credentials flow into analytics or logs",
    question: Some(Question {
        topic: "redaction",
        text: "what is taken out of the data before analysts and operators see it?",
    }),
    reads: &["data", "reads", "redact", "writes"],
    page: Page {
        checks: "Hops in flows that lead on from sensitive data (`data=pii`, `payment` or `credential`) into a \
                 warehouse or a monitor.",
        when: "Data is carried by an application or a queue or topic that says so of itself, by an application that \
               read it earlier in the same flow (from a store, or from a table of it, that says so), by one that a \
               queue or topic with such data hands it to, and by a store with such data that hands on its changes. \
               Wrong: a hop from such a carrier, to anywhere, says `redact=no`. A question: a hop from it into a \
               warehouse, or a call or hand-off to a monitor, says nothing of `redact`, and the target does not state \
               itself what `data` it keeps. Left alone: `redact`, hops with `reads` and no `writes`, `..>` hops, and \
               data that no one calls sensitive.",
        why: "The production database is locked away; its copy in the warehouse is open to every analyst, every \
              dashboard and every export to a laptop, and is kept when the original has long been deleted.",
        outage: None,
        bad: "scheduler nightly x2 leader=lease catchup\nworker export x2 idempotent\n\
              postgres people x2 failover=auto backup=1h retention=5y data=pii encryption\nbigquery facts\n\
              flow report {\n  nightly -> export -> people reads\n  export -> facts writes redact=no\n}\n",
        good: "scheduler nightly x2 leader=lease catchup\nworker export x2 idempotent\n\
               postgres people x2 failover=auto backup=1h retention=5y data=pii encryption\nbigquery facts\n\
               flow report {\n  nightly -> export -> people reads\n  export -> facts writes redact\n}\n",
        ignore: "The analysts may see it, and the warehouse is guarded like the original: say `data=pii` on it.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let graph = &facts.design.graph;
    let own: Vec<Option<&'static str>> =
        graph.node_indices().map(|node| facts.sensitive(node).map(|sensitive| sensitive.what)).collect();
    if own.iter().all(Option::is_none) {
        return found;
    }
    for flow in &facts.design.flows {
        // What each application has in hand so far.
        let mut carries: HashMap<NodeIndex, &'static str> = HashMap::new();
        for step in facts.design.steps_of(flow) {
            let (from, to) = (facts.node(step.from).kind, facts.node(step.to).kind);
            let carried = carries.get(&step.from).copied().or(own[step.from.index()]);
            if let Some(what) = carried
                && let Some(finding) = finding(facts, step, what)
            {
                found.push(finding.flows([flow.id.clone()]));
            }
            if to.is_store() && facts.reads(step) && facts.arrow(step) == Arrow::Call {
                carries.extend(facts.sensitive_in(step).map(|what| (step.from, what)));
            } else if (from.is_broker() || from.is_store()) && to.is_app() {
                carries.extend(carried.map(|what| (step.to, what)));
            }
        }
    }
    found
}

fn finding(facts: &Facts, step: &Step, what: &str) -> Option<Diagnostic> {
    let (from, to) = (facts.node(step.from), facts.node(step.to));
    let (source, target) = (from.name(), to.name());
    let open = matches!(to.kind, Kind::Warehouse | Kind::Monitor)
        && to.attrs.get("data").is_none()
        && to.tables.iter().all(|table| table.attrs.get("data").is_none());
    let brings = !step.attrs.has("reads") || step.attrs.has("writes");
    let finding = match step.attrs.get("redact") {
        _ if facts.arrow(step) == Arrow::Control || step.attrs.has("redact") => return None,
        Some(setting) => {
            let message = format!("{source} passes {what} on to {target} as it is");
            Diagnostic::wrong(message, setting.span, "nothing is taken out")
        }
        None if !(open && brings) => return None,
        None => {
            let message =
                format!("nothing says whether {source} takes the {what} out before it writes to {target}");
            Diagnostic::unstated(message, step.span, "no `redact`").question(format!(
                "what takes the {what} out before {target} shows it to everybody who may query it?"
            ))
        }
    };
    Some(
        finding
            .node(&to.id)
            .hop(&from.id, &to.id)
            .evidence(format!("{source} has {what} in hand when it calls {target}"))
            .consequence(format!("the {what} that few may see in production lies in {target} for everybody with a dashboard, and stays there when the original is deleted"))
            .mend(Mend::hop(&from.id, &to.id, "redact"))
            .fix(format!("`redact` on `{} -> {}`, or `data=` on {target} if it is guarded like the original", from.id, to.id)),
    )
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |hop: &str, expected: &[&str]| {
            let text = format!(
                "scheduler t\nworker w\npostgres d {{\n table a {{ key id; data = pii }}\n table b {{ key id }}\n}}\n\
                 clickhouse x\nsentry m\nwarehouse k data=pii\nexternal e\nflow f {{\n t -> w -> {hop}\n}}"
            );
            expect(&RULE, &text, expected);
        };
        case("d reads=a\nw -> x writes", &["unstated x"]);
        case("d reads=a\nw -> x writes redact=no", &["wrong x"]);
        case("d reads=a\nw ~> m", &["unstated m"]);
        case("d reads=a\nw -> e redact=no", &["wrong e"]);
        case("d reads=a\nw -> x writes redact", &[]);
        // Another table, before it has read, into what is guarded alike, or on to where it is needed.
        case("d reads=b\nw -> x writes", &[]);
        case("x writes\nw -> d reads=a", &[]);
        case("d reads=a\nw -> k writes", &[]);
        case("d reads=a\nw -> e", &[]);
        case("d reads=a\nw -> x reads", &[]);
        // It comes by a topic that says what it carries.
        let text = |data: &str| {
            format!("service a\nkafka k {data}\nworker w\nclickhouse x\nflow f {{ a ~> k ~> w -> x writes }}")
        };
        expect(&RULE, &text("data=pii"), &["unstated x"]);
        expect(&RULE, &text("data=private"), &[]);
        expect(&RULE, &text(""), &[]);
        expect(&RULE, "kafka k data=payment\nclickhouse x\nflow f { k ~> x }", &["unstated x"]);
    }
}
