//! The leaves of the language, as nom parsers over the source text.

use nom::{
    IResult, Parser,
    branch::alt,
    bytes::complete::{is_not, tag, take_while},
    character::complete::{char, digit1, satisfy},
    combinator::{not, opt, recognize, value},
    multi::many0_count,
    sequence::{delimited, pair, preceded, terminated},
};

use crate::syntax::ast::{Arrow, TokenKind};

/// Why a leaf does not match is never shown: the statement that wanted it says what it wanted.
pub type Read<'s, O> = IResult<&'s str, O, ()>;

pub fn opens_name(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || !c.is_ascii() && c.is_alphabetic()
}

pub fn in_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii() && c.is_alphanumeric()
}

/// `us-east_1`: a `-` belongs to a name only between letters or digits.
pub fn name(input: &str) -> Read<'_, &str> {
    if !input.starts_with(opens_name) {
        return Err(nom::Err::Error(()));
    }
    let mut end = 0;
    loop {
        let rest = &input[end..];
        end += rest.find(|c| !in_name(c)).unwrap_or(rest.len());
        let hyphen =
            input[end..].strip_prefix('-').is_some_and(|after| after.starts_with(char::is_alphanumeric));
        if !hyphen || input[..end].ends_with('_') {
            return Ok((&input[end..], &input[..end]));
        }
        end += 1;
    }
}

/// `x3`: how many.
pub fn is_times(name: &str) -> bool {
    name.strip_prefix('x')
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

/// `10`, `2.5`
pub fn digits(input: &str) -> Read<'_, &str> {
    recognize(pair(digit1, opt(pair(char('.'), digit1)))).parse(input)
}

/// `ms`, `%`, `kUSD`: whatever letters stand directly after a number, or none.
pub fn unit(input: &str) -> Read<'_, &str> {
    take_while(|c: char| c.is_alphabetic() || c == '%').parse(input)
}

/// `"text"`: what stands between the quotes, escapes and all.
pub fn string(input: &str) -> Read<'_, &str> {
    delimited(char('"'), string_body, char('"')).parse(input)
}

/// `text` or `a \"b\"`: up to the quote or the end of the line.
pub fn string_body(input: &str) -> Read<'_, &str> {
    let escape = preceded(char('\\'), satisfy(|c| c != '\n'));
    recognize(many0_count(alt((value((), is_not("\"\\\n")), value((), escape))))).parse(input)
}

/// `->`, `~>`, `<->`, `..>`
pub fn arrow(input: &str) -> Read<'_, Arrow> {
    alt((
        value(Arrow::Call, terminated(tag("->"), not(char('>')))),
        value(Arrow::Handoff, tag("~>")),
        value(Arrow::Stream, tag("<->")),
        value(Arrow::Control, tag("..>")),
    ))
    .parse(input)
}

/// Arrows of other languages, and what they mean here.
pub fn foreign_arrow(input: &str) -> Read<'_, Arrow> {
    let call = alt((
        tag("- >"),
        tag("-->>"),
        tag("-->"),
        tag("--->"),
        tag("=>"),
        tag("==>"),
        tag("→"),
        tag("⇒"),
        tag("—>"),
        tag("–>"),
        tag("->>"),
    ));
    alt((
        value(Arrow::Call, call),
        value(Arrow::Handoff, alt((tag("~~>"), tag("-~>")))),
        value(Arrow::Stream, alt((tag("<-->"), tag("<=>"), tag("↔"), tag("<~>")))),
        value(Arrow::Control, alt((tag("-.->"), tag("...>"), tag(".>"), tag("..->")))),
    ))
    .parse(input)
}

/// `<-`, `<--`, `←`: an arrow from right to left.
pub fn reversed_arrow(input: &str) -> Read<'_, &str> {
    alt((tag("<--"), tag("<-"), tag("<~"), tag("<="), tag("←"))).parse(input)
}

/// `+ - * /`, but not the `-` of an arrow nor the `/` of a foreign comment.
pub fn operator(input: &str) -> Read<'_, TokenKind<'_>> {
    alt((
        value(TokenKind::Plus, char('+')),
        value(
            TokenKind::Minus,
            terminated(char('-'), not(alt((char('>'), char('-'), char('~'), char('.'))))),
        ),
        value(TokenKind::Times, char('*')),
        value(TokenKind::Over, terminated(char('/'), not(alt((char('/'), char('*')))))),
    ))
    .parse(input)
}

/// `2027`, `2027-06`, `2027-06-30`
pub fn date(input: &str) -> Read<'_, &str> {
    let date = |input| {
        recognize((digit1::<&str, ()>, opt((char('-'), digit1)), opt((char('-'), digit1)))).parse(input)
    };
    let (rest, text) = terminated(date, not(satisfy(in_name))).parse(input)?;
    let fits = |part: &str, length| part.len() == length;
    let mut parts = text.split('-');
    let ok = parts.next().is_some_and(|year| fits(year, 4)) && parts.all(|part| fits(part, 2));
    if ok { Ok((rest, text)) } else { Err(nom::Err::Error(())) }
}

/// `# text`, up to the end of the line: what follows the `#`.
pub fn comment(input: &str) -> Read<'_, &str> {
    preceded(char('#'), take_while(|c| c != '\n')).parse(input)
}

/// Spaces within a line. A carriage return is one, so that both kinds of line end do.
pub fn blanks(input: &str) -> &str {
    input.trim_start_matches([' ', '\t', '\r'])
}

#[cfg(test)]
mod tests {
    use super::{date, name, string};

    #[test]
    fn hyphens_in_names() {
        assert_eq!(name("us-east-1 x"), Ok((" x", "us-east-1")));
        assert_eq!(name("a->b"), Ok(("->b", "a")));
        assert_eq!(name("a-->b"), Ok(("-->b", "a")));
        assert_eq!(name("a_-b"), Ok(("-b", "a_")));
        assert_eq!(name("été-2"), Ok(("", "été-2")));
        assert!(name("2a").is_err());
    }

    #[test]
    fn strings_and_dates() {
        assert_eq!(string(r#""a \"b\" \\" c"#), Ok((" c", r#"a \"b\" \\"#)));
        assert!(string("\"a\nb\"").is_err());
        assert_eq!(date("2027-06 x"), Ok((" x", "2027-06")));
        assert!(date("27-06").is_err());
        assert!(date("2027-6").is_err());
    }
}
