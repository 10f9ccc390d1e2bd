//! The diagram: `Design → Scene → SVG`.
//!
//! `layout` asks an engine (`crate::layout`) where everything stands and knows nothing of SVG; `svg` writes a scene down and decides no place. A
//! scene is all that a drawing needs, so another engine or another output format touches one side only.

mod card;
pub(crate) mod contrast;
pub(crate) mod escape;
mod export;
mod figures;
mod glyphs;
mod label;
mod layout;
mod layout_rs;
mod lines;
mod marks;
mod ornaments;
mod page;
mod palette;
mod palette_file;
mod path;
mod scene;
pub mod sequence;
mod shapes;
mod spots;
pub(crate) mod stroke;
mod svg;
pub(crate) mod text;
pub(crate) mod theme;
mod tree;
mod zones;

pub use export::{pdf, png};
pub use figures::Heat;
pub use layout::{Detail, Engine, Plan, drawn, layout};
pub use marks::{Mark, Marks};
pub use palette::{Faint, Palette};
pub use palette_file::{mode, read_palette};
pub use scene::{Edge, Entry, Frame, Label, Note, Point, Rect, Role, Scene, Shape, Swatch, Way, json};
pub use svg::{svg, svg_in, svg_themed};
pub use theme::Theme;
