//! The table of concepts: what checks each, where it is explained and drilled, and which problems need it.

use crate::concepts::{Concept, Group, all};

/// Markdown for `docs/`, by group.
pub fn table() -> String {
    let mut text = format!(
        "{} concepts that a design stands on. `spof explain ID` prints a page, `spof explain --search WORDS` looks into all of \
         them. What lives in code or at run time, where a drawing does not show it, has a page and a drill and no check, and \
         says so.\n",
        all().len()
    );
    for group in Group::ALL {
        text.push_str(&format!("\n## {}\n\n", super::page::capital(group.name())));
        text.push_str(
            "| concept | checked by | explained at | drilled by | problems |\n|---|---|---|---|---|\n",
        );
        for concept in all().iter().filter(|concept| concept.group == group) {
            text.push_str(&row(concept));
        }
    }
    text
}

fn row(concept: &Concept) -> String {
    let id = &concept.id;
    let links = |names: &[String], folder: &str, none: &str| match names {
        [] => none.to_string(),
        names => {
            names.iter().map(|name| format!("[{name}]({folder}/{name}.md)")).collect::<Vec<_>>().join(", ")
        }
    };
    let rules =
        links(&concept.rules, "rules", &format!("no rule: [why](../concepts/{id}.md#how-spof-checks-it)"));
    let problems = links(&concept.problems, "../problems", "none in particular");
    format!(
        "| {} | {rules} | [`{id}`](../concepts/{id}.md) | [{}](../concepts/{id}.md#drill) | {problems} |\n",
        concept.title,
        question(&concept.drill),
    )
}

/// The beginning of a drill, for a link: its last sentence asks.
fn question(drill: &str) -> String {
    let text = drill.split_whitespace().collect::<Vec<_>>().join(" ");
    let from = text.rfind(". ").map_or(0, |at| at + 2);
    text[from..].replace('|', "\\|").replace(['[', ']'], "")
}
