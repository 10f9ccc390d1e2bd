//! Tree to design.

use super::Design;
use crate::diagnostic::Diagnostic;
use crate::syntax::ast::Ast;

pub fn lower(_ast: &Ast) -> (Design, Vec<Diagnostic>) {
    (Design::default(), Vec::new())
}
