//! When a card is asked again: SM-2 (Woźniak, "Optimization of repetition spacing in the practice of learning", 1990).

use jiff::{ToSpan, civil::Date};

/// How an answer went, by whoever gave it. SM-2's qualities 1, 3, 4 and 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grade {
    Again,
    Hard,
    Good,
    Easy,
}

impl Grade {
    /// `a`, `again`, `1` and so on.
    pub fn parse(word: &str) -> Option<Grade> {
        match word.trim().to_lowercase().as_str() {
            "a" | "again" | "1" => Some(Grade::Again),
            "h" | "hard" | "2" => Some(Grade::Hard),
            "g" | "good" | "3" => Some(Grade::Good),
            "e" | "easy" | "4" => Some(Grade::Easy),
            _ => None,
        }
    }

    fn quality(self) -> f64 {
        match self {
            Grade::Again => 1.0,
            Grade::Hard => 3.0,
            Grade::Good => 4.0,
            Grade::Easy => 5.0,
        }
    }

    /// SM-2 asks again in the same session what was answered with less than four.
    pub fn is_asked_again(self) -> bool {
        self.quality() < 4.0
    }
}

/// What is remembered of a card.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Memory {
    /// Answers in a row that were right.
    pub repetitions: u32,
    /// Days from the last answer to the next question.
    pub interval: u32,
    /// The factor by which the interval grows; 1.3 at least.
    pub easiness: f64,
    pub due: Date,
}

const EASINESS: f64 = 2.5;
pub(super) const LEAST_EASINESS: f64 = 1.3;

/// A hundred years: nobody is asked later.
pub(super) const LONGEST: u32 = 36_500;

impl Memory {
    /// After an answer on a day. An answer that was wrong begins the repetitions anew and leaves the easiness, as in the
    /// original; intervals are 1 day, 6 days, then the last times the easiness, rounded up.
    pub fn after(before: Option<Memory>, grade: Grade, day: Date) -> Memory {
        let before = before.unwrap_or(Memory { repetitions: 0, interval: 0, easiness: EASINESS, due: day });
        let quality = grade.quality();
        let (repetitions, interval, easiness) = if quality < 3.0 {
            (1, 1, before.easiness)
        } else {
            let interval = match before.repetitions {
                0 => 1,
                1 => 6,
                _ => (f64::from(before.interval) * before.easiness).ceil().min(f64::from(LONGEST)) as u32,
            };
            let lack = 5.0 - quality;
            let easiness = before.easiness + (0.1 - lack * (0.08 + lack * 0.02));
            (before.repetitions.saturating_add(1), interval, easiness.max(LEAST_EASINESS))
        };
        let due = day.checked_add(i64::from(interval).days()).unwrap_or(Date::MAX);
        Memory { repetitions, interval, easiness, due }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{Grade, LONGEST, Memory};

    /// The published formula, with its qualities from 0 to 5.
    fn published(easiness: f64, quality: f64) -> f64 {
        (easiness - 0.8 + 0.28 * quality - 0.02 * quality * quality).max(1.3)
    }

    #[test]
    fn easiness_and_intervals_are_those_published() {
        let day = date(2026, 3, 1);
        let mut memory = None;
        let mut intervals = Vec::new();
        for _ in 0..5 {
            let next = Memory::after(memory, Grade::Good, day);
            let before = memory.map_or(2.5, |memory: Memory| memory.easiness);
            assert!((next.easiness - published(before, 4.0)).abs() < 1e-9);
            intervals.push(next.interval);
            memory = Some(next);
        }
        // 4 leaves 2.5 as it is: 6 x 2.5 = 15, 15 x 2.5 = 37.5, 38 x 2.5 = 95.
        assert_eq!(intervals, [1, 6, 15, 38, 95]);
        for (grade, quality) in [(Grade::Hard, 3.0), (Grade::Easy, 5.0)] {
            let next = Memory::after(memory, grade, day);
            assert!((next.easiness - published(2.5, quality)).abs() < 1e-9);
        }
    }

    #[test]
    fn what_was_forgotten_begins_anew_and_stays_as_hard_as_it_was() {
        let day = date(2026, 3, 1);
        let known = Memory { repetitions: 4, interval: 38, easiness: 2.2, due: day };
        let forgotten = Memory::after(Some(known), Grade::Again, day);
        assert_eq!((forgotten.interval, forgotten.easiness, forgotten.due), (1, 2.2, date(2026, 3, 2)));
        // I(1) was this one; I(2) is six days.
        assert_eq!(Memory::after(Some(forgotten), Grade::Good, day).interval, 6);
    }

    #[test]
    fn intervals_and_easiness_have_bounds() {
        let mut memory = Memory::after(None, Grade::Easy, date(2026, 3, 1));
        for _ in 0..200 {
            memory = Memory::after(Some(memory), Grade::Easy, date(9999, 12, 31));
        }
        assert!(memory.interval <= LONGEST && memory.easiness.is_finite());
        for _ in 0..200 {
            memory = Memory::after(Some(memory), Grade::Hard, date(2026, 3, 1));
        }
        assert_eq!(memory.easiness, 1.3);
    }
}
