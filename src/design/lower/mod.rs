//! Tree to design, in passes over the flat items: numbers, defaults, names, then nodes, hops, and what refers to them.

mod attrs;
mod givens;
mod hops;
mod names;
mod nodes;
mod remarks;

use std::collections::HashMap;

use petgraph::graph::NodeIndex;

use super::{Attrs, Design, load};
use crate::catalog::Kind;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::ast::Ast;
use givens::Givens;

/// Resolves a tree to a design. Everything wrong with names, types and units is reported; the rest is kept.
///
/// Whether a rule or a problem of that name exists is not checked here: nothing before the rules knows them.
pub fn lower(ast: &Ast) -> (Design, Vec<Diagnostic>) {
    let mut lowering = Lowering {
        ast,
        design: Design::default(),
        found: Vec::new(),
        givens: Givens::default(),
        defaults: Defaults::default(),
        declared: HashMap::new(),
        group_of_item: HashMap::new(),
        guesses: 100,
    };
    lowering.givens();
    lowering.names();
    lowering.defaults();
    lowering.nodes();
    lowering.hops();
    lowering.remarks();
    let Lowering { mut design, mut found, .. } = lowering;
    load::propagate(&mut design, &mut found);
    found.sort_by_key(|diagnostic| (diagnostic.at.span, diagnostic.code));
    (design, found)
}

struct Lowering<'a, 's> {
    ast: &'a Ast<'s>,
    design: Design,
    found: Vec<Diagnostic>,
    givens: Givens,
    defaults: Defaults,
    /// What each id in the file stands for, and where.
    declared: HashMap<&'s str, (Declared, Span)>,
    /// Index in `Design::groups` of each group's item.
    group_of_item: HashMap<usize, usize>,
    /// How many "did you mean" searches are left: each looks at every name, and a file may have thousands of typos.
    guesses: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Declared {
    Node(NodeIndex),
    Group(usize),
    /// Its line could not be understood, and has been reported.
    Broken,
}

/// What `every` says, by what it is said of.
#[derive(Debug, Default)]
struct Defaults {
    kinds: HashMap<Kind, Attrs>,
    technologies: HashMap<&'static str, Attrs>,
    calls: Attrs,
    handoffs: Attrs,
}

impl Lowering<'_, '_> {
    fn report(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
    }

    /// The nearest of some words, as long as there are guesses left.
    fn guess<'c>(&mut self, word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
        self.guesses = self.guesses.checked_sub(1)?;
        crate::catalog::nearest(word, candidates)
    }
}
