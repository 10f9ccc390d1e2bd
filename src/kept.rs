//! What one run leaves for the next: a text of JSON that begins with the number of its format.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// All that is remembered of one thing. Where its text is kept, and who may change it when, is `cli::store`'s matter.
pub trait Kept: Default {
    /// Its file is this with `.json`.
    const NAME: &'static str;

    /// From its text. What breaks a promise of the type is broken too.
    fn read(text: &str) -> Result<Self, Unreadable>;

    fn text(&self) -> String;
}

/// Why a text is nothing that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// Written by a later version of the program, with the number of its format.
    Newer(u64),
    Broken(String),
}

/// A text of this format or an earlier one.
pub fn read<T: DeserializeOwned>(text: &str, version: u64) -> Result<T, Unreadable> {
    #[derive(serde::Deserialize)]
    struct Versioned {
        version: u64,
    }
    let broken = |error: serde_json::Error| Unreadable::Broken(error.to_string());
    let written: Versioned = serde_json::from_str(text).map_err(broken)?;
    if written.version > version {
        return Err(Unreadable::Newer(written.version));
    }
    serde_json::from_str(text).map_err(broken)
}

pub fn text(of: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(of).expect("names and numbers can be written");
    format!("{text}\n")
}
