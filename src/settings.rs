//! `spof.toml`: what a team does not want to hear of, or wants to hear louder, with the reason for each.
//!
//! Read whole or not at all: half a file of settings would check something that nobody asked for. Says nothing of
//! where the file is looked for; the command line does that.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::catalog::nearest;
use crate::diagnostic::{Diagnostic, Severity};
use crate::source::{Source, Span};

/// What is set about rules; nothing, by default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Settings {
    /// The file's name, as a person finds it.
    pub file: String,
    /// In the order of the file.
    pub rules: Vec<RuleSetting>,
}

/// What is set about one rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RuleSetting {
    pub rule: &'static str,
    /// None: the rule is off.
    #[serde(serialize_with = "word")]
    #[schemars(with = "String", extend("enum" = ["off", "info", "warning", "error"]))]
    pub severity: Option<Severity>,
    pub because: String,
}

const OFF: &str = "off";
const WORDS: [(&str, Option<Severity>); 4] = [
    (OFF, None),
    ("info", Some(Severity::Info)),
    ("warning", Some(Severity::Warning)),
    ("error", Some(Severity::Error)),
];

impl Settings {
    pub const NONE: Settings = Settings { file: String::new(), rules: Vec::new() };

    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    pub fn of(&self, rule: &str) -> Option<&RuleSetting> {
        self.rules.iter().find(|setting| setting.rule == rule)
    }

    pub fn is_off(&self, rule: &str) -> bool {
        self.of(rule).is_some_and(|setting| setting.severity.is_none())
    }
}

impl RuleSetting {
    /// As it is written: `off`, `info`, `warning`, `error`.
    pub fn word(&self) -> &'static str {
        self.severity.map_or(OFF, Severity::name)
    }
}

fn word<S: Serializer>(severity: &Option<Severity>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(severity.map_or(OFF, Severity::name))
}

/// Reads settings; every mistake in them, in order of place, if there is one.
pub fn read(source: &Source) -> Result<Settings, Vec<Diagnostic>> {
    let (table, errors) = DeTable::parse_recoverable(&source.text);
    let mut reader = Reader { mistakes: Vec::new() };
    for error in &errors {
        let message = error.message().lines().next().unwrap_or_default().to_string();
        let place = error.span().unwrap_or(0..0);
        reader.mistake(
            place,
            message,
            "",
            "a setting is three lines: `[rules.no-backup]`, `severity = \"info\"`, `because = \"…\"`",
        );
    }
    let mut rules = if errors.is_empty() { reader.file(table.get_ref()) } else { Vec::new() };
    if reader.mistakes.is_empty() {
        rules.sort_by_key(|(start, _)| *start);
        let rules = rules.into_iter().map(|(_, setting)| setting).collect();
        return Ok(Settings { file: source.name.clone(), rules });
    }
    reader.mistakes.sort_by_key(|mistake| mistake.at.span);
    Err(reader.mistakes)
}

struct Reader {
    mistakes: Vec<Diagnostic>,
}

impl Reader {
    fn mistake(
        &mut self,
        place: Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
        help: &str,
    ) {
        let span = Span::new(place.start, place.end);
        self.mistakes.push(Diagnostic::mistake("settings", message, span, label).help(help));
    }

    /// Each rule's setting, with where it starts.
    fn file(&mut self, table: &DeTable) -> Vec<(usize, RuleSetting)> {
        let mut settings = Vec::new();
        for (key, value) in table {
            match value.get_ref() {
                DeValue::Table(rules) if key.get_ref() == "rules" => {
                    settings.extend(rules.iter().filter_map(|(id, value)| self.rule(id, value)));
                }
                _ if key.get_ref() == "rules" => {
                    let help = "write a table for each rule: `[rules.no-backup]`";
                    self.mistake(value.span(), "`rules` holds tables", "not a table", help);
                }
                _ => self.unknown(
                    "key",
                    key.get_ref(),
                    key.span(),
                    &["rules"],
                    "all that can be set stands in `[rules.ID]`",
                ),
            }
        }
        settings
    }

    fn rule(
        &mut self,
        id: &Spanned<toml::de::DeString>,
        value: &Spanned<DeValue>,
    ) -> Option<(usize, RuleSetting)> {
        let before = self.mistakes.len();
        let rule = crate::rules::find(id.get_ref());
        if rule.is_none() {
            let ids: Vec<&str> = crate::rules::ALL.iter().map(|rule| rule.id).collect();
            self.unknown("rule", id.get_ref(), id.span(), &ids, "`spof rules` lists them all");
        }
        let DeValue::Table(table) = value.get_ref() else {
            let help = format!(
                "write `[rules.{}]`, and under it `severity = \"off\"` and `because = \"…\"`",
                id.get_ref()
            );
            self.mistake(value.span(), "a rule's settings are a table", "not a table", &help);
            return None;
        };
        let (mut severity, mut because) = (None, None);
        for (key, value) in table {
            match (key.get_ref().as_ref(), value.get_ref()) {
                ("severity", DeValue::String(word)) => severity = Some(self.severity(word, value.span())),
                ("because", DeValue::String(why)) => because = Some(self.because(why, value.span())),
                (name @ ("severity" | "because"), _) => {
                    let help = format!("write `{name} = \"…\"`");
                    self.mistake(value.span(), format!("`{name}` is a string"), "not a string", &help);
                    return None;
                }
                (other, _) => {
                    let help = "a rule has a `severity` and a `because`";
                    self.unknown("key", other, key.span(), &["severity", "because"], help);
                }
            }
        }
        if severity.is_none() {
            let help = "write `severity = \"off\"`, \"info\", \"warning\" or \"error\"";
            self.mistake(id.span(), format!("nothing is set of `{}`", id.get_ref()), "no `severity`", help);
        }
        if because.is_none() {
            let help =
                "write `because = \"…\"`: whoever reads this in a year wants to know whether it still holds";
            self.mistake(
                id.span(),
                format!("`{}` is set without a reason", id.get_ref()),
                "no `because`",
                help,
            );
        }
        if self.mistakes.len() > before {
            return None;
        }
        Some((id.span().start, RuleSetting { rule: rule?.id, severity: severity??, because: because?? }))
    }

    /// None where it is none of the words, which is said.
    fn severity(&mut self, word: &str, place: Range<usize>) -> Option<Option<Severity>> {
        let known = WORDS.iter().find(|(name, _)| *name == word);
        if known.is_none() {
            let names = WORDS.map(|(name, _)| name);
            self.unknown(
                "severity",
                word,
                place,
                &names,
                "write \"off\", \"info\", \"warning\" or \"error\"",
            );
        }
        known.map(|(_, severity)| *severity)
    }

    fn because(&mut self, why: &str, place: Range<usize>) -> Option<String> {
        if why.trim().is_empty() {
            let help = "say why: whoever reads this in a year wants to know whether it still holds";
            self.mistake(place, "the reason is empty", "no reason", help);
            return None;
        }
        // One line of a report, however it is written here.
        Some(why.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    fn unknown(&mut self, what: &str, word: &str, place: Range<usize>, known: &[&str], help: &str) {
        let label = match nearest(word, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("not a {what}"),
        };
        let message = match what {
            "rule" => format!("there is no rule `{word}`"),
            _ => format!("unknown {what} `{word}`"),
        };
        self.mistake(place, message, label, help);
    }
}

#[cfg(test)]
mod tests {
    use super::{RuleSetting, Settings, read};
    use crate::diagnostic::Severity;
    use crate::source::Source;

    fn settings(text: &str) -> Settings {
        read(&Source::new("spof.toml", text)).expect("no mistakes")
    }

    /// `line:column message | label`
    fn mistakes(text: &str) -> Vec<String> {
        let source = Source::new("spof.toml", text);
        let mistakes = read(&source).expect_err("mistakes");
        let show = |mistake: &crate::diagnostic::Diagnostic| {
            assert!(!mistake.help.is_empty(), "{mistake:?}");
            let place = source.place(mistake.at.span.start);
            format!("{}:{} {} | {}", place.line, place.column, mistake.message, mistake.at.text)
        };
        mistakes.iter().map(show).collect()
    }

    #[test]
    fn a_file() {
        let text = "# ours\n[rules.no-timeout]\nseverity = \"off\"\nbecause = \"\"\"the mesh\n sets them\"\"\"\n\
                    [rules]\nno-backup = { severity = \"info\", because = \"a toy\" }\n";
        let set = settings(text);
        let setting =
            |rule, severity, because: &str| RuleSetting { rule, severity, because: because.to_string() };
        assert_eq!(
            set.rules,
            [
                setting("no-timeout", None, "the mesh sets them"),
                setting("no-backup", Some(Severity::Info), "a toy")
            ]
        );
        assert!(set.is_off("no-timeout") && !set.is_off("no-backup") && !set.is_off("spof-zone"));
        assert!(settings("").is_empty() && settings("# nothing yet\n[rules]\n").is_empty());
    }

    #[test]
    fn every_mistake_has_its_place_and_a_way_out() {
        let cases = [
            ("[rule.no-timeout]\nseverity = \"off\"\n", "1:2 unknown key `rule` | did you mean `rules`?"),
            ("rules = 3\n", "1:9 `rules` holds tables | not a table"),
            ("[rules]\nno-timeout = \"off\"\n", "2:14 a rule's settings are a table | not a table"),
            (
                "[rules.no-timout]\nseverity = \"off\"\nbecause = \"x\"\n",
                "1:8 there is no rule `no-timout` | did you mean `no-timeout`?",
            ),
            (
                "[rules.no-timeout]\nseverity = \"wraning\"\nbecause = \"x\"\n",
                "2:12 unknown severity `wraning` | did you mean `warning`?",
            ),
            (
                "[rules.no-timeout]\nseverity = 0\nbecause = \"x\"\n",
                "2:12 `severity` is a string | not a string",
            ),
            ("[rules.no-timeout]\nbecause = \"x\"\n", "1:8 nothing is set of `no-timeout` | no `severity`"),
            (
                "[rules.no-timeout]\nseverity = \"off\"\n",
                "1:8 `no-timeout` is set without a reason | no `because`",
            ),
            (
                "[rules.no-timeout]\nseverity = \"off\"\nbecause = \"  \"\n",
                "3:11 the reason is empty | no reason",
            ),
            (
                "[rules.no-timeout]\nseverity = \"off\"\nbecause = \"x\"\nbecuse = \"y\"\n",
                "4:1 unknown key `becuse` | did you mean `because`?",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(mistakes(text), [expected], "{text}");
        }
        assert_eq!(
            mistakes("[rules.nope]\nseverity = \"offf\"\nbecause = \"\"\n[other]\n").len(),
            4,
            "all of them at once"
        );
        assert!(mistakes("[rules.no-timeout\nseverity = \"off\"\n")[0].starts_with("1:"));
    }
}
