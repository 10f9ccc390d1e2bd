use std::collections::{HashMap, HashSet};

use petgraph::graph::NodeIndex;
use petgraph::visit::EdgeRef;

use crate::catalog::Kind;
use crate::design::{Node, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::source::Span;

pub static RULE: Rule = Rule {
    id: "cache-no-ttl",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Caching,
    summary: "a cache entry never expires and nothing removes it: the old answer stays",
    question: Some(Question {
        topic: "cache expiry",
        text: "what it keeps changes at its source; for how long is the old answer given?",
    }),
    reads: &[
        "bypass",
        "eviction",
        "hit_rate",
        "invalidate",
        "on",
        "persistence",
        "registry",
        "source",
        "strategy",
        "ttl",
        "writes",
    ],
    page: Page {
        checks: "Caches and CDNs: whether an entry ever goes, by age or because its source has changed.",
        when: "Wrong where `ttl=none` is stated, a question where nothing is said; in both cases only where no `invalidate` \
               is stated either; `invalidate=on-write` alone leaves a question, and with `ttl=none` a remark, because a delete that fails is never tried again, \
               while `invalidate=cdc` sees every change. Left alone: caches that every write passes (`strategy=write-through`, `write-behind`) or \
               that renew themselves (`refresh-ahead`), those with `eviction=ttl` or a `ttl` on each of their tables, \
               those that only gateways and load balancers call, whose counters expire by their nature, and those that \
               are no copy (`source=none`) and say `ttl=none` or how they persist, those that keep what they hold (`persistence` or `backup`) and are neither filled on a miss, nor have a `source`, nor are the `registry` of a connection server: they are the store itself, those that are written together with their \
               store and never filled on a miss (a leaderboard, a feed), where an expiry would lose what they hold, and those \
               of which `spof-cache-as-store` speaks. Of CDNs, as a remark: one that keeps answers (a `hit_rate`, or a hop from it `on=miss`) says neither `ttl` nor `bypass`, and in such a flow, which writes no \
               database, a table is read that another flow `writes=`.",
        why: "Every invalidation path misses a case some day: a manual fix in the database, a crash between the write and the \
              delete, a race of two writers. An expiry bounds how long such an entry lives; without one it lives until \
              memory runs out, and which user sees it is chance.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x2\nredis hot ttl=none\npostgres store x2\n\
              flow show { web -> front -> api -> hot reads\napi -> store reads on=miss }\n",
        good: "client web\nlb front managed\nservice api x2\nredis hot ttl=10min jitter\npostgres store x2\n\
               flow show { web -> front -> api -> hot reads\napi -> store reads on=miss }\n",
        ignore: "What is cached never changes, such as files named by their content's hash: say so with an `allow`.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let behind: HashMap<NodeIndex, NodeIndex> =
        facts.misses().iter().rev().map(|miss| (miss.cache, miss.store)).collect();
    let only = only_databases(facts);
    let registries: HashMap<NodeIndex, &Node> = facts
        .nodes(|kind| kind == Kind::Socket)
        .filter_map(|socket| {
            let node = facts.node(socket);
            Some((facts.design.node(node.attrs.text("registry").value()?)?, node))
        })
        .collect();
    let written = written_by(facts);
    for cache in facts.nodes(|kind| kind == Kind::Cache) {
        let node = facts.node(cache);
        let ttl = node.attrs.number("ttl");
        let callers = facts.callers(cache);
        if ttl.is_yes() || !facts.is_reached(cache) || goes_otherwise(node) || counts_only(facts, &callers) {
            continue;
        }
        let no_copy = node.attrs.text("source").is_no();
        if no_copy && (ttl.is_no() || node.attrs.has("persistence")) {
            continue;
        }
        let filled_on_miss = behind.contains_key(&cache);
        let says_source = node.attrs.text("source").is_yes();
        let kept = ["persistence", "backup"].iter().any(|how| node.attrs.has(how));
        if kept && !filled_on_miss && !says_source && !registries.contains_key(&cache) {
            continue;
        }
        if !filled_on_miss && written.get(&cache) == Some(&Written::WithItsStore) {
            continue;
        }
        let name = node.name();
        let caller = callers.first().map_or("its caller".to_string(), |&caller| facts.node(caller).name());
        // What is written on purpose, and not after a miss, need not be a copy.
        let guess = || only.get(callers.first()?).copied().filter(|_| !written.contains_key(&cache));
        let source = behind.get(&cache).copied().or_else(guess);
        let socket = registries.get(&cache);
        let (message, question, consequence) = match (source.map(|store| facts.node(store).name()), socket) {
            (_, Some(socket)) => (
                format!("an entry of {name} outlives the connection that it stands for"),
                format!("an instance of `{}` dies; who removes its users from {name}?", socket.id),
                format!(
                    "`{}` crashes, and its users count as connected until someone clears {name} by hand",
                    socket.id
                ),
            ),
            (Some(store), None) => (
                format!("{caller} may answer from {name} with what {store} no longer says, for ever"),
                format!(
                    "a record in {store} changes; for how long does {caller} still answer with the old one?"
                ),
                format!(
                    "a record in {store} is corrected or deleted, and {caller} serves the old one until {name} is flushed by hand"
                ),
            ),
            (None, None) => (
                format!("what {caller} puts into {name} stays there for ever"),
                format!("when does what {caller} put into {name} go away?"),
                format!(
                    "{name} fills with what nobody needs, and what was true a month ago is still answered"
                ),
            ),
        };
        let removed = node.attrs.words("invalidate").iter().any(|how| how != "on-error");
        let finding = match ttl.span() {
            // Said twice: an expiry was thought of and left out.
            Some(span) if removed => {
                Diagnostic::wrong(message, span, "no expiry behind `invalidate=on-write`")
                    .at_most(Severity::Info)
            }
            Some(span) => Diagnostic::wrong(message, span, "said to keep entries for ever"),
            None if removed => {
                let message = format!("an entry of {name} that one write fails to remove stays for ever");
                Diagnostic::unstated(message, node.span, "removed on writes, and by nothing else")
                    .question(question)
            }
            None => {
                let message = format!("nothing says when an entry of {name} goes away");
                Diagnostic::unstated(message, node.span, "no `ttl=` and no `invalidate=`").question(question)
            }
        };
        found.push(
            finding
                .node(&node.id)
                .evidence(callers.first().map_or(node.id.clone(), |&caller| format!("{} → {}", facts.id(caller), node.id)))
                .consequence(consequence)
                .mend(Mend::node(&node.id, if source.is_some() { "ttl=10min jitter" } else { "ttl=1h" }))
                .fix(if source.is_some() {
                    format!("`ttl=10min jitter` on {name}, as long as an old answer may be given; and `invalidate=on-write` if changes must show sooner")
                } else {
                    format!("`ttl=1h` on {name}, or whatever is the time after which an entry is of no use")
                }),
        );
    }
    found.extend(edges(facts));
    found
}

/// CDNs that keep, for they do not say how long, answers that some other flow changes.
fn edges(facts: &Facts) -> Vec<Diagnostic> {
    let steps = &facts.design.steps;
    let mut writers: HashMap<Span, Vec<usize>> = HashMap::new();
    for step in steps {
        for table in facts.tables_written(step) {
            writers.entry(table.span).or_default().extend(step.flow);
        }
    }
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    for (at, flow) in facts.design.flows.iter().enumerate() {
        let steps = facts.design.steps_of(flow);
        let keeps = |step: &Step| {
            let cdn = facts.node(step.from);
            let says = |name: &str| cdn.attrs.get(name).is_some();
            cdn.kind == Kind::Cdn
                && !says("ttl")
                && !says("bypass")
                && (cdn.attrs.has("hit_rate") || step.attrs.text("on").value() == Some("miss"))
        };
        let Some(onwards) = steps.iter().position(keeps) else { continue };
        if steps.iter().any(|step| step.attrs.has("writes") && facts.node(step.to).kind.is_durable()) {
            continue;
        }
        let changed =
            steps[onwards..].iter().flat_map(|step| facts.tables_read(step).map(move |table| (step, table)));
        let by = changed.into_iter().find_map(|(step, table)| {
            let by = writers.get(&table.span)?.iter().find(|&&writer| writer != at)?;
            Some((step, table, &facts.design.flows[*by]))
        });
        let Some((read, table, by)) = by else { continue };
        if !seen.insert(steps[onwards].from) {
            continue;
        }
        let cdn = facts.node(steps[onwards].from);
        let name = cdn.name();
        let message = format!("nothing says how long {name} keeps an answer made of `{}`", table.id);
        found.push(
            Diagnostic::unstated(message, cdn.span, "no `ttl=` and no `bypass=`")
                .question(format!("`{}` changes a `{}`; for how long does {name} still answer with the old one?", by.id, table.id))
                .label(read.span, "what it is made of")
                .node(&cdn.id)
                .hop(facts.id(steps[onwards].from), facts.id(steps[onwards].to))
                .flows([flow.id.clone(), by.id.clone()])
                .evidence(format!("`{}` reads `{}` behind {name}, and `{}` writes it", flow.id, table.id, by.id))
                .consequence(format!(
                    "a `{}` is corrected or withdrawn in a hurry, and {name} gives the old answer for as long as its default says, which nobody has looked up",
                    table.id
                ))
                .mend(Mend::node(&cdn.id, "ttl=1min"))
                .fix(format!("`ttl=1min` on {name}, as long as an old answer may be given"))
                .at_most(Severity::Info),
        );
    }
    found
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    /// In some flow, by an application that writes its store there too.
    WithItsStore,
    Alone,
}

/// How each cache is written on which some hop says `writes`.
fn written_by(facts: &Facts) -> HashMap<NodeIndex, Written> {
    let writes = |step: &&Step| step.attrs.has("writes");
    let stores: HashSet<(NodeIndex, Option<usize>)> = facts
        .design
        .steps
        .iter()
        .filter(writes)
        .filter(|step| facts.node(step.to).kind.is_durable())
        .map(|step| (step.from, step.flow))
        .collect();
    let mut written = HashMap::new();
    for step in facts.design.steps.iter().filter(writes) {
        let source = facts.node(step.to).attrs.has("source");
        if source || stores.contains(&(step.from, step.flow)) {
            written.insert(step.to, Written::WithItsStore);
        } else {
            written.entry(step.to).or_insert(Written::Alone);
        }
    }
    written
}

/// For each application that uses one database and no more: that database.
fn only_databases(facts: &Facts) -> HashMap<NodeIndex, NodeIndex> {
    let mut only: HashMap<NodeIndex, Option<NodeIndex>> = HashMap::new();
    for edge in facts.design.graph.edge_references() {
        if facts.node(edge.target()).kind.is_durable() {
            only.entry(edge.source()).and_modify(|store| *store = None).or_insert(Some(edge.target()));
        }
    }
    only.into_iter().filter_map(|(user, store)| Some((user, store?))).collect()
}

/// Entries go, or stay true, without a `ttl` on the cache.
fn goes_otherwise(node: &Node) -> bool {
    node.attrs.words("invalidate").iter().any(|how| how == "cdc")
        || node.attrs.text("eviction").value() == Some("ttl")
        || matches!(
            node.attrs.text("strategy").value(),
            Some("write-through" | "write-behind" | "refresh-ahead")
        )
        || (!node.tables.is_empty() && node.tables.iter().all(|table| table.attrs.has("ttl")))
}

/// Only gateways and load balancers call it: it counts requests, and such counts belong to a window of time.
fn counts_only(facts: &Facts, callers: &[NodeIndex]) -> bool {
    !callers.is_empty()
        && callers.iter().all(|&caller| matches!(facts.node(caller).kind, Kind::Gateway | Kind::Lb))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn what_an_edge_keeps() {
        let case = |cdn: &str, onwards: &str, write: &str, expected: &[&str]| {
            let text = format!(
                "client u\ncloudfront c {cdn}\nservice a x2\npostgres d {{ table t {{ key k }} }}\n\
                 flow f {{ u -> c\nc -> a {onwards}\na -> d reads=t by=k }}\nflow g {{ u -> a -> d {write} }}"
            );
            expect(&RULE, &text, expected);
        };
        case("", "on=miss", "writes=t", &["unstated c"]);
        case("hit_rate=90%", "", "writes=t", &["unstated c"]);
        case("ttl=1min", "on=miss", "writes=t", &[]);
        case("bypass=x", "on=miss", "writes=t", &[]);
        // It may keep nothing, or nothing changes.
        case("", "", "writes=t", &[]);
        case("", "on=miss", "reads=t", &[]);
    }

    #[test]
    fn cases() {
        let expect = |text: &str, expected: &[&str]| expect(&RULE, text, expected);
        expect("client u\nservice a\nredis c\npostgres d\nu -> a -> c\na -> d", &["unstated c"]);
        expect("client u\nservice a\nredis c ttl=none\npostgres d\nu -> a -> c\na -> d", &["wrong c"]);
        expect("client u\nservice a\nredis c ttl=1h\npostgres d\nu -> a -> c\na -> d", &[]);
        expect("client u\nservice a\nredis c ttl=none invalidate=cdc\npostgres d\nu -> a -> c\na -> d", &[]);
        expect("client u\nservice a\nredis c invalidate=cdc\nu -> a -> c", &[]);
        expect("client u\nservice a\nredis c invalidate=on-write\nu -> a -> c", &["unstated c"]);
        expect("client u\nservice a\nredis c invalidate=on-write ttl=1d\nu -> a -> c", &[]);
        expect(
            "client u\nservice a\npostgres d\nredis c invalidate=none\nu -> a -> c\na -> d",
            &["unstated c"],
        );
        // A leaderboard: written with its store, and nothing would fill it again. Filled on a miss, it is a copy.
        let board =
            "client u\nservice a\nredis c\npostgres d\nflow f { u -> a -> d writes\na -> c writes }\n";
        expect(&format!("{board}flow g {{ u -> a -> c reads }}"), &[]);
        expect(&format!("{board}flow g {{ u -> a -> c reads\na -> d reads on=miss }}"), &["unstated c"]);
        expect("client u\nservice a\nredis c strategy=write-through\npostgres d\nu -> a -> c -> d", &[]);
        // A gateway's counters, and a leaderboard that is meant to stay.
        expect("client u\ngateway g\nredis c\nservice a\nu -> g -> a\ng -> c", &[]);
        expect("client u\nservice a\nredis c source=none persistence=log\nu -> a -> c", &[]);
        // The store itself; as a copy, or as a register of who is connected, it keeps too much.
        expect("client u\nservice a\nredis c persistence=log\nflow f { u -> a -> c writes }", &[]);
        expect("client u\nservice a\nredis c persistence=log\npostgres d\nu -> a -> c\na -> d", &[]);
        expect(
            "client u\nservice a\nredis c persistence=log\npostgres d\nflow f { u -> a -> c reads\na -> d reads on=miss }",
            &["unstated c"],
        );
        expect(
            "client u\nservice a\nredis c persistence=log source=d\npostgres d\nu -> a -> c\na -> d",
            &["unstated c"],
        );
        expect("client u\nservice a\nredis c persistence=none\nu -> a -> c", &["unstated c"]);
        expect("client u\nsocket s x3 registry=c\nredis c persistence=log\nu <-> s -> c", &["unstated c"]);
        // Presence is no copy, and yet must go.
        expect("client u\nsocket s x3 registry=c\nredis c source=none\nu <-> s -> c", &["unstated c"]);
        // Nobody uses it.
        expect("client u\nservice a\nredis c\nu -> a", &[]);
        // Two are one question.
        expect(
            "client u\nservice a\npostgres d\nredis c\nredis e\nu -> a -> c, e\na -> d",
            &["unstated c, e"],
        );
    }
}
