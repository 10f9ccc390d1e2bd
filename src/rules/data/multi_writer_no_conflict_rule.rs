use std::collections::HashSet;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "multi-writer-no-conflict-rule",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: true,
    group: Group::Data,
    summary: "two copies of one database are both written, and nothing says which of two writes stands",
    question: Some(Question {
        topic: "two writers",
        text: "one record is changed at both places at once: which of the two changes should stand?",
    }),
    reads: &["conflict", "replica_of", "writes", "spare"],
    page: Page {
        checks: "Databases that copy each other, where both are written.",
        when: "A hop says `writes` to a database that is `replica_of` another one, which is written too; or two databases that \
               hand off to each other (`a ~> b` and `b ~> a`), or are `replica_of` each other, are both written. Neither states \
               `conflict` (`conflict=none` states none; that of one of them is enough). An information that asks where both are of a technology that settles it by itself (CouchDB, Couchbase, Cassandra, \
               ScyllaDB): whether it does so as it should. Silent for writes taken only `on=failover` or `on=error`, or by a writer that stands by (in a `spare` group, or reached over such hops alone), and where \
               the writes name tables and no table is written at both.",
        why: "The same row is changed at both places before either has heard of the other. Each then receives a change to a row that \
              it has changed itself. Replication stops there, or one of the two writes disappears, and which one was decided by \
              nobody.",
        outage: None,
        bad: "client web\nlb front managed\nservice carts x2\nmysql east x2 failover=auto backup=1h\nmysql west x2 failover=auto backup=1h\n\
              east ~> west\nwest ~> east\n\
              flow put { web -> front -> carts\n  carts -> east writes share=50%\n  carts -> west writes share=50% }\n",
        good: "client web\nlb front managed\nservice carts x2\nmysql east x2 failover=auto backup=1h conflict=merge\nmysql west x2 failover=auto backup=1h conflict=merge\n\
               east ~> west\nwest ~> east\n\
               flow put { web -> front -> carts\n  carts -> east writes share=50%\n  carts -> west writes share=50% }\n",
        ignore: "Each row has a home, and is written nowhere else.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut told: HashSet<(NodeIndex, NodeIndex)> = HashSet::new();
    for copy in facts.nodes(|kind| kind == Kind::Database) {
        for other in others(facts, copy) {
            let pair = (copy.min(other), copy.max(other));
            let ruled = [copy, other].iter().any(|&node| facts.node(node).attrs.has("conflict"));
            if ruled || told.contains(&pair) {
                continue;
            }
            let (here, there) = (writes(facts, copy), writes(facts, other));
            let clash = here.iter().find_map(|&one| Some((one, *there.iter().find(|&&two| same(one, two))?)));
            if let Some((one, two)) = clash {
                told.insert(pair);
                found.push(finding(facts, one, two));
            }
        }
    }
    found
}

/// The databases that get this one's writes, and give it theirs.
fn others(facts: &Facts, copy: NodeIndex) -> Vec<NodeIndex> {
    let mut others = Vec::new();
    let primary = facts.primary(copy);
    if primary != copy {
        others.push(primary);
    }
    let hands = |from: NodeIndex| {
        let stores = facts
            .hops_from(from)
            .into_iter()
            .filter(|(to, hop)| hop.arrow == Arrow::Handoff && facts.node(*to).kind == Kind::Database);
        stores.map(|(to, _)| to).collect::<Vec<_>>()
    };
    others.extend(hands(copy).into_iter().filter(|&to| hands(to).contains(&copy)));
    others
}

fn writes<'d>(facts: &Facts<'d>, store: NodeIndex) -> Vec<&'d Step> {
    let is_write = |step: &&Step| {
        step.attrs.has("writes")
            && facts.node(step.from).kind.is_app()
            && !facts.is_way_out(step)
            && !only_after_failover(facts, step.from)
    };
    facts.design.steps_to(store).filter(is_write).collect()
}

/// How far back the way is looked for: a balancer, a gateway and a service or two stand before a writer.
const FAR: usize = 6;

/// It stands by: in a spare group, or all that leads to it is taken when something else has failed.
fn only_after_failover(facts: &Facts, writer: NodeIndex) -> bool {
    if facts.design.groups_around(writer).any(|group| group.attrs.has("spare")) {
        return true;
    }
    let mut nodes = vec![writer];
    for _ in 0..FAR {
        let mut before = Vec::new();
        for &node in &nodes {
            let mut steps =
                facts.design.steps_to(node).filter(|step| facts.arrow(step) != Arrow::Control).peekable();
            if steps.peek().is_none() {
                return false;
            }
            before.extend(steps.filter(|step| !facts.is_way_out(step)).map(|step| step.from));
        }
        if before.is_empty() {
            return true;
        }
        before.sort_unstable();
        before.dedup();
        nodes = before;
    }
    false
}

/// They name no tables, or share one.
fn same(one: &Step, two: &Step) -> bool {
    let (one, two) = (one.attrs.words("writes"), two.attrs.words("writes"));
    one.is_empty() || two.is_empty() || one.iter().any(|table| two.contains(table))
}

fn finding(facts: &Facts, one: &Step, two: &Step) -> Diagnostic {
    let (here, there) = (facts.node(one.to).name(), facts.node(two.to).name());
    let by_itself = facts.node(one.to).tech.zip(facts.node(two.to).tech).and_then(|(tech, other)| {
        let settles = tech.settles.as_deref().filter(|_| tech.id == other.id)?;
        Some((tech.title.as_str(), if settles == "lww" { "keeps the later one" } else { "keeps both" }))
    });
    let open = format!(
        "{here} and {there} copy each other and are both written, and nothing says what becomes of two changes of one row"
    );
    let at = (facts.node(one.to).span, "no `conflict=` here");
    let finding = match by_itself {
        None => Diagnostic::wrong(open, at.0, at.1),
        Some((title, does)) => Diagnostic::unstated(
            format!("{here} and {there} copy each other and are both written: of two changes of one record {title} {does}"),
            at.0,
            at.1,
        )
        .at_most(Severity::Info)
        .question(format!("one record is changed at {here} and at {there} at once, and {title} {does}: is that right here?")),
    };
    let way = |step: &Step| format!("{} → {} writes", facts.id(step.from), facts.id(step.to));
    let mut flows: Vec<String> =
        [one, two].iter().filter_map(|step| facts.flow_of(step)).map(|flow| flow.id.clone()).collect();
    flows.dedup();
    finding
    .label(one.span, "written here")
    .label(two.span, "and there")
    .node(facts.id(one.to))
    .node(facts.id(two.to))
    .hop(facts.id(one.from), facts.id(one.to))
    .flows(flows)
    .evidence(format!("{}; {}", way(one), way(two)))
    .consequence(format!("one row is changed at {here} and at {there} before they have heard of each other: replication stops, or a write is gone and nobody chose which"))
    .mend(Mend::node(facts.id(one.to), "conflict=merge").and_node(facts.id(two.to), "conflict=merge"))
    .fix(format!("`conflict=merge` on {here} and {there} (or `crdt`, `reject` as a Galera cluster does, or `lww` if losing one of them is right); or write only one of them"))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |stores: &str, flow: &str, expected: &[&str]| {
            expect(&RULE, &format!("client u\nservice a\n{stores}\nflow f {{ u -> a\n{flow} }}"), expected);
        };
        let pair = "postgres d\npostgres e\nd ~> e\ne ~> d";
        case(pair, "a -> d writes\na -> e writes", &["wrong d, e"]);
        case("postgres d\npostgres r replica_of=d", "a -> d writes\na -> r writes", &["wrong r, d"]);
        case("postgres d conflict=lww\npostgres e\nd ~> e\ne ~> d", "a -> d writes\na -> e writes", &[]);
        case(
            "postgres d conflict=none\npostgres e\nd ~> e\ne ~> d",
            "a -> d writes\na -> e writes",
            &["wrong d, e"],
        );
        case(pair, "a -> d writes=x\na -> e writes=y", &[]);
        case(pair, "a -> d writes\na -> e reads", &[]);
        case(pair, "a -> d writes\na -> e writes on=failover", &[]);
        // A second region that takes over writes its copy then, and only then.
        expect(
            &RULE,
            "client u\nlb l managed\nservice a\nservice b\npostgres d\npostgres e replica_of=d\n\
             flow f { u -> l -> a -> d writes\nl -> b on=failover -> e writes }",
            &[],
        );
        let couch = "couchdb d\ncouchdb e\nd ~> e\ne ~> d";
        case(couch, "a -> d writes\na -> e writes", &["unstated d, e"]);
        case(&couch.replace("couchdb d", "couchdb d conflict=merge"), "a -> d writes\na -> e writes", &[]);
        case(&couch.replace("couchdb d", "mysql d"), "a -> d writes\na -> e writes", &["wrong d, e"]);
        // One way only: the second is written by the first.
        case("postgres d\npostgres e\nd ~> e", "a -> d writes\na -> e writes", &[]);
    }
}
