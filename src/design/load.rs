//! How many requests travel each hop.

/// The traffic of one step. None where a number that it depends on was not given.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Load {
    /// Requests on this hop for each request that enters the flow.
    pub per_request: Option<f64>,
    /// Requests a second, on average: the above times the flow's `rate`.
    pub rate: Option<f64>,
}
