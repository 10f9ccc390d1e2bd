//! Rows as CSV (RFC 4180), for spreadsheets: one line for each design, with a column for each dimension.

use std::borrow::Cow;

use csv::{Terminator, WriterBuilder};

use super::Row;
use super::row::hundredth;
use crate::report::Counts;
use crate::rubric::{Dimension, Level, Scale};

/// Column names, with a line end.
pub fn csv_head() -> String {
    let points = Dimension::ALL.map(|dimension| format!("points_{}", dimension.name()));
    let before = ["file", "problem", "scale", "points", "of", "level"];
    let counted = ["mistakes", "errors", "warnings", "remarks", "questions"];
    let after = ["unmet_musts", "error"];
    let points = points.iter().map(String::as_str);
    line(before.into_iter().chain(points).chain(counted).chain(after))
}

/// One design's line, with its end. A dimension that nothing was asked of is empty, and so is whatever is not known.
pub fn csv_row(file: &str, row: &Row) -> String {
    let number =
        |number: Option<f64>| number.map_or_else(String::new, |number| hundredth(number).to_string());
    let level = match (row.points, row.level) {
        (None, _) => "",
        (Some(_), None) => "none",
        (Some(_), Some(level)) => Level::name(level),
    };
    let mut fields = vec![
        inert(file).into_owned(),
        inert(row.problem.as_deref().unwrap_or_default()).into_owned(),
        row.scale.map_or("", Scale::name).to_string(),
        number(row.points),
        number(row.of),
        level.to_string(),
    ];
    fields.extend(Dimension::ALL.map(|id| number(row.dimension(id).map(|dimension| dimension.points))));
    let count = |count: fn(&Counts) -> usize| {
        row.counts.as_ref().map_or_else(String::new, |counts| count(counts).to_string())
    };
    fields.push(count(|counts| counts.mistakes));
    fields.push(count(|counts| counts.errors));
    fields.push(count(|counts| counts.warnings));
    fields.push(count(|counts| counts.remarks));
    fields.push(count(|counts| counts.questions));
    fields.push(inert(&row.unmet_musts.join(" ")).into_owned());
    fields.push(inert(row.error.as_deref().unwrap_or_default()).into_owned());
    line(fields.iter().map(String::as_str))
}

/// A text that no spreadsheet takes for a formula: an apostrophe in front of what would start one
/// (OWASP, "CSV Injection", 2020).
fn inert(text: &str) -> Cow<'_, str> {
    // A null byte ends the text for some readers, and hides what follows from others.
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\0', '＝', '＋', '－', '＠']) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

fn line<'t>(fields: impl Iterator<Item = &'t str>) -> String {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    // To memory, one record: neither can fail.
    let written = writer.write_record(fields).is_ok();
    debug_assert!(written);
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Row, csv_head, csv_row};

    #[test]
    fn whatever_a_file_is_called_it_is_read_back_and_starts_no_formula() {
        let names =
            ["a.arch", "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "a,\"b\"\r\nc", "", "'", "é =1"];
        let text: String = names.iter().map(|name| csv_row(name, &Row::without("=no"))).collect();
        let table = csv_head() + &text;
        let mut reader = csv::Reader::from_reader(table.as_bytes());
        let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.unwrap()).collect();
        assert_eq!(rows.len(), names.len());
        for (row, name) in rows.iter().zip(names) {
            let shown = &row[0];
            assert_eq!(shown.strip_prefix('\'').filter(|_| name != "'").unwrap_or(shown), name);
            assert!(!shown.starts_with(['=', '+', '-', '@', '\t', '\r']), "{shown:?}");
            assert_eq!(&row[row.len() - 1], "'=no");
        }
    }
}
