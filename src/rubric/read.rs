//! TOML to [`Rubric`]: every name looked up, every mistake with its place.

use std::collections::BTreeMap;

use toml::Spanned;

use super::condition::{Condition, Lookup, Test, ValueTest};
use super::error::{FileError, did_you_mean};
use super::format::{ConditionEntry, CriterionEntry, File};
use super::pattern::{Access, HopPattern, Kinds, Stop};
use super::quantity::{self, Named};
use super::{Criterion, Level, Need, RequiredFlow, Rubric, Scale};
use crate::catalog::{Subject, catalog};
use crate::design::Arrow;
use crate::source::Source;

/// Facts of a technology that a test may name beside attributes.
const FACTS: [&str; 1] = ["durability"];
const TABLE_PARTS: [&str; 5] = ["key", "unique", "index", "shard", "column"];

/// Reads a rubric. `rules` are the ids of all rules there are.
pub(super) fn read(name: &str, text: &str, rules: &[&str]) -> Result<Rubric, Vec<FileError>> {
    let source = Source::new(name, text);
    let file: File = toml::from_str(text).map_err(|error| vec![FileError::toml(&source, &error, 0)])?;
    let mut reader =
        Reader { source: &source, rules, numbers: BTreeMap::new(), flows: Vec::new(), errors: Vec::new() };
    let rubric = reader.file(file);
    if reader.errors.is_empty() { Ok(rubric) } else { Err(reader.errors) }
}

struct Reader<'a> {
    source: &'a Source,
    rules: &'a [&'a str],
    numbers: BTreeMap<String, Named>,
    flows: Vec<String>,
    errors: Vec<FileError>,
}

impl Reader<'_> {
    fn file(&mut self, file: File) -> Rubric {
        self.flows = file.flow.iter().map(|flow| flow.id.clone()).collect();
        for (name, entry) in file.numbers {
            let small = entry.small.as_ref().and_then(|text| self.quantity(text));
            let large = entry.large.as_ref().and_then(|text| self.quantity(text));
            self.numbers.insert(name.clone(), Named { name, small, large });
        }
        let flows = file
            .flow
            .into_iter()
            .map(|flow| RequiredFlow {
                reaches: self.stops(&flow.reaches),
                id: flow.id,
                optional: flow.optional,
            })
            .collect();
        let mut criteria: Vec<Criterion> = Vec::new();
        for entry in file.criterion {
            let id = entry.id.clone();
            if criteria.iter().any(|criterion| criterion.id == *id.get_ref()) {
                self.error(&id, format!("two criteria are called `{}`", id.get_ref()), None);
            }
            criteria.extend(self.criterion(entry));
        }
        Rubric {
            problem: file.problem,
            weights: file.weights.unwrap_or(Level::Senior),
            scale: file.scale.unwrap_or(Scale::Large),
            flows,
            criteria,
        }
    }

    fn criterion(&mut self, entry: CriterionEntry) -> Option<Criterion> {
        match (&entry.gates, entry.need) {
            (Some(gates), Need::Should | Need::Nice) => {
                self.error(gates, "only a must gates a level", Some("write `need = \"must\"`".to_string()));
            }
            (None, Need::Must) => {
                let help = "write `gates = \"junior\"`, mid, senior or staff".to_string();
                self.error(&entry.id, "a must says which level it gates", Some(help));
            }
            _ => {}
        }
        if entry.hints.len() != 3 {
            let message =
                format!("{} hints; three are wanted: question, concept, fragment", entry.hints.len());
            self.error(&entry.id, message, None);
        }
        if entry.points.is_nan() || entry.points <= 0.0 {
            self.error(&entry.id, "points are more than zero", None);
        }
        let mut all = self.conditions(&entry.all);
        let any = self.conditions(&entry.any);
        if !any.is_empty() {
            all.push(Condition::Any(any));
        }
        let condition = match all.len() {
            0 if entry.all.is_empty() && entry.any.is_empty() => {
                self.error(&entry.id, "a criterion has conditions: `all`, `any` or both", None);
                return None;
            }
            1 => all.remove(0),
            _ => Condition::All(all),
        };
        let half = self.conditions(&entry.half);
        for missing in missing_figures(
            condition.flatten().into_iter().chain(half.iter().flat_map(Condition::flatten)),
            entry.scale,
        ) {
            self.error(&entry.id, missing, None);
        }
        Some(Criterion {
            id: entry.id.into_inner(),
            dimension: entry.dimension,
            points: entry.points,
            need: entry.need,
            gates: entry.gates.map(Spanned::into_inner),
            scale: entry.scale,
            ask: entry.ask,
            hints: entry.hints,
            fix: entry.fix,
            condition,
            half: (!half.is_empty()).then_some(Condition::Any(half)),
        })
    }

    fn conditions(&mut self, entries: &[Spanned<ConditionEntry>]) -> Vec<Condition> {
        entries.iter().filter_map(|entry| self.condition(entry)).collect()
    }

    fn condition(&mut self, spanned: &Spanned<ConditionEntry>) -> Option<Condition> {
        let entry = spanned.get_ref();
        let verbs = verbs(entry);
        if verbs.len() > 1 {
            let message = format!("one condition asks one thing, not `{}`", verbs.join("` and `"));
            self.error(spanned, message, Some("write two tables".to_string()));
            return None;
        }
        let verb = verbs.first().copied().unwrap_or("flow");
        for (key, verbs) in modifiers(entry) {
            if !verbs.contains(&verb) {
                self.error(
                    spanned,
                    format!("`{key}` goes with `{}`, not with `{verb}`", verbs.join("`, `")),
                    None,
                );
                return None;
            }
        }
        match verb {
            "all" => return Some(Condition::All(self.conditions(entry.all.as_ref()?))),
            "any" => return Some(Condition::Any(self.conditions(entry.any.as_ref()?))),
            "given" => {
                return Some(Condition::Given {
                    near: self.number(entry.given.as_ref()?)?,
                    within: entry.within.unwrap_or(2.0),
                });
            }
            "decisions" => return Some(Condition::Decisions { least: entry.decisions? }),
            "outs" => return Some(Condition::Outs { least: entry.outs? }),
            "nodes" => {
                let kinds = self.parse(entry.nodes.as_ref()?, Kinds::parse)?;
                let Some(most) = entry.at_most else {
                    self.error(spanned, "`nodes` says how many: `at_most = 12`", None);
                    return None;
                };
                return Some(Condition::AtMost { kinds, most });
            }
            "none" => {
                let flow = entry.flow.as_ref().map(|flow| self.flow(flow));
                return Some(Condition::None { flow, of: self.conditions(entry.none.as_ref()?) });
            }
            "silent" => {
                let flow = entry.flow.as_ref().map(|flow| self.flow(flow));
                let rules = entry.silent.iter().flatten().map(|rule| self.rule(rule)).collect();
                return Some(Condition::Silent { flow, rules });
            }
            _ => {}
        }
        let Some(flow) = &entry.flow else {
            self.error(spanned, format!("`{verb}` needs the flow it is about: `flow = \"…\"`"), None);
            return None;
        };
        let flow = self.flow(flow);
        Some(match verb {
            "path" => Condition::Path { flow, stops: self.stops(entry.path.as_ref()?) },
            "no_path" => Condition::NoPath { flow, stops: self.stops(entry.no_path.as_ref()?) },
            "node" => {
                let kinds = self.parse(entry.node.as_ref()?, Kinds::parse)?;
                let subjects: Vec<Subject> = kinds.possible().map(Subject::Node).collect();
                let test = self.test(entry, entry.has.as_ref(), &subjects);
                Condition::Node { flow, kinds, test, every: entry.every.unwrap_or(false) }
            }
            "hop" => {
                let hop = self.parse(entry.hop.as_ref()?, HopPattern::parse)?;
                let subject = if hop.arrow == Arrow::Control { Subject::Control } else { Subject::Hop };
                let test = self.test(entry, entry.has.as_ref(), &[subject]);
                Condition::Hop { flow, hop, test, every: entry.every.unwrap_or(false) }
            }
            "table" => {
                let has = self.names(entry.table.as_ref()?, &[Subject::Table], &TABLE_PARTS);
                Condition::Table {
                    flow,
                    access: entry.access.as_ref().and_then(|text| self.parse(text, Access::parse)),
                    value: self.value(entry, &has),
                    has,
                    fields: entry.fields.unwrap_or(1),
                }
            }
            "lookup" => Condition::Lookup { flow, lookup: self.lookup(entry.lookup.as_ref()?)? },
            "says" => {
                Condition::Says { flow, test: self.test(entry, entry.says.as_ref(), &[Subject::Flow])? }
            }
            "rate" => Condition::Rate {
                flow,
                near: self.number(entry.rate.as_ref()?)?,
                within: entry.within.unwrap_or(2.0),
            },
            "stores" => Condition::Stores {
                flow,
                near: self.number(entry.stores.as_ref()?)?,
                within: entry.within.unwrap_or(2.0),
            },
            _ => Condition::Flow { flow },
        })
    }

    /// A test of what `subjects` say; `has` holds the attributes' names.
    fn test(
        &mut self,
        entry: &ConditionEntry,
        has: Option<&Spanned<String>>,
        subjects: &[Subject],
    ) -> Option<Test> {
        let names = self.names(has?, subjects, &FACTS);
        let value = self.value(entry, &names);
        Some(Test { names, value })
    }

    /// What is asked of the value of one of these attributes.
    fn value(&mut self, entry: &ConditionEntry, names: &[String]) -> ValueTest {
        let min = entry.min.as_ref().and_then(|text| self.quantity(text));
        let max = entry.max.as_ref().and_then(|text| self.quantity(text));
        match &entry.is {
            Some(words) => ValueTest::Is(self.words(names, words)),
            None if min.is_some() || max.is_some() => {
                ValueTest::Between { min: min.map(|min| min.value), max: max.map(|max| max.value) }
            }
            None => ValueTest::Stated,
        }
    }

    /// Words that one of these attributes can have.
    fn words(&mut self, names: &[String], words: &[Spanned<String>]) -> Vec<String> {
        let attributes = names.iter().filter_map(|name| catalog().attribute(name));
        let known: Vec<&str> =
            attributes.flat_map(|attribute| &attribute.words).map(String::as_str).collect();
        for word in words.iter().filter(|_| !known.is_empty()) {
            if !known.contains(&word.get_ref().as_str()) {
                let message = format!("`{}` is never `{}`", names.join("|"), word.get_ref());
                self.error(word, message, did_you_mean(word.get_ref(), known.iter().copied()));
            }
        }
        words.iter().map(|word| word.get_ref().clone()).collect()
    }

    /// Attributes of one of `subjects`, with `|` between them, or one of `others`.
    fn names(&mut self, text: &Spanned<String>, subjects: &[Subject], others: &[&str]) -> Vec<String> {
        let names: Vec<String> = text.get_ref().split('|').map(str::to_string).collect();
        let known: Vec<&str> = catalog()
            .attributes
            .iter()
            .filter(|attribute| subjects.iter().any(|&subject| attribute.applies_to(subject)))
            .map(|attribute| attribute.name.as_str())
            .chain(others.iter().copied())
            .collect();
        for name in names.iter().filter(|name| !known.contains(&name.as_str())) {
            let message = match catalog().attribute(name) {
                Some(attribute) => format!("`{name}` is not said here, but of: {}", attribute.on.join(", ")),
                None => format!("unknown attribute `{name}`"),
            };
            self.error(text, message, did_you_mean(name, known.iter().copied()));
        }
        names
    }

    fn lookup(&mut self, text: &Spanned<String>) -> Option<Lookup> {
        match text.get_ref().as_str() {
            "key" => Some(Lookup::Key),
            "shard" => Some(Lookup::Shard),
            other => {
                self.error(text, format!("a lookup is by `key` or by `shard`, not `{other}`"), None);
                None
            }
        }
    }

    fn stops(&mut self, texts: &[Spanned<String>]) -> Vec<Stop> {
        texts.iter().filter_map(|text| self.parse(text, Stop::parse)).collect()
    }

    fn flow(&mut self, text: &Spanned<String>) -> String {
        if !self.flows.contains(text.get_ref()) {
            let help = did_you_mean(text.get_ref(), self.flows.iter().map(String::as_str));
            self.error(text, format!("the rubric has no `[[flow]]` called `{}`", text.get_ref()), help);
        }
        text.get_ref().clone()
    }

    fn rule(&mut self, text: &Spanned<String>) -> String {
        if !self.rules.contains(&text.get_ref().as_str()) {
            let help = did_you_mean(text.get_ref(), self.rules.iter().copied());
            self.error(text, format!("unknown rule `{}`", text.get_ref()), help);
        }
        text.get_ref().clone()
    }

    fn number(&mut self, text: &Spanned<String>) -> Option<Named> {
        let number = self.numbers.get(text.get_ref()).cloned();
        if number.is_none() {
            let help = did_you_mean(text.get_ref(), self.numbers.keys().map(String::as_str));
            self.error(text, format!("`[numbers]` has no `{}`", text.get_ref()), help);
        }
        number
    }

    fn quantity(&mut self, text: &Spanned<String>) -> Option<crate::units::Quantity> {
        self.parse(text, |text| {
            quantity::parse(text)
                .ok_or_else(|| format!("`{text}` is no figure; write 39/s, 3TB, 100ms or 50k"))
        })
    }

    fn parse<T>(
        &mut self,
        text: &Spanned<String>,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        parse(text.get_ref()).map_err(|message| self.error(text, message, None)).ok()
    }

    fn error<T>(&mut self, at: &Spanned<T>, message: impl Into<String>, help: Option<String>) {
        self.errors.push(FileError::new(self.source, at.span(), message).help(help));
    }
}

/// Figures that a criterion compares with at a scale which has none.
fn missing_figures<'c>(conditions: impl Iterator<Item = &'c Condition>, scale: Option<Scale>) -> Vec<String> {
    let mut missing = Vec::new();
    for condition in conditions {
        let (Condition::Rate { near, .. } | Condition::Stores { near, .. } | Condition::Given { near, .. }) =
            condition
        else {
            continue;
        };
        for at in [Scale::Small, Scale::Large] {
            if scale.is_none_or(|only| only == at) && near.at(at).is_none() {
                missing.push(format!("`{}` in `[numbers]` has no figure for {}", near.name, at.name()));
            }
        }
    }
    missing
}

/// The keys that say what a condition asks; `flow` alone asks for the flow.
fn verbs(entry: &ConditionEntry) -> Vec<&'static str> {
    [
        ("path", entry.path.is_some()),
        ("no_path", entry.no_path.is_some()),
        ("node", entry.node.is_some()),
        ("hop", entry.hop.is_some()),
        ("table", entry.table.is_some()),
        ("lookup", entry.lookup.is_some()),
        ("says", entry.says.is_some()),
        ("rate", entry.rate.is_some()),
        ("stores", entry.stores.is_some()),
        ("given", entry.given.is_some()),
        ("silent", entry.silent.is_some()),
        ("decisions", entry.decisions.is_some()),
        ("outs", entry.outs.is_some()),
        ("nodes", entry.nodes.is_some()),
        ("all", entry.all.is_some()),
        ("any", entry.any.is_some()),
        ("none", entry.none.is_some()),
    ]
    .into_iter()
    .filter_map(|(key, there)| there.then_some(key))
    .collect()
}

/// The keys that narrow a condition, and with which verbs they go.
fn modifiers(entry: &ConditionEntry) -> Vec<(&'static str, &'static [&'static str])> {
    const TESTED: &[&str] = &["node", "hop", "says", "table"];
    let keys: [(&'static str, bool, &'static [&'static str]); 9] = [
        ("every", entry.every.is_some(), &["node", "hop"]),
        ("has", entry.has.is_some(), &["node", "hop"]),
        ("is", entry.is.is_some(), TESTED),
        ("min", entry.min.is_some(), TESTED),
        ("max", entry.max.is_some(), TESTED),
        ("fields", entry.fields.is_some(), &["table"]),
        ("access", entry.access.is_some(), &["table"]),
        ("within", entry.within.is_some(), &["rate", "stores", "given"]),
        ("at_most", entry.at_most.is_some(), &["nodes"]),
    ];
    keys.into_iter().filter_map(|(key, there, verbs)| there.then_some((key, verbs))).collect()
}

#[cfg(test)]
mod tests {
    use super::read;

    /// The format's page: its file and each condition of its table.
    #[test]
    fn the_examples_of_the_format_read() {
        let page = include_str!("../../docs/writing-problems.md");
        let (_, rest) = page.split_once("```toml\n").expect("an example");
        let (example, _) = rest.split_once("```").expect("its end");
        let rubric = read("README.md", example, &[]).expect("the example");
        let conditions: Vec<String> = page
            .lines()
            .filter_map(|line| Some(line.strip_prefix("| `{")?.split_once("` |")?.0.replace("\\|", "|")))
            .collect();
        assert!(conditions.len() > 15);
        for condition in conditions {
            let text = example.replace("all = [{", &format!("all = [{{{condition}, {{"));
            assert_ne!(text, example);
            let other = read("README.md", &text, &["no-timeout"])
                .unwrap_or_else(|errors| panic!("{condition}: {errors:?}"));
            assert_ne!(other, rubric);
        }
    }
}
