//! Colours and type, as a style sheet.

use std::collections::BTreeSet;

use super::palette::Palette;

/// Which colours a drawing has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// Those that the viewer prefers.
    #[default]
    Auto,
    /// Fixed, for renderers that know no variables and choke on them.
    Light,
    Dark,
}

/// One of the same widths is on nearly every machine; `text.rs` leaves room for others.
pub const FONT: &str = "'Liberation Sans',Arial,Helvetica,Arimo,'Nimbus Sans',sans-serif";

/// Name, light, dark.
pub type Colour<'a> = (&'a str, &'a str, &'a str);

pub const COLOURS: [Colour<'static>; 29] = [
    ("bg", "#ffffff", "#11161d"),
    ("ink", "#18212c", "#e7ecf3"),
    ("soft", "#5a6675", "#9ba8b8"),
    ("line", "#4c5968", "#a3b0bf"),
    ("thin", "#6f7b8a", "#8794a3"),
    ("card", "#ffffff", "#1b232d"),
    ("frame", "#c3ccd7", "#3d4a59"),
    ("entry", "#2c6cb4", "#82b6ef"),
    ("entry-bg", "#e5effa", "#1d2f45"),
    ("compute", "#17776a", "#66c7b3"),
    ("compute-bg", "#e0f2ee", "#16342f"),
    ("store", "#9c5a0a", "#e3ac62"),
    ("store-bg", "#fbefdd", "#3b2c17"),
    ("messaging", "#754bb0", "#bf9fec"),
    ("messaging-bg", "#f0e9fa", "#2d2242"),
    ("control", "#566272", "#a9b5c3"),
    ("control-bg", "#eaeef2", "#28313c"),
    ("external", "#566272", "#a9b5c3"),
    ("external-bg", "#eaeef2", "#28313c"),
    ("error", "#c22f3c", "#ff7b83"),
    ("warning", "#a86200", "#f2b04b"),
    ("info", "#2c6cb4", "#82b6ef"),
    ("note", "#fdf6d8", "#35301a"),
    // Blue of M. Okabe and K. Ito, *Color Universal Design*, 2008: told from the roles' colours with any common colour
    // blindness, and drawn twice as wide.
    ("flow", "#0072b2", "#56b4e9"),
    // Ever darker by day, ever brighter by night. By day `OrRd` of M. Harrower and C. Brewer, *ColorBrewer.org*, 2003.
    ("heat-1", "#fff7ec", "#2b221a"),
    ("heat-2", "#fee8c8", "#412c17"),
    ("heat-3", "#fdd49e", "#5b3814"),
    ("heat-4", "#fdbb84", "#7a4412"),
    ("heat-5", "#fc8d59", "#9c4f12"),
];

/// Colours of texts, and what they stand on.
pub const TEXTS: [(&str, &str); 19] = [
    ("ink", "bg"),
    ("ink", "card"),
    ("ink", "note"),
    ("soft", "bg"),
    ("soft", "card"),
    ("bg", "error"),
    ("bg", "warning"),
    ("bg", "info"),
    ("bg", "flow"),
    ("ink", "heat-1"),
    ("ink", "heat-2"),
    ("ink", "heat-3"),
    ("ink", "heat-4"),
    ("ink", "heat-5"),
    // Pictures of kinds count as text: small, and there to be read.
    ("entry", "entry-bg"),
    ("compute", "compute-bg"),
    ("store", "store-bg"),
    ("messaging", "messaging-bg"),
    ("control", "control-bg"),
];

/// A rule a line. `(name)` stands for a colour; the first class of a selector is what the rule is for.
const RULES: &str = include_str!("theme.css");

/// The diagram's sheet, in the colours of a palette.
pub fn sheet(theme: Theme, palette: &Palette, occurs: impl Fn(&str) -> bool) -> String {
    sheet_of("spof", RULES, &palette.list(), theme, occurs)
}

/// A sheet for what stands in an element of class `root`, without the rules for classes that do not occur.
pub fn sheet_of(
    root: &str,
    all: &str,
    colours: &[Colour],
    theme: Theme,
    occurs: impl Fn(&str) -> bool,
) -> String {
    let mut used = BTreeSet::new();
    let mut rules = String::new();
    for rule in all.lines() {
        let Some((selectors, body)) = rule.split_once('{') else { continue };
        let class = selectors.split([' ', ',']).next().unwrap_or_default().trim_start_matches('.');
        if !occurs(class) {
            continue;
        }
        let selectors: Vec<String> = selectors.split(',').map(|one| format!(".{root} {one}")).collect();
        let declarations: Vec<String> = body
            .trim_end_matches('}')
            .split(';')
            .map(|declaration| declared(declaration, colours, theme, &mut used))
            .collect();
        rules.push_str(&format!("{}{{{}}}", selectors.join(","), declarations.join(";")));
    }
    if theme != Theme::Auto {
        return rules;
    }
    let variables = |night: bool| {
        let pairs: Vec<String> = used
            .iter()
            .map(|&at| colours[at])
            .map(|(name, light, dark)| format!("--{name}:{}", if night { dark } else { light }))
            .collect();
        format!(".{root}{{{}}}", pairs.join(";"))
    };
    format!("{}@media(prefers-color-scheme:dark){{{}}}{rules}", variables(false), variables(true))
}

/// `fill:(ink)` with its colour. A variable comes after its light value, which viewers without variables keep.
fn declared(declaration: &str, colours: &[Colour], theme: Theme, used: &mut BTreeSet<usize>) -> String {
    let parts = declaration.trim_end_matches(')').split_once(":(");
    let Some((property, colour)) = parts else { return declaration.to_string() };
    let at = colours.iter().position(|(name, ..)| *name == colour);
    let at = at.expect("the sheet is part of the program and tested");
    used.insert(at);
    let (name, light, dark) = colours[at];
    match theme {
        Theme::Auto => format!("{property}:{light};{property}:var(--{name})"),
        Theme::Light => format!("{property}:{light}"),
        Theme::Dark => format!("{property}:{dark}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{COLOURS, Palette, Theme, sheet};

    #[test]
    fn every_colour_is_known_and_used() {
        let all = sheet(Theme::Auto, &Palette::default(), |_| true);
        for (name, ..) in COLOURS {
            assert!(all.contains(&format!("var(--{name})")), "{name}");
        }
        assert!(!sheet(Theme::Dark, &Palette::default(), |_| true).contains("var("));
        assert_eq!(sheet(Theme::Light, &Palette::default(), |_| false), "");
    }
}
