//! Each single safety taken out of each reference design: how many are noticed, by a finding or by the score.
//!
//! `cargo test --test mutations -- --nocapture` prints the share and what nobody notices.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::date;
use spof::rubric::{rubric, score};
use spof::{design, rules, syntax};

/// Attributes that make a design safer; each is taken out where it stands, value and all.
const SAFETIES: [&str; 34] = [
    "failover",
    "backup",
    "restore_tested",
    "ttl",
    "jitter",
    "eviction",
    "stampede",
    "dlq",
    "idempotent",
    "idempotency_key",
    "conditional",
    "timeout",
    "breaker",
    "backoff",
    "auth",
    "authz",
    "rate_limit",
    "limit_by",
    "tls",
    "health",
    "metrics",
    "trace",
    "alert",
    "heartbeat",
    "drain",
    "registry",
    "reconnect",
    "resume",
    "outbox",
    "acks",
    "replication",
    "copies",
    "page",
    "zones",
];

/// What is noticed of a design: each finding by rule, verdict and first node, and the score.
type Noticed = (Vec<(&'static str, String, Option<String>)>, f64);

fn noticed(text: &str, problem: &str) -> Option<Noticed> {
    let (ast, mistakes) = syntax::parse(text);
    let (design, more) = design::lower(&ast);
    if !mistakes.is_empty() || !more.is_empty() {
        return None;
    }
    let findings = rules::check(&design, date(2026, 1, 1)).findings;
    let points = score(&design, &findings, rubric(problem).unwrap(), None).points;
    let keys = findings.iter().flat_map(|finding| {
        let nodes = if finding.nodes.is_empty() {
            vec![None]
        } else {
            finding.nodes.iter().cloned().map(Some).collect()
        };
        nodes.into_iter().map(move |node| (finding.code, format!("{:?}", finding.verdict), node))
    });
    Some((keys.collect(), points))
}

/// Where each safety stands: the name, and the bytes from the blank before it to its end.
fn safeties(text: &str) -> Vec<(&'static str, std::ops::Range<usize>)> {
    let (ast, _) = syntax::parse(text);
    let mut found = Vec::new();
    for item in &ast.items {
        use syntax::ast::Statement::{Chain, Every, Group, Node};
        let attrs: Vec<&syntax::ast::Attr> = match &item.statement {
            Node(node) => {
                if let Some(times) = node.times {
                    found.push(("xN", times.span.start - 1..times.span.end));
                }
                node.attrs.iter().collect()
            }
            Chain(chain) => chain.legs.iter().flat_map(|leg| &leg.attrs).collect(),
            Group { attrs, .. } | Every { attrs, .. } => attrs.iter().collect(),
            _ => continue,
        };
        for attr in attrs {
            if let Some(name) = SAFETIES.into_iter().find(|name| *name == attr.name.text) {
                found.push((name, attr.span.start - 1..attr.span.end));
            }
        }
    }
    found
}

#[test]
fn most_safeties_are_missed_when_they_are_gone() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let (mut removed, mut by_finding, mut by_score) = (0, 0, 0);
    let mut unnoticed: BTreeMap<&str, usize> = BTreeMap::new();
    for problem in ["chat-system", "url-shortener"] {
        for entry in std::fs::read_dir(root.join(problem)).unwrap() {
            let path = entry.unwrap().path();
            if !path.file_name().unwrap().to_string_lossy().starts_with("reference") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let (findings, points) = noticed(&text, problem).unwrap();
            for (name, range) in safeties(&text) {
                let without = format!("{}{}", &text[..range.start], &text[range.end..]);
                let Some((now, points_now)) = noticed(&without, problem) else { continue };
                removed += 1;
                if now.iter().any(|key| !findings.contains(key)) {
                    by_finding += 1;
                } else if points_now < points {
                    by_score += 1;
                } else {
                    *unnoticed.entry(name).or_default() += 1;
                }
            }
        }
    }
    println!("{removed} safeties taken out: {by_finding} noticed by a finding, {by_score} more by the score");
    println!("unnoticed: {unnoticed:?}");
    // What is noticed may only grow.
    assert!(
        removed > 200 && by_finding >= 79 && by_finding + by_score >= 113,
        "{by_finding} + {by_score} of {removed}"
    );
}
