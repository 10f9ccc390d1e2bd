//! What is said of a practice problem; its statement is for `spof problems`.

use super::set::{Page, sentence};
use crate::report::Style;
use crate::rubric::Problem;

pub(super) fn page_of(problem: &Problem, style: Style) -> String {
    let page = Page(style);
    let head = format!(
        "{}  {}, a problem of tier {}, {} minutes",
        style.paint().bold(&problem.id),
        problem.title,
        problem.tier,
        problem.minutes
    );
    let flows: Vec<String> = problem
        .requirements
        .iter()
        .map(|asked| {
            let optional = if asked.optional { " (optional)" } else { "" };
            format!("- {}{optional}: {}", asked.flow, asked.line)
        })
        .collect();
    let mut parts = vec![
        format!("{head}\n{}", page.prose(&sentence(&problem.summary))),
        page.section("Flows that an answer has", &flows.join("\n")),
    ];
    let concepts: Vec<&str> =
        crate::concepts::of_problem(&problem.id).map(|concept| concept.id.as_str()).collect();
    if !concepts.is_empty() {
        parts.push(page.section("Concepts that it needs", &concepts.join(", ")));
    }
    let commands = format!(
        "spof problems {id}    the statement\nspof new {id}         a file to answer in",
        id = problem.id
    );
    parts.push(page.code("Commands", &commands));
    parts.join("\n\n")
}
