//! What will fail, before it does: what each loss does to a design, and what breaks first as it grows.
//!
//! Everything is reckoned at the peak, from the figures of `numbers`; loads move at once, and nothing waits in a queue.

mod aftermath;
mod growth;
mod limits;
mod loss;
mod ordinary;

pub use aftermath::{Aftermath, Becomes, Brings, FlowAfter, NodeAfter, Outcome, Rate, TIGHT, Then};
pub use growth::{Growth, LARGEST, Reaches, Unknown};
pub use limits::Fills;
pub use loss::{Loss, every};

use crate::catalog::Kind;
use crate::design::{Design, Node};
use crate::numbers::availability::Places;
use crate::numbers::overload::{self, Backlog, Herd, Hold, Retries};
use crate::numbers::{Numbers, numbers_but_times, of_nodes};
use ordinary::Ordinary;

/// All that can be said without being asked after one loss.
#[derive(Debug)]
pub struct Prediction {
    /// With what stops each flow.
    pub numbers: Numbers,
    pub losses: Losses,
    pub growth: Growth,
    pub retries: Vec<Retries>,
    pub threads: Vec<Hold>,
    pub herds: Vec<Herd>,
    pub backlogs: Vec<Backlog>,
}

/// What the losses do that are worth a look.
#[derive(Debug, Default)]
pub struct Losses {
    /// Those that push something past a limit, or stop flows and are no failure of one node.
    pub matter: Vec<Aftermath>,
    /// Those after which everything is served, by nodes of which it is known that they carry it.
    pub harmless: Vec<Loss>,
    /// Those after which everything is served, for all that is known.
    pub served: Vec<Loss>,
    /// How many more there are in a design too large to look at all.
    pub left_out: usize,
}

/// The most that is spent on losses, in nodes and steps of flows that are looked at: a second or so.
const BUDGET: usize = 5_000_000;

/// So many gates of a fault tree cost what one of those does.
const GATES: usize = 20;

pub fn predict(design: &Design, places: Places) -> Prediction {
    let numbers = numbers_but_times(design, places);
    let losses = losses(&Ordinary::new(design, &numbers.nodes));
    let growth = growth::growth(design, &numbers);
    Prediction {
        numbers,
        losses,
        growth,
        retries: overload::retries(design),
        threads: overload::threads(design),
        herds: overload::herds(design),
        backlogs: overload::backlogs(design),
    }
}

/// Everything that one loss does, whether or not it passes a limit.
pub fn after(design: &Design, loss: &Loss) -> Aftermath {
    aftermath::after(&Ordinary::new(design, &of_nodes(design)), loss)
}

/// The same of several losses, in their order.
pub fn after_each(design: &Design, losses: &[Loss]) -> Vec<Aftermath> {
    let ordinary = Ordinary::new(design, &of_nodes(design));
    losses.iter().map(|loss| aftermath::after(&ordinary, loss)).collect()
}

fn losses(ordinary: &Ordinary) -> Losses {
    let design = ordinary.design;
    let likely = loss::likely(design);
    let mut losses = Losses::default();
    if design.flows.iter().all(|flow| flow.steps.is_empty()) {
        return losses;
    }
    let steps: usize = design.flows.iter().map(|flow| flow.steps.len()).sum();
    let each = design.graph.node_count() + steps + ordinary.whole.size() / GATES;
    let affordable = (BUDGET / each.max(1)).max(1);
    losses.left_out = likely.len().saturating_sub(affordable);
    for loss in likely.into_iter().take(affordable) {
        let after = aftermath::after(ordinary, &loss);
        let served = after.flows.iter().all(|flow| flow.outcome == Outcome::GoesOn);
        if after.matters() {
            losses.matter.push(after);
        } else if served && is_light(ordinary, &after) {
            losses.harmless.push(loss);
        } else if served && !is_heavy(&after) {
            losses.served.push(loss);
        }
    }
    losses
}

/// Of all that gets or carries another load it is known that it has room left.
fn is_light(ordinary: &Ordinary, after: &Aftermath) -> bool {
    let design = ordinary.design;
    // Nothing is nothing, whatever could be carried.
    let share = |rate: f64, at_least: bool, carries: Option<f64>| match carries {
        _ if at_least => None,
        _ if rate == 0.0 => Some(0.0),
        carries => carries.map(|carries| rate / carries),
    };
    let touched = after.nodes.iter().filter(|node| {
        let is_own = design.node(&node.id).is_some_and(|at| !is_somebody_elses(&design.graph[at]));
        node.becomes != Becomes::Lost && is_own
    });
    let mut shares: Vec<Option<f64>> =
        touched.map(|node| share(node.after.per_s, node.after.at_least, node.carries_per_s)).collect();
    let idle = shares.is_empty() && matches!(after.loss, Loss::Node(_));
    // A standby, whose loss changes nothing.
    if let (true, Loss::Instance(of)) = (shares.is_empty(), &after.loss) {
        shares.extend(design.node(of).map(|at| {
            let (rates, at) = (&ordinary.rates, at.index());
            share(rates.known[at], rates.unknown[at] > 0, ordinary.carries[at])
        }));
    }
    idle || !shares.is_empty() && shares.into_iter().all(|used| used.is_some_and(|used| used <= TIGHT))
}

/// Something is past its limit, if not by this loss.
fn is_heavy(after: &Aftermath) -> bool {
    after.nodes.iter().any(|node| node.used_after().is_some_and(|used| used > TIGHT))
}

fn is_somebody_elses(node: &Node) -> bool {
    node.kind == Kind::External || node.is_managed()
}
