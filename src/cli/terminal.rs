//! How wide the terminal is, and whether to colour.

use std::io::{IsTerminal, stderr, stdout};

use clap::ValueEnum;

use crate::report::Style;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    Auto,
    Always,
    Never,
}

/// Where nobody says, and where lines stop being easy to read.
const WIDTH: usize = 100;
const WIDEST: usize = 110;
const NARROWEST: usize = 40;

pub(super) fn for_stdout(color: Color) -> Style {
    style(color, stdout().is_terminal())
}

pub(super) fn for_stderr(color: Color) -> Style {
    style(color, stderr().is_terminal())
}

fn style(color: Color, terminal: bool) -> Style {
    Style { width: width(terminal), color: colored(color, terminal), all: false }
}

fn width(terminal: bool) -> usize {
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let measured = || terminal_size::terminal_size().filter(|_| terminal).map(|(width, _)| width.0.into());
    said.or_else(measured).unwrap_or(WIDTH).clamp(NARROWEST, WIDEST)
}

fn colored(color: Color, terminal: bool) -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => terminal && !set("NO_COLOR") && !is_dumb(),
    }
}

/// One that obeys no control sequences.
pub(super) fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}
