//! The safeties of a design's text, and the text without them.

use spof::design::Design;
use spof::source::Span;
use spof::syntax::ast::Statement::{self, Chain, Every, Group, Node};
use spof::syntax::ast::{Ast, Attr, Field, Scalar, Value};
use spof::{design, syntax};

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

/// What is taken out for one safety.
pub struct Safety {
    pub name: &'static str,
    /// The bytes, from the blank before each part to its end.
    pub parts: Vec<std::ops::Range<usize>>,
    /// The nodes it was said of, or the ends of its hop; empty: all, as with `every`.
    pub touched: Vec<String>,
}

/// Every safety of a design: attributes, copies, lines of tables, dead letters, caches before stores.
pub fn safeties(text: &str) -> Vec<Safety> {
    let (ast, _) = syntax::parse(text);
    let (design, _) = design::lower(&ast);
    let mut found = Vec::new();
    for item in &ast.items {
        let touched = touched_by(&item.statement);
        if let Node(node) = &item.statement
            && let Some(times) = node.times
        {
            found.push(Safety { name: "xN", parts: vec![before(times.span)], touched: touched.clone() });
        }
        for attr in attrs(&item.statement) {
            if let Some(name) = SAFETIES.into_iter().find(|name| *name == attr.name.text) {
                found.push(Safety { name, parts: vec![before(attr.span)], touched: touched.clone() });
            }
        }
    }
    found.extend(table_lines(&ast, &design));
    found.extend(dead_letter_queues(&ast));
    found.extend(cache_steps(&ast, &design));
    found
}

/// The nodes that a statement is about.
fn touched_by(statement: &Statement) -> Vec<String> {
    match statement {
        Node(node) => vec![node.id.text.to_string()],
        Chain(chain) => {
            let legs = chain.legs.iter().flat_map(|leg| &leg.to);
            chain.first.iter().chain(legs).map(|word| word.text.to_string()).collect()
        }
        _ => Vec::new(),
    }
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
        let store = item.parent.and_then(|table| ast.items[table].parent);
        let touched = store.map_or(Vec::new(), |store| touched_by(&ast.items[store].statement));
        found.push(Safety { name, parts: vec![before(item.span)], touched });
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
            // Whoever named it is touched, not the queue that is gone.
            let named = |item: &&syntax::ast::Item| attrs(&item.statement).iter().any(&names_it);
            let touched =
                ast.items.iter().filter(named).flat_map(|item| touched_by(&item.statement)).collect();
            found.push(Safety { name: "dead-letter queue", parts: out, touched });
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
        let mut touched = touched_by(&item.statement);
        touched.extend(
            ast.items[at + 1..]
                .iter()
                .filter(|later| later.parent == item.parent)
                .flat_map(|later| touched_by(&later.statement)),
        );
        found.push(Safety { name: "cache step", parts: out, touched });
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
pub fn without(text: &str, parts: &[std::ops::Range<usize>]) -> String {
    let mut parts = parts.to_vec();
    parts.sort_by_key(|part| part.start);
    let mut out = text.to_string();
    for part in parts.into_iter().rev() {
        out.replace_range(part, "");
    }
    out
}
