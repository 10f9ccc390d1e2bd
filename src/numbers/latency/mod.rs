//! How long the answer of each flow takes: the spread of its time, from what its nodes do, how they queue and how far they
//! stand apart.
//!
//! All times are taken to be independent of each other. Failures, retries, and what a network loses are not in them.

mod choice;
mod compose;
mod erlang;
mod law;
mod masses;
mod network;
mod normal;
mod reckon;
mod server;
mod way;
mod words;

use petgraph::graph::NodeIndex;

pub use erlang::probability_of_waiting;
pub use network::{Distance, distance};

use super::figure::{Assumed, Figure, Missing, Reached, Unit, add_new};
use crate::catalog::Grade;
use crate::design::{Design, Flow};
use compose::{Composed, compose};
use law::Law;
use reckon::{Reckoned, reckon};
use server::{Server, server};

/// What takes time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum What {
    Work(NodeIndex),
    /// Until the node begins with it.
    Wait(NodeIndex),
    /// There and back.
    Network(NodeIndex, NodeIndex),
}

/// What a flow's answer waits for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contributor {
    pub what: What,
    /// Seconds of the mean; those of all contributors add up to it.
    pub mean: f64,
    /// A round trip that is not stated.
    pub distance: Option<Distance>,
}

/// How the work of a node is spread that states no `latency_p99`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Spread {
    /// As M/M/c takes for granted: 99 of 100 within 4.6 times the mean.
    Exponential,
    /// Log-normal, 99 of 100 within so many times the mean; 1 is no spread at all.
    Times(f64),
}

/// What may stand in for numbers that the design does not state.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Assume {
    pub spread: Spread,
    /// Defaults of grade C count, too.
    pub defaults: bool,
}

impl Assume {
    /// What the figures take for granted.
    pub const FIGURES: Assume = Assume { spread: Spread::Exponential, defaults: true };
}

/// The time of a flow's answer in figures.
#[derive(Debug)]
pub struct Latency {
    pub p50: Reached,
    pub p99: Reached,
    /// The largest first; empty where no time can be said at all.
    pub contributors: Vec<Contributor>,
    pub mean: f64,
    /// What was taken for granted, also of a figure that is only a least one.
    pub assumed: Vec<Assumed>,
    /// How its nodes' work and waits were reached.
    pub lines: Vec<String>,
}

/// The time of a flow's answer as far as it is known.
#[derive(Debug)]
pub struct Answer {
    /// None where nothing on the way is known to take time, or no time can be said because something gets more than it
    /// carries.
    pub known: Option<Known>,
    /// What counts too little in it.
    pub wants: Vec<String>,
    pub nodes: Vec<NodeIndex>,
    pub distances: Vec<Distance>,
}

/// Seconds.
#[derive(Debug)]
pub struct Known {
    pub p50: f64,
    pub p99: f64,
    pub mean: f64,
    pub contributors: Vec<Contributor>,
}

/// A design, and what has been found of its nodes.
pub struct Model<'d> {
    design: &'d Design,
    assume: Assume,
    servers: Vec<Option<Server>>,
}

/// Of every flow, in order; None where nobody waits for anything.
pub fn of_flows(design: &Design) -> Vec<Option<Latency>> {
    let mut model = Model::new(design, Assume::FIGURES);
    design.flows.iter().map(|flow| model.latency(flow)).collect()
}

impl<'d> Model<'d> {
    pub fn new(design: &'d Design, assume: Assume) -> Model<'d> {
        Model { design, assume, servers: vec![None; design.graph.node_count()] }
    }

    fn server(&mut self, node: NodeIndex) -> &Server {
        let (design, assume) = (self.design, self.assume);
        self.servers[node.index()].get_or_insert_with(|| server(design, node, assume))
    }

    /// None where nobody waits for anything.
    pub fn answer(&mut self, flow: &Flow) -> Option<Answer> {
        let Composed { ways, whole, mut parts } =
            compose(self.design, flow, &mut |node| self.server(node).clone());
        let used = ways.parts_of(whole, parts.len());
        if !self.assume.defaults {
            let weak = |distance: Option<Distance>| distance.is_some_and(|of| of.grade() == Grade::C);
            parts
                .iter_mut()
                .filter(|part| weak(part.distance))
                .for_each(|part| part.law = Law::Constant(0.0));
        }
        let on_the_way: Vec<_> =
            parts.iter().zip(&used).filter(|(_, used)| **used).map(|(part, _)| part).collect();
        if on_the_way.is_empty() {
            return None;
        }
        let mut answer = Answer { known: None, wants: Vec::new(), nodes: Vec::new(), distances: Vec::new() };
        let mut hopeless = false;
        for part in &on_the_way {
            add_new(&mut answer.wants, &part.wants);
            if let Some(What::Work(node)) = part.what {
                answer.nodes.push(node);
                hopeless |= self.server(node).hopeless;
            }
            answer.distances.extend(part.distance);
        }
        let laws: Vec<Law> = parts.iter().map(|part| part.law).collect();
        if !hopeless && let Some(Reckoned { p50, p99, parts: means }) = reckon(&ways, whole, &laws) {
            let mut contributors: Vec<Contributor> = Vec::new();
            for (part, mean) in parts.iter().zip(means).filter(|(_, mean)| *mean > 0.0) {
                let Some(what) = part.what else { continue };
                match contributors.iter_mut().find(|other| other.what == what) {
                    Some(known) => known.mean += mean,
                    None => contributors.push(Contributor { what, mean, distance: part.distance }),
                }
            }
            contributors.sort_by(|one, other| other.mean.total_cmp(&one.mean));
            let mean = contributors.iter().map(|of| of.mean).sum();
            answer.known = Some(Known { p50, p99, mean, contributors }).filter(|known| known.p99 > 0.0);
        }
        Some(answer)
    }

    /// What of the nodes' own work is spread by assumption.
    pub fn is_unspread(&mut self, node: NodeIndex) -> bool {
        self.server(node).is_unspread
    }

    fn latency(&mut self, flow: &Flow) -> Option<Latency> {
        let answer = self.answer(flow)?;
        let mut assumed: Vec<Assumed> = Vec::new();
        let mut lines = Vec::new();
        let mut add = |one: Assumed| {
            if !assumed.contains(&one) {
                assumed.push(one);
            }
        };
        for &node in &answer.nodes {
            let server = self.server(node);
            lines.extend(server.lines.iter().cloned());
            server.assumed.iter().cloned().for_each(&mut add);
            if server.is_unspread {
                add(words::spread());
            }
        }
        for distance in Distance::ALL.into_iter().filter(|distance| answer.distances.contains(distance)) {
            add(words::trip(distance));
        }
        let figure = |of: fn(&Known) -> f64, share: &str| match &answer.known {
            Some(known) if answer.wants.is_empty() => {
                Ok(Figure::new(of(known), Unit::Time, words::sum(known, share)))
            }
            known => {
                let at_least = known.as_ref().map(of).filter(|least| *least > 0.0);
                Err(Missing { wants: answer.wants.clone(), at_least })
            }
        };
        let (p50, p99) = (figure(|known| known.p50, "half"), figure(|known| known.p99, "99 of 100"));
        // Nothing known to take time, and nothing missing: an answer that costs nothing.
        if answer.known.is_none() && answer.wants.is_empty() {
            return None;
        }
        let (mean, contributors) =
            answer.known.map_or((0.0, Vec::new()), |known| (known.mean, known.contributors));
        Some(Latency { p50, p99, contributors, mean, assumed, lines })
    }
}
