//! All there is to say of one design: read, criticised, and judged by the problem that it solves.

use jiff::civil::Date;

use crate::catalog::nearest;
use crate::design::{Design, Solves, lower};
use crate::diagnostic::Diagnostic;
use crate::fix::{Places, locate};
use crate::rubric::{Packs, Scale, Score, score, try_gains};
use crate::rules::{Critique, check, check_each};
use crate::settings::Settings;
use crate::source::Source;
use crate::syntax::ast::Ast;
use crate::syntax::parse;

/// What does not hang on the design that is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Reviewer<'a> {
    pub packs: &'a Packs,
    pub settings: &'a Settings,
    /// Judge by this problem, whatever the design says it solves; one that `packs` has.
    pub problem: Option<&'a str>,
    /// Judge at this scale, whatever the design says.
    pub scale: Option<Scale>,
    /// The day on which `allow … until` is judged.
    pub today: Date,
    /// Try which changes would gain most, which costs a check for each.
    pub gains: bool,
}

/// A design and what was found in it.
#[derive(Debug)]
pub struct Review {
    pub source: Source,
    pub design: Design,
    /// What is wrong with the text, in order of place.
    pub mistakes: Vec<Diagnostic>,
    pub critique: Critique,
    /// The id of the problem it was judged against.
    pub problem: Option<String>,
    pub score: Option<Score>,
}

/// A text read and criticised, place by place, and not judged yet.
#[derive(Debug)]
pub struct Looked<'s> {
    pub ast: Ast<'s>,
    pub design: Design,
    /// What is wrong with the text, in order of place.
    pub mistakes: Vec<Diagnostic>,
    /// With each question for its place alone.
    pub critique: Critique,
    /// The id of the problem to judge it against.
    pub problem: Option<String>,
}

impl Reviewer<'static> {
    /// With the problems that are built in, and nothing set or asked for.
    pub fn plain(today: Date) -> Reviewer<'static> {
        const NONE: &Settings = &Settings::NONE;
        Reviewer { packs: Packs::built_in(), settings: NONE, problem: None, scale: None, today, gains: false }
    }
}

impl Reviewer<'_> {
    /// Never fails: what could be read is looked at, and the rest is in `mistakes`.
    pub fn review(&self, source: Source) -> Review {
        let Looked { ast, design, mistakes, critique, problem } = self.look(&source.text);
        let mut critique = critique.gathered();
        let places = Places::new(&source.text, &ast, &design);
        for finding in &mut critique.findings {
            locate(&places, finding);
        }
        let score = problem.as_deref().and_then(|id| self.score(&source, &design, &critique, id));
        Review { source, design, mistakes, critique, problem, score }
    }

    /// The part of a review that fixes are made and judged by.
    pub fn look<'s>(&self, text: &'s str) -> Looked<'s> {
        let (ast, mut mistakes) = parse(text);
        let (design, more) = lower(&ast);
        mistakes.extend(more);
        let mut critique = check_each(&design, self.today, self.settings);
        if !mistakes.is_empty() {
            // The line that could not be read may have been the one that used it.
            critique.findings.retain(|finding| finding.code != "unused-component");
        }
        mistakes.append(&mut critique.mistakes);
        let problem = match (self.problem, &design.solves) {
            (Some(problem), _) => Some(problem.to_string()),
            (None, Some(solves)) if self.packs.find(&solves.problem).is_some() => {
                Some(solves.problem.clone())
            }
            (None, Some(solves)) => {
                mistakes.push(unknown_problem(self.packs, solves));
                None
            }
            (None, None) => None,
        };
        mistakes.sort_by_key(|mistake| mistake.at.span);
        Looked { ast, design, mistakes, critique, problem }
    }

    fn score(&self, source: &Source, design: &Design, critique: &Critique, id: &str) -> Option<Score> {
        let rubric = &self.packs.find(id)?.rubric;
        // Whoever is examined does not choose what is looked at.
        let unset = (!self.settings.is_empty()).then(|| check(design, self.today));
        let critique = unset.as_ref().unwrap_or(critique);
        let mut score = score(design, critique, rubric, self.scale);
        if self.gains {
            try_gains(&source.text, design, critique, rubric, &mut score, self.today);
        }
        Some(score)
    }
}

fn unknown_problem(packs: &Packs, solves: &Solves) -> Diagnostic {
    let id = &solves.problem;
    let label = match nearest(id, packs.iter().map(|pack| pack.problem.id.as_str())) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "not in the catalogue".to_string(),
    };
    Diagnostic::mistake("unknown-problem", format!("there is no problem `{id}`"), solves.span, label)
        .help("`spof problems` lists them; without `solves` a design is checked and not scored")
}
