//! Attribute values after typing, and the three answers a rule can get: stated, said not to be, not said.

use crate::catalog::{Type, catalog};
use crate::source::Span;

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `=no` or `=none`: said not to be there.
    None,
    /// A bare flag, `=yes`.
    Yes,
    /// Count, number, rate, duration, size, share, cost, speed, in base units (1/s, s, B, fractions).
    Number(f64),
    /// Words, ids, names and texts; one or several.
    Words(Vec<String>),
    /// `[least, most]`
    Range(f64, f64),
}

/// An attribute as it holds here, and where that is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    pub name: &'static str,
    pub value: Value,
    pub span: Span,
    /// From `every`, not from the subject's own line.
    pub inherited: bool,
}

/// What a design says about something. `Unstated` is a question, never a "no".
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Stated<T> {
    Yes(T, Span),
    /// Said not to be there.
    No(Span),
    Unstated,
}

impl<T> Stated<T> {
    pub fn value(self) -> Option<T> {
        match self {
            Stated::Yes(value, _) => Some(value),
            Stated::No(_) | Stated::Unstated => None,
        }
    }

    pub fn is_unstated(&self) -> bool {
        matches!(self, Stated::Unstated)
    }

    pub fn is_no(&self) -> bool {
        matches!(self, Stated::No(_))
    }

    pub fn is_yes(&self) -> bool {
        matches!(self, Stated::Yes(..))
    }

    pub fn span(&self) -> Option<Span> {
        match self {
            Stated::Yes(_, span) | Stated::No(span) => Some(*span),
            Stated::Unstated => None,
        }
    }
}

/// The attributes of one subject, in the order written; inherited ones last.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Attrs {
    settings: Vec<Setting>,
}

impl Attrs {
    pub fn get(&self, name: &str) -> Option<&Setting> {
        debug_assert!(catalog().attribute(name).is_some(), "no attribute `{name}` in the catalogue");
        self.settings.iter().find(|setting| setting.name == name)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Setting> {
        self.settings.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.settings.is_empty()
    }

    pub fn push(&mut self, setting: Setting) {
        self.settings.push(setting);
    }

    /// Anything but "no" was said. What rules ask of a flag: `idempotent`, `outbox`.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some_and(|setting| setting.value != Value::None)
    }

    /// `Stated::Yes(true)` for a bare flag or `=yes`, `Stated::Yes(false)` for `=no`.
    pub fn flag(&self, name: &str) -> Stated<bool> {
        match self.get(name) {
            None => Stated::Unstated,
            Some(setting) => Stated::Yes(setting.value != Value::None, setting.span),
        }
    }

    /// Any numeric type, in base units: 1/s, s, B, fractions.
    pub fn number(&self, name: &str) -> Stated<f64> {
        debug_assert!(
            catalog().attribute(name).is_none_or(|attribute| matches!(
                attribute.ty,
                Type::Count
                    | Type::Number
                    | Type::Rate
                    | Type::Duration
                    | Type::Size
                    | Type::Share
                    | Type::Cost
                    | Type::Speed
            )),
            "`{name}` is not a number"
        );
        self.read(name, |value| match value {
            Value::Number(number) => Some(*number),
            _ => None,
        })
    }

    /// The word of a `Word`, `Node`, `NodeOrWord` or `Text` attribute; the first where there are several.
    pub fn text(&self, name: &str) -> Stated<&str> {
        self.read(name, |value| match value {
            Value::Words(words) => words.first().map(String::as_str),
            _ => None,
        })
    }

    /// All words, ids or names of an attribute that may have several. A bare `reads` has none.
    pub fn words(&self, name: &str) -> &[String] {
        match self.get(name).map(|setting| &setting.value) {
            Some(Value::Words(words)) => words,
            _ => &[],
        }
    }

    fn read<'a, T>(&'a self, name: &str, read: impl FnOnce(&'a Value) -> Option<T>) -> Stated<T> {
        match self.get(name) {
            None => Stated::Unstated,
            Some(setting) if setting.value == Value::None => Stated::No(setting.span),
            Some(setting) => {
                read(&setting.value).map_or(Stated::Unstated, |value| Stated::Yes(value, setting.span))
            }
        }
    }
}
