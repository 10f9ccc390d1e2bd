//! The two sizes in which a problem is posed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    Small,
    Large,
}

impl Scale {
    pub fn name(self) -> &'static str {
        match self {
            Scale::Small => "small",
            Scale::Large => "large",
        }
    }

    pub fn parse(name: &str) -> Option<Scale> {
        [Scale::Small, Scale::Large].into_iter().find(|scale| scale.name() == name)
    }
}
