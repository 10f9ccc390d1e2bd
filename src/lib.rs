//! A system-design practice kit with a diagram checker.

pub mod catalog;
pub mod design;
pub mod diagnostic;
pub mod rubric;
pub mod rules;
pub mod source;
pub mod syntax;
