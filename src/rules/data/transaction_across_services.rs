use std::collections::{HashMap, HashSet};

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Flow, Step, Table};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Rule};

pub static RULE: Rule = Rule {
    id: "transaction-across-services",
    severity: Severity::Error,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Data,
    summary: "one request changes the databases of several services, and nothing undoes the first when the second fails",
    question: None,
    reads: &["calls", "on", "optional", "saga", "share", "ttl", "writes"],
    page: Page {
        checks: "Flows in which several applications each write a database of their own while the caller waits.",
        when: "Over calls that somebody waits for, a flow reaches two applications that each say `writes` to a database, and \
               these are different databases (a replica is its primary). Neither one of these two, nor an application from which the flow's calls lead to both, states `saga` (one \
               beside them does not undo their writes). What is written before the last and lapses by itself does not count: all tables that the hop names have a `ttl` of a day \
               at most (a reservation). Silent \
               for lines of a flow that begin at different nodes (different requests), for hops that are `optional`, taken only `on=…`, or with `calls` below one (what one request fetches for the next thousand: numbers, keys), for writes behind two hops of one caller that both have a `share` below 100 % (alternatives of each other; beside a hop \
               without one, some requests do both), for what follows a queue or topic, for flows that \
               a timer or a worker starts, and where one application makes both writes: that is `dual-write`.",
        why: "A transaction ends at the edge of its database. The second service times out after the first has committed: the \
              stock is reserved and the order does not exist, and the caller, who was told that it failed, tries again. Each \
              service is right by itself, so no monitor shows it.",
        outage: None,
        bad: "client web\nlb front managed\nservice orders x2\nservice stock x2\npostgres placed x2 failover=auto backup=1h\npostgres shelf x2 failover=auto backup=1h\n\
              flow order { web -> front -> orders idempotency_key -> stock timeout=1s -> shelf writes timeout=1s\n  orders -> placed writes timeout=1s }\n",
        good: "client web\nlb front managed\nservice orders x2 saga\nservice stock x2\npostgres placed x2 failover=auto backup=1h\npostgres shelf x2 failover=auto backup=1h\n\
               flow order { web -> front -> orders idempotency_key -> stock timeout=1s -> shelf writes timeout=1s\n  orders -> placed writes timeout=1s }\n",
        ignore: "A write that is left over does no harm and is found: an expired reservation, a log line.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    // One finding for the same writers and databases, however many flows do so.
    let mut known: HashMap<Vec<(NodeIndex, NodeIndex)>, usize> = HashMap::new();
    for calls in facts.calls() {
        let Some(flow) = calls.flow.filter(|flow| !facts.is_background(flow)) else { continue };
        let mut done: Vec<Done> = Vec::new();
        for write in surely_done(facts, flow, &calls.waited_for) {
            let store = facts.primary(write.step.to);
            let is_new = |other: &Done| {
                other.step.from != write.step.from
                    && facts.primary(other.step.to) != store
                    && !is_instead(&other.shares, &write.shares)
            };
            if done.iter().all(is_new) {
                done.push(write);
            }
        }
        // What comes last cannot be left over; what lapses before it does no harm.
        let last = done.len().saturating_sub(1);
        let mut place = 0..;
        done.retain(|write| place.next() == Some(last) || !lapses(facts, write.step));
        // Lines that begin at different nodes are different requests.
        let apart = |[one, two]: [&Done; 2]| one.way.first() != two.way.first();
        let undone = |[one, two]: [&Done; 2]| {
            let saga = |node: &NodeIndex| facts.node(*node).attrs.has("saga");
            let callers = one.way.iter().filter(|node| two.way.contains(node));
            callers.chain([&one.step.from, &two.step.from]).any(saga)
        };
        let stays = |at: usize| {
            let others = (0..done.len()).filter(|&other| other != at);
            others.map(|other| [&done[at], &done[other]]).any(|pair| !apart(pair) && !undone(pair))
        };
        let writes: Vec<&Step> = (0..done.len()).filter(|&at| stays(at)).map(|at| done[at].step).collect();
        if writes.len() < 2 {
            continue;
        }
        let mut key: Vec<(NodeIndex, NodeIndex)> = writes.iter().map(|step| (step.from, step.to)).collect();
        key.sort_unstable();
        let leader = leader(facts, &done);
        if let Some(&at) = known.get(&key) {
            found[at].flows.push(flow.id.clone());
            continue;
        }
        known.insert(key, found.len());
        found.push(finding(facts, flow, &writes, leader));
    }
    found
}

/// A write that is made before the request is answered.
struct Done<'d> {
    step: &'d Step,
    /// The callers before it, itself included.
    way: Vec<NodeIndex>,
    shares: Vec<Share>,
}

/// A hop on the way that takes a part of what its caller gets: the caller, and where it leads.
type Share = (NodeIndex, NodeIndex);

/// A request that takes the one way does not take the other.
fn is_instead(one: &[Share], two: &[Share]) -> bool {
    one.iter().any(|a| two.iter().any(|b| a.0 == b.0 && a.1 != b.1))
}

/// Seconds.
const A_DAY: f64 = 86_400.0;

/// Longer ways have no meaning that anybody could follow.
const LONGEST: usize = 32;

/// The writes to databases that requests make before they are answered, in order.
fn surely_done<'d>(facts: &Facts<'d>, flow: &'d Flow, waited_for: &HashSet<NodeIndex>) -> Vec<Done<'d>> {
    // What is reached only by a hop that may not be taken is not sure either. Each with the first way that leads there.
    let mut sure: HashMap<NodeIndex, (Vec<NodeIndex>, Vec<Share>)> = HashMap::new();
    let mut seen: HashSet<NodeIndex> = HashSet::new();
    let mut writes = Vec::new();
    for step in facts.design.steps_of(flow) {
        if step.leg == 0 && !seen.contains(&step.from) && waited_for.contains(&step.from) {
            sure.entry(step.from).or_insert_with(|| (vec![step.from], Vec::new()));
        }
        seen.extend([step.from, step.to]);
        let in_advance = step.attrs.number("calls").value().is_some_and(|calls| calls < 1.0);
        let sometimes = step.attrs.has("optional") || step.attrs.has("on") || in_advance;
        let Some((way, shares)) = sure.get(&step.from).filter(|(way, _)| !sometimes && way.len() < LONGEST)
        else {
            continue;
        };
        if !matches!(facts.arrow(step), Arrow::Call | Arrow::Stream) {
            continue;
        }
        let (way, mut shares) = (way.clone(), shares.clone());
        if step.attrs.number("share").value().is_some_and(|share| share < 1.0) {
            shares.push((step.from, step.to));
        }
        if !facts.node(step.to).kind.is_broker() {
            let further = || ([way.as_slice(), &[step.to]].concat(), shares.clone());
            sure.entry(step.to).or_insert_with(further);
        }
        let (from, to) = (facts.node(step.from), facts.node(step.to));
        if from.kind.is_app() && to.kind == Kind::Database && step.attrs.has("writes") {
            writes.push(Done { step, way, shares });
        }
    }
    writes
}

/// Who could undo all of it: of those that call each of the writers, the nearest that may state a `saga`; else the first of
/// the writers.
fn leader(facts: &Facts, done: &[Done]) -> NodeIndex {
    let first = &done[0];
    let calls_all = |node: &&NodeIndex| done.iter().all(|write| write.way.contains(node));
    let may_undo = |node: &&NodeIndex| {
        matches!(facts.node(**node).kind, Kind::Service | Kind::Worker | Kind::Function | Kind::Socket)
    };
    first.way.iter().rev().filter(calls_all).find(may_undo).copied().unwrap_or(first.step.from)
}

/// It goes by itself soon: what was held for a request that failed is free again within a day.
fn lapses(facts: &Facts, step: &Step) -> bool {
    let soon = |table: &Table| table.attrs.number("ttl").value().is_some_and(|ttl| ttl <= A_DAY);
    facts.tables_written(step).next().is_some() && facts.tables_written(step).all(soon)
}

fn finding(facts: &Facts, flow: &Flow, writes: &[&Step], leader: NodeIndex) -> Diagnostic {
    let (first, last) = (writes[0], writes[writes.len() - 1]);
    let stores: Vec<NodeIndex> = writes.iter().map(|step| step.to).collect();
    let name = |node: NodeIndex| facts.node(node).name();
    let mut finding = Diagnostic::wrong(
        format!(
            "`{}` changes {}, each in a transaction of its own, and nothing undoes the first if the last fails",
            flow.id,
            facts.names(&stores)
        ),
        last.span,
        "this may fail when the other is done",
    )
    .node(facts.id(leader));
    for step in writes {
        finding = finding.hop(facts.id(step.from), facts.id(step.to)).evidence(format!(
            "{} → {} writes",
            facts.id(step.from),
            facts.id(step.to)
        ));
    }
    finding
        .label(first.span, "committed first")
        .flows([flow.id.clone()])
        .consequence(format!(
            "{} has committed when {} times out: the caller hears that it failed, and {} keeps half of it",
            name(first.to),
            name(last.to),
            name(first.to)
        ))
        .fix(format!(
            "`saga` on {}, with a step that undoes each write; or one write, and the rest by a message from an `outbox`",
            name(leader)
        ))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |flow: &str, expected: &[&str]| {
            let nodes = "client u\nservice a\nservice b\nservice c saga\nworker w\nkafka q\npostgres d\npostgres e\npostgres r replica_of=d";
            expect(&RULE, &format!("{nodes}\nflow f {{ {flow} }}"), expected);
        };
        case("u -> a -> d writes\na -> b -> e writes", &["wrong a"]);
        case("u -> a -> b -> e writes\na -> d writes", &["wrong a"]);
        case("u -> a\na -> b -> e writes\nu -> a -> d writes", &["wrong a"]);
        // One database, one writer, a read; not always; after a message; a saga anywhere before.
        case("u -> a -> d writes\na -> b -> d writes", &[]);
        case("u -> a -> d writes\na -> e writes", &[]);
        case("u -> a -> d writes\na -> b -> e reads", &[]);
        case("u -> a -> d writes\na -> b -> e", &[]);
        case("u -> a -> d writes\na -> b optional -> e writes", &[]);
        case("u -> a -> d writes\na -> b on=error -> e writes", &[]);
        case("u -> a\na -> b calls=0.001 -> e writes\na -> d writes", &[]);
        case("u -> a\na -> b calls=3 -> e writes\na -> d writes", &["wrong a"]);
        case("u -> a -> d writes\na ~> q ~> b -> e writes", &[]);
        case("u -> a -> d writes\na ~> b -> e writes", &[]);
        case("u -> c -> a -> d writes\nc -> b -> e writes", &[]);
        case("u -> a -> d writes\na -> c -> e writes", &[]);
        case("u -> a -> c -> d reads\na -> b -> e writes\na -> d writes", &["wrong a"]);
        // A door cannot undo: the service that calls both can, or the first of them.
        let behind_a_door = |flow: &str, expected: &[&str]| {
            let nodes = "client u\ngateway g\nservice o\nservice s\npostgres d\npostgres e";
            expect(&RULE, &format!("{nodes}\nflow f {{ {flow} }}"), expected);
        };
        behind_a_door("u -> g -> o\no -> s -> e writes\no -> d writes", &["wrong o"]);
        behind_a_door("u -> g\ng -> s -> e writes\ng -> o -> d writes", &["wrong s"]);
        // What was held lapses; what was decided last does not matter; a year is no hold.
        let held = |ttl: &str, flow: &str, expected: &[&str]| {
            let nodes = "client u\nservice o\nservice s\npostgres d { table order { key id } }";
            let shelf = format!("postgres e {{ table hold {{ key id; ttl = {ttl} }} }}");
            expect(&RULE, &format!("{nodes}\n{shelf}\nflow f {{ {flow} }}"), expected);
        };
        held("15min", "u -> o -> s -> e writes=hold\no -> d writes=order", &[]);
        held("15min", "u -> o -> d writes=order\no -> s -> e writes=hold", &["wrong o"]);
        held("1y", "u -> o -> s -> e writes=hold\no -> d writes=order", &["wrong o"]);
        held("15min", "u -> o -> s -> e writes\no -> d writes=order", &["wrong o"]);
        // One or the other; or the second in a part of all that do the first.
        case("u -> a\na -> d writes share=40%\na -> b share=60% -> e writes", &[]);
        case("u -> c\nc -> a share=40% -> d writes\nc -> b share=60% -> e writes", &[]);
        case("u -> a -> d writes\na -> b share=60% -> e writes", &["wrong a"]);
        case("w -> a -> d writes\nw -> b -> e writes", &[]);
        case("a -> d writes\nb -> e writes", &[]);
        case("u -> a -> d writes\nu -> b -> e writes", &["wrong a"]);
    }
}
