//! Drawings as PNG and PDF, by resvg and svg2pdf. The one file that knows these libraries.
//!
//! Text is set in fonts of the program's own, so that a picture is the same on every machine. They hold Latin, Greek and
//! Cyrillic; only where a text has other letters are the machine's fonts asked for those.

use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Options, Tree};

/// Pixels in all; a picture beyond them fills no screen and a good part of a machine's memory.
const MOST_PIXELS: f64 = 200e6;

/// A picture of pixels: `scale` times the size of the drawing, at 2 sharp on most screens. What cannot be drawn is said in
/// one sentence.
pub fn png(svg: &str, scale: f32) -> Result<Vec<u8>, String> {
    let tree = tree(svg)?;
    let [width, height] = [tree.size().width(), tree.size().height()].map(|side| (side * scale).ceil());
    let pixels = f64::from(width) * f64::from(height);
    if !pixels.is_finite() || pixels > MOST_PIXELS {
        return Err(format!("{width} x {height} pixels are too many for one picture"));
    }
    let mut pixmap = Pixmap::new((width as u32).max(1), (height as u32).max(1))
        .ok_or_else(|| format!("no picture is {width} x {height} pixels large"))?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    pixmap.encode_png().map_err(|error| error.to_string())
}

/// A page of the drawing's size, with its text as text.
pub fn pdf(svg: &str) -> Result<Vec<u8>, String> {
    let tree = tree(svg)?;
    svg2pdf::to_pdf(&tree, svg2pdf::ConversionOptions::default(), svg2pdf::PageOptions::default())
        .map_err(|error| error.to_string())
}

fn tree(svg: &str) -> Result<Tree, String> {
    let fontdb = if svg.chars().all(is_known) { OWN.clone() } else { ALL.clone() };
    let options = Options { fontdb, font_family: "Liberation Sans".to_string(), ..Options::default() };
    Tree::from_str(svg, &options).map_err(|error| error.to_string())
}

/// A letter that the program's own fonts have, or are sure to: Latin, Greek, Cyrillic, signs and arrows.
fn is_known(letter: char) -> bool {
    matches!(letter, '\0'..='\u{52f}' | '\u{1e00}'..='\u{206f}' | '\u{20a0}'..='\u{22ff}')
}

static OWN: LazyLock<Arc<Database>> = LazyLock::new(|| Arc::new(own()));

static ALL: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = own();
    fonts.load_system_fonts();
    Arc::new(fonts)
});

fn own() -> Database {
    let mut fonts = Database::new();
    fonts.load_font_data(include_bytes!("fonts/LiberationSans-Regular.ttf").to_vec());
    fonts.load_font_data(include_bytes!("fonts/LiberationSans-Bold.ttf").to_vec());
    fonts.set_sans_serif_family("Liberation Sans");
    fonts
}

#[cfg(test)]
mod tests {
    use super::{pdf, png};

    const DRAWING: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"40\" height=\"30\">\
                           <rect width=\"40\" height=\"30\"/><text x=\"2\" y=\"20\">a\u{4e16}</text></svg>";

    #[test]
    fn a_picture_has_the_size_of_the_drawing_times_the_scale() {
        let side = |bytes: &[u8], at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        for (scale, size) in [(1.0, (40, 30)), (2.5, (100, 75))] {
            let bytes = png(DRAWING, scale).unwrap();
            assert_eq!(&bytes[1..4], b"PNG");
            assert_eq!((side(&bytes, 16), side(&bytes, 20)), size);
            assert_eq!(bytes, png(DRAWING, scale).unwrap());
        }
        assert!(png(DRAWING, 1e6).unwrap_err().contains("too many"));
        assert!(png("<svg", 1.0).is_err());
    }

    #[test]
    fn a_page_is_a_pdf() {
        let page = pdf(DRAWING).unwrap();
        assert!(page.starts_with(b"%PDF-") && page == pdf(DRAWING).unwrap());
    }
}
