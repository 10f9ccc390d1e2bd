//! What the engine's tests and its benchmark share: graphs as ELK writes them, random ones, and the measures of a
//! drawing.

// The tests and the benchmark use some of it each.
#![allow(dead_code)]

pub mod graphs;
pub mod measures;
