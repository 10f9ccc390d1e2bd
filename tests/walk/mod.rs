//! Whether a flow is served in one state of the world, by walking it. Written apart from the fault tree: it shares nothing
//! with it but the design, and the names of components.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use spof::catalog::Kind;
use spof::design::{Arrow, Design, Flow, Node, Step};

/// Who is up, by name; everything else is.
type State<'s> = &'s dyn Fn(&str) -> bool;

pub struct Walk<'d> {
    design: &'d Design,
    steps: &'d [Step],
    /// Name and share of time that it is up.
    pub components: Vec<(String, f64)>,
}

impl<'d> Walk<'d> {
    pub fn new(design: &'d Design, flow: &'d Flow) -> Walk<'d> {
        let mut components: BTreeMap<String, f64> = BTreeMap::new();
        for node in design.graph.node_weights().filter(|node| node.kind != Kind::Client) {
            let up = node.attrs.number("availability").value().unwrap();
            for at in 0..node.instances {
                components.insert(format!("{}#{}", node.id, at + 1), up);
            }
        }
        for group in &design.groups {
            let up = group.attrs.number("availability").value().unwrap();
            let name = match group.id.as_str() {
                "r" => "region r".to_string(),
                "os" => "fate os".to_string(),
                zone if group.parent.is_some() => format!("zone r/{zone}"),
                zone => format!("zone {zone}"),
            };
            components.insert(name, up);
        }
        Walk { design, steps: design.steps_of(flow), components: components.into_iter().collect() }
    }

    /// The share of time in which it is not served, and the smallest sets of failures, of up to so many, that stop it.
    pub fn every_state(&self, most: u32) -> (f64, BTreeSet<BTreeSet<String>>) {
        let count = self.components.len();
        let place: HashMap<&str, usize> =
            self.components.iter().enumerate().map(|(at, (name, _))| (name.as_str(), at)).collect();
        let served: Vec<bool> = (0..1_usize << count)
            .map(|failed| self.is_served(&|name: &str| failed >> place[name] & 1 == 0))
            .collect();
        let mut down = 0.0;
        let mut minimal = BTreeSet::new();
        for failed in (0..1_usize << count).filter(|&failed| !served[failed]) {
            let share = |at: usize| {
                let up = self.components[at].1;
                if failed >> at & 1 == 1 { 1.0 - up } else { up }
            };
            down += (0..count).map(share).product::<f64>();
            let members: Vec<usize> = (0..count).filter(|at| failed >> at & 1 == 1).collect();
            if failed.count_ones() <= most && members.iter().all(|at| served[failed ^ (1 << at)]) {
                minimal.insert(members.iter().map(|&at| self.components[at].0.clone()).collect());
            }
        }
        (down, minimal)
    }

    /// Every source of the flow gets its answer.
    fn is_served(&self, state: State) -> bool {
        let mut seen = HashSet::new();
        for (at, step) in self.steps.iter().enumerate() {
            let is_source = step.leg == 0 && !seen.contains(&step.from);
            seen.insert(step.from);
            seen.insert(step.to);
            if is_source && !self.answers(step.from.index(), at, state) {
                return false;
            }
        }
        true
    }

    /// A node that is asked just before step `next` is up, and gets done what it has to do from there on.
    fn answers(&self, node: usize, next: usize, state: State) -> bool {
        self.is_up(node, state) && self.does(node, next, state)
    }

    /// Hops that began before `next` are somebody else's, together with what is another way for them.
    fn does(&self, node: usize, next: usize, state: State) -> bool {
        let mine: Vec<usize> =
            (0..self.steps.len()).filter(|&at| self.steps[at].from.index() == node).collect();
        // How the last thing tried went; None before anything, or where its outcome does not matter.
        let mut last: Option<bool> = None;
        // Of hops with shares that are not all there yet: how much, whether one went well, and whether they are its own.
        let mut shares: Option<(f64, bool, bool)> = None;
        for together in mine.chunk_by(|&one, &other| {
            (self.steps[one].line, self.steps[one].leg) == (self.steps[other].line, self.steps[other].leg)
        }) {
            let step = &self.steps[together[0]];
            let own = together[0] >= next;
            let went = || together.iter().all(|&one| self.gets_through(one, state));
            if matches!(step.attrs.text("on").value(), Some("error" | "failover")) {
                match (last, &mut shares) {
                    (Some(false), _) => last = Some(went()),
                    (None, Some((_, well, own))) => *well |= !*own || went(),
                    _ => {}
                }
                continue;
            }
            if last == Some(false) {
                return false;
            }
            let Some(share) = step.attrs.number("share").value().filter(|share| *share < 1.0) else {
                last = Some(!own || went());
                continue;
            };
            let (sum, well, own) = shares.unwrap_or((0.0, false, own));
            let well = well || !own || went();
            last = None;
            shares = Some((sum + share, well, own));
            if sum + share >= 1.0 - 1e-9 {
                last = Some(well);
                shares = None;
            }
        }
        last != Some(false)
    }

    /// One hop: its caller can go on after it.
    fn gets_through(&self, at: usize, state: State) -> bool {
        let step = &self.steps[at];
        let hop = &self.design.graph[step.hop];
        let to = &self.design.graph[step.to];
        let from = &self.design.graph[step.from];
        if step.attrs.has("optional") || to.kind == Kind::Client {
            return true;
        }
        let queue = |node: &Node| matches!(node.kind, Kind::Queue | Kind::Topic);
        if hop.arrow == Arrow::Handoff && (!queue(to) || queue(from) || from.attrs.has("outbox")) {
            return true;
        }
        let misses = |step: &&Step| step.attrs.text("on").value() == Some("miss");
        if to.kind == Kind::Cache && self.steps.iter().filter(misses).any(|other| other.from == step.from) {
            return true;
        }
        let answered = match queue(to) {
            true => self.is_up(step.to.index(), state),
            false => self.answers(step.to.index(), at + 1, state),
        };
        if answered || !hop.attrs.has("fallback") {
            return answered;
        }
        match hop.attrs.text("fallback").value().and_then(|id| self.design.node(id)) {
            Some(other) => self.answers(other.index(), at + 1, state),
            None => true,
        }
    }

    /// Enough of it is up, and so is what it cannot do without; or both hold of a copy that takes over. Whoever needs each
    /// other in a circle is up until something takes one of them down.
    fn is_up(&self, node: usize, state: State) -> bool {
        let mut asked: BTreeMap<usize, Vec<(bool, Vec<usize>)>> = BTreeMap::new();
        let mut next = vec![node];
        while let Some(at) = next.pop() {
            asked.entry(at).or_insert_with(|| {
                let ways = self.ways(at, state);
                next.extend(ways.iter().flat_map(|(_, needs)| needs));
                ways
            });
        }
        let mut down: BTreeSet<usize> = BTreeSet::new();
        loop {
            let works = |ways: &[(bool, Vec<usize>)]| {
                ways.iter().any(|(up, needs)| *up && !needs.iter().any(|need| down.contains(need)))
            };
            let fallen: BTreeSet<usize> =
                asked.iter().filter(|(_, ways)| !works(ways)).map(|(&at, _)| at).collect();
            if fallen == down {
                return !down.contains(&node);
            }
            down = fallen;
        }
    }

    /// The node and its copies: whether enough of each is up, and what it needs.
    fn ways(&self, node: usize, state: State) -> Vec<(bool, Vec<usize>)> {
        let graph = &self.design.graph;
        let node = graph.node_indices().nth(node).unwrap();
        let copies = graph.node_indices().filter(|&copy| takes_over(&graph[node], &graph[copy]));
        std::iter::once(node)
            .chain(copies)
            .map(|one| {
                let needed = graph.edges(one).filter(|edge| {
                    let mut steps = edge.weight().steps.iter().map(|&step| &self.design.steps[step]);
                    edge.weight().arrow == Arrow::Control && !steps.any(|step| step.attrs.has("cached"))
                });
                let needs = needed.map(|edge| petgraph::visit::EdgeRef::target(&edge).index()).collect();
                (self.enough(&graph[one], state), needs)
            })
            .collect()
    }

    fn enough(&self, node: &Node, state: State) -> bool {
        if node.kind == Kind::Client {
            return true;
        }
        if !node.attrs.words("fate").is_empty() && !state("fate os") {
            return false;
        }
        let stands = |at: usize| {
            let Some(zone) = node.zones.get(at % node.zones.len().max(1)) else { return true };
            state(&format!("zone {zone}")) && (!zone.starts_with("r/") || state("region r"))
        };
        let up: Vec<bool> = (0..node.instances as usize)
            .map(|at| state(&format!("{}#{}", node.id, at + 1)) && stands(at))
            .collect();
        let ups = |part: &[bool]| part.iter().filter(|&&up| up).count();
        if let Some(needs) = node.attrs.number("needs").value() {
            return ups(&up) >= needs as usize;
        }
        if node.kind != Kind::Database || up.len() < 2 && !node.attrs.has("quorum") {
            return ups(&up) >= 1;
        }
        if node.attrs.has("quorum") {
            return ups(&up) >= 2;
        }
        if node.attrs.text("replication").value() == Some("quorum") {
            return ups(&up) > up.len() / 2;
        }
        // Two shards of whole instances, the second one with the odd one out.
        if node.attrs.has("shards") {
            let (one, two) = up.split_at(up.len() / 2);
            return ups(one) >= 1 && ups(two) >= 1;
        }
        // Two or three of them make one set of two copies; nothing takes over unless it says so.
        let any = node.attrs.text("failover").value() == Some("auto") || node.attrs.has("replica_of");
        if any { ups(&up) >= 1 } else { up[0] }
    }
}

/// One machine that says `failover=auto` can only mean the copies drawn beside it.
fn takes_over(first: &Node, copy: &Node) -> bool {
    let auto = |node: &Node| node.attrs.text("failover").value() == Some("auto");
    let says = auto(first) || first.attrs.get("failover").is_none() && copy.instances == 1 && auto(copy);
    let copies = copy.attrs.words("replica_of").contains(&first.id);
    copies && first.kind == Kind::Database && copy.kind == Kind::Database && first.instances == 1 && says
}
