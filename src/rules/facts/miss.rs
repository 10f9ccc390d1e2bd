//! What happens when a cache does not have the answer: who goes to which store then, and how often.

use std::collections::{HashMap, HashSet};

use petgraph::graph::NodeIndex;

use super::Facts;
use crate::catalog::Kind;
use crate::design::{Arrow, Step};
use crate::numbers::Capacity;

/// One step that is taken when a cache has no answer.
pub struct Miss<'d> {
    pub cache: NodeIndex,
    pub store: NodeIndex,
    /// The steps that ask the cache first.
    pub asks: Vec<&'d Step>,
    /// From the caller of the cache, or from the cache itself, to the store.
    pub load: &'d Step,
}

impl<'d> Facts<'d> {
    /// Every way past a cache to a store: `on=miss` by whoever asked the cache, or a call by the cache itself.
    pub fn misses(&self) -> &[Miss<'d>] {
        self.misses.get_or_init(|| self.find_misses())
    }

    fn find_misses(&self) -> Vec<Miss<'d>> {
        let mut misses = Vec::new();
        for journey in self.journeys() {
            // The cache that each caller asked last, and all that asked each cache so far.
            let mut last: HashMap<NodeIndex, &'d Step> = HashMap::new();
            let mut asks: HashMap<NodeIndex, Vec<&'d Step>> = HashMap::new();
            for &load in &journey.steps {
                if self.node(load.to).kind == Kind::Cache && self.reads(load) {
                    last.insert(load.from, load);
                    asks.entry(load.to).or_default().push(load);
                }
                let target = self.node(load.to).kind;
                if !target.is_store() || target == Kind::Cache {
                    continue;
                }
                if self.node(load.from).kind == Kind::Cache {
                    if self.arrow(load) == Arrow::Call && self.reads(load) {
                        let asks = asks.get(&load.from).cloned().unwrap_or_default();
                        misses.push(Miss { cache: load.from, store: load.to, asks, load });
                    }
                } else if load.attrs.text("on").value() == Some("miss")
                    && let Some(&ask) = last.get(&load.from)
                {
                    misses.push(Miss { cache: ask.to, store: load.to, asks: vec![ask], load });
                }
            }
        }
        misses
    }

    /// The misses of each cache that has any, in the order of the file.
    pub fn misses_by_cache(&self) -> Vec<(NodeIndex, Vec<&Miss<'d>>)> {
        let mut places: HashMap<NodeIndex, usize> = HashMap::new();
        let mut all: Vec<(NodeIndex, Vec<&Miss>)> = Vec::new();
        for miss in self.misses() {
            let at = *places.entry(miss.cache).or_insert(all.len());
            if at == all.len() {
                all.push((miss.cache, Vec::new()));
            }
            all[at].1.push(miss);
        }
        all
    }

    /// What reaches a cache, by all those who have a way past it, when their flows are busiest.
    pub fn asked_of(&self, misses: &[&Miss]) -> Option<f64> {
        let mut seen = HashSet::new();
        let asks = misses.iter().flat_map(|miss| &miss.asks).filter(|ask| seen.insert((ask.flow, ask.span)));
        asks.map(|ask| self.busiest(ask)).sum()
    }

    /// The stores behind are known to serve all that the cache takes off them.
    pub fn can_do_without(&self, misses: &[&Miss]) -> bool {
        let mut cold: HashMap<NodeIndex, f64> = HashMap::new();
        for miss in misses {
            let Some(load) = miss.cold(self) else { return false };
            *cold.entry(miss.store).or_default() += load;
        }
        cold.into_iter().all(|(store, load)| {
            Capacity::of(self.node(store)).is_some_and(|capacity| capacity.total() >= load)
        })
    }
}

impl Miss<'_> {
    /// What reaches the cache when its flow is busiest.
    pub fn asked(&self, facts: &Facts) -> Option<f64> {
        self.asks.iter().map(|ask| facts.busiest(ask)).sum()
    }

    /// What reaches the store then, with nothing in the cache.
    pub fn cold(&self, facts: &Facts) -> Option<f64> {
        let number = |name| self.load.attrs.number(name).value().unwrap_or(1.0);
        let each = number("share") * number("calls") * number("fanout") / number("batch").max(1.0);
        Some(self.asked(facts)? * each)
    }

    /// Never more than so many loads are under way, however many miss.
    pub fn is_bounded(&self, facts: &Facts) -> bool {
        facts.design.graph[self.load.hop].attrs.has("bulkhead")
            || facts.node(self.load.from).attrs.has("bulkhead")
    }
}
