//! Overload: how retries multiply against the formula, and what that means against a simulation of a line of requests.

mod common;

use std::collections::VecDeque;

use common::design;
use proptest::prelude::*;
use spof::numbers::overload::{Retries, Verdict, retries, threads};

/// What is reckoned of one node.
fn of(text: &str, id: &str) -> Retries {
    let design = design(text);
    retries(&design)
        .into_iter()
        .find(|of| of.id == id)
        .unwrap_or_else(|| panic!("no calls to {id} in:\n{text}"))
}

fn near(one: f64, other: f64) {
    assert!((one - other).abs() <= 1e-9 * other.abs().max(1.0), "{one} is not {other}");
}

/// Amazon Builders' Library, "Timeouts, retries, and backoff with jitter": five layers of three tries each multiply the
/// load on the last by 243.
#[test]
fn five_layers_of_three_are_243() {
    let text = "client u\nservice a\nservice b\nservice c\nservice e\npostgres d capacity=1k/s\nevery call attempts=3\n\
                flow f rate=4/s { u -> a -> b -> c -> e -> d }";
    let of = of(text, "d");
    assert_eq!(of.tried, [3.0; 5]);
    near(of.product, 243.0);
    near(of.amplification(), 243.0);
    near(of.failing.as_ref().unwrap().value, 972.0);
    assert_eq!(of.verdict, Verdict::Recovers);
    assert_eq!(of.failing.unwrap().reached, ["f: e to d, 4/s x 3 x 3 x 3 x 3 x 3 = 972/s"]);
}

/// r retries in one layer: below 1 / (1 + r) of its capacity it comes back (M. Brooker, 2022).
#[test]
fn one_layer_comes_back_below_one_over_its_tries() {
    for attempts in 1..=10 {
        let threshold = 1.0 / f64::from(attempts);
        for (share, stays) in [(0.99, false), (1.01, attempts > 1)] {
            let rate = 1000.0 * threshold * share;
            let text = format!(
                "client u\nservice a\nservice b capacity=1000/s\n\
                 flow f rate={rate}/s {{ u -> a -> b attempts={attempts} }}"
            );
            let of = of(&text, "b");
            near(of.threshold(), threshold);
            assert_eq!(of.verdict == Verdict::StaysDown, stays, "{text}");
        }
    }
}

/// One server with one line, its callers, and nothing else: new requests come each tick, whatever becomes of the old ones.
struct Server {
    /// Answers a tick.
    capacity: usize,
    /// Ticks that a caller waits.
    timeout: usize,
    /// Tries of one request.
    attempts: usize,
    /// Ticks between two tries.
    wait: usize,
    /// Retries for each new request, on average.
    budget: Option<f64>,
    /// Takes no more into its line than it answers within the timeout.
    sheds: bool,
    /// Passes over those whose callers have gone.
    drops: bool,
    /// Its callers have no more than this many calls in flight.
    in_flight: Option<usize>,
}

impl Server {
    fn with(attempts: usize) -> Server {
        Server {
            capacity: 100,
            timeout: 10,
            attempts,
            wait: 0,
            budget: None,
            sheds: false,
            drops: false,
            in_flight: None,
        }
    }

    /// Answered in time, of 100 that came, long after so many a tick had risen to three times the capacity for a while.
    fn answered_after_a_spike(&self, ordinary: usize) -> f64 {
        const TICKS: usize = 4000;
        // Each call: when it came, which try it is, and whether it was answered in time.
        let mut calls: Vec<(usize, usize, bool)> = Vec::new();
        // Those in the server's line; those whose callers wait (some of them in a line no more), the oldest first.
        let (mut line, mut waiting) = (VecDeque::new(), VecDeque::new());
        let mut again: VecDeque<(usize, usize)> = VecDeque::new();
        let (mut pending, mut allowance) = (0, 0.0);
        let (mut came, mut answered) = (0, 0);
        for now in 0..TICKS {
            let new = if (100..120).contains(&now) { 3 * self.capacity } else { ordinary };
            let late = now >= TICKS - 1000;
            let mut failed: Vec<usize> = Vec::new();
            while let Some(&call) =
                waiting.front().filter(|&&call: &&usize| calls[call].0 + self.timeout <= now)
            {
                waiting.pop_front();
                let (_, attempt, in_time) = calls[call];
                if !in_time {
                    // The server does not know that its caller has gone.
                    pending -= 1;
                    failed.push(attempt);
                }
            }
            let mut tries: Vec<usize> = vec![1; new];
            while again.front().is_some_and(|(due, _)| *due <= now) {
                tries.extend(again.pop_front().map(|(_, attempt)| attempt));
            }
            allowance = f64::min(allowance + self.budget.unwrap_or(0.0) * new as f64, 1000.0);
            for attempt in tries {
                let full = self.sheds && line.len() >= self.capacity * (self.timeout - 1);
                if full || self.in_flight.is_some_and(|most| pending >= most) {
                    failed.push(attempt);
                    continue;
                }
                pending += 1;
                line.push_back(calls.len());
                waiting.push_back(calls.len());
                calls.push((now, attempt, false));
            }
            for attempt in failed.into_iter().filter(|attempt| *attempt < self.attempts) {
                if self.budget.is_none() || allowance >= 1.0 {
                    allowance -= 1.0;
                    again.push_back((now + 1 + self.wait, attempt + 1));
                }
            }
            let mut done = 0;
            while done < self.capacity {
                let Some(call) = line.pop_front() else { break };
                let in_time = now < calls[call].0 + self.timeout;
                if in_time {
                    calls[call].2 = true;
                    pending -= 1;
                    answered += usize::from(late);
                }
                done += usize::from(in_time || !self.drops);
            }
            came += if late { new } else { 0 };
        }
        answered as f64 / came as f64
    }
}

#[test]
fn a_simulated_line_recovers_below_the_threshold_and_never_above() {
    for attempts in [2, 3, 4] {
        let server = Server::with(attempts);
        let threshold = server.capacity / attempts;
        for (ordinary, comes_back) in [(threshold - 3, true), (threshold + 3, false)] {
            let answered = server.answered_after_a_spike(ordinary);
            assert_eq!(answered > 0.99, comes_back, "{attempts} tries at {ordinary} %: {answered}");
            assert!(comes_back || answered < 0.05, "{attempts} tries at {ordinary} %: {answered}");
            let text = format!(
                "client u\nservice a\nservice b capacity=100/s\nflow f rate={ordinary}/s {{ u -> a -> b attempts={attempts} }}"
            );
            assert_eq!(of(&text, "b").verdict == Verdict::Recovers, comes_back);
        }
    }
    // Nobody tries again: it comes back from whatever is below its capacity.
    assert!(Server::with(1).answered_after_a_spike(97) > 0.99);
}

#[test]
fn what_counts_as_a_remedy_is_one_in_the_simulation() {
    let above = 60;
    let stuck = Server::with(3).answered_after_a_spike(above);
    assert!(stuck < 0.05, "{stuck}");
    let remedies = [
        ("retry_budget=10%", Server { budget: Some(0.1), ..Server::with(3) }),
        ("deadline", Server { drops: true, ..Server::with(3) }),
        ("bulkhead=900", Server { in_flight: Some(900), ..Server::with(3) }),
    ];
    for (words, server) in remedies {
        let answered = server.answered_after_a_spike(above);
        assert!(answered > 0.99, "{words}: {answered}");
        let text = format!(
            "client u\nservice a\nservice b capacity=100/s\n\
             flow f rate={above}/s {{ u -> a -> b timeout=10s attempts=3 {words} }}"
        );
        assert_ne!(of(&text, "b").verdict, Verdict::StaysDown, "{words}");
    }
    let sheds = Server { sheds: true, ..Server::with(3) };
    assert!(sheds.answered_after_a_spike(above) > 0.99);
    let text = format!(
        "client u\nservice a\nservice b shed capacity=100/s\nflow f rate={above}/s {{ u -> a -> b attempts=3 }}"
    );
    assert!(matches!(of(&text, "b").verdict, Verdict::Mitigated(_)));
}

/// In an open system others come meanwhile: the same tries, later.
#[test]
fn waiting_between_tries_is_none() {
    for wait in [5, 50, 500] {
        let answered = Server { wait, ..Server::with(3) }.answered_after_a_spike(60);
        assert!(answered < 0.05, "{wait} ticks: {answered}");
    }
    let text = "client u\nservice a\nservice b capacity=100/s\nflow f rate=60/s { u -> a -> b attempts=3 backoff jitter }";
    let of = of(text, "b");
    assert_eq!(of.verdict, Verdict::StaysDown);
    assert!(of.no_help.iter().any(|line| line.contains("`backoff`")), "{:?}", of.no_help);
}

/// A bound that lets more wait than is answered in time is none.
#[test]
fn a_wide_bulkhead_is_none() {
    let wide = Server { in_flight: Some(1500), ..Server::with(3) };
    assert!(wide.answered_after_a_spike(60) < 0.05);
    let text = |most: usize| {
        format!(
            "client u\nservice a x2\nservice b capacity=100/s\n\
             flow f rate=60/s {{ u -> a -> b timeout=10s attempts=3 bulkhead={most} }}"
        )
    };
    assert!(matches!(of(&text(450), "b").verdict, Verdict::Mitigated(_)));
    let wide = of(&text(750), "b");
    assert_eq!(wide.verdict, Verdict::StaysDown);
    assert_eq!(
        wide.no_help,
        [
            "the bounds on calls in flight let 1,500 wait at `b`, which answers 1,000 before they give up after 10 s"
        ]
    );
}

/// Tries multiply along a chain, add up over calls beside each other, and stop where somebody does without.
#[test]
fn chains_worked_by_hand() {
    let failing = |flow: &str, id: &str| {
        let text = format!(
            "client u\nservice a\nservice b\nservice c\nqueue q\nworker w\ncache k hit_rate=90%\ndatabase d capacity=1k/s\n\
             flow f rate=100/s {{ {flow} }}"
        );
        of(&text, id).failing.unwrap().value
    };
    near(failing("u -> a -> d", "d"), 100.0);
    near(failing("u -> a attempts=2 -> b attempts=3 -> d attempts=5", "d"), 3000.0);
    near(failing("u -> a attempts=2 -> b attempts=3 retry_budget=20% -> d attempts=5", "d"), 1200.0);
    // `b` and `c` are asked at once, and both ask `d`: 100/s x 2 x 3 + 100/s x 2 x 5.
    near(failing("u -> a attempts=2\na -> b, c\nb, c -> d attempts=3", "d"), 1200.0);
    // One after another: what fails first is the last.
    near(failing("u -> a attempts=2\na -> b -> d attempts=3\na -> c -> d attempts=5", "d"), 600.0);
    // Half of the requests come either way: 50/s x 2 x 4 + 50/s x 4 on to `d`.
    near(failing("u -> a share=50% attempts=2\nu -> b share=50%\na, b -> c attempts=4 -> d", "d"), 600.0);
    // `calls=5` makes 500/s, of which the first of each request fails: 100/s x 3.
    near(failing("u -> a -> d calls=5 attempts=3", "d"), 300.0);
    near(failing("u -> a -> d calls=5 attempts=3 optional", "d"), 1500.0);
    // A tenth misses, and is asked for again by all layers.
    near(failing("u -> a attempts=3\na -> k attempts=2\na -> d on=miss attempts=2", "d"), 60.0);
    near(failing("u -> a attempts=3\na -> k attempts=2\na -> d on=miss attempts=2", "k"), 200.0);
    // Not across a hand-off.
    near(failing("u -> a attempts=3 ~> b -> d attempts=3", "d"), 300.0);
}

/// Requests that each choose their tries, gone through one by one: what the product says on average.
#[test]
fn a_chain_of_calls_gone_through_one_by_one() {
    for tried in [vec![3], vec![2, 3], vec![3, 1, 4], vec![2, 2, 2, 2, 2]] {
        // Every layer calls the next until it answers, which it never does.
        let mut calls = 0;
        let mut open = vec![0_usize];
        while let Some(layer) = open.pop() {
            match tried.get(layer) {
                Some(&tries) => open.extend(vec![layer + 1; tries]),
                None => calls += 1,
            }
        }
        let services: String = (0..tried.len()).map(|at| format!("service s{at}\n")).collect();
        let chain: String =
            tried.iter().enumerate().map(|(at, tries)| format!(" -> s{at} attempts={tries}")).collect();
        let text = format!("client u\n{services}flow f rate=1/s {{ u{chain} }}");
        let last = format!("s{}", tried.len() - 1);
        near(of(&text, &last).failing.unwrap().value, f64::from(calls));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is written: finite figures, a threshold that fits, and a verdict that the figures bear out.
    #[test]
    fn the_figures_are_sane(
        hops in proptest::collection::vec((0..6_usize, 0..6_usize, 0..6_usize, 1..1_000_000_u64), 1..12),
        rate in prop_oneof![Just(0.0), 0.001..1e9, Just(1e300)],
        capacity in 1.0..1e6,
    ) {
        let more = ["", "breaker", "optional", "retry_budget=5%", "calls=3", "on=error"];
        let lines: String = hops
            .iter()
            .map(|(from, to, what, attempts)| format!("n{from} -> n{to} attempts={attempts} {}\n", more[*what]))
            .collect();
        let nodes: String = (0..6).map(|at| format!("service n{at} x2 concurrency=10 capacity={capacity}/s\n")).collect();
        let text = format!("{nodes}every call timeout=1s\nflow f rate={rate:.3}/s {{\n{lines}}}");
        let (ast, _) = spof::syntax::parse(&text);
        let (design, _) = spof::design::lower(&ast);
        for of in retries(&design) {
            prop_assert!(of.product.is_finite() && of.amplification().is_finite() && of.amplification() >= 1.0);
            prop_assert!(of.threshold() > 0.0 && of.threshold() <= 1.0);
            if let (Ok(failing), Some(unstopped)) = (&of.failing, of.unstopped) {
                prop_assert!(failing.value.is_finite() && unstopped.is_finite());
                prop_assert!(failing.value <= unstopped * (1.0 + 1e-9), "{text}");
                let ordinary = of.peak.as_ref().map_or(0.0, |peak| peak.value);
                let more = failing.value > capacity * 2.0 && failing.value > ordinary;
                prop_assert_eq!(of.verdict == Verdict::StaysDown, of.product > 1.0 && more);
            }
            prop_assert!(of.failing.iter().all(|figure| figure.reached.iter().all(|line| !line.contains("NaN"))));
        }
        for hold in threads(&design) {
            prop_assert!(hold.needed.value.is_finite());
            prop_assert_eq!(hold.gone_after().is_some(), hold.needed.value > 10.0);
        }
    }
}

/// 400/s on four instances, 5 s each, tried twice: 1,000 in flight where 200 have room; and a tenth more with a budget.
#[test]
fn threads_worked_by_hand() {
    let of = |hop: &str| {
        let text = format!(
            "client u\nservice a x4 concurrency=200\nservice b\nflow f rate=100/s peak=400/s {{ u -> a -> b {hop} }}"
        );
        threads(&design(&text)).remove(0)
    };
    let hangs = of("timeout=5s attempts=2");
    near(hangs.needed.value, 1000.0);
    assert_eq!(hangs.needed.reached, ["400/s / 4 x 5 s x 2 tries = 1,000"]);
    near(hangs.gone_after().unwrap(), 2.0);
    near(of("timeout=5s attempts=2 retry_budget=10%").needed.value, 550.0);
    assert_eq!(of("timeout=2s").gone_after(), None);
    // Forty at once are one request that waits, and one after another are forty that wait.
    near(of("timeout=5s fanout=40").needed.value, 500.0);
    near(of("timeout=5s calls=40").needed.value, 20_000.0);
    assert!(of("timeout=5s bulkhead=20").fenced && !hangs.fenced);
}

/// Requests come evenly and none is answered: the moment at which all threads are taken, tick by tick.
#[test]
fn threads_go_when_they_are_said_to() {
    for (rate, timeout, has) in [(100, 5, 200), (100, 1, 200), (50, 3, 149), (50, 3, 151)] {
        let text = format!(
            "client u\nservice a concurrency={has}\nservice b\nflow f rate={rate}/s {{ u -> a -> b timeout={timeout}s }}"
        );
        let said = threads(&design(&text)).remove(0).gone_after();
        const TICKS: usize = 1000;
        let mut taken: VecDeque<usize> = VecDeque::new();
        let gone = (0..20 * TICKS * rate).step_by(TICKS).find(|now| {
            // In units of a tick x the rate, so that one comes with each step.
            while taken.front().is_some_and(|since| since + timeout * TICKS * rate <= *now) {
                taken.pop_front();
            }
            taken.push_back(*now);
            taken.len() >= has
        });
        let gone = gone.map(|now| (now + TICKS) as f64 / (TICKS * rate) as f64);
        match (said, gone) {
            (Some(said), Some(gone)) => near(said, gone),
            (said, gone) => assert_eq!(said, gone, "{text}"),
        }
    }
}
