//! What the critique says of each node and hop, for showing it on the drawing.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Severity};

/// The findings on one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    pub worst: Severity,
    pub count: usize,
    /// Which of the findings is the first that it counts, from 0.
    pub first: usize,
    /// `warning queue-no-dlq: …`, worst first.
    pub lines: Vec<String>,
}

/// Findings by what they are about. Those about the design as a whole are counted only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    nodes: BTreeMap<String, Mark>,
    hops: BTreeMap<(String, String), Mark>,
    counts: BTreeMap<Severity, usize>,
    /// What is said of a thing stands on the page around it, in places with this name and a number from 1.
    place: Option<&'static str>,
}

impl Marks {
    pub fn new(diagnostics: &[Diagnostic]) -> Marks {
        let mut sorted: Vec<(usize, &Diagnostic)> = diagnostics.iter().enumerate().collect();
        sorted.sort_by_key(|(_, diagnostic)| std::cmp::Reverse(diagnostic.severity));
        let mut marks = Marks::default();
        for (at, diagnostic) in sorted {
            *marks.counts.entry(diagnostic.severity).or_default() += 1;
            let mut nodes: Vec<&String> = diagnostic.nodes.iter().collect();
            nodes.sort();
            nodes.dedup();
            for node in nodes {
                add(marks.nodes.entry(node.clone()), diagnostic, at);
            }
            let mut hops: Vec<&(String, String)> = diagnostic.hops.iter().collect();
            hops.sort();
            hops.dedup();
            for hop in hops {
                add(marks.hops.entry(hop.clone()), diagnostic, at);
            }
        }
        marks
    }

    /// Each mark leads to the first of its findings: to `#place-3` of the page that the drawing stands in.
    pub fn leading_to(self, place: &'static str) -> Marks {
        Marks { place: Some(place), ..self }
    }

    /// Where a mark leads.
    pub fn target(&self, mark: &Mark) -> Option<String> {
        self.place.map(|place| format!("#{place}-{}", mark.first + 1))
    }

    pub fn node(&self, id: &str) -> Option<&Mark> {
        self.nodes.get(id)
    }

    pub fn hop(&self, from: &str, to: &str) -> Option<&Mark> {
        self.hops.get(&(from.to_string(), to.to_string()))
    }

    /// `1 error`, `2 warnings`, worst first.
    pub fn parts(&self) -> Vec<(Severity, String)> {
        let parts = self.counts.iter().rev().map(|(severity, count)| {
            let text = match (severity, count) {
                (Severity::Info, 1) => "1 remark".to_string(),
                (Severity::Info, count) => format!("{count} remarks"),
                (severity, 1) => format!("1 {}", severity.name()),
                (severity, count) => format!("{count} {}s", severity.name()),
            };
            (*severity, text)
        });
        parts.collect()
    }

    /// `1 error, 2 warnings`
    pub fn summary(&self) -> String {
        let parts: Vec<String> = self.parts().into_iter().map(|(_, text)| text).collect();
        if parts.is_empty() { "no findings".to_string() } else { parts.join(", ") }
    }

    pub fn worst(&self) -> Option<Severity> {
        self.counts.keys().next_back().copied()
    }
}

fn add<K: Ord>(entry: std::collections::btree_map::Entry<K, Mark>, diagnostic: &Diagnostic, at: usize) {
    let word = match diagnostic.severity {
        Severity::Info => "remark",
        severity => severity.name(),
    };
    let line = format!("{word} {}: {}", diagnostic.code, diagnostic.message);
    entry
        .and_modify(|mark| {
            mark.count += 1;
            mark.lines.push(line.clone());
        })
        .or_insert_with(|| Mark {
            worst: diagnostic.severity,
            count: 1,
            first: at,
            lines: vec![line.clone()],
        });
}
