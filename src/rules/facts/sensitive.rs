//! What the data is: said of a whole store, of its tables, and of what a step uses of them.

use petgraph::graph::NodeIndex;

use super::Facts;
use crate::design::Step;
use crate::source::Span;

/// What must not be seen by others whatever the system is for, the worst first.
const SENSITIVE: [(&str, &str); 3] =
    [("credential", "credentials"), ("payment", "payment data"), ("pii", "personal data")];

/// Data that the design calls sensitive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sensitive {
    /// `pii`
    pub word: &'static str,
    /// `personal data`
    pub what: &'static str,
    /// Where it says so.
    pub span: Span,
}

impl<'d> Facts<'d> {
    /// What is said of the data that a step uses: of each table that it names, else of the whole store. An empty list
    /// says nothing.
    pub fn used_data(&self, step: &Step) -> Vec<&'d [String]> {
        let owner = self.node(self.holder(step.to));
        let used = step.attrs.words("reads").iter().chain(step.attrs.words("writes"));
        let mut data: Vec<&[String]> = used
            .filter_map(|table| owner.table(table))
            .map(|table| match table.attrs.words("data") {
                [] => owner.attrs.words("data"),
                said => said,
            })
            .collect();
        if data.is_empty() {
            data.push(owner.attrs.words("data"));
        }
        data
    }

    /// The most sensitive data that a node says it keeps or passes, itself or in one of its tables.
    pub fn sensitive(&self, node: NodeIndex) -> Option<Sensitive> {
        let owner = self.node(self.holder(node));
        let attrs = std::iter::once(&owner.attrs).chain(owner.tables.iter().map(|table| &table.attrs));
        let said: Vec<_> =
            attrs.filter_map(|attrs| Some((attrs.words("data"), attrs.get("data")?.span))).collect();
        SENSITIVE.into_iter().find_map(|(word, what)| {
            let (_, span) = said.iter().find(|(words, _)| words.iter().any(|said| said == word))?;
            Some(Sensitive { word, what, span: *span })
        })
    }

    /// The most sensitive data that a step uses.
    pub fn sensitive_in(&self, step: &Step) -> Option<&'static str> {
        let used = self.used_data(step);
        let is_used = |word: &str| used.iter().any(|words| words.iter().any(|said| said == word));
        SENSITIVE.into_iter().find(|(word, _)| is_used(word)).map(|(_, what)| what)
    }
}
