//! What flows, nodes and tables have to carry and what they can, and how each figure was reached.

use super::writer::Writer;
use super::{bar, section, table};
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
            page.said("p", &[("class", "note")], &format!("A `?` wants {}{more}.", numbers::wanted(shown)));
        }
        reached(page, numbers);
    });
}

/// A figure, with a bar where it is a share.
struct Cell {
    text: String,
    share: Option<f64>,
}

impl From<String> for Cell {
    fn from(text: String) -> Cell {
        Cell { text, share: None }
    }
}

/// A table of figures, without the columns in which nothing stands: the first column names, the others are numbers.
fn grid(page: &mut Writer, caption: &str, heads: &[&str], rows: Vec<Vec<Cell>>) {
    if rows.is_empty() {
        return;
    }
    let used: Vec<usize> =
        (0..heads.len()).filter(|&at| at == 0 || rows.iter().any(|row| !row[at].text.is_empty())).collect();
    let heads: Vec<&str> = used.iter().map(|&at| heads[at]).collect();
    table(page, "", caption, &heads, 1, |page| {
        for row in &rows {
            page.element("tr", &[], |page| {
                page.leaf("th", &[("scope", "row")], &row[0].text);
                used[1..].iter().for_each(|&at| cell(page, &row[at]));
            });
        }
    });
}

fn cell(page: &mut Writer, cell: &Cell) {
    page.element("td", &[("class", "number")], |page| {
        page.text(&cell.text);
        if let Some(share) = cell.share {
            bar(page, share, load(share));
        }
    });
}

fn flows(page: &mut Writer, numbers: &Numbers) {
    let rows = numbers.flows.iter().map(|flow| {
        let [available, naive, down] = availability::cells(flow.availability.as_ref());
        let [p50, p99] = latency::cells(flow.latency.as_ref());
        let [average, peak] = [&flow.average, &flow.peak].map(numbers::cell);
        [flow.id.clone(), average, peak, p50, p99, available, naive, down].map(Cell::from).into()
    });
    let heads = ["Flow", "Average", "Peak", "p50", "p99", "Available", "Naive", "Down a year"];
    grid(page, "Flows", &heads, rows.collect());
}

fn nodes(page: &mut Writer, numbers: &Numbers) {
    let of = |figure: &Option<Reached>| figure.as_ref().map(numbers::cell).unwrap_or_default();
    let rows = numbers.nodes.iter().map(|node| {
        let [average, peak] = [&node.average, &node.peak].map(numbers::cell);
        let [capacity, used, in_flight] = [&node.capacity, &node.utilisation, &node.in_flight].map(of);
        let hits = numbers::hits(&node.cache);
        let used = Cell {
            text: used,
            share: node.utilisation.as_ref().and_then(|used| Some(used.as_ref().ok()?.value)),
        };
        let [id, average, peak, capacity, in_flight, hits] =
            [node.id.clone(), average, peak, capacity, in_flight, hits].map(Cell::from);
        vec![id, average, peak, capacity, used, in_flight, hits]
    });
    let heads = ["Node", "Average", "Peak", "Carries", "Used", "In flight", "Hits"];
    grid(page, "Nodes", &heads, rows.collect());
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
        let [rows, size, growth] = [&of.rows, &of.size, &of.growth].map(numbers::cell);
        [of.id.clone(), rows, size, growth].map(Cell::from).into()
    });
    grid(page, "Tables", &["Table", "Rows", "With copies", "A day"], rows.collect());
}

/// The arithmetic of every figure, to be redone by hand.
fn reached<'n>(page: &mut Writer, numbers: &'n Numbers) {
    if numbers.nodes.len() > TRACED {
        page.said("p", &[("class", "note")], "`spof numbers --why ID` shows how a figure was reached.");
        return;
    }
    let named = |figures: Vec<(&'static str, &'n Reached)>| -> Vec<(&'static str, String, &'n Reached)> {
        figures.into_iter().map(|(name, figure)| (name, numbers::cell(figure), figure)).collect()
    };
    let flows = numbers.flows.iter().map(|flow| {
        let mut figures = named(vec![("average", &flow.average), ("peak", &flow.peak)]);
        if let Some(times) = &flow.latency {
            let [p50, p99] = latency::cells(Some(times));
            figures.extend([("p50", p50, &times.p50), ("p99", p99, &times.p99)]);
        }
        (format!("flow {}", flow.id), figures)
    });
    let nodes = numbers.nodes.iter().map(|node| (node.id.clone(), named(node.figures())));
    let tables = numbers.tables.iter().map(|table| (table.id.clone(), named(table.figures())));
    page.element("details", &[], |page| {
        page.leaf("summary", &[], "How each figure was reached");
        for (id, figures) in flows.chain(nodes).chain(tables) {
            page.leaf("h4", &[], &id);
            page.element("dl", &[("class", "reached")], |page| {
                for (name, shown, figure) in figures {
                    page.leaf("dt", &[], &format!("{name}: {shown}"));
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
