//! Markdown, as much of it as a problem statement uses, set for a terminal.

use super::wrap::columns;
use super::{Style, Wrap};

/// Headings bold, paragraphs and list items wrapped; tables in columns, code as it is.
pub fn markdown(text: &str, style: Style) -> String {
    let paint = style.paint();
    let mut out: Vec<String> = Vec::new();
    let mut paragraph = String::new();
    let mut hang = 0;
    let mut code = false;
    let mut table: Vec<Vec<&str>> = Vec::new();
    for line in text.lines() {
        let quote = line.starts_with('>');
        let bare = if quote { line.trim_start_matches(['>', ' ']) } else { line.trim_start() };
        let indent = if quote { 4 } else { line.len() - bare.len() };
        let fence = bare.starts_with("```");
        let item = item(bare);
        let raw = code || fence || bare.starts_with('|') || bare.starts_with('#') || bare.is_empty();
        if raw || item.is_some() {
            flush(&mut out, &mut paragraph, hang, style);
            hang = 0;
        }
        if bare.starts_with('|') && !code {
            table.push(bare.trim_matches('|').split('|').map(str::trim).collect());
            continue;
        }
        out.append(&mut aligned(std::mem::take(&mut table), style));
        code ^= fence;
        if fence {
            continue;
        }
        if code {
            out.push(format!("    {line}"));
        } else if let Some(heading) = bare.strip_prefix('#') {
            out.push(paint.bold(heading.trim_start_matches('#').trim_start()));
        } else if raw {
            out.push(line.to_string());
        } else {
            if let Some(mark) = item {
                hang = indent + mark;
                paragraph = " ".repeat(indent);
            } else if !paragraph.is_empty() {
                paragraph.push(' ');
            } else if quote {
                hang = indent;
                paragraph = " ".repeat(indent);
            }
            paragraph.push_str(bare);
        }
    }
    flush(&mut out, &mut paragraph, hang, style);
    out.append(&mut aligned(table, style));
    out.join("\n").trim_end().to_string()
}

fn flush(out: &mut Vec<String>, paragraph: &mut String, hang: usize, style: Style) {
    if paragraph.is_empty() {
        return;
    }
    let indent = paragraph.len() - paragraph.trim_start().len();
    let text = if style.color { paragraph.clone() } else { paragraph.replace("**", "") };
    let set = Wrap { width: style.width, first: indent, hang }.block(&text);
    // Bold words stand between pairs of marks.
    let parts = set.split("**").enumerate();
    out.push(
        parts
            .map(|(at, part)| if at % 2 == 1 { style.paint().bold(part) } else { part.to_string() })
            .collect(),
    );
    paragraph.clear();
}

/// A table's rows with their cells in columns, without the rule under its head. The last column wraps; where there is no
/// room for it, each cell has a line.
fn aligned(mut rows: Vec<Vec<&str>>, style: Style) -> Vec<String> {
    const LEAST: usize = 16;
    rows.retain(|row| {
        !row.iter().all(|cell| cell.chars().all(|c| matches!(c, '-' | ':')) && !cell.is_empty())
    });
    let wide = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..wide)
        .map(|at| rows.iter().filter_map(|row| row.get(at)).map(|cell| columns(cell)).max().unwrap_or(0))
        .collect();
    let last = widths.last().copied().unwrap_or(0);
    let start = widths.iter().map(|width| width + 2).sum::<usize>() - last;
    if start + last.min(LEAST) > style.width {
        return stacked(&rows, style);
    }
    let set = |row: &Vec<&str>| {
        let mut line = String::new();
        for (at, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let cell = if at + 1 == wide {
                Wrap { width: style.width, first: start, hang: start }.text(cell)
            } else {
                format!("{cell}{}", " ".repeat(width - columns(cell)))
            };
            line.push_str(&format!("  {cell}"));
        }
        line.trim_end().to_string()
    };
    rows.iter().map(set).collect()
}

/// `  first cell`, and under it `    heading: cell` for each of the others
fn stacked(rows: &[Vec<&str>], style: Style) -> Vec<String> {
    let Some((head, rows)) = rows.split_first() else { return Vec::new() };
    let mut lines = Vec::new();
    for row in rows {
        for (at, cell) in row.iter().enumerate() {
            let heading = head.get(at).filter(|heading| at > 0 && !heading.is_empty());
            let text = heading.map_or(cell.to_string(), |heading| format!("{heading}: {cell}"));
            let indent = if at == 0 { 2 } else { 4 };
            lines.push(Wrap { width: style.width, first: indent, hang: indent + 2 }.block(&text));
        }
    }
    lines
}

/// How wide a list item's mark is: `- `, `12. `.
fn item(line: &str) -> Option<usize> {
    if line.starts_with("- ") || line.starts_with("* ") {
        return Some(2);
    }
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    (digits > 0 && digits < 4 && line[digits..].starts_with(". ")).then_some(digits + 2)
}

#[cfg(test)]
mod tests {
    use super::markdown;
    use crate::report::Style;

    #[test]
    fn tables_stand_in_columns() {
        let style = Style { width: 40, color: false, all: false };
        let text = "| | small |\n|---|---|\n| links made | 4/s |\n\nend";
        assert_eq!(markdown(text, style), "              small\n  links made  4/s\n\nend");
    }

    #[test]
    fn tables_keep_to_a_narrow_terminal() {
        let text = "| | small | from |\n|---|---|---|\n| links made | 4/s | a month has 2.63M seconds |\n";
        let at = |width| markdown(text, Style { width, color: false, all: false });
        assert_eq!(
            at(40),
            "              small  from\n  links made  4/s    a month has 2.63M\n                     seconds"
        );
        assert_eq!(at(30), "  links made\n    small: 4/s\n    from: a month has 2.63M\n      seconds");
    }

    #[test]
    fn paragraphs_and_items_wrap_and_code_does_not() {
        let text = "# Title\n\nOne two\nthree four.\n\n- first item\n  goes on\n- **second**\n\n```\na  ->  b\n```\n";
        let style = Style { width: 12, color: false, all: false };
        assert_eq!(
            markdown(text, style),
            "Title\n\nOne two\nthree four.\n\n- first item\n  goes on\n- second\n\n    a  ->  b"
        );
    }
}
