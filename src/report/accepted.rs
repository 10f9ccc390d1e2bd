//! What the design accepts with a reason: named, so that nobody forgets it, and no more.

use super::{Style, Wrap};
use crate::rules::Accepted;

/// `Accepted with a reason (2): spof-region on store (until 2027-06-30), no-backup on hot`
pub(super) fn line(accepted: &[Accepted], style: Style) -> String {
    let named: Vec<String> = accepted.iter().map(name).collect();
    let head = format!("Accepted with a reason ({}):", accepted.len());
    let text = Wrap { width: style.width, first: head.len() + 1, hang: 2 }.text(&named.join(", "));
    format!("{} {text}", style.paint().bold(&head))
}

/// `spof-region on store (until 2027-06-30)`
pub(super) fn name(accepted: &Accepted) -> String {
    let on = accepted.finding.nodes.first().map_or(String::new(), |id| format!(" on {id}"));
    let until = accepted.until.map_or(String::new(), |day| format!(" (until {day})"));
    format!("{}{on}{until}", accepted.finding.code)
}
