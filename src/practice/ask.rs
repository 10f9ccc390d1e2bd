//! What an interviewer answers, and which of the answers somebody asked for.

use crate::catalog::nearest;
use crate::rubric::{Answer, Problem, Scale};

/// What was meant by a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meant {
    /// By place.
    One(usize),
    /// Several as likely; by place.
    Several(Vec<usize>),
    Nothing,
}

/// The statement's questions, then its numbers as lines of a design, then what is out of scope.
pub fn topics(problem: &Problem, scale: Scale) -> Vec<Answer> {
    let mut all = problem.when_asked();
    if let Some(numbers) = problem.numbers(scale) {
        let wide = |of: &dyn Fn(usize) -> usize| (0..numbers.figures.len()).map(of).max().unwrap_or(0);
        let name = wide(&|at| numbers.figures[at].name.chars().count());
        let value = wide(&|at| numbers.figures[at].value.chars().count());
        let lines: String = numbers
            .figures
            .iter()
            .map(|one| format!("  {:<name$} = {:<value$}  # {}\n", one.name, one.value, one.from))
            .collect();
        let answer = format!("{}. As your design says it:\n\n```\ngiven {{\n{lines}}}\n```", numbers.line);
        all.push(Answer { question: "Which numbers may I reckon with?".to_string(), answer });
    }
    if let Some(out) = problem.out_of_scope() {
        all.push(Answer { question: "What is out of scope?".to_string(), answer: out.to_string() });
    }
    all
}

/// The topic that somebody means: its number in the list, or words that its question or its answer has.
pub fn meant(topics: &[Answer], words: &str) -> Meant {
    if let Ok(number) = words.trim().trim_end_matches('.').parse::<usize>() {
        return if (1..=topics.len()).contains(&number) { Meant::One(number - 1) } else { Meant::Nothing };
    }
    let plain = |text: &str| text.trim().trim_end_matches('?').to_lowercase();
    if let Some(at) = topics.iter().position(|topic| plain(&topic.question) == plain(words)) {
        return Meant::One(at);
    }
    let asked = tokens(words);
    let sides: Vec<[Vec<String>; 2]> =
        topics.iter().map(|one| [tokens(&one.question), tokens(&one.answer)]).collect();
    let mut points = vec![0.0; topics.len()];
    for word in &asked {
        for side in [0, 1] {
            let fits: Vec<f64> = sides.iter().map(|sides| likeness(word, &sides[side])).collect();
            // A word that many topics have tells little; one in an answer less than one in a question.
            let known = fits.iter().filter(|fit| **fit > 0.0).count().max(1) as f64;
            let weight = if side == 0 { 3.0 } else { 1.0 };
            for (points, fit) in points.iter_mut().zip(fits) {
                *points += weight * fit / known;
            }
        }
    }
    let best = points.iter().copied().fold(0.0, f64::max);
    // Nearly as good is as likely: what is shown then is a choice.
    let near: Vec<usize> = (0..points.len()).filter(|&at| best > 0.0 && points[at] >= 0.9 * best).collect();
    match near.as_slice() {
        [] => Meant::Nothing,
        [only] => Meant::One(*only),
        _ => Meant::Several(near),
    }
}

/// Words that say nothing of a topic.
const IDLE: [&str; 32] = [
    "a", "about", "an", "and", "are", "at", "be", "can", "do", "does", "for", "from", "have", "i", "in",
    "is", "it", "may", "of", "on", "or", "that", "the", "there", "they", "this", "to", "we", "what", "which",
    "will", "with",
];

/// What people call the same thing when they ask.
const SAME: [&[&str]; 6] = [
    &["load", "traffic", "users", "qps", "rps", "rate", "scale", "volume", "dau", "much", "many", "busy"],
    &["numbers", "figures", "estimate", "estimates", "given", "reckon"],
    &["latency", "fast", "slow", "quick", "speed", "p99"],
    &["availability", "reliable", "uptime", "sla", "slo", "failure", "down"],
    &["size", "large", "big", "storage", "bytes"],
    &["retention", "keep", "kept", "live", "long", "expire", "expiry"],
];

fn tokens(text: &str) -> Vec<String> {
    let mut all: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .filter(|word| !IDLE.contains(&word.as_str()))
        .collect();
    all.sort();
    all.dedup();
    all
}

/// How near a word is to the nearest of some others: 1 for the same word, 0 for none like it.
fn likeness(word: &str, others: &[String]) -> f64 {
    let like = |other: &String| {
        let start = word.chars().zip(other.chars()).take_while(|(one, other)| one == other).count();
        let shorter = word.chars().count().min(other.chars().count());
        if word == other {
            1.0
        } else if shorter >= 4 && start + 1 >= shorter {
            // Grown at its end: `code` and `codes`, `guess` and `guessed`.
            0.8
        } else if SAME.iter().any(|same| same.contains(&word) && same.contains(&other.as_str())) {
            0.6
        } else if shorter >= 4 && nearest(word, [other.as_str()]).is_some() {
            0.5
        } else {
            0.0
        }
    };
    others.iter().map(like).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::{Meant, meant, topics};
    use crate::rubric::{Packs, Scale};

    #[test]
    fn topics_are_found_by_what_people_ask() {
        let problem = &Packs::built_in().find("url-shortener").unwrap().problem;
        let topics = topics(problem, Scale::Large);
        let question = |words: &str| match meant(&topics, words) {
            Meant::One(at) => topics[at].question.as_str(),
            Meant::Several(_) => "several",
            Meant::Nothing => "nothing",
        };
        for (words, expected) in [
            ("1", "What does it have to do?"),
            ("how much traffic is there?", "How much of it?"),
            ("users", "How much of it?"),
            ("latency", "How fast, how reliable?"),
            ("reliablity", "How fast, how reliable?"),
            ("can codes be guessed", "May a code be guessed?"),
            ("phishing", "Can a link be taken down?"),
            ("numbers", "Which numbers may I reckon with?"),
            ("scope", "What is out of scope?"),
            ("how short", "How short is short?"),
            ("who makes them", "Who makes links?"),
            ("blockchain", "nothing"),
            ("what is it", "nothing"),
            ("", "nothing"),
            ("0", "nothing"),
            ("99", "nothing"),
        ] {
            assert_eq!(question(words), expected, "{words}");
        }
    }

    #[test]
    fn every_question_finds_itself() {
        for pack in Packs::built_in().iter() {
            for scale in [Scale::Small, Scale::Large] {
                let topics = topics(&pack.problem, scale);
                for (at, topic) in topics.iter().enumerate() {
                    let found = meant(&topics, &topic.question);
                    assert_eq!(found, Meant::One(at), "{}: {}", pack.problem.id, topic.question);
                }
            }
        }
    }
}
