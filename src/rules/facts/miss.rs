//! What happens when a cache does not have the answer: who goes to which store then, and how often.

use std::collections::HashMap;

use petgraph::graph::NodeIndex;

use super::Facts;
use crate::catalog::Kind;
use crate::design::{Arrow, Step};

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
}

impl Miss<'_> {
    /// What reaches the cache when its flow is busiest.
    pub fn asked(&self, facts: &Facts) -> Option<f64> {
        self.asks.iter().map(|ask| facts.busiest(ask)).sum()
    }
}
