//! Figures are numbers: whatever is written, a mistake in it has a message at its place, and no output shows a NaN, an
//! infinity, or anything below zero. Random designs with figures behave as arithmetic does, and what is said of a cache is
//! what a simulation of one finds.

mod common;
// Each test uses some of them.
#[allow(dead_code)]
mod random_designs;

use std::process::{Command, Stdio};

use common::design;
use random_designs::{Random, random_design, with_figures};
use spof::catalog::{Attribute, Type, catalog};
use spof::design::lower;
use spof::numbers::availability::{Down, Places, of_flows};
use spof::numbers::{Numbers, Reached, numbers};
use spof::rules::find_all;
use spof::syntax::parse;

/// The attribute in a design, on one of what it may be said of.
fn placed(attribute: &Attribute, on: &str, value: &str) -> String {
    let said = format!("{}={value}", attribute.name);
    let rest = "client u\nservice a x2\ndatabase b x2\nflow g rate=1/s { u -> a -> b }";
    match on {
        "hop" => format!("{rest}\na -> b {said}"),
        "control" => format!("{rest}\nmonitor m\nm ..> a deploys {said}"),
        "flow" => format!("{rest}\nflow f {said} {{ u -> a -> b }}"),
        "group" => format!("{rest}\ngroup x {said} {{ }}"),
        "table" => format!(
            "client u\nservice a x2\ndatabase b x2 {{ table t {{ key k; {said} }} }}\nflow g rate=1/s {{ u -> a -> b writes=t }}"
        ),
        kind => {
            let kind = if kind == "node" { "service" } else { kind };
            format!("{rest}\n{kind} n {said}\nflow f rate=1/s {{ a -> n }}")
        }
    }
}

/// A value of the attribute's unit, with so many of it.
fn of(ty: Type, count: &str) -> Option<String> {
    Some(match ty {
        Type::Count | Type::Number => count.to_string(),
        Type::Rate => format!("{count}/s"),
        Type::Duration => format!("{count}s"),
        Type::Size => format!("{count}B"),
        Type::Share => format!("{count}%"),
        Type::Cost => format!("{count}USD/month"),
        Type::Speed => format!("{count}B/s"),
        _ => return None,
    })
}

/// Every way to get this number wrong.
fn wrong(attribute: &Attribute) -> Vec<String> {
    let of = |count: &str| of(attribute.ty, count).expect("a numeric attribute");
    let mut wrong = vec![
        // Another unit, one that there is not, and a word.
        if attribute.ty == Type::Duration { "5MB".to_string() } else { "5s".to_string() },
        "5furlongs".to_string(),
        "often".to_string(),
        // Below zero, beyond all numbers, and next to nothing.
        format!("{} - {}", of("1"), of("2")),
        of("-3"),
        of("1e400"),
        of(&"9".repeat(400)),
        of(&"9".repeat(300)),
        format!("{} * 9000T * 9000T * 9000T", of("9000000")),
        of(&format!("0.{}1", "0".repeat(200))),
        format!("{} / (1 - 1)", of("1")),
        "2 * unheard".to_string(),
    ];
    if !matches!(attribute.ty, Type::Count | Type::Number | Type::Share) {
        wrong.extend(["5".to_string(), "0".to_string()]);
    }
    if attribute.above_zero {
        wrong.push(of("0"));
    }
    if attribute.ty == Type::Count {
        wrong.push("2.5".to_string());
    }
    if attribute.ty == Type::Share {
        wrong.push("120%".to_string());
    }
    wrong
}

fn numeric() -> impl Iterator<Item = &'static Attribute> {
    catalog().attributes.iter().filter(|attribute| of(attribute.ty, "1").is_some())
}

/// Neither a NaN nor an infinity, nor anything below zero, in what a person reads.
fn sane(text: &str) -> bool {
    let word = |word: &str| {
        let figure = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '-');
        let below =
            figure.strip_prefix('-').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        let first = figure.split(|c: char| !c.is_alphabetic()).next().unwrap_or("");
        !below && !matches!(first, "NaN" | "inf" | "nan" | "infinity")
    };
    text.split_whitespace().all(word)
}

/// What the rules say and every figure, as text.
fn all_that_is_said(text: &str) -> String {
    let (ast, _) = parse(text);
    let (design, _) = lower(&ast);
    let numbers = numbers(&design);
    let mut said = Vec::new();
    for figure in numbers.figures().flatten() {
        assert!(figure.value.is_finite() && figure.value >= 0.0, "{figure:?} of\n{text}");
        said.extend(figure.reached.clone());
        said.push(figure.shown());
    }
    for finding in find_all(&design) {
        said.extend([finding.message, finding.consequence, finding.fix, finding.question]);
        said.extend(finding.evidence);
    }
    let style = spof::report::Style { width: 100, color: false, all: true };
    said.push(spof::report::numbers::text(&design, &numbers, Places::AsStated, style));
    let json = spof::report::numbers::json(&numbers);
    complete(&json, text);
    said.push(json.to_string());
    said.join("\n")
}

/// What cannot be had is null in JSON and says what it wants, or is one of the bounds' own.
fn complete(json: &serde_json::Value, text: &str) {
    for of in ["flows", "nodes", "tables"].iter().flat_map(|name| json[name].as_array().unwrap()) {
        for (name, value) in of.as_object().unwrap() {
            let bounded = name == "availability" && of.get("availability_at_least").is_some();
            let named = of["missing"].get(name).is_some_and(|wants| wants != &serde_json::json!([]));
            assert!(!value.is_null() || bounded || named, "{name} of {} is null in\n{text}", of["id"]);
            assert!(value.as_f64().is_none_or(|value| value >= 0.0), "{name} {value} in\n{text}");
        }
    }
}

#[test]
fn a_number_that_is_none_has_a_message_at_its_place() {
    let mut tried = 0;
    for attribute in numeric() {
        for value in wrong(attribute) {
            let text = placed(attribute, &attribute.on[0], &value);
            let (ast, mut mistakes) = parse(&text);
            let (_, more) = lower(&ast);
            mistakes.extend(more);
            let start = text.rfind(&format!("{}={value}", attribute.name)).unwrap();
            let end = start + attribute.name.len() + 1 + value.len();
            let there = mistakes.iter().any(|mistake| {
                let at = mistake.at.span;
                at.start >= start && at.end <= end && !mistake.message.is_empty()
            });
            assert!(there, "{mistakes:#?}\nin:\n{text}");
            let said = all_that_is_said(&text);
            assert!(sane(&said), "{said}\nof:\n{text}");
            tried += 1;
        }
    }
    assert!(tried > 700, "only {tried} tried");
}

/// Zero and the largest and smallest that may be written are figures like others.
#[test]
fn extremes_that_may_be_written_stay_figures() {
    for attribute in numeric() {
        let counts = ["0", "1", "999999999999999999999999999", "0.000000000000001"];
        for (on, count) in attribute.on.iter().flat_map(|on| counts.map(|count| (on, count))) {
            let text = placed(attribute, on, &of(attribute.ty, count).unwrap());
            let said = all_that_is_said(&text);
            assert!(sane(&said), "{said}\nof:\n{text}");
        }
    }
}

#[test]
fn mistakes_in_given_are_at_their_place_and_nowhere_else() {
    for value in ["1 / 0", "1 - 2s", "1s + 1B", "9T * 9e99T", "5 / (2 - 2)", "unheard * 2", "1 / 1e400"] {
        let text =
            format!("given {{ load = {value} }}\nclient u\nservice a x2\nflow f rate=load / s {{ u -> a }}");
        let (ast, mut mistakes) = parse(&text);
        let (_, more) = lower(&ast);
        mistakes.extend(more);
        let start = text.find(value).unwrap();
        assert_eq!(mistakes.len(), 1, "{mistakes:#?}\nin:\n{text}");
        let at = mistakes[0].at.span;
        assert!(at.start >= start && at.end <= start + value.len(), "{mistakes:#?}\nin:\n{text}");
        assert!(sane(&all_that_is_said(&text)));
    }
}

/// Each command has an answer for such a design, and says that it has mistakes.
#[test]
fn every_command_goes_on_after_a_number_that_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.arch");
    let text = "given { none = 1 / 0 }\nclient u\nservice a x2 capacity=0/s latency=5\nredis c x2 ttl=1h - 2h hit_rate=300%\n\
                database d x2 { table t { key k; rows = none; size = 5s } }\n\
                flow f rate=none { u -> a calls=9000T -> c reads\na -> d reads=t by=k on=miss fanout=0 - 1 }\n";
    // It can be set in lines all the same.
    let commands = [
        (&["check", "--all"][..], 2),
        (&["numbers"], 2),
        (&["numbers", "--format", "json"], 2),
        (&["fmt"], 0),
    ];
    for (command, status) in commands {
        std::fs::write(&path, text).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_spof"))
            .args(command)
            .arg(&path)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let mistakes = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{command:?}: {mistakes}");
        assert!(sane(&said), "{command:?}: {said}");
        assert!(
            status == 0 || format!("{said}{mistakes}").contains("division by zero"),
            "{command:?}: {said}"
        );
    }
}

fn figures(numbers: &Numbers) -> Vec<(String, &Reached)> {
    let nodes = numbers.nodes.iter().flat_map(|node| {
        node.figures().into_iter().map(|(name, figure)| (format!("{name} of {}", node.id), figure))
    });
    let flows = numbers
        .flows
        .iter()
        .flat_map(|flow| [("average".into(), &flow.average), ("peak".into(), &flow.peak)]);
    flows.chain(nodes).collect()
}

#[test]
fn random_designs_reckon_as_arithmetic_does() {
    let mut random = Random::new(7);
    let (mut halved, mut busier) = (0, 0);
    for seed in 0..400 {
        let plain = random_design(&mut random, 14);
        let with = |rate: f64| with_figures(&mut Random::new(seed), &plain, rate);
        let [once, half] = [with(1.0), with(0.5)];
        assert!(sane(&all_that_is_said(&once)), "{once}");
        let [once, half] = [once, half].map(|text| numbers(&design(&text)));
        for ((name, one), (other, two)) in figures(&once).into_iter().zip(figures(&half)) {
            assert_eq!(name, other);
            let (Ok(one), Ok(two)) = (one, two) else {
                assert_eq!(one.is_ok(), two.is_ok(), "{name} in\n{plain}");
                continue;
            };
            if name.starts_with("average") || name.starts_with("peak") {
                assert!((one.value - 2.0 * two.value).abs() <= 1e-9 * one.value.abs(), "{name} in\n{plain}");
                halved += usize::from(one.value > 0.0);
            }
            if name.starts_with("utilisation") {
                assert!(one.value >= two.value, "{name} in\n{plain}");
                busier += usize::from(one.value > two.value);
            }
        }
    }
    assert!(halved > 800 && busier > 250, "{halved} rates, {busier} utilisations");
}

/// Of a node that does not decide by majority and keeps no fixed number of copies or parts.
#[test]
fn one_more_instance_lowers_neither_availability_nor_capacity() {
    let mut random = Random::new(11);
    let mut raised = 0;
    for seed in 0..400 {
        let plain = random_design(&mut random, 10);
        let text = with_figures(&mut Random::new(seed), &plain, 1.0);
        let lines: Vec<&str> = text.lines().collect();
        let fixed = ["quorum", "copies=", "shards="];
        let grows = |line: &&&str| line.contains(" x") && !fixed.iter().any(|word| line.contains(word));
        let Some(line) = lines.iter().find(grows) else { continue };
        let (head, rest) = line.split_once(" x").unwrap();
        let (count, rest) = rest.split_once(' ').unwrap();
        let more = format!("{head} x{} {rest}", count.parse::<u32>().unwrap() + 1);
        let [before, after] = [text.clone(), text.replacen(*line, &more, 1)].map(|text| design(&text));
        let up = |design| match of_flows(design, Places::AsStated).remove(0).map(|of| of.down) {
            Some(Down::Exact(down)) => Some(1.0 - down),
            _ => None,
        };
        if let (Some(one), Some(two)) = (up(&before), up(&after)) {
            assert!(two >= one - 1e-12, "{one} falls to {two} with {more} in\n{text}");
            raised += usize::from(two > one + 1e-12);
        }
        for (one, two) in numbers(&before).nodes.iter().zip(&numbers(&after).nodes) {
            if let (Some(Ok(one)), Some(Ok(two))) = (&one.capacity, &two.capacity) {
                assert!(two.value >= one.value, "{more} in\n{text}");
            }
        }
    }
    assert!(raised > 50, "only {raised} got better");
}

/// A cache as it is: requests by chance for rows of unequal demand, each kept for a while after it was loaded, and dropped
/// when its row is written. Gives the share of hits and the mean number of entries.
struct Simulated {
    hits: f64,
    entries: f64,
}

fn simulate(
    random: &mut Random,
    demand: &[f64],
    rate: f64,
    written: f64,
    ttl: f64,
    requests: usize,
) -> Simulated {
    let unit = |random: &mut Random| (random.below(1 << 30) as f64 + 0.5) / (1_u64 << 30) as f64;
    let total: f64 = demand.iter().sum();
    let mut sums = Vec::new();
    let mut sum = 0.0;
    for one in demand {
        sum += one / total;
        sums.push(sum);
    }
    let mut until = vec![0.0_f64; demand.len()];
    let (mut now, mut asked, mut hits, mut kept) = (0.0, 0, 0, 0.0);
    while asked < requests {
        now -= unit(random).ln() / (rate + written);
        if unit(random) < written / (rate + written) {
            // Written at the same rate as asked for, row by row.
            let row = random.below(demand.len());
            kept -= (until[row] - now).max(0.0);
            until[row] = now;
            continue;
        }
        asked += 1;
        let chance = unit(random);
        let row = sums.partition_point(|sum| *sum < chance).min(demand.len() - 1);
        if until[row] > now {
            hits += 1;
        } else {
            until[row] = now + ttl;
            kept += ttl;
        }
    }
    Simulated { hits: f64::from(hits) / asked as f64, entries: kept / now }
}

/// The text of a cache before so many rows.
fn cached(cache: &str, rows: usize, skew: f64, rate: f64, written: f64) -> Numbers {
    numbers(&design(&format!(
        "client u\nservice a x2\nredis c {cache}\n\
         database d x2 {{ table t {{ key k; rows={rows}; size=1KB; skew={}% }} }}\n\
         flow f rate={rate}/s {{ u -> a -> c reads\na -> d reads=t by=k on=miss }}\n\
         flow g rate={written}/s {{ u -> a -> d writes=t }}",
        skew * 100.0
    )))
}

fn bound(figure: &Option<Reached>) -> f64 {
    figure.as_ref().expect("all numbers are there").as_ref().unwrap().value
}

/// The lower and the upper bound of a hit rate; where one says nothing, it is not there.
fn bounds(numbers: &Numbers) -> [f64; 2] {
    let cache = &numbers.nodes.iter().find(|node| node.id == "c").unwrap().cache;
    let or = |figure: &Option<Reached>, else_: f64| if figure.is_some() { bound(figure) } else { else_ };
    [or(&cache.hit_rate_at_least, 0.0), or(&cache.hit_rate_at_most, 1.0)]
}

#[test]
fn what_is_said_of_a_cache_is_what_a_simulation_finds() {
    let mut random = Random::new(3);
    let (mut close, mut tighter) = (0, 0);
    for round in 0..60 {
        let rows = 20 + random.below(200);
        // From all alike to a few that everybody wants (Zipf).
        let slope = f64::from(round % 4) * 0.4;
        let demand: Vec<f64> = (1..=rows).map(|rank| (rank as f64).powf(-slope)).collect();
        let skew = demand[0] / demand.iter().sum::<f64>();
        let rate = 1.0 + random.below(100) as f64;
        let written = random.below(3) as f64 * rate / 10.0;
        let ttl = 1.0 + random.below(60) as f64;
        let found = simulate(&mut random, &demand, rate, written, ttl, 60_000);
        let numbers = cached(&format!("ttl={ttl}s"), rows, skew, rate, written);
        let [least, most] = bounds(&numbers);
        let case = format!(
            "{rows} rows, slope {slope}, {rate}/s, {written}/s, {ttl} s: {} in {least}..{most}",
            found.hits
        );
        assert!(least <= found.hits + 0.01 && found.hits <= most + 0.01, "{case}");
        close += usize::from(slope == 0.0 && written == 0.0 && (found.hits - least).abs() < 0.01);
        tighter += usize::from(most < 0.999);
        // With the hit rate known, entries follow by Little's law; without, the figure is a bound.
        let memory = |cache: &str| {
            let numbers = cached(cache, rows, skew, rate, written);
            let node = numbers.nodes.iter().find(|node| node.id == "c").unwrap();
            bound(&node.cache.memory) / 1000.0
        };
        assert!(memory(&format!("ttl={ttl}s")) >= found.entries * 0.97, "{case}");
        if written == 0.0 {
            let known = memory(&format!("ttl={ttl}s hit_rate={}%", found.hits * 100.0));
            assert!(
                (known - found.entries).abs() <= 0.02 * known + 1.0,
                "{known}, {}: {case}",
                found.entries
            );
        }
    }
    assert!(close >= 3 && tighter >= 30, "{close} are met exactly, {tighter} have an upper bound");
}

/// The least recently used of rows that are asked for equally often: of `C` in memory, each answers its share.
#[test]
fn memory_bounds_the_hit_rate() {
    let of = |cache: &str, skew: f64| bounds(&cached(cache, 1000, skew, 100.0, 0.0));
    // 100 of 1,000 rows, of which the hottest gets 1 % of all: a tenth at least, all at most.
    let [least, most] = of("ttl=1h memory=100KB", 0.01);
    assert!((least - 0.1).abs() < 1e-9 && most > 0.99, "{least} {most}");
    // 20 rows, none asked for in more than 1 %.
    let [least, most] = of("ttl=1h memory=20KB", 0.01);
    assert!((least - 0.02).abs() < 1e-9 && (most - 0.2).abs() < 1e-9, "{least} {most}");
    // Five instances that the callers spread the keys over hold five times as much; copies do not.
    assert!((of("x5 ttl=1h memory=20KB", 0.01)[0] - 0.1).abs() < 1e-9);
    assert!((of("x5 failover=auto ttl=1h memory=20KB", 0.01)[0] - 0.02).abs() < 1e-9);
}

#[test]
fn memory_by_hand() {
    let of = |cache: &str, table: &str, rate: &str| {
        let numbers = numbers(&design(&format!(
            "client u\nservice a x2\nredis c {cache}\ndatabase d x2 {{ table t {{ key k; {table} }} }}\n\
             flow f {rate} {{ u -> a -> c reads\na -> d reads=t by=k on=miss }}"
        )));
        let node = numbers.nodes.into_iter().find(|node| node.id == "c").unwrap();
        node.cache.memory.expect("a cache that is filled")
    };
    let near = |figure: Reached, bytes: f64| {
        let value = figure.as_ref().unwrap_or_else(|missing| panic!("{missing:?}")).value;
        assert!((value - bytes).abs() <= 1e-9 * bytes, "{value} is not {bytes}");
    };
    // 100/s x 10 % x 7,200 s = 72,000 entries of 500 B; the peak is over by then.
    near(of("ttl=2h hit_rate=90%", "size=500B", "rate=100/s peak=300/s"), 36e6);
    // Within a minute it is not: 300/s x 10 % x 60 s.
    near(of("ttl=1min hit_rate=90%", "size=500B", "rate=100/s peak=300/s"), 900e3);
    // No more than there are rows; and two instances each hold all.
    near(of("ttl=2h hit_rate=90%", "size=500B; rows=10k", "rate=100/s"), 5e6);
    near(of("x2 failover=auto ttl=2h hit_rate=90%", "size=500B; rows=10k", "rate=100/s"), 10e6);
    near(of("x6 shards=3 ttl=2h hit_rate=90%", "size=500B; rows=10k", "rate=100/s"), 10e6);
    near(of("x3 ttl=2h hit_rate=90%", "size=500B; rows=10k", "rate=100/s"), 5e6);
    // Nothing expires.
    near(of("hit_rate=90%", "size=500B; rows=10k", "rate=100/s"), 5e6);
    // What is missing is named.
    let wants = |cache: &str, table: &str| of(cache, table, "rate=100/s").unwrap_err().wants;
    assert_eq!(wants("ttl=2h hit_rate=90%", ""), ["`size` of `d.t`"]);
    assert_eq!(wants("hit_rate=90%", "size=500B"), ["`ttl` of `c`"]);
    assert_eq!(wants("ttl=2h", "size=500B"), ["`hit_rate` of `c`"]);
}
