//! A system-design practice kit with a diagram checker.

pub mod catalog;
pub mod cli;
pub mod design;
pub mod diagnostic;
pub mod report;
pub mod rules;
pub mod rubric;
pub mod source;
pub mod syntax;
