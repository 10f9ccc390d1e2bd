//! What people write by habit, and what to say to them. Where the meaning is clear it is read as meant, after the
//! mistake is reported, so that the rest of the design is still checked.

use crate::{
    diagnostic::{Diagnostic, Edit},
    fix::Applicability,
    source::Span,
    syntax::{
        ast::{Arrow, Text, Word},
        cursor::{Cursor, Unreadable},
        lexical,
    },
    units,
};

pub fn syntax(message: impl Into<String>, span: Span, label: impl Into<String>) -> Diagnostic {
    Diagnostic::mistake("syntax", message, span, label)
}

/// A mistake that is mended by writing `text` for `span`.
fn mended(mut mistake: Diagnostic, span: Span, text: impl Into<String>) -> Diagnostic {
    mistake.edits.push(Edit { span, text: text.into(), applicability: Applicability::Safe });
    mistake
}

/// `wanted` does not stand here: says what does.
pub fn unexpected(cursor: &mut Cursor<'_>, wanted: &str, help: &str) -> Unreadable {
    let mistake = if cursor.at_end() {
        let place = if cursor.byte() == Some(b'{') { cursor.next(1) } else { Span::point(cursor.last) };
        syntax(format!("{wanted} is missing"), place, format!("{wanted} should stand here"))
    } else {
        let text = chunk(cursor.rest);
        syntax(format!("`{text}` where {wanted} should stand"), cursor.next(text.len()), "not expected here")
    };
    let mistake = if help.is_empty() { mistake } else { mistake.help(help) };
    cursor.fault(mistake)
}

/// The next few characters, as far as they belong together.
pub fn chunk(rest: &str) -> &str {
    let string = lexical::string(rest).map_or(0, |(after, _)| rest.len() - after.len());
    if (1..40).contains(&string) {
        return &rest[..string];
    }
    let ends = |c: char| c.is_whitespace() || "{};,[]()\"#".contains(c);
    let length = rest.char_indices().take(24).skip(1).find(|&(_, c)| ends(c)).map(|(at, _)| at);
    let longest = || rest.char_indices().nth(24).map_or(rest.len(), |(at, _)| at);
    &rest[..length.unwrap_or_else(longest)]
}

/// `\` at the line's end, `// text`, `/* text */`: passes over them. False if it is none of these.
pub fn blank(cursor: &mut Cursor<'_>) -> bool {
    let rest = cursor.rest;
    let (length, mistake) = if let Some(after) = rest.strip_prefix('\\') {
        let after = lexical::blanks(after);
        if !after.is_empty() && !after.starts_with('\n') {
            return false;
        }
        let length = rest.len() - after.strip_prefix('\n').unwrap_or(after).len();
        let mistake = syntax("a `\\` at the end of the line", cursor.next(1), "not needed")
            .help("a statement goes on inside `[ ]` and `( )`, after `,`, and before a line that starts with an arrow");
        (length, mended(mistake, cursor.next(1), ""))
    } else if rest.starts_with("//") {
        let length = rest.find('\n').unwrap_or(rest.len());
        let mistake = syntax("`//` does not start a comment", cursor.next(2), "write `#`");
        (
            length,
            mended(mistake.help("a comment starts with `#` and ends with its line"), cursor.next(2), "#"),
        )
    } else if rest.starts_with("/*") {
        let Some(length) = cursor.foreign_comment() else { return false };
        let mistake = syntax("`/* … */` is not a comment", cursor.next(2), "write `#`")
            .help("a comment starts with `#` and ends with its line");
        (length, mistake)
    } else {
        return false;
    };
    if cursor.note_once(cursor.at()) {
        cursor.mistakes.push(mistake);
    }
    cursor.rest = &cursor.rest[length..];
    true
}

/// `'text'`, `“text”` and `"text` without its end.
pub fn text<'s>(cursor: &mut Cursor<'s>) -> Option<Text<'s>> {
    let rest = cursor.rest;
    if rest.starts_with('"') {
        return Some(unclosed(cursor));
    }
    let opening = rest.chars().next().filter(|&c| "'‘’“”„«`".contains(c))?;
    let inside = &rest[opening.len_utf8()..];
    let closes = |c: char| {
        if "'‘’`".contains(opening) { "'’‘`".contains(c) } else { "”“\"»".contains(c) }
    };
    let (end, closing) =
        inside.char_indices().take(400).take_while(|&(_, c)| c != '\n').find(|&(_, c)| closes(c))?;
    let raw = &inside[..end];
    let span = cursor.next(opening.len_utf8() + end + closing.len_utf8());
    let mistake =
        syntax(format!("`{opening}` does not quote text"), cursor.next(opening.len_utf8()), "write `\"`");
    let mistake = mistake.help(format!("text stands in straight double quotes: `\"{raw}\"`"));
    cursor.mistakes.push(mended(mistake, span, format!("\"{raw}\"")));
    cursor.rest = &rest[span.len()..];
    cursor.last = cursor.at();
    Some(Text { raw, span })
}

/// `"text` up to the end of its line, but not over the `{` there: losing that would cost the whole block.
pub fn unclosed<'s>(cursor: &mut Cursor<'s>) -> Text<'s> {
    let start = cursor.at();
    let after = cursor.rest.strip_prefix('"').unwrap_or(cursor.rest);
    let mut raw = lexical::string_body(after).map_or("", |(_, body)| body).trim_end();
    if let Some(before) = raw.strip_suffix('{') {
        raw = before.trim_end();
    }
    cursor.rest = &after[raw.len()..];
    cursor.last = cursor.at();
    let span = Span::new(start, cursor.at());
    let mistake = syntax("this string has no closing `\"`", span, "not closed on its line");
    cursor.mistakes.push(mistake.help("a string ends on the line it starts on; `\\\"` is a quote inside it"));
    Text { raw, span }
}

/// `\n` in a string.
pub fn escapes(cursor: &mut Cursor<'_>, text: Text<'_>) {
    let mut chars = text.raw.char_indices();
    while let Some((at, c)) = chars.next() {
        if c != '\\' {
            continue;
        }
        let Some((_, escaped)) = chars.next() else { return };
        if escaped != '"' && escaped != '\\' {
            let at = text.span.start + 1 + at;
            let span = Span::new(at, at + 1 + escaped.len_utf8());
            let mistake = syntax(format!("`\\{escaped}` is not an escape"), span, "unknown escape");
            cursor.mistakes.push(mistake.help("a string has `\\\"` for a quote and `\\\\` for a backslash"));
        }
    }
}

/// `-->`, `=>`, `→`, `-`: read as the arrow they stand for, and told once a line. `<-` has no such reading.
pub fn arrow<'s>(cursor: &mut Cursor<'s>, said: &mut Option<&'s str>) -> Option<Arrow> {
    let start = cursor.at();
    let arrow = cursor.eat(lexical::foreign_arrow).or_else(|| half_arrow(cursor))?;
    let span = Span::new(start, cursor.at());
    let symbol = arrow.symbol();
    let written = span.text(cursor.source);
    if *said != Some(written) {
        let mistake = syntax(format!("`{written}` is not an arrow"), span, format!("write `{symbol}`"));
        cursor.mistakes.push(mended(mistake.help(ARROWS), span, symbol));
        *said = Some(written);
    }
    Some(arrow)
}

/// `a - b`, `a > b`, `a -- b`
fn half_arrow(cursor: &mut Cursor<'_>) -> Option<Arrow> {
    let sign = ["--", "-", ">>", ">", "—", "–"].into_iter().find(|sign| cursor.rest.starts_with(sign))?;
    if !lexical::blanks(&cursor.rest[sign.len()..]).starts_with(lexical::opens_name) {
        return None;
    }
    cursor.rest = &cursor.rest[sign.len()..];
    cursor.last = cursor.at();
    Some(Arrow::Call)
}

/// `->|text|`: passes over the text, which is told unless the arrow has been.
pub fn text_on_arrow(cursor: &mut Cursor<'_>, arrow: Span) {
    let Some(inside) = cursor.rest.strip_prefix('|') else { return };
    let mut line = inside.char_indices().take(200).take_while(|&(_, c)| c != '\n');
    let Some((length, _)) = line.find(|&(_, c)| c == '|') else { return };
    let span = cursor.next(length + 2);
    cursor.rest = &cursor.rest[length + 2..];
    cursor.last = cursor.at();
    if cursor.mistakes.last().is_none_or(|last| last.at.span != arrow) {
        cursor.mistakes.push(syntax("text on an arrow", span, "not an attribute").help(ON_A_HOP));
    }
    cursor.blanks();
}

pub const ON_A_HOP: &str =
    "what a hop does are attributes, at its end: `api -> store reads=link on=miss`; a remark is `# …`";

/// `-> [a, b]`, `-> (a, b)`: passes over the bracket; gives what closes it.
pub fn opening_bracket(cursor: &mut Cursor<'_>) -> Option<char> {
    let (open, close) = match cursor.byte()? {
        b'[' => ('[', ']'),
        b'(' => ('(', ')'),
        _ => return None,
    };
    let inside = &cursor.rest[1..];
    let listed = |c: char| lexical::in_name(c) || "-, \t".contains(c);
    let names = inside.trim_start_matches(listed);
    if !inside.starts_with(lexical::opens_name) || !names.starts_with(close) {
        return None;
    }
    let names = inside[..inside.len() - names.len()].trim();
    let span = cursor.next(1);
    cursor.eat_char(open);
    let mistake = syntax("ids of a hop in brackets", span, "not needed");
    cursor.mistakes.push(mistake.help(format!("write the ids alone: `{names}`")));
    Some(close)
}

/// `store.write(link)`, `api[API]`, `hot[(Cache)]`: passes over what follows the id.
pub fn part_of_node(cursor: &mut Cursor<'_>) {
    if cursor.last != cursor.at() {
        return;
    }
    let method = cursor.rest.strip_prefix('.').is_some_and(|rest| rest.starts_with(lexical::opens_name));
    if !method && !cursor.rest.starts_with(['[', '(']) {
        return;
    }
    let name =
        if method { 1 + lexical::name(&cursor.rest[1..]).map_or(0, |(_, name)| name.len()) } else { 0 };
    let length = name + bracketed(&cursor.rest[name..]);
    let span = cursor.next(length);
    let written = span.text(cursor.source);
    let mistake = if method {
        syntax(format!("`{written}` is no part of an id"), span, "a hop leads to the node").help(ON_A_HOP)
    } else {
        syntax(format!("`{written}` is not a label"), span, "an id is enough here")
            .help("a label stands on the node's own line: `service api \"API\"`")
    };
    cursor.mistakes.push(mistake);
    cursor.rest = &cursor.rest[length..];
    cursor.last = cursor.at();
}

/// The length of `(a, (b))` or `[a]` on this line; 0 if there is none.
fn bracketed(rest: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in rest.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            '\n' => return at,
            _ => {}
        }
        if depth == 0 {
            return if at == 0 { 0 } else { at + 1 };
        }
    }
    if depth == 0 { 0 } else { rest.len() }
}

/// `a -> b,` at the end of its line, where the next line starts a statement of its own.
pub fn dangling_comma(cursor: &mut Cursor<'_>, comma: usize) -> bool {
    let between = &cursor.source[comma..cursor.at()];
    let Some(newline) = between.rfind('\n') else { return false };
    let Ok((after, word)) = lexical::name(cursor.rest) else { return false };
    let after = lexical::blanks(after);
    let two_words = after.starts_with(lexical::opens_name) || after.starts_with('"');
    let keyword = KEYWORDS.contains(&word) && (two_words || after.starts_with('{'));
    let line = cursor.source[..comma].rfind('\n').map_or(0, |at| at + 1);
    let own = &cursor.source[line..comma];
    let indent = between.len() - newline - 1;
    let outside = two_words && indent <= own.len() - lexical::blanks(own).len();
    if !keyword && !outside {
        return false;
    }
    let span = Span::new(comma - 1, comma);
    cursor.mistakes.push(
        syntax("nothing follows this `,`", span, "the line ends here")
            .help("remove it, or indent the line on which the list goes on"),
    );
    cursor.rest = &cursor.source[comma..];
    cursor.last = comma;
    true
}

/// The keyword that a word is one slip away from, unless it is `node`, which others write for a component.
pub fn keyword_meant(word: Word<'_>) -> Option<&'static str> {
    let one_slip = |keyword: &&str| keyword.len() > 3 && strsim::osa_distance(word.text, keyword) == 1;
    KEYWORDS.into_iter().find(one_slip).filter(|_| (4..=8).contains(&word.text.len()) && word.text != "node")
}

const KEYWORDS: [&str; 12] = [
    "design", "region", "zone", "group", "flow", "given", "every", "table", "decide", "out", "allow", "note",
];

/// `created_at timestamp`, `primary key id`, `FOREIGN KEY …` in a table
pub fn not_a_field(word: Word<'_>, next: &str) -> Diagnostic {
    let keyword = ["key", "unique", "index", "shard", "column", "ref"]
        .into_iter()
        .find(|keyword| word.text.eq_ignore_ascii_case(keyword));
    let (label, help) = match (keyword, word.text.to_ascii_lowercase().as_str()) {
        (Some(keyword), _) => ("in small letters", format!("write `{keyword} {next}`")),
        (None, "primary") => ("write `key`", "the primary key is `key a, b`".to_owned()),
        (None, "foreign" | "references") => {
            ("write `ref`", "a reference is `ref FIELD -> TABLE.FIELD`".to_owned())
        }
        _ => {
            ("a column?", format!("a column is `column {0} {next}`; the primary key is `key {0}`", word.text))
        }
    };
    syntax(format!("`{}` starts no line of a table", word.text), word.span, label)
        .help(help)
        .help("a table holds `key`, `unique`, `index`, `shard`, `column`, `ref` and `rows = …`; columns are optional")
}

/// Words that start a line in other languages: what is written here.
pub fn foreign(cursor: &mut Cursor<'_>, word: Word<'_>) -> Option<Unreadable> {
    let (label, help) = match word.text {
        "if" | "else" | "when" | "alt" | "opt" => (
            "there are no conditions",
            "a way that is taken sometimes is a hop that says when: `api -> store on=miss`, `on=error`, `share=30%`",
        ),
        "for" | "foreach" | "while" | "loop" => (
            "there are no loops",
            "how often is said on the hop: `calls=5` for each request, `fanout=200`, `attempts=3`",
        ),
        "graph" | "flowchart" | "digraph" | "sequenceDiagram" | "title" => {
            ("not needed", "a design has no frame; its title is `design \"Title\"`, on the first line")
        }
        "subgraph" => ("write `group`", "nodes stand together in `group ID \"Label\" { … }`"),
        "participant" => {
            ("of what kind?", "a node starts with what it is: `client web`, `service api`, `postgres store`")
        }
        "solves" => {
            ("belongs to `design`", "the first line says it: `design \"Title\" solves url-shortener`")
        }
        _ => return None,
    };
    let mistake = syntax(format!("`{}` starts no statement", word.text), word.span, label);
    Some(cursor.fault(mistake.help(help)))
}

/// `a <- b`
pub fn reversed(cursor: &mut Cursor<'_>) -> Option<Unreadable> {
    let start = cursor.at();
    let written = cursor.eat(lexical::reversed_arrow)?;
    let mistake =
        syntax(format!("`{written}` is not an arrow"), Span::new(start, cursor.at()), "points to the left")
            .help("a hop starts at its caller: instead of `a <- b` write `b -> a`")
            .help(ARROWS);
    Some(cursor.fault(mistake))
}

const ARROWS: &str =
    "`->` calls and waits, `~>` hands off, `<->` stays connected, `..>` acts from outside the request path";

/// `p99 < 200ms`, `p99<=200ms`, `ttl == 5s`, `ttl: 5s`, `ttl = 5s`: passes over the sign if it is one of these.
pub fn assignment<'s>(cursor: &mut Cursor<'s>, name: Word<'s>) -> bool {
    let before = cursor.rest;
    cursor.blanks();
    let sign = ["<=", ">=", "==", ":=", "<", ">", "≤", "≥", "=", ":"];
    let Some(sign) = sign.into_iter().find(|sign| cursor.rest.starts_with(sign)) else {
        cursor.rest = before;
        return false;
    };
    if cursor.sees(lexical::arrow)
        || cursor.sees(lexical::foreign_arrow)
        || cursor.sees(lexical::reversed_arrow) && sign == "<"
    {
        cursor.rest = before;
        return false;
    }
    let at = cursor.next(sign.len());
    cursor.rest = &cursor.rest[sign.len()..];
    cursor.last = cursor.at();
    cursor.blanks();
    let value_at = cursor.at();
    let sample = number_sample(cursor);
    let name_text = name.text;
    let mistake = match sign {
        "=" => syntax(format!("spaces around the `=` of `{name_text}`"), at, "no spaces here"),
        "<" | "<=" | "≤" | ">" | ">=" | "≥" => {
            syntax(format!("`{sign}` does not set `{name_text}`"), at, "write `=`")
        }
        _ => syntax(format!("`{sign}` does not set `{name_text}`"), at, "write a single `=`"),
    };
    let mut mistake = mistake.help(format!("write `{name_text}={sample}`, without spaces"));
    if sign.starts_with(['<', '≤']) {
        mistake = mistake
            .help(format!("`{name_text}={sample}` already means at most {sample} where it is a target"));
    }
    let whole = Span::new(name.span.end, value_at);
    cursor.mistakes.push(mended(mistake, whole, "="));
    true
}

/// What stands next, for a message: `3KB` of `3 KB`.
pub fn number_sample(cursor: &Cursor<'_>) -> String {
    let mut sample = if cursor.at_end() { "…" } else { chunk(cursor.rest) }.to_owned();
    if sample.bytes().all(|byte| byte.is_ascii_digit()) {
        let unit = lexical::unit(lexical::blanks(&cursor.rest[sample.len()..])).map_or("", |(_, unit)| unit);
        sample.push_str(known_unit(unit).unwrap_or_default());
    }
    sample
}

/// `15 s`: the unit's text if one stands apart from its number.
pub fn unit_apart<'s>(cursor: &mut Cursor<'s>, number: &'s str) -> Option<&'s str> {
    let after = lexical::blanks(cursor.rest);
    if after.len() == cursor.rest.len() {
        return None;
    }
    let (rest, unit) = lexical::unit(after).ok().filter(|(_, unit)| !unit.is_empty())?;
    if rest.starts_with(|c| lexical::in_name(c) || c == '=' || c == '-') {
        return None;
    }
    let meant = known_unit(unit)?;
    let span = cursor.span_of(number);
    cursor.rest = rest;
    cursor.last = cursor.at();
    let span = Span::new(span.start, cursor.at());
    let mistake = syntax(format!("a space between `{number}` and its unit `{unit}`"), span, "one word");
    let text = format!("{number}{meant}");
    cursor.mistakes.push(mended(mistake.help(format!("write `{text}`")), span, text));
    Some(meant)
}

/// The unit as this language spells it, from that or from how people write it by habit.
fn known_unit(word: &str) -> Option<&str> {
    if units::unit(word).is_some() { Some(word) } else { units::unit_by_habit(word) }
}

/// `1,000`, `1_000` and `1 000`: passes over the groups and says how to write the number.
pub fn thousands<'s>(cursor: &mut Cursor<'s>, number: &'s str, in_list: bool) -> Option<f64> {
    let mut rest = cursor.rest;
    let mut digits = number.to_owned();
    loop {
        let separator = rest.chars().next().filter(|&c| "_' ".contains(c) || c == ',' && !in_list);
        let Some(after) = separator.and_then(|c| rest.strip_prefix(c)) else { break };
        let length = after.bytes().take_while(u8::is_ascii_digit).count();
        if length != 3 {
            break;
        }
        digits.push_str(&after[..3]);
        rest = &after[3..];
    }
    if rest.len() == cursor.rest.len() {
        return None;
    }
    cursor.rest = rest;
    cursor.last = cursor.at();
    let span = Span::new(cursor.span_of(number).start, cursor.at());
    let mistake = syntax("a separator between thousands", span, "one number, without separators");
    let short = match digits.strip_suffix("000000").or(digits.strip_suffix("000")) {
        Some(short) if digits.ends_with("000000") => format!("write `{short}M` or `{digits}`"),
        Some(short) => format!("write `{short}k` or `{digits}`"),
        None => format!("write `{digits}`"),
    };
    cursor.mistakes.push(mended(mistake.help(short), span, digits.clone()));
    digits.parse().ok()
}

/// `$60`: passes over the sign and gives its unit.
pub fn currency(cursor: &mut Cursor<'_>) -> Option<&'static str> {
    let (sign, unit) =
        [('$', "USD"), ('€', "EUR")].into_iter().find(|(sign, _)| cursor.rest.starts_with(*sign))?;
    let span = cursor.next(sign.len_utf8());
    cursor.eat_char(sign);
    let number = lexical::digits(cursor.rest).map_or("60", |(_, digits)| digits);
    let mistake = syntax(format!("`{sign}` before a number"), span, format!("write {unit} after it"));
    let mistake = mistake.help(format!("money is a number with a unit: `{number}{unit}`"));
    cursor.mistakes.push(mistake);
    Some(unit)
}

/// `5 rps`, `100 req/s`, `10 per second`: passes over it; gives the unit of time it is over, unless that follows.
pub fn rate_apart<'s>(cursor: &mut Cursor<'s>, number: &'s str) -> Option<Word<'s>> {
    let blanks = lexical::blanks(cursor.rest);
    if blanks.len() == cursor.rest.len() {
        return None;
    }
    let (mut rest, mut word) = lexical::name(blanks).ok()?;
    let start = cursor.span_of(number).start;
    if ["rps", "qps", "tps", "ops"].contains(&word) && !lexical::blanks(rest).starts_with('=') {
        cursor.rest = rest;
        return Some(rate(cursor, start, number, "s"));
    }
    let counted = ["req", "reqs", "request", "requests", "queries", "messages", "calls"];
    if counted.contains(&word) {
        if let Some(over) = rest.strip_prefix('/') {
            cursor.rest = rest;
            let (_, unit) = lexical::name(over).unwrap_or((rest, "s"));
            let unit = units::unit_by_habit(unit).unwrap_or(unit);
            let span = Span::new(start, cursor.at());
            let mistake =
                syntax("what is counted stands in no number", span, "a number and its time are enough");
            cursor.mistakes.push(mistake.help(format!("write `{number}/{unit}`")));
            return None;
        }
        (rest, word) = lexical::name(lexical::blanks(rest)).ok()?;
    }
    if word != "per" && word != "a" {
        return None;
    }
    let (rest, unit) = lexical::name(lexical::blanks(rest)).ok()?;
    let unit = units::unit_by_habit(unit).or_else(|| units::unit(unit).map(|_| unit))?;
    cursor.rest = rest;
    Some(rate(cursor, start, number, unit))
}

fn rate<'s>(cursor: &mut Cursor<'s>, start: usize, number: &str, unit: &'s str) -> Word<'s> {
    cursor.last = cursor.at();
    let span = Span::new(start, cursor.at());
    let mistake = syntax(
        format!("`{}` is not how a rate is written", span.text(cursor.source)),
        span,
        format!("write `{number}/{unit}`"),
    );
    let mistake = mistake.help("a rate is a number over a time: `100/s`, `20k/min`, `5M/day`");
    cursor.mistakes.push(mended(mistake, span, format!("{number}/{unit}")));
    Word { text: unit, span }
}

/// `10/s per user`: passes over `per user`.
pub fn per(cursor: &mut Cursor<'_>) {
    let before = cursor.rest;
    cursor.blanks();
    let Some(per) = cursor.eat_keyword("per") else {
        cursor.rest = before;
        return;
    };
    cursor.blanks();
    match cursor.eat_name() {
        Some(whom) => {
            let mistake = syntax(
                format!("`per {}` after a value", whom.text),
                per.span.to(whom.span),
                "not part of a value",
            );
            let mistake = mistake
                .help(format!(
                    "a rate is over a time (`10/s`); whom it is counted for is an attribute: `limit_by={}`",
                    whom.text
                ))
                .help("a number per user is arithmetic: `users * 10/s`");
            cursor.mistakes.push(mistake);
        }
        None => cursor.rest = before,
    }
}

/// `API gateway` → `api_gateway`: an id made of a label.
pub fn id_for(label: &str) -> String {
    let mut id = String::new();
    for c in label.chars().take(24) {
        match c {
            c if lexical::in_name(c) => id.extend(c.to_lowercase()),
            _ if id.ends_with('_') || id.is_empty() => {}
            _ => id.push('_'),
        }
    }
    let id = id.trim_matches('_');
    if id.starts_with(lexical::opens_name) { id.to_owned() } else { format!("a{id}") }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_slip_in_a_keyword_leads_to_it() {
        let said = |text: &str| {
            let (_, mistakes) = crate::syntax::parse(text);
            (mistakes[0].message.clone(), mistakes[0].at.text.clone())
        };
        for (text, keyword) in
            [("desgin \"x\"", "design"), ("givn { a = 3 }", "given"), ("decied \"a\"", "decide")]
        {
            assert_eq!(said(text).1, format!("did you mean `{keyword}`?"), "{text}");
        }
        for text in ["service \"API\"", "node \"x\"", "auth \"x\"", "lb \"x\""] {
            assert!(said(text).0.contains("a label but no id"), "{text}");
        }
    }
}
