//! All that is said of a design as one page for a browser or a printer: nothing is fetched, no script runs.

mod assumed;
mod excerpt;
mod failure;
mod figures;
mod findings;
mod questions;
mod score;
mod sheet;
mod text;
mod verdict;
mod writer;

use super::availability::standing_still;
use super::{Style, settings, summary};
use crate::draw::{Marks, Plan, Theme, drawn, svg_themed};
use crate::numbers::Numbers;
use crate::numbers::availability::Places;
use crate::predict::Growth;
use crate::review::Review;
use writer::Writer;

/// Places of findings and questions on the page, by their number in the critique.
const FINDING: &str = "finding";

/// No script, no frame, no picture, no font, no address but this page's: only its own style sheet.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// What the page shows beside the review.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    pub review: &'a Review,
    pub numbers: &'a Numbers,
    pub growth: &'a Growth,
    /// How `numbers` were reckoned.
    pub places: Places,
}

/// The page: HTML that an XML parser takes as well.
pub fn html(told: Told) -> String {
    let review = told.review;
    let name = review.design.title.as_deref().unwrap_or(&review.source.name);
    let mut page = Writer::default();
    page.raw("<!DOCTYPE html>\n");
    page.open("html", &[("lang", "en")]);
    page.element("head", &[], |page| {
        page.open("meta", &[("charset", "utf-8")]);
        page.open("meta", &[("http-equiv", "Content-Security-Policy"), ("content", POLICY)]);
        page.open("meta", &[("name", "viewport"), ("content", "width=device-width, initial-scale=1")]);
        page.open("meta", &[("name", "color-scheme"), ("content", "light dark")]);
        page.open("meta", &[("name", "referrer"), ("content", "no-referrer")]);
        page.leaf("title", &[], name);
        page.element("style", &[], |page| page.raw(&sheet::sheet()));
    });
    page.open("body", &[]);
    header(&mut page, told, name);
    page.open("main", &[]);
    findings::mistakes(&mut page, review);
    drawing(&mut page, review);
    findings::findings(&mut page, review);
    questions::questions(&mut page, review);
    questions::not_evaluated(&mut page, review);
    if let Some(points) = &review.score {
        score::score(&mut page, points);
    }
    figures::figures(&mut page, told.numbers);
    failure::failure(&mut page, &review.design, told.numbers, told.growth);
    let still = standing_still(&review.design, told.places).filter(|_| !told.numbers.flows.is_empty());
    assumed::assumed(&mut page, told.numbers, still);
    findings::allowed(&mut page, review);
    text::text(&mut page, &review.source);
    page.close();
    page.element("footer", &[], |page| {
        page.leaf("p", &[], &format!("spof {}, of {}", env!("CARGO_PKG_VERSION"), review.source.name));
    });
    page.end()
}

fn header(page: &mut Writer, told: Told, name: &str) {
    let review = told.review;
    page.element("header", &[("class", "top")], |page| {
        if let Some(problem) = &review.problem {
            page.leaf("p", &[("class", "of")], &problem.replace('-', " "));
        }
        page.leaf("h1", &[], name);
        page.said("p", &[("class", "verdict")], &verdict::verdict(review));
        page.element("ul", &[("class", "counts"), ("aria-label", "In all")], |page| {
            for (class, count) in verdict::counts(review) {
                page.leaf("li", &[("class", class)], &count);
            }
        });
        let plain = Style { width: usize::MAX, color: false, all: true };
        for line in settings::lines(&review.critique.settings, plain) {
            page.said("p", &[("class", "note")], &line);
        }
    });
    contents(page, told);
}

/// Links to what is on the page.
fn contents(page: &mut Writer, told: Told) {
    let review = told.review;
    let asks = review.critique.findings.iter().any(|one| one.verdict == crate::diagnostic::Verdict::Unstated);
    let reckoned = !told.numbers.flows.is_empty() || !told.numbers.nodes.is_empty();
    let parts = [
        ("#drawing", "Drawing", true),
        ("#findings", "Findings", true),
        ("#questions", "Questions", asks),
        ("#score", "Score", review.score.is_some()),
        ("#numbers", "Numbers", reckoned),
        ("#stops", "Failure", told.numbers.flows.iter().any(|flow| flow.availability.is_some())),
        ("#text", "Text", true),
    ];
    page.element("nav", &[("aria-label", "On this page")], |page| {
        page.element("ul", &[], |page| {
            for (link, name, _) in parts.iter().filter(|(.., shown)| *shown) {
                page.element("li", &[], |page| page.leaf("a", &[("href", link)], name));
            }
        });
    });
}

/// With what was found on it, each mark leading to its finding.
fn drawing(page: &mut Writer, review: &Review) {
    let design = &review.design;
    let scene = drawn(design, Plan { untitled: true, ..Plan::default() });
    let width = format!("--w:{}", scene.w.ceil());
    section(page, "drawing", "Drawing", |page| {
        let scrolled =
            [("class", "drawing"), ("tabindex", "0"), ("aria-label", "Drawing"), ("style", width.as_str())];
        page.element("figure", &scrolled, |page| {
            let marks = Marks::new(&review.critique.findings).leading_to(FINDING);
            page.raw(&svg_themed(&scene, Some(&marks), Theme::Auto));
            let [nodes, hops, flows] = [
                (design.graph.node_count(), "node"),
                (design.graph.edge_count(), "hop"),
                (design.flows.len(), "flow"),
            ]
            .map(|(count, name)| summary::counted(count, name));
            let marked = if review.critique.findings.is_empty() {
                ""
            } else {
                ". A badge counts the findings and questions on what it stands at, and leads to the worst of them"
            };
            page.leaf("figcaption", &[], &format!("{nodes}, {hops}, {flows}{marked}."));
        });
    });
}

/// A part of the page, under its heading.
fn section(page: &mut Writer, id: &str, title: &str, content: impl FnOnce(&mut Writer)) {
    let heading = format!("{id}-heading");
    page.element("section", &[("id", id), ("aria-labelledby", &heading)], |page| {
        page.leaf("h2", &[("id", &heading)], title);
        content(page);
    });
}

/// A table that is scrolled by itself where the page is too narrow. Columns from `words` on hold numbers.
fn table(
    page: &mut Writer,
    class: &'static str,
    caption: &str,
    heads: &[&str],
    words: usize,
    rows: impl FnOnce(&mut Writer),
) {
    let scrolled = [("class", "wide"), ("tabindex", "0"), ("role", "group"), ("aria-label", caption)];
    page.element("div", &scrolled, |page| {
        page.element("table", &[("class", class)], |page| {
            page.leaf("caption", &[], caption);
            page.element("thead", &[], |page| {
                page.element("tr", &[], |page| {
                    for (at, name) in heads.iter().enumerate() {
                        let class = if at >= words { "number" } else { "" };
                        match name.is_empty() {
                            true => page.leaf("td", &[], ""),
                            false => page.leaf("th", &[("scope", "col"), ("class", class)], name),
                        }
                    }
                });
            });
            page.element("tbody", &[], rows);
        });
    });
}

/// A share as a bar, for the eye alone: the number stands beside it.
fn bar(page: &mut Writer, share: f64, class: &'static str) {
    let full = if share.is_finite() { (share * 100.0).clamp(0.0, 100.0) } else { 0.0 };
    page.raw(&format!(
        "<svg class=\"bar {class}\" viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\
         <rect class=\"track\" width=\"100\" height=\"8\"/><rect class=\"part\" width=\"{}\" height=\"8\"/></svg>",
        (full * 10.0).round() / 10.0
    ));
}
