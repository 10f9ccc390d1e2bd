//! What somebody remembers, as the text of a file.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::schedule::{LEAST_EASINESS, LONGEST};
use super::{Grade, Memory};
use crate::kept::{self, Kept, Unreadable};

const VERSION: u64 = 1;

/// By the id of a card. Cards that are no more are kept: a later program may have them again.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Progress {
    pub cards: BTreeMap<String, Memory>,
}

#[derive(Serialize, Deserialize)]
struct Text {
    version: u64,
    cards: BTreeMap<String, Row>,
}

#[derive(Serialize, Deserialize)]
struct Row {
    repetitions: u32,
    interval: u32,
    easiness: f64,
    due: String,
}

impl Kept for Progress {
    const NAME: &'static str = "quiz";

    fn read(text: &str) -> Result<Progress, Unreadable> {
        let text: Text = kept::read(text, VERSION)?;
        let mut cards = BTreeMap::new();
        for (id, row) in text.cards {
            let due: Date =
                row.due.parse().map_err(|_| Unreadable::Broken(format!("`{}` is no day", row.due)))?;
            // Whoever edits the file by hand may write what no schedule gives.
            let easiness = row.easiness.clamp(LEAST_EASINESS, 10.0);
            let interval = row.interval.min(LONGEST);
            cards.insert(id, Memory { repetitions: row.repetitions, interval, easiness, due });
        }
        Ok(Progress { cards })
    }

    fn text(&self) -> String {
        let row = |memory: &Memory| Row {
            repetitions: memory.repetitions,
            interval: memory.interval,
            easiness: (memory.easiness * 1e6).round() / 1e6,
            due: memory.due.to_string(),
        };
        let cards = self.cards.iter().map(|(id, memory)| (id.clone(), row(memory))).collect();
        kept::text(&Text { version: VERSION, cards })
    }
}

impl Progress {
    /// Notes an answer. Returns when the card is next due.
    pub fn answered(&mut self, card: &str, grade: Grade, day: Date) -> Date {
        let memory = Memory::after(self.cards.get(card).copied(), grade, day);
        self.cards.insert(card.to_string(), memory);
        memory.due
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::Progress;
    use crate::kept::{Kept, Unreadable};
    use crate::quiz::Grade;

    #[test]
    fn what_is_written_is_read() {
        let mut progress = Progress::default();
        assert_eq!(progress.answered("concept:cap", Grade::Good, date(2026, 3, 1)), date(2026, 3, 2));
        progress.answered("concept:jwt", Grade::Hard, date(2026, 3, 1));
        assert_eq!(Progress::read(&progress.text()), Ok(progress));
    }

    #[test]
    fn other_texts_are_refused() {
        assert!(matches!(Progress::read(""), Err(Unreadable::Broken(_))));
        assert!(matches!(Progress::read("{\"version\": 1, \"cards\": 7}"), Err(Unreadable::Broken(_))));
        assert_eq!(Progress::read("{\"version\": 2, \"cards\": 7}"), Err(Unreadable::Newer(2)));
        let text = "{\"version\":1,\"cards\":{\"a\":{\"repetitions\":1,\"interval\":1,\"easiness\":2.5,\"due\":\"soon\"}}}";
        assert_eq!(Progress::read(text), Err(Unreadable::Broken("`soon` is no day".to_string())));
    }
}
