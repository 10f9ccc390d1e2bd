//! The colours of a drawing: the program's own, or a reader's own by the same names.

use super::contrast::{READABLE, contrast, rgb};
use super::theme::{COLOURS, Colour, TEXTS};

/// A light and a dark colour for each of `COLOURS`, in that order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Palette {
    colours: Vec<[String; 2]>,
}

/// A text that cannot be read before what is behind it.
#[derive(Debug, Clone, PartialEq)]
pub struct Faint {
    pub text: &'static str,
    pub behind: &'static str,
    pub dark: bool,
    pub contrast: f64,
}

impl Default for Palette {
    fn default() -> Palette {
        let own = COLOURS.iter().map(|(_, light, dark)| [light.to_string(), dark.to_string()]);
        Palette { colours: own.collect() }
    }
}

impl Palette {
    /// Replaces a colour, which is `#rgb` or `#rrggbb`; whether there is one of that name.
    pub fn set(&mut self, name: &str, dark: bool, colour: &str) -> bool {
        let at = COLOURS.iter().position(|(known, ..)| *known == name);
        if let Some(at) = at {
            self.colours[at][usize::from(dark)] = colour.to_string();
        }
        at.is_some()
    }

    pub fn get(&self, name: &str, dark: bool) -> Option<&str> {
        let at = COLOURS.iter().position(|(known, ..)| *known == name)?;
        Some(&self.colours[at][usize::from(dark)])
    }

    /// Name, light, dark.
    pub fn list(&self) -> Vec<Colour<'_>> {
        let own = COLOURS.iter().zip(&self.colours);
        own.map(|((name, ..), [light, dark])| (*name, light.as_str(), dark.as_str())).collect()
    }

    /// Every text of which the contrast is under 4.5:1.
    pub fn faint(&self) -> Vec<Faint> {
        let mut all = Vec::new();
        for dark in [false, true] {
            for (text, behind) in TEXTS {
                let of = |name| self.get(name, dark).and_then(rgb);
                let contrast = of(text).zip(of(behind)).map(|(text, behind)| contrast(text, behind));
                if let Some(contrast) = contrast.filter(|contrast| *contrast < READABLE) {
                    all.push(Faint { text, behind, dark, contrast });
                }
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::Palette;
    use crate::draw::contrast::{READABLE, contrast, rgb};

    #[test]
    fn every_text_can_be_read_by_day_and_by_night() {
        assert_eq!(Palette::default().faint(), Vec::new());
    }

    #[test]
    fn frames_in_frames_do_not_hide_their_titles() {
        let palette = Palette::default();
        for dark in [false, true] {
            let of = |name| rgb(palette.get(name, dark).unwrap()).unwrap();
            let (ink, mut behind) = (of("ink"), of("bg"));
            for _ in 0..3 {
                // A frame lets 3 % of the ink through.
                for (behind, ink) in behind.iter_mut().zip(ink) {
                    *behind = (f64::from(*behind) * 0.97 + f64::from(ink) * 0.03).round() as u8;
                }
            }
            for text in ["ink", "soft"] {
                let contrast = contrast(of(text), behind);
                assert!(contrast >= READABLE, "{text}, dark {dark}: {contrast}");
            }
        }
    }

    #[test]
    fn what_is_faint_is_named() {
        let mut palette = Palette::default();
        assert!(palette.set("ink", false, "#777777") && !palette.set("inc", false, "#000"));
        let faint = palette.faint();
        assert_eq!((faint[0].text, faint[0].behind, faint[0].dark), ("ink", "bg", false));
        assert!((faint[0].contrast - 4.478).abs() < 0.001, "{}", faint[0].contrast);
    }
}
