//! A drill that is being answered, part by part: what stops, what slows down, what gets more than it carries.

use std::ops::Range;

use super::super::drill::Posed;
use super::choice::Choice;
use super::panel::{block, under};
use crate::practice::drill::Said;
use crate::report::{Style, practice};
use crate::screen::Key;

pub struct Drilling {
    pub posed: Box<Posed>,
    part: Part,
    stops: Choice,
    slows: Choice,
    breaks: Choice,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Stops,
    Slows,
    Breaks,
}

/// What a key made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pressed {
    GoesOn,
    /// Back, from the first part.
    Leaves,
    /// On, from the last.
    Answers,
}

impl Drilling {
    pub fn new(posed: Box<Posed>) -> Drilling {
        let (flows, nodes) = (posed.drill.after.flows.len(), posed.drill.choices.len());
        let [stops, slows, breaks] = [flows, flows, nodes].map(Choice::new);
        Drilling { posed, part: Part::Stops, stops, slows, breaks }
    }

    pub fn press(&mut self, key: Key) -> Pressed {
        let choice = match self.part {
            Part::Stops => &mut self.stops,
            Part::Slows => &mut self.slows,
            Part::Breaks => &mut self.breaks,
        };
        let here = choice.here().filter(|_| key == Key::Char(' '));
        match (choice.named(key).or(here), key) {
            (Some(at), _) => choice.toggle(at),
            (None, Key::Enter) => return self.goes_on(),
            (None, Key::Escape | Key::Char('q')) => return self.goes_back(),
            (None, key) => choice.turn(key),
        }
        Pressed::GoesOn
    }

    fn goes_on(&mut self) -> Pressed {
        self.part = match self.part {
            Part::Stops => {
                // What stops cannot slow down as well.
                self.slows.shut = self.stops.chosen.clone();
                self.slows.chosen = self.slows.chosen.difference(&self.slows.shut).copied().collect();
                Part::Slows
            }
            Part::Slows if !self.posed.drill.choices.is_empty() => Part::Breaks,
            _ => return Pressed::Answers,
        };
        Pressed::GoesOn
    }

    fn goes_back(&mut self) -> Pressed {
        self.part = match self.part {
            Part::Stops => return Pressed::Leaves,
            Part::Slows => Part::Stops,
            Part::Breaks => Part::Slows,
        };
        Pressed::GoesOn
    }

    pub fn said(&self) -> Said {
        let Drilling { stops, slows, breaks, .. } = self;
        Said { stops: stops.chosen.clone(), slows: slows.chosen.clone(), breaks: breaks.chosen.clone() }
    }

    /// Its lines, and which of them must be in sight.
    pub fn body(&self, style: Style) -> (Vec<String>, Range<usize>) {
        let Posed { design, drill } = &*self.posed;
        let parts = if drill.choices.is_empty() { 2 } else { 3 };
        let plain = Style { color: false, ..style };
        let (nth, asks, choice) = match self.part {
            Part::Stops => (1, "Which flows stop?", &self.stops),
            Part::Slows => (2, "Which slow down?", &self.slows),
            Part::Breaks => (3, "Which nodes get more than they carry?", &self.breaks),
        };
        let names = match self.part {
            Part::Breaks => practice::nodes(design, drill, plain),
            _ => practice::flows(design, drill, plain),
        };
        let none = if choice.chosen.is_empty() { "Enter for none of them" } else { "Enter when done" };
        let asks = format!("{nth} of {parts}: {asks} {none}.");
        let head = format!("{}\n\n{}\n", practice::lost(design, drill, style), block(&asks, style));
        under(&head, choice.lines(&names, true, style))
    }
}
