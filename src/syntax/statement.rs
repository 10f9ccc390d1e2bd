//! One statement, from its first word up to its end or its `{`.

use crate::{
    source::Span,
    syntax::{
        ast::{NodeHeader, Scalar, Statement, Value, Word},
        chain,
        cursor::{Cursor, Parsed, Unreadable},
        expr, habits, lexical,
        place::Room,
        remark, table,
        tail::{self, Of, Tail},
    },
};

/// Any statement. An arrow or a comma after the first word makes it a hop, whatever the word; a `=` a binding.
pub fn statement<'s>(cursor: &mut Cursor<'s>, room: Room) -> Parsed<Statement<'s>> {
    let bracket = habits::opening_bracket(cursor);
    let Some(word) = cursor.eat_name() else { return Err(no_word(cursor)) };
    let bindings = matches!(room, Room::Given | Room::Table);
    if let Some(closing) = bracket {
        cursor.eat_char(closing);
    } else if !bindings {
        habits::part_of_node(cursor);
    }
    cursor.blanks();
    match cursor.byte() {
        Some(b',' | b'-' | b'~' | b'.' | b'>') => return chain::chain(cursor, word),
        Some(b'=' | b'<' | 0x80..) if cursor.sees_arrow() => return chain::chain(cursor, word),
        Some(b'<' | 0x80..) => {
            if let Some(unreadable) = habits::reversed(cursor) {
                return Err(unreadable);
            }
        }
        Some(b'=') => return binding(cursor, word, room),
        Some(b':') if room == Room::Table && !value_follows(cursor) => {
            return Err(table::column_alone(cursor, word));
        }
        Some(b':' | b'0'..=b'9' | b'(') if bindings => return binding(cursor, word, room),
        Some(b':') => {
            if let Some(unreadable) = habits::foreign(cursor, word) {
                return Err(unreadable);
            }
            colon(cursor, word)?;
        }
        None | Some(b'\n' | b'#') => {
            cursor.lines_to_arrow();
            if cursor.sees_arrow() {
                return chain::chain(cursor, word);
            }
        }
        _ => {}
    }
    match word.text {
        "design" => design(cursor, word),
        "region" | "zone" | "group" => group(cursor, word),
        "flow" => flow(cursor),
        "given" => Ok(Statement::Given),
        "every" => every(cursor),
        "table" => Ok(Statement::Table { id: id(cursor, "a table", "write `table ID { … }`")? }),
        "decide" => remark::decide(cursor, word),
        "out" => remark::out(cursor),
        "allow" => remark::allow(cursor, word),
        "note" => remark::note(cursor),
        _ => {
            if let Some(field) = table::field(cursor, word) {
                return field;
            }
            if room == Room::Table && cursor.at_end() {
                return Err(table::column_alone(cursor, word));
            }
            if let Some(unreadable) = habits::foreign(cursor, word) {
                return Err(unreadable);
            }
            let (rest, reported) = (cursor.rest, cursor.mistakes.len());
            let node = node(cursor, word, room);
            if node.is_err() && room == Room::Table {
                cursor.mistakes.truncate(reported);
                cursor.rest = rest;
                return Err(table::column_alone(cursor, word));
            }
            node
        }
    }
}

/// `: 5M`
fn value_follows(cursor: &Cursor<'_>) -> bool {
    lexical::blanks(&cursor.rest[1..]).starts_with(|c: char| c.is_ascii_digit())
}

/// A line that starts with no word.
fn no_word(cursor: &mut Cursor<'_>) -> Unreadable {
    if cursor.sees(lexical::arrow) {
        return habits::unexpected(
            cursor,
            "a statement",
            "nothing stands before this arrow; a hop is `a -> b`",
        );
    }
    let help = match cursor.byte() {
        Some(b'"') => "a statement starts with a word: `out \"text\"`, `note \"text\"`",
        Some(b'-' | b'<') if cursor.rest.starts_with("--") || cursor.rest.starts_with("<!") => {
            "a comment starts with `#`"
        }
        Some(b'%') => "a comment starts with `#`",
        Some(b'-' | b'*') => "a statement is a line of its own, without a bullet",
        Some(b'@') if cursor.rest.starts_with("@start") || cursor.rest.starts_with("@end") => {
            "a design has no frame: leave the line out"
        }
        Some(b'@') => "`@a,b` stands on the node's own line",
        _ => "a statement starts with a word: a kind of node, the id a hop starts at, or a keyword",
    };
    habits::unexpected(cursor, "a statement", help)
}

/// `service: api`; a line of another kind of file (`services:`, `name: api`) cannot be read
fn colon(cursor: &mut Cursor<'_>, word: Word<'_>) -> Parsed<()> {
    let Some(colon) = cursor.eat_char(':') else { return Ok(()) };
    let keys = [
        "name",
        "type",
        "kind",
        "id",
        "label",
        "tech",
        "replicas",
        "image",
        "ports",
        "depends_on",
        "environment",
    ];
    cursor.blanks();
    let number = cursor.byte().is_some_and(|byte| byte.is_ascii_digit());
    if cursor.at_end() || number || keys.contains(&word.text) {
        let span = word.span.to(colon);
        let text = span.text(cursor.source);
        let mistake =
            habits::syntax(format!("`{text}` starts no statement"), span, "not how it is said here");
        let mistake =
            mistake.help("a node is one line: `service api \"API\" x3 auth=jwt`; a block stands in `{ … }`");
        return Err(cursor.fault(if number {
            mistake.help(format!("a number is `{} = …`, in `given {{ … }}`", word.text))
        } else {
            mistake
        }));
    }
    let mistake = habits::syntax(format!("a `:` after `{}`", word.text), colon, "not needed");
    let mistake = mistake.help("a node is `KIND ID \"Label\"`; a number is `NAME = 5M`, in `given { … }`");
    cursor.mistakes.push(mistake);
    Ok(())
}

/// `users = 5M`; in a table also `data = [pii, private]`
fn binding<'s>(cursor: &mut Cursor<'s>, name: Word<'s>, room: Room) -> Parsed<Statement<'s>> {
    chain::reserved(cursor, name);
    let sign = ["==", "=", ":=", ":"].into_iter().find(|sign| cursor.rest.starts_with(sign)).unwrap_or("");
    let span = cursor.next(sign.len());
    for c in sign.chars() {
        cursor.eat_char(c);
    }
    cursor.blanks();
    if sign != "=" {
        let message = match sign {
            "" => format!("`{}` is given no value", name.text),
            _ => format!("`{sign}` does not set `{}`", name.text),
        };
        let sample = habits::number_sample(cursor);
        let mistake = habits::syntax(message, span, "write `=`");
        cursor.mistakes.push(mistake.help(format!("write `{} = {sample}`", name.text)));
    }
    cursor.blanks();
    if cursor.at_end() {
        let mistake = habits::syntax(
            format!("`{}` is given no value", name.text),
            Span::new(name.span.start, cursor.last),
            "nothing after the `=`",
        );
        return Err(cursor.fault(mistake.help("write `NAME = NUMBER`, or arithmetic: `users = 5M * 2`")));
    }
    let value = match room {
        Room::Table if cursor.byte() == Some(b'[') => expr::value(cursor)?,
        _ => Value::Scalar(Scalar::Expr(expr::expr(cursor, false)?)),
    };
    habits::per(cursor);
    Ok(Statement::Let { name, value })
}

/// `"Title" solves chat at large`
fn design<'s>(cursor: &mut Cursor<'s>, keyword: Word<'s>) -> Parsed<Statement<'s>> {
    const HELP: &str = "write `design \"Title\"`, or `design \"Title\" solves PROBLEM at small`";
    cursor.blanks();
    let title = cursor.eat_text();
    if title.is_none() {
        let name = lexical::name(cursor.rest).map_or("", |(_, name)| name);
        if !matches!(name, "" | "solves" | "at") {
            return Err(habits::unexpected(cursor, "the title in quotes", HELP));
        }
        let mistake = habits::syntax("the design has no title", keyword.span, "a title should follow");
        cursor.mistakes.push(mistake.help(HELP));
    }
    let (mut solves, mut at) = (None, None);
    cursor.blanks();
    if cursor.eat_keyword("solves").is_some() {
        solves = Some(id(cursor, "a problem", HELP)?);
        cursor.blanks();
    }
    if cursor.eat_keyword("at").is_some() {
        at = Some(id(cursor, "`small` or `large`", HELP)?);
    }
    Ok(Statement::Design { title, solves, at })
}

/// `api "Public API" x3 @a,b auth=jwt`
fn node<'s>(cursor: &mut Cursor<'s>, kind: Word<'s>, room: Room) -> Parsed<Statement<'s>> {
    let Some(mut id) = cursor.eat_name() else { return Err(no_id(cursor, kind)) };
    chain::reserved(cursor, kind);
    let mut count = None;
    cursor.blanks();
    if lexical::is_times(id.text) && cursor.sees_name() {
        // `redis x3 hot`
        count = Some(id);
        id = cursor.eat_name().unwrap_or(id);
        let span = count.map_or(id.span, |count| count.span);
        let mistake = habits::syntax("how many before the id", span, "belongs after the id");
        let order = format!("write `{} {} {}`", kind.text, id.text, span.text(cursor.source));
        cursor.mistakes.push(mistake.help(order));
    }
    chain::reserved(cursor, id);
    if cursor.byte() == Some(b'=') && !cursor.sees(lexical::foreign_arrow) {
        let mistake = habits::syntax(
            format!("`{}` has no id", kind.text),
            Span::point(kind.span.end),
            "an id should stand here",
        );
        cursor.mistakes.push(mistake.help(format!(
            "a node is `KIND ID ATTRIBUTES`; on a hop, attributes follow the node it leads to: `{} -> ID {}=…`",
            kind.text, id.text
        )));
        return Err(Unreadable);
    }
    let mut ids = vec![id];
    cursor.blanks();
    while let Some(comma) = cursor.eat_char(',') {
        cursor.lines();
        let Some(next) = cursor.eat_name() else {
            return Err(habits::unexpected(cursor, "an id", "a node is `KIND ID`"));
        };
        if ids.len() == 1 {
            let mistake = habits::syntax("two nodes on one line", comma, "one node a line");
            let lines =
                format!("write `{0} {1}` and `{0} {2}`, each on its line", kind.text, id.text, next.text);
            cursor.mistakes.push(mistake.help(lines));
        }
        chain::reserved(cursor, next);
        ids.push(next);
        cursor.blanks();
    }
    let Tail { label, times, places, attrs } = tail::tail(cursor, Of::Node)?;
    let header = NodeHeader { kind, id, label, times: times.or(count), places, attrs };
    // Each gets a copy of the attributes, unless there are so many that time would not stay linear.
    for &id in &ids[1..] {
        let copied = if ids.len() <= 16 { header.clone() } else { bare(&header) };
        cursor.also.push(Statement::Node(NodeHeader { id, ..copied }));
    }
    cursor.lines_to_arrow();
    if cursor.sees_arrow() && room == Room::Flow {
        let mistake = habits::syntax(
            format!("`{} {}` where a node's id should stand", kind.text, id.text),
            kind.span.to(id.span),
            "a hop has ids alone",
        );
        cursor.mistakes.push(
            mistake.help(format!(
                "write `{} -> …`; the node has a line of its own, outside of the flow",
                id.text
            )),
        );
        return chain::chain(cursor, id);
    }
    if cursor.sees_arrow() {
        node_and_hop(cursor, kind, id);
    }
    Ok(Statement::Node(header))
}

fn bare<'s>(header: &NodeHeader<'s>) -> NodeHeader<'s> {
    NodeHeader { places: Vec::new(), attrs: Vec::new(), ..*header }
}

/// `service api -> store`
fn node_and_hop<'s>(cursor: &mut Cursor<'s>, kind: Word<'s>, id: Word<'s>) {
    let arrow = cursor.next(habits::chunk(cursor.rest).len());
    let mistake =
        habits::syntax("a node and a hop on one line", arrow, format!("`{}` is declared here", id.text))
            .help(format!("two lines: `{} {}`, then `{} -> …`", kind.text, id.text, id.text))
            .help(format!(
                "for a hop from `{0}`, attributes follow the node it leads to: `{0} -> ID {1}`",
                kind.text, id.text
            ));
    cursor.mistakes.push(mistake);
    if let Ok(hop) = chain::chain(cursor, id) {
        cursor.also.push(hop);
    }
}

/// `service "API"`, `browser`
fn no_id(cursor: &mut Cursor<'_>, kind: Word<'_>) -> Unreadable {
    let place = Span::point(kind.span.end);
    let mistake = if let Some(keyword) = habits::keyword_meant(kind) {
        habits::syntax(
            format!("`{}` starts no statement", kind.text),
            kind.span,
            format!("did you mean `{keyword}`?"),
        )
    } else if let Some(label) = cursor.eat_text() {
        let id = habits::id_for(label.raw);
        habits::syntax(format!("this {} has a label but no id", kind.text), place, "an id should stand here")
            .help(format!("write `{} {id} \"{}\"`; hops name it by its id", kind.text, label.raw))
    } else if cursor.at_end() {
        habits::syntax(format!("`{}` alone is not a statement", kind.text), kind.span, "a node, or a hop?")
            .help(format!(
                "a node is `KIND ID`, such as `{} NAME`; a hop is `{} -> ID`",
                kind.text, kind.text
            ))
    } else if cursor.rest.starts_with(|c: char| c.is_ascii_digit()) {
        let length = cursor.rest.find(|c| !lexical::in_name(c)).unwrap_or(cursor.rest.len());
        let id = &cursor.rest[..length];
        habits::syntax(format!("`{id}` is not an id"), cursor.next(length), "starts with a digit")
            .help(format!("an id starts with a letter or `_`: `{} _{id}`, or `n{id}`", kind.text))
    } else {
        return habits::unexpected(cursor, "an id", "a node is `KIND ID`, a hop is `a -> b`");
    };
    cursor.fault(mistake)
}

/// A name that the statement cannot do without.
pub fn id<'s>(cursor: &mut Cursor<'s>, wanted: &str, help: &str) -> Parsed<Word<'s>> {
    cursor.blanks();
    match cursor.eat_name() {
        Some(word) => {
            chain::reserved(cursor, word);
            Ok(word)
        }
        None => {
            let wanted = if wanted.starts_with("a ") && !wanted.contains("problem") {
                format!("{wanted}'s id")
            } else {
                wanted.to_owned()
            };
            Err(habits::unexpected(cursor, &wanted, help))
        }
    }
}

/// `eu "Europe" zones=3`
fn group<'s>(cursor: &mut Cursor<'s>, kind: Word<'s>) -> Parsed<Statement<'s>> {
    let (wanted, help) = (format!("a {}", kind.text), format!("write `{} ID {{ … }}`", kind.text));
    let id = id(cursor, &wanted, &help)?;
    let Tail { label, attrs, .. } = tail::tail(cursor, Of::Block)?;
    Ok(Statement::Group { kind, id, label, attrs })
}

/// `redirect "GET /{code}" rate=5k/s`
fn flow<'s>(cursor: &mut Cursor<'s>) -> Parsed<Statement<'s>> {
    cursor.blanks();
    let help = match lexical::string(cursor.rest) {
        Ok((_, label)) => format!("write `flow {} \"{label}\" … {{`", habits::id_for(label)),
        Err(_) => "write `flow ID \"Label\" rate=… { … }`".to_owned(),
    };
    let id = id(cursor, "a flow", &help)?;
    let Tail { label, attrs, .. } = tail::tail(cursor, Of::Block)?;
    Ok(Statement::Flow { id, label, attrs })
}

/// `call timeout=1s`
fn every<'s>(cursor: &mut Cursor<'s>) -> Parsed<Statement<'s>> {
    cursor.blanks();
    let Some(subject) = cursor.eat_name() else {
        return Err(habits::unexpected(
            cursor,
            "a kind",
            "write `every KIND ATTRIBUTES`, or `every call timeout=1s`",
        ));
    };
    let attrs = tail::tail(cursor, Of::Default)?.attrs;
    Ok(Statement::Every { subject, attrs })
}
