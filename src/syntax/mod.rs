//! Text to tree, and back to canonical text.

pub mod ast;
