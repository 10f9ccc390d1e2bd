//! Attributes as written to attributes as meant: known of their subject, with a value of their type.

use super::{Declared, Lowering};
use crate::catalog::{Attribute, Subject, Type, catalog};
use crate::design::expression::{Failure, evaluate};
use crate::design::{Attrs, Setting, Value};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::ast::{self, Scalar};
use crate::units::{Dimension, Quantity};

impl Lowering<'_, '_> {
    /// Types what a line says of its subject; `a_subject` is how a message calls it: `a cache`, `a hop`.
    pub(super) fn attrs(&mut self, written: &[ast::Attr], subject: Subject, a_subject: &str) -> Attrs {
        let mut attrs = Attrs::default();
        for attr in written {
            let Some(setting) = self.setting(attr, subject, a_subject) else { continue };
            match attrs.get(setting.name) {
                Some(first) => {
                    let first = first.span;
                    self.report(
                        Diagnostic::mistake(
                            "duplicate-attribute",
                            format!("`{}` is said twice here", setting.name),
                            setting.span,
                            "again here",
                        )
                        .label(first, "first said here")
                        .help("remove one"),
                    );
                }
                None => attrs.push(setting),
            }
        }
        attrs
    }

    fn setting(&mut self, attr: &ast::Attr, subject: Subject, a_subject: &str) -> Option<Setting> {
        let known = catalog().attribute(attr.name.text).filter(|attribute| attribute.applies_to(subject));
        let Some(attribute) = known else {
            self.unknown_attribute(attr, subject, a_subject);
            return None;
        };
        // What cannot be read has been reported; that it is said at all keeps it from being asked for.
        let value = self.value(attribute, attr).unwrap_or(Value::Yes);
        Some(Setting { name: &attribute.name, value, span: attr.span, inherited: false })
    }

    fn unknown_attribute(&mut self, attr: &ast::Attr, subject: Subject, a_subject: &str) {
        let word = attr.name.text;
        let message = format!("unknown attribute `{word}` for {a_subject}");
        let attribute =
            |name: &str| catalog().attribute(name).is_some_and(|attribute| attribute.applies_to(subject));
        let mut mistake = Diagnostic::mistake("unknown-attribute", message, attr.name.span, "");
        if let Some(synonym) = catalog().synonym(word, subject) {
            mistake.at.text = match synonym.write.as_str() {
                "instances" => "write `x3`, or `instances=3`".to_string(),
                write => format!("write `{write}`"),
            };
            mistake.help.extend(synonym.why.clone());
        } else if let Some(near) =
            self.guess(word, catalog().attributes_of(subject).map(|attribute| attribute.name.as_str()))
        {
            mistake.at.text = format!("did you mean `{near}`?");
        } else if let Some((name, value)) = word.split_once('-').filter(|(name, _)| attribute(name)) {
            mistake.at.text = format!("write `{name}={value}`");
        } else if subject == Subject::Hop
            && catalog().attribute(word).is_some_and(|attribute| attribute.applies_to(Subject::Control))
        {
            mistake.at.text = "goes with the arrow `..>`".to_string();
            mistake.help.push(format!("what is done from outside the request path is `a ..> b {word}`"));
        } else if let Some(elsewhere) = catalog().attribute(word) {
            mistake.at.text = format!("`{word}` belongs to: {}", elsewhere.on.join(", "));
        } else {
            mistake.at.text = "not known here".to_string();
            if attr.value.is_none() && matches!(subject, Subject::Node(_)) {
                mistake.help.push(
                    "an id is one word; a name of several is its label: `service my_api \"My API\"`"
                        .to_string(),
                );
            }
        }
        let names: Vec<&str> =
            catalog().attributes_of(subject).map(|attribute| attribute.name.as_str()).take(8).collect();
        self.report(mistake.help(format!("{a_subject} has: {}, …", names.join(", "))));
    }

    fn value(&mut self, attribute: &Attribute, attr: &ast::Attr) -> Option<Value> {
        match &attr.value {
            None => self.bare(attribute, attr),
            Some(ast::Value::Scalar(scalar)) => self.scalar(attribute, scalar),
            Some(ast::Value::List { items, span }) => self.list(attribute, items, *span),
        }
    }

    fn bare(&mut self, attribute: &Attribute, attr: &ast::Attr) -> Option<Value> {
        match (&attribute.bare, attribute.ty) {
            // Stated, without a figure: `bulkhead` alone, `..> needs`.
            (Some(word), _) if word == "yes" => Some(Value::Yes),
            (Some(word), _) => Some(Value::Words(vec![word.clone()])),
            (None, Type::Flag | Type::Access | Type::Range) => Some(Value::Yes),
            (None, _) => {
                self.report(
                    Diagnostic::mistake(
                        "value",
                        format!("`{}` needs a value", attribute.name),
                        attr.span,
                        format!("{} is missing", a_value(attribute)),
                    )
                    .help(format!("for example `{}`", attribute.example)),
                );
                None
            }
        }
    }

    fn scalar(&mut self, attribute: &Attribute, scalar: &Scalar) -> Option<Value> {
        let word = match scalar {
            Scalar::Expr(expr) => expr.as_word().map(|word| word.text),
            Scalar::Text(_) => None,
        };
        let yes_or_no = matches!(attribute.ty, Type::Flag | Type::Access | Type::Range);
        match word {
            Some("no" | "none" | "false") => return Some(Value::None),
            Some("yes" | "true") if yes_or_no => return Some(Value::Yes),
            _ => {}
        }
        match attribute.ty {
            Type::Flag | Type::Range => self.refuse(attribute, scalar),
            Type::Word => self.word(attribute, scalar).map(|word| Value::Words(vec![word])),
            Type::Node => self.node_id(attribute, scalar).map(|id| Value::Words(vec![id])),
            Type::NodeOrWord | Type::Names | Type::Text | Type::Access => {
                Some(Value::Words(vec![plain(scalar)]))
            }
            _ => self.number(attribute, scalar).map(Value::Number),
        }
    }

    fn list(&mut self, attribute: &Attribute, items: &[Scalar], span: Span) -> Option<Value> {
        match attribute.ty {
            Type::Range => {
                let numbers: Vec<f64> =
                    items.iter().filter_map(|item| self.number(attribute, item)).collect();
                match numbers.as_slice() {
                    [least, most] if least <= most => Some(Value::Range(*least, *most)),
                    // Each item that is no number has been reported.
                    _ if numbers.len() < items.len() => None,
                    _ => {
                        self.report(
                            Diagnostic::mistake(
                                "value",
                                format!("`{}` takes the least and the most", attribute.name),
                                span,
                                "not two numbers in order",
                            )
                            .help(format!("for example `{}`", attribute.example)),
                        );
                        None
                    }
                }
            }
            Type::Names | Type::Access => Some(Value::Words(items.iter().map(plain).collect())),
            Type::Word if attribute.many => {
                let words: Vec<String> = items.iter().filter_map(|item| self.word(attribute, item)).collect();
                Some(Value::Words(words))
            }
            Type::Node if attribute.many => {
                let ids: Vec<String> =
                    items.iter().filter_map(|item| self.node_id(attribute, item)).collect();
                Some(Value::Words(ids))
            }
            _ => {
                self.report(
                    Diagnostic::mistake(
                        "value",
                        format!("`{}` takes one value, not a list", attribute.name),
                        span,
                        format!("write {}", a_value(attribute)),
                    )
                    .help(format!("for example `{}`", attribute.example)),
                );
                None
            }
        }
    }

    fn word(&mut self, attribute: &Attribute, scalar: &Scalar) -> Option<String> {
        let word = plain(scalar);
        if attribute.words.contains(&word) {
            return Some(word);
        }
        let label = match attribute.habits.get(&word.to_lowercase()) {
            Some(meant) => format!("write `{}={meant}`", attribute.name),
            None => match self.guess(&word, attribute.words.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "not one of its words".to_string(),
            },
        };
        self.report(
            Diagnostic::mistake(
                "value",
                format!("`{}` cannot be `{word}`", attribute.name),
                span_of(scalar),
                label,
            )
            .help(format!("it is one of: {}", attribute.words.join(", "))),
        );
        None
    }

    fn node_id(&mut self, attribute: &Attribute, scalar: &Scalar) -> Option<String> {
        let id = plain(scalar);
        if let Some((Declared::Node(_), _)) = self.declared.get(id.as_str()) {
            return Some(id);
        }
        let message = format!("`{}` names `{id}`, which is no node here", attribute.name);
        let mistake = Diagnostic::mistake("unknown-id", message, span_of(scalar), "");
        self.report_unknown_node(&id, mistake);
        None
    }

    /// A number in base units, of the attribute's dimension and range.
    fn number(&mut self, attribute: &Attribute, scalar: &Scalar) -> Option<f64> {
        let Scalar::Expr(expr) = scalar else { return self.refuse(attribute, scalar).and(None) };
        let value = match evaluate(expr, &|name| self.givens.lookup(name)) {
            Ok(value) => value,
            Err(Failure::Elsewhere) => return None,
            Err(Failure::Mistake(mistake)) => {
                self.report(mistake.help(format!("for example `{}`", attribute.example)));
                return None;
            }
        };
        let problem = unfit(attribute, value)?.err();
        let Some(problem) = problem else { return Some(value.value) };
        self.report(
            Diagnostic::mistake(
                "unit",
                format!("`{}` takes {}", attribute.name, a_value(attribute)),
                expr.span,
                problem,
            )
            .help(format!("for example `{}`", attribute.example)),
        );
        None
    }

    fn refuse(&mut self, attribute: &Attribute, scalar: &Scalar) -> Option<Value> {
        self.report(
            Diagnostic::mistake(
                "value",
                format!("`{}` takes {}", attribute.name, a_value(attribute)),
                span_of(scalar),
                format!("not `{}`", plain(scalar)),
            )
            .help(format!("for example `{}`", attribute.example)),
        );
        None
    }
}

/// More than there is of anything, and less than anybody means: products of figures between the two stay numbers.
const MOST: f64 = 1e30;
const LEAST: f64 = 1e-18;

/// What is wrong with a number for an attribute; None for one that takes no numbers.
fn unfit(attribute: &Attribute, quantity: Quantity) -> Option<Result<(), String>> {
    let Quantity { value, dimension } = quantity;
    let ty = attribute.ty;
    let fits = match ty {
        Type::Count | Type::Number | Type::Share | Type::Range => dimension == Dimension::NONE,
        Type::Rate => dimension == Dimension::RATE,
        Type::Duration => dimension == Dimension::TIME,
        Type::Size => dimension == Dimension::SIZE,
        Type::Speed => dimension == Dimension::SPEED,
        Type::Cost => matches!(dimension, Dimension { time: -1, size: 0, usd, eur } if usd + eur == 1),
        _ => return None,
    };
    Some(if !fits {
        Err(match dimension {
            Dimension::NONE => "this has no unit".to_string(),
            other => format!("this is {other}"),
        })
    } else if value < 0.0 {
        Err("this is below zero".to_string())
    } else if value == 0.0 && attribute.above_zero {
        Err("this is zero".to_string())
    } else if value > MOST {
        Err("this is too large".to_string())
    } else if value > 0.0 && value < LEAST {
        Err("this is too small".to_string())
    } else if matches!(ty, Type::Count) && value.fract() != 0.0 {
        Err("this is not a whole number".to_string())
    } else if ty == Type::Share && value > 1.0 {
        Err(format!("this is {} %", crate::units::show_number(value * 100.0)))
    } else {
        Ok(())
    })
}

/// What an attribute takes, as a person would say it.
fn a_value(attribute: &Attribute) -> String {
    match attribute.ty {
        Type::Flag => "yes or no: the bare word, or `=no`".to_string(),
        Type::Count => "a whole number".to_string(),
        Type::Number => "a number".to_string(),
        Type::Rate => "a rate: something over a time".to_string(),
        Type::Duration => "a duration".to_string(),
        Type::Size => "a size".to_string(),
        Type::Share => "a share of at most 100 %".to_string(),
        Type::Cost => "money over a time".to_string(),
        Type::Speed => "a size over a time".to_string(),
        Type::Word => format!("one of {}", attribute.words.join(", ")),
        Type::Node => "the id of a node".to_string(),
        Type::NodeOrWord => "the id of a node, or a word".to_string(),
        Type::Names => "a name, or a list `[a, b]`".to_string(),
        Type::Text => "a word or a \"text\"".to_string(),
        Type::Access => "nothing, a table, or a list of tables".to_string(),
        Type::Range => "nothing, or `[least, most]`".to_string(),
    }
}

fn span_of(scalar: &Scalar) -> Span {
    match scalar {
        Scalar::Expr(expr) => expr.span,
        Scalar::Text(text) => text.span,
    }
}

/// A value as the word it was written as.
fn plain(scalar: &Scalar) -> String {
    match scalar {
        Scalar::Text(text) => text.unescaped(),
        Scalar::Expr(expr) => expr.tokens.iter().map(|token| token.text).collect(),
    }
}
