//! A page's text to a [`Concept`].

use serde::Deserialize;

use super::{Concept, Group};
use crate::rubric::FileError;
use crate::source::Source;

/// The headings of a page, in their order. What stands before the first says what it is.
const PARTS: [&str; 5] =
    ["## When it bites", "## The trade-off", "## How spof checks it", "## Drill", "### Answer"];

const MARK: &str = "+++\n";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FrontMatter {
    title: String,
    aliases: Vec<String>,
    group: Group,
    rules: Vec<String>,
    problems: Vec<String>,
    see: Vec<String>,
}

impl Concept {
    /// Reads a page: TOML between two lines of `+++`, then its six parts, none of them empty. `name` is what errors call it.
    pub fn read(id: &str, name: &str, text: &str) -> Result<Concept, FileError> {
        let source = Source::new(name, text);
        let front = text.strip_prefix(MARK).and_then(|rest| rest.split_once("\n+++\n"));
        let Some((front, body)) = front else {
            let message = "a concept starts with front matter: TOML between two lines of `+++`";
            return Err(FileError::new(&source, 0..0, message));
        };
        let front: FrontMatter =
            toml::from_str(front).map_err(|error| FileError::toml(&source, &error, MARK.len()))?;
        let [what, bites, trade_off, checked, drill, answer] = parts(&source, text.len() - body.len())?;
        Ok(Concept {
            id: id.to_string(),
            title: front.title,
            aliases: front.aliases,
            group: front.group,
            rules: front.rules,
            problems: front.problems,
            see: front.see,
            what,
            bites,
            trade_off,
            checked,
            drill,
            answer,
        })
    }
}

/// The text before the first heading and that under each, from a place on.
fn parts(source: &Source, from: usize) -> Result<[String; PARTS.len() + 1], FileError> {
    let mut parts: [String; PARTS.len() + 1] = Default::default();
    let mut starts = [from; PARTS.len() + 1];
    let mut at = 0;
    let mut offset = from;
    for line in source.text[from..].split_inclusive('\n') {
        let span = offset..offset + line.trim_end().len();
        offset += line.len();
        if !line.starts_with('#') {
            parts[at].push_str(line);
            continue;
        }
        match PARTS.get(at) {
            Some(due) if *due == line.trim_end() => {
                at += 1;
                starts[at] = span.start;
            }
            Some(due) => return Err(FileError::new(source, span, format!("`{due}` belongs here"))),
            None => {
                return Err(FileError::new(source, span, format!("`{}` is the last part", PARTS[at - 1])));
            }
        }
    }
    if let Some(due) = PARTS.get(at) {
        return Err(FileError::new(source, offset..offset, format!("`{due}` is missing")));
    }
    for (part, start) in parts.iter_mut().zip(starts) {
        *part = part.trim().to_string();
        if part.is_empty() {
            return Err(FileError::new(source, start..start, "nothing is said here"));
        }
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::Concept;

    const FRONT: &str =
        "+++\ntitle = \"A\"\naliases = []\ngroup = \"data\"\nrules = []\nproblems = []\nsee = []\n+++\n\n";
    const BODY: &str = "It is. And more.\n\n## When it bites\n\nNow.\n\n## The trade-off\n\nThis.\n\n\
                        ## How spof checks it\n\nSo.\n\n## Drill\n\nWhy?\n\n### Answer\n\nBecause.\n";

    fn error(text: &str) -> String {
        Concept::read("a", "a.md", text).expect_err("a mistake").to_string()
    }

    #[test]
    fn a_page_and_its_parts() {
        let page = Concept::read("a", "a.md", &format!("{FRONT}{BODY}")).expect("a page");
        assert_eq!((page.what.as_str(), page.summary().as_str()), ("It is. And more.", "It is."));
        assert_eq!(
            (page.checked.as_str(), page.drill.as_str(), page.answer.as_str()),
            ("So.", "Why?", "Because.")
        );
    }

    #[test]
    fn mistakes_have_their_places() {
        assert!(error("# A\n").starts_with("a.md:1:1: a concept starts with front matter"));
        let text = format!("{FRONT}{BODY}");
        assert_eq!(
            error(&text.replace("aliases", "alias")),
            "a.md:3:1: unknown key `alias`; did you mean `aliases`?"
        );
        assert_eq!(
            error(&text.replace("\"data\"", "\"date\"")),
            "a.md:4:9: unknown word `date`; did you mean `data`?"
        );
        assert_eq!(error(&text.replace("## Drill", "## Drills")), "a.md:24:1: `## Drill` belongs here");
        assert_eq!(error(&text.replace("Now.", "")), "a.md:12:1: nothing is said here");
        assert_eq!(
            error(&text.replace("### Answer\n\nBecause.\n", "")),
            "a.md:28:1: `### Answer` is missing"
        );
        assert_eq!(error(&format!("{text}\n## More\n")), "a.md:32:1: `### Answer` is the last part");
    }
}
