//! The diagram: `Design → Scene → SVG`.
//!
//! `layout` asks an engine (`crate::layout`) where everything stands and knows nothing of SVG; `svg` writes a scene down and decides no place. A
//! scene is all that a drawing needs, so another engine or another output format touches one side only.

mod card;
pub(crate) mod escape;
mod export;
mod glyphs;
mod label;
mod layout;
mod layout_rs;
mod lines;
mod marks;
mod page;
mod scene;
pub mod sequence;
pub(crate) mod stroke;
mod svg;
pub(crate) mod text;
pub(crate) mod theme;
mod tree;

pub use export::{pdf, png};
pub use layout::{Engine, Plan, drawn, layout};
pub use marks::{Mark, Marks};
pub use scene::{Edge, Entry, Frame, Label, Note, Point, Rect, Role, Scene, Shape, Swatch, Way, json};
pub use svg::{svg, svg_themed};
pub use theme::Theme;
