//! A small picture per kind: strokes on a 24 by 24 field, drawn in the current colour.

use crate::catalog::Kind;

/// Path data.
pub fn path(kind: Kind) -> &'static str {
    match kind {
        // A window.
        Kind::Client => "M3 5h18v14H3zM3 9h18M6 7h.01M9 7h.01",
        // A signpost.
        Kind::Dns => "M12 3v18M12 5h7l2 2.5-2 2.5h-7M12 12H6l-2 2.5L6 17h6M9 21h6",
        // A globe.
        Kind::Cdn => {
            "M21 12a9 9 0 1 1-18 0a9 9 0 1 1 18 0zM3 12h18M12 3c3 2.5 4 5.5 4 9s-1 6.5-4 9c-3-2.5-4-5.5-4-9s1-6.5 4-9z"
        }
        // A brick wall.
        Kind::Waf => "M3 5h18v14H3zM3 9.7h18M3 14.3h18M9 5v4.7M15 9.7v4.6M9 14.3V19",
        // One way in, three out.
        Kind::Lb => {
            "M3 12h6M9 12l9-7M9 12h10M9 12l9 7M15 4.5l3.5.2L18 8M17 10l2.5 2-2.5 2M18 16l.5 3.3-3.5.2"
        }
        // A gate.
        Kind::Gateway => "M4 21V10a8 8 0 0 1 16 0v11M4 21h16M9 21v-8h6v8M12 13V6",
        // A hexagon.
        Kind::Service => "M12 3l8 4.5v9L12 21l-8-4.5v-9zM12 12l8-4.5M12 12v9M12 12L4 7.5",
        // A cog.
        Kind::Worker => {
            "M15 12a3 3 0 1 1-6 0a3 3 0 1 1 6 0zM12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.6l2.1 2.1M16.3 16.3l2.1 2.1M5.6 18.4l2.1-2.1M16.3 7.7l2.1-2.1"
        }
        // A lambda.
        Kind::Function => "M6 4h3l8 16h2M11.5 9.5L6 20",
        // A plug.
        Kind::Socket => "M8 3v5M16 3v5M5 8h14v3a7 7 0 0 1-14 0zM12 18v3",
        // A clock.
        Kind::Scheduler => "M21 12a9 9 0 1 1-18 0a9 9 0 1 1 18 0zM12 7v5l3.5 2",
        // A cylinder.
        Kind::Database => {
            "M20 6c0 1.7-3.6 3-8 3S4 7.7 4 6s3.6-3 8-3s8 1.3 8 3zM4 6v12c0 1.7 3.6 3 8 3s8-1.3 8-3V6M4 12c0 1.7 3.6 3 8 3s8-1.3 8-3"
        }
        // A flash.
        Kind::Cache => "M13 3L5 14h6l-1 7l9-11h-6z",
        // A magnifying glass.
        Kind::Search => "M17 10.5a6.5 6.5 0 1 1-13 0a6.5 6.5 0 1 1 13 0zM15.2 15.2L21 21",
        // A bucket.
        Kind::Blob => {
            "M20 6c0 1.7-3.6 3-8 3S4 7.7 4 6s3.6-3 8-3s8 1.3 8 3zM4 6l2.5 13c.3 1.3 2.7 2 5.5 2s5.2-.7 5.5-2L20 6"
        }
        // Columns.
        Kind::Warehouse => "M3 21h18M5 21V12h3v9M10.5 21V4h3v17M16 21V8h3v13",
        // A line of messages.
        Kind::Queue => "M3 7h18v10H3zM7.5 7v10M12 7v10M16.5 7v10",
        // One voice, many ears.
        Kind::Topic => {
            "M9 12a2 2 0 1 1-4 0a2 2 0 1 1 4 0zM11 7.5a6 6 0 0 1 0 9M14 5a9.5 9.5 0 0 1 0 14M17 2.8a13 13 0 0 1 0 18.4"
        }
        // A person's card.
        Kind::Auth => "M12 3l8 3v6c0 4.5-3.2 7.7-8 9c-4.8-1.3-8-4.5-8-9V6zM8.5 12l2.5 2.5l4.5-4.5",
        // A key.
        Kind::Secrets => "M11 8a4 4 0 1 1-8 0a4 4 0 1 1 8 0zM10 10.7L20 21M16 17l2.5-2.5M13 14l2-2",
        // Sliders.
        Kind::Config => "M3 6h9M16 6h5M14 4v4M3 12h3M10 12h11M8 10v4M3 18h11M18 18h3M16 16v4",
        // A list of addresses.
        Kind::Registry => "M5 3h14v18H5zM9 8h6M9 12h6M9 16h6M3 8h4M3 16h4",
        // A padlock.
        Kind::Lock => "M5 11h14v10H5zM8 11V8a4 4 0 0 1 8 0v3M12 15v2",
        // A heartbeat.
        Kind::Monitor => "M3 4h18v13H3zM6 11h3l2-3.5l2.5 6l1.5-2.5h3M9 21h6M12 17v4",
        // A cloud.
        Kind::External => "M7 19a4.5 4.5 0 0 1-.5-9A6 6 0 0 1 18 9.5a4.8 4.8 0 0 1-.5 9.5z",
    }
}

#[cfg(test)]
mod tests {
    use super::path;
    use crate::catalog::Kind;

    #[test]
    fn every_kind_has_its_own() {
        let mut all: Vec<&str> = Kind::ALL.into_iter().map(path).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), Kind::ALL.len());
    }
}
