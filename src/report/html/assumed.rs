//! What was taken for granted, with grade and source, and what to write instead.

use super::writer::Writer;
use super::{section, table};
use crate::numbers::Numbers;
use crate::report::numbers::lasting;

/// Names of nodes for one assumption.
const NAMES: usize = 12;

pub fn assumed(page: &mut Writer, numbers: &Numbers, still: Option<&str>) {
    let (taken, lasting) = (numbers.assumed(), lasting(&numbers.flows));
    if taken.is_empty() && lasting.is_empty() && still.is_none() {
        return;
    }
    section(page, "assumed", "Assumed", |page| {
        let heads = ["What was taken for granted", "Grade", "Source", "Say otherwise with"];
        table(page, "words", "Defaults that the design does not state", &heads, 4, |page| {
            for one in taken {
                row(page, &one.what, &format!("{:?}", one.grade), &one.source, &one.instead);
            }
            for one in &lasting {
                let mut names: Vec<String> = one.of.iter().take(NAMES).map(|id| format!("`{id}`")).collect();
                if one.of.len() > NAMES {
                    names.push(format!("{} more", one.of.len() - NAMES));
                }
                let what = format!("{}: {}", one.what, names.join(", "));
                row(page, &what, &format!("{:?}", one.grade), &one.source, &one.instead);
            }
        });
        let grades = "Grade A: the vendor's measurement or limit. B: a careful measurement by others. C: a rule of thumb, \
                      which never makes an error.";
        page.leaf("p", &[("class", "note")], grades);
        if let Some(still) = still {
            page.said("p", &[("class", "note")], still);
        }
    });
}

fn row(page: &mut Writer, what: &str, grade: &str, source: &str, instead: &str) {
    page.element("tr", &[], |page| {
        page.said("th", &[("scope", "row")], what);
        page.leaf("td", &[], grade);
        page.said("td", &[], source);
        page.said("td", &[], instead);
    });
}
