//! Where a file is, as an address.

use std::path::{MAIN_SEPARATOR, Path};

/// A path as an address: as it was given, relative or not, and percent-encoded (RFC 3986).
pub(super) fn uri(name: &str) -> String {
    let path = name.replace(MAIN_SEPARATOR, "/");
    let mut out = String::new();
    if Path::new(name).is_absolute() {
        out.push_str(if path.starts_with('/') { "file://" } else { "file:///" });
    }
    for byte in path.strip_prefix("./").unwrap_or(&path).bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(byte.into())
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn addresses() {
        assert_eq!(uri("./designs/my shop.arch"), "designs/my%20shop.arch");
        assert_eq!(uri("../a:b#c?é.arch"), "../a%3Ab%23c%3F%C3%A9.arch");
        assert_eq!(uri("<stdin>"), "%3Cstdin%3E");
        #[cfg(unix)]
        assert_eq!(uri("/srv/a.arch"), "file:///srv/a.arch");
    }
}
