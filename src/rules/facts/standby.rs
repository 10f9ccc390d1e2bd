//! What stands in for what: copies of a store, ways that are taken when the first fails, twins behind one door.

use std::collections::{BTreeMap, HashMap, HashSet};

use petgraph::graph::NodeIndex;

use super::Facts;
use crate::catalog::Kind;
use crate::design::{GroupKind, Step};
use crate::source::Span;

/// Two of which one goes on when the other fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    pub first: NodeIndex,
    pub standby: NodeIndex,
    /// Both work all the time, each with its share.
    pub by_share: bool,
    /// Who goes from one to the other; None of copies.
    pub by: Option<NodeIndex>,
    /// Where the design says so.
    pub span: Span,
}

/// What a twin has in common with another.
type Make<'d> = (Kind, Option<&'d str>);

/// Drawn one by one, more of them are a list of hosts and not a design.
const MOST_TWINS: usize = 100;

impl<'d> Facts<'d> {
    /// Replicas and their primaries, `fallback=ID`, and beside a hop to the same kind: hops `on=failover` and `on=error`, hops
    /// into a `spare` group, and alternatives by `share`. Each pair once, in the order of the file.
    pub fn pairs(&self) -> Vec<Pair> {
        let mut pairs: Vec<Pair> = Vec::new();
        let design = self.design;
        for standby in design.graph.node_indices() {
            let node = self.node(standby);
            let primaries = node.attrs.words("replica_of").iter().filter_map(|id| design.node(id));
            pairs.extend(primaries.map(|first| Pair {
                first,
                standby,
                by_share: false,
                by: None,
                span: node.span,
            }));
        }
        let mut from: HashMap<NodeIndex, Vec<&Step>> = HashMap::new();
        for step in &design.steps {
            if let Some(fallback) =
                design.graph[step.hop].attrs.text("fallback").value().and_then(|id| design.node(id))
            {
                let by = Some(step.from);
                pairs.push(Pair { first: step.to, standby: fallback, by_share: false, by, span: step.span });
            }
            from.entry(step.from).or_default().push(step);
        }
        for step in design.steps.iter().filter(|step| self.node(step.to).kind != Kind::Client) {
            let takes_over = self.takes_over(step);
            if !takes_over && step.attrs.text("on").value() != Some("error") && !is_share(step) {
                continue;
            }
            // What is drawn in another flow is the first way to a standby, but not to whatever is done after an error.
            let beside = from[&step.from].iter().take(MOST_TWINS).filter(|other| {
                let same = other.to != step.to && self.node(other.to).kind == self.node(step.to).kind;
                let here = takes_over || other.flow == step.flow;
                let first = if is_share(step) {
                    is_share(other) && other.span < step.span
                } else {
                    !self.takes_over(other) && !other.attrs.has("on")
                };
                same && here && first
            });
            pairs.extend(beside.map(|other| Pair {
                first: other.to,
                standby: step.to,
                by_share: is_share(step),
                by: Some(step.from),
                span: step.span,
            }));
        }
        let mut known = HashSet::new();
        pairs.retain(|pair| pair.first != pair.standby && known.insert((pair.first, pair.standby)));
        pairs.sort_by_key(|pair| pair.span);
        pairs
    }

    /// The step is taken only after a failover.
    fn takes_over(&self, step: &Step) -> bool {
        let spare = |node| self.design.groups_around(node).any(|group| group.attrs.has("spare"));
        step.attrs.text("on").value() == Some("failover") || (spare(step.to) && !spare(step.from))
    }

    /// Nodes of one kind and technology that one and the same load balancer, DNS, gateway or CDN sends to, two at least: each in a
    /// region or zone of its own, or behind a load balancer or DNS, in the same flows and going on to the same. And what
    /// twins in places of their own call there, each one of a kind and technology, in the same flows.
    pub fn twins(&self) -> Vec<Vec<NodeIndex>> {
        let mut all = Vec::new();
        let mut known = HashSet::new();
        for door in self.nodes(|kind| matches!(kind, Kind::Cdn | Kind::Dns | Kind::Gateway | Kind::Lb)) {
            let mut behind: Vec<(Make, Vec<NodeIndex>)> = Vec::new();
            for (to, _) in self.hops_from(door).into_iter().filter(|(_, hop)| hop.waits()).take(MOST_TWINS) {
                let make = (self.node(to).kind, self.node(to).tech.map(|tech| tech.id.as_str()));
                match behind.iter_mut().find(|(known, _)| *known == make) {
                    Some((_, twins)) if twins.contains(&to) => {}
                    Some((_, twins)) => twins.push(to),
                    None => behind.push((make, vec![to])),
                }
            }
            let behind = behind.into_iter().map(|(_, twins)| twins).filter(|twins| twins.len() > 1);
            all.extend(behind.filter(|twins| self.are_alike(door, twins) && known.insert(twins.clone())));
        }
        let mut next = 0;
        while let Some(twins) = all.get(next) {
            let behind = self.behind(twins);
            all.extend(behind.into_iter().filter(|twins| known.insert(twins.clone())));
            next += 1;
        }
        all
    }

    /// What each of several twins calls in its own region or zone, where it is the only one of its make there.
    fn behind(&self, twins: &[NodeIndex]) -> Vec<Vec<NodeIndex>> {
        let places: HashSet<_> = twins.iter().filter_map(|&twin| self.place(twin)).collect();
        if places.len() < twins.len() {
            return Vec::new();
        }
        let mut by_make: BTreeMap<Make, Vec<(usize, NodeIndex)>> = BTreeMap::new();
        for (at, &twin) in twins.iter().enumerate() {
            for (to, hop) in self.hops_from(twin).into_iter().take(MOST_TWINS) {
                let node = self.node(to);
                let works = node.kind.is_compute() || matches!(node.kind, Kind::Gateway | Kind::Lb);
                if works && hop.waits() && self.place(to) == self.place(twin) {
                    let make = (node.kind, node.tech.map(|tech| tech.id.as_str()));
                    by_make.entry(make).or_default().push((at, to));
                }
            }
        }
        let flows = |node: NodeIndex| -> HashSet<_> {
            self.design.steps_to(node).filter_map(|step| step.flow).collect()
        };
        let one_each = |found: &Vec<(usize, NodeIndex)>| {
            found.len() == twins.len()
                && found.iter().enumerate().all(|(at, (of, _))| at == *of)
                && found.windows(2).all(|two| flows(two[0].1) == flows(two[1].1))
        };
        let alike = by_make.into_values().filter(one_each);
        alike.map(|found| found.into_iter().map(|(_, node)| node).collect()).collect()
    }

    fn are_alike(&self, door: NodeIndex, twins: &[NodeIndex]) -> bool {
        let places: HashSet<_> = twins.iter().map(|&twin| self.place(twin)).collect();
        if places.len() == twins.len() && !places.contains(&None) {
            return true;
        }
        // A gateway sends to different services; what a load balancer sends to and is used alike is one.
        let used = |&twin: &NodeIndex| {
            let mut next: Vec<NodeIndex> = self.hops_from(twin).into_iter().map(|(next, _)| next).collect();
            next.sort_unstable();
            (next, self.flows_needing(twin).map(|flow| flow.span).collect::<Vec<_>>())
        };
        let balances = matches!(self.node(door).kind, Kind::Dns | Kind::Lb);
        balances && twins.windows(2).all(|two| used(&two[0]) == used(&two[1]))
    }

    /// The innermost region or zone around a node.
    pub fn place(&self, node: NodeIndex) -> Option<&'d str> {
        let around = self.design.groups_around(node).find(|group| group.kind != GroupKind::Group);
        around.map(|group| group.id.as_str())
    }
}

fn is_share(step: &Step) -> bool {
    step.attrs.number("share").value().is_some_and(|share| share < 1.0)
}
