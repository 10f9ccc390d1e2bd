//! The figures of a design as pictures: `Design → Growth, Waterfall or Stacks → SVG`.
//!
//! Each chart has two files: what is to be shown, with its arithmetic and as JSON, and the drawing of it, which reckons
//! nothing but places. `page` is all that knows SVG.

mod apart;
mod axis;
mod colours;
mod downtime;
mod downtime_chart;
mod growth;
mod growth_chart;
mod latency;
mod page;
mod stacks;
mod stacks_chart;
#[cfg(test)]
mod tests;
mod words;

pub use downtime::{Downtime, Share, Total, downtime};
pub use downtime_chart::draw_downtime;
pub use growth::{Growth, Line, growth};
pub use growth_chart::draw_growth;
pub use latency::latency;
pub use stacks::{Class, Part, Stack, Stacks};
pub use stacks_chart::draw_stacks;
