//! What mends a finding, as data: what to write and of what, by the names that the design itself uses.
//!
//! A rule states it and knows no bytes; `place` finds where in the text it goes.

use super::applicability::{self, Applicability};
use crate::design::{Step, Table};
use crate::source::Span;

/// What is to be written together: half of it mends nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mend {
    pub writes: Vec<Write>,
    /// Data is thrown away by it: rows that expire, messages that are dropped.
    pub loses_data: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    pub of: Subject,
    pub what: What,
}

/// What something is written of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    Node(String),
    /// A connection, whichever line makes it.
    Hop {
        from: String,
        to: String,
    },
    /// One use of a connection, by its step's span.
    Step(Span),
    Flow(String),
    /// By where its statement starts.
    Table(usize),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// `page=cursor`, or a bare name; in place of one that is there.
    Attribute { name: String, value: Option<String> },
    /// `x2`, in place of the count that is there.
    Instances(u64),
    /// A line in a table's block: `unique email`.
    Line(String),
    /// A node of its own behind this one: `queue dead alert`.
    Node { id: String, line: String },
}

impl Mend {
    /// Attributes on a node's header: `ttl=10min jitter`.
    pub fn node(id: &str, attributes: &str) -> Mend {
        Mend::default().and_node(id, attributes)
    }

    /// Attributes of a connection: `timeout=2s`.
    pub fn hop(from: &str, to: &str, attributes: &str) -> Mend {
        Mend::default().and_hop(from, to, attributes)
    }

    /// Attributes of one use of a connection: `page=cursor`.
    pub fn step(step: &Step, attributes: &str) -> Mend {
        Mend::default().and(&Subject::Step(step.span), attributes)
    }

    /// Attributes on a flow's header.
    pub fn flow(id: &str, attributes: &str) -> Mend {
        Mend::default().and(&Subject::Flow(id.to_string()), attributes)
    }

    /// A line in a table: `index owner`, `ttl = 1y`.
    pub fn table(table: &Table, line: impl Into<String>) -> Mend {
        let of = Subject::Table(table.span.start);
        Mend { writes: vec![Write { of, what: What::Line(line.into()) }], loses_data: false }
    }

    /// How many there are to be: `x2`.
    pub fn instances(id: &str, count: u64) -> Mend {
        Mend::default().and_instances(id, count)
    }

    /// The same as a rule writes it: `x2`, or `autoscale=[2, 8]`.
    pub fn count(id: &str, written: &str) -> Mend {
        match written.strip_prefix('x').and_then(|count| count.parse().ok()) {
            Some(count) => Mend::instances(id, count),
            None => Mend::node(id, &written.replace(' ', "")),
        }
    }

    pub fn and_instances(mut self, id: &str, count: u64) -> Mend {
        self.writes.push(Write { of: Subject::Node(id.to_string()), what: What::Instances(count) });
        self
    }

    pub fn and_node(self, id: &str, attributes: &str) -> Mend {
        self.and(&Subject::Node(id.to_string()), attributes)
    }

    pub fn and_hop(self, from: &str, to: &str, attributes: &str) -> Mend {
        self.and(&Subject::Hop { from: from.to_string(), to: to.to_string() }, attributes)
    }

    pub fn and_step(self, step: &Step, attributes: &str) -> Mend {
        self.and(&Subject::Step(step.span), attributes)
    }

    /// A new node, declared behind another.
    pub fn and_new(mut self, behind: &str, id: &str, line: String) -> Mend {
        let of = Subject::Node(behind.to_string());
        self.writes.push(Write { of, what: What::Node { id: id.to_string(), line } });
        self
    }

    /// Says that it throws data away.
    pub fn losing_data(mut self) -> Mend {
        self.loses_data = true;
        self
    }

    fn and(mut self, of: &Subject, attributes: &str) -> Mend {
        for attribute in attributes.split_whitespace() {
            let (name, value) = match attribute.split_once('=') {
                Some((name, value)) => (name.to_string(), Some(value.to_string())),
                None => (attribute.to_string(), None),
            };
            self.writes.push(Write { of: of.clone(), what: What::Attribute { name, value } });
        }
        self
    }

    pub fn applicability(&self) -> Applicability {
        if self.loses_data {
            return Applicability::Unsafe;
        }
        self.writes.iter().map(|write| applicability::of(&write.what)).max().unwrap_or(Applicability::Safe)
    }

    /// What is written, for a person: `` `timeout=2s` from `api` to `store` ``.
    pub fn show(&self, text: &str) -> String {
        let mut parts: Vec<(String, String)> = Vec::new();
        for write in &self.writes {
            let of = match (&write.of, &write.what) {
                (Subject::Node(id), What::Node { .. }) => format!("behind `{id}`"),
                (of, _) => of.show(text),
            };
            let what = write.what.show();
            match parts.last_mut().filter(|(_, last)| *last == of) {
                Some((said, _)) => *said = format!("{said} {what}"),
                None => parts.push((what, of)),
            }
        }
        parts.into_iter().map(|(what, of)| format!("`{what}` {of}")).collect::<Vec<_>>().join(", ")
    }
}

impl What {
    pub fn show(&self) -> String {
        match self {
            What::Attribute { name, value: Some(value) } if value.starts_with('[') => {
                format!("{name}={}", value.replace(',', ", "))
            }
            What::Attribute { name, value: Some(value) } => format!("{name}={value}"),
            What::Attribute { name, value: None } => name.clone(),
            What::Instances(count) => format!("x{count}"),
            What::Line(line) | What::Node { line, .. } => line.clone(),
        }
    }
}

impl Subject {
    fn show(&self, text: &str) -> String {
        match self {
            Subject::Node(id) => format!("on `{id}`"),
            Subject::Hop { from, to } => format!("from `{from}` to `{to}`"),
            Subject::Step(span) => {
                let words: Vec<&str> = span.text(text).split_whitespace().collect();
                format!("on `{}`", words.join(" "))
            }
            Subject::Flow(id) => format!("on flow `{id}`"),
            Subject::Table(start) => {
                let id = text[*start..].split_whitespace().nth(1).unwrap_or("");
                format!("in table `{}`", id.trim_end_matches('{'))
            }
        }
    }
}
