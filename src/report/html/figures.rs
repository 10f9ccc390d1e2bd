//! What flows, nodes and tables have to carry and what they can, and how each figure was reached.

use super::writer::Writer;
use super::{bar, head, section};
use crate::numbers::{Missing, Numbers, Reached};
use crate::report::{availability, latency, numbers};

/// Designs with more nodes than this get no arithmetic on the page: `spof numbers --why` has it.
const TRACED: usize = 200;
/// Missing numbers that are named.
const WANTS: usize = 24;

pub fn figures(page: &mut Writer, numbers: &Numbers) {
    if numbers.flows.is_empty() && numbers.nodes.is_empty() {
        return;
    }
    section(page, "numbers", "Numbers", |page| {
        flows(page, numbers);
        nodes(page, numbers);
        tables(page, numbers);
        let wants = numbers.wants();
        if !wants.is_empty() {
            let shown = &wants[..wants.len().min(WANTS)];
            let more = wants.len() - shown.len();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            page.said("p", &[("class", "note")], &format!("A `?` wants {}{more}.", shown.join(", ")));
        }
        reached(page, numbers);
    });
}

/// A table of figures: the first column names, the others are numbers.
fn table(page: &mut Writer, caption: &str, heads: &[&str], rows: Vec<Vec<String>>) {
    if rows.is_empty() {
        return;
    }
    let used: Vec<usize> =
        (0..heads.len()).filter(|&at| rows.iter().any(|row| !row[at].is_empty())).collect();
    page.element("div", &[("class", "wide"), ("tabindex", "0")], |page| {
        page.element("table", &[], |page| {
            let heads: Vec<&str> = used.iter().map(|&at| heads[at]).collect();
            head(page, caption, &heads, 1);
            page.element("tbody", &[], |page| {
                for row in &rows {
                    page.element("tr", &[], |page| {
                        page.leaf("th", &[("scope", "row")], &row[0]);
                        used[1..].iter().for_each(|&at| page.leaf("td", &[("class", "number")], &row[at]));
                    });
                }
            });
        });
    });
}

fn flows(page: &mut Writer, numbers: &Numbers) {
    let rows = numbers.flows.iter().map(|flow| {
        let [available, naive, down] = availability::cells(flow.availability.as_ref());
        let [p50, p99] = latency::cells(flow.latency.as_ref());
        let [average, peak] = [&flow.average, &flow.peak].map(numbers::cell);
        vec![flow.id.clone(), average, peak, p50, p99, available, naive, down]
    });
    let heads = ["Flow", "Average", "Peak", "p50", "p99", "Available", "Naive", "Down a year"];
    table(page, "Flows", &heads, rows.collect());
}

fn nodes(page: &mut Writer, numbers: &Numbers) {
    let of = |figure: &Option<Reached>| figure.as_ref().map(numbers::cell).unwrap_or_default();
    if numbers.nodes.is_empty() {
        return;
    }
    page.element("div", &[("class", "wide"), ("tabindex", "0")], |page| {
        page.element("table", &[], |page| {
            head(page, "Nodes", &["Node", "Average", "Peak", "Carries", "Used", "", "In flight", "Hits"], 1);
            page.element("tbody", &[], |page| {
                for node in &numbers.nodes {
                    page.element("tr", &[], |page| {
                        page.leaf("th", &[("scope", "row")], &node.id);
                        let number = [("class", "number")];
                        page.leaf("td", &number, &numbers::cell(&node.average));
                        page.leaf("td", &number, &numbers::cell(&node.peak));
                        page.leaf("td", &number, &of(&node.capacity));
                        page.leaf("td", &number, &of(&node.utilisation));
                        page.element("td", &[("class", "gauge")], |page| {
                            if let Some(Ok(used)) = &node.utilisation {
                                bar(page, used.value, load(used.value));
                            }
                        });
                        page.leaf("td", &number, &of(&node.in_flight));
                        page.leaf("td", &number, &numbers::hits(&node.cache));
                    });
                }
            });
        });
    });
}

/// Where waiting times begin to grow, and where nothing is left.
fn load(used: f64) -> &'static str {
    match used {
        used if used > 1.0 => "error",
        used if used > crate::predict::TIGHT => "warning",
        _ => "full",
    }
}

fn tables(page: &mut Writer, numbers: &Numbers) {
    let rows = numbers.tables.iter().map(|of| {
        vec![of.id.clone(), numbers::cell(&of.rows), numbers::cell(&of.size), numbers::cell(&of.growth)]
    });
    table(page, "Tables", &["Table", "Rows", "With copies", "A day"], rows.collect());
}

/// The arithmetic of every figure, to be redone by hand.
fn reached(page: &mut Writer, numbers: &Numbers) {
    if numbers.nodes.len() > TRACED {
        page.said("p", &[("class", "note")], "`spof numbers --why ID` shows how a figure was reached.");
        return;
    }
    let flows = numbers.flows.iter().map(|flow| {
        let mut figures = vec![("average", &flow.average), ("peak", &flow.peak)];
        if let Some(latency) = &flow.latency {
            figures.extend([("p50", &latency.p50), ("p99", &latency.p99)]);
        }
        (format!("flow {}", flow.id), figures)
    });
    let nodes = numbers.nodes.iter().map(|node| (node.id.clone(), node.figures()));
    let tables = numbers.tables.iter().map(|table| (table.id.clone(), table.figures()));
    page.element("details", &[], |page| {
        page.leaf("summary", &[], "How each figure was reached");
        for (id, figures) in flows.chain(nodes).chain(tables) {
            page.leaf("h4", &[], &id);
            page.element("dl", &[("class", "reached")], |page| {
                for (name, figure) in figures {
                    page.leaf("dt", &[], &format!("{name}: {}", numbers::cell(figure)));
                    match figure {
                        Ok(figure) => figure.reached.iter().for_each(|line| page.said("dd", &[], line)),
                        Err(Missing { wants, .. }) => {
                            page.said("dd", &[], &format!("wants {}", wants.join(", ")));
                        }
                    }
                }
            });
        }
    });
}
