//! What a design is judged by, as arguments: those of every command that says what a review says.

use jiff::civil::Date;

use super::output::Trouble;
use super::terminal::Color;
use super::{Size, packs};
use crate::review::Reviewer;
use crate::rubric::Scale;
use crate::settings::Settings;

/// Settings of rules are no part of it: whoever is examined has none.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Judging {
    /// Judge by this problem, whatever the design says it solves
    #[arg(long, value_name = "ID")]
    problem: Option<String>,
    /// The scale of the problem
    #[arg(long, value_enum, value_name = "SCALE")]
    at: Option<Size>,
    /// The day on which `allow … until` is judged, as 2027-01-31; today where not given
    #[arg(long, value_name = "DATE")]
    today: Option<Date>,
    #[command(flatten)]
    packs: packs::Folder,
}

/// The same, once the problems are read and the one that is named is among them.
pub(super) struct Judge {
    pub packs: packs::Loaded,
    problem: Option<String>,
    scale: Option<Scale>,
    today: Option<Date>,
}

impl Judging {
    pub fn load(&self, color: Color) -> Result<Judge, Trouble> {
        let packs = self.packs.load(color)?;
        if let Some(problem) = &self.problem {
            packs.find(problem)?;
        }
        let scale = self.at.map(Size::scale);
        Ok(Judge { packs, problem: self.problem.clone(), scale, today: self.today })
    }
}

impl Judge {
    /// By one problem, at one scale; today where no day is given.
    pub fn by(packs: packs::Loaded, problem: &str, scale: Scale, today: Option<Date>) -> Judge {
        Judge { packs, problem: Some(problem.to_string()), scale: Some(scale), today }
    }

    /// For one look: where no day was named, the next may be on another.
    pub fn reviewer<'a>(&'a self, settings: &'a Settings, gains: bool) -> Reviewer<'a> {
        Reviewer {
            packs: self.packs.packs(),
            settings,
            problem: self.problem.as_deref(),
            scale: self.scale,
            today: self.today.unwrap_or_else(|| jiff::Zoned::now().date()),
            gains,
        }
    }
}
