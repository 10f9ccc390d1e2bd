//! Short patterns for places in a flow: `cache|cdn`, `-> writes database(relational)`, `service -> external`.

use crate::catalog::{Kind, nearest};
use crate::design::{Arrow, Design, Node, Step};

/// `any`; `own`, what one has to keep alive: all but clients, externals and monitors; or kinds with `|` between them. In parentheses after a kind, what its technology must be: one of a few data
/// models, or `replay` for what keeps messages and can be read again: `database|topic(replay)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kinds {
    /// Empty: any.
    choices: Vec<Choice>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Choice {
    kind: Kind,
    /// One of these; empty: whatever it is.
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

/// Nobody has to get up at night for these.
const NOT_OWN: [Kind; 3] = [Kind::Client, Kind::External, Kind::Monitor];

impl Kinds {
    /// Every kind.
    pub fn is_any(&self) -> bool {
        self.choices.is_empty()
    }

    pub fn matches(&self, node: &Node) -> bool {
        let fits = |choice: &Choice| {
            choice.kind == node.kind
                && (choice.facts.is_empty() || choice.facts.iter().any(|fact| knows(node, fact)))
        };
        self.choices.is_empty() || self.choices.iter().any(fits)
    }

    /// The kinds that can match.
    pub fn possible(&self) -> impl Iterator<Item = Kind> {
        let fits =
            |kind: &Kind| self.choices.is_empty() || self.choices.iter().any(|choice| choice.kind == *kind);
        Kind::ALL.into_iter().filter(fits)
    }

    /// As a sentence says it: `cache or cdn`.
    pub fn words(&self) -> String {
        if self.choices.is_empty() {
            return "node".to_string();
        }
        if self.choices.len() + NOT_OWN.len() == Kind::ALL.len() {
            return "box of your own".to_string();
        }
        let choice = |choice: &Choice| match choice.facts.as_slice() {
            [] => choice.kind.name().to_string(),
            facts if facts == ["replay"] => format!("{} that replays", choice.kind.name()),
            facts => format!("{} {}", facts.join(" or "), choice.kind.name()),
        };
        self.choices.iter().map(choice).collect::<Vec<_>>().join(" or ")
    }

    pub(super) fn parse(text: &str) -> Result<Kinds, String> {
        let mut choices = Vec::new();
        let mut rest = text.trim();
        if rest == "any" {
            return Ok(Kinds { choices });
        }
        if rest == "own" {
            let own = Kind::ALL.into_iter().filter(|kind| !NOT_OWN.contains(kind));
            return Ok(Kinds { choices: own.map(|kind| Choice { kind, facts: Vec::new() }).collect() });
        }
        loop {
            let end = rest.find(['|', '(']).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            let kind = Kind::parse(name).ok_or_else(|| {
                unknown("kind", name, Kind::ALL.iter().map(|kind| kind.name()).chain(["any", "own"]))
            })?;
            let (facts, after) = match after.strip_prefix('(') {
                Some(inside) => inside.split_once(')').ok_or("`(` without `)`")?,
                None => ("", after),
            };
            let facts: Vec<String> =
                facts.split('|').filter(|fact| !fact.is_empty()).map(str::to_string).collect();
            if let Some(fact) = facts.iter().find(|fact| !FACTS.contains(&fact.as_str())) {
                return Err(unknown("data model", fact, FACTS));
            }
            choices.push(Choice { kind, facts });
            match after.strip_prefix('|') {
                Some(more) => rest = more,
                None if after.is_empty() => return Ok(Kinds { choices }),
                None => return Err(format!("`{after}` where a `|` or the end is wanted")),
            }
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
    /// `->`: every hop since the stop before is waited for; `~>`: one of them is handed off; `<->`: the last is a stream;
    /// `..>`: the last acts from outside the request path.
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
    pub(super) fn parse(text: &str) -> Result<Access, String> {
        match text {
            "reads" => Ok(Access::Reads),
            "writes" => Ok(Access::Writes),
            other => Err(format!("an access is `reads` or `writes`, not `{other}`")),
        }
    }

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

    /// As a sentence says it: `database that it writes and waits for`.
    pub fn words(&self) -> String {
        let how = match (self.access.map(Access::name), self.arrow) {
            (None, Some(Arrow::Call)) => " that it waits for".to_string(),
            (None, Some(Arrow::Handoff)) => " after a hand-off".to_string(),
            (None, Some(Arrow::Stream)) => " over an open connection".to_string(),
            (None, Some(Arrow::Control)) => " from outside the request path".to_string(),
            (None, None) => String::new(),
            (Some(does), Some(Arrow::Call)) => format!(" that it {does} and waits for"),
            (Some(does), Some(Arrow::Handoff)) => format!(" that it {does} after a hand-off"),
            (Some(does), _) => format!(" that it {does}"),
        };
        format!("{}{how}", self.kinds.words())
    }
}

/// `KINDS ARROW [reads|writes] KINDS`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HopPattern {
    pub from: Kinds,
    pub arrow: Arrow,
    /// Only hops that say so.
    pub access: Option<Access>,
    pub to: Kinds,
}

impl HopPattern {
    pub(super) fn parse(text: &str) -> Result<HopPattern, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (from, sign, access, to) = match words[..] {
            [from, sign, to] => (from, sign, None, to),
            [from, sign, "reads", to] => (from, sign, Some(Access::Reads), to),
            [from, sign, "writes", to] => (from, sign, Some(Access::Writes), to),
            _ => return Err("a hop is `KIND -> KIND` or `KIND -> writes KIND`, with spaces".to_string()),
        };
        let arrow = arrow(sign)
            .ok_or_else(|| format!("`{sign}` is no arrow; there are `->`, `~>`, `<->` and `..>`"))?;
        Ok(HopPattern { from: Kinds::parse(from)?, arrow, access, to: Kinds::parse(to)? })
    }

    pub fn matches(&self, design: &Design, step: &Step) -> bool {
        let hop = &design.graph[step.hop];
        hop.arrow == self.arrow
            && self.access.is_none_or(|access| step.attrs.has(access.name()))
            && self.from.matches(&design.graph[step.from])
            && self.to.matches(&design.graph[step.to])
    }

    pub fn words(&self) -> String {
        let access = self.access.map_or(String::new(), |access| format!("{} ", access.name()));
        format!("{} {} {access}{}", self.from.words(), self.arrow.symbol(), self.to.words())
    }
}

fn arrow(sign: &str) -> Option<Arrow> {
    Arrow::ALL.into_iter().find(|arrow| arrow.symbol() == sign)
}

#[cfg(test)]
mod tests {
    use super::{HopPattern, Kinds, Stop};

    #[test]
    fn patterns_say_what_is_wrong() {
        assert_eq!(
            Stop::parse("-> writes database").unwrap().words(),
            "database that it writes and waits for"
        );
        assert_eq!(Kinds::parse("cache|cdn").unwrap().words(), "cache or cdn");
        assert_eq!(Kinds::parse("topic(replay)").unwrap().words(), "topic that replays");
        assert_eq!(
            Kinds::parse("database(relational|document)|topic(replay)").unwrap().words(),
            "relational or document database or topic that replays"
        );
        assert!(Kinds::parse("database(relational").is_err());
        assert!(Kinds::parse("database(relational)s").is_err());
        assert!(Kinds::parse("database|").is_err());
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
