//! Two texts as a unified diff, as `patch` and `git apply` read it.

use similar::TextDiff;

/// Nothing where they are the same; `name` stands in its heading.
pub fn unified(name: &str, old: &str, new: &str) -> String {
    if old == new {
        return String::new();
    }
    // A name ends with its line.
    let name = name.replace(['\n', '\r'], " ");
    TextDiff::from_lines(old, new)
        .unified_diff()
        .context_radius(3)
        .header(&format!("a/{name}"), &format!("b/{name}"))
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::unified;

    #[test]
    fn lines_are_whole_and_their_ends_kept() {
        let diff = unified("a.arch", "one\r\ntwo\r\nthree", "one\r\ntwo x2\r\nthree");
        let expected = "--- a/a.arch\n+++ b/a.arch\n@@ -1,3 +1,3 @@\n one\r\n-two\r\n+two x2\r\n three\n\\ No newline at end of file\n";
        assert_eq!(diff, expected);
        assert_eq!(unified("a", "x\n", "x\n"), "");
    }
}
