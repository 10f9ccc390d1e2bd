use std::collections::{HashMap, HashSet};

use petgraph::graph::NodeIndex;

use crate::design::{Arrow, Flow, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Page, Rule};
use crate::source::Span;
use crate::units::show_duration;

pub static RULE: Rule = Rule {
    id: "permanent-redirect",
    severity: Severity::Warning,
    confidence: Confidence::High,
    grave: false,
    group: Group::Api,
    summary: "browsers keep a permanent redirect: later visits are not counted, and it cannot be changed or withdrawn",
    question: None,
    reads: &["on", "status", "ttl", "writes"],
    page: Page {
        checks: "Redirects answered with 301 or 308.",
        when: "A hop of a flow says `status=301` or `status=308`, and something in that flow has to happen on each visit: it hands off with \
               `~>`, or a hop says `writes`, to count the click (not where that is `on=` something, such as a miss, nor into a cache that is filled on a miss, which only fills it); or a table that the flow reads has a `ttl` of a year at most, after which \
               the link should be gone; or a flow labelled PATCH or DELETE `writes=` that table: links are edited or withdrawn. Silent with 302 and 307, and where nothing is counted, expires or is edited.",
        why: "A browser may keep a permanent redirect for good and then never asks again. Its second click is not counted, a \
              link that was withdrawn because it leads to malware goes on working there, and no deployment can take that back.",
        outage: None,
        bad: "client web\nlb front managed\nservice links x2\nkafka clicks x3\nworker tally x2 idempotent\ndynamodb store\n\
              flow follow { web -> front status=301\n  front -> links -> store reads\n  links ~> clicks ~> tally }\n",
        good: "client web\nlb front managed\nservice links x2\nkafka clicks x3\nworker tally x2 idempotent\ndynamodb store\n\
               flow follow { web -> front status=302\n  front -> links -> store reads\n  links ~> clicks ~> tally }\n",
        ignore: "What is counted are first visits, or the answer carries a short `Cache-Control: max-age`.",
    },
    check,
};

const YEAR: f64 = 365.0 * 86_400.0;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let filled: HashSet<NodeIndex> = facts.misses().iter().map(|miss| miss.cache).collect();
    let edited = edited(facts);
    for flow in &facts.design.flows {
        let steps = facts.design.steps_of(flow);
        let permanent = steps.iter().find_map(|step| {
            let status = step.attrs.text("status");
            let code = status.value().filter(|code| matches!(*code, "301" | "308"))?;
            Some((step, code, status.span()?))
        });
        let Some((step, code, span)) = permanent else { continue };
        let counts = steps.iter().find(|step| {
            let writes = step.attrs.has("writes") && facts.arrow(step) == Arrow::Call;
            let happens = facts.arrow(step) == Arrow::Handoff || (writes && !filled.contains(&step.to));
            happens && !step.attrs.has("on")
        });
        let expires = steps.iter().flat_map(|step| facts.tables_read(step)).find_map(|table| {
            let ttl = table.attrs.number("ttl").value().filter(|&ttl| ttl <= YEAR)?;
            Some((table, ttl))
        });
        let changed = steps
            .iter()
            .flat_map(|step| facts.tables_read(step))
            .find_map(|table| Some((table, *edited.get(&table.span)?)));
        let client = facts.node(step.from).name();
        let (message, evidence) = match (counts, expires, changed) {
            (Some(count), _, _) => (
                format!(
                    "`{}` never counts a second visit: {client} keeps the {code} and does not ask again",
                    flow.id
                ),
                format!(
                    "{} → {} is reached only by visits that arrive",
                    facts.id(count.from),
                    facts.id(count.to)
                ),
            ),
            (None, Some((table, ttl)), _) => (
                format!(
                    "{client} follows a `{}` that has expired: a {code} is kept without asking again",
                    table.id
                ),
                format!("`{}` expires after {}, a {code} does not", table.id, show_duration(ttl)),
            ),
            (None, None, Some((table, by))) => (
                format!(
                    "what `{}` changes of a `{}` never reaches a {client} that has followed it: it keeps the {code}",
                    by.id, table.id
                ),
                format!("`{}` writes `{}`, and a {code} is not asked for again", by.id, table.id),
            ),
            (None, None, None) => continue,
        };
        let finding =
            finding(facts, flow, step, Diagnostic::wrong(message, span, "kept by browsers, for good"));
        found.push(finding.evidence(evidence));
    }
    found
}

/// The tables that some flow edits or takes rows out of, by its label: a POST, and often a PUT, adds to them.
fn edited<'d>(facts: &Facts<'d>) -> HashMap<Span, &'d Flow> {
    let mut edited = HashMap::new();
    for flow in facts.design.flows.iter().filter(|flow| matches!(flow.method(), "PATCH" | "DELETE")) {
        let tables = facts.design.steps_of(flow).iter().flat_map(|step| facts.tables_written(step));
        for table in tables {
            edited.entry(table.span).or_insert(flow);
        }
    }
    edited
}

fn finding(facts: &Facts, flow: &Flow, step: &Step, finding: Diagnostic) -> Diagnostic {
    finding
        .node(facts.id(step.to))
        .hop(facts.id(step.from), facts.id(step.to))
        .flows([flow.id.clone()])
        .consequence(format!(
            "a link has to be changed or withdrawn in a hurry, and every {} that has seen it goes to the old address for months",
            facts.node(step.from).name()
        ))
        .mend(Mend::step(step, match step.attrs.text("status").value() { Some("308") => "status=307", _ => "status=302" }))
        .fix(format!("`status=302` on `{} -> {}`, or 307 to keep the method", facts.id(step.from), facts.id(step.to)))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |status: &str, ttl: &str, more: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a x2\nkafka k\nworker w\npostgres d {{ table t {{ key id; {ttl} }} }}\n\
                 flow f {{ u -> a {status}\na -> d reads=t by=id\n{more} }}"
            );
            expect(&RULE, &text, expected);
        };
        case("status=301", "", "a ~> k ~> w", &["wrong a"]);
        case("status=308", "", "a -> d writes=t", &["wrong a"]);
        case("status=301", "ttl = 30d", "", &["wrong a"]);
        case("status=302", "ttl = 30d", "a ~> k ~> w", &[]);
        case("", "", "a ~> k ~> w", &[]);
        // Filling a cache counts nothing, nor does what only a miss leads to; a counter does.
        let cached = "client u\nservice a x2\nredis c\npostgres d { table t { key id } }\n\
                      flow f { u -> a status=301\na -> c reads\na -> d reads=t by=id on=miss\na -> c writes }";
        expect(&RULE, cached, &[]);
        expect(&RULE, &cached.replace(" on=miss", ""), &["wrong a"]);
        case("status=301", "", "a ~> k on=error", &[]);
        // Links that are edited or withdrawn; a new one is no change.
        case("status=301", "", "}\nflow g \"DELETE /t\" { u -> a -> d writes=t", &["wrong a"]);
        case("status=302", "", "}\nflow g \"DELETE /t\" { u -> a -> d writes=t", &[]);
        case("status=301", "", "}\nflow g \"POST /t\" { u -> a -> d writes=t", &[]);
        // A moved page: nothing is counted, and it stays moved.
        case("status=301", "", "", &[]);
        case("status=301", "ttl = 5y", "", &[]);
    }
}
