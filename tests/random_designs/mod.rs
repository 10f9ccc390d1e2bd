//! Designs as text, by chance: shared nodes and zones, `needs=`, caches with a way past them, alternatives, hand-offs,
//! optional hops, fallbacks and hard needs.

use std::fmt::Write;

pub use spof::layout::random::Random;

/// What a design is drawn from.
trait Drawn {
    fn chance(&mut self, percent: usize) -> bool;
    fn one_of<'t>(&mut self, words: &[&'t str]) -> &'t str;
    /// So low that what is rare elsewhere weighs something here.
    fn share(&mut self) -> String;
}

impl Drawn for Random {
    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn one_of<'t>(&mut self, words: &[&'t str]) -> &'t str {
        words[self.below(words.len())]
    }

    fn share(&mut self) -> String {
        format!("availability={}%", 50 + self.below(50))
    }
}

const KINDS: [&str; 8] = ["service", "service", "database", "database", "cache", "queue", "worker", "lb"];

/// One flow over nodes that all state their availability; no more than `most` components in all.
pub fn random_design(random: &mut Random, most: usize) -> String {
    let mut text = String::from("client u\n");
    let mut left = most;
    let mut zones = Vec::new();
    if random.chance(60) {
        let region = random.chance(30);
        if region {
            writeln!(text, "region r {} {{", random.share()).unwrap();
            left -= 1;
        }
        for zone in ["a", "b"].into_iter().take(1 + random.below(2)) {
            writeln!(text, "zone {zone} {} {{ }}", random.share()).unwrap();
            zones.push(zone);
            left -= 1;
        }
        if region {
            text.push_str("}\n");
        }
    }
    let fate = random.chance(25);
    if fate {
        writeln!(text, "group os {} {{ }}", random.share()).unwrap();
        left -= 1;
    }
    let mut nodes: Vec<(String, &str)> = Vec::new();
    while left > 0 && nodes.len() < 7 {
        let kind = random.one_of(&KINDS);
        let instances = (1 + random.below(3)).min(left);
        left -= instances;
        let id = format!("{}{}", &kind[..1], nodes.len());
        write!(text, "{kind} {id} x{instances} {}", random.share()).unwrap();
        match random.below(4) {
            0 if !zones.is_empty() => write!(text, " @{}", zones.join(",")).unwrap(),
            1 if !zones.is_empty() => write!(text, " @{}", zones[0]).unwrap(),
            _ => {}
        }
        if fate && random.chance(30) {
            text.push_str(" fate=os");
        }
        if random.chance(20) {
            write!(text, " needs={}", 1 + random.below(instances)).unwrap();
        } else if kind == "database" {
            let how = [
                "",
                " failover=auto",
                " failover=manual",
                " quorum=2",
                " replication=quorum",
                " copies=2",
                " shards=2 failover=auto",
            ];
            text.push_str(random.one_of(&how));
        }
        if kind == "service" && random.chance(10) {
            text.push_str(" outbox");
        }
        text.push('\n');
        nodes.push((id, kind));
    }
    if nodes.len() > 1 && random.chance(25) {
        let [from, to] = [random.below(nodes.len()), random.below(nodes.len())];
        let cached = if random.chance(30) { " cached=1h" } else { "" };
        if from != to {
            writeln!(text, "{} ..> {} needs{cached}", nodes[from].0, nodes[to].0).unwrap();
        }
    }
    flow(random, &mut text, &nodes);
    text
}

fn flow(random: &mut Random, text: &mut String, nodes: &[(String, &str)]) {
    text.push_str("flow f {\n");
    let mut reached: Vec<usize> = Vec::new();
    // Who has asked a cache, which pairs say what of their connection, and what the last line of each caller was.
    let mut asked: Vec<usize> = Vec::new();
    let mut joined: Vec<(Option<usize>, usize)> = Vec::new();
    let mut hop = |random: &mut Random,
                   text: &mut String,
                   from: Option<usize>,
                   more: &str,
                   reached: &mut Vec<usize>| {
        let to = random.below(nodes.len());
        if Some(to) == from {
            return None;
        }
        let sends = from.is_some_and(|from| matches!(nodes[from].1, "service" | "worker" | "queue"));
        let handoff = nodes[to].1 == "queue" && sends && random.chance(70)
            || from.is_some_and(|from| nodes[from].1 == "queue");
        let new = !joined.contains(&(from, to));
        joined.push((from, to));
        write!(text, " {} {}", if handoff { "~>" } else { "->" }, nodes[to].0).unwrap();
        if new && !handoff && random.chance(12) {
            let other = random.below(nodes.len());
            match random.chance(50) {
                true => text.push_str(" fallback=stale"),
                false if other != to => write!(text, " fallback={}", nodes[other].0).unwrap(),
                false => {}
            }
        }
        text.push_str(more);
        if more.is_empty() && random.chance(12) {
            text.push_str(" optional");
        }
        if nodes[to].1 == "cache" {
            asked.extend(from);
        }
        reached.push(to);
        Some(to)
    };
    for line in 0..2 + random.below(6) {
        let from = match reached.as_slice() {
            [] => None,
            _ if line < 1 || random.chance(15) => None,
            some => Some(some[random.below(some.len())]),
        };
        let name = |from: Option<usize>| from.map_or("u".to_string(), |from| nodes[from].0.clone());
        let start = text.len();
        write!(text, "  {}", name(from)).unwrap();
        let kind = random.below(10);
        let more = match kind {
            0 | 1 if line > 0 => " on=error",
            2 => " share=30%",
            3 | 4 => " share=50%",
            _ => "",
        };
        let Some(to) = hop(random, text, from, more, &mut reached) else {
            text.truncate(start);
            continue;
        };
        // A cache, and the way past it.
        if nodes[to].1 == "cache" && from.is_some() && random.chance(60) {
            let start = text.len();
            write!(text, "\n  {}", name(from)).unwrap();
            if hop(random, text, from, " on=miss", &mut reached).is_none() {
                text.truncate(start);
            }
        } else if kind == 3 || kind == 4 {
            let start = text.len();
            write!(text, "\n  {}", name(from)).unwrap();
            if hop(random, text, from, " share=50%", &mut reached).is_none() {
                text.truncate(start);
            }
        } else if random.chance(50) {
            let more = if nodes[to].1 == "cache" && random.chance(50) { " on=miss" } else { "" };
            hop(random, text, Some(to), more, &mut reached);
        }
        text.push('\n');
    }
    text.push_str("}\n");
}

/// The same design, where now and then one database copies another.
pub fn with_standbys(random: &mut Random, design: &str) -> String {
    let id = |line: &str| line.split(' ').nth(1).unwrap_or("").to_string();
    let databases: Vec<String> =
        design.lines().filter(|line| line.starts_with("database ")).map(id).collect();
    let mut text = String::new();
    for line in design.lines() {
        text.push_str(line);
        if line.starts_with("database ") && databases.len() > 1 && random.chance(80) {
            let first = &databases[random.below(databases.len())];
            if *first != id(line) {
                write!(text, " replica_of={first}").unwrap();
                if !line.contains("failover") && random.chance(70) {
                    text.push_str(" failover=auto");
                }
            }
        }
        text.push('\n');
    }
    text
}

/// One flow through so many services of three or four instances: spread over the zones of a few regions, in which one
/// service calls another; `knotted` ones call across all of them and have second ways.
pub fn large(random: &mut Random, nodes: usize, regions: usize, knotted: bool) -> String {
    let mut text = String::from("client u\n");
    for region in 0..regions {
        writeln!(text, "region r{region} zones=3 {{").unwrap();
        for node in (region..nodes).step_by(regions) {
            let needs = if random.chance(30) { " needs=2" } else { "" };
            writeln!(text, "  service s{node} x{}{needs}", 3 + random.below(2)).unwrap();
        }
        text.push_str("}\n");
    }
    text.push_str("flow f {\n  u -> s0\n");
    for node in 1..nodes {
        let from = if knotted { random.below(node) } else { (node - 1) / 2 };
        writeln!(text, "  s{from} -> s{node}").unwrap();
        if knotted && random.chance(30) && from + 1 < node {
            writeln!(text, "  s{from} -> s{} on=error", (from + 1 + random.below(node - from - 1)) % node)
                .unwrap();
        }
    }
    text.push_str("}\n");
    text
}

/// Kinds whose lines can say what one instance carries.
const CARRIERS: [&str; 6] = ["service", "database", "cache", "queue", "worker", "lb"];

/// A random design with figures: the flow at `rate` times what it says, sizes, capacities, and what multiplies a load on
/// its way. The same random state gives the same figures whatever the rate.
pub fn with_figures(random: &mut Random, design: &str, rate: f64) -> String {
    let mut text = String::new();
    for line in design.lines() {
        let kind = line.split(' ').next().unwrap_or("");
        text.push_str(line);
        if CARRIERS.contains(&kind) {
            write!(text, " latency={}ms", 1 + random.below(500)).unwrap();
            match random.below(3) {
                0 => write!(text, " capacity={}/s", 1 + random.below(10_000)).unwrap(),
                1 => write!(text, " concurrency={}", 1 + random.below(500)).unwrap(),
                _ => {}
            }
            if kind == "cache" {
                write!(text, " hit_rate={}%", random.below(101)).unwrap();
                write!(text, " ttl={}s memory={}MB", random.below(100_000), 1 + random.below(1000)).unwrap();
            }
        } else if kind == "flow" {
            text.truncate(text.len() - "{".len());
            let [average, more] = [1 + random.below(100_000), 1 + random.below(9)];
            let (average, peak) = (rate * average as f64, rate * (average * more) as f64);
            write!(text, "rate={average}/day peak={peak}/day response={}KB {{", random.below(100)).unwrap();
        } else if line.starts_with("  ") && line.contains('>') {
            match random.below(5) {
                0 => write!(text, " calls={}", random.below(30)).unwrap(),
                1 => write!(text, " fanout={} payload={}B", random.below(1000), random.below(9000)).unwrap(),
                2 if line.contains("~>") => write!(text, " batch={}", 1 + random.below(100)).unwrap(),
                _ => {}
            }
        }
        text.push('\n');
    }
    text
}
