//! One safety taken out of a design: an attribute, a copy, a line of a table, a queue of dead letters, a cache before a store.
//! And whether the rules miss it, where it was.

use crate::catalog::Kind;
use crate::design::{Design, lower};
use crate::diagnostic::{Diagnostic, Verdict};
use crate::rules::find_all;
use crate::source::Span;
use crate::syntax::ast::Statement::{self, Chain, Every, Group, Node};
use crate::syntax::ast::{self, Ast, Attr, Field, Scalar, Value};
use crate::syntax::parse;

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

/// Each finding by rule and verdict, with the nodes that it is about, at the ends of hops too.
pub type Noticed = Vec<(&'static str, Verdict, Vec<String>)>;

/// None where the text has mistakes.
pub fn noticed(text: &str) -> Option<Noticed> {
    let (ast, mistakes) = parse(text);
    let (design, more) = lower(&ast);
    if !mistakes.is_empty() || !more.is_empty() {
        return None;
    }
    let found = find_all(&design).into_iter();
    Some(found.map(|finding| (finding.code, finding.verdict, about(&design, &finding))).collect())
}

/// The nodes that a finding is about, at the ends of its hops too; where it names none, those of its flow.
pub fn about(design: &Design, finding: &Diagnostic) -> Vec<String> {
    let mut nodes = finding.nodes.clone();
    nodes.extend(finding.hops.iter().flat_map(|(from, to)| [from.clone(), to.clone()]));
    if let Some(flow) = finding.flows.first().and_then(|id| design.flow(id)).filter(|_| nodes.is_empty()) {
        let ends = design.steps_of(flow).iter().flat_map(|step| [step.from, step.to]);
        nodes = ends.map(|node| design.graph[node].id.clone()).collect();
    }
    nodes
}

/// What is taken out for one safety.
pub struct Safety {
    pub name: &'static str,
    /// The bytes, with the blank before each part.
    pub parts: Vec<std::ops::Range<usize>>,
    /// The nodes it was said of, or the ends of its hop; empty: all, as with `every`.
    pub touched: Vec<String>,
}

impl Safety {
    /// Something new is said about a node that it touched.
    pub fn is_missed(&self, before: &Noticed, after: &Noticed) -> bool {
        let is_touched = |node: &String| self.touched.is_empty() || self.touched.contains(node);
        let said = |noticed: &Noticed, code: &str, verdict: Verdict, node: &String| {
            noticed
                .iter()
                .any(|(other, how, nodes)| *other == code && *how == verdict && nodes.contains(node))
        };
        after.iter().any(|(code, verdict, nodes)| {
            nodes.iter().any(|node| is_touched(node) && !said(before, code, *verdict, node))
        })
    }
}

/// Every safety of a design: attributes, copies, lines of tables, dead letters, caches before stores.
pub fn safeties(text: &str) -> Vec<Safety> {
    let (ast, _) = parse(text);
    let (design, _) = lower(&ast);
    let mut found = Vec::new();
    for item in &ast.items {
        let touched = touched(&item.statement);
        if let Node(node) = &item.statement
            && let Some(times) = node.times
        {
            found.push(Safety {
                name: "xN",
                parts: vec![before(text, times.span)],
                touched: touched.clone(),
            });
        }
        for attr in attrs(&item.statement) {
            if let Some(name) = SAFETIES.into_iter().find(|name| *name == attr.name.text) {
                found.push(Safety { name, parts: vec![before(text, attr.span)], touched: touched.clone() });
            }
        }
    }
    found.extend(table_lines(text, &ast, &design));
    found.extend(dead_letter_queues(text, &ast));
    found.extend(cache_steps(text, &ast, &design));
    found
}

/// The nodes that a statement is about.
fn touched(statement: &Statement) -> Vec<String> {
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

/// Something, and what stands before it of a blank or the end of a line.
fn before(text: &str, span: Span) -> std::ops::Range<usize> {
    let blank = text[..span.start].ends_with(|c: char| c.is_ascii_whitespace());
    span.start - usize::from(blank)..span.end
}

/// What a table promises: constraints, how it is spread, when rows go, and indexes by which it is read.
fn table_lines(text: &str, ast: &Ast, design: &Design) -> Vec<Safety> {
    let read_by =
        |field: &str| design.steps.iter().any(|step| step.attrs.words("by").iter().any(|by| by == field));
    let mut found = Vec::new();
    for item in &ast.items {
        let in_table =
            item.parent.is_some_and(|at| matches!(ast.items[at].statement, Statement::Table { .. }));
        let name = match &item.statement {
            Statement::Field(Field::Unique(_)) => "table unique",
            Statement::Field(Field::Shard(_)) => "table shard",
            Statement::Field(Field::Index { fields, .. })
                if fields.first().is_some_and(|field| read_by(field.text)) =>
            {
                "table index"
            }
            Statement::Let { name, .. } if in_table && name.text == "ttl" => "table ttl",
            _ => continue,
        };
        let store = item.parent.and_then(|table| ast.items[table].parent);
        let touched = store.map_or(Vec::new(), |store| touched(&ast.items[store].statement));
        found.push(Safety { name, parts: vec![before(text, item.span)], touched });
    }
    found
}

/// Each queue of dead letters, with what names it.
fn dead_letter_queues(text: &str, ast: &Ast) -> Vec<Safety> {
    let mut found = Vec::new();
    for item in &ast.items {
        let Node(node) = &item.statement else { continue };
        let names_it = |attr: &&Attr| attr.name.text == "dlq" && word(attr) == Some(node.id.text);
        let mut parts: Vec<_> = ast.items.iter().flat_map(|item| attrs(&item.statement)).collect();
        parts.retain(names_it);
        if !parts.is_empty() {
            let mut out: Vec<_> = parts.into_iter().map(|attr| before(text, attr.span)).collect();
            out.push(before(text, item.span));
            // Whoever named it is touched, not the queue that is gone.
            let named = |item: &&ast::Item| attrs(&item.statement).iter().any(&names_it);
            let touched = ast.items.iter().filter(named).flat_map(|item| touched(&item.statement)).collect();
            found.push(Safety { name: "dead-letter queue", parts: out, touched });
        }
    }
    found
}

/// Each question to a cache that is followed by a way past it: the store is asked at once.
fn cache_steps(text: &str, ast: &Ast, design: &Design) -> Vec<Safety> {
    let mut found = Vec::new();
    for (at, item) in ast.items.iter().enumerate() {
        let Chain(chain) = &item.statement else { continue };
        let Some(last) = chain.legs.last() else { continue };
        let is_cache = last
            .to
            .iter()
            .all(|to| design.node(to.text).is_some_and(|node| design.graph[node].kind == Kind::Cache));
        if !is_cache {
            continue;
        }
        let callers = |chain: &ast::Chain, leg: usize| -> Vec<String> {
            let from = if leg == 0 { &chain.first } else { &chain.legs[leg - 1].to };
            from.iter().map(|word| word.text.to_string()).collect()
        };
        let who = callers(chain, chain.legs.len() - 1);
        let mut out = Vec::new();
        for later in ast.items[at + 1..].iter().filter(|later| later.parent == item.parent) {
            let Chain(past) = &later.statement else { continue };
            for (_, leg) in past.legs.iter().enumerate().filter(|(at, _)| callers(past, *at) == who) {
                let misses = |attr: &&Attr| attr.name.text == "on" && word(attr) == Some("miss");
                out.extend(leg.attrs.iter().filter(misses).map(|attr| before(text, attr.span)));
            }
        }
        if out.is_empty() {
            continue;
        }
        let start = if chain.legs.len() == 1 { item.span.start } else { last.arrow_span.start };
        out.push(before(text, Span { start, end: item.span.end }));
        let mut touched = touched(&item.statement);
        touched.extend(
            ast.items[at + 1..]
                .iter()
                .filter(|later| later.parent == item.parent)
                .flat_map(|later| self::touched(&later.statement)),
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
