use std::collections::HashMap;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::needs::{is_alternative, ways_for_all};
use crate::design::{Arrow, Flow, Step};
use crate::diagnostic::{Diagnostic, Severity, Verdict};
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "dual-write",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: true,
    group: Group::Data,
    summary: "one request is written to two places with no transaction around them: a crash between leaves them different",
    question: Some(Question {
        topic: "two writes",
        text: "it crashes after the first write and before the second: who notices?",
    }),
    reads: &[
        "buffer",
        "cdc",
        "idempotency_key",
        "on",
        "optional",
        "outbox",
        "reads",
        "replica_of",
        "saga",
        "share",
        "writes",
    ],
    page: Page {
        checks: "Services that on one request write a database and also another database, a search index, a queue or a topic.",
        when: "In one flow, a node writes a database or warehouse and also writes another one, a search index, a queue or a \
               topic, and has no `saga`; nor, for a queue or topic, an `outbox` or `cdc`; nor, for a search index, `cdc`. A \
               question where the hop to the database says neither `reads` nor `writes`, in designs without flows, where \
               one flow writes databases and nothing else and another one, that starts at this very node, the other place, and where both hops have a `share`, which need not be of the same requests. Left alone: hops of one node whose shares come to 100 %, of which each request takes one; hops that are `optional` or taken only `on=…`; caches and \
               files; queues that are tables of a relational database; topics that may lose messages anyway; consumers, which get their message again after a crash; what a client with a `buffer` sends under an `idempotency_key`, since it sends it until it has the answer; \
               and what a timer or a worker starts, which runs again.",
        why: "No order of the two is safe: the process can die between them, or the second can be refused. What was stored is \
              then never announced, or announced and never stored, and nothing in the system knows that it should repair it.",
        outage: None,
        bad: "client web\nlb front managed\nservice orders x2\npostgres store x2 failover=auto\nkafka placed x3\nworker mail x2 idempotent\n\
              flow order {\n  web -> front -> orders -> store writes\n  orders ~> placed ~> mail\n}\n",
        good: "client web\nlb front managed\nservice orders x2 outbox\npostgres store x2 failover=auto\nkafka placed x3\nworker mail x2 idempotent\n\
               flow order {\n  web -> front -> orders -> store writes\n  orders ~> placed ~> mail\n}\n",
        ignore: "Losing the second write is harmless: mark its hop `optional`.",
    },
    check,
};

/// The writes of one node in one flow.
type Writes<'d> = Vec<&'d Step>;

/// The first consumer of each queue or topic asked about.
type Readers = HashMap<NodeIndex, Option<NodeIndex>>;

/// What is said of a node and the places that it writes, by these.
#[derive(Default)]
struct Found {
    all: Vec<Diagnostic>,
    at: HashMap<(NodeIndex, Vec<NodeIndex>), usize>,
    readers: Readers,
}

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Found::default();
    let all = writes(facts);
    for (node, writes) in &all {
        let store = writes.iter().copied().filter(|step| is_source(facts, step)).max_by_key(|step| {
            // The one that is surely written is the better witness, and of those the first.
            (step.attrs.has("writes"), std::cmp::Reverse(step.span))
        });
        let Some(store) = store else { continue };
        let ways = store.flow.map(|flow| ways_for_all(facts.design.steps_of(&facts.design.flows[flow])));
        let ways = ways.unwrap_or_default();
        // Each request goes one of the ways that its shares make.
        let apart = |step: &Step| {
            is_alternative(step)
                && is_alternative(store)
                && step.from == store.from
                && ways.contains(&step.from)
        };
        say(facts, &mut found, *node, store, writes.iter().copied().filter(|step| !apart(step)));
    }
    for (node, store, follows) in what_follows(facts, &all) {
        say(facts, &mut found, node, store, follows.into_iter());
    }
    found.all.sort_by_key(|finding| finding.at.span);
    found.all
}

/// One finding for a node and the places that it writes, however many flows do so; the surest, in whatever order they
/// stand.
fn say<'d>(
    facts: &Facts,
    found: &mut Found,
    node: NodeIndex,
    store: &'d Step,
    writes: impl Iterator<Item = &'d Step>,
) {
    let mut others: Vec<&Step> = Vec::new();
    for step in writes {
        if step.to != store.to && !others.iter().any(|other| other.to == step.to) {
            others.push(step);
        }
    }
    if others.is_empty() {
        return;
    }
    let mut places: Vec<NodeIndex> = others.iter().map(|step| step.to).collect();
    places.push(store.to);
    places.sort_unstable();
    let flow = store.flow.map(|flow| facts.design.flows[flow].id.clone());
    let new = finding(facts, node, store, &others, &mut found.readers);
    let next = found.all.len();
    let at = *found.at.entry((node, places)).or_insert(next);
    if at == next {
        found.all.push(new.flows(flow));
    } else if new.verdict == Verdict::Wrong && found.all[at].verdict == Verdict::Unstated {
        let asked = std::mem::replace(&mut found.all[at], new.flows(flow));
        found.all[at].flows.extend(asked.flows);
    } else {
        found.all[at].flows.extend(flow);
    }
}

fn finding(
    facts: &Facts,
    node: NodeIndex,
    store: &Step,
    others: &[&Step],
    readers: &mut Readers,
) -> Diagnostic {
    let subject = facts.node(node);
    let mut all = vec![store.to];
    all.extend(others.iter().map(|step| step.to));
    let [who, first, both] = [subject.name(), facts.node(store.to).name(), facts.names(&all)];
    let message = format!("if {who} crashes between two writes, {both} differ for ever");
    let certain = |step: &Step| step.attrs.has("writes") || facts.node(step.to).kind.is_broker();
    let in_flow = store.flow.is_some() && others.iter().all(|step| step.flow == store.flow);
    // Two parts of the requests need not be the same ones.
    let same = |step: &Step| !(is_alternative(store) && is_alternative(step));
    let finding = if in_flow && certain(store) && others.iter().any(|step| certain(step) && same(step)) {
        Diagnostic::wrong(message, store.span, "this is written")
    } else {
        Diagnostic::unstated(message, store.span, "if this is written").question(format!(
            "{who} crashes after it has written {first} and before {}: who notices?",
            facts.node(others[0].to).name()
        ))
    };
    let mut finding = finding.node(&subject.id).hop(&subject.id, facts.id(store.to));
    for step in others {
        finding = finding
            .hop(&subject.id, facts.id(step.to))
            .label(step.span, "and so is this, outside its transaction")
            .evidence(format!("{} and {}", way(facts, store), way(facts, step)));
    }
    let second = others[0].to;
    let (lost, fix) = if facts.node(second).kind.is_broker() {
        let reader = readers.entry(second).or_insert_with(|| facts.consumers(second).first().copied());
        let reader =
            reader.map_or_else(|| "whoever reads it".to_string(), |reader| facts.node(reader).name());
        (
            format!(
                "what {first} holds was never handed to {}, and {reader} never hears of it",
                facts.node(second).name()
            ),
            format!(
                "`outbox` on {who} (the message is written in the same transaction and sent from there), or `cdc`; \
                 `optional` on the hop if it may be lost"
            ),
        )
    } else {
        (
            format!("{first} has it and {} has not, and nothing repairs that", facts.node(second).name()),
            format!(
                "write {first} alone and feed {} from it, by `cdc` or by messages with an `outbox` on {who}; or a `saga` on {who} that undoes",
                facts.node(second).name()
            ),
        )
    };
    finding.consequence(format!("{who} is killed between the two: {lost}")).fix(fix)
}

fn way(facts: &Facts, step: &Step) -> String {
    format!("{} {} {}", facts.id(step.from), facts.arrow(step).symbol(), facts.id(step.to))
}

/// For each application, in each flow, the steps that write what must agree; in the order of the file.
fn writes<'d>(facts: &Facts<'d>) -> Vec<(NodeIndex, Writes<'d>)> {
    let mut by_flow: Vec<(NodeIndex, Writes<'d>)> = Vec::new();
    let mut at: HashMap<(NodeIndex, Option<usize>), usize> = HashMap::new();
    let mut consumers = std::collections::HashSet::new();
    for step in &facts.design.steps {
        // Hops outside flows only declare what the flows use, where there are any.
        if step.flow.is_none() && !facts.design.flows.is_empty() {
            continue;
        }
        // What is brought back to it after it has written, as by a bus, is no message that it works on.
        let wrote = |node: NodeIndex| step.flow.is_some() && at.contains_key(&(node, step.flow));
        if facts.node(step.from).kind.is_broker() {
            if !wrote(step.to) {
                consumers.insert((step.to, step.flow));
            }
        } else if facts.node(step.to).kind.is_broker() && step.attrs.has("reads") {
            consumers.insert((step.from, step.flow));
        }
        if !must_agree(facts, step) {
            continue;
        }
        // What runs by a timer or looks for work itself, such as the relay of an outbox, runs again after a crash.
        let runs_again = match facts.flow_of(step) {
            Some(flow) => facts.is_background(flow) || is_sent_again(facts, flow),
            None => facts.node(step.from).kind == Kind::Worker,
        };
        if runs_again {
            continue;
        }
        let key = (step.from, step.flow);
        let next = by_flow.len();
        let at = *at.entry(key).or_insert(next);
        if at == next {
            by_flow.push((step.from, Vec::new()));
        }
        by_flow[at].1.push(step);
    }
    // A consumer that crashes between its writes gets its message again and does both.
    by_flow.retain(|(node, steps)| !consumers.contains(&(*node, steps[0].flow)));
    by_flow
}

/// A flow that starts at an application goes on with what another flow did there, if all that one does is to write a
/// database: its writes may belong to that one's. For each such database of a node, the first write of it and these.
/// The client keeps what it sends until it has the answer, and sends it under the same key: what broke off between two
/// writes is done once more.
fn is_sent_again(facts: &Facts, flow: &Flow) -> bool {
    let Some(first) = facts.design.steps_of(flow).first() else { return false };
    let client = facts.node(first.from);
    client.kind == Kind::Client && client.attrs.has("buffer") && first.attrs.has("idempotency_key")
}

fn what_follows<'d>(
    facts: &Facts<'d>,
    all: &[(NodeIndex, Writes<'d>)],
) -> Vec<(NodeIndex, &'d Step, Writes<'d>)> {
    let starts_at = |node: NodeIndex, step: &Step| {
        facts
            .flow_of(step)
            .is_some_and(|flow| facts.design.steps_of(flow).first().is_some_and(|first| first.from == node))
    };
    let mut follows: HashMap<NodeIndex, Writes<'d>> = HashMap::new();
    for (node, writes) in all {
        if starts_at(*node, writes[0]) && !writes.iter().any(|step| is_source(facts, step)) {
            follows.entry(*node).or_default().extend(writes);
        }
    }
    let mut pairs = Vec::new();
    for (node, writes) in all {
        let only_stores = writes.iter().all(|step| is_source(facts, step) && step.attrs.has("writes"));
        if let (true, Some(follows)) = (only_stores && !starts_at(*node, writes[0]), follows.get(node)) {
            pairs.push((*node, writes[0], follows.clone()));
        }
    }
    pairs
}

fn must_agree(facts: &Facts, step: &Step) -> bool {
    let [from, to] = [facts.node(step.from), facts.node(step.to)];
    // An outbox sends messages, and a change log feeds what is derived: neither makes two databases agree.
    let derived = to.kind.is_broker() || to.kind == Kind::Search;
    let guarded = from.attrs.has("saga")
        || (from.attrs.has("outbox") && to.kind.is_broker())
        || (from.attrs.has("cdc") && derived);
    let sometimes = step.attrs.has("optional") || step.attrs.has("on");
    let kept = match to.kind {
        Kind::Database | Kind::Warehouse => !to.attrs.has("replica_of"),
        Kind::Search => true,
        // A queue that is a table takes part in the transaction.
        Kind::Queue | Kind::Topic => {
            facts.delivery(step.to) != Some("at-most-once") && facts.database_of(step.to).is_none()
        }
        _ => false,
    };
    let scheduled = from.kind == Kind::Scheduler;
    from.kind.is_app()
        && !guarded
        && !scheduled
        && !sometimes
        && kept
        && facts.arrow(step) != Arrow::Control
        && facts.writes(step)
}

/// Where the truth is: what the other place must agree with.
fn is_source(facts: &Facts, step: &Step) -> bool {
    matches!(facts.node(step.to).kind, Kind::Database | Kind::Warehouse)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let expect = |text: &str, expected: &[&str]| expect(&RULE, text, expected);
        let nodes = "client u\nservice a\npostgres d\npostgres e\nkafka q\nworker w\nelasticsearch s\nredis c\ns3 b\n";
        let case = |text: &str, expected: &[&str]| expect(&format!("{nodes}{text}"), expected);
        case("flow f { u -> a -> d writes\na ~> q ~> w }", &["wrong a"]);
        case("flow f { u -> a -> d writes\na -> s writes }", &["wrong a"]);
        case("flow f { u -> a -> d writes\na -> e writes }", &["wrong a"]);
        // Sent until it is answered, under one key.
        let phone = |flow: &str, expected: &[&str]| {
            expect(&format!("client p buffer\n{nodes}flow f {{ {flow} }}"), expected);
        };
        phone("p -> a idempotency_key -> d writes\na ~> q ~> w", &[]);
        phone("p -> a -> d writes\na ~> q ~> w", &["wrong a"]);
        phone("u -> a idempotency_key -> d writes\na ~> q ~> w", &["wrong a"]);
        // Not said whether it writes, or whether it is the same request: a question.
        case("flow f { u -> a -> d\na ~> q ~> w }", &["unstated a"]);
        case("u -> a -> d\na ~> q ~> w", &["unstated a"]);
        // Reads, then publishes. Two reads.
        case("flow f { u -> a -> d reads\na ~> q ~> w }", &[]);
        case("flow f { u -> a -> d writes\na -> e reads }", &[]);
        // In different flows: different requests.
        case("flow f { u -> a -> d writes }\nflow g { u -> a ~> q ~> w }", &[]);
        // One transaction, a cache, a file, an optional hop, a fallback.
        case("flow f { u -> a -> d writes=[x, y] }", &[]);
        case("flow f { u -> a -> d writes\na -> c writes }", &[]);
        case("flow f { u -> a -> b writes\na -> d writes }", &[]);
        case("flow f { u -> a -> d writes\na ~> q optional\nq ~> w }", &[]);
        case("flow f { u -> a -> d writes\na ~> q on=error\nq ~> w }", &[]);
        // The other node writes.
        case("flow f { u -> a ~> q ~> w -> d writes }", &[]);
        // A consumer gets its message again.
        case("flow f { u -> a ~> q ~> w -> d writes\nw -> s writes }", &[]);
        // What it hands off comes back to it: that is not why it wrote.
        case("flow f { u -> a -> d writes\na ~> q ~> a }", &["wrong a"]);
        // A queue in the same database.
        case("queue j tech=postgres\nflow f { u -> a -> d writes\na ~> j ~> w }", &[]);
        // The relay of an outbox finds what it has not sent.
        case("flow f { w -> d reads\nw ~> q ~> a\nw -> d writes }", &[]);
        // The same two in two flows are one finding.
        case(
            "flow f { u -> a -> d writes\na ~> q ~> w }\nflow g { u -> a -> d writes\na ~> q ~> w }",
            &["wrong a"],
        );
        // What starts at the node itself goes on with the request; what another client asks for does not.
        case("flow f { u -> a -> d writes }\nflow g { a ~> q ~> w }", &["unstated a"]);
        case("flow f { u -> a -> d reads }\nflow g { a ~> q ~> w }", &[]);
        // Whatever order the flows stand in: the surest is said, and what follows may follow each of them.
        case("flow f { u -> a -> d\na ~> q ~> w }\nflow g { u -> a -> d writes\na ~> q ~> w }", &["wrong a"]);
        case("flow g { u -> a -> d writes\na ~> q ~> w }\nflow f { u -> a -> d\na ~> q ~> w }", &["wrong a"]);
        case(
            "flow f { u -> a -> d writes\na -> e writes }\nflow g { a ~> q ~> w }",
            &["wrong a", "unstated a"],
        );
        case(
            "flow g { a ~> q ~> w }\nflow f { u -> a -> d writes\na -> e writes }",
            &["wrong a", "unstated a"],
        );
        // A part of the requests is still some; two parts need not be the same; ways that take all are apart.
        case("flow f { u -> a -> d writes\na ~> q share=25% ~> w }", &["wrong a"]);
        case("flow f { u -> a -> d writes share=25%\na ~> q ~> w }", &["wrong a"]);
        case("flow f { u -> a -> d writes share=25%\na ~> q share=25% ~> w }", &["unstated a"]);
        case("flow f { u -> a -> d writes share=75%\na ~> q share=25% ~> w }", &[]);
        // An outbox sends messages; a change log feeds what is derived; two databases need a saga.
        let guarded = |how: &str, other: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a {how}\npostgres d\n{other} o\nflow f {{ u -> a -> d writes\na -> o writes }}"
            );
            expect(&text, expected);
        };
        guarded("outbox", "postgres", &["wrong a"]);
        guarded("outbox", "elasticsearch", &["wrong a"]);
        guarded("cdc", "postgres", &["wrong a"]);
        guarded("cdc", "elasticsearch", &[]);
        guarded("saga", "postgres", &[]);
        for how in ["outbox", "cdc", "saga"] {
            let text = format!(
                "client u\nservice a {how}\npostgres d\nkafka q\nflow f {{ u -> a -> d writes\na ~> q }}"
            );
            expect(&text, &[]);
        }
        // Nothing is promised of these messages.
        expect("client u\nservice a\npostgres d\nredis-pubsub p\nflow f { u -> a -> d writes\na ~> p }", &[]);
    }
}
