//! What is on record: trade-offs that a `decide` names.

use petgraph::graph::NodeIndex;

use super::Facts;

/// An id shorter than this is a word of English as often as not.
const SHORTEST_ID: usize = 3;

impl Facts<'_> {
    /// Some `decide` is about the matter: what was decided, or what it was preferred to, names a topic (`shard` stands for
    /// `shards` and `sharding` too), or one of the nodes by its id or its technology.
    ///
    /// Whether the reason is a good one is not for a program to say.
    pub fn is_decided(&self, topics: &[&str], nodes: &[NodeIndex]) -> bool {
        self.design.decisions.iter().any(|decision| {
            let over = decision.over.as_deref().unwrap_or_default();
            let text = format!("{} {over}", decision.what).to_lowercase();
            let mut words = text.split(|c: char| !(c.is_alphanumeric() || c == '-' || c == '_'));
            let names: Vec<String> = nodes.iter().flat_map(|&node| self.names_of(node)).collect();
            words.any(|word| {
                topics.iter().any(|topic| word.starts_with(topic)) || names.iter().any(|name| name == word)
            }) || nodes.iter().any(|&node| {
                self.node(node).tech.is_some_and(|tech| text.contains(&tech.title.to_lowercase()))
            })
        })
    }

    fn names_of(&self, node: NodeIndex) -> Vec<String> {
        let node = self.node(node);
        let id = Some(node.id.to_lowercase()).filter(|id| id.chars().count() >= SHORTEST_ID);
        id.into_iter().chain(node.tech.map(|tech| tech.id.clone())).collect()
    }
}
