//! Text to tree, and back to canonical text.

pub mod ast;
mod chain;
mod cursor;
mod expr;
mod fmt;
mod habits;
mod lexical;
mod parser;
mod place;
mod remark;
mod statement;
mod table;
mod tail;

pub use fmt::format;
pub use parser::parse;
