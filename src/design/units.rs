//! Numbers with dimensions: times, sizes, money, counts, and what arithmetic makes of them.

/// Exponents of the base dimensions. A rate is `time: -1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dimension {
    pub time: i8,
    pub size: i8,
    pub usd: i8,
    pub eur: i8,
}

/// A value in base units: seconds, bytes, dollars, euros, or products of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantity {
    pub value: f64,
    pub dimension: Dimension,
}
