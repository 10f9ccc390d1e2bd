//! Whether a problem is ready to be practised: its files agree, its references earn everything, and its criteria tell
//! good designs from bad ones. What reading finds ([`Pack::read`]) is not looked for again.

use jiff::civil::Date;

use super::{FileError, Level, Met, Pack, PackText, Scale, Score, impossible};
use crate::design::{Design, lower};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{self, Critique};
use crate::source::Source;
use crate::syntax::parse;

/// A design of a problem's folder. Its name says what it is for: `reference-….arch`, `first-try.arch`, `naive.arch`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// What errors call it.
    pub file: String,
    /// `reference-sql`
    pub name: String,
    pub text: String,
}

/// The least of each, so that a criterion can be seen to be met and missed.
const REFERENCES: usize = 2;
const QUESTIONS: usize = 3;

/// Everything that is not as it should be, in order of file and place. `others` are problems whose references must not pass
/// here; `today` is the day on which `allow … until` is judged.
pub fn audit(
    pack: &Pack,
    text: &PackText,
    examples: &[Example],
    others: &[(String, Vec<Example>)],
    today: Date,
) -> Vec<FileError> {
    let mut audit = Audit { pack, text, faults: Vec::new() };
    audit.statement();
    audit.criteria();
    let graded = audit.examples(examples, today);
    audit.tells_apart(&graded);
    audit.answers_of_others(others, today);
    audit.faults
}

struct Audit<'p> {
    pack: &'p Pack,
    text: &'p PackText,
    faults: Vec<FileError>,
}

/// An example that reads, and what it earns.
struct Graded {
    file: String,
    is_reference: bool,
    score: Score,
    /// The scale that it is for.
    scale: Scale,
    findings: Vec<Diagnostic>,
}

impl Audit<'_> {
    fn statement(&mut self) {
        let problem = &self.pack.problem;
        let file = self.text.problem.0.clone();
        let mut say =
            |message: String, help: &str| self.faults.push(whole(&file, message).help(Some(help.into())));
        if !problem.statement.starts_with("# ") {
            say("the statement has no title".into(), "begin it with `# Title`, after the front matter");
        }
        for (heading, answers) in
            [("When you ask", problem.when_asked()), ("Follow-up questions", problem.follow_ups())]
        {
            if answers.len() < QUESTIONS {
                say(
                    format!("`## {heading}` has {} questions; {QUESTIONS} are wanted", answers.len()),
                    "a question is a paragraph that begins in bold, `**How much of it?**`; its answer follows",
                );
            }
            for one in answers.iter().filter(|one| one.answer.is_empty()) {
                say(format!("`{}` has no answer", one.question), "write it after the bold question");
            }
        }
        if problem.out_of_scope().is_none_or(str::is_empty) {
            say("nothing is out of scope".into(), "say under `## Out of scope` what need not be built");
        }
        for scale in [Scale::Small, Scale::Large] {
            let Some(numbers) = problem.numbers(scale) else {
                say(
                    format!("there are no numbers at {} scale", scale.name()),
                    "add `[[numbers]]` with that `scale`",
                );
                continue;
            };
            let lines: Vec<String> =
                numbers.figures.iter().map(|figure| format!("{} = {}", figure.name, figure.value)).collect();
            let given = format!("given {{\n{}\n}}\n", lines.join("\n"));
            if let Some(mistake) = read(&given).1.first() {
                say(
                    format!(
                        "the figures at {} scale are no `given` of a design: {}",
                        scale.name(),
                        mistake.message
                    ),
                    "write them as the design language does: `100M/month`, `3 * created`",
                );
            }
        }
    }

    fn criteria(&mut self) {
        let levels = [Level::Junior, Level::Mid, Level::Senior];
        for level in levels {
            if !self.pack.rubric.criteria.iter().any(|criterion| criterion.gates == Some(level)) {
                let message = format!("no must gates {}: every answer that gets so far has it", level.name());
                self.faults.push(whole(&self.text.rubric.0, message));
            }
        }
        for criterion in &self.pack.rubric.criteria {
            let empty = [("ask", &criterion.ask), ("fix", &criterion.fix)]
                .into_iter()
                .chain(criterion.hints.iter().map(|hint| ("a hint", hint)));
            let lacking: Vec<&str> =
                empty.filter(|(_, text)| text.trim().is_empty()).map(|(name, _)| name).collect();
            if !lacking.is_empty() {
                let message = format!("criterion `{}` leaves {} empty", criterion.id, lacking.join(" and "));
                self.at_criterion(&criterion.id, message, "whoever misses it reads these");
            }
            let conditions = criterion.condition.flatten().into_iter();
            for condition in conditions.chain(criterion.half.iter().flat_map(|half| half.flatten())) {
                if let Some(reason) = impossible::reason(condition) {
                    self.at_criterion(
                        &criterion.id,
                        format!("criterion `{}`: {reason}", criterion.id),
                        "mend the condition",
                    );
                }
            }
        }
    }

    fn examples(&mut self, examples: &[Example], today: Date) -> Vec<Graded> {
        let references = examples.iter().filter(|example| is_reference(example)).count();
        if references < REFERENCES {
            let message = format!("{references} references; {REFERENCES} of different shape are wanted");
            let help = format!("examples/{}/reference-….arch", self.text.id);
            self.faults.push(whole(&self.text.rubric.0, message).help(Some(help)));
        }
        let mut graded = Vec::new();
        for example in examples {
            let (design, mistakes) = read(&example.text);
            if let Some(mistake) = mistakes.first() {
                let source = Source::new(&example.file, &example.text);
                let span = mistake.at.span;
                self.faults.push(FileError::new(&source, span.start..span.end, &mistake.message));
                continue;
            }
            let one = grade(self.pack, example, &design, today);
            self.example(example, &one);
            graded.push(one);
        }
        let (design, _) = read("");
        let empty = super::score(&design, &Critique::default(), &self.pack.rubric, None);
        if empty.points > 0.0 || empty.level.is_some() {
            self.faults.push(whole(&self.text.rubric.0, "the empty design earns something".to_string()));
        }
        graded
    }

    fn example(&mut self, example: &Example, graded: &Graded) {
        let fault = |message: String| whole(&example.file, message);
        let score = &graded.score;
        if graded.is_reference {
            for criterion in score.criteria.iter().filter(|criterion| criterion.met != Met::Yes) {
                self.faults
                    .push(fault(format!("a reference does not meet `{}`: {}", criterion.id, criterion.why)));
            }
            for finding in graded.findings.iter().filter(|finding| finding.severity > Severity::Info) {
                let source = Source::new(&example.file, &example.text);
                let span = finding.at.span;
                let message = format!("a reference is accused of `{}`: {}", finding.code, finding.message);
                self.faults.push(FileError::new(&source, span.start..span.end, message));
            }
        } else if example.name.starts_with("naive") && score.level.is_some() {
            let level = score.level.map_or("", Level::name);
            self.faults.push(fault(format!("a naive design reaches {level}: the musts ask too little")));
        }
    }

    /// Each criterion is met by one design and missed by another that is not empty.
    fn tells_apart(&mut self, graded: &[Graded]) {
        for criterion in &self.pack.rubric.criteria {
            let asked: Vec<&Graded> =
                graded.iter().filter(|one| criterion.scale.is_none_or(|scale| scale == one.scale)).collect();
            let met =
                |one: &&&Graded| one.score.criterion(&criterion.id).is_some_and(|one| one.met == Met::Yes);
            if asked.is_empty() {
                let scale = criterion.scale.map_or("any", Scale::name);
                let message =
                    format!("criterion `{}` is asked of no design here (at {scale} scale)", criterion.id);
                self.at_criterion(&criterion.id, message, "add a reference for that scale");
            } else if !asked.iter().any(|one| met(&one)) {
                let message = format!("no design here meets `{}`", criterion.id);
                self.at_criterion(&criterion.id, message, "mend the condition, or the references");
            } else if asked.iter().all(|one| met(&one)) {
                let message = format!("every design here meets `{}`: it tells nothing apart", criterion.id);
                self.at_criterion(&criterion.id, message, "add a first try or a naive design that misses it");
            }
        }
    }

    fn answers_of_others(&mut self, others: &[(String, Vec<Example>)], today: Date) {
        for (id, examples) in others {
            for example in examples.iter().filter(|example| is_reference(example)) {
                let (design, mistakes) = read(&example.text);
                let graded = grade(self.pack, example, &design, today);
                if mistakes.is_empty() && graded.score.level.is_some() {
                    let message =
                        format!("{} of `{id}` passes as an answer to `{}`", graded.file, self.text.id);
                    self.faults.push(whole(&self.text.rubric.0, message));
                }
            }
        }
    }

    fn at_criterion(&mut self, id: &str, message: String, help: &str) {
        let source = Source::new(&self.text.rubric.0, &self.text.rubric.1);
        let at = self.text.rubric.1.find(&format!("id = \"{id}\"")).unwrap_or(0);
        self.faults.push(FileError::new(&source, at..at, message).help(Some(help.to_string())));
    }
}

fn is_reference(example: &Example) -> bool {
    example.name.starts_with("reference")
}

fn whole(file: &str, message: String) -> FileError {
    FileError { file: file.to_string(), line: 1, column: 1, message, help: None }
}

fn read(text: &str) -> (Design, Vec<Diagnostic>) {
    let (ast, mut mistakes) = parse(text);
    let (design, more) = lower(&ast);
    mistakes.extend(more);
    mistakes.sort_by_key(|mistake| mistake.at.span);
    (design, mistakes)
}

fn grade(pack: &Pack, example: &Example, design: &Design, today: Date) -> Graded {
    let critique = rules::check(design, today);
    let score = super::score(design, &critique, &pack.rubric, None);
    Graded {
        file: example.file.clone(),
        is_reference: is_reference(example),
        scale: score.scale,
        score,
        findings: critique.findings,
    }
}
