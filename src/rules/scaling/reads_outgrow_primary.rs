use crate::catalog::Kind;
use crate::design::Node;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::Severity;
use crate::numbers::{Capacity, has_one_primary};
use crate::rules::facts::{Arrivals, primaries};
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::units::{show_number, show_rate};

pub static RULE: Rule = Rule {
    id: "reads-outgrow-primary",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Scaling,
    summary: "reads come on top of the writes, and together they are more than the database serves",
    question: Some(Question { topic: "reads", text: "do these machines serve all of their reads?" }),
    reads: &["autoscale", "capacity", "conflict", "rate", "replica_of", "shards"],
    page: Page {
        checks: "Databases and search engines that are not managed: the reads and writes that arrive at them against what \
                 those of their instances serve that answer.",
        when: "There are reads, and reads and writes together (each flow at its `peak`, or its `rate` where it has none; \
               what a cache before it answers is not counted where its `hit_rate` is stated) are more than what is served, \
               while the writes alone are not (`write-ceiling` says so). What is served: the `capacity` of one instance, \
               whatever the `xN`, of a relational database without `shards`, a table's `shard` or `conflict`, since its \
               others stand by and only follow (a copy that is read is a node of its own, with `replica_of`); the \
               `capacity` times the instances of everything else, such as a node with `replica_of`, Cassandra, \
               CockroachDB or a database of no known technology. Where the capacity is only the technology's, which is \
               mostly measured with writes, a question, and only if ten reads or more come to each write and all is more \
               than twice that. Not evaluated where nothing is known of the capacity, a thousand reads a second arrive \
               and ten or more come to each write, or where a `capacity` is stated and no rate.",
        why: "Reads are the part that can be moved: to copies, or to a cache. As long as all of them go to the machines \
              that also take the writes, a popular page slows down every order.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x8\npostgres store x2 failover=auto capacity=5k/s\n\
              flow show rate=40k/s { web -> front -> api -> store reads }\n",
        good: "client web\nlb front managed\nservice api x8\npostgres store x2 failover=auto capacity=5k/s\nredis hot x3 ttl=5min jitter hit_rate=95% stampede=single-flight\n\
               flow show rate=40k/s { web -> front -> api -> hot reads\napi -> store reads on=miss bulkhead=100 }\n",
        ignore: "The rate is that of a day which is announced, and copies are added for it.",
    },
    check,
};

/// Reads for each write from which copies are the answer, rather than more primaries.
const MOSTLY_READS: f64 = 10.0;
/// A figure that is mostly measured with writes is too low for reads by about as much.
const ROUGHLY: f64 = 2.0;
/// So many reads a second are worth a look at what serves them.
const CONSIDERABLE: f64 = 1000.0;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for at in facts.nodes(|kind| matches!(kind, Kind::Database | Kind::Search)) {
        let node = facts.node(at);
        if node.is_managed() {
            continue;
        }
        let reads = facts.arriving(at, |step| facts.reads(step) && !facts.writes(step));
        let writes = facts.arriving(at, |step| facts.writes(step));
        if reads.busiest == 0.0 {
            let stated = node.attrs.number("capacity").is_yes();
            let flow = reads.unknown.filter(|_| stated).and_then(|step| facts.flow_of(step));
            if let Some(flow) = flow.filter(|flow| flow.attrs.get("rate").is_none()) {
                found.push(Diagnostic::not_evaluated(format!("`rate` of `{}`", flow.id), flow.span));
            }
            continue;
        }
        let mostly = reads.busiest >= MOSTLY_READS * writes.busiest;
        match Capacity::of(node) {
            Some(capacity) if mostly || capacity.grade.is_none() => {
                found.extend(outgrown(node, &capacity, &reads, &writes));
            }
            Some(_) => {}
            None if mostly && reads.busiest >= CONSIDERABLE && !node.attrs.has("autoscale") => {
                let wants = format!("`capacity` of {}", node.name());
                found.push(Diagnostic::not_evaluated(wants, node.span));
            }
            None => {}
        }
    }
    found
}

fn outgrown(node: &Node, capacity: &Capacity, reads: &Arrivals, writes: &Arrivals) -> Option<Diagnostic> {
    let shards = node.attrs.number("shards").value().unwrap_or(1.0);
    let machines = capacity.instances.max(shards);
    let (load, total) = (reads.busiest + writes.busiest, capacity.each * machines);
    let copy = node.attrs.has("replica_of");
    let too_many_writes =
        primaries(node).is_some_and(|primaries| !copy && writes.busiest > capacity.each * primaries);
    let allowed = if capacity.grade.is_some() { ROUGHLY } else { 1.000_001 };
    if load <= total * allowed || too_many_writes {
        return None;
    }
    let name = node.name();
    let assumed = match (capacity.grade, node.tech) {
        (Some(_), Some(tech)) => format!(" (assumed of {})", tech.title),
        _ => String::new(),
    };
    let one = has_one_primary(node);
    let written = match writes.busiest {
        0.0 => String::new(),
        writes => format!(" and {} writes", show_rate(writes)),
    };
    let whose = match (one, node.instances) {
        (true, 2..) => "its primary serves",
        (true, _) => "it serves",
        (false, _) => "all its instances serve",
    };
    let message = format!(
        "{} reads{written} arrive at {name}, and {whose} {}",
        show_rate(reads.busiest),
        show_rate(total)
    );
    let label = format!("{} × {}", show_number(machines), show_rate(capacity.each));
    let finding = match capacity.grade {
        Some(_) => Diagnostic::unstated(message, node.span, label)
            .question(format!("does {name} serve {} reads?", show_rate(reads.busiest))),
        None => Diagnostic::wrong(message, node.span, label),
    };
    let stand_by = if one && node.instances > 1 { "; the others stand by" } else { "" };
    let advice = if one {
        let tech = node.tech.map_or(node.kind.name(), |tech| tech.id.as_str());
        let copies = (reads.busiest / capacity.each).ceil().max(2.0);
        format!(
            "`{tech} {}-copy x{copies} replica_of={}` for the reads that may be a little old, or a cache before {name} with its `hit_rate`; if one instance serves more, its `capacity`",
            node.id, node.id
        )
    } else {
        let more = (load / capacity.each).ceil();
        format!(
            "`x{more}` on {name}, or a cache before it with its `hit_rate`; if one instance serves more, its `capacity`"
        )
    };
    Some(
        finding
            .node(&node.id)
            .flows(reads.flows())
            .evidence(format!("reads at the busiest time: {}; writes: {}", reads.show(), show_rate(writes.busiest)))
            .evidence(format!(
                "serving: {} × {}{assumed} = {}{stand_by}",
                show_number(machines),
                show_rate(capacity.each),
                show_rate(total)
            ))
            .consequence(format!(
                "a busy hour of readers takes {name} to its limit, and whatever else needs it waits in the same line until it times out"
            ))
            .fix(advice),
    )
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |store: &str, reads: &str, writes: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a\n{store}\nflow f rate={reads} {{ u -> a -> d reads }}\nflow g rate={writes} {{ u -> a -> d writes }}"
            );
            expect(&RULE, &text, expected);
        };
        case("database d capacity=1k/s", "5k/s", "10/s", &["wrong d"]);
        case("database d x6 capacity=1k/s", "5k/s", "10/s", &[]);
        case("database d shards=6 capacity=1k/s", "5k/s", "10/s", &[]);
        // Who stands by answers nobody.
        case("postgres d x6 capacity=1k/s", "5k/s", "10/s", &["wrong d"]);
        case("postgres d x6 shards=6 capacity=1k/s", "5k/s", "10/s", &[]);
        case("postgres p\npostgres d x6 replica_of=p capacity=1k/s", "5k/s", "0/s", &[]);
        case("cockroachdb d x6 capacity=1k/s", "5k/s", "10/s", &[]);
        // Both together; where writes are the trouble, another says so.
        case("postgres d x2 capacity=4k/s", "6k/s", "700/s", &["wrong d"]);
        case("postgres d x2 capacity=4k/s", "2k/s", "3k/s", &["wrong d"]);
        case("postgres d x2 capacity=4k/s", "2k/s", "2k/s", &[]);
        case("database d capacity=1k/s", "5k/s", "2k/s", &[]);
        case("postgres d", "2k/s", "2k/s", &[]);
        case("database d", "5k/s", "10/s", &["wants capacity of d"]);
        case("database d", "500/s", "10/s", &[]);
        case("database d managed", "5k/s", "10/s", &[]);
        // A rule of thumb asks.
        case("postgres d", "50k/s", "10/s", &["unstated d"]);
        case("postgres d", "5k/s", "10/s", &[]);
        case("cassandra d x3", "60k/s", "10/s", &["unstated d"]);
    }

    #[test]
    fn what_a_cache_answers_does_not_arrive() {
        let case = |cache: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a\nredis c {cache}\ndatabase d capacity=1k/s\nflow f rate=5k/s {{ u -> a -> c reads\na -> d reads on=miss }}"
            );
            expect(&RULE, &text, expected);
        };
        case("hit_rate=90%", &[]);
        case("hit_rate=50%", &["wrong d"]);
        case("", &[]);
    }
}
