//! The page's style sheet: the colours of the drawings, and `page.css`.

use crate::draw::theme::COLOURS;

const RULES: &str = include_str!("page.css");

/// Those of the drawing's colours that the page has as well.
const USED: [&str; 9] = ["bg", "ink", "soft", "card", "frame", "note", "error", "warning", "info"];

/// What the page has of its own: light, dark.
const OWN: [(&str, &str, &str); 5] = [
    ("good", "#17776a", "#66c7b3"),
    ("code-bg", "#f1f4f8", "#222c38"),
    ("pre-bg", "#f8fafc", "#1b232d"),
    ("mark", "#fde3e0", "#5a1f26"),
    ("hint", "#fdf6d8", "#35301a"),
];

pub fn sheet() -> String {
    let all = || {
        let drawn = COLOURS.iter().filter(|(name, ..)| USED.contains(name));
        drawn.chain(&OWN).copied()
    };
    let light: Vec<String> = all().map(|(name, light, _)| format!("--{name}:{light}")).collect();
    let dark: Vec<String> = all().map(|(name, _, dark)| format!("--{name}:{dark}")).collect();
    // Paper is white. The drawing has a sheet of its own, which comes later: it takes more to outdo that.
    let paper: Vec<String> = COLOURS.iter().map(|(name, light, _)| format!("--{name}:{light}")).collect();
    format!(
        ":root{{{light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{}}}}}\n@media print{{svg.spof.spof{{{}}}}}\n{RULES}",
        dark.join(";"),
        paper.join(";"),
        light = light.join(";"),
    )
}

#[cfg(test)]
mod tests {
    use super::{OWN, sheet};
    use crate::draw::contrast::{READABLE, contrast, rgb};
    use crate::draw::theme::COLOURS;

    #[test]
    fn every_text_can_be_read_on_what_it_stands_on() {
        let of = |name: &str, dark: bool| {
            let (_, day, night) =
                COLOURS.iter().chain(&OWN).find(|(known, ..)| *known == name).expect("a colour");
            rgb(if dark { night } else { day }).expect("a colour")
        };
        for dark in [false, true] {
            for text in ["ink", "soft", "error", "warning", "info", "good"] {
                for behind in ["bg", "card", "pre-bg"] {
                    let contrast = contrast(of(text, dark), of(behind, dark));
                    assert!(contrast >= READABLE, "{text} on {behind}, dark {dark}: {contrast}");
                }
            }
            for (text, behind) in [("ink", "mark"), ("ink", "hint"), ("ink", "code-bg"), ("soft", "code-bg")]
            {
                let contrast = contrast(of(text, dark), of(behind, dark));
                assert!(contrast >= READABLE, "{text} on {behind}, dark {dark}: {contrast}");
            }
        }
    }

    #[test]
    fn no_variable_is_without_a_colour_and_no_markup_is_in_it() {
        let sheet = sheet();
        assert!(!sheet.contains(['<', '&']));
        for (at, _) in sheet.match_indices("var(--") {
            let name = sheet[at + 6..].split([')', ',']).next().unwrap();
            // A column and a width come with their elements, a tone is one of the colours.
            let given =
                [format!("--{name}:#"), format!("--{name}:var(--")].iter().any(|given| sheet.contains(given));
            assert!(given || ["at", "w"].contains(&name), "{name}");
        }
    }
}
