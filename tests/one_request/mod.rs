//! One request of a flow, walked by chance: the time of its answer as it comes out when everything is drawn anew. Written apart
//! from the composition that it checks: it recurses from the first line on, and shares nothing with it but the design.

use std::collections::HashMap;

use spof::catalog::Kind;
use spof::design::{Arrow, Design, Flow, Node, Step};

use crate::random_designs::Random;

/// Uniform in (0, 1).
pub fn chance(random: &mut Random) -> f64 {
    (random.below(1 << 52) as f64 + 0.5) / (1_u64 << 52) as f64
}

pub fn exponential(random: &mut Random, mean: f64) -> f64 {
    -mean * chance(random).ln()
}

/// Box and Muller, 1958.
pub fn log_normal(random: &mut Random, mean: f64, p99: f64) -> f64 {
    let z = 2.326_347_874_040_841_f64;
    let sigma = z - (z * z - 2.0 * (p99 / mean).ln()).sqrt();
    let normal = (-2.0 * chance(random).ln()).sqrt() * (2.0 * std::f64::consts::PI * chance(random)).cos();
    (mean.ln() - sigma * sigma / 2.0 + sigma * normal).exp()
}

/// What is read of a node and of a step, once.
struct Place {
    kind: Kind,
    mean: f64,
    p99: Option<f64>,
}

struct Leg {
    from: usize,
    to: usize,
    place: (usize, usize),
    arrow: Arrow,
    network: f64,
    calls: usize,
    at_once: usize,
    /// Given up after so long.
    limit: f64,
    /// The question to a cache, its hit rate, and whether this is what follows a hit.
    on: Option<(usize, f64, bool)>,
    /// Where its share of the caller's requests begins and ends.
    share: Option<(f64, f64)>,
}

pub struct Request {
    places: Vec<Place>,
    legs: Vec<Leg>,
    /// What each visit of a node has drawn: for its shares, and for each question to a cache.
    drawn: HashMap<(usize, usize), f64>,
    visits: usize,
}

impl Request {
    pub fn new(design: &Design, flow: &Flow) -> Request {
        let place = |node: &Node| Place {
            kind: node.kind,
            mean: node.attrs.number("latency").value().unwrap_or(0.0),
            p99: node.attrs.number("latency_p99").value(),
        };
        let steps = design.steps_of(flow);
        let leg = |(at, step): (usize, &Step)| {
            let hop = &design.graph[step.hop];
            let count = |name: &str| step.attrs.number(name).value().unwrap_or(1.0) as usize;
            let before = || steps[..at].iter().filter(|other| other.from == step.from);
            let on = step.attrs.text("on").value().map(|on| {
                let asked = steps[..at]
                    .iter()
                    .rposition(|other| other.from == step.from && design.graph[other.to].kind == Kind::Cache)
                    .unwrap();
                let hits = design.graph[steps[asked].to].attrs.number("hit_rate").value().unwrap();
                (asked, hits, on == "hit")
            });
            let share = step.attrs.number("share").value().map(|share| {
                let begins: f64 = before().filter_map(|other| other.attrs.number("share").value()).sum();
                (begins, begins + share)
            });
            let limit = hop.attrs.number("timeout").value().filter(|_| step.attrs.has("optional"));
            Leg {
                from: step.from.index(),
                to: step.to.index(),
                place: (step.line, step.leg),
                arrow: hop.arrow,
                network: hop.attrs.number("rtt").value().unwrap(),
                calls: count("calls"),
                at_once: count("fanout"),
                limit: limit.unwrap_or(f64::INFINITY),
                on,
                share,
            }
        };
        Request {
            places: design.graph.node_weights().map(place).collect(),
            legs: steps.iter().enumerate().map(leg).collect(),
            drawn: HashMap::new(),
            visits: 0,
        }
    }

    /// Seconds until the first source has its answer.
    pub fn time(&mut self, random: &mut Random) -> f64 {
        self.drawn.clear();
        self.visits = 0;
        self.serve(self.legs[0].from, None, random)
    }

    /// A node that was reached by a leg, or starts the flow.
    fn serve(&mut self, node: usize, came_by: Option<usize>, random: &mut Random) -> f64 {
        self.visits += 1;
        let visit = self.visits;
        let place = &self.places[node];
        let mut time = match place.p99 {
            _ if place.mean == 0.0 => 0.0,
            None => exponential(random, place.mean),
            Some(p99) => log_normal(random, place.mean, p99),
        };
        if place.kind == Kind::Queue {
            return time;
        }
        let mut at_once = 0.0_f64;
        let mut line = None;
        for at in 0..self.legs.len() {
            let leg = &self.legs[at];
            let chained = came_by.is_some_and(|came| {
                let (line, leg) = self.legs[came].place;
                self.legs[at].place == (line, leg + 1)
            });
            let is_later = came_by.is_none_or(|came| at > came) && leg.place.1 == 0;
            if leg.from != node || !(chained || is_later) {
                continue;
            }
            if line != Some(leg.place) {
                time += at_once;
                at_once = 0.0;
                line = Some(leg.place);
            }
            if self.is_taken(at, visit, random) {
                at_once = at_once.max(self.repeated(at, random));
            }
        }
        time + at_once
    }

    /// Hits, misses and shares of one visit are decided once.
    fn is_taken(&mut self, at: usize, visit: usize, random: &mut Random) -> bool {
        let Leg { on, share, .. } = self.legs[at];
        if let Some((asked, hits, on_hit)) = on {
            let drawn = *self.drawn.entry((visit, asked + 1)).or_insert_with(|| chance(random));
            if (drawn < hits) != on_hit {
                return false;
            }
        }
        let Some((begins, ends)) = share else { return true };
        let drawn = *self.drawn.entry((visit, 0)).or_insert_with(|| chance(random));
        drawn >= begins && drawn < ends
    }

    fn repeated(&mut self, at: usize, random: &mut Random) -> f64 {
        let Leg { calls, at_once, .. } = self.legs[at];
        let mut time = 0.0;
        for _ in 0..calls {
            time += (0..at_once).map(|_| self.one(at, random)).fold(0.0, f64::max);
        }
        time
    }

    fn one(&mut self, at: usize, random: &mut Random) -> f64 {
        let Leg { from, to, arrow, network, limit, .. } = self.legs[at];
        let queue = |node: usize| self.places[node].kind == Kind::Queue;
        match arrow {
            Arrow::Handoff if !queue(to) || queue(from) => 0.0,
            Arrow::Control => 0.0,
            _ => (network + self.serve(to, Some(at), random)).min(limit),
        }
    }
}
