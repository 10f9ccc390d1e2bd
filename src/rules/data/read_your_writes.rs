use std::collections::{HashMap, HashSet};

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Flow, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::units::show_duration;

pub static RULE: Rule = Rule {
    id: "read-your-writes",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Data,
    summary: "who has just saved something does not see it: it is read from a copy that is behind",
    question: Some(Question {
        topic: "own writes",
        text: "somebody saves and looks again at once: is it there?",
    }),
    reads: &["consistency", "lag", "optional", "reads", "replica_of", "replication", "staleness", "writes"],
    page: Page {
        checks: "Reads from a replica, or with `consistency=eventual` or `one`, of what was written to its primary.",
        when: "In one flow that somebody waits for, a hop says `writes` to a database and a later one reads from a node that is \
               `replica_of` it, or from it with `consistency=eventual` or `one`; and where both name tables, one of them is the \
               same. A question where one flow writes and another reads such a replica, both started by one client. Silent where the \
               read or the replica states `consistency=strong`, `quorum` or `session`, where the replica's or the primary's `replication` is \
               `sync`, where the reading flow states how old its data may be (`staleness`), and for `optional` reads and \
               those taken `on=error` or `on=failover`; the question also where the replica states a `lag` of a second or less (or a longer one and it is one flow that reads and then writes), and in flows of at most 10 requests a second \
               that promise no `availability`. `sync` is taken to mean that the replica has applied it, too.",
        why: "A replica applies what the primary has done, a moment later and under load much later. The page that shows what was \
              just saved is the one read where the delay is always seen: the user takes it for lost, and saves again.",
        outage: None,
        bad: "client web\nlb front managed\nservice posts x2\npostgres store x2 failover=auto backup=1h\npostgres copy x2 replica_of=store\n\
              flow post { web -> front -> posts -> store writes\n  posts -> copy reads }\n",
        good: "client web\nlb front managed\nservice posts x2\npostgres store x2 failover=auto backup=1h\npostgres copy x2 replica_of=store\n\
               flow post { web -> front -> posts -> store writes\n  posts -> copy reads consistency=session }\n",
        ignore: "The client shows what it sent until the copy has it.",
    },
    check,
};

/// Writes of one database that a read is compared with.
const ENOUGH: usize = 100;
/// Between saving and looking, in seconds.
const A_MOMENT: f64 = 1.0;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut told: HashSet<(NodeIndex, NodeIndex)> = HashSet::new();
    for flow in facts.design.flows.iter().filter(|flow| !facts.is_background(flow)) {
        // The first write of each database so far.
        let mut written: HashMap<NodeIndex, Vec<&Step>> = HashMap::new();
        for step in facts.design.steps_of(flow) {
            if facts.node(step.to).kind != Kind::Database {
                continue;
            }
            let store = facts.primary(step.to);
            if may_be_behind(facts, step) && flow.attrs.get("staleness").is_none() {
                let write = written
                    .get(&store)
                    .and_then(|writes| writes.iter().take(ENOUGH).find(|write| same(write, step)));
                if let Some(write) = write
                    && told.insert((step.from, step.to))
                {
                    found.push(wrong(facts, flow, write, step));
                }
            }
            if step.attrs.has("writes") && step.to == store && !facts.is_way_out(step) {
                written.entry(store).or_default().push(step);
            }
        }
    }
    let told: HashSet<NodeIndex> = told.into_iter().map(|(_, replica)| replica).collect();
    found.extend(across_flows(facts, &told));
    found
}

/// For each replica of which nothing is said, a flow that reads it and another one of the same client that writes its primary.
fn across_flows(facts: &Facts, told: &HashSet<NodeIndex>) -> Vec<Diagnostic> {
    let client = |flow: &Flow| {
        let first = facts.design.steps_of(flow).first().map(|step| step.from);
        first.filter(|&first| facts.node(first).kind == Kind::Client)
    };
    let mut writes: HashMap<(NodeIndex, NodeIndex), Vec<&Step>> = HashMap::new();
    for flow in &facts.design.flows {
        let Some(client) = client(flow) else { continue };
        for step in facts.design.steps_of(flow) {
            if facts.node(step.to).kind == Kind::Database
                && step.attrs.has("writes")
                && !facts.is_way_out(step)
            {
                writes.entry((client, step.to)).or_default().push(step);
            }
        }
    }
    let mut asked = HashSet::new();
    let mut found = Vec::new();
    for flow in &facts.design.flows {
        let Some(client) = client(flow) else { continue };
        if flow.attrs.get("staleness").is_some() || facts.is_small(flow) {
            continue;
        }
        for read in facts.design.steps_of(flow) {
            let primary = facts.primary(read.to);
            // Who saves and looks takes a second; a lag above that says that it is not there.
            let soon = facts.node(read.to).attrs.get("lag").is_some() && !is_late(facts, read.to);
            let unsaid = !soon && read.attrs.get("consistency").is_none();
            if primary == read.to || told.contains(&read.to) || !unsaid || !may_be_behind(facts, read) {
                continue;
            }
            // Who reads first and then writes has said how old what it reads may be.
            let again = |write: &&&Step| !is_late(facts, read.to) || write.flow != read.flow;
            let write = writes
                .get(&(client, primary))
                .and_then(|writes| writes.iter().take(ENOUGH).filter(again).find(|write| same(write, read)));
            if let Some(write) = write
                && asked.insert(read.to)
            {
                found.push(asks(facts, flow, write, read));
            }
        }
    }
    found
}

fn is_late(facts: &Facts, replica: NodeIndex) -> bool {
    facts.node(replica).attrs.number("lag").value().is_some_and(|lag| lag > A_MOMENT)
}

/// What it reads may be older than what the primary has.
fn may_be_behind(facts: &Facts, step: &Step) -> bool {
    let (node, primary) = (facts.node(step.to), facts.node(facts.primary(step.to)));
    let stated = step.attrs.text("consistency").value().or(node.attrs.text("consistency").value());
    let in_step = [node, primary].iter().any(|node| node.attrs.text("replication").value() == Some("sync"));
    let behind = match stated {
        Some(word) => matches!(word, "eventual" | "one"),
        None => node.id != primary.id && !in_step,
    };
    behind
        && facts.arrow(step) != Arrow::Control
        && facts.reads(step)
        && !step.attrs.has("optional")
        && !facts.is_way_out(step)
}

/// They name no tables, or share one.
fn same(write: &Step, read: &Step) -> bool {
    let (written, read) = (write.attrs.words("writes"), read.attrs.words("reads"));
    written.is_empty() || read.is_empty() || read.iter().any(|table| written.contains(table))
}

fn wrong(facts: &Facts, flow: &Flow, write: &Step, read: &Step) -> Diagnostic {
    let (name, primary) = (facts.node(read.to).name(), facts.node(write.to).name());
    let from = if read.to == write.to { format!("a copy of {name}") } else { name.clone() };
    Diagnostic::wrong(
        format!("`{}` writes {primary} and then reads from {from}, which may not have it yet", flow.id),
        read.span,
        "reads what was just written elsewhere",
    )
    .label(write.span, "written here")
    .node(facts.id(read.to))
    .hop(facts.id(read.from), facts.id(read.to))
    .flows([flow.id.clone()])
    .evidence(ways(facts, write, read))
    .consequence(
        "the answer is the state from before: it looks as if nothing had been saved, and is saved again",
    )
    .fix(fix(facts, read))
}

fn asks(facts: &Facts, flow: &Flow, write: &Step, read: &Step) -> Diagnostic {
    let (name, primary) = (facts.node(read.to).name(), facts.node(write.to).name());
    let saving = facts.flow_of(write).map_or("", |flow| &flow.id);
    let behind = match facts.node(read.to).attrs.number("lag").value() {
        Some(lag) => format!("which is {} behind", show_duration(lag)),
        None => "and nothing says how far that is behind".to_string(),
    };
    Diagnostic::unstated(
        format!("`{saving}` writes {primary} and `{}` reads {name}, {behind}", flow.id),
        read.span,
        "a copy of what was written",
    )
    .question(format!("somebody does `{saving}` and at once `{}`: does {name} have it yet?", flow.id))
    .label(write.span, "written here")
    .node(facts.id(read.to))
    .hop(facts.id(read.from), facts.id(read.to))
    .flows([flow.id.clone()])
    .evidence(ways(facts, write, read))
    .consequence("what somebody has just saved is not on the page that shows it, so it is saved again")
    .fix(fix(facts, read))
}

fn ways(facts: &Facts, write: &Step, read: &Step) -> String {
    let way = |step: &Step| format!("{} → {}", facts.id(step.from), facts.id(step.to));
    format!("{} writes, {} reads", way(write), way(read))
}

fn fix(facts: &Facts, read: &Step) -> String {
    let (from, to) = (facts.id(read.from), facts.id(read.to));
    format!(
        "`consistency=session` on `{from} -> {to}`, which sends who has just written to the primary; or the flow's `staleness`, if it may be old"
    )
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |replica: &str, flows: &str, expected: &[&str]| {
            let text = format!(
                "client u\nclient v\nservice a\nworker w\npostgres d\npostgres r replica_of=d {replica}\n{flows}"
            );
            expect(&RULE, &text, expected);
        };
        case("", "flow f { u -> a -> d writes\na -> r reads }", &["wrong r"]);
        case("lag=1s", "flow f { u -> a -> d writes\na -> r reads }", &["wrong r"]);
        case("", "flow f { u -> a -> d writes=x\na -> r reads=[y, x] }", &["wrong r"]);
        case("", "flow f { u -> a -> d writes\na -> d reads consistency=eventual }", &["wrong d"]);
        // Before it writes; something else; from the primary; told to wait, or said to be old.
        case("", "flow f { u -> a -> r reads\na -> d writes }", &["unstated r"]);
        case("", "flow f { u -> a -> d writes=x\na -> r reads=y }", &[]);
        case("", "flow f { u -> a -> d writes\na -> d reads }", &[]);
        case("", "flow f { u -> a -> d writes\na -> r reads consistency=session }", &[]);
        case("", "flow f { u -> a -> d writes\na -> r reads optional }", &[]);
        case("", "flow f { u -> a -> d writes\na -> r reads on=failover }", &[]);
        case("replication=sync", "flow f { u -> a -> d writes\na -> r reads }", &[]);
        case("", "flow f staleness=5s { u -> a -> d writes\na -> r reads }", &[]);
        case("", "flow f { w -> d writes\nw -> r reads }", &[]);
        // Two flows of one client.
        case("", "flow f { u -> a -> d writes }\nflow g { u -> a -> r reads }", &["unstated r"]);
        case("", "flow f { v -> a -> d writes }\nflow g { u -> a -> r reads }", &[]);
        case("lag=1s", "flow f { u -> a -> d writes }\nflow g { u -> a -> r reads }", &[]);
        case("lag=30s", "flow f { u -> a -> d writes }\nflow g { u -> a -> r reads }", &["unstated r"]);
        case("lag=30s", "flow f { u -> a -> r reads\na -> d writes }", &[]);
        case("lag=30s", "flow f { u -> a -> d writes }\nflow g staleness=1min { u -> a -> r reads }", &[]);
        case(
            "lag=30s",
            "flow f { u -> a -> d writes }\nflow g { u -> a -> r reads consistency=session }",
            &[],
        );
        case("", "flow f { u -> a -> d writes }\nflow g staleness=5s { u -> a -> r reads }", &[]);
        case("", "flow f { u -> a -> d writes }\nflow g rate=5/s { u -> a -> r reads }", &[]);
    }
}
