//! What is said about the design: decisions, scope, findings accepted, notes.

use crate::{
    source::Span,
    syntax::{
        ast::{Statement, Text, Word},
        chain,
        cursor::{Cursor, Parsed},
        habits, lexical,
        statement::id,
    },
};

/// A string that the statement cannot do without.
fn text<'s>(cursor: &mut Cursor<'s>, wanted: &str, help: &str) -> Parsed<Text<'s>> {
    cursor.blanks();
    match cursor.eat_text() {
        Some(text) => Ok(text),
        None => Err(habits::unexpected(cursor, wanted, help)),
    }
}

/// `"what" because "why" over "alternative"`
pub fn decide<'s>(cursor: &mut Cursor<'s>, keyword: Word<'s>) -> Parsed<Statement<'s>> {
    const HELP: &str = "write `decide \"what\" because \"why\" over \"the alternative\"`";
    let what = text(cursor, "what is decided, in quotes,", HELP)?;
    let (mut because, mut over) = (None, None);
    loop {
        cursor.blanks();
        if because.is_none() && cursor.eat_keyword("because").is_some() {
            because = Some(text(cursor, "the reason, in quotes,", HELP)?);
        } else if over.is_none() && cursor.eat_keyword("over").is_some() {
            over = Some(text(cursor, "the alternative, in quotes,", HELP)?);
        } else {
            break;
        }
    }
    if because.is_none() && (cursor.at_end() || cursor.byte() == Some(b'"')) {
        let span = keyword.span.to(what.span);
        let mistake = habits::syntax("a decision without its reason", span, "no `because`");
        cursor.mistakes.push(mistake.help(format!("write `decide \"{}\" because \"why\"`", what.raw)));
        because = cursor.eat_text();
    }
    Ok(Statement::Decide { what, because, over })
}

/// `"what"`
pub fn out<'s>(cursor: &mut Cursor<'s>) -> Parsed<Statement<'s>> {
    let what = text(cursor, "what is out of scope, in quotes,", "write `out \"what\"`, one a line")?;
    Ok(Statement::Out { what })
}

/// `RULE on a, b because "why" until 2027-06`
pub fn allow<'s>(cursor: &mut Cursor<'s>, keyword: Word<'s>) -> Parsed<Statement<'s>> {
    const HELP: &str = "write `allow RULE on ID because \"why\" until 2027-06`";
    let rule = id(cursor, "the rule", HELP)?;
    let (mut on, mut because, mut until) = (Vec::new(), None, None);
    loop {
        cursor.blanks();
        if on.is_empty() && cursor.eat_keyword("on").is_some() {
            on = chain::names(cursor, "an id", HELP)?;
        } else if because.is_none() && cursor.eat_keyword("because").is_some() {
            because = Some(text(cursor, "the reason, in quotes,", HELP)?);
        } else if until.is_none() && cursor.eat_keyword("until").is_some() {
            cursor.blanks();
            match cursor.eat(lexical::date) {
                Some(date) => until = Some(cursor.word(date)),
                None => {
                    return Err(habits::unexpected(
                        cursor,
                        "a date",
                        "a date is `2027`, `2027-06` or `2027-06-30`",
                    ));
                }
            }
        } else {
            break;
        }
    }
    if because.is_none() && (cursor.at_end() || cursor.byte() == Some(b'"')) {
        let span = Span::new(keyword.span.start, cursor.last);
        let mistake = habits::syntax("an allow needs its reason", span, "no `because`");
        cursor.mistakes.push(mistake.help(HELP));
        because = cursor.eat_text();
    }
    Ok(Statement::Allow { rule, on, because, until })
}

/// `on a "text"`
pub fn note<'s>(cursor: &mut Cursor<'s>) -> Parsed<Statement<'s>> {
    const HELP: &str = "write `note \"text\"`, or `note on ID \"text\"`";
    cursor.blanks();
    let mut on = Vec::new();
    if cursor.eat_keyword("on").is_some() {
        on = chain::names(cursor, "an id", HELP)?;
    }
    let text = text(cursor, "the note's text, in quotes,", HELP)?;
    cursor.blanks();
    if on.is_empty() && cursor.eat_keyword("on").is_some() {
        on = chain::names(cursor, "an id", HELP)?;
    }
    Ok(Statement::Note { on, text })
}
