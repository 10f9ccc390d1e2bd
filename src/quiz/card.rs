//! What can be asked.

use std::collections::BTreeSet;

use crate::{concepts, rubric::Packs};

/// A question, and what a good answer says; both Markdown.
#[derive(Debug, Clone)]
pub struct Card {
    /// Names it in somebody's progress: it stays while the question does.
    pub id: String,
    /// What it is about, for people: `concept outbox-pattern`.
    pub about: String,
    pub question: String,
    pub answer: String,
}

/// Every card: drills first, then follow-up questions, then outages.
pub fn cards() -> Vec<Card> {
    let drills = concepts::all().iter().map(|concept| Card {
        id: format!("concept:{}", concept.id),
        about: format!("concept {}", concept.id),
        question: concept.drill.clone(),
        answer: concept.answer.clone(),
    });
    let follow_ups = Packs::built_in().iter().flat_map(|pack| {
        let problem = &pack.problem;
        problem.follow_ups().into_iter().map(|asked| Card {
            id: format!("follow-up:{}:{}", problem.id, slug(&asked.question)),
            about: format!("problem {}", problem.id),
            question: format!("{}: {}\n\n{}", problem.title, problem.summary, asked.question),
            answer: asked.answer,
        })
    });
    let mut cards: Vec<Card> = drills.chain(follow_ups).chain(outages()).collect();
    let mut seen = BTreeSet::new();
    cards.retain(|card| seen.insert(card.id.clone()));
    cards
}

/// An outage that several rules tell of is one card, with what each sees in it.
fn outages() -> Vec<Card> {
    let mut cards: Vec<Card> = Vec::new();
    for rule in crate::rules::ALL.iter() {
        let Some(outage) = &rule.page.outage else { continue };
        let id = format!("outage:{}", slug(outage.name));
        let answer = format!("`{}`: {}. {}", rule.id, rule.summary, rule.page.why);
        match cards.iter_mut().find(|card| card.id == id) {
            Some(card) => card.answer = format!("{}\n\nAnd: {answer}", card.answer),
            None => cards.push(Card {
                id,
                about: format!("outage {}", outage.name),
                question: format!("{}: {}.\n\nWhat in the design let it happen?", outage.name, outage.what),
                answer: format!("{answer}\n\nIts report: {}", outage.link),
            }),
        }
    }
    cards
}

/// Small letters and digits, joined.
fn slug(text: &str) -> String {
    let lower = text.to_lowercase();
    let words: Vec<&str> =
        lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.join("-")
}

#[cfg(test)]
mod tests {
    use super::cards;

    #[test]
    fn every_source_is_asked_of() {
        let cards = cards();
        let from = |kind: &str| cards.iter().filter(|card| card.id.starts_with(kind)).count();
        assert_eq!(from("concept:"), crate::concepts::all().len());
        let follow_ups: usize =
            crate::rubric::Packs::built_in().iter().map(|pack| pack.problem.follow_ups().len()).sum();
        assert_eq!(from("follow-up:"), follow_ups);
        assert!(from("outage:") >= 20, "{}", from("outage:"));
        assert!(cards.iter().all(|card| !card.question.trim().is_empty() && !card.answer.trim().is_empty()));
    }
}
