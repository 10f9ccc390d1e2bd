//! A system-design practice kit with a diagram checker: text in; critique, score and drawing out.
//!
//! Data flows one way. Each stage is a total function that returns a new value and knows nothing of the stages after it:
//!
//! ```
//! let text = "client web\nservice api x2\npostgres store\nweb -> api -> store\n";
//! let (ast, mistakes) = spof::syntax::parse(text);
//! assert!(mistakes.is_empty());
//! let (design, mistakes) = spof::design::lower(&ast);
//! assert!(mistakes.is_empty());
//! let critique = spof::rules::check(&design, jiff::civil::date(2026, 1, 1));
//! assert!(critique.findings.iter().any(|finding| finding.code == "spof-datastore"));
//! let svg = spof::draw::svg(&spof::draw::layout(&design), None);
//! assert!(svg.starts_with("<svg"));
//! ```

pub mod catalog;
pub mod cli;
pub mod concepts;
pub mod design;
pub mod diagnostic;
pub mod diff;
pub mod draw;
pub mod fix;
pub mod kept;
pub mod layout;
pub mod numbers;
pub mod plot;
pub mod practice;
pub mod predict;
pub mod quiz;
pub mod report;
pub mod review;
pub mod rubric;
pub mod rules;
pub mod screen;
pub mod settings;
pub mod source;
pub mod syntax;
pub mod units;
