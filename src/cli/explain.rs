//! `spof explain`

use super::Status;
use super::output::{Trouble, finish};
use super::terminal::{self, Color};
use crate::report::Style;
use crate::report::explain::{explain, index, search};

/// Explain a rule, a question, a concept, a statement, a kind of component, an attribute, a technology or a problem
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  spof explain                  what there is to be explained
  spof explain spof-datastore   a rule: what it looks at, why it matters, a design that has it
  spof explain rate limit       a question of `spof check`: the rule that asks it, and what else is called so
  spof explain circuit breaker  a concept: when it bites, the trade-off, how it is checked, a drill
  spof explain flow             a statement, and how it is written
  spof explain cache            a kind of component, and what may be said of it
  spof explain ttl              an attribute; `concept:ttl` is the idea behind it
  spof explain kafka            a technology, and what the rules know of it
  spof explain url-shortener    a problem, and the concepts that it needs
  spof explain --search lost messages
                                every page that has these words, best first")]
pub(super) struct Args {
    /// A name, or what people call it: `retries`, `db`; or a group, `attributes`. Without one, what there is to be explained
    #[arg(allow_hyphen_values = true, required_if_eq("search", "true"))]
    name: Option<String>,
    /// More words of it
    // Apart from the first, which may be `->`: of these, what looks like an option is one.
    #[arg(value_name = "WORD")]
    more: Vec<String>,
    /// Search all pages for these words
    #[arg(long)]
    search: bool,
    /// Show everything that a search finds
    #[arg(long, requires = "search")]
    all: bool,
}

pub(super) fn run(args: &Args, color: Color) -> Status {
    let style = Style { all: args.all, ..terminal::for_stdout(color) };
    let Some(first) = &args.name else { return finish(&index(style), Status::Clean, color) };
    let words: Vec<&str> = std::iter::once(first).chain(&args.more).map(String::as_str).collect();
    let name = words.join(" ");
    if args.search {
        return match search(&name, style) {
            Some(list) => finish(&list, Status::Clean, color),
            None => Trouble::new(format!("no page has a word of `{name}`")).report(color),
        };
    }
    match explain(&name, style) {
        Ok(page) => finish(&page, Status::Clean, color),
        Err(near) => {
            let trouble = Trouble::new(format!("nothing is called `{name}`"));
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`spof explain --search WORDS` looks into all pages, and `spof explain` lists what there is"
                    .to_string(),
            };
            trouble.help(help).report(color)
        }
    }
}
