//! Where the pages of the rules are on the web.

use std::str::FromStr;

/// The folder of the rules' pages (docs/rules), as an absolute address without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pages(String);

impl Pages {
    /// Where this version's pages are, if the package names a repository.
    pub fn of_the_package() -> Option<Pages> {
        let version = env!("CARGO_PKG_VERSION");
        let repository = env!("CARGO_PKG_REPOSITORY").trim_end_matches('/');
        format!("{repository}/blob/v{version}/docs/rules").parse().ok()
    }

    /// The page of one rule.
    pub(super) fn of(&self, rule: &str) -> String {
        format!("{}/{rule}.md", self.0)
    }
}

impl FromStr for Pages {
    type Err = String;

    /// Takes `https://` or `http://` with a host, in characters that an address may have (RFC 3986).
    fn from_str(text: &str) -> Result<Pages, String> {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/[]@!$&'()*+,;=%".contains(&byte);
        match rest {
            Some(rest) if !rest.is_empty() && !rest.starts_with('/') && rest.bytes().all(fits) => {
                Ok(Pages(text.trim_end_matches('/').to_string()))
            }
            _ => Err("an address such as https://example.org/spof/docs/rules is wanted".to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Pages;

    #[test]
    fn a_rule_has_an_address_below_that_of_all() {
        let pages: Pages = "https://example.org/spof/docs/rules/".parse().expect("an address");
        assert_eq!(pages.of("queue-no-dlq"), "https://example.org/spof/docs/rules/queue-no-dlq.md");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", "docs/rules", "https://", "https:///x", "https://a b", "https://a/?q#x", "ftp://a/b"]
        {
            assert!(text.parse::<Pages>().is_err(), "{text}");
        }
    }
}
