//! What is asked on a day.

use jiff::civil::Date;

use super::{Card, Progress};

/// A day's cards: those that are due, the longest overdue first, then some that were never asked.
#[derive(Debug)]
pub struct Today<'c> {
    pub cards: Vec<&'c Card>,
    /// How many are due in all, and how many were never asked.
    pub due: usize,
    pub fresh: usize,
}

/// At most `most` cards, of those in which every word of `about` stands.
pub fn today<'c>(
    cards: &'c [Card],
    progress: &Progress,
    day: Date,
    about: &[String],
    most: usize,
) -> Today<'c> {
    let asked = |card: &&Card| about.iter().all(|word| card.id.contains(&word.to_lowercase()));
    let (known, fresh): (Vec<&Card>, Vec<&Card>) =
        cards.iter().filter(asked).partition(|card| progress.cards.contains_key(&card.id));
    let due_on = |card: &Card| progress.cards.get(&card.id).map(|memory| memory.due);
    let mut due: Vec<&Card> =
        known.into_iter().filter(|card| due_on(card).is_some_and(|due| due <= day)).collect();
    due.sort_by_key(|card| due_on(card));
    let (due_in_all, fresh_in_all) = (due.len(), fresh.len());
    Today {
        cards: due.into_iter().chain(scattered(fresh)).take(most).collect(),
        due: due_in_all,
        fresh: fresh_in_all,
    }
}

/// Neighbours apart, as what stands together in a list is alike: in the order of a hash of their ids (FNV-1a).
fn scattered(mut cards: Vec<&Card>) -> Vec<&Card> {
    let hash = |text: &str| {
        text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
    };
    cards.sort_by_key(|card| hash(&card.id));
    cards
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::today;
    use crate::quiz::{Grade, Progress, cards};

    #[test]
    fn what_is_due_comes_first_and_what_was_answered_today_does_not() {
        let cards = cards();
        let mut progress = Progress::default();
        progress.answered("concept:cap", Grade::Good, date(2026, 3, 1));
        progress.answered("concept:jwt", Grade::Good, date(2026, 2, 1));
        let ids = |day, most| -> Vec<String> {
            today(&cards, &progress, day, &[], most).cards.iter().map(|card| card.id.clone()).collect()
        };
        assert_eq!(ids(date(2026, 3, 2), 2), ["concept:jwt", "concept:cap"]);
        assert_eq!(ids(date(2026, 3, 1), 2)[0], "concept:jwt");
        assert!(!ids(date(2026, 3, 1), cards.len()).contains(&"concept:cap".to_string()));
        let about = today(&cards, &progress, date(2026, 3, 2), &["Outbox".to_string()], 10);
        assert!(about.cards.iter().any(|card| card.id == "concept:outbox-pattern") && about.due == 0);
    }
}
