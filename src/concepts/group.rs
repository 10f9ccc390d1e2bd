//! What a concept belongs to.

use serde::Deserialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum Group {
    #[serde(rename = "reliability")]
    Reliability,
    #[serde(rename = "messaging")]
    Messaging,
    #[serde(rename = "data")]
    Data,
    #[serde(rename = "caching and performance")]
    Caching,
    #[serde(rename = "scaling")]
    Scaling,
    #[serde(rename = "API and security")]
    Api,
    #[serde(rename = "delivery and judgement")]
    Delivery,
}

impl Group {
    pub const ALL: [Group; 7] = [
        Group::Reliability,
        Group::Messaging,
        Group::Data,
        Group::Caching,
        Group::Scaling,
        Group::Api,
        Group::Delivery,
    ];

    /// As pages and people write it.
    pub fn name(self) -> &'static str {
        match self {
            Group::Reliability => "reliability",
            Group::Messaging => "messaging",
            Group::Data => "data",
            Group::Caching => "caching and performance",
            Group::Scaling => "scaling",
            Group::Api => "API and security",
            Group::Delivery => "delivery and judgement",
        }
    }
}
