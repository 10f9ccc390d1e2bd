//! `spof explain`

use super::Status;
use super::output::{Trouble, finish};
use super::terminal::{self, Color};
use crate::report::explain::explain;

/// Explain a rule, a question, a statement, a kind of component, an attribute or a technology
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  spof explain spof-datastore   a rule: what it looks at, why it matters, a design that has it
  spof explain 'rate limit'     a question of `spof check`: the rule that asks it
  spof explain flow             a statement, and how it is written
  spof explain cache            a kind of component, and what may be said of it
  spof explain ttl              an attribute
  spof explain kafka            a technology, and what the rules know of it")]
pub(super) struct Args {
    /// A name, or what people call it: `retries`, `db`
    #[arg(allow_hyphen_values = true)]
    name: String,
}

pub(super) fn run(args: &Args, color: Color) -> Status {
    match explain(&args.name, terminal::for_stdout(color)) {
        Ok(page) => finish(&page, Status::Clean, color),
        Err(near) => {
            let trouble = Trouble::new(format!("nothing is called `{}`", args.name));
            let lists = "`spof rules` lists the rules; `spof explain node` and `spof explain flow` say how a design is written";
            match near {
                Some(near) => trouble.help(format!("did you mean `{near}`?")),
                None => trouble.help(lists),
            }
            .report(color)
        }
    }
}
