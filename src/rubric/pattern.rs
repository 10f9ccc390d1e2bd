//! Short patterns for places in a flow: `cache|cdn`, `-> writes database(relational)`, `service -> external`.

use crate::catalog::{Kind, nearest};
use crate::design::{Arrow, Node};

/// `any`, or kinds with `|` between them; in parentheses, what the technology must be: one of a few data models, or `replay`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kinds {
    /// Empty: any.
    kinds: Vec<Kind>,
    facts: Vec<String>,
}

/// What a node's technology can be asked for besides its kind.
const FACTS: [&str; 11] = [
    "relational",
    "key-value",
    "document",
    "wide-column",
    "graph",
    "time-series",
    "search",
    "columnar",
    "object",
    "log",
    "replay",
];

impl Kinds {
    pub fn matches(&self, node: &Node) -> bool {
        (self.kinds.is_empty() || self.kinds.contains(&node.kind))
            && (self.facts.is_empty() || self.facts.iter().any(|fact| knows(node, fact)))
    }

    /// As a sentence says it: `cache or cdn`.
    pub fn words(&self) -> String {
        let kinds = match self.kinds.as_slice() {
            [] => "node".to_string(),
            kinds => kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(" or "),
        };
        match self.facts.as_slice() {
            [] => kinds,
            facts => format!("{} {kinds}", facts.join(" or ")),
        }
    }

    pub(super) fn parse(text: &str) -> Result<Kinds, String> {
        let text = text.trim();
        let (names, facts) = match text.split_once('(') {
            Some((names, rest)) => (names, rest.strip_suffix(')').ok_or("`(` without `)`")?),
            None => (text, ""),
        };
        let mut kinds = Vec::new();
        for name in names.split('|').filter(|name| *name != "any") {
            kinds.push(Kind::parse(name).ok_or_else(|| {
                unknown("kind", name, Kind::ALL.iter().map(|kind| kind.name()).chain(["any"]))
            })?);
        }
        let facts: Vec<String> =
            facts.split('|').filter(|fact| !fact.is_empty()).map(str::to_string).collect();
        match facts.iter().find(|fact| !FACTS.contains(&fact.as_str())) {
            Some(fact) => Err(unknown("data model", fact, FACTS)),
            None => Ok(Kinds { kinds, facts }),
        }
    }
}

fn knows(node: &Node, fact: &str) -> bool {
    let replay = |node: &Node| node.tech.and_then(|tech| tech.replay) == Some(true);
    match fact {
        "replay" => replay(node) || (node.kind == Kind::Topic && node.attrs.has("retention")),
        model => node.tech.and_then(|tech| tech.model.as_deref()) == Some(model),
    }
}

fn unknown<'c>(what: &str, word: &str, candidates: impl IntoIterator<Item = &'c str>) -> String {
    match nearest(word, candidates) {
        Some(near) => format!("unknown {what} `{word}`; did you mean `{near}`?"),
        None => format!("unknown {what} `{word}`"),
    }
}

/// A stop on a path: `[ARROW] [reads|writes] KINDS`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// `->`: every hop since the stop before is waited for; `~>`: one of them is handed off; `<->`: the last is a stream.
    pub arrow: Option<Arrow>,
    /// What the last hop to it does.
    pub access: Option<Access>,
    pub kinds: Kinds,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Reads,
    Writes,
}

impl Access {
    pub fn name(self) -> &'static str {
        match self {
            Access::Reads => "reads",
            Access::Writes => "writes",
        }
    }
}

impl Stop {
    pub(super) fn parse(text: &str) -> Result<Stop, String> {
        let mut words: Vec<&str> = text.split_whitespace().collect();
        let kinds = Kinds::parse(words.pop().ok_or("an empty stop")?)?;
        let mut stop = Stop { arrow: None, access: None, kinds };
        for word in words {
            match word {
                "reads" => stop.access = Some(Access::Reads),
                "writes" => stop.access = Some(Access::Writes),
                word => match arrow(word) {
                    Some(arrow) => stop.arrow = Some(arrow),
                    None => {
                        return Err(format!(
                            "`{word}` is no arrow and no access; write `-> writes database`"
                        ));
                    }
                },
            }
        }
        Ok(stop)
    }

    /// `-> database (writes)`
    pub fn words(&self) -> String {
        let arrow = self.arrow.map_or(String::new(), |arrow| format!("{} ", arrow.symbol()));
        let access = self.access.map_or(String::new(), |access| format!(" ({})", access.name()));
        format!("{arrow}{}{access}", self.kinds.words())
    }
}

/// `KINDS ARROW KINDS`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HopPattern {
    pub from: Kinds,
    pub arrow: Arrow,
    pub to: Kinds,
}

impl HopPattern {
    pub(super) fn parse(text: &str) -> Result<HopPattern, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let [from, sign, to] = words[..] else {
            return Err("a hop is `KIND -> KIND`, with spaces".to_string());
        };
        let arrow =
            arrow(sign).ok_or_else(|| format!("`{sign}` is no arrow; there are `->`, `~>` and `<->`"))?;
        Ok(HopPattern { from: Kinds::parse(from)?, arrow, to: Kinds::parse(to)? })
    }

    pub fn words(&self) -> String {
        format!("{} {} {}", self.from.words(), self.arrow.symbol(), self.to.words())
    }
}

fn arrow(sign: &str) -> Option<Arrow> {
    Arrow::ALL.into_iter().filter(|arrow| *arrow != Arrow::Control).find(|arrow| arrow.symbol() == sign)
}

#[cfg(test)]
mod tests {
    use super::{HopPattern, Kinds, Stop};

    #[test]
    fn patterns_say_what_is_wrong() {
        assert_eq!(Stop::parse("-> writes database").unwrap().words(), "-> database (writes)");
        assert_eq!(Kinds::parse("cache|cdn").unwrap().words(), "cache or cdn");
        assert_eq!(Kinds::parse("topic(replay)").unwrap().words(), "replay topic");
        assert_eq!(Kinds::parse("databse").unwrap_err(), "unknown kind `databse`; did you mean `database`?");
        assert_eq!(
            Kinds::parse("database(relatonal)").unwrap_err(),
            "unknown data model `relatonal`; did you mean `relational`?"
        );
        assert!(Stop::parse("").is_err());
        assert!(Stop::parse("=> database").is_err());
        assert!(HopPattern::parse("service database").is_err());
    }
}
