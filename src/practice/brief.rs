//! The statement as an interviewer opens with it: what they answer only when asked is left out.

use crate::rubric::Problem;

/// Markdown. No number of either scale is in it, and no answer.
pub fn brief(problem: &Problem) -> String {
    let opening =
        problem.statement.find("\n## ").map_or(problem.statement.as_str(), |at| &problem.statement[..at]);
    let flows: String = problem
        .requirements
        .iter()
        .map(|one| {
            let optional = if one.optional { " (not everyone gets this far)" } else { "" };
            format!("- `{}`: {}{optional}\n", one.flow, one.line)
        })
        .collect();
    let id = &problem.id;
    format!(
        "{}\n\n## What it has to do\n\n{flows}\n## What you have to ask\n\nHow much of it, how fast, for whom, and what may \
         be left out: the interviewer knows, and waits for you to ask.\n\n```sh\nspof practice ask              # what can be \
         asked\nspof practice ask \"how much\"   # an answer\nspof practice ask numbers      # the figures, as lines for \
         {id}.arch\n```\n",
        opening.trim_end()
    )
}

#[cfg(test)]
mod tests {
    use super::brief;
    use crate::rubric::Packs;

    #[test]
    fn what_is_answered_when_asked_is_not_given_away() {
        for pack in Packs::built_in().iter() {
            let problem = &pack.problem;
            let brief = brief(problem);
            for answer in problem.when_asked().iter().chain(&problem.follow_ups()) {
                assert!(!brief.contains(&answer.answer), "{}: {}", problem.id, answer.question);
            }
            for figure in problem.scales.iter().flat_map(|scale| &scale.figures) {
                let plain = figure.value.chars().any(|c| c.is_ascii_digit()) && figure.value.len() > 2;
                assert!(!plain || !brief.contains(&figure.value), "{}: {}", problem.id, figure.value);
            }
            assert!(problem.requirements.iter().all(|one| brief.contains(&one.line)), "{}", problem.id);
        }
    }
}
