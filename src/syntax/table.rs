//! What stands in a table.

use crate::syntax::{
    ast::{Field, Statement, Word},
    chain,
    cursor::{Cursor, Parsed, Unreadable},
    habits, lexical,
};

/// A field's name alone, with or without a type: SQL has no word before it.
pub fn column_alone(cursor: &mut Cursor<'_>, word: Word<'_>) -> Unreadable {
    let ty = lexical::blanks(cursor.rest.strip_prefix(':').unwrap_or(cursor.rest));
    let ty = lexical::name(ty).map_or("text", |(_, ty)| ty);
    cursor.fault(habits::not_a_field(word, ty))
}

const FIELDS: &str = "name the fields: `key owner, created_at`";

/// `key a, b`, `unique a`, `index a where b`, `shard a`, `column a text`, `ref a -> t.b`; None if `word` opens none
pub fn field<'s>(cursor: &mut Cursor<'s>, word: Word<'s>) -> Option<Parsed<Statement<'s>>> {
    let field = match word.text {
        "key" => fields(cursor).map(Field::Key),
        "unique" => fields(cursor).map(Field::Unique),
        "shard" => fields(cursor).map(Field::Shard),
        "index" => index(cursor),
        "column" => column(cursor),
        "ref" => reference(cursor),
        _ => return None,
    };
    Some(field.map(Statement::Field))
}

fn fields<'s>(cursor: &mut Cursor<'s>) -> Parsed<Vec<Word<'s>>> {
    chain::names(cursor, "a field", FIELDS)
}

/// `a, b where deleted = false include c`
fn index<'s>(cursor: &mut Cursor<'s>) -> Parsed<Field<'s>> {
    let fields = fields(cursor)?;
    let (mut filter, mut include) = (None, Vec::new());
    loop {
        cursor.blanks();
        if filter.is_none() && cursor.eat_keyword("where").is_some() {
            filter = Some(condition(cursor)?);
        } else if cursor.eat_keyword("include").is_some() {
            include.append(&mut chain::names(cursor, "a field", FIELDS)?);
        } else {
            return Ok(Field::Index { fields, filter, include });
        }
    }
}

/// `deleted = false and owner > 5`: anything up to `include` or the statement's end
fn condition<'s>(cursor: &mut Cursor<'s>) -> Parsed<Word<'s>> {
    cursor.rest = lexical::blanks(cursor.rest);
    let from = cursor.rest;
    while !cursor.at_end() {
        let before = cursor.rest;
        match cursor.byte() {
            Some(b'"') => {
                cursor.eat_text();
            }
            Some(b' ' | b'\t' | b'\r') => cursor.rest = lexical::blanks(cursor.rest),
            _ if cursor.sees_name() => {
                if cursor.eat(lexical::name) == Some("include") {
                    cursor.rest = before;
                    break;
                }
            }
            _ => cursor.skip_char(),
        }
    }
    let text = from[..from.len() - cursor.rest.len()].trim_end();
    if text.is_empty() {
        return Err(habits::unexpected(cursor, "a condition", "write `index a, b where CONDITION`"));
    }
    let word = cursor.word(text);
    cursor.last = word.span.end;
    Ok(word)
}

/// `name varchar(20)`
fn column<'s>(cursor: &mut Cursor<'s>) -> Parsed<Field<'s>> {
    const HELP: &str = "a column is `column NAME TYPE`";
    cursor.blanks();
    let Some(name) = cursor.eat_name() else {
        return Err(habits::unexpected(cursor, "a column's name", HELP));
    };
    cursor.blanks();
    let from = cursor.rest;
    if cursor.eat_name().is_none() {
        return Err(habits::unexpected(cursor, "a column's type", HELP));
    }
    let length = |c: char| c.is_ascii_digit() || c == ',' || c == ' ';
    for (open, close) in [('(', ')'), ('[', ']')] {
        let inside = cursor.rest.strip_prefix(open).map(|rest| rest.trim_start_matches(length));
        if let Some(rest) = inside.and_then(|rest| rest.strip_prefix(close)) {
            cursor.rest = rest;
            cursor.last = cursor.at();
        }
    }
    let ty = cursor.word(&from[..from.len() - cursor.rest.len()]);
    Ok(Field::Column { name, ty })
}

/// `owner -> user.id`
fn reference<'s>(cursor: &mut Cursor<'s>) -> Parsed<Field<'s>> {
    const HELP: &str = "a reference is `ref FIELD -> TABLE.FIELD`";
    cursor.blanks();
    let Some(field) = cursor.eat_name() else { return Err(habits::unexpected(cursor, "a field", HELP)) };
    cursor.blanks();
    if cursor.eat(nom::bytes::complete::tag("->")).is_none() && habits::arrow(cursor, &mut None).is_none() {
        return Err(habits::unexpected(cursor, "`->`", HELP));
    }
    cursor.blanks();
    let Some(table) = cursor.eat_name() else { return Err(habits::unexpected(cursor, "a table", HELP)) };
    if cursor.eat_char('.').is_none() {
        return Err(habits::unexpected(cursor, "`.` and a field", HELP));
    }
    let Some(target) = cursor.eat_name() else { return Err(habits::unexpected(cursor, "a field", HELP)) };
    Ok(Field::Ref { field, table, target })
}
