//! Which fixes may be written without asking.

use super::mend::What;

/// Whether a fix is right whatever else holds.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Applicability {
    /// Sets a limit, a time or a policy of the very component, call or query that it stands on, which the platform, a
    /// client library or the store keeps to once it is set.
    Safe,
    /// Adds what costs or has to be run, deletes data, or states how code or people behave: only they can make it true.
    Unsafe,
}

impl Applicability {
    pub fn name(self) -> &'static str {
        match self {
            Applicability::Safe => "safe",
            Applicability::Unsafe => "unsafe",
        }
    }
}

/// Attributes that are settings. All others that a rule writes need a part, a person or code elsewhere to be true.
pub const SETTINGS: [&str; 34] = [
    "acks",
    "alert",
    "backoff",
    "backup",
    "bake",
    "breaker",
    "bulkhead",
    "conditional",
    "deploy",
    "dlq",
    "drain",
    "encryption",
    "eviction",
    "expires",
    "failover",
    "heartbeat",
    "jitter",
    "lag_alert",
    "limit",
    "limit_by",
    "metrics",
    "page",
    "rate_limit",
    "reconnect",
    "repair_limit",
    "replication",
    "retry_budget",
    "send_buffer",
    "stages",
    "status",
    "timeout",
    "tls",
    "ttl",
    "visibility",
];

pub fn of(what: &What) -> Applicability {
    match what {
        // Somebody has to be there.
        What::Attribute { name, value } if name == "failover" && value.as_deref() == Some("manual") => {
            Applicability::Unsafe
        }
        What::Attribute { name, .. } if SETTINGS.contains(&name.as_str()) => Applicability::Safe,
        // The store keeps it by itself; it costs writes and space, which the numbers show.
        What::Line(line) if line.starts_with("index ") => Applicability::Safe,
        What::Attribute { .. } | What::Instances(_) | What::Line(_) | What::Node { .. } => {
            Applicability::Unsafe
        }
    }
}
