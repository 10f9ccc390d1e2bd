//! What stops each flow, and what breaks first as load grows.

use super::writer::Writer;
use super::{section, table};
use crate::design::Design;
use crate::numbers::Numbers;
use crate::numbers::availability::{LARGEST_ORDER, in_words};
use crate::predict::Growth;
use crate::report::availability::{CUTS, a_year, cells};
use crate::report::summary::counted;
use crate::units::show_number;

/// Limits that are shown.
const LIMITS: usize = 8;

pub fn failure(page: &mut Writer, design: &Design, numbers: &Numbers, growth: &Growth) {
    let served: Vec<_> = numbers.flows.iter().filter(|flow| flow.availability.is_some()).collect();
    if !served.is_empty() {
        section(page, "stops", "What stops each flow", |page| {
            table(
                page,
                "words",
                "Smallest sets of failures",
                &["Flow", "Down a year", "Stopped by"],
                3,
                |page| {
                    for flow in &served {
                        let Some(of) = &flow.availability else { continue };
                        let said = in_words(design, &of.tree, &of.cuts);
                        page.element("tr", &[], |page| {
                            page.leaf("th", &[("scope", "row")], &flow.id);
                            page.leaf("td", &[("class", "number")], &cells(Some(of))[2]);
                            page.element("td", &[], |page| stops(page, &said));
                        });
                    }
                },
            );
        });
    }
    if !growth.reaches.is_empty() {
        limits(page, growth);
    }
}

fn stops(page: &mut Writer, said: &[(String, f64)]) {
    if said.is_empty() {
        page.text(&format!("nothing short of {} failures at once", LARGEST_ORDER + 1));
        return;
    }
    page.element("ul", &[("class", "plain")], |page| {
        for (words, down) in said.iter().take(CUTS) {
            page.element("li", &[], |page| {
                page.prose(words);
                page.text(" ");
                page.leaf("small", &[], &a_year(*down));
            });
        }
        if said.len() > CUTS {
            page.leaf("li", &[], &format!("and {}, rarer", counted(said.len() - CUTS, "more set")));
        }
    });
}

fn limits(page: &mut Writer, growth: &Growth) {
    section(page, "growth", "What breaks first as every flow grows alike", |page| {
        table(page, "words", "Times the load of today", &["Load", "Node", "Limit"], 3, |page| {
            for reaches in growth.reaches.iter().take(LIMITS) {
                let no_more = if reaches.at_most { "≤ " } else { "" };
                page.element("tr", &[], |page| {
                    let factor = format!("{no_more}×{}", show_number(reaches.factor));
                    page.leaf("td", &[("class", "number")], &factor);
                    page.leaf("th", &[("scope", "row")], &reaches.node);
                    page.element("td", &[], |page| {
                        page.prose(&reaches.by);
                        if let Some(grade) = reaches.grade() {
                            page.text(&format!(", assumed (grade {grade:?})"));
                        }
                        page.text(if reaches.factor < 1.0 { "; past it today" } else { "" });
                    });
                });
            }
        });
        for fills in &growth.fills {
            page.said("p", &[], &format!("The disks of `{}`: {}.", fills.store, fills.by));
        }
        if !growth.unknown.is_empty() {
            let names: Vec<String> =
                growth.unknown.iter().take(LIMITS).map(|unknown| format!("`{}`", unknown.node)).collect();
            let more = growth.unknown.len() - names.len();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let text = format!("Not known of {}{more}: numbers are missing.", names.join(", "));
            page.said("p", &[("class", "note")], &text);
        }
    });
}
