//! The figures of `spof numbers`: worked by hand, and sane whatever the inputs are.

mod common;

use common::design;
use proptest::prelude::*;
use spof::design::lower;
use spof::numbers::{Numbers, Reached, numbers};
use spof::syntax::parse;

fn of(text: &str) -> Numbers {
    numbers(&design(text))
}

fn value(figure: &Reached) -> f64 {
    figure.as_ref().unwrap_or_else(|missing| panic!("{missing:?}")).value
}

/// A figure of a node by its name: `peak` of `store`.
fn figure(numbers: &Numbers, id: &str, name: &str) -> f64 {
    let node = numbers.nodes.iter().find(|node| node.id == id).unwrap_or_else(|| panic!("no node {id}"));
    let (_, figure) =
        node.figures().into_iter().find(|(of, _)| *of == name).unwrap_or_else(|| panic!("no {name} of {id}"));
    value(figure)
}

fn near(one: f64, other: f64) {
    assert!((one - other).abs() <= 1e-9 * other.abs().max(1.0), "{one} is not {other}");
}

#[test]
fn a_shortener_worked_by_hand() {
    let numbers =
        of("client u\nlb l x2\nservice a x6 latency=5ms concurrency=100\nredis c x3 hit_rate=90%\n\
                      database d x2 capacity=4k/s { table t { key k; size=500B; ttl=3y } }\n\
                      flow w rate=500k/day peak=1.5M/day { u -> l -> a -> d writes=t }\n\
                      flow r rate=40M/day peak=200M/day payload=100B response=300B {\n\
                      u -> l -> a -> c reads\na -> d reads=t by=k on=miss }");
    let day = 86_400.0;
    near(figure(&numbers, "c", "average"), 40e6 / day);
    near(figure(&numbers, "d", "average"), (0.5e6 + 4e6) / day);
    near(figure(&numbers, "d", "peak"), (1.5e6 + 20e6) / day);
    // 100 at once, 5 ms each: 20,000 a second; six of them.
    near(figure(&numbers, "a", "capacity"), 120_000.0);
    near(figure(&numbers, "a", "utilisation"), (201.5e6 / day) / 120_000.0);
    near(figure(&numbers, "a", "in flight"), 201.5e6 / day * 0.005);
    near(figure(&numbers, "a", "outgoing"), 200e6 / day * 300.0);
    near(figure(&numbers, "a", "incoming"), 200e6 / day * 100.0);
    let table = &numbers.tables[0];
    near(value(&table.rows), 0.5e6 * 3.0 * 365.0);
    near(value(&table.size), 0.5e6 * 3.0 * 365.0 * 500.0 * 2.0);
    near(value(&table.growth), 0.5e6 * 500.0 * 2.0);
}

/// 1,000 a second of 10 KB come in; two groups get all of it, and one further copy is made: 30 MB a second out of 80.
#[test]
fn what_passes_the_network_of_a_topic_and_of_a_service() {
    let numbers = of(
        "client u\nservice a x2 bandwidth=20MB/s\nkafka k x4 copies=2 bandwidth=20MB/s\nworker v\nworker w\n\
                      flow f rate=500/s peak=1k/s payload=10KB { u -> a response=2KB ~> k ~> v, w }",
    );
    near(figure(&numbers, "k", "outgoing"), 30e6);
    near(figure(&numbers, "k", "network"), 30e6 / 80e6);
    // In: 10 MB of requests; out: 10 MB of messages and 2 MB of answers.
    near(figure(&numbers, "a", "network"), 12e6 / 40e6);
}

/// A flow's size is that of one message, a hop's that of one request.
#[test]
fn a_batch_is_as_large_as_what_is_in_it() {
    let used = |hop: &str| {
        let text = format!(
            "service p\nkafka k x2 bandwidth=10MB/s\nworker w\nflow f rate=1k/s payload=1KB {{ p ~> k batch=100 {hop} ~> w }}"
        );
        figure(&of(&text), "k", "network")
    };
    near(used(""), 1e6 / 20e6);
    near(used("payload=50KB"), 0.5e6 / 20e6);
}

#[test]
fn a_batch_is_one_request_and_many_rows() {
    let numbers = of("service p\nkafka k x3\nworker w x2\npostgres d { table t { key i; size=100B } }\n\
                      flow f rate=1k/s { p ~> k ~> w batch=100 -> d writes=t }");
    near(figure(&numbers, "d", "average"), 10.0);
    near(value(&numbers.tables[0].growth), 1000.0 * 86_400.0 * 100.0);
}

#[test]
fn copies_of_a_primary_carry_nothing_more_and_shards_do() {
    let carries = |store: &str| {
        figure(
            &of(&format!("client u\nservice a x2\n{store}\nflow f rate=1/s {{ u -> a -> d }}")),
            "d",
            "capacity",
        )
    };
    near(carries("postgres d x3 capacity=1k/s"), 1000.0);
    near(carries("postgres d x3 shards=3 capacity=1k/s"), 3000.0);
    near(carries("cassandra d x3 capacity=1k/s"), 3000.0);
}

#[test]
fn connections_are_pools_times_instances() {
    let numbers = of("client u\nservice a x8 pool=20\nservice b x2\npostgres d x2\n\
                      flow f rate=1/s { u -> a -> d }\nflow g rate=1/s { u -> b -> d pool=5 }");
    near(figure(&numbers, "d", "connections"), 170.0);
}

#[test]
fn what_is_missing_is_named_and_never_a_zero() {
    let numbers = of("client u\nservice a x2\nredis c\npostgres d\n\
                      flow f rate=1k/s { u -> a -> c reads\na -> d reads on=miss }\nflow g { u -> a -> d writes }");
    let latencies = ["`latency` of `a`", "`latency` of `c`", "`latency` of `d`"];
    let others = [
        "`rate` of flow `g`",
        "`capacity` of `a`",
        "`ttl` of `c`",
        "`response` of `a -> d`",
        "`hit_rate` of `c`",
    ];
    assert_eq!(numbers.wants(), [&others[..], &latencies[..]].concat());
    let store = numbers.nodes.iter().find(|node| node.id == "d").unwrap();
    assert!(store.average.is_err() && store.utilisation.as_ref().unwrap().is_err());
}

#[test]
fn what_carries_nothing_has_no_utilisation() {
    // A capacity of zero is a mistake, which has a message of its own.
    let (ast, _) = parse("client u\nservice a capacity=0/s\nflow f rate=1k/s { u -> a }");
    let (design, mistakes) = lower(&ast);
    assert_eq!(mistakes.len(), 1);
    let numbers = numbers(&design);
    let node = numbers.nodes.iter().find(|node| node.id == "a").unwrap();
    assert!(node.utilisation.as_ref().unwrap().is_err());
}

#[test]
fn defaults_are_assumptions_with_a_source_and_give_way() {
    let text = |capacity: &str| {
        format!(
            "client u\nservice a x2 capacity=1k/s\nredis c {capacity}\nflow f rate=1/s {{ u -> a -> c rtt=0s }}"
        )
    };
    let assumed = of(&text(""));
    assert_eq!(assumed.assumed().len(), 1);
    assert!(assumed.assumed()[0].source.len() > 10 && assumed.assumed()[0].what.contains("`c`"));
    assert!(of(&text("capacity=10k/s")).assumed().is_empty());
}

/// A design with every number that the figures read, as given.
fn filled(numbers: &[f64], counts: &[u32]) -> String {
    let [rate, share, hits, latency, capacity, size] = numbers else { unreachable!() };
    let [instances, fanout, batch, calls, concurrency, rows] = counts else { unreachable!() };
    format!(
        "client u\nservice a x{instances} latency={latency}ms concurrency={concurrency} pool={calls}\n\
         redis c x{instances} hit_rate={hits}%\nkafka k x3\nworker w x{instances} capacity={capacity}/s\n\
         postgres d x{instances} {{ table t {{ key i; size={size}B; rows={rows} }} }}\n\
         flow f rate={rate}/s peak={rate}/s payload={size}B response={size}B {{\nu -> a -> c reads share={share}%\n\
         a -> d reads=t by=i on=miss calls={calls}\na ~> k fanout={fanout} ~> w batch={batch} -> d writes=t\n}}"
    )
}

proptest! {
    #[test]
    fn figures_are_finite_and_never_negative(
        numbers in proptest::collection::vec(0.0..1e9_f64, 6),
        counts in proptest::collection::vec(1_u32..1_000_000, 6),
    ) {
        let mut inputs = numbers;
        inputs[1] %= 100.0;
        inputs[2] %= 100.0;
        let text = filled(&inputs, &counts);
        let (ast, _) = parse(&text);
        let (design, _) = lower(&ast);
        let numbers = spof::numbers::numbers(&design);
        for figure in numbers.figures().flatten() {
            prop_assert!(figure.value.is_finite() && figure.value >= 0.0, "{figure:?}\n{text}");
            prop_assert!(!figure.reached.is_empty());
        }
    }

    /// Twice the rate is twice the load everywhere, and twice the instances carry twice as much.
    #[test]
    fn figures_scale(
        rate in 1.0..1e6_f64,
        rest in proptest::collection::vec(1.0..99.0_f64, 5),
        counts in proptest::collection::vec(1_u32..1_000, 6),
    ) {
        let text = |rate: f64, instances: u32| {
            let mut numbers = vec![rate];
            numbers.extend(&rest);
            let mut counts = counts.clone();
            counts[0] = instances;
            filled(&numbers, &counts)
        };
        let once = of(&text(rate, counts[0]));
        let twice = of(&text(2.0 * rate, counts[0]));
        let wide = of(&text(rate, 2 * counts[0]));
        for id in ["a", "c", "k", "w", "d"] {
            near(figure(&twice, id, "peak"), 2.0 * figure(&once, id, "peak"));
            prop_assert!(figure(&twice, id, "utilisation") >= figure(&once, id, "utilisation"));
        }
        near(figure(&wide, "w", "capacity"), 2.0 * figure(&once, "w", "capacity"));
        near(figure(&wide, "a", "utilisation"), figure(&once, "a", "utilisation") / 2.0);
    }
}
