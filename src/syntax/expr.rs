//! Values: words, numbers, arithmetic, strings and lists. What they mean is up to the attribute they are given to.

use crate::{
    source::Span,
    syntax::{
        ast::{Expr, Scalar, Token, TokenKind, Value},
        cursor::{Cursor, Parsed},
        habits, lexical,
    },
    units,
};

/// `60s`, `"text"`, `[a, b]`, `3 * users / day`
pub fn value<'s>(cursor: &mut Cursor<'s>) -> Parsed<Value<'s>> {
    if cursor.byte() == Some(b'[') { list(cursor) } else { scalar(cursor, false).map(Value::Scalar) }
}

/// `"text"` or an expression
fn scalar<'s>(cursor: &mut Cursor<'s>, in_list: bool) -> Parsed<Scalar<'s>> {
    if let Some(text) = cursor.eat_text() {
        return Ok(Scalar::Text(text));
    }
    expr(cursor, in_list).map(Scalar::Expr)
}

/// `[a, b]`, over as many lines as it takes
fn list<'s>(cursor: &mut Cursor<'s>) -> Parsed<Value<'s>> {
    let start = cursor.at();
    let open = cursor.next(1);
    cursor.eat_char('[');
    let mut items = Vec::new();
    loop {
        let (before, last) = (cursor.rest, cursor.last);
        cursor.lines();
        if cursor.eat_char(']').is_some() {
            break;
        }
        if matches!(cursor.byte(), None | Some(b';' | b'{' | b'}')) {
            (cursor.rest, cursor.last) = (before, last);
            unclosed_list(cursor, open);
            break;
        }
        items.push(scalar(cursor, true)?);
        let (before, last) = (cursor.rest, cursor.last);
        cursor.lines();
        if cursor.eat_char(',').is_some() || cursor.byte() == Some(b']') {
            continue;
        }
        let same_line = !before[..before.len() - cursor.rest.len()].contains('\n');
        if same_line && (cursor.sees_name() || cursor.byte() == Some(b'"')) {
            let place = Span::point(cursor.last);
            let mistake = habits::syntax("a list needs commas", place, "`,` should stand here");
            cursor.mistakes.push(mistake.help("write `[a, b]`"));
            continue;
        }
        (cursor.rest, cursor.last) = (before, last);
        unclosed_list(cursor, open);
        break;
    }
    Ok(Value::List { items, span: Span::new(start, cursor.last) })
}

fn unclosed_list(cursor: &mut Cursor<'_>, open: Span) {
    let mistake = habits::syntax("this `[` is not closed", open, "no `]` for it");
    cursor.mistakes.push(mistake.help("write a list as `[a, b]`"));
}

/// `3 * users / day`, on while operators follow; `timeout=5s -> x` ends before the arrow
pub fn expr<'s>(cursor: &mut Cursor<'s>, in_list: bool) -> Parsed<Expr<'s>> {
    let start = cursor.at();
    let mut tokens = Vec::with_capacity(1);
    let mut open: Vec<Span> = Vec::new();
    let mut before = cursor.rest;
    loop {
        while let Some(span) = cursor.eat_char('(') {
            tokens.push(Token { kind: TokenKind::Open, text: span.text(cursor.source), span });
            open.push(span);
            before = cursor.rest;
            cursor.lines();
        }
        match operand(cursor, in_list) {
            Ok(operand) => {
                let plain = matches!(operand.kind, TokenKind::Number { unit: "", .. });
                tokens.push(operand);
                if plain && let Some(per) = habits::rate_apart(cursor, operand.text) {
                    tokens.push(Token { kind: TokenKind::Over, text: "/", span: per.span });
                    tokens.push(Token { kind: TokenKind::Name, text: per.text, span: per.span });
                }
            }
            Err(unreadable) => {
                // What stands on the next line is not to be lost.
                cursor.rest = before;
                return Err(unreadable);
            }
        }
        if !operator(cursor, &mut tokens, &mut open, in_list)? {
            break;
        }
        before = cursor.rest;
        if in_list || !open.is_empty() { cursor.lines() } else { cursor.blanks() }
    }
    if let Some(&span) = open.last() {
        let mistake = habits::syntax("this `(` is not closed", span, "no `)` for it");
        return Err(cursor.fault(mistake.help("every `(` needs its `)` in the same expression")));
    }
    Ok(Expr { tokens, span: Span::new(start, cursor.last) })
}

/// `) *`: what closes, then an operator. False where the expression ends.
fn operator<'s>(
    cursor: &mut Cursor<'s>,
    tokens: &mut Vec<Token<'s>>,
    open: &mut Vec<Span>,
    in_list: bool,
) -> Parsed<bool> {
    loop {
        let (before, last) = (cursor.rest, cursor.last);
        let goes_on = in_list || !open.is_empty();
        if goes_on {
            cursor.lines()
        } else {
            cursor.blanks()
        }
        if !open.is_empty()
            && let Some(span) = cursor.eat_char(')')
        {
            tokens.push(Token { kind: TokenKind::Close, text: span.text(cursor.source), span });
            open.pop();
            continue;
        }
        let at = cursor.at();
        let Some(kind) = cursor.eat(lexical::operator) else {
            (cursor.rest, cursor.last) = (before, last);
            return Ok(false);
        };
        let span = Span::new(at, cursor.at());
        tokens.push(Token { kind, text: span.text(cursor.source), span });
        return Ok(true);
    }
}

/// `5k`, `users`
fn operand<'s>(cursor: &mut Cursor<'s>, in_list: bool) -> Parsed<Token<'s>> {
    if let Some(word) = cursor.eat_name() {
        return Ok(Token { kind: TokenKind::Name, text: word.text, span: word.span });
    }
    let start = cursor.at();
    let currency = habits::currency(cursor);
    let Some(digits) = cursor.eat(lexical::digits) else {
        return Err(no_operand(cursor));
    };
    let mut number: f64 = digits.parse().unwrap_or(f64::INFINITY);
    if let Some(whole) = habits::thousands(cursor, digits, in_list) {
        number = whole;
    }
    let mut unit = cursor.eat(lexical::unit).unwrap_or("");
    if unit.is_empty() {
        unit = habits::unit_apart(cursor, digits).unwrap_or("");
    }
    let more = cursor.rest.starts_with(lexical::in_name)
        || cursor.rest.starts_with('.') && !cursor.sees(lexical::arrow);
    if more {
        (number, unit) = (runs_on(cursor, start).unwrap_or(f64::NAN), "");
    }
    let span = Span::new(start, cursor.last);
    if number.is_infinite() {
        let mistake = habits::syntax("this number is too large", span, "more than 10^308");
        cursor.mistakes.push(mistake.help("a number has at most 308 digits"));
        number = f64::NAN;
    }
    if let Some(currency) = currency.filter(|_| unit.is_empty()) {
        unit = currency;
    }
    Ok(Token { kind: TokenKind::Number { number, unit }, text: span.text(cursor.source), span })
}

/// `1e6`, `5m2`: a number with more digits after its unit; gives the number if it is one elsewhere
fn runs_on(cursor: &mut Cursor<'_>, start: usize) -> Option<f64> {
    let more = |c: char| lexical::in_name(c) || c == '.';
    cursor.rest = cursor.rest.trim_start_matches(more);
    cursor.last = cursor.at();
    let span = Span::new(start, cursor.at());
    let text = span.text(cursor.source);
    let mistake =
        habits::syntax(format!("`{text}` is not a number with a unit"), span, "digits after the unit");
    let scientific = text.parse::<f64>().ok().filter(|number| number.is_finite());
    cursor.mistakes.push(match scientific.and_then(units::short_count) {
        Some(short) => mistake.help(format!("write `{short}`: there are `k`, `M`, `G` and `T`")),
        None => mistake.help("a number is digits and then a unit: `90s`, `1.5M`, `20k/s`; text needs quotes"),
    });
    scientific
}

fn no_operand(cursor: &mut Cursor<'_>) -> crate::syntax::cursor::Unreadable {
    let rest = cursor.rest;
    let help = match rest.chars().next() {
        Some('-') if !cursor.sees(lexical::arrow) => {
            "there are no negative numbers; write `a - b` for a difference"
        }
        Some('.') if rest[1..].starts_with(|c: char| c.is_ascii_digit()) => {
            "write a digit before the point: `0.5`"
        }
        Some('/' | '.' | '~' | '*') => "text that is not one word needs quotes: `\"/links/*\"`",
        _ => "a value is a word, a number with its unit, a \"string\" or a list `[a, b]`",
    };
    habits::unexpected(cursor, "a value", help)
}
