//! Hops: names, arrows, and what is said of each.

use crate::{
    source::Span,
    syntax::{
        ast::{Chain, Leg, Statement, Word},
        cursor::{Cursor, Parsed, Unreadable},
        habits, lexical,
        tail::{self, Of},
    },
};

/// `a, b -> c timeout=1s ~> d`
pub fn chain<'s>(cursor: &mut Cursor<'s>, first: Word<'s>) -> Parsed<Statement<'s>> {
    let mut nodes = Vec::with_capacity(1);
    reserved(cursor, first);
    nodes.push(first);
    more_names(cursor, &mut nodes)?;
    habits::part_of_node(cursor);
    cursor.lines_to_arrow();
    let mut legs = Vec::with_capacity(1);
    let mut said = None;
    while let Some(leg) = leg(cursor, &mut said)? {
        legs.push(leg);
        cursor.lines_to_arrow();
    }
    if let Some(unreadable) = habits::reversed(cursor) {
        return Err(unreadable);
    }
    if legs.is_empty() && !matches!(cursor.mistakes.last(), Some(last) if last.at.span.end == cursor.last) {
        let help = "a hop is `a -> b`, and `a, b -> c` is two";
        return Err(habits::unexpected(cursor, "an arrow", help));
    }
    if legs.is_empty() {
        return Err(Unreadable);
    }
    Ok(Statement::Chain(Chain { first: nodes, legs }))
}

/// `-> b, c timeout=1s`; `said` is the foreign arrow that this line has been told of
fn leg<'s>(cursor: &mut Cursor<'s>, said: &mut Option<&'s str>) -> Parsed<Option<Leg<'s>>> {
    let start = cursor.at();
    let Some(arrow) = cursor.eat(lexical::arrow).or_else(|| habits::arrow(cursor, said)) else {
        return Ok(None);
    };
    let arrow_span = Span::new(start, cursor.at());
    cursor.blanks();
    habits::text_on_arrow(cursor, arrow_span);
    let closing = habits::opening_bracket(cursor);
    let Some(first) = cursor.eat_name() else {
        if cursor.at_end() {
            let symbol = arrow.symbol();
            let mistake = habits::syntax(
                format!("`{symbol}` leads nowhere"),
                arrow_span,
                "nothing after it on this line",
            );
            cursor
                .mistakes
                .push(mistake.help(format!("write the node that the hop leads to: `{symbol} ID`")));
            return Ok(None);
        }
        return Err(habits::unexpected(cursor, "a node's id", "a hop is `a -> b`"));
    };
    reserved(cursor, first);
    let mut to = Vec::with_capacity(1);
    to.push(first);
    more_names(cursor, &mut to)?;
    if let Some(closing) = closing {
        cursor.blanks();
        cursor.eat_char(closing);
    }
    habits::part_of_node(cursor);
    let attrs = tail::tail(cursor, Of::Hop)?.attrs;
    Ok(Some(Leg { arrow, arrow_span, to, attrs }))
}

/// `, b, c`, on over line ends
fn more_names<'s>(cursor: &mut Cursor<'s>, names: &mut Vec<Word<'s>>) -> Parsed<()> {
    loop {
        let (before, last) = (cursor.rest, cursor.last);
        cursor.blanks();
        if cursor.eat_char(',').is_none() {
            (cursor.rest, cursor.last) = (before, last);
            return Ok(());
        }
        let comma = cursor.last;
        cursor.lines();
        if habits::dangling_comma(cursor, comma) {
            return Ok(());
        }
        let Some(name) = cursor.eat_name() else {
            return Err(habits::unexpected(cursor, "a name after `,`", "names are listed as `a, b`"));
        };
        reserved(cursor, name);
        names.push(name);
    }
}

/// `a, b`
pub fn names<'s>(cursor: &mut Cursor<'s>, wanted: &str, help: &str) -> Parsed<Vec<Word<'s>>> {
    cursor.blanks();
    let Some(first) = cursor.eat_name() else { return Err(habits::unexpected(cursor, wanted, help)) };
    let mut names = vec![first];
    more_names(cursor, &mut names)?;
    Ok(names)
}

/// `x3` is how many, never a name.
pub fn reserved(cursor: &mut Cursor<'_>, word: Word<'_>) {
    if lexical::is_times(word.text) {
        let mistake = habits::syntax(format!("`{}` is not a name", word.text), word.span, "says how many");
        cursor.mistakes.push(mistake.help(format!(
            "`x` and digits are reserved for how many there are; call it `{}_` or `n{}`",
            word.text,
            &word.text[1..]
        )));
    }
}
