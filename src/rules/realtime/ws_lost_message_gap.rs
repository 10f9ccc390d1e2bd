use std::collections::{HashMap, HashSet};

use petgraph::graph::NodeIndex;
use petgraph::visit::EdgeRef;

use crate::catalog::Kind;
use crate::design::{Arrow, Flow, Node, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::facts::is_position;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::source::Span;

pub static RULE: Rule = Rule {
    id: "ws-lost-message-gap",
    severity: Severity::Error,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Realtime,
    summary: "what is sent while a client is disconnected never reaches it",
    question: Some(Question {
        topic: "missed messages",
        text: "a phone is in a tunnel for a minute: how does it get what was sent meanwhile?",
    }),
    reads: &[
        "by",
        "delivery",
        "page",
        "reads",
        "rebuild_from",
        "registry",
        "replica_of",
        "resume",
        "staleness",
        "writes",
    ],
    page: Page {
        checks: "Connection servers that bring messages to clients: whether a client can ask for what it missed.",
        when: "Messages come to a socket from inside, or a flow goes through it to a client; no client says `resume` (which \
               does not count where the design has no store, no `external`, no socket that a vendor runs and no queue or topic that keeps \
               messages: there is nothing to resume from), and no client reaches, over calls and connections, an application that reads a store other \
               than the register of connections (a read `by=` a whole key of several fields that ends in a position, such as `seq`, and without `page`, is of one row and does not count). Where a flow through the socket writes a database, this has to be a store \
               that something on these flows, or a consumer of their queues and topics, writes, or of which no writer is drawn, \
               or a `replica_of` or `rebuild_from` something. Wrong where a client says `resume=no`, or where a flow that delivers writes a database that \
               nothing reads; otherwise a question. Left alone where being late is as bad as being lost: a flow through the \
               socket states `staleness`, or a broker before it \
               `delivery=at-most-once`, which must be stated: that a technology delivers so is no wish.",
        why: "A connection breaks in every lift and at every deploy, and the server learns of it a heartbeat later. What it \
              sent in between is gone: it was written to a socket that nobody read. The sender sees it as delivered.",
        outage: None,
        bad: "client app\nlb front managed\nsocket push x4\nservice chat x3\npostgres store x2\nredis-pubsub bus x2\n\
              flow send { app <-> front <-> push -> chat -> store writes\nchat ~> bus ~> push }\n",
        good: "client app resume\nlb front managed\nsocket push x4\nservice chat x3\npostgres store x2\nredis-pubsub bus x2\n\
               flow send { app <-> front <-> push -> chat -> store writes\nchat ~> bus ~> push }\n\
               flow catch-up { app -> front -> chat -> store reads page=cursor }\n",
        ignore: "The next message makes the last one worthless, as with positions or scores: state the flow's `staleness`.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let deliveries = facts.deliveries();
    let delivers = |socket: &NodeIndex| facts.is_brought_messages(*socket) || deliveries.contains_key(socket);
    let sockets: Vec<NodeIndex> = facts.connected_sockets().filter(delivers).collect();
    let (refuses, resumes) = clients_say(facts);
    if sockets.is_empty() || (resumes && keeps_anything(facts)) {
        return found;
    }
    let read = clients_read(facts);
    let unread = unread(facts);
    // Many sockets share their flows.
    let mut readable: HashMap<Vec<&str>, bool> = HashMap::new();
    for socket in sockets {
        let node = facts.node(socket);
        let mut seen = HashSet::new();
        let flows: Vec<&Flow> = facts
            .design
            .steps_to(socket)
            .chain(facts.design.steps_from(socket))
            .filter_map(|step| step.flow)
            .filter(|&flow| seen.insert(flow))
            .map(|flow| &facts.design.flows[flow])
            .collect();
        let fleeting = |(from, _): &(NodeIndex, _)| {
            facts.node(*from).attrs.text("delivery").value() == Some("at-most-once")
        };
        if flows.iter().any(|flow| flow.attrs.has("staleness")) || facts.hops_to(socket).iter().any(fleeting)
        {
            continue;
        }
        let ids: Vec<&str> = flows.iter().map(|flow| flow.id.as_str()).collect();
        if *readable.entry(ids).or_insert_with(|| may_be_read(facts, &read, &flows)) {
            continue;
        }
        let name = node.name();
        let unread = flows.iter().find_map(|flow| unread.get(flow.id.as_str()).copied());
        let message = format!("what {name} sends while a client is disconnected never reaches it");
        let finding = match (refuses, unread) {
            (Some(span), _) => Diagnostic::wrong(message, span, "does not ask for what it missed"),
            (None, Some((store, span))) => Diagnostic::wrong(message, span, "written, and never read")
                .evidence(format!(
                    "{} is written and nothing reads it: no client can ask for what it missed",
                    facts.node(store).name()
                )),
            (None, None) => {
                let message =
                    format!("nothing says how a client gets what {name} sent while it was disconnected");
                Diagnostic::unstated(message, node.span, "the only way to the client").question(format!(
                    "a phone loses {name} for a minute: how does it get what was sent meanwhile?"
                ))
            }
        };
        found.push(
            finding
                .node(&node.id)
                .flows(flows.iter().map(|flow| flow.id.clone()))
                .evidence(format!("{}: {name} is the only way to it", if resumes {
                    "clients say `resume`, and nothing keeps what was sent"
                } else {
                    "no client says `resume`, and none reads a store that has it"
                }))
                .consequence(format!("{name} is deployed, every connection breaks, and what is sent until they are back is lost for each of them"))
                .fix(resume(facts, unread.map(|(store, _)| store))),
        );
    }
    found
}

/// What to write, in the design's own names where it has them.
fn resume(facts: &Facts, store: Option<NodeIndex>) -> String {
    let client = facts.nodes(|kind| kind == Kind::Client).next();
    let who = client.map_or("the client".to_string(), |client| facts.node(client).name());
    let writer = store.and_then(|store| facts.writers(store).first().copied());
    let how = match (client, writer, store) {
        (Some(client), Some(writer), Some(store)) => {
            let [client, writer, store] = [client, writer, store].map(|node| facts.id(node));
            format!(": `{client} -> {writer} -> {store} reads page=cursor`")
        }
        _ => " from a store that keeps them".to_string(),
    };
    format!(
        "`resume` on {who}, and a flow in which it reads what came after the last message that it has{how}"
    )
}

/// Where a client says that it does not ask for what it missed, and whether one says that it does.
fn clients_say(facts: &Facts) -> (Option<Span>, bool) {
    let mut refuses = None;
    for client in facts.nodes(|kind| kind == Kind::Client) {
        let attrs = &facts.node(client).attrs;
        if attrs.has("resume") {
            return (None, true);
        }
        refuses = refuses.or(attrs.get("resume").map(|setting| setting.span));
    }
    (refuses, false)
}

/// Something in the design keeps messages, or may.
fn keeps_anything(facts: &Facts) -> bool {
    let vendors = |node: NodeIndex| facts.node(node).kind == Kind::Socket && facts.node(node).is_managed();
    facts.design.graph.node_indices().any(|node| {
        let kind = facts.node(node).kind;
        kind.is_store()
            || kind == Kind::External
            || (kind.is_broker() && facts.delivery(node) != Some("at-most-once"))
            || vendors(node)
    })
}

/// What was sent in these flows may be in something that is read: unless they write a database, and what is read is
/// written elsewhere alone.
fn may_be_read(facts: &Facts, read: &HashSet<NodeIndex>, flows: &[&Flow]) -> bool {
    let steps = || flows.iter().flat_map(|flow| facts.design.steps_of(flow));
    let kept = steps().any(|step| facts.node(step.to).kind.is_durable() && step.attrs.has("writes"));
    let ends: HashSet<NodeIndex> = steps().flat_map(|step| [step.from, step.to]).collect();
    let brokers = ends.iter().filter(|&&end| facts.node(end).kind.is_broker());
    let consumers: HashSet<NodeIndex> = brokers.flat_map(|&broker| facts.consumers(broker)).collect();
    read.iter().any(|&source| {
        let node = facts.node(source);
        let copy = ["replica_of", "rebuild_from"].iter().any(|name| !node.attrs.words(name).is_empty());
        let writers = facts.writers(source);
        let theirs = || writers.iter().any(|writer| ends.contains(writer) || consumers.contains(writer));
        !kept || copy || node.kind.is_broker() || writers.is_empty() || theirs()
    })
}

/// What clients' requests lead to the reading of, if it may hold messages.
fn clients_read(facts: &Facts) -> HashSet<NodeIndex> {
    let registries: HashSet<&str> = facts
        .nodes(|kind| kind == Kind::Socket)
        .filter_map(|socket| facts.node(socket).attrs.text("registry").value())
        .collect();
    let mut read = HashSet::new();
    for journey in facts.journeys() {
        let ends = journey.steps.iter().flat_map(|step| [step.from, step.to]);
        let clients: Vec<NodeIndex> = ends.filter(|&node| facts.node(node).kind == Kind::Client).collect();
        let spread = journey.spread(facts, &clients, |_, to| {
            facts.node(to).kind.is_compute() || !facts.node(to).kind.is_store()
        });
        read.extend(
            journey
                .steps
                .iter()
                .filter(|step| {
                    let (from, to) = (facts.node(step.from), facts.node(step.to));
                    let by_socket = from.kind == Kind::Socket && to.kind == Kind::Cache;
                    let kept = (to.kind.is_store()
                        && !by_socket
                        && !registries.contains(to.id.as_str())
                        && facts.reads(step))
                        || (to.kind.is_broker() && from.kind != Kind::Socket && step.attrs.has("reads"));
                    kept && from.kind.is_app() && spread.reaches(step.from) && !is_one(facts, step)
                })
                .map(|step| step.to),
        );
    }
    read
}

/// It reads one message, by its whole key.
fn is_one(facts: &Facts, step: &Step) -> bool {
    let mut tables = facts.tables_read(step).peekable();
    let one = |table| is_position(table, step.attrs.words("by"));
    tables.peek().is_some() && !step.attrs.has("page") && tables.all(one)
}

/// For each flow, a database that it writes and nothing reads, and where it is written.
fn unread<'d>(facts: &Facts<'d>) -> HashMap<&'d str, (NodeIndex, Span)> {
    let design = facts.design;
    let mut used: HashSet<NodeIndex> = design.graph.edge_references().map(|edge| edge.source()).collect();
    let reads = |step: &&Step| facts.arrow(step) != Arrow::Control && facts.reads(step);
    used.extend(design.steps.iter().filter(reads).map(|step| step.to));
    let copied = |node: &Node| ["replica_of", "rebuild_from"].map(|name| node.attrs.words(name).to_vec());
    let sources = design.graph.node_weights().flat_map(copied).flatten();
    used.extend(sources.filter_map(|id| design.node(&id)));
    let mut unread = HashMap::new();
    for step in &design.steps {
        let written = facts.node(step.to).kind.is_durable() && step.attrs.has("writes");
        if let Some(flow) = facts.flow_of(step)
            && written
            && !used.contains(&step.to)
        {
            unread.entry(flow.id.as_str()).or_insert((step.to, step.span));
        }
    }
    unread
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |client: &str, topic: &str, flow: &str, more: &str, expected: &[&str]| {
            let text = format!(
                "client u {client}\nsocket s x3\nservice a\ntopic b {topic}\ndatabase d\nredis c\nexternal e\n\
                 flow f {flow} {{ u <-> s -> a\n a ~> b ~> s }}\n{more}"
            );
            expect(&RULE, &text, expected);
        };
        case("", "", "", "", &["unstated s"]);
        case("resume=no", "", "", "", &["wrong s"]);
        case("", "", "", "flow g { u <-> s -> a -> d writes }", &["wrong s"]);
        // One message by its number is no history.
        let one =
            "database m { table t { key room, seq } }\nflow g { u <-> s -> a -> m reads=t by=[room, seq] }";
        case("", "", "", one, &["unstated s"]);
        case("", "", "", &one.replace("seq] }", "seq] page=cursor }"), &[]);
        // It asks, or reads the history.
        case("resume", "", "", "", &[]);
        case("", "", "", "flow g { u -> a -> d reads }", &[]);
        case("", "", "", "flow g { u <-> s -> a -> d reads }", &[]);
        // A page of something else holds no message; a copy may, and so may what the same service writes.
        let other = "service p\ndatabase m\nflow k { u -> p -> m reads\np -> m writes }\nworker w\nflow h { w -> d reads -> e }\n\
                     flow g { u <-> s -> a -> d writes }";
        case("", "", "", other, &["unstated s"]);
        case("", "", "", &format!("{other}\nflow i {{ a -> m writes }}"), &[]);
        case("", "", "", &other.replace("database m", "database m rebuild_from=d"), &[]);
        case("", "", "", "service p\ndatabase m\nflow k { u -> p -> m reads\np -> m writes }", &[]);
        // Somebody reads, though no client by a request.
        case(
            "",
            "",
            "",
            "worker w\nflow g { u <-> s -> a -> d writes }\nflow h { w -> d reads -> e }",
            &["unstated s"],
        );
        case(
            "",
            "",
            "",
            "database r replica_of=d\nflow g { u <-> s -> a -> d writes }\nworker w\nflow h { w -> r reads -> e }",
            &["unstated s"],
        );
        // Presence is no history.
        case("", "", "", "flow g { u <-> s -> c reads }", &["unstated s"]);
        // Late is lost.
        case("", "", "staleness=5s", "", &[]);
        case("", "delivery=at-most-once", "", "", &[]);
    }

    #[test]
    fn who_delivers() {
        // A sketch in which a request may well read the store.
        expect(
            &RULE,
            "client u\nsocket s x3\nservice a\npostgres d\ntopic b\nu <-> s -> a -> d\na ~> b ~> s",
            &[],
        );
        expect(
            &RULE,
            "client u\nsocket s x3\nservice a\ntopic b\nu <-> s -> a\na ~> b ~> s",
            &["unstated s"],
        );
        // Only takes in.
        expect(&RULE, "client u\nsocket s x3\ntopic b\nu <-> s ~> b", &[]);
        // It asks, and nobody has kept it.
        let nobody = "client u resume\nsocket s x3\nservice a\nredis-pubsub b\nu <-> s -> a\na ~> b ~> s";
        expect(&RULE, nobody, &["unstated s"]);
        expect(&RULE, &nobody.replace("redis-pubsub b", "kafka b"), &[]);
        // From one client to another.
        expect(&RULE, "client u\nclient v\nsocket s\nflow f { u <-> s <-> v }", &["unstated s"]);
    }
}
