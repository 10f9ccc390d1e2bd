//! Texts that may hold anything, as Markdown that says the same and does nothing: no markup, link, mention or picture comes
//! out of a label.

use super::clean;

/// Keeps what follows from being read together with what precedes, and is not seen.
const JOINER: char = '\u{2060}';

/// A text as one line of Markdown. What stands between backticks is code, all else is only letters.
pub(super) fn markdown(text: &str) -> String {
    let text = clean(text);
    let mut out = String::with_capacity(text.len() * 2);
    let mut rest = text.as_ref();
    while let Some(open) = rest.find('`') {
        let Some(length) = rest[open + 1..].find('`').filter(|length| *length > 0) else { break };
        let close = open + 1 + length;
        escape(&rest[..open], &mut out);
        out.push_str(&code(&rest[open + 1..close]));
        rest = &rest[close + 1..];
    }
    escape(rest, &mut out);
    out
}

/// A text as code, whatever it holds.
pub(super) fn code(text: &str) -> String {
    let text = clean(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    // A space on both sides is taken off again, and sets a backtick at an end apart from the fence.
    let bare = text.trim_matches(' ') == text && !text.starts_with('`') && !text.ends_with('`');
    if text.trim().is_empty() {
        String::new()
    } else if bare {
        format!("{fence}{text}{fence}")
    } else {
        format!("{fence} {text} {fence}")
    }
}

fn escape(text: &str, out: &mut String) {
    for (at, c) in text.char_indices() {
        let (before, after) = (&text[..at], &text[at + c.len_utf8()..]);
        // What would begin a list, a heading or a rule where a line begins.
        let opens = out.is_empty() && matches!(c, '-' | '+' | '=')
            || matches!(c, '.' | ')') && !out.is_empty() && out.bytes().all(|byte| byte.is_ascii_digit());
        if c == '.' && ends(before, "www") {
            out.push(JOINER);
        }
        if opens || "\\`*_[]<>&|~$!{}#".contains(c) {
            out.push('\\');
        }
        out.push(c);
        if is_found_afterwards(before, c, after) {
            out.push(JOINER);
        }
    }
}

/// Mentions, numbers of issues and addresses are looked for in the text as it was set, where no `\` is left.
fn is_found_afterwards(before: &str, c: char, after: &str) -> bool {
    match c {
        '@' | '#' => after.starts_with(char::is_alphanumeric),
        ':' => after.starts_with('/'),
        '-' => ends(before, "gh") && after.starts_with(|c: char| c.is_ascii_digit()),
        _ => false,
    }
}

fn ends(text: &str, word: &str) -> bool {
    text.get(text.len().saturating_sub(word.len())..).is_some_and(|end| end.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::{JOINER, code, markdown};

    #[test]
    fn code_stays_code_and_the_rest_is_escaped() {
        assert_eq!(markdown("`a` stops (2 × 3 - 1.5)"), "`a` stops (2 × 3 - 1.5)");
        assert_eq!(markdown("odd ` backtick"), "odd \\` backtick");
        assert_eq!(markdown("``x``"), "\\`\\`x\\`\\`");
        assert_eq!(markdown("<b> | [x](y) ${{ z }}"), "\\<b\\> \\| \\[x\\](y) \\$\\{\\{ z \\}\\}");
        assert_eq!(markdown("- x - y"), "\\- x - y");
        assert_eq!(markdown("12. x 3. y"), "12\\. x 3. y");
        assert_eq!(markdown("ask @me"), format!("ask @{JOINER}me"));
        assert_eq!(markdown("at 3 @ 4, #2"), format!("at 3 @ 4, \\#{JOINER}2"));
        assert_eq!(markdown("https://a.b www.c"), format!("https:{JOINER}//a.b www{JOINER}.c"));
    }

    #[test]
    fn code_may_hold_backticks() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("a`b``c"), "```a`b``c```");
        assert_eq!(code("`a"), "`` `a ``");
        assert_eq!(code(" a "), "`  a  `");
        assert_eq!(code(""), "");
    }
}
