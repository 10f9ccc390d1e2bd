//! Kinds of component.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Client,
    Dns,
    Cdn,
    Waf,
    Lb,
    Gateway,
    Service,
    Worker,
    Function,
    Socket,
    Scheduler,
    Database,
    Cache,
    Search,
    Blob,
    Warehouse,
    Queue,
    Topic,
    Auth,
    Secrets,
    Config,
    Registry,
    Lock,
    Monitor,
    External,
}

impl Kind {
    pub const ALL: [Kind; 25] = [
        Kind::Client,
        Kind::Dns,
        Kind::Cdn,
        Kind::Waf,
        Kind::Lb,
        Kind::Gateway,
        Kind::Service,
        Kind::Worker,
        Kind::Function,
        Kind::Socket,
        Kind::Scheduler,
        Kind::Database,
        Kind::Cache,
        Kind::Search,
        Kind::Blob,
        Kind::Warehouse,
        Kind::Queue,
        Kind::Topic,
        Kind::Auth,
        Kind::Secrets,
        Kind::Config,
        Kind::Registry,
        Kind::Lock,
        Kind::Monitor,
        Kind::External,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Kind::Client => "client",
            Kind::Dns => "dns",
            Kind::Cdn => "cdn",
            Kind::Waf => "waf",
            Kind::Lb => "lb",
            Kind::Gateway => "gateway",
            Kind::Service => "service",
            Kind::Worker => "worker",
            Kind::Function => "function",
            Kind::Socket => "socket",
            Kind::Scheduler => "scheduler",
            Kind::Database => "database",
            Kind::Cache => "cache",
            Kind::Search => "search",
            Kind::Blob => "blob",
            Kind::Warehouse => "warehouse",
            Kind::Queue => "queue",
            Kind::Topic => "topic",
            Kind::Auth => "auth",
            Kind::Secrets => "secrets",
            Kind::Config => "config",
            Kind::Registry => "registry",
            Kind::Lock => "lock",
            Kind::Monitor => "monitor",
            Kind::External => "external",
        }
    }

    pub fn parse(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Keeps records for good: a loss is a loss of data.
    pub fn is_durable(self) -> bool {
        matches!(self, Kind::Database | Kind::Blob | Kind::Warehouse)
    }

    /// Holds data of any kind, derived or not.
    pub fn is_store(self) -> bool {
        self.is_durable() || matches!(self, Kind::Cache | Kind::Search)
    }

    pub fn is_broker(self) -> bool {
        matches!(self, Kind::Queue | Kind::Topic)
    }

    /// Runs the team's own code: what a request or message is worked on by.
    pub fn is_app(self) -> bool {
        matches!(
            self,
            Kind::Gateway | Kind::Service | Kind::Worker | Kind::Function | Kind::Socket | Kind::Scheduler
        )
    }

    /// Processes requests: applications, and the load balancers and identity services before them.
    pub fn is_compute(self) -> bool {
        self.is_app() || matches!(self, Kind::Lb | Kind::Auth)
    }
}

/// A kind's page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindEntry {
    pub id: Kind,
    /// How a person calls one of them: `load balancer`.
    pub title: String,
    /// The title with its article: `a load balancer`.
    pub a: String,
    pub meaning: String,
    /// What people call it by habit: `db`, `server`.
    #[serde(default)]
    pub aka: Vec<String>,
    /// One line of the language that declares one.
    pub example: String,
}

pub(super) fn read(toml: &str) -> Vec<KindEntry> {
    #[derive(Deserialize)]
    struct File {
        kind: Vec<KindEntry>,
    }
    toml::from_str::<File>(toml).expect("kinds.toml is part of the program and tested").kind
}
