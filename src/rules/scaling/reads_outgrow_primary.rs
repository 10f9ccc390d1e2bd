use crate::catalog::Kind;
use crate::design::Node;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::Severity;
use crate::numbers::Capacity;
use crate::rules::facts::Arrivals;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::units::{show_number, show_rate};

pub static RULE: Rule = Rule {
    id: "reads-outgrow-primary",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Scaling,
    summary: "nearly all requests only read, and more of them arrive than the database serves",
    question: Some(Question { topic: "reads", text: "do these machines serve all of their reads?" }),
    reads: &["autoscale", "capacity", "shards"],
    page: Page {
        checks: "Databases and search engines that are not managed: the reads that arrive at them against what all their \
                 instances serve.",
        when: "At least ten reads come to each write, and reads and writes together (each flow at its `peak`, or its `rate` \
               where it has none; what a cache before it answers is not counted where its `hit_rate` is stated) are more \
               than `capacity` times the instances. A question where the capacity is the technology's, since that is \
               mostly measured with writes. Not evaluated where a thousand reads a second arrive and nothing is known of \
               the capacity.",
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
        if reads.busiest < MOSTLY_READS * writes.busiest || reads.busiest == 0.0 {
            continue;
        }
        match Capacity::of(node) {
            Some(capacity) => found.extend(outgrown(node, &capacity, &reads, &writes)),
            None if reads.busiest >= CONSIDERABLE && !node.attrs.has("autoscale") => {
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
    if load <= total {
        return None;
    }
    let name = node.name();
    let assumed = match (capacity.grade, node.tech) {
        (Some(_), Some(tech)) => format!(" (assumed of {})", tech.title),
        _ => String::new(),
    };
    let message = format!(
        "{} reads arrive at {name}, which serves {} with all its instances",
        show_rate(reads.busiest),
        show_rate(total)
    );
    let label = format!("{} × {}", show_number(machines), show_rate(capacity.each));
    let finding = match capacity.grade {
        Some(_) => Diagnostic::unstated(message, node.span, label)
            .question(format!("does {name} serve {} reads?", show_rate(reads.busiest))),
        None => Diagnostic::wrong(message, node.span, label),
    };
    let more = (load / capacity.each).ceil();
    Some(
        finding
            .node(&node.id)
            .flows(reads.flows())
            .evidence(format!("reads at the busiest time: {}; writes: {}", reads.show(), show_rate(writes.busiest)))
            .evidence(format!(
                "serving: {} × {}{assumed} = {}",
                show_number(machines),
                show_rate(capacity.each),
                show_rate(total)
            ))
            .consequence(format!(
                "a busy hour of readers takes {name} to its limit, and whatever else needs it waits in the same line until it times out"
            ))
            .fix(format!(
                "`x{more}` on {name} with reads on the copies, or a cache before it with its `hit_rate`; if one instance serves more, its `capacity`"
            )),
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
        // Writes are the trouble here, and another's.
        case("database d capacity=1k/s", "5k/s", "2k/s", &[]);
        case("database d", "5k/s", "10/s", &["wants capacity of d"]);
        case("database d", "500/s", "10/s", &[]);
        case("database d managed", "5k/s", "10/s", &[]);
        // A rule of thumb asks.
        case("postgres d", "50k/s", "10/s", &["unstated d"]);
        case("postgres d", "2k/s", "10/s", &[]);
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
