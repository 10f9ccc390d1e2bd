use std::collections::HashSet;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Rule};

pub static RULE: Rule = Rule {
    id: "search-as-source-of-truth",
    severity: Severity::Error,
    confidence: Confidence::Medium,
    grave: true,
    group: Group::Data,
    summary: "a search index is the only place that has what is written to it",
    question: None,
    reads: &["backup", "optional", "reads", "rebuild_from", "writes"],
    page: Page {
        checks: "Search indexes that are written, and what else keeps the same.",
        when: "An application writes a search index (says `writes`; or, in a flow not labelled GET, says neither `reads` nor `writes` while another hop to the \
               index says `reads`), and no application that does \
               so has a hop to a database, object store or warehouse anywhere, in whatever flow and whatever for: what it keeps there may be the same; \
               nor does one that puts messages into the queues and \
               topics that they work on, or takes messages from the same ones, or that calls them; and no store hands off to the index. Silent with `rebuild_from` or `backup` on the \
               index, where the way to the writer does not start at a client or an outsider (logs of one's own \
               machines), where the hop is `optional`, and in a drawing without flows unless the hop says `writes`.",
        why: "An index is made to be thrown away: a changed mapping or an analyser needs all of it built again, from something. It \
              refuses documents that it cannot map, shows what was written a second later, and has no constraints that would keep \
              wrong data out.",
        outage: None,
        bad: "client web\nlb front managed\nservice ads x2\nelasticsearch listings x3\n\
              flow place { web -> front -> ads -> listings writes }\n",
        good: "client web\nlb front managed\nservice ads x2 cdc\nelasticsearch listings x3 rebuild_from=store\npostgres store x2 failover=auto backup=1h\n\
               flow place { web -> front -> ads -> store writes\n  ads -> listings writes }\n",
        ignore: "What it holds is of no use tomorrow, or comes again by itself.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for index in facts.nodes(|kind| kind == Kind::Search) {
        let node = facts.node(index);
        if node.attrs.has("rebuild_from") || node.attrs.has("backup") || is_fed(facts, index) {
            continue;
        }
        let asked = |step: &&Step| {
            let from = facts.node(step.from);
            facts.writes(step)
                && !step.attrs.has("optional")
                && from.kind.is_app()
                && facts.arrow(step) != Arrow::Control
        };
        let writes: Vec<_> = facts.design.steps_to(index).filter(asked).collect();
        // Where readers say so, who says nothing does not read.
        let told = facts.design.steps_to(index).any(|step| step.attrs.has("reads"));
        let certain = |step: &&&Step| {
            let posts = facts.flow_of(step).is_some_and(|flow| !matches!(flow.method(), "GET" | "HEAD"));
            step.attrs.has("writes") || (told && posts)
        };
        let Some(first) = writes.iter().find(certain) else { continue };
        let outside = facts
            .way_to(first.from)
            .first()
            .is_some_and(|&start| matches!(facts.node(start).kind, Kind::Client | Kind::External));
        if !outside || writes.iter().any(|step| kept_elsewhere(facts, step.from)) {
            continue;
        }
        let (name, writer) = (node.name(), facts.node(first.from).name());
        found.push(
            Diagnostic::wrong(format!("what {writer} writes to {name} is kept nowhere else"), first.span, "into an index, and only there")
                .label(node.span, "no `rebuild_from=` here")
                .node(&node.id)
                .hop(facts.id(first.from), &node.id)
                .flows(facts.flow_of(first).map(|flow| flow.id.clone()))
                .evidence(format!("{}; no database, object store or warehouse is on the way or beside it", facts.show_way(&with(facts, first.from, index))))
                .consequence(format!("the mapping of {name} has to change and there is nothing to build it again from; and what it refused to index is gone"))
                .fix(format!("a database that {writer} writes first, and `rebuild_from=` with its id on {name}, fed by `cdc` or messages")),
        );
    }
    found
}

fn with(facts: &Facts, writer: NodeIndex, index: NodeIndex) -> Vec<NodeIndex> {
    let mut way = facts.way_to(writer);
    way.push(index);
    way
}

const MANY: usize = 200;

/// A store or a change log hands off to it.
fn is_fed(facts: &Facts, index: NodeIndex) -> bool {
    facts.hops_to(index).iter().any(|(from, _)| facts.node(*from).kind.is_durable())
}

/// It, or somebody from whom its work comes over calls and messages, has to do with a store.
fn kept_elsewhere(facts: &Facts, writer: NodeIndex) -> bool {
    let mut seen: HashSet<NodeIndex> = HashSet::from([writer]);
    let mut open = vec![writer];
    while let Some(at) = open.pop() {
        // So much lies before it that one of them will keep it.
        if seen.len() > MANY {
            return true;
        }
        // Another consumer of the same messages may keep them.
        let keeps_them = |consumer: NodeIndex| {
            facts.hops_from(consumer).iter().any(|(to, _)| {
                let to = facts.node(*to);
                to.kind.is_durable() && to.kind != Kind::Search
            })
        };
        if facts.node(at).kind.is_broker() && facts.consumers(at).into_iter().any(keeps_them) {
            return true;
        }
        let touches = facts.hops_from(at).iter().any(|(to, _)| {
            let to = facts.node(*to);
            to.kind.is_durable() && to.kind != Kind::Search
        });
        if touches || facts.node(at).kind.is_durable() {
            return true;
        }
        let before = facts.hops_to(at).into_iter().map(|(from, _)| from);
        let polled =
            facts.hops_from(at).into_iter().map(|(to, _)| to).filter(|&to| facts.node(to).kind.is_broker());
        let next: Vec<NodeIndex> = before.chain(polled).filter(|&next| seen.insert(next)).collect();
        open.extend(next);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |index: &str, flow: &str, expected: &[&str]| {
            let nodes = format!(
                "client u\nservice a\nworker w\nscheduler t\nkafka q\npostgres d\nelasticsearch s {index}"
            );
            expect(&RULE, &format!("{nodes}\nflow f {{ {flow} }}"), expected);
        };
        case("", "u -> a -> s writes", &["wrong s"]);
        case("", "u -> a ~> q ~> w -> s writes", &["wrong s"]);
        case("", "u -> a -> s writes\na -> d reads", &[]);
        case("", "u -> a -> d writes\na ~> q ~> w -> s writes", &[]);
        // Another consumer of the same messages keeps them.
        let both = "client u\nservice a\nworker w\nworker v\nkafka q\npostgres d\nelasticsearch s\n\
                    flow f { u -> a ~> q ~> w -> s writes\nq ~> v -> d writes }";
        expect(&RULE, both, &[]);
        case("rebuild_from=d", "u -> a -> s writes", &[]);
        case("backup=1d", "u -> a -> s writes", &[]);
        case("", "u -> a -> s reads", &[]);
        // Nothing is said of the hop: a search, unless others say that they read.
        case("", "u -> a -> s", &[]);
        case("", "u -> a -> s }\nflow g { u -> w -> s reads", &["wrong s"]);
        expect(
            &RULE,
            "client u\nservice a\nelasticsearch s\nflow f \"GET /x\" { u -> a -> s }\nflow g { u -> a -> s reads }",
            &[],
        );
        case("", "u -> a -> s writes optional", &[]);
        // A store that feeds it; what a timer fills.
        case("", "u -> a -> s writes\nd ~> s", &[]);
        case("", "t -> a -> s writes", &[]);
    }
}
