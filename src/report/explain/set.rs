//! How a page is set.

use crate::catalog::Attribute;
use crate::report::{Style, Wrap};

/// Sets the parts of a page.
pub(in crate::report) struct Page(pub(in crate::report) Style);

impl Page {
    /// A paragraph, or several, of which those that start with `- ` are the points of a list.
    pub(in crate::report) fn prose(&self, text: &str) -> String {
        let paragraphs = text.lines().filter(|line| !line.trim().is_empty());
        let lines: Vec<String> = paragraphs
            .map(|line| {
                let hang = if line.starts_with("- ") { 4 } else { 2 };
                Wrap { width: self.0.width, first: 2, hang }.own(line)
            })
            .collect();
        lines.join("\n")
    }

    pub(in crate::report) fn section(&self, heading: &str, text: &str) -> String {
        format!("{}\n{}", self.0.paint().bold(heading), self.prose(text))
    }

    pub(in crate::report) fn code(&self, heading: &str, text: &str) -> String {
        let lines: Vec<String> = text.trim_end().lines().map(|line| format!("    {line}")).collect();
        format!("{}\n{}", self.0.paint().bold(heading), lines.join("\n"))
    }

    pub(in crate::report) fn table(&self, heading: &str, attributes: &[&Attribute]) -> String {
        let widest = attributes.iter().map(|attribute| attribute.name.len()).max().unwrap_or(0);
        let start = widest + 4;
        let mut out = self.0.paint().bold(heading);
        for attribute in attributes {
            let text = Wrap { width: self.0.width, first: start, hang: start }.text(&attribute.meaning);
            out.push_str(&format!("\n  {:<widest$}  {text}", attribute.name));
        }
        out
    }
}

/// A phrase as a sentence: a capital first, a stop last.
pub(super) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    let stop = if text.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{first}{}{stop}", chars.as_str())
}
