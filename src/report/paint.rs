//! Colour, or none.

use anstyle::{AnsiColor, Style};

use crate::diagnostic::Severity;

#[derive(Debug, Clone, Copy)]
pub struct Paint {
    pub on: bool,
}

impl Paint {
    pub fn bold(self, text: &str) -> String {
        self.with(Style::new().bold(), text)
    }

    pub fn dim(self, text: &str) -> String {
        self.with(Style::new().dimmed(), text)
    }

    /// The colour of line numbers and arrows in excerpts.
    pub fn frame(self, text: &str) -> String {
        self.with(AnsiColor::BrightBlue.on_default().bold(), text)
    }

    pub fn severity(self, severity: Severity, text: &str) -> String {
        let color = match severity {
            Severity::Error => AnsiColor::BrightRed,
            Severity::Warning => AnsiColor::Yellow,
            Severity::Info => AnsiColor::BrightBlue,
        };
        self.with(color.on_default().bold(), text)
    }

    pub fn good(self, text: &str) -> String {
        self.with(AnsiColor::Green.on_default().bold(), text)
    }

    /// Green from four fifths, yellow from a half, red below.
    pub fn share(self, share: f64, text: &str) -> String {
        let color = match share {
            share if share >= 0.8 => AnsiColor::Green,
            share if share >= 0.5 => AnsiColor::Yellow,
            _ => AnsiColor::Red,
        };
        self.with(color.on_default(), text)
    }

    fn with(self, style: Style, text: &str) -> String {
        if self.on && !text.is_empty() {
            format!("{}{text}{}", style.render(), style.render_reset())
        } else {
            text.to_string()
        }
    }
}
