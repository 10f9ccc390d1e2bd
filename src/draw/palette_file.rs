//! A reader's own colours: a TOML file with a table `[light]`, a table `[dark]`, and a colour a line.
//!
//! What is not set stays as it is. A file with a mistake is not used at all, since half a palette is nobody's.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::contrast::{READABLE, rgb};
use super::palette::Palette;
use super::theme::{COLOURS, Theme};
use crate::catalog::nearest;
use crate::diagnostic::Diagnostic;
use crate::source::{Source, Span};

const MODES: [(&str, Theme); 3] = [("light", Theme::Light), ("dark", Theme::Dark), ("auto", Theme::Auto)];

/// The theme of a name: `light`, `dark` or `auto`.
pub fn mode(name: &str) -> Option<Theme> {
    MODES.iter().find(|(known, _)| *known == name).map(|(_, theme)| *theme)
}

/// Reads a palette and which of its sides is drawn, both where the file does not say; every mistake in it, in order of
/// place, if there is one.
pub fn read_palette(source: &Source) -> Result<(Palette, Theme), Vec<Diagnostic>> {
    let (table, errors) = DeTable::parse_recoverable(&source.text);
    let mut reader = Reader::default();
    for error in &errors {
        let message = error.message().lines().next().unwrap_or_default().to_string();
        reader.mistake(
            error.span().unwrap_or(0..0),
            message,
            "",
            "a colour is a line under `[light]` or `[dark]`: `ink = \"#18212c\"`",
        );
    }
    if errors.is_empty() {
        for (key, value) in table.get_ref() {
            reader.entry(key, value);
        }
        if reader.mistakes.is_empty() {
            reader.contrasts();
        }
    }
    if reader.mistakes.is_empty() {
        return Ok((reader.palette, reader.theme));
    }
    reader.mistakes.sort_by_key(|mistake| mistake.at.span);
    Err(reader.mistakes)
}

#[derive(Default)]
struct Reader {
    palette: Palette,
    theme: Theme,
    /// What the file sets: name, whether for the dark, where.
    set: Vec<(&'static str, bool, Range<usize>)>,
    mistakes: Vec<Diagnostic>,
}

impl Reader {
    fn mistake(
        &mut self,
        place: Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
        help: &str,
    ) {
        let span = Span::new(place.start, place.end);
        self.mistakes.push(Diagnostic::mistake("theme", message, span, label).help(help));
    }

    fn entry(&mut self, key: &Spanned<DeString>, value: &Spanned<DeValue>) {
        match (key.get_ref().as_ref(), value.get_ref()) {
            (side @ ("light" | "dark"), DeValue::Table(colours)) => {
                for (name, colour) in colours {
                    self.colour(side == "dark", name, colour);
                }
            }
            (side @ ("light" | "dark"), _) => {
                let help = format!("write `[{side}]`, and under it a colour a line: `ink = \"#18212c\"`");
                self.mistake(value.span(), format!("`{side}` is a table of colours"), "not a table", &help);
            }
            ("mode", DeValue::String(word)) if mode(word).is_some() => {
                self.theme = mode(word).unwrap_or_default();
            }
            ("mode", _) => {
                let help = "write `mode = \"light\"`, \"dark\" or \"auto\", which is what the viewer prefers";
                self.mistake(value.span(), "`mode` is light, dark or auto", "none of them", help);
            }
            (other, _) => {
                let label = meant(other, &["light", "dark", "mode"], "not a key");
                let help = "colours stand in `[light]` and `[dark]`; `mode` says which of them is drawn";
                self.mistake(key.span(), format!("unknown key `{other}`"), label, help);
            }
        }
    }

    fn colour(&mut self, dark: bool, name: &Spanned<DeString>, colour: &Spanned<DeValue>) {
        let names: Vec<&'static str> = COLOURS.iter().map(|(name, ..)| *name).collect();
        let Some(known) = names.iter().find(|known| *known == name.get_ref()) else {
            let label = meant(name.get_ref(), &names, "not a colour");
            let help = format!("the colours are {}", names.join(", "));
            self.mistake(name.span(), format!("there is no colour `{}`", name.get_ref()), label, &help);
            return;
        };
        match colour.get_ref() {
            DeValue::String(text) if rgb(text).is_some() => {
                self.palette.set(known, dark, text);
                self.set.push((known, dark, colour.span()));
            }
            _ => {
                let help = "write red, green and blue as `\"#18212c\"` or `\"#123\"`";
                self.mistake(
                    colour.span(),
                    format!("`{known}` is no colour"),
                    "not of the form #rrggbb",
                    help,
                );
            }
        }
    }

    /// What cannot be read is refused at the colour that the file sets.
    fn contrasts(&mut self) {
        // One sentence for a colour is enough, however much stands on it.
        let mut refused: Vec<Range<usize>> = Vec::new();
        for faint in self.palette.faint() {
            let at = |name| self.set.iter().find(|(set, dark, _)| *set == name && *dark == faint.dark);
            let Some(place) = at(faint.text).or_else(|| at(faint.behind)).map(|(.., place)| place.clone())
            else {
                continue;
            };
            if refused.contains(&place) {
                continue;
            }
            refused.push(place.clone());
            let (text, behind) = (faint.text, faint.behind);
            // Rounded down: 4.49 is not 4.5.
            let figure = (faint.contrast * 100.0).floor() / 100.0;
            let side = if faint.dark { "dark" } else { "light" };
            let message =
                format!("`{text}` on `{behind}` cannot be read: a contrast of {figure}:1 in the {side}");
            let help = format!(
                "text needs {READABLE}:1 (WCAG 2.1); set `{text}` further from `{behind}`, which is {}",
                self.palette.get(behind, faint.dark).unwrap_or_default()
            );
            self.mistake(place, message, format!("{figure}:1"), &help);
        }
    }
}

fn meant(word: &str, known: &[&'static str], otherwise: &str) -> String {
    match nearest(word, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => otherwise.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::read_palette;
    use crate::draw::Theme;
    use crate::source::Source;

    /// `line:column message | label`
    fn mistakes(text: &str) -> Vec<String> {
        let source = Source::new("ours.toml", text);
        let mistakes = read_palette(&source).expect_err("mistakes");
        let show = |mistake: &crate::diagnostic::Diagnostic| {
            assert!(!mistake.help.is_empty(), "{mistake:?}");
            let place = source.place(mistake.at.span.start);
            format!("{}:{} {} | {}", place.line, place.column, mistake.message, mistake.at.text)
        };
        mistakes.iter().map(show).collect()
    }

    #[test]
    fn a_file() {
        let text = "# ours\nmode = \"dark\"\n[light]\nink = \"#000\"\n[dark]\nbg = \"#000000\"\n";
        let (palette, theme) = read_palette(&Source::new("ours.toml", text)).unwrap();
        assert_eq!(theme, Theme::Dark);
        assert_eq!((palette.get("ink", false), palette.get("bg", true)), (Some("#000"), Some("#000000")));
        assert_eq!(palette.get("bg", false), Some("#ffffff"), "what is not set stays");
    }

    #[test]
    fn every_mistake_has_its_place_and_a_way_out() {
        let cases = [
            ("[lihgt]\nink = \"#000\"\n", "1:2 unknown key `lihgt` | did you mean `light`?"),
            ("light = 3\n", "1:9 `light` is a table of colours | not a table"),
            ("mode = \"noon\"\n", "1:8 `mode` is light, dark or auto | none of them"),
            ("[light]\nstoer = \"#000\"\n", "2:1 there is no colour `stoer` | did you mean `store`?"),
            ("[light]\n\nink = \"black\"\n", "3:7 `ink` is no colour | not of the form #rrggbb"),
            ("[dark]\nink = \"#fffffff\"\n", "2:7 `ink` is no colour | not of the form #rrggbb"),
        ];
        for (text, expected) in cases {
            assert_eq!(mistakes(text), [expected], "{text}");
        }
        assert!(mistakes("[light\nink = 1\n")[0].starts_with("1:"));
        assert_eq!(mistakes("[light]\nink = 1\nnope = \"#fff\"\n").len(), 2, "all of them at once");
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_its_figure() {
        let all = mistakes("[light]\nsoft = \"#777777\"\n");
        assert_eq!(all.len(), 1, "{all:?}");
        assert_eq!(all[0], "2:8 `soft` on `bg` cannot be read: a contrast of 4.47:1 in the light | 4.47:1");
        // The text is the program's own, what is behind it the file's.
        assert!(mistakes("[dark]\ncard = \"#dddddd\"\n").iter().all(|mistake| mistake.starts_with("2:8")));
    }
}
