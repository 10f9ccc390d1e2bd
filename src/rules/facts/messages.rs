//! Messages: who puts how many into a queue or topic, how consumers share them, and what they do on taking one.

use petgraph::graph::NodeIndex;

use super::{Facts, unique};
use crate::catalog::Kind;
use crate::design::{Arrow, Flow, Node, Step};

/// How the consumers of one group divide the messages among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shares {
    /// Each takes whole partitions: order holds in a partition, and no more can work than there are partitions.
    Partitions,
    /// Each takes a key at a time: order holds for a key.
    Keys,
    /// Each takes the next message: two that follow each other are worked on at the same time.
    Messages,
}

impl<'d> Facts<'d> {
    /// It passes messages on to who listens at that moment, and keeps none.
    pub fn keeps_nothing(&self, broker: NodeIndex) -> bool {
        self.node(broker).tech.is_some_and(|tech| tech.durability.as_deref() == Some("none"))
    }

    /// How its consumers divide the messages, as far as that is known.
    pub fn shares(&self, broker: NodeIndex) -> Option<Shares> {
        let node = self.node(broker);
        let partitioned = node.attrs.number("partitions").value().is_some_and(|partitions| partitions >= 2.0);
        match node.tech.and_then(|tech| tech.shares.as_deref()) {
            Some("partitions") => Some(Shares::Partitions),
            Some("keys") => Some(Shares::Keys),
            // A queue for each part, with a consumer each, as by a consistent-hash exchange.
            _ if partitioned => Some(Shares::Partitions),
            Some("messages") => Some(Shares::Messages),
            _ if node.tech.is_none() && node.kind == Kind::Queue => Some(Shares::Messages),
            _ => None,
        }
    }

    /// The steps that put messages into it, in the order of the file.
    pub fn puts(&self, broker: NodeIndex) -> Vec<&'d Step> {
        let design = self.design;
        let puts = |step: &&Step| self.arrow(step) != Arrow::Control && self.writes(step);
        design.steps_to(broker).filter(puts).collect()
    }

    /// The flows in which messages are put into it.
    pub fn flows_into(&self, broker: NodeIndex) -> Vec<&'d Flow> {
        let mut flows: Vec<usize> = self.puts(broker).iter().filter_map(|step| step.flow).collect();
        flows.dedup();
        flows.iter().map(|&flow| &self.design.flows[flow]).collect()
    }

    /// Messages a second that are put into it on average, by the flows that say how many; None where none does.
    pub fn rate_into(&self, broker: NodeIndex) -> Option<f64> {
        sum(self.puts(broker).iter().filter_map(|step| step.load.rate))
    }

    /// Messages a second that one consumer is handed on average; None where no flow says how many.
    pub fn rate_taken(&self, broker: NodeIndex, consumer: NodeIndex) -> Option<f64> {
        sum(self.handed(broker, consumer).filter_map(|step| step.load.rate))
    }

    /// The steps by which a broker hands to one consumer: those into the consumer, since a broker may have thousands.
    pub fn handed(&self, broker: NodeIndex, consumer: NodeIndex) -> impl Iterator<Item = &'d Step> {
        let design = self.design;
        design
            .steps_to(consumer)
            .filter(move |step| step.from == broker && design.graph[step.hop].arrow != Arrow::Control)
    }

    /// What the consumer does on taking a message from this broker: the steps that leave it then, in each flow.
    pub fn work_on(&self, broker: NodeIndex, consumer: NodeIndex) -> Vec<&'d Step> {
        let takes = |step: &Step| {
            let handed = step.from == broker && step.to == consumer;
            let polled = step.from == consumer && step.to == broker && step.attrs.has("reads");
            handed || polled
        };
        // For each flow (None: outside flows), the first step at which it takes a message.
        let mut taken: Vec<(Option<usize>, &Step)> = Vec::new();
        for step in self.design.steps_from(consumer).chain(self.design.steps_to(consumer)) {
            if takes(step) && !taken.iter().any(|(flow, _)| *flow == step.flow) {
                taken.push((step.flow, step));
            }
        }
        let in_flows = taken.iter().any(|(flow, _)| flow.is_some());
        let design = self.design;
        design
            .steps_from(consumer)
            .filter(|step| {
                // Hops outside flows only declare what the flows use, where a flow says how messages are taken.
                let counts = step.flow.is_some() || !in_flows;
                let after = |(flow, first): &(Option<usize>, &Step)| {
                    *flow == step.flow && (flow.is_none() || first.span <= step.span)
                };
                counts && step.to != broker && taken.iter().any(after)
            })
            .collect()
    }

    /// What it changes on taking a message, as far as a second time would be seen: nothing that is guarded, and no
    /// cache, index or file, which a second write leaves as it is.
    pub fn effects(&self, broker: NodeIndex, consumer: NodeIndex) -> Vec<&'d Step> {
        let mut work = self.work_on(broker, consumer);
        work.retain(|step| self.adds(step));
        work
    }

    fn adds(&self, step: &Step) -> bool {
        let to = self.node(step.to);
        // What is only there is counted there.
        let counted = to.kind == Kind::Cache
            && (to.attrs.text("source").is_no() || to.attrs.has("persistence"))
            && step.attrs.has("writes");
        let kept = (matches!(to.kind, Kind::Database | Kind::Warehouse) || counted) && self.writes(step);
        let read_only = step.attrs.has("reads") && !step.attrs.has("writes");
        let outside = self.calls_external(step) && !read_only;
        // A key is of use where somebody looks at it: an external's owner, or a unique index.
        let known = step.attrs.has("idempotency_key") && (outside || !lacks_unique(to, step));
        (kept || outside) && !known && !step.attrs.has("conditional")
    }

    pub fn calls_external(&self, step: &Step) -> bool {
        self.node(step.to).kind == Kind::External && self.arrow(step) != Arrow::Control
    }
}

/// The tables written are declared, and none has a `unique`.
fn lacks_unique(store: &Node, step: &Step) -> bool {
    let mut written = step.attrs.words("writes").iter().filter_map(|id| store.table(id)).peekable();
    written.peek().is_some() && written.all(|table| table.uniques.is_empty())
}

fn sum(rates: impl Iterator<Item = f64>) -> Option<f64> {
    rates.fold(None, |sum, rate| Some(sum.unwrap_or(0.0) + rate))
}

/// The nodes that steps lead to, each once.
pub fn targets(steps: &[&Step]) -> Vec<NodeIndex> {
    unique(steps.iter().map(|step| step.to))
}
