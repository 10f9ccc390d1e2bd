//! The command line: the only place that reads and writes files, streams, the clock and the environment; but for `screen`, which
//! has the terminal.

mod check;
mod completions;
mod diff;
mod draw;
mod explain;
mod fix;
mod fmt;
mod folder;
mod format;
mod grade;
mod grade_lines;
mod input;
mod judging;
mod lines;
mod man;
mod new;
mod numbers;
mod output;
mod pack;
mod packs;
mod picture;
mod plot;
mod practice;
mod predict;
mod problems;
mod progress;
mod prompt;
mod quiz;
mod report;
mod rules;
mod settings;
mod store;
mod template;
mod terminal;
mod theme;
mod watch;
mod window;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};

use crate::rubric::Scale;
use terminal::Color;

/// Finds the single point of failure in your design, and the hundred other ways it breaks, before your interviewer does.
#[derive(Debug, Parser)]
#[command(name = "spof", version, max_term_width = 100, after_help = EXAMPLES, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Colour in the output; NO_COLOR is honoured
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    color: Color,
}

const EXAMPLES: &str = "\
Begin:
  spof new --example        write a small design to play with
  spof check example.arch   see where it breaks, and why
  spof draw example.arch    draw it to example.svg
  spof numbers example.arch what it has to carry, and what it can
  spof predict example.arch what stops it, what each loss does, what breaks first

Practise:
  spof problems             what there is to design
  spof practice start url-shortener
                            an interview, alone: statement, clock, hints, questions, score
  spof new url-shortener    only the statement, and a file to write your answer in
  spof flaw                 spot what is missing in a good design
  spof progress             how far you are
  spof quiz                 be asked what you may have forgotten

Exit status: 0 nothing to report, 1 findings, 2 mistakes in the design or on the command line.";

/// Each command's help stands with its arguments.
#[derive(Debug, Subcommand)]
enum Command {
    Check(check::Args),
    Diff(diff::Args),
    Grade(grade::Args),
    Draw(draw::Args),
    Numbers(numbers::Args),
    Plot(plot::Args),
    Predict(predict::Args),
    Report(report::Args),
    Fmt(fmt::Args),
    Watch(watch::Args),
    Rules(rules::Args),
    Explain(explain::Args),
    Problems(problems::Args),
    New(new::Args),
    Practice(practice::Args),
    Progress(practice::ProgressArgs),
    Flaw(practice::FlawArgs),
    Pack(pack::Args),
    Quiz(quiz::Args),
    Completions(completions::Args),
    Man(man::Args),
}

/// What a command ends with; of several, the worst counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Status {
    Clean,
    Findings,
    /// Mistakes in a design, a file that cannot be read or written, a bad command line.
    Bad,
}

/// A problem's size, as an argument.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Size {
    Small,
    Large,
}

impl Size {
    fn scale(self) -> Scale {
        match self {
            Size::Small => Scale::Small,
            Size::Large => Scale::Large,
        }
    }
}

/// Runs one command. Help and usage errors are printed by clap, which ends with 0 and 2 as we do.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            let status = if error.use_stderr() { Status::Bad } else { Status::Clean };
            // A reader that has left is no reason to complain.
            let _ = error.print();
            return ExitCode::from(status as u8);
        }
    };
    let color = cli.color;
    let status = match cli.command {
        Command::Check(args) => check::run(&args, color),
        Command::Diff(args) => diff::run(&args, color),
        Command::Grade(args) => grade::run(&args, color),
        Command::Draw(args) => draw::run(&args, color),
        Command::Numbers(args) => numbers::run(&args, color),
        Command::Plot(args) => plot::run(&args, color),
        Command::Predict(args) => predict::run(&args, color),
        Command::Report(args) => report::run(&args, color),
        Command::Fmt(args) => fmt::run(&args, color),
        Command::Watch(args) => watch::run(&args, color),
        Command::Rules(args) => rules::run(&args, color),
        Command::Explain(args) => explain::run(&args, color),
        Command::Problems(args) => problems::run(&args, color),
        Command::New(args) => new::run(&args, color),
        Command::Practice(args) => practice::run(&args, color),
        Command::Progress(args) => practice::run_progress(&args, color),
        Command::Flaw(args) => practice::run_flaw(&args, color),
        Command::Pack(args) => pack::run(&args, color),
        Command::Quiz(args) => quiz::run(&args, color),
        Command::Completions(args) => completions::run(&args, &mut Cli::command()),
        Command::Man(args) => man::run(&args, Cli::command(), color),
    };
    ExitCode::from(status as u8)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Cli::command().debug_assert();
    }
}
