//! `--theme`: a name, or a file of colours.

use std::path::Path;

use super::input;
use super::output::{Trouble, say};
use super::terminal::{self, Color};
use crate::catalog::nearest;
use crate::draw::{Palette, Theme, mode, read_palette};
use crate::report::text::listed;

/// What was asked for; None where a file has mistakes, which have been said.
pub(super) fn chosen(name: &str, color: Color) -> Result<Option<(Palette, Theme)>, Trouble> {
    if let Some(theme) = mode(name) {
        return Ok(Some((Palette::default(), theme)));
    }
    let path = Path::new(name);
    let is_file = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("toml"));
    if !is_file {
        let near = nearest(name, ["light", "dark", "auto"]).map(|near| format!("did you mean `{near}`? "));
        let help = format!(
            "{}a theme is light, dark, auto, or a file of colours whose name ends in .toml",
            near.unwrap_or_default()
        );
        return Err(Trouble::new(format!("there is no theme `{name}`")).help(help));
    }
    let source = input::read(path)?;
    match read_palette(&source) {
        Ok(chosen) => Ok(Some(chosen)),
        Err(mistakes) => {
            let blocks = listed(&source, &mistakes, terminal::for_stderr(color));
            say(&format!("{}\n", blocks.join("\n\n")));
            Ok(None)
        }
    }
}
