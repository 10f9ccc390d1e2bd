//! The time of a flow's answer: against simulations that know nothing of it, worked by hand, and sane whatever the inputs are.

mod common;
mod one_request;
#[path = "random_designs/mod.rs"]
#[allow(dead_code, reason = "of these, only the generator of numbers is used here")]
mod random_designs;

use std::collections::BinaryHeap;
use std::fmt::Write;

use common::design;
use one_request::{Request, exponential, log_normal};
use proptest::prelude::*;
use random_designs::Random;
use spof::numbers::latency::{Latency, What};
use spof::numbers::{Figure, Missing, Numbers, numbers};

fn latency(numbers: &Numbers) -> &Latency {
    numbers.flows[0].latency.as_ref().expect("somebody waits")
}

/// p50 and p99 of the first flow.
fn times(text: &str) -> [f64; 2] {
    let numbers = numbers(&design(text));
    let of = latency(&numbers);
    [&of.p50, &of.p99].map(|time| time.as_ref().unwrap_or_else(|missing| panic!("{missing:?}\n{text}")).value)
}

/// What both are at the least.
fn at_least(text: &str) -> ([f64; 2], Vec<String>) {
    let numbers = numbers(&design(text));
    let of = latency(&numbers);
    let least =
        |time: &Result<Figure, Missing>| time.as_ref().expect_err("not all is known").at_least.unwrap_or(0.0);
    ([least(&of.p50), least(&of.p99)], of.p99.as_ref().unwrap_err().wants.clone())
}

#[track_caller]
fn near(one: f64, other: f64, within: f64) {
    assert!((one - other).abs() <= within * other.abs(), "{one} is not {other}");
}

fn sorted(mut times: Vec<f64>) -> [f64; 2] {
    times.sort_by(f64::total_cmp);
    [0.5, 0.99].map(|share| times[(times.len() as f64 * share) as usize])
}

/// First come, first served by so many servers: the time from arrival to departure of each, after the queue has settled.
fn simulated(
    servers: usize,
    rate: f64,
    work: &mut dyn FnMut(&mut Random) -> f64,
    requests: usize,
) -> [f64; 2] {
    let mut random = Random::new(servers as u64 * 77 + requests as u64);
    // Positive floats sort like their bits.
    let mut free: BinaryHeap<std::cmp::Reverse<u64>> = (0..servers).map(|_| std::cmp::Reverse(0)).collect();
    let mut now = 0.0;
    let mut times = Vec::with_capacity(requests);
    for _ in 0..requests {
        now += exponential(&mut random, 1.0 / rate);
        let std::cmp::Reverse(next) = free.pop().unwrap();
        let end = f64::from_bits(next).max(now) + work(&mut random);
        free.push(std::cmp::Reverse(end.to_bits()));
        times.push(end - now);
    }
    sorted(times.split_off(requests / 20))
}

#[test]
fn a_queue_with_several_servers_as_it_is_simulated() {
    for (servers, utilisation) in [(1, 0.5), (1, 0.8), (2, 0.9), (8, 0.85), (40, 0.9)] {
        let mean = 0.01;
        let rate = utilisation * servers as f64 / mean;
        let text = format!(
            "client u\nservice a x3 latency={mean}s concurrency={servers}\nflow f rate={}/s {{ u -> a }}",
            3.0 * rate
        );
        let reckoned = times(&text);
        let [p50, p99] = simulated(servers, rate, &mut |random| exponential(random, mean), 400_000);
        near(reckoned[0], p50, 0.03);
        near(reckoned[1], p99, 0.05);
    }
}

/// The wait of M/G/c is an approximation: its tail is not quite exponential.
#[test]
fn a_queue_of_unequal_work_about_as_it_is_simulated() {
    for (servers, utilisation, p99) in [(1, 0.6, 0.03), (2, 0.8, 0.02), (4, 0.9, 0.04), (16, 0.7, 0.06)] {
        let mean = 0.01;
        let rate = utilisation * servers as f64 / mean;
        let text = format!(
            "client u\nservice a latency={mean}s latency_p99={p99}s concurrency={servers}\nflow f rate={rate}/s {{ u -> a }}"
        );
        let reckoned = times(&text);
        let simulated = simulated(servers, rate, &mut |random| log_normal(random, mean, p99), 400_000);
        near(reckoned[0], simulated[0], 0.1);
        near(reckoned[1], simulated[1], 0.12);
    }
}

/// A small flow with every number stated: chains, calls at once and one after another, caches, shares, hand-offs, calls that
/// are given up. Nobody queues: waits are checked by themselves.
fn small_flow(random: &mut Random) -> String {
    let mut text = String::from("client u\n");
    let nodes = 3 + random.below(4);
    for at in 0..nodes {
        let mean = 1 + random.below(20);
        let spread = match random.below(3) {
            0 => String::new(),
            _ => format!("latency_p99={}ms", mean * (2 + random.below(6))),
        };
        writeln!(text, "service s{at} latency={mean}ms {spread} concurrency=1M").unwrap();
    }
    writeln!(text, "cache c hit_rate={}% latency=1ms concurrency=1M", 10 + random.below(80)).unwrap();
    text.push_str("database d latency=8ms concurrency=1M\nqueue q latency=3ms concurrency=1M\nworker w latency=9s concurrency=1M\n");
    text.push_str("flow f rate=1/s {\nu -> s0 rtt=1ms\n");
    let mut reached = vec![0];
    let mut shared = Vec::new();
    let mut asked = Vec::new();
    let mut pairs = std::collections::BTreeSet::new();
    for _ in 0..2 + random.below(5) {
        let from = reached[random.below(reached.len())];
        let rtt = |random: &mut Random| format!("rtt={}ms", 1 + random.below(9));
        // Later nodes only: no circles, and each connection once.
        let to = from + 1 + random.below(2);
        let line = match random.below(8) {
            0 if to + 1 < nodes && pairs.insert((from, to)) && pairs.insert((from, to + 1)) => {
                reached.extend([to, to + 1]);
                format!("s{from} -> s{to}, s{} {}", to + 1, rtt(random))
            }
            1 if to < nodes && pairs.insert((from, to)) => {
                reached.push(to);
                format!("s{from} -> s{to} calls={} {}", 1 + random.below(4), rtt(random))
            }
            2 if to < nodes && pairs.insert((from, to)) => {
                reached.push(to);
                format!("s{from} -> s{to} fanout={} {}", 1 + random.below(9), rtt(random))
            }
            3 if !asked.contains(&from) => {
                asked.push(from);
                format!(
                    "s{from} -> c {}\ns{from} -> d on=miss {}{}",
                    rtt(random),
                    rtt(random),
                    if random.below(2) == 0 {
                        format!("\ns{from} -> w on=hit rtt=1ms")
                    } else {
                        String::new()
                    }
                )
            }
            4 if to + 1 < nodes
                && !shared.contains(&from)
                && pairs.insert((from, to))
                && pairs.insert((from, to + 1)) =>
            {
                shared.push(from);
                reached.extend([to, to + 1]);
                let share = 10 + random.below(80);
                format!(
                    "s{from} -> s{to} share={share}% {}\ns{from} -> s{} share={}% {}",
                    rtt(random),
                    to + 1,
                    100 - share,
                    rtt(random)
                )
            }
            5 if pairs.insert((from, 98)) => format!("s{from} ~> q ~> w {}", rtt(random)),
            6 if to < nodes && pairs.insert((from, to)) => {
                reached.push(to);
                format!("s{from} -> s{to} optional timeout={}ms {}", 5 + random.below(40), rtt(random))
            }
            _ if to < nodes && pairs.insert((from, to)) => {
                reached.push(to);
                format!("s{from} -> s{to} -> d {}", rtt(random))
            }
            _ => continue,
        };
        writeln!(text, "{line}").unwrap();
    }
    text.push_str("}\nevery call rtt=2ms\nevery handoff rtt=2ms\n");
    text
}

#[test]
fn flows_as_they_come_out_by_chance() {
    const REQUESTS: usize = 50_000;
    let mut random = Random::new(20_260_214);
    let mut compared = 0;
    for _ in 0..40 {
        let text = small_flow(&mut random);
        let (ast, mistakes) = spof::syntax::parse(&text);
        let (design, more) = spof::design::lower(&ast);
        // A connection that is drawn twice with two round trips.
        if !(mistakes.is_empty() && more.is_empty()) {
            continue;
        }
        let [p50, p99] = times(&text);
        let mut request = Request::new(&design, &design.flows[0]);
        let drawn = sorted((0..REQUESTS).map(|_| request.time(&mut random)).collect());
        assert!((p50 / drawn[0] - 1.0).abs() < 0.03, "p50 {p50}, drawn {}\n{text}", drawn[0]);
        assert!((p99 / drawn[1] - 1.0).abs() < 0.05, "p99 {p99}, drawn {}\n{text}", drawn[1]);
        compared += 1;
    }
    assert!(compared >= 20, "only {compared} designs are sound");
}

#[test]
fn worked_by_hand() {
    // Two exponential works of 10 ms, one after the other: 1 − e^(−x) (1 + x) = 0.99 at x = 6.638.
    let two = "client u\nservice a latency=10ms concurrency=1M\nservice b latency=10ms concurrency=1M\n\
               flow f rate=1/s { u -> a -> b rtt=0s }";
    near(times(two)[1], 0.066_384, 1e-3);
    // M/M/1: the whole time is exponential with rate µ − λ.
    let one = "client u\nservice a latency=10ms concurrency=1\nflow f rate=50/s { u -> a }";
    near(times(one)[0], 2_f64.ln() / 50.0, 1e-3);
    near(times(one)[1], 100_f64.ln() / 50.0, 1e-3);
    // Ten at once, each of 10 ms: (1 − e^(−x))^10 = 0.99.
    let ten = "client u\nservice a latency=1us concurrency=1M\nservice b latency=10ms concurrency=1M\n\
               flow f rate=1/s { u -> a\na -> b fanout=10 rtt=0s }";
    near(times(ten)[1], 0.069_03, 2e-3);
    // Nine of ten are hits: of the misses one in ten is among the slowest hundredth.
    let cache = "client u\nservice a latency=1us concurrency=1M\nredis c latency=1us hit_rate=90% concurrency=1M\n\
                 database d latency=10ms concurrency=1M\n\
                 flow f rate=1/s { u -> a -> c rtt=0s\na -> d on=miss rtt=0s }";
    near(times(cache)[1], 0.01 * 10_f64.ln(), 5e-3);
}

#[test]
fn round_trips_by_where_nodes_stand() {
    let far = |text: &str| {
        let numbers = numbers(&design(&format!("client u\n{text}\nflow f rate=1/s {{ u -> a -> b }}")));
        let of = latency(&numbers);
        of.contributors
            .iter()
            .filter(|of| matches!(of.what, What::Network(..)))
            .map(|of| of.mean)
            .sum::<f64>()
    };
    near(far("service a latency=1ms\nservice b"), 0.000_5, 1e-9);
    near(far("region r zones=3 { service a x3\nservice b x3 }"), 0.001, 1e-9);
    near(far("region r zones=3 { service a @a\nservice b @b }"), 0.001, 1e-9);
    near(far("region r zones=3 { service a @a\nservice b @a }"), 0.000_5, 1e-9);
    near(far("region r { service a }\nregion s { service b }"), 0.060, 1e-9);
    near(far("region r { service a }\nregion s { service b }\nevery call rtt=90ms"), 0.180, 1e-9);
    assert_eq!(far("service a latency=1ms\nsqlite b"), 0.0);
    assert_eq!(far("service a latency=1ms\nexternal b"), 0.0);
}

#[test]
fn what_nobody_waits_for_costs_nothing() {
    let with = |line: &str| {
        times(&format!(
            "client u\nservice a latency=5ms concurrency=1M\nkafka q latency=2ms concurrency=1M\nservice b latency=9s concurrency=1M\n\
             worker w latency=9s concurrency=1M\nflow f rate=1/s {{ u -> a\n{line} }}"
        ))
    };
    let alone = with("");
    assert_eq!(with("b ..> a deploys"), alone);
    assert_eq!(with("a -> b on=error"), alone);
    assert_eq!(with("a ~> b"), alone);
    let accepted = with("a ~> q");
    assert!(accepted[0] > alone[0] && accepted[1] < 0.1);
    assert_eq!(with("a ~> q ~> w -> b"), accepted);
    let given_up = with("a -> b optional timeout=10ms attempts=2");
    near(given_up[1], alone[1] + 0.02, 0.02);
}

#[test]
fn the_answer_of_an_async_flow_does_not_wait_for_its_end() {
    let flow = |lines: &str| {
        times(&format!(
            "client u\nservice a latency=5ms concurrency=1M\nsqs q latency=2ms\nservice b latency=9s concurrency=1M\n\
             flow f async rate=1/s {{ {lines} }}"
        ))
    };
    assert!(flow("u -> a -> b")[1] < 0.03);
    assert!(flow("u -> a -> q\na -> b")[1] < 0.05);
    assert!(flow("u -> b -> q")[1] > 9.0);
}

#[test]
fn what_is_missing_is_named_and_what_is_known_is_a_least() {
    let ([p50, p99], wants) = at_least(
        "client u\nservice a latency=5ms concurrency=1M\nredis c\npostgres d latency=3ms\n\
         flow f rate=1/s { u -> a -> c\na -> d on=miss }",
    );
    assert_eq!(wants, ["`latency` of `c`", "`hit_rate` of `c`"]);
    assert!(p50 > 0.003 && p99 > 0.02);
    let ([p50, p99], wants) =
        at_least("client u\nservice a latency=10ms concurrency=2\nflow f rate=300/s { u -> a }");
    assert_eq!((p50, p99), (0.0, 0.0));
    assert_eq!(wants, ["more `capacity` of `a`: it gets 150 % of what it carries"]);
    let (_, wants) = at_least("client u\nservice a latency=10ms latency_p99=1s\nflow f { u -> a }");
    assert!(wants[0].starts_with("a `latency_p99` of `a` between"), "{wants:?}");
    let (_, wants) = at_least("client u\nservice a latency=10ms concurrency=3\nflow f { u -> a }");
    assert_eq!(wants, ["`rate` of flow `f`"]);
    let (_, wants) = at_least(
        "client u\ncdn e latency=5ms hit_rate=50%\nservice a latency=5ms concurrency=9\n\
                               flow f rate=1/s { u -> e -> a on=miss }",
    );
    assert_eq!(wants, ["`concurrency` of `e`", "`rtt` of `e -> a`"]);
}

#[test]
fn circles_end() {
    let [_, p99] = times(
        "client u\nservice a latency=5ms concurrency=1M\nservice b latency=5ms concurrency=1M\n\
         flow f rate=1/s { u -> a -> b -> a -> b\nb -> a\na -> b }",
    );
    assert!(p99.is_finite() && p99 < 1.0);
}

#[test]
fn contributors_add_up_to_the_mean_and_come_largest_first() {
    let mut random = Random::new(7);
    for _ in 0..20 {
        let text = small_flow(&mut random);
        let (design, mistakes) = spof::design::lower(&spof::syntax::parse(&text).0);
        if !mistakes.is_empty() {
            continue;
        }
        let numbers = numbers(&design);
        let of = latency(&numbers);
        near(of.contributors.iter().map(|of| of.mean).sum(), of.mean, 1e-9);
        assert!(of.contributors.is_sorted_by(|one, other| one.mean >= other.mean));
        let mut request = Request::new(&design, &design.flows[0]);
        let drawn: f64 = (0..20_000).map(|_| request.time(&mut random)).sum::<f64>() / 20_000.0;
        assert!((of.mean / drawn - 1.0).abs() < 0.03, "{} is not {drawn}\n{text}", of.mean);
    }
}

/// The steps of a grid are half a percent of what is looked for.
fn no_less(more: [f64; 2], less: [f64; 2]) -> bool {
    (0..2).all(|at| more[at] >= less[at] * 0.995 - 1e-9)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn more_load_never_makes_it_faster_and_more_instances_never_slower(
        rate in 1.0..1e4_f64, mean in 0.1..50.0_f64, ratio in 1.0..14.0_f64,
        instances in 1..40_u32, concurrency in 1..64_u32, hits in 0.0..100.0_f64, fanout in 1..20_u32,
    ) {
        let text = |rate: f64, instances: u32, concurrency: u32, hops: &str| {
            format!(
                "client u\nservice a x{instances} latency={mean}ms latency_p99={}ms concurrency={concurrency}\n\
                 redis c latency=1ms hit_rate={hits}% concurrency=1M capacity=1G/s\nservice b latency=2ms concurrency=1M\n\
                 flow f rate={rate}/s {{ u -> a -> c\na -> b on=miss fanout={fanout}\n{hops} }}",
                mean * ratio
            )
        };
        let of = |text: String| {
            let numbers = numbers(&design(&text));
            let of = latency(&numbers);
            let [p50, p99] = [&of.p50, &of.p99].map(|time| time.as_ref().ok().map(|figure| figure.value));
            p50.zip(p99).map(|(p50, p99)| [p50, p99])
        };
        let used = rate * mean / 1000.0 / f64::from(instances * concurrency);
        let base = of(text(rate, instances, concurrency, ""));
        prop_assert_eq!(base.is_some(), used < 1.0);
        let Some(base) = base else { return Ok(()) };
        prop_assert!(base[0] > 0.0 && base[0] <= base[1] && base[1].is_finite(), "{base:?}");
        if let Some(more) = of(text(rate * 1.2, instances, concurrency, "")) {
            prop_assert!(no_less(more, base), "load: {more:?} {base:?}");
        }
        for faster in [of(text(rate, instances + 1, concurrency, "")), of(text(rate, instances, concurrency * 2, ""))] {
            let faster = faster.expect("it carries more");
            prop_assert!(no_less(base, faster), "{base:?} {faster:?}");
        }
        let further = of(text(rate, instances, concurrency, "a -> b")).expect("one call more");
        prop_assert!(no_less(further, base), "{further:?} {base:?}");
    }

    #[test]
    fn nothing_is_negative_or_endless(
        numbers_in in proptest::collection::vec(prop_oneof![Just(0.0), 1e-6..1e6_f64, Just(1e12)], 8),
        counts in proptest::collection::vec(prop_oneof![Just(0_u32), 1..100_u32, Just(4_000_000_000)], 4),
    ) {
        let text = format!(
            "client u\nservice a x3 latency={}ms latency_p99={}ms concurrency={}\nredis c hit_rate={}% latency={}us\n\
             database d capacity={}/s latency=3ms\nflow f rate={}/s {{ u -> a -> c rtt={}ms\n\
             a -> d on=miss calls={} fanout={} batch={} optional timeout={}ms }}",
            numbers_in[0], numbers_in[1], counts[0], numbers_in[2].min(100.0), numbers_in[3], numbers_in[4], numbers_in[5],
            numbers_in[6], counts[1], counts[2], counts[3], numbers_in[7]
        );
        let (design, _) = spof::design::lower(&spof::syntax::parse(&text).0);
        let numbers = numbers(&design);
        if let Some(of) = &numbers.flows[0].latency {
            let of_time = |time: &Result<Figure, Missing>| match time {
                Ok(figure) => figure.value,
                Err(missing) => missing.at_least.unwrap_or(0.0),
            };
            let [p50, p99] = [of_time(&of.p50), of_time(&of.p99)];
            prop_assert!(p50 >= 0.0 && p50 <= p99 && p99.is_finite(), "{p50} {p99}\n{text}");
            prop_assert!(of.contributors.iter().all(|of| of.mean.is_finite() && of.mean > 0.0), "{text}");
        }
    }
}
