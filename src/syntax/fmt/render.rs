//! One statement to text.

use std::collections::HashSet;

use crate::syntax::{
    ast::{
        Ast, Attr, Chain, Expr, Field, NodeHeader, Scalar, Statement, Text, Token, TokenKind, Value, Word,
    },
    fmt::layout,
};

/// Chains longer than this break before arrows.
const WIDEST: usize = 100;

/// Knows the names that the design gives to numbers: after `/`, `day` is a unit unless it is one of them.
pub struct Renderer<'s> {
    given: HashSet<&'s str>,
}

impl<'s> Renderer<'s> {
    pub fn new(ast: &Ast<'s>) -> Renderer<'s> {
        let name = |statement: &Statement<'s>| match statement {
            Statement::Let { name, .. } if unit_of_time(name.text).is_some() => Some(name.text),
            _ => None,
        };
        Renderer { given: ast.items.iter().filter_map(|item| name(&item.statement)).collect() }
    }

    /// The statement in two parts: what is aligned over lines that follow each other, and the rest.
    pub fn statement(&self, statement: &Statement<'s>, depth: usize) -> (String, String) {
        let mut out = String::new();
        match statement {
            Statement::Node(node) => {
                self.node(node, &mut out);
                return (node.kind.text.to_owned(), out);
            }
            Statement::Let { name, value } => {
                out.push_str("= ");
                self.value(value, &mut out);
                return (name.text.to_owned(), out);
            }
            Statement::Field(field) => {
                let keyword = render_field(field, &mut out);
                return (keyword.to_owned(), out);
            }
            Statement::Chain(chain) => out = self.chain(chain, layout::indent(depth)),
            Statement::Design { title, solves, at } => {
                out.push_str("design");
                quoted(title.as_ref(), "", &mut out);
                word(solves.as_ref(), "solves", &mut out);
                word(at.as_ref(), "at", &mut out);
            }
            Statement::Group { kind, id, label, attrs } => {
                out = format!("{} {}", kind.text, id.text);
                quoted(label.as_ref(), "", &mut out);
                self.attrs(attrs, &mut out);
            }
            Statement::Flow { id, label, attrs } => {
                out = format!("flow {}", id.text);
                quoted(label.as_ref(), "", &mut out);
                self.attrs(attrs, &mut out);
            }
            Statement::Given => out.push_str("given"),
            Statement::Every { subject, attrs } => {
                self.attrs(attrs, &mut out);
                return (format!("every {}", subject.text), out.trim_start().to_owned());
            }
            Statement::Table { id } => out = format!("table {}", id.text),
            Statement::Decide { what, because, over } => {
                out.push_str("decide");
                quoted(Some(what), "", &mut out);
                quoted(because.as_ref(), "because", &mut out);
                quoted(over.as_ref(), "over", &mut out);
            }
            Statement::Out { what } => {
                out.push_str("out");
                quoted(Some(what), "", &mut out);
            }
            Statement::Allow { rule, on, because, until } => {
                out = format!("allow {}", rule.text);
                listed(on, "on", &mut out);
                quoted(because.as_ref(), "because", &mut out);
                word(until.as_ref(), "until", &mut out);
            }
            Statement::Note { on, text } => {
                out.push_str("note");
                listed(on, "on", &mut out);
                quoted(Some(text), "", &mut out);
            }
            Statement::Broken => {}
        }
        (String::new(), out)
    }

    /// `store "Links" x3 @a,b failover=auto`
    fn node(&self, node: &NodeHeader<'s>, out: &mut String) {
        out.push_str(node.id.text);
        quoted(node.label.as_ref(), "", out);
        if let Some(times) = node.times {
            out.push(' ');
            out.push_str(times.text);
        }
        for (index, place) in node.places.iter().enumerate() {
            out.push_str(if index == 0 { " @" } else { "," });
            out.push_str(place.text);
        }
        self.attrs(&node.attrs, out);
    }

    /// `a, b -> c timeout=1s`, over several lines where it is long
    fn chain(&self, chain: &Chain<'s>, indent: usize) -> String {
        let mut out = String::new();
        names(&chain.first, &mut out);
        let legs: Vec<String> = chain.legs.iter().map(|leg| self.leg(leg)).collect();
        let width = |text: &str| unicode_width::UnicodeWidthStr::width(text);
        let total = indent + width(&out) + legs.iter().map(|leg| 1 + width(leg)).sum::<usize>();
        let mut column = indent + width(&out);
        for (index, leg) in legs.iter().enumerate() {
            column += 1 + width(leg);
            if total > WIDEST && column > WIDEST && index > 0 {
                out.push('\n');
                out.extend(std::iter::repeat_n(' ', indent + 4));
                column = indent + 4 + width(leg);
            } else {
                out.push(' ');
            }
            out.push_str(leg);
        }
        out
    }

    fn leg(&self, leg: &crate::syntax::ast::Leg<'s>) -> String {
        let mut out = format!("{} ", leg.arrow.symbol());
        names(&leg.to, &mut out);
        self.attrs(&leg.attrs, &mut out);
        out
    }

    fn attrs(&self, attrs: &[Attr<'s>], out: &mut String) {
        for attr in attrs {
            out.push(' ');
            out.push_str(attr.name.text);
            if let Some(value) = &attr.value {
                out.push('=');
                self.value(value, out);
            }
        }
    }

    fn value(&self, value: &Value<'s>, out: &mut String) {
        match value {
            Value::Scalar(scalar) => self.scalar(scalar, out),
            Value::List { items, .. } => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    out.push_str(if index == 0 { "" } else { ", " });
                    self.scalar(item, out);
                }
                out.push(']');
            }
        }
    }

    fn scalar(&self, scalar: &Scalar<'s>, out: &mut String) {
        match scalar {
            Scalar::Text(text) => quote(text, out),
            Scalar::Expr(expr) => self.expr(expr, out),
        }
    }

    /// `100 * created`, `100M/month`
    fn expr(&self, expr: &Expr<'s>, out: &mut String) {
        for (index, token) in expr.tokens.iter().enumerate() {
            let before = index.checked_sub(1).map(|index| &expr.tokens[index]);
            match token.kind {
                TokenKind::Plus | TokenKind::Minus | TokenKind::Times => {
                    out.push(' ');
                    out.push_str(token.text);
                    out.push(' ');
                }
                TokenKind::Over => {
                    let number = before.is_some_and(|token| matches!(token.kind, TokenKind::Number { .. }));
                    let rate = number && expr.tokens.get(index + 1).is_some_and(|next| self.is_unit(next));
                    out.push_str(if rate { "/" } else { " / " });
                }
                TokenKind::Number { unit, .. } => {
                    out.push_str(token.text.strip_suffix(unit).unwrap_or(token.text));
                    out.push_str(unit_of_time(unit).unwrap_or(unit));
                }
                TokenKind::Name => {
                    let over = before.is_some_and(|token| token.kind == TokenKind::Over);
                    let unit = if over && self.is_unit(token) { spelled(token.text) } else { None };
                    out.push_str(unit.unwrap_or(token.text));
                }
                TokenKind::Open | TokenKind::Close => out.push_str(token.text),
            }
        }
    }

    /// Whether a name after `/` is a unit of time, under either spelling, and not a number of this design.
    fn is_unit(&self, token: &Token<'s>) -> bool {
        token.kind == TokenKind::Name
            && unit_of_time(token.text)
                .is_some_and(|unit| !self.given.iter().any(|given| unit_of_time(given) == Some(unit)))
    }
}

/// The one spelling of a unit of time: `min` for `m`.
fn unit_of_time(unit: &str) -> Option<&'static str> {
    Some(match unit {
        "ns" => "ns",
        "us" => "us",
        "ms" => "ms",
        "s" => "s",
        "m" | "min" => "min",
        "h" => "h",
        "d" | "day" => "d",
        "w" | "week" => "w",
        "month" => "month",
        "y" | "year" => "y",
        _ => return None,
    })
}

/// A unit of time that stands alone, as it reads after `/`: `100M/month`, `2 * users / day`.
fn spelled(unit: &str) -> Option<&'static str> {
    Some(match unit_of_time(unit)? {
        "d" => "day",
        "w" => "week",
        "y" => "year",
        other => other,
    })
}

/// The fields after the keyword, which is returned
fn render_field(field: &Field<'_>, out: &mut String) -> &'static str {
    match field {
        Field::Key(fields) => {
            names(fields, out);
            "key"
        }
        Field::Unique(fields) => {
            names(fields, out);
            "unique"
        }
        Field::Shard(fields) => {
            names(fields, out);
            "shard"
        }
        Field::Index { fields, filter, include } => {
            names(fields, out);
            word(filter.as_ref(), "where", out);
            listed(include, "include", out);
            "index"
        }
        Field::Column { name, ty } => {
            out.push_str(name.text);
            out.push(' ');
            out.push_str(ty.text);
            "column"
        }
        Field::Ref { field, table, target } => {
            for part in [field.text, " -> ", table.text, ".", target.text] {
                out.push_str(part);
            }
            "ref"
        }
    }
}

fn quote(text: &Text<'_>, out: &mut String) {
    out.push('"');
    out.push_str(text.raw);
    out.push('"');
}

fn quoted(text: Option<&Text<'_>>, keyword: &str, out: &mut String) {
    let Some(text) = text else { return };
    if !keyword.is_empty() {
        out.push(' ');
        out.push_str(keyword);
    }
    out.push(' ');
    quote(text, out);
}

fn word(word: Option<&Word<'_>>, keyword: &str, out: &mut String) {
    let Some(word) = word else { return };
    for part in [" ", keyword, " ", word.text] {
        out.push_str(part);
    }
}

fn names(words: &[Word<'_>], out: &mut String) {
    for (index, word) in words.iter().enumerate() {
        out.push_str(if index == 0 { "" } else { ", " });
        out.push_str(word.text);
    }
}

fn listed(words: &[Word<'_>], keyword: &str, out: &mut String) {
    if words.is_empty() {
        return;
    }
    for part in [" ", keyword, " "] {
        out.push_str(part);
    }
    names(words, out);
}
