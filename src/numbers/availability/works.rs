//! When a node works: enough of its instances, in each of its parts, and all that it cannot do without.

use std::collections::{BTreeMap, HashMap};

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, EdgeReference, NodeIndex};
use petgraph::visit::EdgeRef;

use super::assumption::{Assumption, Instance};
use super::component::{Component, What};
use super::many;
use super::model::{Change, Model};
use super::place::Standing;
use super::tree::Term;
use crate::catalog::{Grade, Kind};
use crate::design::{Arrow, Hop, Node, Value};
use crate::units::show_number;

/// Instances of one group that are components of their own. More are counted, not named.
const NAMED: usize = 32;
/// Nodes that need each other in a circle and have copies; nobody draws more of them than this, and more are taken to stand
/// and fall together.
const MOST_IN_CIRCLE: usize = 8;
/// Parts of a store, each of which has to work.
const PARTS: u64 = 2_000;

impl Model<'_> {
    /// The node, or a copy that takes its place; each with what it needs by itself.
    pub fn stands(
        &mut self,
        index: NodeIndex,
        needs: &mut dyn FnMut(&mut Self, NodeIndex) -> Vec<Term>,
    ) -> Term {
        let copies = self.standbys.get(&index).cloned().unwrap_or_default();
        let mut ways = Vec::new();
        for one in std::iter::once(index).chain(copies) {
            let mut all = vec![self.stands_alone(one)];
            all.extend(needs(self, one));
            ways.push(self.terms.all(all));
        }
        self.terms.any(ways)
    }

    /// The node by itself.
    fn stands_alone(&mut self, index: NodeIndex) -> Term {
        let design = self.design;
        let node = &design.graph[index];
        if node.kind == Kind::Client {
            return self.terms.always();
        }
        let instance = Instance::of(node);
        if let Some(assumed) = &instance.assumed {
            self.assume(What::Whole(index), assumed.clone());
        }
        let standing = self.standing(index);
        let term = if is_whole(node, &instance) {
            let own = self.component(What::Whole(index), instance.up, &standing);
            let somewhere = self.terms.any(standing.zones.clone());
            self.terms.all(vec![own, somewhere])
        } else {
            self.parts(index, &instance, &standing)
        };
        let mut all = standing.everywhere;
        all.push(term);
        self.terms.all(all)
    }

    fn component(&mut self, what: What, up: f64, standing: &Standing) -> Term {
        self.terms.up(Component { what, down: 1.0 - up, failures: 1, region: standing.region.clone() })
    }

    /// Each part of it works: a store in shards has several, everything else one.
    fn parts(&mut self, index: NodeIndex, instance: &Instance, standing: &Standing) -> Term {
        let design = self.design;
        let node = &design.graph[index];
        let instances = self.instances(index);
        let parts = parts(node).clamp(1, instances);
        if let Some(usual) = node.usual_copies().filter(|_| parts > 1) {
            let assumed = Assumption {
                what: format!("each record is kept {} times", show_number(usual.value)),
                grade: usual.grade,
                source: usual.source.clone(),
                of: vec![node.id.clone()],
                instead: "`copies=` on it".to_string(),
            };
            self.assume(What::TooFew(index, 0), assumed);
        }
        if parts > PARTS {
            // Nobody states that many; what they are in all is known, where each stands no longer matters.
            let each = instances / parts;
            let up = many::at_least(self.wanted(index, each), each, instance.up).powf(parts as f64);
            let own = self.component(What::TooFew(index, 0), up, standing);
            let somewhere = self.terms.any(standing.zones.clone());
            return self.terms.all(vec![own, somewhere]);
        }
        let mut all = Vec::new();
        for part in 0..parts {
            let first = part * (instances / parts);
            let last = if part + 1 == parts { instances } else { first + instances / parts };
            all.push(self.part(index, instance, standing, first, last));
        }
        self.terms.all(all)
    }

    /// Enough of the instances from `first` up to `last`.
    fn part(
        &mut self,
        index: NodeIndex,
        instance: &Instance,
        standing: &Standing,
        first: u64,
        last: u64,
    ) -> Term {
        let count = last - first;
        let zones = standing.zones.len() as u64;
        let wanted = self.wanted(index, count);
        if self.is_primary_alone(index, count) {
            return self.instance(What::Primary(index, first as usize), instance, standing);
        }
        if count > NAMED as u64 {
            // One by one, beginning with the zone of the first.
            let of_zone = |zone: u64| {
                let skipped = (zone + zones - first % zones) % zones;
                if skipped < count { (count - 1 - skipped) / zones + 1 } else { 0 }
            };
            let counts: Vec<(Term, u64)> =
                standing.zones.iter().zip(0..).map(|(&term, zone)| (term, of_zone(zone))).collect();
            let region = standing.region.clone();
            return many::enough(&mut self.terms, index, &counts, wanted, instance.up, region);
        }
        let up = (first..last)
            .map(|at| self.instance(What::Instance(index, at as usize), instance, standing))
            .collect();
        self.terms.at_least(wanted as usize, up)
    }

    fn instance(&mut self, what: What, instance: &Instance, standing: &Standing) -> Term {
        let (What::Instance(_, at) | What::Primary(_, at)) = what else { unreachable!("one of these two") };
        let zone = standing.zones[at % standing.zones.len()];
        let own = self.component(what, instance.up, standing);
        self.terms.all(vec![zone, own])
    }

    /// The instances that there are at the least.
    fn instances(&self, index: NodeIndex) -> u64 {
        let node = &self.design.graph[index];
        let least = match node.attrs.get("autoscale").map(|setting| &setting.value) {
            Some(Value::Range(least, _)) => *least as u64,
            _ => 1,
        };
        let more = u64::from(self.change == Some(Change::OneMore(index)));
        node.instances.max(least).max(1) + more
    }

    /// How many of the instances of one part have to be up.
    fn wanted(&self, index: NodeIndex, count: u64) -> u64 {
        let node = &self.design.graph[index];
        if let Some(needs) = node.attrs.number("needs").value() {
            return needs.max(0.0) as u64;
        }
        let majority = count / 2 + 1;
        let says_quorum = node.attrs.text("replication").value() == Some("quorum");
        let votes =
            node.tech.is_some_and(|tech| tech.votes && tech.kind() == node.kind) || node.kind == Kind::Lock;
        match node.attrs.get("quorum").map(|setting| &setting.value) {
            Some(Value::Number(quorum)) => (*quorum as u64).max(1),
            Some(Value::None) => 1,
            Some(_) => majority,
            None if says_quorum || votes => majority,
            None => 1,
        }
    }

    /// A database with copies that do not take over by themselves.
    fn is_primary_alone(&mut self, index: NodeIndex, count: u64) -> bool {
        let design = self.design;
        let node = &design.graph[index];
        let counted = ["needs", "quorum", "conflict", "replica_of"].iter().any(|how| node.attrs.has(how))
            || node.attrs.text("replication").value() == Some("quorum");
        if count < 2
            || !node.kind.is_store()
            || node.is_managed()
            || counted
            || self.change == Some(Change::Failover(index))
        {
            return false;
        }
        let failover = node.attrs.text("failover");
        if !failover.is_unstated() {
            return failover.value() != Some("auto");
        }
        let by_itself = node.tech.is_some_and(|tech| tech.failover.as_deref() == Some("auto"));
        if node.kind != Kind::Database || by_itself {
            return false;
        }
        let assumed = Assumption {
            what: "no copy takes over by itself: it works while its first instance is up".to_string(),
            grade: Grade::C,
            source: "nothing says `failover=`".to_string(),
            of: vec![node.id.clone()],
            instead: "`failover=auto` (or `needs=`)".to_string(),
        };
        self.assume(What::Whole(index), assumed);
        true
    }
}

/// One component, however many machines its owner has: somebody else's, or managed and not described by its instances.
pub fn is_whole(node: &Node, instance: &Instance) -> bool {
    let counted = instance.stated && node.instances > 1;
    (node.kind == Kind::External || node.is_managed()) && !counted
}

/// No instances of its own: somebody else's, or managed and not described by them.
pub fn is_one_thing(node: &Node) -> bool {
    is_whole(node, &Instance::of(node))
}

/// A store in shards, or in several sets of copies, has a part for each.
pub fn parts(node: &Node) -> u64 {
    if node.attrs.has("needs") || !(node.kind.is_store() || node.kind.is_broker()) {
        return 1;
    }
    let number = |name| if node.attrs.get(name).is_some() { node.attrs.number(name).value() } else { None };
    match (number("shards"), number("copies").or(node.usual_copies().map(|usual| usual.value))) {
        (Some(shards), _) => shards as u64,
        (None, Some(copies)) if copies >= 1.0 => node.instances / copies as u64,
        _ => 1,
    }
}

/// What a node needs to start or to find its peers, and what that needs: those in a circle stand and fall together.
pub fn with_hard_needs(model: &mut Model) {
    let design = model.design;
    let is_hard = |edge: &EdgeReference<Hop>| {
        let hop = edge.weight();
        let steps = || hop.steps.iter().map(|&step| &design.steps[step].attrs);
        hop.arrow == Arrow::Control
            && (hop.attrs.has("needs") || steps().any(|attrs| attrs.has("needs")))
            && !hop.attrs.has("cached")
            && !steps().any(|attrs| attrs.has("cached"))
    };
    let mut needs: BTreeMap<NodeIndex, Vec<NodeIndex>> = BTreeMap::new();
    for edge in design.graph.edge_references().filter(is_hard) {
        needs.entry(edge.source()).or_default().push(edge.target());
    }
    // Who has a copy that takes over comes after what that copy needs as well.
    let mut after = needs.clone();
    for (&first, copies) in &model.standbys {
        let theirs: Vec<NodeIndex> =
            copies.iter().filter_map(|copy| needs.get(copy)).flatten().copied().collect();
        if !theirs.is_empty() {
            after.entry(first).or_default().extend(theirs);
        }
    }
    let mut graph: DiGraph<NodeIndex, ()> = DiGraph::new();
    let mut local = HashMap::new();
    for (from, to) in after.iter().flat_map(|(&from, to)| to.iter().map(move |&to| (from, to))) {
        let [from, to] = [from, to].map(|node| *local.entry(node).or_insert_with(|| graph.add_node(node)));
        graph.add_edge(from, to, ());
    }
    // Each circle comes after those that it leads to.
    for circle in kosaraju_scc(&graph) {
        let circle: Vec<NodeIndex> = circle.into_iter().map(|at| graph[at]).collect();
        let copied = circle.iter().any(|at| model.standbys.contains_key(at));
        // Without copies they stand and fall together. With one, those go on that can do without what is down: each
        // round takes away who needs what the last one took, so there are no more rounds than nodes.
        let rounds = if copied && circle.len() <= MOST_IN_CIRCLE { circle.len() } else { 1 };
        let always = model.terms.always();
        let mut works: HashMap<NodeIndex, Term> = circle.iter().map(|&at| (at, always)).collect();
        for _ in 0..rounds {
            let mut needed = |model: &mut Model, one: NodeIndex| {
                let all = needs.get(&one).into_iter().flatten();
                all.map(|need| works.get(need).copied().unwrap_or_else(|| model.works(*need))).collect()
            };
            let next: Vec<Term> = circle.iter().map(|&at| model.stands(at, &mut needed)).collect();
            works = circle.iter().copied().zip(next).collect();
        }
        if rounds < circle.len() {
            let together = model.terms.all(circle.iter().map(|at| works[at]).collect());
            works.values_mut().for_each(|term| *term = together);
        }
        works.into_iter().for_each(|(at, term)| model.set_working(at, term));
    }
}
