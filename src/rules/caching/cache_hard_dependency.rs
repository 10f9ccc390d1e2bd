use std::collections::{HashMap, HashSet};

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Flow, Node, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::facts::flow_names;
use crate::rules::{Confidence, Facts, Group, Outage, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "cache-hard-dependency",
    severity: Severity::Error,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Caching,
    summary: "requests fail when a cache does, and nothing takes its place",
    question: Some(Question {
        topic: "cache failure",
        text: "it does not answer for a minute: do requests fail, and what takes over?",
    }),
    reads: &["conditional", "failover", "fallback", "on", "optional", "persistence", "rate"],
    page: Page {
        checks: "Caches that a flow cannot do without, and what remains when one instance of them dies.",
        when: "A flow that no timer, worker or message starts needs a cache: it calls it, the hop is not `optional` and has no `fallback`, and its caller has no `on=miss` hop. \
               Wrong where the cache is one instance and not managed, and in some such flow its caller, which reads the cache (or writes it with `conditional`, which asks as well), reads no database, blob store or search index (or writes one, where it reads and writes the cache) \
               that could stand in for it; a warning where it has more and says `failover=none` or `failover=manual`. A question where only gateways and load balancers call it, to count requests, where its callers only write it (the write may be left out), or its caller \
               uses such a store in each of these flows, without a word of when (`on=miss`), and the cache is one \
               instance; and, as a remark, where it has two instances or more, no `failover` is said, and its technology can keep replicas but does \
               not have a copy of each entry by itself (Hazelcast does); this also where the cache of several instances is only read behind a queue or topic, in a flow of 1,000 requests a second or more. Silent for managed caches, for Memcached with two or more nodes (a dead one takes its part of the entries along and counts as a miss; whether these are nowhere else, such as sessions, is `spof-cache-as-store`'s), where `spof-cache-as-store` speaks, \
               without flows, and where all flows concerned are of 10 requests a second or fewer and state no `availability`.",
        why: "Caches are restarted, resized and failed over more often than databases, because they hold nothing that counts. \
              Where a request cannot go on without one, each of these is an outage: the client library gives an error or hangs \
              where everybody had only ever seen a hit or a miss.",
        outage: Some(Outage {
            name: "Discord, 2017",
            what: "a Redis primary dropped offline in a migration, and the way in which the API instances handled the failover caused a partial outage",
            link: "https://status.discordapp.com/incidents/qk9cdgnqnhcn",
        }),
        bad: "client web\nlb front managed\nservice api x4\nredis sessions ttl=1h\npostgres store x2 failover=auto\n\
              flow login { web -> front -> api -> store writes }\n\
              flow page rate=500/s { web -> front -> api -> sessions reads }\n",
        good: "client web\nlb front managed\nservice api x4\nredis sessions x3 failover=auto ttl=1h\npostgres store x2 failover=auto\n\
               flow login { web -> front -> api -> store writes }\n\
               flow page rate=500/s { web -> front -> api -> sessions reads }\n",
        ignore: "Its callers treat an error like a miss and go on: draw it with `on=miss`, `optional` or `fallback=default` instead.",
    },
    check,
};

/// Requests a second of which a minute is more than a consumer catches up with unnoticed.
const BUSY: f64 = 1000.0;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let alone = without_a_store(facts);
    for cache in facts.nodes(|kind| kind == Kind::Cache) {
        let node = facts.node(cache);
        let reads_it = |flow: &&Flow| alone.get(&cache).is_some_and(|flows| flows.contains(flow.id.as_str()));
        let mut flows: Vec<&Flow> =
            facts.flows_needing(cache).filter(|flow| !facts.is_background(flow)).collect();
        let callers = facts.callers(cache);
        // Most gateways let requests pass that they cannot count; some do not.
        let counts_only = callers.iter().all(|&by| matches!(facts.node(by).kind, Kind::Gateway | Kind::Lb));
        let mut hard: Vec<&Flow> = flows.iter().copied().filter(reads_it).filter(|_| !counts_only).collect();
        // Behind a queue nobody waits; but at such a rate a minute without it is a pile of messages.
        let behind = hard.is_empty() && !counts_only && node.instances >= 2;
        if behind {
            let busy = |flow: &&Flow| flow.attrs.number("rate").value().is_some_and(|rate| rate >= BUSY);
            hard.extend(facts.design.flows.iter().filter(reads_it).filter(busy));
            flows.extend(
                hard.iter().filter(|flow| !facts.flows_needing(cache).any(|other| other.id == flow.id)),
            );
        }
        if flows.is_empty() || node.is_managed() || flows.iter().all(|flow| facts.is_small(flow)) {
            continue;
        }
        let Some(mut finding) = judge(node, &flows, &hard) else { continue };
        if behind {
            finding = finding.at_most(Severity::Info);
        }
        let said = if hard.is_empty() { &flows } else { &hard };
        let who = facts.names(&callers);
        let copies = if node.instances < 2 { "x3 failover=auto" } else { "failover=auto" };
        found.push(
            finding
                .node(&node.id)
                .flows(said.iter().map(|flow| flow.id.clone()))
                .evidence(format!(
                    "{}; no `on=miss`, `optional` or `fallback` on the way",
                    facts.show_way(&facts.way_to(cache))
                ))
                .consequence(format!(
                    "{} is restarted or its host dies: calls by {who} fail or hang until it is back, and {} with them",
                    node.name(),
                    flow_names(said)
                ))
                .mend(match node.instances < 2 {
                    true => Mend::instances(&node.id, 3).and_node(&node.id, "failover=auto"),
                    false => Mend::node(&node.id, "failover=auto"),
                })
                .fix(format!(
                    "`{copies}` on {0}; or `fallback=default` or `optional`, with a `timeout`, on the hop to {0} if its callers can go on without an answer; or a hop `on=miss` to a store that has the same",
                    node.name()
                )),
        );
    }
    found
}

/// For each cache the flows in which some caller has nothing else: it reads the cache and no store.
fn without_a_store<'d>(facts: &Facts<'d>) -> HashMap<NodeIndex, HashSet<&'d str>> {
    let mut hard: HashMap<NodeIndex, HashSet<&str>> = HashMap::new();
    for flow in &facts.design.flows {
        let steps = facts.design.steps_of(flow);
        // A write that looks first is a question: was it free?
        let reads = |step: &Step| facts.reads(step) || step.attrs.has("conditional");
        let uses = |step: &Step| [reads(step), facts.writes(step)];
        let mut stores: HashMap<NodeIndex, [bool; 2]> = HashMap::new();
        for step in steps {
            let kind = facts.node(step.to).kind;
            if kind.is_store() && kind != Kind::Cache {
                let known = stores.entry(step.from).or_default();
                let [reads, writes] = uses(step);
                *known = [known[0] || reads, known[1] || writes];
            }
        }
        // A write that fails may well be left out; a read that fails has no answer.
        let asks = |step: &&Step| facts.node(step.to).kind == Kind::Cache && reads(step);
        for step in steps.iter().filter(asks) {
            let beside = stores.get(&step.from).copied().unwrap_or_default();
            let covered = uses(step).into_iter().zip(beside).any(|(used, beside)| used && beside);
            if !covered {
                hard.entry(step.to).or_default().insert(&flow.id);
            }
        }
    }
    hard
}

fn judge(node: &Node, flows: &[&Flow], hard: &[&Flow]) -> Option<Diagnostic> {
    let name = node.name();
    let failover = node.attrs.text("failover");
    if node.instances < 2 {
        return Some(if hard.is_empty() {
            Diagnostic::unstated(
                format!("nothing says what becomes of {} while {name} is away", flow_names(flows)),
                node.span,
                "one instance, and no `on=miss` around it",
            )
            .question(format!("{name} does not answer for a minute: what becomes of {}?", flow_names(flows)))
        } else {
            let fail = if hard.len() == 1 { "fails" } else { "fail" };
            Diagnostic::wrong(
                format!("{} {fail} while {name} is away, and it is one instance", flow_names(hard)),
                node.span,
                "one instance, and no way around it",
            )
        });
    }
    let tech = |fact: &str| match (node.tech, fact) {
        (Some(tech), "failover") => tech.failover.as_deref(),
        (Some(tech), _) => tech.replication.as_deref(),
        (None, _) => None,
    };
    let spread = tech("failover") == Some("none");
    let by_itself = tech("replication") == Some("sync");
    if spread || by_itself || failover.value() == Some("auto") || hard.is_empty() {
        return None;
    }
    Some(match failover.span() {
        Some(span) => Diagnostic::wrong(
            format!("when an instance of {name} dies, {} waits for a person", flow_names(hard)),
            span,
            "nobody takes over by itself",
        )
        .at_most(Severity::Warning),
        None => Diagnostic::unstated(
            format!(
                "{name} has {} instances, and nothing says what takes over when one dies",
                node.instances
            ),
            node.span,
            "no `failover=` here",
        )
        .question(format!("an instance of {name} dies: what answers for its entries, and from when on?"))
        .at_most(Severity::Info),
    })
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::diagnostic::Severity;
    use crate::rules::testing::{design, expect};
    use crate::rules::{Facts, run};

    fn text(cache: &str, flow: &str, hop: &str, then: &str) -> String {
        format!(
            "client u\nservice a x2\n{cache}\npostgres d\nflow f {flow} {{ u -> a -> c reads {hop}\n{then} }}"
        )
    }

    #[test]
    fn cases() {
        let case = |cache: &str, flow: &str, hop: &str, then: &str, expected: &[&str]| {
            expect(&RULE, &text(cache, flow, hop, then), expected);
        };
        case("redis c", "", "", "", &["wrong c"]);
        case("redis c", "rate=1k/s", "", "", &["wrong c"]);
        case("memcached c", "", "", "", &["wrong c"]);
        case("redis c x3 failover=none", "", "", "", &["wrong c"]);
        case("redis c x3", "", "", "", &["unstated c"]);
        // A write that looks first is an answer that somebody waits for; one that does not may be left out.
        let written = |how: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a x2\nredis c x3\nflow f rate=1k/s {{ u -> a -> c writes {how} }}"
            );
            expect(&RULE, &text, expected);
        };
        written("conditional", &["unstated c"]);
        written("", &[]);
        case("redis c", "", "", "a -> d reads", &["unstated c"]);
        case("redis c", "", "", "a -> d writes", &["wrong c"]);
        let queued = |rate: &str| {
            format!(
                "client u\nservice a x2\nkafka q x3\nworker w x4\nredis c x3\nflow f rate={rate} {{ u -> a ~> q ~> w -> c reads }}"
            )
        };
        expect(&RULE, &queued("5k/s"), &["unstated c"]);
        expect(&RULE, &queued("50/s"), &[]);
        // It is backed, taken over, spread, kept twice by itself, or run by somebody else.
        case("redis c", "", "", "a -> d reads on=miss", &[]);
        case("redis c", "", "optional", "", &[]);
        case("redis c", "", "fallback=default", "", &[]);
        case("redis c x3 failover=auto", "", "", "", &[]);
        case("memcached c x3", "", "", "", &[]);
        case("hazelcast c x3", "", "", "", &[]);
        case("elasticache c", "", "", "", &[]);
        case("redis c x2", "", "", "a -> d reads", &[]);
        // A gateway's counters: it may let everybody pass.
        expect(&RULE, "client u\ngateway g x2\nredis c\nflow f { u -> g -> c }", &["unstated c"]);
        expect(&RULE, "client u\ngateway g x2\nredis c x2\nflow f { u -> g -> c }", &[]);
        // It only writes: the write may be left out.
        let writes = "client u\nservice a x2\nredis c\npostgres d\nflow f { u -> a -> c writes }";
        expect(&RULE, writes, &["unstated c"]);
        expect(&RULE, &writes.replace("writes", "reads writes"), &["wrong c"]);
        // Few notice, and a sketch draws no flows.
        case("redis c", "rate=1/s", "", "", &[]);
        expect(&RULE, "client u\nservice a\nredis c\nu -> a -> c", &[]);
    }

    #[test]
    fn a_person_takes_over_is_less_than_nobody() {
        let severity = |cache: &str| run(&RULE, &Facts::new(&design(&text(cache, "", "", ""))))[0].severity;
        assert_eq!(severity("redis c"), Severity::Error);
        assert_eq!(severity("redis c x2 failover=manual"), Severity::Warning);
        assert_eq!(severity("redis c x2"), Severity::Info);
    }
}
