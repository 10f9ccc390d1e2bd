//! Each single safety taken out of each reference design: how many are noticed, by a finding or by the score.
//!
//! `cargo test --test mutations -- --nocapture` prints the share and what nobody notices.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::date;
use spof::design::Design;
use spof::rubric::{rubric, score};
use spof::source::Span;
use spof::syntax::ast::Statement::{self, Chain, Every, Group, Node};
use spof::syntax::ast::{Ast, Attr, Field, Scalar, Value};
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

/// What is taken out for one safety: its name, and the bytes, from the blank before each part to its end.
type Safety = (&'static str, Vec<std::ops::Range<usize>>);

/// Every safety of a design: attributes, copies, lines of tables, dead letters, caches before stores.
fn safeties(text: &str) -> Vec<Safety> {
    let (ast, _) = syntax::parse(text);
    let (design, _) = design::lower(&ast);
    let mut found = Vec::new();
    for item in &ast.items {
        let attrs = attrs(&item.statement);
        if let Node(node) = &item.statement
            && let Some(times) = node.times
        {
            found.push(("xN", vec![before(times.span)]));
        }
        for attr in attrs {
            if let Some(name) = SAFETIES.into_iter().find(|name| *name == attr.name.text) {
                found.push((name, vec![before(attr.span)]));
            }
        }
    }
    found.extend(table_lines(&ast, &design));
    found.extend(dead_letter_queues(&ast));
    found.extend(cache_steps(&ast, &design));
    found
}

fn attrs<'a>(statement: &'a Statement<'a>) -> Vec<&'a Attr<'a>> {
    match statement {
        Node(node) => node.attrs.iter().collect(),
        Chain(chain) => chain.legs.iter().flat_map(|leg| &leg.attrs).collect(),
        Group { attrs, .. } | Every { attrs, .. } => attrs.iter().collect(),
        _ => Vec::new(),
    }
}

/// Something, and the blank before it.
fn before(span: Span) -> std::ops::Range<usize> {
    span.start - 1..span.end
}

/// What a table promises: constraints, how it is spread, when rows go, and indexes by which it is read.
fn table_lines(ast: &Ast, design: &Design) -> Vec<Safety> {
    let read_by =
        |field: &str| design.steps.iter().any(|step| step.attrs.words("by").iter().any(|by| by == field));
    let mut found = Vec::new();
    for item in &ast.items {
        let in_table =
            item.parent.is_some_and(|at| matches!(ast.items[at].statement, Statement::Table { .. }));
        let name = match &item.statement {
            Statement::Field(Field::Unique(_)) => "table unique",
            Statement::Field(Field::Shard(_)) => "table shard",
            Statement::Field(Field::Index { fields, .. }) if read_by(fields[0].text) => "table index",
            Statement::Let { name, .. } if in_table && name.text == "ttl" => "table ttl",
            _ => continue,
        };
        found.push((name, vec![before(item.span)]));
    }
    found
}

/// Each queue of dead letters, with what names it.
fn dead_letter_queues(ast: &Ast) -> Vec<Safety> {
    let mut found = Vec::new();
    for item in &ast.items {
        let Node(node) = &item.statement else { continue };
        let names_it = |attr: &&Attr| attr.name.text == "dlq" && word(attr) == Some(node.id.text);
        let mut parts: Vec<_> = ast.items.iter().flat_map(|item| attrs(&item.statement)).collect();
        parts.retain(names_it);
        if !parts.is_empty() {
            let mut out: Vec<_> = parts.into_iter().map(|attr| before(attr.span)).collect();
            out.push(before(item.span));
            found.push(("dead-letter queue", out));
        }
    }
    found
}

/// Each question to a cache that is followed by a way past it: the store is asked at once.
fn cache_steps(ast: &Ast, design: &Design) -> Vec<Safety> {
    let mut found = Vec::new();
    for (at, item) in ast.items.iter().enumerate() {
        let Chain(chain) = &item.statement else { continue };
        let Some(last) = chain.legs.last() else { continue };
        let is_cache = last.to.iter().all(|to| {
            design.node(to.text).is_some_and(|node| design.graph[node].kind == spof::catalog::Kind::Cache)
        });
        if !is_cache {
            continue;
        }
        let callers = |chain: &syntax::ast::Chain, leg: usize| -> Vec<String> {
            let from = if leg == 0 { &chain.first } else { &chain.legs[leg - 1].to };
            from.iter().map(|word| word.text.to_string()).collect()
        };
        let who = callers(chain, chain.legs.len() - 1);
        let mut out = Vec::new();
        for later in ast.items[at + 1..].iter().filter(|later| later.parent == item.parent) {
            let Chain(past) = &later.statement else { continue };
            for (_, leg) in past.legs.iter().enumerate().filter(|(at, _)| callers(past, *at) == who) {
                let misses = |attr: &&Attr| attr.name.text == "on" && word(attr) == Some("miss");
                out.extend(leg.attrs.iter().filter(misses).map(|attr| before(attr.span)));
            }
        }
        if out.is_empty() {
            continue;
        }
        let start = if chain.legs.len() == 1 { item.span.start } else { last.arrow_span.start };
        out.push(start - 1..item.span.end);
        found.push(("cache step", out));
    }
    found
}

/// The one word of `name=word`.
fn word<'a>(attr: &Attr<'a>) -> Option<&'a str> {
    match attr.value.as_ref()? {
        Value::Scalar(Scalar::Expr(expr)) => expr.tokens.first().map(|token| token.text),
        _ => None,
    }
}

/// The text without some parts of it.
fn without(text: &str, parts: &[std::ops::Range<usize>]) -> String {
    let mut parts = parts.to_vec();
    parts.sort_by_key(|part| part.start);
    let mut out = text.to_string();
    for part in parts.into_iter().rev() {
        out.replace_range(part, "");
    }
    out
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
            for (name, parts) in safeties(&text) {
                let Some((now, points_now)) = noticed(&without(&text, &parts), problem) else { continue };
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
        removed > 250 && by_finding >= 98 && by_finding + by_score >= 132,
        "{by_finding} + {by_score} of {removed}"
    );
}
