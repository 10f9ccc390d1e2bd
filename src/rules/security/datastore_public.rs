use std::collections::{HashMap, HashSet};

use petgraph::graph::NodeIndex;
use petgraph::visit::EdgeRef;

use crate::catalog::Kind;
use crate::design::{Arrow, Node, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "datastore-public",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: true,
    group: Group::Security,
    summary: "clients talk straight to a store or a broker, which has to face the internet for it",
    question: Some(Question {
        topic: "direct access",
        text: "what lets an outsider do just what it may there, and nothing else?",
    }),
    reads: &["data", "managed", "reads", "signature", "signed", "trust"],
    page: Page {
        checks: "Hops from clients and from outside parties that end at a database, cache, search index, warehouse, queue, \
                 topic or object store.",
        when: "Wrong: a client has a hop to a database, cache, search index, warehouse, queue or topic, or an external party \
               has one to a database, cache or search index; or a client's requests reach a database or a search index \
               through nothing but load balancers, firewalls and CDNs. A question: a hop from either to an object store without \
               `signed`, unless it only reads `data=public`, or comes from an external service that you have in use (a known technology, `managed`, or one that something of yours calls, hands to or deploys by) and that has an identity of its own there; and a hop from an external party to a queue, topic or \
               warehouse without `signature`. Left alone: hops with `signed` or `signature`, clients \
               in a group with `trust=private`, reads of a managed warehouse, and products made to face clients with rules \
               of their own: Firestore, Supabase, Algolia, Typesense, Meilisearch, Ably, PubNub, Mosquitto, and Varnish or \
               nginx as a cache.",
        why: "Whoever can reach a database can try passwords, use next week's vulnerability, and with one leaked credential \
              read every table: there is no code in between that could check whose row it is. Its schema becomes an API \
              that old clients hold in place for years.",
        outage: None,
        bad: "client app\nlb front managed\nservice api x2 auth=jwt\npostgres store x2\nflow login { app -> front -> api }\n\
              flow read { app -> store reads }\n",
        good: "client app\nlb front managed\nservice api x2 auth=jwt\npostgres store x2\nflow login { app -> front -> api }\n\
               flow read { app -> front -> api -> store reads }\n",
        ignore: "An analyst's desk tool on the company's network: put the client in a group with `trust=private`.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let fronts = fronts(facts);
    for edge in facts.design.graph.edge_references() {
        let (from, to) = (facts.node(edge.source()), facts.node(edge.target()));
        let hop = edge.weight();
        // A hop from what only passes on is the client's own.
        let way = fronts.get(&edge.source()).filter(|_| is_guarded_by_code(to.kind));
        let from = way.map_or(from, |way| facts.node(way[0]));
        let outsider = way.is_some() || facts.is_outsider(edge.source());
        let held = to.kind.is_store() || to.kind.is_broker();
        let faces_clients = to.tech.is_some_and(|tech| tech.faces_clients);
        if !(outsider || from.kind == Kind::External) || !held || hop.arrow == Arrow::Control || faces_clients
        {
            continue;
        }
        let open = |step: &&Step| {
            !step.attrs.has("signed") && !step.attrs.has("signature") && !harmless(facts, to, step)
        };
        if to.kind == Kind::Blob && !outsider && is_in_use(facts, edge.source()) {
            continue;
        }
        let Some(step) = hop.steps.iter().map(|&at| &facts.design.steps[at]).find(open) else { continue };
        // Files are commonly handed out by signed URLs, and partners' feeds signed, without anybody saying so.
        let maybe = match to.kind {
            Kind::Blob => true,
            Kind::Database | Kind::Cache | Kind::Search => false,
            _ => !outsider,
        };
        let (name, caller) = (to.name(), from.name());
        let thing = a_what(to.kind);
        let finding = if maybe {
            let question = match to.kind {
                Kind::Blob => format!("what lets {caller} have just its own files in {name}: a signed URL?"),
                _ => format!("who checks that what arrives in {name} is from {caller}?"),
            };
            let message = format!("nothing says what {caller} may do in {name}, which it reaches directly");
            Diagnostic::unstated(message, step.span, "neither `signed` nor `signature`").question(question)
        } else {
            let message = match way {
                None => {
                    format!("{caller} talks straight to {name}: {thing} that the whole internet can reach")
                }
                Some(way) => format!(
                    "nothing but {} stands between {caller} and {name}: {thing} that the whole internet can reach",
                    facts.names(&way[1..])
                ),
            };
            Diagnostic::wrong(message, step.span, "no code of yours in between")
        };
        let fix = match (to.kind, outsider) {
            (Kind::Blob, _) => {
                format!("`signed` on `{} -> {}`: a URL for one file, which expires", from.id, to.id)
            }
            (_, false) => {
                format!(
                    "`signature` on `{} -> {}`, or a service that takes it in and checks it",
                    from.id, to.id
                )
            }
            (kind, true) if kind.is_broker() => {
                format!(
                    "a service with `auth=` between {caller} and {name}, which hands over what it accepts"
                )
            }
            _ => {
                let front = if way.is_some() {
                    facts.id(edge.source()).to_string()
                } else {
                    format!("{} -> front", from.id)
                };
                format!(
                    "a service with `auth=` between {caller} and {name}, behind a load balancer: `{front} -> api -> {}`",
                    to.id
                )
            }
        };
        found.push(
            finding
                .node(&to.id)
                .hop(facts.id(edge.source()), &to.id)
                .evidence(match way {
                    Some(way) => format!("{} → {}", facts.show_way(way), to.id),
                    None => format!("{} → {}", from.id, to.id),
                })
                .consequence(match to.kind {
                    Kind::Blob => format!("someone guesses a name, and reads or replaces another user's file in {name}"),
                    kind if kind.is_broker() => {
                        format!("anyone who takes {caller} apart can put anything into {name}, and its consumers believe it")
                    }
                    _ if way.is_some() => {
                        format!("someone sends {name} a request of his own, and reads or deletes what the next page would show")
                    }
                    _ => format!("the credentials inside {caller} are read out, and with them anyone reads and changes all of {name}"),
                })
                .fix(fix),
        );
    }
    found.sort_by_key(|finding| finding.at.span);
    found
}

/// What stands before the system and passes on as it is, and the way to it from a client outside.
fn fronts(facts: &Facts) -> HashMap<NodeIndex, Vec<NodeIndex>> {
    let mut fronts = HashMap::new();
    // Once for all journeys: a load balancer may have a hop to everything.
    let edges = facts.design.graph.edge_references();
    let holding: HashSet<NodeIndex> = edges
        .filter(|edge| is_guarded_by_code(facts.node(edge.target()).kind))
        .map(|edge| edge.source())
        .collect();
    for journey in facts.journeys() {
        let passes = |_: &Step, to| matches!(facts.node(to).kind, Kind::Cdn | Kind::Waf | Kind::Lb);
        let spread = journey.spread(facts, &journey.outsiders(facts), passes);
        for &front in spread.reached.iter().filter(|front| holding.contains(front)) {
            fronts.entry(front).or_insert_with(|| spread.way_to(front));
        }
    }
    fronts
}

/// What checks nobody's rights to a row by itself.
fn is_guarded_by_code(kind: Kind) -> bool {
    matches!(kind, Kind::Database | Kind::Search)
}

/// A vendor's service that works for you, such as a pipeline or a mailer, and has a role in your account; no party that only
/// comes by.
fn is_in_use(facts: &Facts, node: NodeIndex) -> bool {
    let own = facts.node(node);
    own.tech.is_some() || own.is_managed() || !facts.hops_to(node).is_empty()
}

/// Public files, or an analyst's query to a warehouse whose vendor checks who asks.
fn harmless(facts: &Facts, to: &Node, step: &Step) -> bool {
    let only_reads = step.attrs.has("reads") && !facts.writes(step);
    match to.kind {
        Kind::Blob => only_reads && to.attrs.words("data").iter().any(|data| data == "public"),
        Kind::Warehouse => only_reads && to.is_managed(),
        _ => false,
    }
}

fn a_what(kind: Kind) -> &'static str {
    match kind {
        Kind::Database => "a database",
        Kind::Cache => "a cache",
        Kind::Search => "a search index",
        Kind::Warehouse => "a warehouse",
        Kind::Queue => "a queue",
        _ => "a topic",
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let expect = |text, expected: &[&str]| expect(&RULE, text, expected);
        expect("client u\npostgres d\nu -> d", &["wrong d"]);
        // A pipeline that you use has an identity of its own; a partner who brings a file has not.
        expect("client u\nexternal ci\nblob b\nflow f { u ~> ci -> b writes }", &[]);
        expect("external ci managed\nblob b\nci -> b writes", &[]);
        expect("stripe p\nblob b\np -> b writes", &[]);
        expect("external p\nblob b\np -> b writes", &["unstated b"]);
        expect("service a\nexternal p\npostgres d\na -> p -> d writes", &["wrong d"]);
        expect("client u\nredis c\nkafka k\nu -> c\nu ~> k", &["wrong c", "wrong k"]);
        expect("client u\nservice a\npostgres d\nu -> a -> d", &[]);
        // Files: by a signed URL, public, through a CDN, or not said.
        expect("client u\ns3 b\nu -> b writes signed", &[]);
        expect("client u\ns3 b data=public\nu -> b reads", &[]);
        expect("client u\ncdn e\ns3 b\nu -> e -> b", &[]);
        expect("client u\ns3 b\nu -> b", &["unstated b"]);
        // What only passes on guards nothing.
        expect("client u\ncdn e\nlb l\nelasticsearch s\nu -> e -> l -> s", &["wrong s"]);
        expect("client u\nlb l\nservice a\nlb m\nmysql d\nu -> l -> a -> m -> d", &[]);
        expect("group o trust=private { client u }\nlb l\nmysql d\nu -> l -> d", &[]);
        expect("client u\nlb l\nmosquitto m\nu -> l -> m", &[]);
        // Made to face clients.
        expect("client u\nfirestore d\nu -> d", &[]);
        expect("client u\nmosquitto m\nu ~> m", &[]);
        // Inside the company.
        expect("group office trust=private { client u }\nclickhouse w\nu -> w reads", &[]);
        expect("client u\nbigquery w\nu -> w reads", &[]);
        // A feed of somebody else's.
        expect("external x\nkafka k\nx ~> k", &["unstated k"]);
        expect("external x\nkafka k\nx ~> k signature", &[]);
        expect("external x\npostgres d\nx -> d reads", &["wrong d"]);
        // The store is the client's source, not its target.
        expect("client u\nservice a\npostgres d\nu -> a\na ..> d observes", &[]);
    }
}
