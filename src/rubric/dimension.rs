//! What an answer is judged by, and how much each part weighs at which level.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Level;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Dimension {
    Scope,
    Estimation,
    Structure,
    Data,
    Reliability,
    Scale,
    TradeOffs,
    SecurityOps,
}

impl Dimension {
    pub const ALL: [Dimension; 8] = [
        Dimension::Scope,
        Dimension::Estimation,
        Dimension::Structure,
        Dimension::Data,
        Dimension::Reliability,
        Dimension::Scale,
        Dimension::TradeOffs,
        Dimension::SecurityOps,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Dimension::Scope => "scope",
            Dimension::Estimation => "estimation",
            Dimension::Structure => "structure",
            Dimension::Data => "data",
            Dimension::Reliability => "reliability",
            Dimension::Scale => "scale",
            Dimension::TradeOffs => "trade-offs",
            Dimension::SecurityOps => "security-ops",
        }
    }

    /// Its share of 100 points. A junior is mostly asked for a structure that works, a staff engineer for what to leave out.
    pub fn weight(self, level: Level) -> f64 {
        let [junior_and_mid, senior, staff] = match self {
            Dimension::Scope => [20.0, 12.0, 12.0],
            Dimension::Estimation => [12.0, 12.0, 10.0],
            Dimension::Structure => [30.0, 20.0, 14.0],
            Dimension::Data => [14.0, 16.0, 14.0],
            Dimension::Reliability => [10.0, 18.0, 18.0],
            Dimension::Scale => [6.0, 10.0, 12.0],
            Dimension::TradeOffs => [4.0, 8.0, 14.0],
            Dimension::SecurityOps => [4.0, 4.0, 6.0],
        };
        match level {
            Level::Junior | Level::Mid => junior_and_mid,
            Level::Senior => senior,
            Level::Staff => staff,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Dimension, Level};

    #[test]
    fn weights_sum_to_a_hundred_at_every_level() {
        for level in Level::ALL {
            let sum: f64 = Dimension::ALL.into_iter().map(|dimension| dimension.weight(level)).sum();
            assert_eq!(sum, 100.0, "{}", level.name());
        }
    }
}
