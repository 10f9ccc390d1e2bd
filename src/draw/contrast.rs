//! How well two colours are told apart: the contrast ratio of the Web Content Accessibility Guidelines 2.1 (W3C, 2018), which
//! asks for 4.5:1 of ordinary text.

/// What text needs.
pub const READABLE: f64 = 4.5;

/// Red, green and blue of `#rgb` or `#rrggbb`.
pub fn rgb(colour: &str) -> Option<[u8; 3]> {
    let digits = colour.strip_prefix('#')?;
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let value = u32::from_str_radix(digits, 16).ok()?;
    match digits.len() {
        3 => Some([8, 4, 0].map(|shift| (value >> shift & 0xf) as u8 * 0x11)),
        6 => Some([16, 8, 0].map(|shift| (value >> shift) as u8)),
        _ => None,
    }
}

/// From 1 for equal colours to 21 for black and white.
pub fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn luminance(colour: [u8; 3]) -> f64 {
    let [red, green, blue] = colour.map(|channel| {
        let value = f64::from(channel) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

#[cfg(test)]
mod tests {
    use super::{contrast, rgb};

    #[test]
    fn black_on_white_and_a_published_grey() {
        let of = |one, other| contrast(rgb(one).unwrap(), rgb(other).unwrap());
        assert!((of("#000", "#ffffff") - 21.0).abs() < 1e-9);
        assert!((of("#abc", "#aabbcc") - 1.0).abs() < 1e-9);
        // The lightest grey on white that passes, as the guidelines' own examples have it.
        assert!(of("#767676", "#ffffff") >= 4.5 && of("#777777", "#ffffff") < 4.5);
        for wrong in ["red", "#12", "#12345g", "#1234567", "", "#+12"] {
            assert_eq!(rgb(wrong), None, "{wrong}");
        }
    }
}
