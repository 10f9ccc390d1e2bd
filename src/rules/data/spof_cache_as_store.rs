use std::collections::HashSet;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Node};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::source::Span;
use crate::units::show_duration;

pub static RULE: Rule = Rule {
    id: "spof-cache-as-store",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: true,
    group: Group::Data,
    summary: "a cache is the only place that has the data",
    question: Some(Question {
        topic: "data in a cache",
        text: "it restarts empty: what is lost, and does anyone mind?",
    }),
    reads: &[
        "data",
        "hit_rate",
        "invalidate",
        "negative",
        "persistence",
        "registry",
        "source",
        "stampede",
        "strategy",
        "ttl",
        "warm",
    ],
    page: Page {
        checks: "Caches that are written and read by applications which keep nothing anywhere else.",
        when: "A cache has a writer and a reader, and no application that uses it uses a durable store, a search index, a \
               broker, another application or an external service: what it holds is nowhere else. Wrong where it says \
               `data=payment`, however short its `ttl`, or `ttl=none`; a question otherwise, and where it has a `persistence` that is \
               a snapshot, minutes old, or a log on the disk of one machine. Left alone even with these: a cache with any `source` (`source=none`: may be lost); with `persistence=log` and two instances or more, or managed; one that says how it works as a \
               copy (`strategy`, `hit_rate`, `invalidate`, `stampede`, `negative`, `warm`); who is connected where (the \
               `registry` of a socket, or used by one); and counters of gateways and load balancers. Without `data=payment`, a `ttl` of a day \
               at most is left alone too.",
        why: "A cache drops entries when memory runs short and all of them when it restarts, which is what it was built for. \
              It works for months, then a node is replaced, and every cart in the shop is empty.",
        outage: None,
        bad: "client web\nlb front managed\nservice shop x2\nredis carts x2 ttl=none\n\
              flow add { web -> front -> shop -> carts writes }\nflow show { web -> front -> shop -> carts reads }\n",
        good: "client web\nlb front managed\nservice shop x2\nredis carts x2 ttl=1h\npostgres store x2 backup=1h\n\
               flow add { web -> front -> shop -> store writes\nshop -> carts writes }\nflow show { web -> front -> shop -> carts reads\nshop -> store reads on=miss }\n",
        ignore: "It may all be gone at any moment, as with who is online: say so with `source=none`.",
    },
    check,
};

const DAY: f64 = 86_400.0;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let keeps_elsewhere = keeps_elsewhere(facts);
    let registries: HashSet<NodeIndex> = facts
        .nodes(|kind| kind == Kind::Socket)
        .filter_map(|socket| facts.design.node(facts.node(socket).attrs.text("registry").value()?))
        .collect();
    for cache in facts.nodes(|kind| kind == Kind::Cache) {
        let node = facts.node(cache);
        let ttl = node.attrs.number("ttl");
        let payment = payment(node);
        let brief = payment.is_none() && ttl.value().is_some_and(|ttl| ttl <= DAY);
        if brief || is_copy(node) || registries.contains(&cache) || keeps_elsewhere[cache.index()] {
            continue;
        }
        let (writers, readers) = (facts.writers(cache), facts.readers(cache));
        let users: Vec<NodeIndex> = writers.iter().chain(&readers).copied().collect();
        let kinds = |kind: Kind| users.iter().any(|&user| facts.node(user).kind == kind);
        let counts = users.iter().all(|&user| matches!(facts.node(user).kind, Kind::Gateway | Kind::Lb));
        if writers.is_empty()
            || readers.is_empty()
            || counts
            || kinds(Kind::Socket)
            || users.iter().any(|&user| keeps_elsewhere[user.index()] || !facts.node(user).kind.is_app())
        {
            continue;
        }
        let (name, writer) = (node.name(), facts.node(writers[0]).name());
        let persistence = node.attrs.text("persistence");
        let said = payment.or(ttl.span().filter(|_| ttl.is_no())).filter(|_| !persistence.is_yes());
        let finding = match said {
            Some(span) => {
                let label = if payment.is_some() { "money, in a cache" } else { "meant to stay, in a cache" };
                let message =
                    format!("what {writer} puts into {name} is nowhere else, and gone when {name} restarts");
                Diagnostic::wrong(message, span, label)
            }
            None => {
                let label = match ttl.value() {
                    _ if persistence.value() == Some("snapshot") => {
                        "comes back as it was minutes ago".to_string()
                    }
                    _ if persistence.is_yes() => "its log is on one disk".to_string(),
                    Some(ttl) => format!("kept for {}, and nowhere else", show_duration(ttl)),
                    None => "no `source=` and no `persistence=` here".to_string(),
                };
                let message = format!("{name} is the only place for what {writer} puts there");
                Diagnostic::unstated(message, node.span, label)
                    .question(format!("{name} restarts empty: what is lost, and does anyone mind?"))
            }
        };
        let mut seen = HashSet::new();
        let users: Vec<NodeIndex> = users.into_iter().filter(|&user| seen.insert(user)).collect();
        found.push(
            finding
                .node(&node.id)
                .evidence(format!("used by {} alone; no database, broker or other service beside it", facts.names(&users)))
                .consequence(format!("{name} is restarted or runs out of memory, and what {writer} had put there does not come back"))
                .fix(format!(
                    "a database that {writer} writes too, with {name} as its copy; or `x2` and `persistence=log` on {name}; or `source=none` if it may be lost"
                )),
        );
    }
    found
}

/// For each node: it uses something else that may hold the data, or came by it from there.
fn keeps_elsewhere(facts: &Facts) -> Vec<bool> {
    let graph = &facts.design.graph;
    let mut keeps = vec![false; graph.node_count()];
    for edge in graph.edge_indices() {
        let (from, to) = graph.edge_endpoints(edge).expect("an edge has ends");
        if graph[edge].arrow == Arrow::Control {
            continue;
        }
        let (sender, target) = (graph[from].kind, graph[to].kind);
        let other_store = target.is_store() && target != Kind::Cache;
        let other_app =
            target.is_app() && sender.is_app() && sender != Kind::Gateway && sender != Kind::Scheduler;
        if other_store || target.is_broker() || other_app || target == Kind::External {
            keeps[from.index()] = true;
        }
        if sender.is_broker() {
            keeps[to.index()] = true;
        }
    }
    keeps
}

/// It says what only a copy, or what may be lost, has to say; or it keeps what it has as a database does.
fn is_copy(node: &Node) -> bool {
    let attrs = &node.attrs;
    let words = ["hit_rate", "invalidate", "negative", "stampede", "strategy", "warm"];
    let kept = attrs.text("persistence").value() == Some("log") && node.is_redundant();
    kept || attrs.get("source").is_some() || words.iter().any(|name| attrs.has(name))
}

fn payment(node: &Node) -> Option<Span> {
    std::iter::once(&node.attrs)
        .chain(node.tables.iter().map(|table| &table.attrs))
        .filter(|attrs| attrs.words("data").iter().any(|data| data == "payment"))
        .find_map(|attrs| attrs.get("data"))
        .map(|setting| setting.span)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |cache: &str, more: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a x2\nredis c {cache}\n{more}\nflow f {{ u -> a -> c writes }}\nflow g {{ u -> a -> c reads }}"
            );
            expect(&RULE, &text, expected);
        };
        case("", "", &["unstated c"]);
        case("ttl=none", "", &["wrong c"]);
        case("data=payment", "", &["wrong c"]);
        case("ttl=30d", "", &["unstated c"]);
        // Sessions, presence, counters: short, or said to be lost.
        case("ttl=30min", "", &[]);
        case("ttl=none source=none", "", &[]);
        // A log on several disks is kept; a snapshot is old, and one disk is one disk.
        case("x2 persistence=log", "", &[]);
        case("ttl=none x2 persistence=log", "", &[]);
        case("managed persistence=log", "", &[]);
        case("persistence=log", "", &["unstated c"]);
        case("x2 persistence=snapshot", "", &["unstated c"]);
        case("ttl=none persistence=snapshot", "", &["unstated c"]);
        case("ttl=30min persistence=snapshot", "", &[]);
        case("ttl=30min data=payment", "", &["wrong c"]);
        case("hit_rate=90%", "", &[]);
        // A copy of something: of a store, of another service's answer, of what a queue brought.
        case("ttl=none", "postgres d\na -> d", &[]);
        case("ttl=none", "postgres d\nc ~> d", &[]);
        case("ttl=none", "service b\npostgres d\na -> b -> d", &[]);
        case("", "external e\na -> e", &[]);
        case("", "kafka k\nk ~> a", &[]);
        // Read by one that has the database.
        case("", "service b\npostgres d\nb -> d\nb -> c", &[]);
    }

    #[test]
    fn who_uses_it() {
        expect(&RULE, "client u\nservice a\nredis c\nu -> a -> c", &["unstated c"]);
        // A gateway's counters, and who is connected where.
        expect(&RULE, "client u\ngateway g\nredis c\nservice a\npostgres d\nu -> g -> a -> d\ng -> c", &[]);
        expect(&RULE, "client u\nsocket s x2\nredis c\nu <-> s -> c", &[]);
        expect(&RULE, "client u\nsocket s x2 registry=c\nservice a\nredis c\nu <-> s\na -> c", &[]);
        // Only written.
        expect(&RULE, "client u\nservice a\nredis c\nflow f { u -> a -> c writes }", &[]);
        expect(&RULE, "client u\nservice a\nu -> a", &[]);
    }
}
