//! What can be lost, and what goes with it.

use std::collections::{BTreeSet, HashMap, HashSet};

use petgraph::graph::NodeIndex;
use serde::{Deserialize, Serialize};

use crate::catalog::Kind;
use crate::design::load::Situation;
use crate::design::{Design, Group, GroupKind, Node};
use crate::numbers::availability::{What, is_one_thing, parts};
use crate::numbers::has_one_primary;

/// One loss, by the name of what is lost. Names are the design's; nothing holds them to one design.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "of", rename_all = "snake_case")]
pub enum Loss {
    /// A cache has lost all that it held, as after a restart; it goes on answering.
    Empty(String),
    /// One instance of several: the one that costs most.
    Instance(String),
    /// A node with all of its instances.
    Node(String),
    /// `region/zone`, or a zone without a region.
    Zone(String),
    Region(String),
    /// A group, and all that stands in it.
    Group(String),
    /// What names it in `fate=`.
    Fate(String),
}

/// What a loss takes away at once.
pub struct Lost {
    /// Failures in the sense of `numbers::availability`.
    pub components: Vec<What>,
    /// Nodes that are gone whole, whatever is known of their instances.
    pub nodes: HashSet<NodeIndex>,
    /// What caches answer from then on.
    pub hits: HashMap<NodeIndex, f64>,
}

impl Loss {
    /// What names it on the command line: `hot`, `hot/empty`, `hot/instance`, `east/a`.
    pub fn id(&self) -> String {
        match self {
            Loss::Empty(of) => format!("{of}/empty"),
            Loss::Instance(of) => format!("{of}/instance"),
            Loss::Node(of) | Loss::Zone(of) | Loss::Region(of) | Loss::Group(of) | Loss::Fate(of) => {
                of.clone()
            }
        }
    }

    /// The loss of this name in a design; None where nothing of the design is called so.
    pub fn named(design: &Design, id: &str) -> Option<Loss> {
        every(design).into_iter().find(|loss| loss.id() == id)
    }

    /// Something that nodes stand in.
    pub fn is_of_a_place(&self) -> bool {
        matches!(self, Loss::Zone(_) | Loss::Region(_) | Loss::Group(_) | Loss::Fate(_))
    }

    /// What it takes away in this design: nothing, of a name that is not in it.
    pub fn takes(&self, design: &Design) -> Lost {
        let mut lost = Lost { components: Vec::new(), nodes: HashSet::new(), hits: HashMap::new() };
        match self {
            Loss::Empty(of) => lost.hits.extend(design.node(of).map(|node| (node, 0.0))),
            Loss::Instance(of) => {
                let Some(at) = design.node(of) else { return lost };
                let node = &design.graph[at];
                lost.components.push(What::Instance(at, 0));
                if let Some(hits) = node.attrs.number("hit_rate").value().filter(|_| !has_warm_copies(node)) {
                    lost.hits.insert(at, hits * (1.0 - 1.0 / contents(node)));
                }
            }
            Loss::Node(of) => lost.nodes.extend(design.node(of)),
            Loss::Zone(of) => lost.components.push(What::Zone(of.clone())),
            Loss::Region(of) => lost.components.push(What::Region(of.clone())),
            Loss::Fate(of) => lost.components.push(What::Fate(of.clone())),
            Loss::Group(of) => lost.nodes.extend(
                design
                    .graph
                    .node_indices()
                    .filter(|&at| design.graph[at].kind != Kind::Client)
                    .filter(|&at| design.groups_around(at).take(DEEPEST).any(|group| group.id == *of)),
            ),
        }
        lost
    }

    /// How many of a node's instances are left, and of how many; None where as much is carried as before, or it is not said
    /// how many there are.
    ///
    /// Instances stand in the node's zones one by one. One that is lost is replaced where instances are added by load; a
    /// zone is not, as everybody else in it asks for machines at the same time. A standby that is lost costs nothing, and
    /// a primary is followed by one.
    pub fn leaves(&self, design: &Design, at: NodeIndex) -> Option<(u64, u64)> {
        let node = &design.graph[at];
        let all = node.most_instances()?;
        if is_one_thing(node) || has_one_primary(node) {
            return None;
        }
        let in_zones = |gone: &dyn Fn(&str) -> bool| -> u64 {
            let zones = node.zones.len() as u64;
            let lost = (0..zones).zip(&node.zones).filter(|(_, zone)| gone(zone));
            lost.map(|(place, _)| (all + zones - 1 - place) / zones).sum()
        };
        let lost = match self {
            Loss::Instance(of) => {
                u64::from(*of == node.id && !node.attrs.has("autoscale") && node.kind != Kind::Function)
            }
            Loss::Zone(of) => in_zones(&|zone| zone == of),
            Loss::Region(of) => {
                in_zones(&|zone| zone.rsplit_once('/').is_some_and(|(region, _)| region == of))
            }
            _ => 0,
        };
        (lost > 0).then(|| (all.saturating_sub(lost), all))
    }
}

/// Groups may nest as deep as a file likes; nobody stands in more of them than this.
const DEEPEST: usize = 64;

/// All that can be asked after, in the order in which it is shown.
pub fn every(design: &Design) -> Vec<Loss> {
    let nodes = || design.graph.node_weights().filter(|node| node.kind != Kind::Client);
    let names = |is: &dyn Fn(&Node) -> bool, make: fn(String) -> Loss| -> Vec<Loss> {
        nodes().filter(|node| is(node)).map(|node| make(node.id.clone())).collect()
    };
    let passed = caches_with_a_way_past(design);
    let is_passed = |node: &Node| design.node(&node.id).is_some_and(|at| passed.contains(&at));
    let mut all = names(&is_passed, Loss::Empty);
    all.extend(names(&has_instances, Loss::Instance));
    all.extend(names(&|_| true, Loss::Node));
    let mut zones = Vec::new();
    for zone in nodes().flat_map(|node| &node.zones) {
        zones.push(zone.clone());
    }
    all.extend(each_once(zones).into_iter().map(Loss::Zone));
    let of_kind = |kind: GroupKind| design.groups.iter().filter(move |group| group.kind == kind);
    all.extend(of_kind(GroupKind::Region).map(|group| Loss::Region(group.id.clone())));
    all.extend(of_kind(GroupKind::Group).map(|group| Loss::Group(group.id.clone())));
    let fates = nodes().flat_map(|node| node.attrs.words("fate")).cloned().collect();
    all.extend(each_once(fates).into_iter().map(Loss::Fate));
    all
}

/// What a cache or CDN has lost comes from elsewhere: its caller goes there on a miss, or it does itself. Of the others
/// nobody knows what they are without what they held.
fn caches_with_a_way_past(design: &Design) -> BTreeSet<NodeIndex> {
    let is_cache = |node: NodeIndex| matches!(design.graph[node].kind, Kind::Cache | Kind::Cdn);
    let mut passed = BTreeSet::new();
    for flow in &design.flows {
        // The cache that each caller asked last.
        let mut asked: HashMap<NodeIndex, NodeIndex> = HashMap::new();
        for step in design.steps_of(flow) {
            if is_cache(step.from) {
                passed.insert(step.from);
            } else if step.attrs.text("on").value() == Some("miss") {
                passed.extend(asked.get(&step.from));
            }
            if is_cache(step.to) {
                asked.insert(step.from, step.to);
            }
        }
    }
    passed
}

/// Those that are worth a look without being asked for. A node goes whole where the flow has a way out that takes over what
/// it did, and a group where it is said how often it fails; what else a lost node does, its flows' cut sets say.
pub fn likely(design: &Design) -> Vec<Loss> {
    let replaceable = nodes_with_a_way_out(design);
    let fails = |group: &Group| group.attrs.number("availability").value().is_some();
    let likely = |loss: &Loss| match loss {
        Loss::Node(of) => design.node(of).is_some_and(|node| replaceable.contains(&node)),
        Loss::Group(of) => design.groups.iter().any(|group| group.id == *of && fails(group)),
        _ => true,
    };
    every(design).into_iter().filter(likely).collect()
}

/// All nodes of the flows in which some way out is drawn: what fails behind a call fails the call.
fn nodes_with_a_way_out(design: &Design) -> BTreeSet<NodeIndex> {
    let is_way_out = |step: &crate::design::Step| {
        let fallback = design.graph[step.hop].attrs.text("fallback").value();
        matches!(step.attrs.text("on").value(), Some("error" | "failover"))
            || fallback.is_some_and(|id| design.node(id).is_some())
    };
    design
        .flows
        .iter()
        .map(|flow| design.steps_of(flow))
        .filter(|steps| steps.iter().any(is_way_out))
        .flat_map(|steps| steps.iter().map(|step| step.to))
        .filter(|&node| design.graph[node].kind != Kind::Client)
        .collect()
}

/// Several instances, of which one can be lost.
fn has_instances(node: &Node) -> bool {
    !is_one_thing(node)
        && node.kind != Kind::Function
        && node.instances.max(node.most_instances().unwrap_or(0)) >= 2
}

/// A copy takes over what a lost instance held: instances carry the load together, so that without `failover=auto` or
/// shards that have more than one of them, each has entries of its own.
fn has_warm_copies(node: &Node) -> bool {
    let failover = node.attrs.text("failover");
    let shards = node.attrs.number("shards").value();
    let by_itself = node.tech.is_some_and(|tech| tech.failover.as_deref() == Some("auto"));
    let takes_over =
        failover.value() == Some("auto") || failover.is_unstated() && shards.is_some() && by_itself;
    takes_over && node.instances > parts(node)
}

/// The parts that a cache's entries are spread over: its shards, else its instances.
pub fn contents(node: &Node) -> f64 {
    let shards = node.attrs.number("shards").value().filter(|shards| *shards >= 1.0);
    shards.unwrap_or(node.instances.max(1) as f64).max(1.0)
}

fn each_once(names: Vec<String>) -> Vec<String> {
    let mut seen = HashSet::new();
    names.into_iter().filter(|name| seen.insert(name.clone())).collect()
}

impl Lost {
    /// What the load of a flow has to know, with the nodes that do not work.
    pub fn situation(&self, down: HashSet<NodeIndex>) -> Situation {
        Situation { hits: self.hits.clone(), down }
    }
}
