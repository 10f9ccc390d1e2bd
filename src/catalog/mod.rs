//! The component catalogue: kinds, their attributes, and technologies. TOML data, read once.
//!
//! It knows words and facts, never a design. Everything a name can mean is looked up here, so that the checker, the
//! messages and the reference in `docs/` cannot disagree.

mod attribute;
mod kind;
mod near;
pub mod reference;
mod technology;

use std::collections::HashMap;
use std::sync::LazyLock;

pub use attribute::{Attribute, Subject, Synonym, Type};
pub use kind::{Kind, KindEntry};
pub use near::nearest;
pub use technology::{Default, Grade, Technology};

pub struct Catalog {
    pub kinds: Vec<KindEntry>,
    pub attributes: Vec<Attribute>,
    pub technologies: Vec<Technology>,
    /// What people write by habit, and what to write here.
    pub synonyms: Vec<Synonym>,
    attribute_by_name: HashMap<String, usize>,
    technology_by_name: HashMap<String, usize>,
}

impl Catalog {
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attribute_by_name.get(name).map(|&at| &self.attributes[at])
    }

    /// A technology by its id or one of its aliases.
    pub fn technology(&self, name: &str) -> Option<&Technology> {
        self.technology_by_name.get(name).map(|&at| &self.technologies[at])
    }

    pub fn kind(&self, kind: Kind) -> &KindEntry {
        self.kinds.iter().find(|entry| entry.id == kind).expect("every kind has an entry")
    }

    /// The kind that a word means by habit: `db` is a database.
    pub fn kind_by_habit(&self, word: &str) -> Option<Kind> {
        self.kinds.iter().find(|entry| entry.aka.iter().any(|aka| aka == word)).map(|entry| entry.id)
    }

    pub fn synonym(&self, name: &str, subject: Subject) -> Option<&Synonym> {
        self.synonyms
            .iter()
            .find(|synonym| subject.is_among(&synonym.on) && synonym.words.iter().any(|word| word == name))
    }

    /// The attributes that a subject may have: those of its own kind, then those of any node; each in the catalogue's
    /// order. A tie among near words goes to the more particular one.
    pub fn attributes_of(&self, subject: Subject) -> impl Iterator<Item = &Attribute> {
        let own = self.attributes.iter().filter(move |attribute| attribute.is_particular_to(subject));
        let general = self
            .attributes
            .iter()
            .filter(move |attribute| attribute.applies_to(subject) && !attribute.is_particular_to(subject));
        own.chain(general)
    }
}

/// The catalogue that is built in.
pub fn catalog() -> &'static Catalog {
    static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
        let kinds = kind::read(include_str!("kinds.toml"));
        let (attributes, synonyms) = attribute::read(include_str!("attributes.toml"));
        let technologies = technology::read(include_str!("technologies.toml"));
        Catalog::new(kinds, attributes, synonyms, technologies)
    });
    &CATALOG
}

impl Catalog {
    fn new(
        kinds: Vec<KindEntry>,
        attributes: Vec<Attribute>,
        synonyms: Vec<Synonym>,
        technologies: Vec<Technology>,
    ) -> Catalog {
        let attribute_by_name =
            attributes.iter().enumerate().map(|(at, attribute)| (attribute.name.clone(), at)).collect();
        let technology_by_name = technologies
            .iter()
            .enumerate()
            .flat_map(|(at, technology)| {
                std::iter::once(&technology.id).chain(&technology.aliases).map(move |name| (name.clone(), at))
            })
            .collect();
        Catalog { kinds, attributes, technologies, synonyms, attribute_by_name, technology_by_name }
    }
}
