//! What `spof new` writes.

use crate::rubric::{Problem, Scale};
use crate::syntax::{format, parse};

/// A small design with a few of the flaws that first designs have.
pub(super) fn example() -> String {
    canonical(include_str!("example.arch"))
}

/// The statement as a file of its own.
pub(super) fn statement(problem: &Problem) -> String {
    format!("{}\n", problem.opening().trim_end())
}

/// A design that says what is given and which flows are asked for, and leaves the rest to whoever practises.
pub(super) fn design(problem: &Problem, scale: Scale) -> String {
    let id = &problem.id;
    let head = format!(
        "# {}: {} minutes. What is asked stands in {id}.md.\n\
         # As often as you like:   spof check {id}.arch    spof draw {id}.arch\n\
         # A word you don't know:  spof explain cache      spof explain ttl\n",
        problem.title, problem.minutes,
    );
    let mut given = String::new();
    if let Some(numbers) = problem.numbers(scale) {
        given.push_str(
            "\n# Given. Add what you estimate: arithmetic has units, and names can be used below.\ngiven {\n",
        );
        let width =
            numbers.figures.iter().map(|figure| figure.name.len() + figure.value.len()).max().unwrap_or(0);
        for figure in &numbers.figures {
            let gap = " ".repeat(width - figure.name.len() - figure.value.len());
            given.push_str(&format!("  {} = {}{gap}  # {}\n", figure.name, figure.value, figure.from));
        }
        given.push_str("}\n");
    }
    to_fill_in(problem, scale, &head, &given)
}

/// The same for a session, where what is given has to be asked for.
pub(super) fn practice(problem: &Problem, scale: Scale) -> String {
    let id = &problem.id;
    let head = format!(
        "# {}. What is asked stands in STATEMENT.md; for numbers:  spof practice ask\n\
         # As often as you like:   spof check {id}.arch    spof draw {id}.arch\n\
         # Beside your editor:     spof practice watch\n\
         # A word you don't know:  spof explain cache      spof explain ttl\n\
         # Stuck:                  spof practice hint      Done:  spof practice finish\n",
        problem.title,
    );
    to_fill_in(problem, scale, &head, GIVEN)
}

fn to_fill_in(problem: &Problem, scale: Scale, head: &str, given: &str) -> String {
    let mut out =
        format!("{head}\ndesign {:?} solves {} at {}\n{given}", problem.title, problem.id, scale.name());
    out.push_str(COMPONENTS);
    for requirement in &problem.requirements {
        let optional = if requirement.optional { " (not everyone gets this far)" } else { "" };
        out.push_str(&format!(
            "\n# {}{optional}\n# flow {} {{\n#   user ->\n# }}\n",
            requirement.line, requirement.flow
        ));
    }
    out.push_str(REASONS);
    canonical(&out)
}

fn canonical(text: &str) -> String {
    format(&parse(text).0, text)
}

const GIVEN: &str = "
# What the interviewer told you, and what you estimate: arithmetic has units, and names can be used below.
# given {
#   users = 5M
#   posts = 2 * users / day
# }
";

const COMPONENTS: &str = "
# What you leave out, said aloud: take the `#` away.
# out \"editing\"

# Components: a kind or a technology, an id, a label if you like, how many, and what there is to say of it.
client user
# lb       front  managed
# service  api    \"API\" x3 stateless
# postgres store  x2 failover=auto backup=1h {
#   table item { key id; rows = 10M; size = 1KB }
# }

# How requests travel. `a -> b` calls and waits, `a ~> b` hands over and goes on. In a flow:
#   flow buy \"POST /orders\" rate=100/s p99=200ms {
#     user -> front -> api -> store writes=item idempotency_key
#   }
# Below, one flow for each thing that is asked for: take the `#` away and write its path.
";

const REASONS: &str = "
# Why, in the interview and here:
# decide \"what you chose\" because \"why\" over \"what else there was\"
";
