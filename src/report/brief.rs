//! A finding in one line, where the worst ones have been shown whole.

use super::wrap::columns;
use super::{Style, Wrap};
use crate::diagnostic::Diagnostic;
use crate::source::Source;

/// `  warning[rule]: message (line 12)`
pub(super) fn line(source: &Source, finding: &Diagnostic, style: Style) -> String {
    let head = format!("{}[{}]", finding.severity.name(), finding.code);
    let place = source.place(finding.at.span.start).line;
    let text = format!("{} (line {place})", finding.message);
    let wrap = Wrap { width: style.width, first: columns(&head) + 4, hang: 6 };
    format!("  {}: {}", style.paint().severity(finding.severity, &head), wrap.text(&text))
}
