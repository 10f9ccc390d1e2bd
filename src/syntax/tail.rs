//! What follows an id: a label, how many, where, and attributes.

use crate::{
    source::Span,
    syntax::{
        ast::{Attr, Scalar, Text, TokenKind, Value, Word},
        cursor::{Cursor, Parsed},
        expr, habits, lexical,
    },
};

#[derive(Debug, Default)]
pub struct Tail<'s> {
    pub label: Option<Text<'s>>,
    pub times: Option<Word<'s>>,
    pub places: Vec<Word<'s>>,
    pub attrs: Vec<Attr<'s>>,
}

/// What may stand in a tail besides attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// `"Label" x3 @a,b ttl=5s`
    Node,
    /// `"Label" rate=5k/s`
    Block,
    /// `timeout=1s`, up to the next arrow
    Hop,
    /// `timeout=1s`
    Default,
}

/// `"Label" x3 @a,b ttl=5s jitter`, in any order
pub fn tail<'s>(cursor: &mut Cursor<'s>, of: Of) -> Parsed<Tail<'s>> {
    let mut tail = Tail::default();
    let mut bracket = None;
    loop {
        cursor.blanks();
        let Some(byte) = cursor.byte() else { return Ok(tail) };
        match byte {
            b'\n' | b';' | b'{' | b'}' | b'#' => return Ok(tail),
            b'@' => places(cursor, of, &mut tail)?,
            b',' if tail.attrs.is_empty() => return Ok(tail),
            b',' => comma(cursor, &mut tail)?,
            b'0'..=b'9' | b'*' if of == Of::Node => count(cursor)?,
            b'x' | b'X' if of == Of::Node && sees_count(cursor) => count(cursor)?,
            b':' if of == Of::Hop => {
                remark(cursor);
                return Ok(tail);
            }
            b'(' | b'[' => bracket = Some(open_bracket(cursor)?),
            b')' | b']' if bracket == Some(byte) => {
                cursor.eat_char(char::from(byte));
                bracket = None;
            }
            b'/' if path(cursor, of, &mut tail) => {}
            _ if cursor.sees_name() => match cursor.eat_name() {
                Some(word) if lexical::is_times(word.text) => times(cursor, of, word, &mut tail),
                Some(word) => tail.attrs.push(attr(cursor, word)?),
                None => {}
            },
            _ if cursor.sees_arrow() || cursor.sees(lexical::reversed_arrow) => return Ok(tail),
            _ => match cursor.eat_text() {
                Some(text) => label(cursor, of, text, &mut tail),
                None if cursor.rest.starts_with('×') => count(cursor)?,
                None => return Err(habits::unexpected(cursor, "an attribute", ATTRIBUTE)),
            },
        }
    }
}

/// `x 3`, `X3`: but not `x3`, which is right, nor `x_rate`
fn sees_count(cursor: &Cursor<'_>) -> bool {
    let after = &cursor.rest[1..];
    let apart = lexical::blanks(after);
    apart.starts_with(|c: char| c.is_ascii_digit())
        && (apart.len() < after.len() || cursor.byte() == Some(b'X'))
}

/// `a -> b: text`: passes over the text.
fn remark(cursor: &mut Cursor<'_>) {
    let mistake =
        habits::syntax("a `:` after a hop", cursor.next(1), "says nothing here").help(habits::ON_A_HOP);
    cursor.mistakes.push(mistake);
    let length = cursor.rest.find(['\n', ';', '{', '}', '#']).unwrap_or(cursor.rest.len());
    let text = cursor.rest[..length].trim_end();
    cursor.rest = &cursor.rest[text.len()..];
    cursor.last = cursor.at();
}

/// `(ttl=5s)`, `[ttl=5s]`: passes over the bracket; gives what closes it.
fn open_bracket(cursor: &mut Cursor<'_>) -> Parsed<u8> {
    const HELP: &str = "attributes stand without brackets, parted by spaces: `ttl=5s jitter`";
    let close = if cursor.byte() == Some(b'(') { b')' } else { b']' };
    let inside = &cursor.rest[1..];
    let mut line = inside.chars().take(200).take_while(|&c| c != '\n' && c != char::from(close));
    let attributes = inside.starts_with(lexical::opens_name) && line.any(|c| c == '=');
    if !attributes {
        return Err(habits::unexpected(cursor, "an attribute", HELP));
    }
    cursor.mistakes.push(habits::syntax("attributes in brackets", cursor.next(1), "not needed").help(HELP));
    cursor.skip_char();
    Ok(close)
}

/// `GET /links` without its quotes: a label, most likely
fn path<'s>(cursor: &mut Cursor<'s>, of: Of, tail: &mut Tail<'s>) -> bool {
    let method = |attr: &mut Attr<'_>| {
        attr.value.is_none() && ["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&attr.name.text)
    };
    if of != Of::Block && of != Of::Node || tail.label.is_some() {
        return false;
    }
    let Some(method) = tail.attrs.pop_if(method) else { return false };
    let length = cursor.rest.find([' ', '\t', '\r', '\n', '#']).unwrap_or(cursor.rest.len());
    cursor.rest = &cursor.rest[length..];
    cursor.last = cursor.at();
    let span = Span::new(method.span.start, cursor.at());
    let raw = span.text(cursor.source);
    let mistake = habits::syntax("a label without quotes", span, format!("write `\"{raw}\"`"));
    cursor.mistakes.push(mistake.help("text stands in double quotes: `flow ID \"Label\" rate=… {`"));
    tail.label = Some(Text { raw, span });
    true
}

const ATTRIBUTE: &str = "an attribute is `name=value`, or a bare `name` for yes";

/// `ttl=5s`, `jitter`
fn attr<'s>(cursor: &mut Cursor<'s>, name: Word<'s>) -> Parsed<Attr<'s>> {
    let plain = cursor.byte() == Some(b'=')
        && !matches!(cursor.rest.as_bytes().get(1), None | Some(b'=' | b'>' | b' ' | b'\t'));
    if plain {
        cursor.eat_char('=');
    } else if !habits::assignment(cursor, name) {
        return Ok(Attr { name, value: None, span: name.span });
    }
    if cursor.at_end() {
        let mistake = habits::syntax(
            format!("`{}` is given no value", name.text),
            Span::new(name.span.start, cursor.last),
            "nothing after the `=`",
        );
        return Err(cursor.fault(mistake.help(ATTRIBUTE)));
    }
    let value = expr::value(cursor)?;
    let span = Span::new(name.span.start, cursor.last);
    habits::per(cursor);
    Ok(Attr { name, value: Some(value), span })
}

/// `by=a, b` for a list; `ttl=5s, jitter` for attributes
fn comma<'s>(cursor: &mut Cursor<'s>, tail: &mut Tail<'s>) -> Parsed<()> {
    let Some(comma) = cursor.eat_char(',') else { return Ok(()) };
    cursor.blanks();
    let before = cursor.rest;
    let next = cursor.eat(lexical::name);
    cursor.blanks();
    let attribute = next.is_none() || cursor.byte() == Some(b'=');
    cursor.rest = before;
    let Some(Attr { name, value: Some(value), span }) = tail.attrs.last_mut().filter(|_| !attribute) else {
        let mistake = habits::syntax("a `,` between attributes", comma, "not needed");
        cursor.mistakes.push(mistake.help("attributes are separated by spaces: `ttl=5s jitter`"));
        return Ok(());
    };
    if let Value::Scalar(Scalar::Expr(expr)) = value
        && matches!(expr.tokens[0].kind, TokenKind::Number { .. })
    {
        let mistake = habits::syntax("a `,` between attributes", comma, "not needed");
        cursor.mistakes.push(mistake.help("attributes are separated by spaces: `ttl=5s jitter`"));
        return Ok(());
    }
    let mut items = match std::mem::replace(value, Value::List { items: Vec::new(), span: *span }) {
        Value::Scalar(first) => vec![first],
        Value::List { items, .. } => items,
    };
    let start = span.start + name.text.len() + 1;
    loop {
        items.push(Scalar::Expr(expr::expr(cursor, false)?));
        cursor.blanks();
        if cursor.eat_char(',').is_none() {
            break;
        }
        cursor.blanks();
    }
    *span = span.to(Span::point(cursor.last));
    let list = Span::new(start.min(cursor.last), cursor.last);
    *value = Value::List { items, span: list };
    let written = list.text(cursor.source).trim_matches(['[', ']']);
    let mistake = habits::syntax("a list without brackets", comma, "`,` outside of `[ ]`");
    let mistake = mistake.help(format!("write `{}=[{}]`", name.text, written.replace(']', "")));
    cursor.mistakes.push(mistake);
    Ok(())
}

fn label<'s>(cursor: &mut Cursor<'s>, of: Of, text: Text<'s>, tail: &mut Tail<'s>) {
    if matches!(of, Of::Hop | Of::Default) {
        let mistake = habits::syntax("a label does not stand here", text.span, "not an attribute");
        let help = match of {
            Of::Hop => "a hop has attributes only; write a remark as `# …`, or as `note on ID \"text\"`",
            _ => ATTRIBUTE,
        };
        cursor.mistakes.push(mistake.help(help));
    } else if let Some(first) = tail.label {
        let mistake =
            habits::syntax("a second label", text.span, "one is enough").label(first.span, "the first");
        cursor.mistakes.push(mistake.help("what else there is to say goes in a `note on ID \"text\"`"));
    } else {
        tail.label = Some(text);
    }
}

/// `x3`
fn times<'s>(cursor: &mut Cursor<'s>, of: Of, word: Word<'s>, tail: &mut Tail<'s>) {
    if of != Of::Node {
        let mistake =
            habits::syntax(format!("`{}` does not stand here", word.text), word.span, "how many of what?");
        cursor.mistakes.push(mistake.help("how many there are is said where the node is: `service api x3`"));
    } else if let Some(first) = tail.times {
        let mistake = habits::syntax(
            format!("`{}` after `{}`", word.text, first.text),
            word.span,
            "said twice how many there are",
        );
        cursor.mistakes.push(mistake.label(first.span, "first here").help("`xN` is the total; keep one"));
    } else {
        tail.times = Some(word);
    }
}

/// `3x`, `×3`, `* 3`, `3`
fn count(cursor: &mut Cursor<'_>) -> Parsed<()> {
    let start = cursor.at();
    let is_count = |c: char| c.is_ascii_digit() || "xX×* ".contains(c);
    let length = cursor.rest.find(|c| !is_count(c)).unwrap_or(cursor.rest.len());
    let text = cursor.rest[..length].trim_end();
    let number: String = text.chars().filter(char::is_ascii_digit).collect();
    if number.is_empty() || cursor.rest[length..].starts_with(lexical::in_name) && text.len() == length {
        return Err(habits::unexpected(cursor, "an attribute", ATTRIBUTE));
    }
    cursor.rest = &cursor.rest[text.len()..];
    cursor.last = cursor.at();
    let noun = lexical::name(lexical::blanks(cursor.rest)).ok();
    let counted = ["instances", "replicas", "nodes", "copies", "servers", "pods", "machines", "times", "x"];
    if let Some((rest, _)) = noun.filter(|(rest, noun)| counted.contains(noun) && !rest.starts_with('=')) {
        cursor.rest = rest;
        cursor.last = cursor.at();
    }
    let span = Span::new(start, cursor.at());
    let text = span.text(cursor.source);
    let mistake =
        habits::syntax(format!("`{text}` does not say how many"), span, format!("write `x{number}`"));
    cursor.mistakes.push(mistake.help(format!("how many there are follows the id: `service api x{number}`")));
    Ok(())
}

/// `@a,b`
fn places<'s>(cursor: &mut Cursor<'s>, of: Of, tail: &mut Tail<'s>) -> Parsed<()> {
    let at = cursor.next(1);
    cursor.eat_char('@');
    let mut names = Vec::new();
    loop {
        cursor.blanks();
        let Some(name) = cursor.eat_name() else {
            return Err(habits::unexpected(cursor, "a zone", "zones are written `@a,b`"));
        };
        names.push(name);
        let before = cursor.rest;
        cursor.blanks();
        if cursor.eat_char(',').is_none() {
            cursor.rest = before;
            break;
        }
        cursor.lines();
    }
    if of == Of::Node {
        tail.places.append(&mut names);
    } else {
        let span = Span::new(at.start, cursor.last);
        let mistake = habits::syntax("zones do not stand here", span, "only a node stands in zones");
        cursor.mistakes.push(mistake.help("say where the node is: `service api x3 @a,b`"));
    }
    Ok(())
}
