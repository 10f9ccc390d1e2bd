//! `given { name = expression }`: the numbers, in whatever order they refer to each other.

use std::cell::Cell;
use std::collections::HashMap;

use super::Lowering;
use crate::design::Given;
use crate::design::expression::{Failure, Named, evaluate};
use crate::diagnostic::Diagnostic;
use crate::syntax::ast::{Expr, Scalar, Statement, TokenKind, Value, Word};
use crate::units::{self, Quantity};

/// Values by name; None where the expression had a mistake, so that its uses are not reported again.
#[derive(Debug, Default)]
pub struct Givens {
    values: HashMap<String, Option<Quantity>>,
    /// How many unknown names have been compared with all known ones; there is an end to it in a file of typos.
    guessed: Cell<usize>,
}

impl Givens {
    pub fn lookup(&self, name: &str) -> Named {
        match self.values.get(name) {
            Some(Some(value)) => Named::Value(*value),
            Some(None) => Named::Failed,
            None if self.guessed.replace(self.guessed.get() + 1) < 100 => {
                Named::Unknown(crate::catalog::nearest(name, self.names()).map(str::to_string))
            }
            None => Named::Unknown(None),
        }
    }

    /// In alphabetical order, so that of two equally near names always the same one is proposed.
    fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.values.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }
}

impl Lowering<'_, '_> {
    pub(super) fn givens(&mut self) {
        let ast = self.ast;
        let mut bindings: Vec<(Word, &Expr)> = Vec::new();
        let mut at: HashMap<&str, usize> = HashMap::new();
        for item in &ast.items {
            let Statement::Let { name, value: Value::Scalar(Scalar::Expr(value)) } = &item.statement else {
                continue;
            };
            let in_given =
                item.parent.is_some_and(|parent| matches!(ast.items[parent].statement, Statement::Given));
            if !in_given {
                continue;
            }
            if units::unit(name.text).is_some() {
                self.report(
                    Diagnostic::mistake(
                        "syntax",
                        format!("`{}` is a unit and cannot be a name", name.text),
                        name.span,
                        "choose another name",
                    )
                    .help(format!("`{0}` after a number or a `/` always means the unit", name.text)),
                );
                continue;
            }
            if let Some(&first) = at.get(name.text) {
                let first: Word = bindings[first].0;
                self.report(
                    Diagnostic::mistake(
                        "duplicate-id",
                        format!("`{}` is given twice", name.text),
                        name.span,
                        "again here",
                    )
                    .label(first.span, "first given here")
                    .help("remove one, or choose another name"),
                );
                continue;
            }
            at.insert(name.text, bindings.len());
            bindings.push((*name, value));
        }
        for index in in_order_of_need(&bindings, &at) {
            let (name, expr) = bindings[index];
            let value = match evaluate(expr, &|name| self.givens.lookup(name)) {
                Ok(value) => {
                    let span = name.span.to(expr.span);
                    self.design.givens.push(Given { name: name.text.to_string(), value, span });
                    Some(value)
                }
                Err(Failure::Mistake(mistake)) => {
                    self.report(*mistake);
                    None
                }
                Err(Failure::Elsewhere) => None,
            };
            self.givens.values.insert(name.text.to_string(), value);
        }
        for (name, _) in &bindings {
            if !self.givens.values.contains_key(name.text) {
                self.givens.values.insert(name.text.to_string(), None);
                self.report(
                    Diagnostic::mistake(
                        "syntax",
                        format!("`{}` is defined by itself", name.text),
                        name.span,
                        "its value needs its own value",
                    )
                    .help("write a number for one of the names in this circle"),
                );
            }
        }
        // What its own line lost, or has in the wrong place, is not told again where it is used.
        let misplaced = ast.items.iter().filter_map(|item| match &item.statement {
            Statement::Let { name, .. } if item.parent.is_none() => Some(*name),
            _ => None,
        });
        for word in misplaced.chain(ast.lost.iter().copied()) {
            self.givens.values.entry(word.text.to_string()).or_insert(None);
        }
        self.design.givens.sort_by_key(|given| given.span);
    }
}

/// Every binding after those it uses; those in or behind a circle are left out.
fn in_order_of_need(bindings: &[(Word, &Expr)], at: &HashMap<&str, usize>) -> Vec<usize> {
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); bindings.len()];
    let mut waits_for = vec![0; bindings.len()];
    for (user, (_, expr)) in bindings.iter().enumerate() {
        for token in expr.tokens.iter().filter(|token| token.kind == TokenKind::Name) {
            if let Some(&used) = at.get(token.text) {
                users[used].push(user);
                waits_for[user] += 1;
            }
        }
    }
    let mut order: Vec<usize> = (0..bindings.len()).filter(|&index| waits_for[index] == 0).collect();
    let mut next = 0;
    while let Some(&done) = order.get(next) {
        next += 1;
        for &user in &users[done] {
            waits_for[user] -= 1;
            if waits_for[user] == 0 {
                order.push(user);
            }
        }
    }
    order
}
