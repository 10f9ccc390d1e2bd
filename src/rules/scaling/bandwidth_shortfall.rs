use petgraph::graph::NodeIndex;

use crate::design::{Design, Node};
use crate::diagnostic::{Diagnostic, Severity};
use crate::numbers::{Figure, Traffic, machines};
use crate::rules::facts::{enough_instances, lost_with_one, write_instances};
use crate::rules::{Confidence, Facts, Group, Outage, Page, Rule};
use crate::units::{show_number, show_share, show_size};

pub static RULE: Rule = Rule {
    id: "bandwidth-shortfall",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Scaling,
    summary: "more bytes pass than the network of all instances carries, or of those left after a loss",
    question: None,
    reads: &["autoscale", "bandwidth", "copies", "groups", "payload", "response", "shards", "shed"],
    page: Page {
        checks: "Nodes that state a `bandwidth`: what all their instances carry against the bytes that flows send through them.",
        when: "A node states `bandwidth`, of one instance (the finding points there); what counts is the bytes a second in the busier direction, in or out, of all flows at their `peak`, or their `rate` where they have none.\n\n\
               - An error where that is more than all instances (the most of `autoscale=[least, most]`) carry; of a relational database that is not split only its primary counts.\n\
               - A warning where all carry it, and not those that are left without the fullest of the node's zones, or without one instance where it stands in fewer than two. Of this loss, silent with `shed`, where the node is \
               managed, has `shards`, or is autoscaled in fewer than two zones.\n\
               - A warning where it is more than 80 % of what all carry: peaks within a second are higher than the average of one.\n\
               - Silent with a bare `autoscale`. Not evaluated where nothing says a size, or a rate is missing.\n\n\
               The bytes are those on both sides of each hop of a flow: callers' `payload` in and `response` out, its own requests out and their answers in, each by the hop's own size or else the flow's; \
               a hop with neither counts for nothing. A hop without a `payload` of its own that writes tables whose `size` is stated carries a row of each. Where somebody writes the body into an object store, the flow's `payload` counts for nothing \
               on his hops to databases, caches, queues and the like, on what an object store hands off, and behind either, until somebody reads the object; nor on a client's other calls, where the client writes it there. A `response` counts for every request on its hop, of a cache too, hit or miss; what fills a cache after a miss counts where a hop draws it. \
               A queue sends what came in once, a topic once to each of its consumers (or as many `groups` as it states, if more), and both \
               once more for each of their `copies` beyond the first, in and out. What a database sends to its copies is not counted.",
        why: "A network card does not slow down by a little: what does not fit waits in buffers, is dropped and is sent again, which is more still. Readers multiply: \
              every further group that reads a topic costs as much as all of its writers. And what a lost machine sent, the others send on top \
              of their own, so a fleet that is nearly full loses the second machine to the loss of the first.",
        outage: Some(Outage {
            name: "Parse.ly, 2015",
            what: "all Kafka machines sent nearly as much as their network could carry, and when one failed the others had to send its share too",
            link: "https://www.parse.ly/kafkapocalypse/",
        }),
        bad: "client web\nlb front managed\nservice tracker x6\nkafka events x4 partitions=32 retention=7d dlq=dead bandwidth=125MB/s\nsqs dead alert\nworker live x4 idempotent\nworker batch x4 idempotent\ns3 reports\n\
              flow track rate=40k/s payload=5KB { web -> front -> tracker ~> events ~> live, batch\nlive, batch -> reports writes payload=1KB }\n",
        good: "client web\nlb front managed\nservice tracker x6\nkafka events x6 partitions=32 retention=7d dlq=dead bandwidth=125MB/s\nsqs dead alert\nworker live x4 idempotent\nworker batch x4 idempotent\ns3 reports\n\
               flow track rate=40k/s payload=5KB { web -> front -> tracker ~> events ~> live, batch\nlive, batch -> reports writes payload=1KB }\n",
        ignore: "What passes is compressed on the way: better, state `payload` as it is sent.",
    },
    check,
};

/// Of what its network carries, so much is used at the most: within a second it is not even.
const NEARLY: f64 = 0.8;

/// What is shown of the sum; a topic may have a thousand readers.
const SHOWN: usize = 6;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let nodes = facts.design.graph.node_indices();
    nodes.filter_map(|at| judge(facts, at)).collect()
}

fn judge(facts: &Facts, at: NodeIndex) -> Option<Diagnostic> {
    let node = facts.node(at);
    let (each, span) = (node.attrs.number("bandwidth").value()?, node.attrs.get("bandwidth")?.span);
    let count = machines(node).filter(|count| *count >= 1 && each > 0.0)?;
    let traffic = Traffic::of(facts.design, at);
    let (direction, passing) = match traffic.busier() {
        Some(Ok(busier)) => busier,
        Some(Err(missing)) => return Some(Diagnostic::not_evaluated(missing.wants.join(", "), span)),
        None => {
            let wants = format!("`payload` or `response` of what passes {}", node.name());
            return Some(Diagnostic::not_evaluated(wants, span));
        }
    };
    let verb = if direction == "in" { "gets" } else { "sends" };
    let (name, load) = (node.name(), passing.value);
    let all = count as f64 * each;
    let lost = lost_with_one(count, node.zones.len());
    let left = count.saturating_sub(lost);
    let carried = left as f64 * each;
    let finding = if load > all {
        Diagnostic::wrong(
            format!("{name} {verb} {}/s at its busiest, and its network carries {}/s", show_size(load), show_size(all)),
            span,
            format!("x {}", show_number(count as f64)),
        )
        .consequence(format!(
            "packets wait, are dropped and sent again; calls and messages through {name} get slower by the minute, until callers give up"
        ))
    } else if load > carried && left > 0 && !is_answered(node) {
        let gone = if node.zones.len() >= 2 {
            format!("one of {} zones", node.zones.len())
        } else {
            "one instance".to_string()
        };
        Diagnostic::wrong(
            format!("without {gone}, {name} {verb} {}/s over a network that carries {}/s", show_size(load), show_size(carried)),
            span,
            format!("x {}", show_number(count as f64)),
        )
        .at_most(Severity::Warning)
        .evidence(format!(
            "left: ({count} − {lost}) × {}/s = {}/s; all: {}/s",
            show_size(each),
            show_size(carried),
            show_size(all)
        ))
        .consequence(format!(
            "{gone} is lost, the other {} send and get its share too, their network is full at once, and {name} is late or down as a whole",
            show_number(left as f64)
        ))
    } else if load > all * NEARLY {
        Diagnostic::wrong(
            format!("{name} {verb} {}/s at its busiest, {} of the {}/s that its network carries", show_size(load), show_share(load / all), show_size(all)),
            span,
            format!("x {}", show_number(count as f64)),
        )
        .at_most(Severity::Warning)
        .consequence(format!(
            "in the busiest tenths of a second more comes than fits, packets wait and some are dropped, and the slowest answers of {name} get slower first"
        ))
    } else {
        return None;
    };
    let fix = match machines(node) {
        Some(1) if node.instances > 1 => {
            format!(
                "a larger `bandwidth` of {name}, or `shards` of it; or less to send, by a smaller `payload` or `response`"
            )
        }
        _ => format!(
            "`{}` on {name}, or machines with a larger `bandwidth`; or less to send: fewer readers, a smaller `payload` or `response`",
            write_instances(node, enough_instances(node, load, each))
        ),
    };
    let mut finding = finding.node(&node.id).flows(flows(facts.design, at)).fix(fix);
    for line in shown(direction, passing) {
        finding = finding.evidence(line);
    }
    Some(finding.evidence(format!("its network: {count} × {}/s = {}/s", show_size(each), show_size(all))))
}

/// Nothing more comes to those that are left, or somebody sees to a lost one at once.
fn is_answered(node: &Node) -> bool {
    let replaced = node.attrs.has("autoscale") && node.zones.len() < 2;
    replaced || node.attrs.has("shed") || node.attrs.has("shards") || node.is_managed()
}

/// The sum, of many parts the first few.
fn shown(direction: &str, passing: &Figure) -> Vec<String> {
    let mut lines: Vec<String> = passing.reached.iter().take(SHOWN).cloned().collect();
    if let Some(last) = passing.reached.last().filter(|_| passing.reached.len() > SHOWN) {
        lines.push(format!("and {} more; {last}", passing.reached.len() - SHOWN - 1));
    }
    lines.into_iter().map(|line| format!("{direction}, {line}")).collect()
}

/// The flows that pass it, in the order of the file.
fn flows(design: &Design, at: NodeIndex) -> Vec<String> {
    let mut flows: Vec<usize> =
        design.steps_to(at).chain(design.steps_from(at)).filter_map(|step| step.flow).collect();
    flows.sort_unstable();
    flows.dedup();
    flows.into_iter().map(|flow| design.flows[flow].id.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::diagnostic::Severity;
    use crate::rules::testing::{design, expect};
    use crate::rules::{Facts, run};

    fn service(region: &str, service: &str, flow: &str) -> String {
        format!(
            "client u\nregion r {region} {{ service a {service} }}\ndatabase d\nflow f {flow} {{ u -> a -> d reads response=0B payload=0B }}"
        )
    }

    #[test]
    fn answers_of_a_service() {
        let case = |region: &str, node: &str, flow: &str, expected: &[&str]| {
            expect(&RULE, &service(region, node, flow), expected);
        };
        let flow = "rate=1k/s response=100KB";
        // 100 MB a second.
        case("", "x4 bandwidth=20MB/s", flow, &["wrong a"]);
        case("", "x4 bandwidth=30MB/s", flow, &["wrong a"]);
        case("", "x4 bandwidth=34MB/s", flow, &[]);
        case("zones=3", "x6 bandwidth=24MB/s", flow, &["wrong a"]);
        case("zones=3", "x6 bandwidth=26MB/s", flow, &[]);
        case("", "x4 bandwidth=20MB/s", "rate=10/s peak=1k/s response=100KB", &["wrong a"]);
        // Someone else sees to a loss, or nobody says how many there may be.
        case("", "x4 bandwidth=32MB/s autoscale=[2, 4]", flow, &[]);
        case("zones=2", "x4 bandwidth=30MB/s autoscale=[2, 4]", flow, &["wrong a"]);
        case("", "x4 bandwidth=20MB/s autoscale", flow, &[]);
        // One is all there is: its loss is another rule's.
        case("", "bandwidth=126MB/s", flow, &[]);
        // Nearly all that there is.
        case("", "bandwidth=110MB/s", flow, &["wrong a"]);
        case("", "x4 bandwidth=30MB/s shed", flow, &["wrong a"]);
        case("", "x4 bandwidth=32MB/s shed", flow, &[]);
        case("", "bandwidth=90MB/s", flow, &["wrong a"]);
        case("", "x4", flow, &[]);
        case("", "x4 bandwidth=20MB/s", "response=100KB", &["wants rate of flow f"]);
    }

    #[test]
    fn without_a_size_nothing_is_reckoned() {
        let text = "client u\nservice a x2 bandwidth=1MB/s\nflow f rate=1M/s { u -> a }";
        expect(&RULE, text, &["wants payload or response of what passes a"]);
    }

    #[test]
    fn each_direction_by_itself() {
        let case = |hop: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a bandwidth=100MB/s\nblob b\nflow f rate=100/s {{ u -> a -> b {hop} }}"
            );
            expect(&RULE, &text, expected);
        };
        case("payload=750KB response=750KB", &[]);
        case("payload=1100KB", &["wrong a"]);
        case("response=1100KB", &["wrong a"]);
    }

    /// 10 MB 100 times a second: into the object store, and a row beside it.
    #[test]
    fn a_row_beside_the_body() {
        let case = |table: &str, lines: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a x40 bandwidth=100MB/s\nblob b\npostgres d x3 bandwidth=50MB/s {{ table t {{ key id; {table} }} }}\n\
                 flow f rate=100/s payload=10MB {{ u -> a {lines} }}"
            );
            expect(&RULE, &text, expected);
        };
        case("size = 1KB", "-> b writes\na -> d writes=t", &[]);
        case("size = 1KB", "-> d writes=t", &[]);
        case("", "-> b writes\na -> d writes=t payload=1KB", &[]);
        case("", "-> b writes\na -> d writes=t payload=1MB", &["wrong d"]);
        case("", "-> b writes\na -> d writes=t", &["wants payload or response of what passes d"]);
        case("", "-> d writes=t", &["wrong d"]);
        case("size = 10MB", "-> b writes\na -> d writes=t", &["wrong d"]);
    }

    /// 10,000 a second of 1 KB.
    #[test]
    fn readers_and_copies_of_a_topic() {
        let case = |broker: &str, consumers: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a x2\n{broker}\nworker v x2\nworker w x2\nflow f rate=10k/s payload=1KB {{ u -> a ~> q {consumers} }}"
            );
            expect(&RULE, &text, expected);
        };
        case("kafka q x3 bandwidth=7MB/s", "~> v, w", &["wrong q"]);
        case("kafka q x3 bandwidth=7MB/s", "~> v", &[]);
        case("kafka q x3 bandwidth=11MB/s", "~> v, w", &[]);
        case("kafka q x3 bandwidth=11MB/s groups=5", "~> v, w", &["wrong q"]);
        case("kafka q x3 bandwidth=9MB/s copies=3", "~> v", &["wrong q"]);
        case("kafka q x3 bandwidth=16MB/s copies=3", "~> v", &[]);
        case("rabbitmq q x3 bandwidth=6MB/s", "~> v share=50%", &[]);
        // One that polls.
        let polled = |bandwidth: &str| {
            format!(
                "client u\nservice a x2\nkafka q x3 bandwidth={bandwidth}\nworker v x2\nworker w x2\n\
                 flow f rate=10k/s payload=1KB {{ u -> a ~> q ~> v }}\nflow g {{ w -> q reads }}"
            )
        };
        expect(&RULE, &polled("7MB/s"), &["wrong q"]);
        expect(&RULE, &polled("11MB/s"), &[]);
    }

    #[test]
    fn copies_of_a_database_carry_nothing_of_its_primary() {
        let case = |store: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a x2\n{store}\nflow f rate=1k/s {{ u -> a -> d reads response=100KB }}"
            );
            expect(&RULE, &text, expected);
        };
        case("postgres d x3 bandwidth=90MB/s", &["wrong d"]);
        case("postgres d x3 bandwidth=126MB/s", &[]);
        case("cassandra d x3 bandwidth=60MB/s", &[]);
        case("cassandra d x3 bandwidth=45MB/s", &["wrong d"]);
    }

    #[test]
    fn a_loss_weighs_less_than_every_day() {
        let severity = |bandwidth: &str| {
            let text = service("", &format!("x4 bandwidth={bandwidth}"), "rate=1k/s response=100KB");
            run(&RULE, &Facts::new(&design(&text)))[0].severity
        };
        assert_eq!(severity("20MB/s"), Severity::Error);
        assert_eq!(severity("30MB/s"), Severity::Warning);
    }
}
