//! Arithmetic with units: an expression's tokens to one quantity.

use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::ast::{Expr, Token, TokenKind};
use crate::units::{self, Dimension, Quantity};

/// Why there is no value.
pub enum Failure {
    /// Something is wrong here.
    Mistake(Box<Diagnostic>),
    /// It uses a number that could not be read, or a name whose own value failed: that has been reported.
    Elsewhere,
}

/// What a name in an expression stands for.
pub enum Named {
    Value(Quantity),
    Failed,
    /// With the nearest name that exists.
    Unknown(Option<String>),
}

/// Evaluates by precedence with two stacks, so that no depth of parentheses overflows.
pub fn evaluate(expr: &Expr, lookup: &dyn Fn(&str) -> Named) -> Result<Quantity, Failure> {
    let mut values: Vec<Quantity> = Vec::new();
    let mut operators: Vec<&Token> = Vec::new();
    let mut previous: Option<TokenKind> = None;
    for token in &expr.tokens {
        match token.kind {
            TokenKind::Number { number, unit } => values.push(read_number(token, number, unit)?),
            TokenKind::Name => {
                let after_slash = matches!(previous, Some(TokenKind::Over));
                values.push(read_name(token, after_slash, lookup)?);
            }
            TokenKind::Open => operators.push(token),
            TokenKind::Close => {
                while let Some(operator) = operators.pop() {
                    if operator.kind == TokenKind::Open {
                        break;
                    }
                    apply(operator, &mut values)?;
                }
            }
            _ => {
                while let Some(operator) =
                    operators.pop_if(|top| precedence(top.kind) >= precedence(token.kind))
                {
                    apply(operator, &mut values)?;
                }
                operators.push(token);
            }
        }
        previous = Some(token.kind);
    }
    while let Some(operator) = operators.pop() {
        apply(operator, &mut values)?;
    }
    match values.pop() {
        Some(value) if value.value.is_finite() => Ok(value),
        Some(_) => Err(mistake("this is too large to be a number here", expr.span, "")),
        None => Err(mistake("a value is missing here", expr.span, "")),
    }
}

fn precedence(kind: TokenKind) -> u8 {
    match kind {
        TokenKind::Times | TokenKind::Over => 2,
        TokenKind::Plus | TokenKind::Minus => 1,
        _ => 0,
    }
}

/// `100M`: the number times one of its unit.
fn read_number(token: &Token, number: f64, unit: &str) -> Result<Quantity, Failure> {
    if number.is_nan() {
        return Err(Failure::Elsewhere);
    }
    match units::unit(unit) {
        Some(one) => Ok(Quantity::new(number * one.value, one.dimension)),
        None => {
            let start = token.span.start + token.text.find(unit).unwrap_or(0);
            let span = Span::new(start, start + unit.len());
            let number = token.text.trim_end_matches(unit);
            let label = match (requests_per_second(unit), units::nearest_unit(unit)) {
                (Some(thousands), _) => format!("write `{number}{thousands}/s`"),
                (None, Some(near)) => format!("did you mean `{near}`?"),
                (None, None) => "not a unit".to_string(),
            };
            Err(Failure::Mistake(Box::new(
                Diagnostic::mistake("unit", format!("unknown unit `{unit}`"), span, label).help(
                    "units are: ns us ms s min h d w month y, B KB MB GB TB PB (KiB …, bits b Kb Mb Gb), \
                     k M G T, %, USD EUR; case matters",
                ),
            )))
        }
    }
}

/// `10krps`: a rate here is a count over a time; gives the `k`.
fn requests_per_second(unit: &str) -> Option<&str> {
    ["rps", "qps", "tps", "ops", "req"].iter().find_map(|word| unit.strip_suffix(word))
}

/// A name from `given`; directly after `/`, also one of a unit: `100/min`.
fn read_name(token: &Token, after_slash: bool, lookup: &dyn Fn(&str) -> Named) -> Result<Quantity, Failure> {
    if after_slash && let Some(one) = units::unit(token.text) {
        return Ok(one);
    }
    let near = match lookup(token.text) {
        Named::Value(value) => return Ok(value),
        Named::Failed => return Err(Failure::Elsewhere),
        Named::Unknown(near) => near,
    };
    let label = match (&near, after_slash.then(|| units::nearest_unit(token.text)).flatten()) {
        (_, Some(unit)) => format!("did you mean `{unit}`?"),
        (Some(name), None) => format!("did you mean `{name}`?"),
        (None, None) => "not a name from `given`".to_string(),
    };
    let mut found = Diagnostic::mistake(
        "unknown-name",
        format!("`{}` is not a number here", token.text),
        token.span,
        label,
    );
    found = match units::unit(token.text) {
        Some(_) => found.help(format!("a unit follows its number without a space: `1{}`", token.text)),
        None => {
            found.help(format!("write a number with its unit, or name it: `given {{ {} = … }}`", token.text))
        }
    };
    Err(Failure::Mistake(Box::new(found)))
}

fn apply(operator: &Token, values: &mut Vec<Quantity>) -> Result<(), Failure> {
    let (Some(right), Some(left)) = (values.pop(), values.pop()) else {
        return Err(mistake("a value is missing beside this operator", operator.span, ""));
    };
    let too_far = || mistake("no quantity has such a unit", operator.span, "");
    let value = match operator.kind {
        TokenKind::Times => left.times(right).ok_or_else(too_far)?,
        TokenKind::Over if right.value == 0.0 => {
            return Err(mistake("division by zero", operator.span, "what is on the right is 0"));
        }
        TokenKind::Over => left.over(right).ok_or_else(too_far)?,
        _ if left.dimension != right.dimension => {
            return Err(mismatch(operator, left.dimension, right.dimension));
        }
        TokenKind::Plus => Quantity::new(left.value + right.value, left.dimension),
        _ => Quantity::new(left.value - right.value, left.dimension),
    };
    // What is too small to be told from nothing would be read as nothing.
    let vanishes = matches!(operator.kind, TokenKind::Times | TokenKind::Over) && value.value == 0.0;
    if vanishes && left.value != 0.0 && right.value != 0.0 {
        return Err(mistake("this is too small to be a number here", operator.span, ""));
    }
    values.push(value);
    Ok(())
}

fn mismatch(operator: &Token, left: Dimension, right: Dimension) -> Failure {
    let message = if operator.kind == TokenKind::Plus {
        format!("{left} plus {right} is neither")
    } else {
        format!("{left} minus {right} is neither")
    };
    let mut found =
        Diagnostic::mistake("unit", message, operator.span, format!("left: {left}; right: {right}"));
    if left == Dimension::SIZE && right == Dimension::TIME {
        found = found.help("size over time is a speed: write `/`");
    } else {
        found = found.help("both sides of `+` and `-` need the same unit; `*` and `/` mix them");
    }
    Failure::Mistake(Box::new(found))
}

fn mistake(message: &str, span: Span, label: &str) -> Failure {
    Failure::Mistake(Box::new(Diagnostic::mistake("unit", message, span, label)))
}
