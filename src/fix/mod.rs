//! Fixes by machine: from what rules say would mend a finding to a text in which it is mended.
//!
//! A rule states a `Mend`, by names. `place` finds where in the text it goes, `repair` makes it there and judges what
//! came out: a fix that mends nothing, or brings anything new, is taken back.

mod applicability;
mod diff;
mod mend;
mod page;
mod place;
mod repair;

pub use applicability::{Applicability, SETTINGS};
pub use diff::unified;
pub use mend::{Mend, Subject, What, Write};
pub use page::{on_page, sentence};
pub use place::{Change, Places};
pub use repair::{Applied, Asked, Refused, Repaired, repair};

use std::collections::HashSet;

use crate::diagnostic::{Diagnostic, Edit};

/// Fills in where the mends of a finding stand; what cannot be placed is left out.
pub fn locate(places: &Places, finding: &mut Diagnostic) {
    let mut changes: Vec<(Change, Applicability)> = Vec::new();
    let mut decided = HashSet::new();
    for mend in &finding.mends {
        let applicability = mend.applicability();
        for change in places.changes(mend).unwrap_or_default() {
            if decided.insert(change.decides.clone()) {
                changes.push((change, applicability));
            }
        }
    }
    changes.sort_by_key(|(change, _)| change.order());
    let edit = |(change, applicability): (Change, Applicability)| Edit {
        span: change.span,
        text: change.text,
        applicability,
    };
    finding.edits = changes.into_iter().map(edit).fold(Vec::new(), joined);
}

/// What is put at one place is one edit.
fn joined(mut edits: Vec<Edit>, edit: Edit) -> Vec<Edit> {
    match edits.last_mut() {
        Some(last)
            if last.span.is_empty() && last.span == edit.span && last.applicability == edit.applicability =>
        {
            last.text.push_str(&edit.text);
        }
        _ => edits.push(edit),
    }
    edits
}
