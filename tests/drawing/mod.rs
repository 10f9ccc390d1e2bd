//! What the engine's tests and its benchmark share: graphs as ELK writes them, random ones, and the measures of a
//! drawing.

pub mod graphs;
pub mod measures;
