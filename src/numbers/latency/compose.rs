//! The time of a flow's answer: the walk through its lines, from the last to the first.
//!
//! It waits for what `availability/served.rs` needs, and besides for what a flow can do without but waits for all the same.

use std::collections::{HashMap, HashSet};

use petgraph::graph::NodeIndex;

use super::What;
use super::choice::{Later, On, Share, Unit};
use super::law::Law;
use super::network::{Distance, Trip, trip};
use super::server::Server;
use super::way::{Way, Ways};
use crate::catalog::Kind;
use crate::design::needs::calls_from_outside;
use crate::design::{Arrow, Design, Flow, Step};

/// One thing that takes time, or of which it is not known how much.
#[derive(Debug, Clone)]
pub struct Part {
    /// None of what would be a probability: a hit rate that is not stated.
    pub what: Option<What>,
    pub law: Law,
    pub wants: Vec<String>,
    pub distance: Option<Distance>,
}

/// A flow's time as an arithmetic of its parts.
#[derive(Debug)]
pub struct Composed {
    pub ways: Ways,
    pub whole: Way,
    /// In the order in which the flow reaches them; `Ways` knows them by their index.
    pub parts: Vec<Part>,
}

struct Walk<'d> {
    design: &'d Design,
    ways: Ways,
    parts: Vec<Part>,
    /// Wait and work of each node.
    serves: HashMap<NodeIndex, Way>,
    /// Round trip of each step, by its place in the flow.
    trips: Vec<Way>,
}

pub fn compose(design: &Design, flow: &Flow, server: &mut dyn FnMut(NodeIndex) -> Server) -> Composed {
    let steps = counted(design, flow);
    let mut walk =
        Walk { design, ways: Ways::new(), parts: Vec::new(), serves: HashMap::new(), trips: Vec::new() };
    for step in steps {
        walk.meet(step.from, server);
        walk.travel(step);
        walk.meet(step.to, server);
    }
    let whole = walk.answer(steps);
    Composed { ways: walk.ways, whole, parts: walk.parts }
}

/// The answer of an `async` flow does not wait for its end: only until the first queue or topic has it, or else the first
/// node has done its own work.
fn counted<'d>(design: &'d Design, flow: &Flow) -> &'d [Step] {
    let steps = design.steps_of(flow);
    if !flow.attrs.has("async") {
        return steps;
    }
    let accepted = steps.iter().position(|step| design.graph[step.to].kind.is_broker());
    let first = steps.iter().take_while(|step| step.line == steps[0].line && step.leg == 0).count();
    &steps[..accepted.map_or(first, |at| at + 1)]
}

impl Walk<'_> {
    fn add(&mut self, part: Part) -> Way {
        self.parts.push(part);
        self.ways.part(self.parts.len() - 1)
    }

    fn meet(&mut self, node: NodeIndex, server: &mut dyn FnMut(NodeIndex) -> Server) {
        if self.serves.contains_key(&node) {
            return;
        }
        let server = server(node);
        let mut way = Ways::NOTHING;
        let mut part = |walk: &mut Self, what: What, law: Option<Law>, wants: Vec<String>| {
            if law.is_some() || !wants.is_empty() {
                let law = law.unwrap_or(Law::Constant(0.0));
                let part = walk.add(Part { what: Some(what), law, wants, distance: None });
                way = walk.ways.then(way, part);
            }
        };
        part(self, What::Wait(node), server.wait, Vec::new());
        part(self, What::Work(node), server.work, server.wants);
        self.serves.insert(node, way);
    }

    fn travel(&mut self, step: &Step) {
        let what = Some(What::Network(step.from, step.to));
        let part = |law, wants, distance| Part { what, law, wants, distance };
        let way = match trip(self.design, step) {
            Trip::Nothing => Ways::NOTHING,
            Trip::Stated(time) => self.add(part(Law::Constant(time), Vec::new(), None)),
            Trip::Assumed(distance) => {
                self.add(part(Law::Constant(distance.seconds()), Vec::new(), Some(distance)))
            }
            Trip::Unknown => {
                let [from, to] = [step.from, step.to].map(|end| &self.design.graph[end].id);
                let want = format!("`rtt` of `{from} -> {to}`");
                self.add(part(Law::Constant(0.0), vec![want], None))
            }
        };
        self.trips.push(way);
    }

    /// From the first line's sources; several of them are one each of so many requests.
    fn answer(&mut self, steps: &[Step]) -> Way {
        let ons = self.ons(steps);
        let shares = shares(steps);
        // What each node goes on to in the lines after the one that is looked at.
        let mut later: HashMap<NodeIndex, Later> = HashMap::new();
        // The same on the next arrow of the same line.
        let mut chained: HashMap<NodeIndex, Unit> = HashMap::new();
        let mut end = steps.len();
        while end > 0 {
            let (line, leg) = (steps[end - 1].line, steps[end - 1].leg);
            let length =
                steps[..end].iter().rev().take_while(|step| (step.line, step.leg) == (line, leg)).count();
            let start = end - length;
            let mut units: Vec<(NodeIndex, Unit)> = Vec::new();
            let mut place: HashMap<NodeIndex, usize> = HashMap::new();
            let mut answers: HashMap<NodeIndex, Way> = HashMap::new();
            for at in start..end {
                let step = &steps[at];
                let way = self.hop(at, step, &mut later, &chained, &mut answers);
                let at_unit = *place.entry(step.from).or_insert_with(|| {
                    units.push((step.from, Unit { on: ons[at], hops: Vec::new() }));
                    units.len() - 1
                });
                units[at_unit].1.hops.push((way, shares[at]));
            }
            if leg == 0 {
                for (from, unit) in units {
                    later.entry(from).or_default().put_before(&mut self.ways, unit);
                }
                chained.clear();
            } else {
                chained = units.into_iter().collect();
            }
            end = start;
        }
        let first = steps.iter().take_while(|step| step.leg == 0 && step.line == steps[0].line);
        let mut seen = HashSet::new();
        let sources: Vec<NodeIndex> = first.map(|step| step.from).filter(|from| seen.insert(*from)).collect();
        let share = 1.0 / sources.len().max(1) as f64;
        let ways = sources.into_iter().filter(|source| !self.design.graph[*source].kind.is_broker());
        let ways: Vec<NodeIndex> = ways.collect();
        let ways = ways.into_iter().map(|source| (share, self.begin(source, &mut later, &chained))).collect();
        self.ways.mix(ways)
    }

    /// What a source takes; the time of somebody who calls from outside is not part of the answer.
    fn begin(
        &mut self,
        source: NodeIndex,
        later: &mut HashMap<NodeIndex, Later>,
        chained: &HashMap<NodeIndex, Unit>,
    ) -> Way {
        match calls_from_outside(self.design.graph[source].kind) {
            true => self.go_on(source, later, chained),
            false => self.respond(source, later, chained),
        }
    }

    /// Wait and work of a node, and what it goes on to.
    fn respond(
        &mut self,
        node: NodeIndex,
        later: &mut HashMap<NodeIndex, Later>,
        chained: &HashMap<NodeIndex, Unit>,
    ) -> Way {
        let goes_on = self.go_on(node, later, chained);
        let own = self.serves[&node];
        self.ways.then(own, goes_on)
    }

    fn go_on(
        &mut self,
        node: NodeIndex,
        later: &mut HashMap<NodeIndex, Later>,
        chained: &HashMap<NodeIndex, Unit>,
    ) -> Way {
        match (chained.get(&node), later.get_mut(&node)) {
            (None, None) => Ways::NOTHING,
            (None, Some(later)) => later.whole(&mut self.ways),
            (Some(unit), known) => {
                let mut later = known.cloned().unwrap_or_default();
                later.put_before(&mut self.ways, unit.clone());
                later.whole(&mut self.ways)
            }
        }
    }

    /// What its caller waits for over one hop, if it takes it.
    fn hop(
        &mut self,
        at: usize,
        step: &Step,
        later: &mut HashMap<NodeIndex, Later>,
        chained: &HashMap<NodeIndex, Unit>,
        answers: &mut HashMap<NodeIndex, Way>,
    ) -> Way {
        let hop = &self.design.graph[step.hop];
        let [from, to] = [step.from, step.to].map(|end| &self.design.graph[end]);
        let waits = match hop.arrow {
            Arrow::Call | Arrow::Stream => true,
            Arrow::Handoff => to.kind.is_broker() && !from.relays() && !from.kind.is_broker(),
            Arrow::Control => false,
        };
        let is_way_out = matches!(step.attrs.text("on").value(), Some("error" | "failover"));
        if !waits || is_way_out {
            return Ways::NOTHING;
        }
        // A broker that has accepted is the end: what follows happens later.
        let answer = if to.kind.is_broker() || to.kind == Kind::Client {
            self.serves[&step.to]
        } else if let Some(&known) = answers.get(&step.to) {
            known
        } else {
            let answer = self.respond(step.to, later, chained);
            answers.insert(step.to, answer);
            answer
        };
        let mut way = self.ways.then(self.trips[at], answer);
        if step.attrs.has("optional") || hop.attrs.has("fallback") {
            let attempts = hop.attrs.number("attempts").value().unwrap_or(1.0).max(1.0);
            if let Some(timeout) = hop.attrs.number("timeout").value() {
                way = self.ways.capped(timeout * attempts, way);
            }
        }
        let (calls, at_once) = repeats(step);
        way =
            if at_once < 1.0 { self.ways.perhaps(at_once, way) } else { self.ways.slowest_of(at_once, way) };
        self.ways.times(calls, way)
    }

    /// For each step that is taken on a hit or a miss, of which cache.
    fn ons(&mut self, steps: &[Step]) -> Vec<Option<On>> {
        let mut last_asked: HashMap<NodeIndex, (usize, NodeIndex)> = HashMap::new();
        let mut wanted: HashMap<NodeIndex, Way> = HashMap::new();
        let mut ons = Vec::with_capacity(steps.len());
        for (at, step) in steps.iter().enumerate() {
            let hit = match step.attrs.text("on").value() {
                Some("hit") => Some(true),
                Some("miss") => Some(false),
                _ => None,
            };
            let asks_itself = matches!(self.design.graph[step.from].kind, Kind::Cache | Kind::Cdn);
            let asked = match asks_itself {
                true => Some((steps.len() + step.from.index(), step.from)),
                false => last_asked.get(&step.from).copied(),
            };
            ons.push(hit.map(|hit| {
                let hit_rate =
                    asked.and_then(|(_, cache)| self.design.graph[cache].attrs.number("hit_rate").value());
                if hit_rate.is_none()
                    && let Some((_, cache)) = asked
                {
                    self.want_hits(step.from, cache, &mut wanted);
                }
                let hit_rate = hit_rate.map(|rate| rate.clamp(0.0, 1.0));
                On { asked: asked.map_or(usize::MAX, |(question, _)| question), hit, hit_rate }
            }));
            if self.design.graph[step.to].kind == Kind::Cache {
                last_asked.insert(step.from, (at, step.to));
            }
        }
        ons
    }

    /// A caller that does not know how often it goes on waits for a part that nobody knows.
    fn want_hits(&mut self, caller: NodeIndex, cache: NodeIndex, wanted: &mut HashMap<NodeIndex, Way>) {
        if wanted.contains_key(&caller) {
            return;
        }
        let want = format!("`hit_rate` of {}", self.design.graph[cache].name());
        let part = self.add(Part { what: None, law: Law::Constant(0.0), wants: vec![want], distance: None });
        wanted.insert(caller, part);
        let own = self.serves[&caller];
        let both = self.ways.then(own, part);
        self.serves.insert(caller, both);
    }
}

/// Calls one after another, and how many of each at once. What is put into a batch waits for the batch.
fn repeats(step: &Step) -> (f64, f64) {
    let number =
        |name: &str| step.attrs.number(name).value().filter(|value| value.is_finite() && *value >= 0.0);
    let (calls, at_once) = (number("calls").unwrap_or(1.0), number("fanout").unwrap_or(1.0));
    let batch = number("batch").unwrap_or(1.0).max(1.0);
    let fewer = |count: f64, batch: f64| if count > 1.0 { (count / batch).max(1.0) } else { count };
    let fewer_calls = fewer(calls, batch);
    let left = if calls > 1.0 { (batch * fewer_calls / calls).max(1.0) } else { batch };
    (fewer_calls, fewer(at_once, left))
}

/// Of each caller in turn, shares until they are all of its requests: those are ways for the same ones.
fn shares(steps: &[Step]) -> Vec<Option<Share>> {
    let mut groups = 0;
    let mut open: HashMap<NodeIndex, (usize, f64)> = HashMap::new();
    let of = |step: &Step| {
        let of_one = step.attrs.number("share").value().filter(|share| *share < 1.0)?;
        let (group, sum) = open.get(&step.from).copied().unwrap_or_else(|| {
            groups += 1;
            (groups, 0.0)
        });
        match sum + of_one >= 1.0 - 1e-9 {
            true => open.remove(&step.from),
            false => open.insert(step.from, (group, sum + of_one)),
        };
        Some(Share { group, of_one: of_one.max(0.0) })
    };
    steps.iter().map(of).collect()
}
