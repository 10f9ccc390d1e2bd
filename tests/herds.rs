//! Herds and backlogs: worked by hand, against a queue that is simulated request by request, and sane whatever the inputs.

mod common;

use std::collections::{BinaryHeap, VecDeque};

use common::design;
use jiff::civil::date;
use proptest::prelude::*;
use spof::design::Design;
use spof::numbers::Reached;
use spof::numbers::overload::{Backlog, Drain, Herd, Outcome, Use, backlogs, herds};
use spof::report::{Style, backlog};

fn value(figure: &Reached) -> f64 {
    figure.as_ref().unwrap_or_else(|missing| panic!("{missing:?}")).value
}

fn near(one: f64, other: f64) {
    assert!((one - other).abs() <= 1e-9 * other.abs().max(1.0), "{one} is not {other}");
}

fn herd(text: &str) -> (Design, Herd) {
    let design = design(text);
    let mut all = herds(&design);
    assert_eq!(all.len(), 1);
    let herd = all.remove(0);
    (design, herd)
}

fn outcome(text: &str) -> Outcome {
    let (_, herd) = herd(text);
    herd.brunts.last().and_then(|brunt| brunt.outcome).expect("all numbers are there")
}

fn backlog_of(text: &str) -> Backlog {
    let mut all = backlogs(&design(text));
    assert_eq!(all.len(), 1);
    all.remove(0)
}

fn drains(backlog: &Backlog) -> f64 {
    match backlog.drain.as_ref().unwrap() {
        Drain::Ends(figure) => figure.value,
        Drain::Never(sum) => panic!("never: {sum}"),
    }
}

/// 5,000 servers ask for their membership in one second, and 500 a second get it: ten seconds, of which the last one waits
/// nine. Who came after 2/9 of the second waits more than two seconds, gives up, and is back a second later.
#[test]
fn servers_that_all_ask_again() {
    let text = "service store x5000\nservice members x5 capacity=100/s\n\
                flow join connects { store -> members timeout=2s reconnect=1s jitter=no }";
    let (_, herd) = herd(text);
    near(value(&herd.count), 5_000.0);
    near(value(&herd.brunts[0].load), 5_000.0);
    near(value(&herd.brunts[0].drain), 10.0);
    let Some(Outcome::NeverEnds { late, every, load }) = herd.brunts[0].outcome else { panic!("{herd:?}") };
    near(late, 5_000.0 * 7.0 / 9.0);
    near(every, 3.0);
    near(load, 5_000.0 * 7.0 / 9.0 / 3.0);
    // Those who wait long enough get it; those who nobody says come again are only late.
    assert_eq!(outcome(&text.replace("timeout=2s", "timeout=9s")), Outcome::Waits(9.0));
    assert!(matches!(outcome(&text.replace("reconnect=1s ", "")), Outcome::TooLate { .. }));
    assert_eq!(outcome(&text.replace("jitter=no", "jitter").replace("1s", "10s")), Outcome::Carried);
}

#[test]
fn how_many_clients_come_back() {
    let count = |client: &str, socket: &str, given: &str| {
        let text = format!(
            "{given}\nclient a {client}\nlb l\nsocket s {socket}\nflow f connects {{ a <-> l <-> s }}"
        );
        herds(&design(&text)).remove(0).count.map(|count| count.value).map_err(|missing| missing.wants)
    };
    assert_eq!(count("users=1M", "x4 connections=50k", ""), Ok(200_000.0));
    assert_eq!(count("users=1k", "x4 connections=50k", ""), Ok(1_000.0));
    assert_eq!(count("users=1M", "x4 connections=50k", "given { online = 5% * 1M }"), Ok(50_000.0));
    assert_eq!(count("", "x4", ""), Err(vec!["`users` of `a`".to_string()]));
    // Two kinds of clients share the places by their users.
    let text = "client a users=300k\nclient b users=100k\nsocket s x2 connections=50k\nservice c capacity=1/s\n\
                flow f connects { a, b <-> s -> c }";
    let (_, both) = herd(text);
    let each: Vec<f64> = both.crowds.iter().map(|crowd| value(&crowd.count)).collect();
    assert_eq!(each, [75_000.0, 25_000.0]);
    near(value(&both.brunts.last().unwrap().load), 100_000.0);
}

#[test]
fn what_each_asks_for_counts() {
    let (design, herd) = herd(
        "client u reconnect=1min jitter\nsocket s x2 connections=30k capacity=5k/s\nservice a capacity=10k/s\n\
         redis c hit_rate=90%\ndatabase d capacity=1k/s\n\
         flow f connects { u <-> s -> a calls=3\na -> c reads\na -> d reads on=miss }",
    );
    let loads: Vec<(String, f64)> =
        herd.brunts.iter().map(|brunt| (design.graph[brunt.node].id.clone(), value(&brunt.load))).collect();
    let expected = [("s", 1_000.0), ("a", 3_000.0), ("c", 3_000.0), ("d", 300.0)];
    for ((id, load), (name, expected)) in loads.iter().zip(expected) {
        assert_eq!(id, name);
        near(*load, expected);
    }
}

/// 2,000 come in a second, 3,000 are taken: 7.2M after an hour, of which 1,000 a second are caught up with.
#[test]
fn an_hour_of_clicks() {
    let text = "client u\nservice a\nkafka clicks x3 partitions=12\nworker w x12 capacity=250/s\n\
                flow f rate=2k/s peak=6k/s { u -> a ~> clicks ~> w }";
    let backlog = backlog_of(text);
    near(value(&backlog.average), 2_000.0);
    near(value(&backlog.peak), 6_000.0);
    near(value(&backlog.taken), 3_000.0);
    near(value(&backlog.waiting), 7.2e6);
    near(drains(&backlog), 7_200.0);
    // With fewer partitions fewer work; with as much as comes in it never ends.
    let narrow = backlog_of(&text.replace("partitions=12", "partitions=8"));
    assert!(matches!(narrow.drain, Ok(Drain::Never(_))));
    // A hundred at once.
    let batched = backlog_of(&text.replace("~> w }", "~> w batch=100 }"));
    near(value(&batched.taken), 300_000.0);
    near(value(&batched.average), 2_000.0);
}

#[test]
fn an_end_to_a_queue_bounds_what_waits() {
    let text = |queue: &str| {
        format!("service a\nsqs q {queue}\nworker w x4 capacity=10/s\nflow f rate=10/s {{ a ~> q ~> w }}")
    };
    near(value(&backlog_of(&text("")).waiting), 36_000.0);
    let full = backlog_of(&text("max_length=600 on_full=reject"));
    near(value(&full.waiting), 600.0);
    near(drains(&full), 20.0);
    let fills = full.full.unwrap();
    assert_eq!((fills.after, fills.then.as_deref()), (60.0, Some("reject")));
    let dropped = backlog_of(&text("ttl=1min"));
    near(value(&dropped.waiting), 600.0);
    assert_eq!(dropped.useful.unwrap().said, Use::Ttl);
}

/// A campaign to a million addresses at 500 a second: 2,000 seconds, 33 minutes.
#[test]
fn a_campaign_and_a_code_for_a_login() {
    let backlog = backlog_of(CAMPAIGN);
    let burst = &backlog.bursts[0];
    near(burst.messages.value, 1e6);
    near(burst.drain.value, 2_000.0);
    assert_eq!(backlog.useful.as_ref().unwrap().seconds, 300.0);
    let found = spof::rules::check(&design(CAMPAIGN), date(2026, 1, 1)).findings;
    let finding = found.iter().find(|finding| finding.code == "burst-delays-others").unwrap();
    assert_eq!(
        finding.message,
        "1M messages of `campaign` in `mails` hold up `code` for 33.3 min; its messages are of use for 5 min"
    );
}

const CAMPAIGN: &str = "client app\nlb front managed\nservice api x2\nscheduler clock managed\nservice campaigns x2\n\
    sqs mails dlq=dead\nsqs dead alert\nworker sender x5 capacity=100/s idempotent\nexternal post sla=99.9%\n\
    flow code rate=5/s staleness=5min { app -> front -> api ~> mails ~> sender -> post timeout=2s }\n\
    flow campaign rate=1/day { clock -> campaigns ~> mails fanout=1M ~> sender -> post }\n";

#[test]
fn the_sections_as_they_are_read() {
    let text = "client app users=2M reconnect=30s jitter\nlb front managed\nsocket push x4 connections=50k capacity=10k/s\n\
        service presence x3 capacity=1k/s\nredis seen hit_rate=50%\nservice api x4\nservice campaigns x2\n\
        kafka events x3 partitions=12 retention=7d\nrabbitmq mails x3 max_length=100k on_full=reject\n\
        worker index x12 capacity=250/s\nworker sender x5 capacity=100/s\nworker sync\nexternal post\n\
        flow hello connects { app <-> front <-> push -> presence timeout=2s -> seen reads }\n\
        flow note rate=2k/s { app -> front -> api ~> events ~> index }\n\
        flow copy rate=1/s { api ~> events ~> sync }\n\
        flow code rate=5/s staleness=5min { app -> front -> api ~> mails ~> sender -> post }\n\
        flow campaign rate=1/day { campaigns ~> mails fanout=1M ~> sender -> post }";
    let design = design(text);
    let style = Style { width: 100, color: false, all: false };
    let shown = [
        backlog::herds(&design, &herds(&design), style),
        backlog::backlogs(&design, &backlogs(&design), style),
    ];
    insta::assert_snapshot!(shown.map(Option::unwrap).join("\n\n"));
}

#[test]
fn nothing_to_say_says_nothing() {
    let design = design("client u\nservice a\npostgres d\nflow f rate=1/s { u -> a -> d }");
    let style = Style { width: 80, color: false, all: true };
    assert_eq!(backlog::herds(&design, &herds(&design), style), None);
    assert_eq!(backlog::backlogs(&design, &backlogs(&design), style), None);
}

/// What becomes of a crowd at one server, request by request: who waits longer than the timeout has gone when his turn
/// comes, is served for nothing, and is back after the wait. How many are in by the end, and when the last one is.
fn simulate(count: u32, span: f64, capacity: f64, timeout: f64, again: f64, until: f64) -> (u32, f64) {
    // In thousandths of a millisecond, so that moments can be ordered.
    let tick = |seconds: f64| (seconds * 1e6) as u64;
    let mut arrivals: BinaryHeap<std::cmp::Reverse<u64>> =
        (0..count).map(|at| std::cmp::Reverse(tick(f64::from(at) * span / f64::from(count)))).collect();
    let mut line: VecDeque<u64> = VecDeque::new();
    let (mut served, mut last) = (0, 0.0);
    let mut turn = 0.0;
    while turn < until {
        // The server takes the next one who has come by now; the clock jumps ahead where nobody has.
        while arrivals.peek().is_some_and(|arrival| arrival.0 <= tick(turn)) {
            let came = arrivals.pop().unwrap().0;
            line.push_back(came);
            // Whoever is not served in time comes again, decided when he gives up.
        }
        let Some(came) = line.pop_front() else {
            let Some(next) = arrivals.peek() else { break };
            turn = next.0 as f64 / 1e6 + 1e-6;
            continue;
        };
        let done = turn + 1.0 / capacity;
        if tick(done) - came <= tick(timeout) {
            served += 1;
            last = done;
        } else {
            let back = came + tick(timeout + again);
            arrivals.push(std::cmp::Reverse(back.max(tick(done))));
        }
        turn = done;
    }
    (served, last)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What is said never to end does not end, and what is said to end in time does.
    #[test]
    fn a_queue_that_is_simulated_agrees(
        count in 200_u32..3_000,
        span in prop_oneof![Just(1_u32), 2_u32..30],
        capacity in 50_u32..2_000,
        timeout in 1_u32..20,
    ) {
        let spread = if span == 1 { "reconnect=1s jitter=no".into() } else { format!("reconnect={span}s jitter") };
        let text = format!(
            "service u x{count}\nservice a capacity={capacity}/s\nflow f connects {{ u -> a timeout={timeout}s {spread} }}"
        );
        let [span, capacity, timeout] = [span, capacity, timeout].map(f64::from);
        let drain = f64::from(count) / capacity;
        let (served, last) = simulate(count, span, capacity, timeout, span, 20.0 * (drain + timeout + span));
        // A request takes its own time and all arrive at whole fractions: one service time either way.
        let slack = 3.0 / capacity + 1e-3;
        match outcome(&text) {
            Outcome::Carried | Outcome::Waits(_) => {
                prop_assert!(served == count || timeout < slack + drain - span, "{served} of {count}\n{text}");
                if served == count {
                    prop_assert!(last <= drain.max(span) + slack, "{last} after {drain}\n{text}");
                }
            }
            Outcome::TooLate { late } => {
                prop_assert!(served as f64 + 2.0 >= f64::from(count) - late, "{served} of {count}, {late} late\n{text}");
            }
            Outcome::NeverEnds { late, .. } => {
                let in_time = f64::from(count) - late;
                prop_assert!((f64::from(served) - in_time).abs() <= 3.0 + 0.01 * in_time, "{served}, not {in_time}\n{text}");
            }
            Outcome::TurnedAway => prop_assert!(false),
        }
    }
}

proptest! {
    #[test]
    fn a_longer_time_never_brings_more_at_once(
        connections in 1_u32..1_000_000,
        span in 1_u32..1_000,
        more in 1_u32..1_000,
        capacity in 1_u32..100_000,
    ) {
        let load = |span: u32| {
            let text = format!(
                "client u reconnect={span}s jitter\nsocket s connections={connections} capacity={capacity}/s\n\
                 flow f connects {{ u <-> s }}"
            );
            value(&herd(&text).1.brunts[0].load)
        };
        prop_assert!(load(span + more) <= load(span));
    }

    #[test]
    fn more_consumers_never_take_longer(
        rate in 1.0..1e5_f64,
        each in 0.1..1e5_f64,
        workers in 1_u32..10_000,
        more in 1_u32..10_000,
    ) {
        let text = |workers: u32| format!(
            "service a\nsqs q\nworker w x{workers} capacity={each}/s\nflow f rate={rate}/s {{ a ~> q ~> w }}"
        );
        let drain = |workers: u32| match backlog_of(&text(workers)).drain.unwrap() {
            Drain::Ends(figure) => figure.value,
            Drain::Never(_) => f64::MAX,
        };
        prop_assert!(drain(workers + more) <= drain(workers));
    }

    #[test]
    fn figures_are_finite_and_never_negative(
        numbers in proptest::collection::vec(prop_oneof![0.0..1e9_f64, Just(0.0), Just(1e300), Just(1e-300)], 8),
        flags in proptest::collection::vec(any::<bool>(), 6),
    ) {
        let [users, connections, reconnect, capacity, timeout, fanout, rate, length] = numbers[..] else { unreachable!() };
        let flag = |at: usize, text: &str| if flags[at] { text.to_string() } else { String::new() };
        let text = format!(
            "client u users={users} reconnect={reconnect}s {}\nsocket s connections={} capacity={capacity}/s {}\n\
             service a {}\nsqs q max_length={} {}\nworker w x3 capacity={capacity}/s\n\
             flow f rate={rate}/s peak={rate}/s connects {{ u <-> s -> a timeout={timeout}s\na ~> q fanout={fanout} ~> w }}\n\
             flow g rate={rate}/s staleness={timeout}s {{ a ~> q fanout={fanout} {} ~> w -> u }}",
            flag(0, "jitter"), connections.floor(), flag(1, "shed"), flag(2, "concurrency=10 latency=1ms"),
            length.floor(), flag(3, "ttl=1s"), flag(4, "batch=7"),
        );
        let (ast, _) = spof::syntax::parse(&text);
        let (design, _) = spof::design::lower(&ast);
        let sane = |figure: &Reached| match figure {
            Ok(figure) => figure.value.is_finite() && figure.value >= 0.0 && !figure.reached.is_empty(),
            Err(missing) => !missing.wants.is_empty(),
        };
        for herd in herds(&design) {
            prop_assert!(sane(&herd.count) && sane(&herd.span) && sane(&herd.rate), "{herd:?}\n{text}");
            for brunt in &herd.brunts {
                prop_assert!(sane(&brunt.load) && sane(&brunt.capacity) && sane(&brunt.drain), "{brunt:?}\n{text}");
                let numbers = match brunt.outcome {
                    Some(Outcome::Waits(longest)) => vec![longest],
                    Some(Outcome::TooLate { late }) => vec![late],
                    Some(Outcome::NeverEnds { late, every, load }) => vec![late, every, load],
                    _ => vec![],
                };
                prop_assert!(numbers.iter().all(|number| number.is_finite() && *number >= 0.0), "{brunt:?}\n{text}");
            }
        }
        for backlog in backlogs(&design) {
            let figures = [&backlog.average, &backlog.peak, &backlog.taken, &backlog.waiting, &backlog.wait];
            prop_assert!(figures.into_iter().all(sane), "{backlog:?}\n{text}");
            if let Ok(Drain::Ends(figure)) = &backlog.drain {
                prop_assert!(figure.value.is_finite() && figure.value >= 0.0, "{backlog:?}\n{text}");
            }
            let full = backlog.full.iter().map(|full| full.after);
            let bursts = backlog.bursts.iter().flat_map(|burst| [burst.messages.value, burst.drain.value]);
            prop_assert!(full.chain(bursts).all(|number| number.is_finite() && number >= 0.0), "{backlog:?}\n{text}");
        }
        let style = Style { width: 80, color: false, all: true };
        for shown in [backlog::herds(&design, &herds(&design), style), backlog::backlogs(&design, &backlogs(&design), style)] {
            let shown = shown.unwrap_or_default();
            prop_assert!(!shown.contains("NaN") && !shown.contains("inf"), "{shown}\n{text}");
        }
        for finding in spof::rules::check(&design, date(2026, 1, 1)).findings {
            let said = format!("{} {}", finding.message, finding.evidence.join(" "));
            let ours = ["herd-overloads", "burst-delays-others", "backlog-outlives-its-use"].contains(&finding.code);
            prop_assert!(!ours || !(said.contains("NaN") || said.contains("inf")), "{said}\n{text}");
        }
    }
}
