//! Messages: who puts how many into a queue or topic, how consumers share them, and what they do on taking one.

use petgraph::graph::NodeIndex;

use super::{Facts, unique};
use crate::catalog::Kind;
pub use crate::design::messages::Shares;
use crate::design::{Arrow, Flow, Node, Step, messages};

impl<'d> Facts<'d> {
    /// It passes messages on to who listens at that moment, and keeps none.
    pub fn keeps_nothing(&self, broker: NodeIndex) -> bool {
        messages::keeps_nothing(self.design, broker)
    }

    /// How its consumers divide the messages, as far as that is known.
    pub fn shares(&self, broker: NodeIndex) -> Option<Shares> {
        messages::shares(self.design, broker)
    }

    /// The steps that put messages into it, in the order of the file.
    pub fn puts(&self, broker: NodeIndex) -> Vec<&'d Step> {
        messages::puts(self.design, broker)
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

    /// The steps by which a broker hands to one consumer.
    pub fn handed(&self, broker: NodeIndex, consumer: NodeIndex) -> impl Iterator<Item = &'d Step> {
        messages::handed(self.design, broker, consumer)
    }

    /// What the consumer does on taking a message from this broker: the steps that leave it then, in each flow.
    pub fn work_on(&self, broker: NodeIndex, consumer: NodeIndex) -> Vec<&'d Step> {
        messages::work_on(self.design, broker, consumer)
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
