//! What becomes of requests that wait in one line for longer than their callers do.

/// A crowd in front of one server, as a fluid: all come evenly over a span, are served in the order in which they came,
/// and those who have given up are served all the same, for nothing.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    pub count: f64,
    /// Requests that each of them makes.
    pub each: f64,
    /// Seconds.
    pub span: f64,
    /// Requests a second; above zero.
    pub capacity: f64,
}

impl Line {
    /// Until the last one is served, from the moment when the first one came.
    pub fn drain(self) -> f64 {
        self.count * self.each / self.capacity
    }

    /// How long the one who comes last waits, who waits longest; none wait where they come more slowly than they are served.
    pub fn longest_wait(self) -> f64 {
        (self.drain() - self.span).max(0.0)
    }

    /// How many have given up by the time that they are served. The wait grows evenly from nothing to the longest.
    pub fn late(self, patience: f64) -> f64 {
        let longest = self.longest_wait();
        if longest <= patience { 0.0 } else { self.count * (1.0 - patience / longest) }
    }

    /// Whether those who were served too late, and come again so long after they gave up, never get in.
    ///
    /// Two things are enough. In the time in which each of them comes once more, they bring more work than is done; and
    /// when the first second tries come, the line is still longer than anybody waits. Then it is so at every later moment,
    /// so that none of them is ever served in time.
    pub fn never_ends(self, patience: f64, again: f64) -> bool {
        let late = self.late(patience);
        let cycle = patience + again;
        if late <= 0.0 || late * self.each <= self.capacity * cycle {
            return false;
        }
        // The moment from which on they wait too long, and the line at the moment when all of those have come again.
        let from = self.span * patience / self.longest_wait();
        self.drain() - (from + cycle) >= patience
    }
}

#[cfg(test)]
mod tests {
    use super::Line;

    #[test]
    fn worked_by_hand() {
        // 5,000 in a second, 500 are served: the last waits 9 s, and who came after 2/9 s waited more than 2 s.
        let line = Line { count: 5_000.0, each: 1.0, span: 1.0, capacity: 500.0 };
        assert_eq!((line.drain(), line.longest_wait()), (10.0, 9.0));
        assert!((line.late(2.0) - 5_000.0 * 7.0 / 9.0).abs() < 1e-9);
        // 3,889 come again every 3 s: 1,296 a second.
        assert!(line.never_ends(2.0, 1.0));
        // Every 20 s that is 177 a second.
        assert!(!line.never_ends(2.0, 18.0));
        assert!(!line.never_ends(9.0, 0.0));
    }
}
