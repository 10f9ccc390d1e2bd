//! Colours that people with any common colour blindness tell apart: M. Okabe and K. Ito, *Color Universal Design*, 2008.
//!
//! Of their eight, those that stand out from the page: black and white stand for each other by day and night, and yellow
//! is for neither.

use crate::draw::Theme;
use crate::draw::theme::{Colour, sheet_of};

const COLOURS: [Colour<'static>; 12] = [
    ("bg", "#ffffff", "#11161d"),
    ("ink", "#18212c", "#e7ecf3"),
    ("soft", "#5a6675", "#9ba8b8"),
    ("grid", "#e3e8ee", "#27303b"),
    ("axis", "#7b8794", "#7b8794"),
    ("vermillion", "#d55e00", "#e8761f"),
    ("blue", "#0072b2", "#56b4e9"),
    ("green", "#009e73", "#1cb88b"),
    ("purple", "#b9638f", "#cc79a7"),
    ("blue-pale", "#d3e7f4", "#153a54"),
    ("vermillion-pale", "#fbe3d1", "#50290d"),
    ("green-pale", "#d2efe6", "#103f33"),
];

const RULES: &str = include_str!("plot.css");

/// The class of the root, so that a picture and a diagram on one page keep to their own colours.
pub const ROOT: &str = "spof-plot";

pub fn sheet(theme: Theme, occurs: impl Fn(&str) -> bool) -> String {
    sheet_of(ROOT, RULES, &COLOURS, theme, occurs)
}

#[cfg(test)]
mod tests {
    use super::{COLOURS, sheet};
    use crate::draw::Theme;

    /// Relative luminance, by the Web Content Accessibility Guidelines 2.1 (2018).
    fn luminance(colour: &str) -> f64 {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(one: &str, other: &str) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn text_can_be_read_and_lines_can_be_seen() {
        assert!((contrast("#000000", "#ffffff") - 21.0).abs() < 1e-9);
        let of = |name: &str, night: bool| {
            let (_, light, dark) = COLOURS.iter().find(|(colour, ..)| *colour == name).unwrap();
            if night { *dark } else { *light }
        };
        for night in [false, true] {
            for (text, behind) in [
                ("ink", "bg"),
                ("soft", "bg"),
                ("ink", "blue-pale"),
                ("ink", "vermillion-pale"),
                ("ink", "green-pale"),
            ] {
                let contrast = contrast(of(text, night), of(behind, night));
                assert!(contrast >= 4.5, "{text} on {behind}: {contrast}");
            }
            for line in ["axis", "vermillion", "blue", "green", "purple"] {
                let contrast = contrast(of(line, night), of("bg", night));
                assert!(contrast >= 3.0, "{line}: {contrast}");
            }
        }
    }

    #[test]
    fn every_colour_is_known_and_used() {
        let all = sheet(Theme::Auto, |_| true);
        for (name, ..) in COLOURS {
            assert!(all.contains(&format!("var(--{name})")), "{name}");
        }
    }
}
