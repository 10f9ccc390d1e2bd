//! Lengths as integers: sixteenths of a pixel, so that every machine reckons the same and no sum is rounded.

pub const PIXEL: i64 = 16;

/// Rounded up; what is no length at all is none, and nothing is longer than a million pixels.
pub fn units(pixels: f64) -> i64 {
    if pixels.is_nan() { 0 } else { (pixels.clamp(0.0, 1_000_000.0) * PIXEL as f64).ceil() as i64 }
}

pub fn pixels(units: i64) -> f64 {
    units as f64 / PIXEL as f64
}
