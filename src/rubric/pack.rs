//! Problems with their rubrics: those of the program, and those of a folder that a mentor wrote.

use std::sync::LazyLock;

use super::{FileError, Problem, Rubric};
use crate::source::Source;

/// A problem and how its answers are judged.
#[derive(Debug)]
pub struct Pack {
    pub problem: Problem,
    pub rubric: Rubric,
}

/// The two files of a problem, as somebody read them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackText {
    pub id: String,
    /// What errors call the statement's file, and its text.
    pub problem: (String, String),
    pub rubric: (String, String),
}

/// The problems that can be practised, in no order but that in which they were added.
#[derive(Debug, Default)]
pub struct Packs {
    packs: Vec<Pack>,
}

macro_rules! texts {
    ($($id:literal),* $(,)?) => {
        [$(($id, include_str!(concat!("../../problems/", $id, ".md")), include_str!(concat!("../../rubrics/", $id, ".toml")))),*]
    };
}

const BUILT_IN: &[(&str, &str, &str)] = &texts![
    "rest-no-db",
    "cached-api",
    "listing-api",
    "email-queue",
    "file-uploader",
    "url-shortener",
    "auth-system",
    "rbac",
    "deploy-cicd",
    "payment-ready-api",
    "chat-system",
    "notification-service",
    "realtime-hub",
    "video-transcoder",
    "seat-booking",
    "airbnb",
    "high-frequency-chat",
    "microservices-system",
    "saas-backend",
    "ecommerce-backend",
    "stripe-clone",
    "uber-core",
    "whatsapp",
];

impl Packs {
    /// Those of the program.
    pub fn built_in() -> &'static Packs {
        static PACKS: LazyLock<Packs> = LazyLock::new(|| {
            let packs = BUILT_IN.iter().map(|(id, problem, rubric)| {
                Pack::read(&PackText {
                    id: id.to_string(),
                    problem: (format!("problems/{id}.md"), problem.to_string()),
                    rubric: (format!("rubrics/{id}.toml"), rubric.to_string()),
                })
                .expect("problems and rubrics are part of the program and tested")
            });
            Packs { packs: packs.collect() }
        });
        &PACKS
    }

    /// Those of the program and these; one with an id that is there already takes its place. Every mistake in every
    /// file, where there are any.
    pub fn with(texts: &[PackText]) -> Result<Packs, Vec<FileError>> {
        let mut errors = Vec::new();
        let mut packs = Vec::new();
        for text in texts {
            match Pack::read(text) {
                Ok(pack) => packs.push(pack),
                Err(more) => errors.extend(more),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        for (id, problem, rubric) in BUILT_IN {
            if !packs.iter().any(|pack| pack.problem.id == *id) {
                packs.push(Pack::read(&PackText {
                    id: id.to_string(),
                    problem: (format!("problems/{id}.md"), problem.to_string()),
                    rubric: (format!("rubrics/{id}.toml"), rubric.to_string()),
                })?);
            }
        }
        Ok(Packs { packs })
    }

    pub fn find(&self, id: &str) -> Option<&Pack> {
        self.packs.iter().find(|pack| pack.problem.id == id)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Pack> {
        self.packs.iter()
    }
}

impl Pack {
    /// Reads both files, and that they are about the same flows.
    pub fn read(text: &PackText) -> Result<Pack, Vec<FileError>> {
        let rules: Vec<&str> = crate::rules::ALL.iter().map(|rule| rule.id).collect();
        let problem = Problem::read(&text.id, &text.problem.0, &text.problem.1);
        let rubric = Rubric::read(&text.rubric.0, &text.rubric.1, &rules);
        let (problem, rubric) = match (problem, rubric) {
            (Ok(problem), Ok(rubric)) => (problem, rubric),
            (problem, rubric) => {
                let errors = problem.err().into_iter().chain(rubric.err().into_iter().flatten());
                return Err(errors.collect());
            }
        };
        let pack = Pack { problem, rubric };
        let errors = pack.disagreements(text);
        if errors.is_empty() { Ok(pack) } else { Err(errors) }
    }

    fn disagreements(&self, text: &PackText) -> Vec<FileError> {
        let source = Source::new(&text.rubric.0, &text.rubric.1);
        let mut errors = Vec::new();
        let mut say = |needle: &str, message: String| {
            let at = source.text.find(needle).unwrap_or(0);
            errors.push(FileError::new(&source, at..at, message));
        };
        if self.rubric.problem != text.id {
            let message = format!("a rubric for `{}`, in the file of `{}`", self.rubric.problem, text.id);
            say("problem", message);
        }
        for asked in &self.problem.requirements {
            match self.rubric.flows.iter().find(|flow| flow.id == asked.flow) {
                None => say(
                    "[[flow]]",
                    format!("`{}` asks for flow `{}`, and no `[[flow]]` has it", text.problem.0, asked.flow),
                ),
                Some(flow) if flow.optional != asked.optional => {
                    let words = |optional| if optional { "optional" } else { "required" };
                    say(
                        &format!("\"{}\"", flow.id),
                        format!(
                            "flow `{}` is {} here and {} in `{}`",
                            flow.id,
                            words(flow.optional),
                            words(asked.optional),
                            text.problem.0
                        ),
                    );
                }
                Some(_) => {}
            }
        }
        for flow in &self.rubric.flows {
            if !self.problem.requirements.iter().any(|asked| asked.flow == flow.id) {
                let message = format!("`{}` does not ask for flow `{}`", text.problem.0, flow.id);
                say(&format!("\"{}\"", flow.id), message);
            }
        }
        errors
    }
}
