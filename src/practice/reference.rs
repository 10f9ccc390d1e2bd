//! The reference designs of the program's problems.

macro_rules! texts {
    ($($problem:literal: $($name:literal)*),* $(,)?) => {
        &[$($(($problem, $name, include_str!(concat!("../../examples/", $problem, "/reference-", $name, ".arch")))),*),*]
    };
}

/// Problem, name and text.
const ALL: &[(&str, &str, &str)] = texts! {
    "airbnb": "nights" "ranges",
    "auth-system": "sessions" "tokens",
    "cached-api": "aside" "plain" "through",
    "chat-system": "log" "monolith" "owner" "pubsub",
    "deploy-cicd": "cluster" "rolling",
    "ecommerce-backend": "monolith" "services",
    "email-queue": "broker" "table",
    "file-uploader": "direct" "streamed",
    "high-frequency-chat": "adapter" "small" "stream",
    "listing-api": "index" "sql",
    "microservices-system": "modules" "services",
    "notification-service": "channels" "log",
    "payment-ready-api": "hosted" "tokens",
    "rbac": "central" "library",
    "realtime-hub": "edge" "pubsub" "small",
    "rest-no-db": "file" "memory" "stateless",
    "saas-backend": "rows" "silo",
    "seat-booking": "holds" "sql",
    "stripe-clone": "monolith" "shards",
    "uber-core": "cells" "city" "index",
    "url-shortener": "edge" "kv" "sql",
    "video-transcoder": "queue" "segments",
    "whatsapp": "inbox" "owner" "small",
};

/// Every reference of the program: problem, name, text.
pub fn all() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    ALL.iter().copied()
}

/// Those of one problem: name and text, in order of name.
pub fn of(problem: &str) -> Vec<(&'static str, &'static str)> {
    all().filter(|(id, ..)| *id == problem).map(|(_, name, text)| (name, text)).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::of;
    use crate::rubric::Packs;

    #[test]
    fn every_reference_of_every_problem_is_here() {
        for pack in Packs::built_in().iter() {
            let id = &pack.problem.id;
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(id);
            let name = |entry: std::io::Result<std::fs::DirEntry>| {
                let name = entry.unwrap().file_name().into_string().unwrap();
                Some(name.strip_prefix("reference-")?.strip_suffix(".arch")?.to_string())
            };
            let mut there: Vec<String> = std::fs::read_dir(folder).unwrap().filter_map(name).collect();
            there.sort();
            let here: Vec<&str> = of(id).into_iter().map(|(name, _)| name).collect();
            assert_eq!(here, there, "{id}");
            assert!(here.len() >= 2, "{id}");
        }
    }
}
