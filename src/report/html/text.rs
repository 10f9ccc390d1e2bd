//! The design's text, its lines numbered for the findings that lead to them.

use super::section;
use super::writer::Writer;
use crate::source::Source;

pub fn text(page: &mut Writer, source: &Source) {
    section(page, "text", "The design's text", |page| {
        page.element("pre", &[("class", "whole")], |page| {
            for (at, line) in source.text.lines().enumerate() {
                let number = (at + 1).to_string();
                page.element("span", &[("class", "row"), ("id", &format!("line-{number}"))], |page| {
                    page.leaf("span", &[("class", "no")], &number);
                    page.leaf("span", &[("class", "code")], line);
                    page.raw("\n");
                });
            }
        });
    });
}
