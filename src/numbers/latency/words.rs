//! What the time of a flow is made of, and what was taken for granted, in words.

use super::{Contributor, Distance, Known, What};
use crate::catalog::Grade;
use crate::design::Design;
use crate::numbers::figure::Assumed;
use crate::units::show_duration;

impl What {
    /// "`store` works", "a wait for `store`", "network `links -> store`"
    pub fn in_words(self, design: &Design) -> String {
        match self {
            What::Work(node) => format!("{} works", design.graph[node].name()),
            What::Wait(node) => format!("the queue before {}", design.graph[node].name()),
            What::Network(from, to) => {
                format!("the network, `{} -> {}`", design.graph[from].id, design.graph[to].id)
            }
        }
    }
}

impl Contributor {
    /// Of the whole mean.
    pub fn share_of(&self, mean: f64) -> f64 {
        if mean > 0.0 { self.mean / mean } else { 0.0 }
    }
}

pub fn sum(known: &Known, share: &str) -> String {
    format!("{share} of its answers come within this, their mean is {}", show_duration(known.mean))
}

/// That work without a stated spread is exponential.
pub fn spread() -> Assumed {
    Assumed {
        what: "the work of what states no `latency_p99` takes an exponential time: 99 of 100 within 4.61 times its \
               `latency`"
            .to_string(),
        grade: Grade::C,
        source: "what M/M/c, the plainest queue, takes for granted".to_string(),
        instead: "`latency_p99=` on a node".to_string(),
    }
}

/// The round trips that are not stated.
pub fn trip(distance: Distance) -> Assumed {
    Assumed {
        what: format!("{} for a round trip {}", show_duration(distance.seconds()), distance.in_words()),
        grade: distance.grade(),
        source: distance.source().to_string(),
        instead: "`rtt=` on a hop or `every call`".to_string(),
    }
}
