//! Which calls may fail without their caller failing: what is above them never hears of it.

use std::collections::{HashMap, HashSet};

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Design, Step};

/// Where a line made its calls: those of one place are made at once.
type Place = (usize, usize);

/// A way out (`on=error`, `on=failover`), seen from its end.
#[derive(Clone, Copy)]
enum Out {
    /// At this place; of whatever the caller did before it.
    At(Place),
    /// Of what it did at this place.
    Of(Place),
}

/// The steps whose caller goes on when they fail: they are `optional`, have a `fallback` or a way out, ask a cache that has
/// an `on=miss` hop beside it, or refresh what a CDN may serve stale.
pub(super) fn absorbed(design: &Design, steps: &[usize]) -> HashSet<usize> {
    let asks_on_a_miss: HashSet<NodeIndex> = steps
        .iter()
        .map(|&at| &design.steps[at])
        .filter(|step| step.attrs.text("on").value() == Some("miss"))
        .map(|step| step.from)
        .collect();
    let mut absorbed = HashSet::new();
    // Of each caller, from the last step to the first.
    let mut outs: HashMap<NodeIndex, Out> = HashMap::new();
    for &at in steps.iter().rev() {
        let step = &design.steps[at];
        let place = (step.line, step.leg);
        let has_way_out = match outs.get(&step.from) {
            Some(Out::At(out)) => *out != place,
            Some(Out::Of(of)) => *of == place,
            None => false,
        };
        if is_way_out(step) {
            outs.insert(step.from, Out::At(place));
        } else if has_way_out {
            outs.insert(step.from, Out::Of(place));
        } else {
            outs.remove(&step.from);
        }
        let [from, to] = [step.from, step.to].map(|node| &design.graph[node]);
        let around = to.kind == Kind::Cache && asks_on_a_miss.contains(&step.from);
        let stale = from.kind == Kind::Cdn && from.attrs.has("stale_if_error");
        let does_without = step.attrs.has("optional") || design.graph[step.hop].attrs.has("fallback");
        if has_way_out || around || stale || does_without {
            absorbed.insert(at);
        }
    }
    absorbed
}

fn is_way_out(step: &Step) -> bool {
    matches!(step.attrs.text("on").value(), Some("error" | "failover"))
}
