//! What the critique says of each node and hop, for showing it on the drawing.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Severity};

/// The findings on one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    pub worst: Severity,
    pub count: usize,
    /// `warning queue-no-dlq: …`, worst first.
    pub lines: Vec<String>,
}

/// Findings by what they are about. Those about the design as a whole are counted only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    nodes: BTreeMap<String, Mark>,
    hops: BTreeMap<(String, String), Mark>,
    counts: BTreeMap<Severity, usize>,
}

impl Marks {
    pub fn new(diagnostics: &[Diagnostic]) -> Marks {
        let mut sorted: Vec<&Diagnostic> = diagnostics.iter().collect();
        sorted.sort_by_key(|diagnostic| std::cmp::Reverse(diagnostic.severity));
        let mut marks = Marks::default();
        for diagnostic in sorted {
            *marks.counts.entry(diagnostic.severity).or_default() += 1;
            let mut nodes: Vec<&String> = diagnostic.nodes.iter().collect();
            nodes.sort();
            nodes.dedup();
            for node in nodes {
                add(marks.nodes.entry(node.clone()), diagnostic);
            }
            let mut hops: Vec<&(String, String)> = diagnostic.hops.iter().collect();
            hops.sort();
            hops.dedup();
            for hop in hops {
                add(marks.hops.entry(hop.clone()), diagnostic);
            }
        }
        marks
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

fn add<K: Ord>(entry: std::collections::btree_map::Entry<K, Mark>, diagnostic: &Diagnostic) {
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
        .or_insert_with(|| Mark { worst: diagnostic.severity, count: 1, lines: vec![line.clone()] });
}
