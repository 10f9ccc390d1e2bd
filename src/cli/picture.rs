//! Pictures by the ending of their names: SVG, PNG, PDF.

use std::path::{Path, PathBuf};

use super::input;
use super::output::{Trouble, print, print_bytes, write};
use crate::draw::{Theme, pdf, png};

/// How a picture is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Svg,
    Png,
    Pdf,
}

/// Where a picture goes; no path is standard output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub path: Option<PathBuf>,
    pub kind: Kind,
}

impl Target {
    pub const STDOUT: Target = Target { path: None, kind: Kind::Svg };

    pub fn svg(path: PathBuf) -> Target {
        Target { path: Some(path), kind: Kind::Svg }
    }

    /// A name as it was given. Standard output and what is no regular file, such as a pipe, get SVG.
    pub fn named(output: &Path) -> Result<Target, Trouble> {
        if input::is_stdin(output) {
            return Ok(Target::STDOUT);
        }
        let ending = output.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let kind = match ending.to_ascii_lowercase().as_str() {
            "svg" => Kind::Svg,
            "png" => Kind::Png,
            "pdf" => Kind::Pdf,
            _ if std::fs::metadata(output).is_ok_and(|file| !file.is_file() && !file.is_dir()) => Kind::Svg,
            _ => {
                let message = format!("cannot tell what to draw from the name `{}`", output.display());
                return Err(Trouble::new(message).help(
                    "end the name in .svg, .png or .pdf, or write SVG to standard output with `-o -`",
                ));
            }
        };
        Ok(Target { path: Some(output.to_path_buf()), kind })
    }

    /// Draws and writes; what knows no style sheets gets the colours of one theme.
    pub fn write(&self, scale: f32, svg: impl Fn(Theme) -> String) -> Result<(), Trouble> {
        let drawn = |bytes: Result<Vec<u8>, String>| {
            bytes.map_err(|error| {
                Trouble::new(format!("cannot draw it: {error}")).help("a smaller `--scale`, or .svg, may do")
            })
        };
        match (self.kind, &self.path) {
            (Kind::Svg, None) => print(&svg(Theme::Auto)),
            (Kind::Svg, Some(path)) => write(path, svg(Theme::Auto).as_bytes()),
            (kind, path) => {
                let svg = svg(Theme::Light);
                let bytes = drawn(if kind == Kind::Png { png(&svg, scale) } else { pdf(&svg) })?;
                path.as_ref().map_or_else(|| print_bytes(&bytes), |path| write(path, &bytes))
            }
        }
    }
}

/// A scale that a picture can have.
pub(super) fn scale(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(scale) if (0.1..=10.0).contains(&scale) => Ok(scale),
        _ => Err("a scale is a number from 0.1 to 10".to_string()),
    }
}
