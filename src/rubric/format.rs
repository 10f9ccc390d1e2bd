//! The rubric file as TOML has it, before any name in it is looked up. Keys are explained at [`super::Condition`].

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::{Dimension, Level, Need, Scale};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub problem: String,
    /// Whose weights the points have.
    #[serde(default)]
    pub weights: Option<Level>,
    /// The scale meant where neither the design nor the command says.
    #[serde(default)]
    pub scale: Option<Scale>,
    #[serde(default)]
    pub numbers: BTreeMap<String, FigureEntry>,
    pub flow: Vec<FlowEntry>,
    pub criterion: Vec<CriterionEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FigureEntry {
    pub small: Option<Spanned<String>>,
    pub large: Option<Spanned<String>>,
    /// Where it comes from.
    #[allow(dead_code, reason = "for readers of the file")]
    pub from: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FlowEntry {
    pub id: String,
    /// Stops that its requests pass; a flow that does not is none.
    pub reaches: Vec<Spanned<String>>,
    /// It may be missing.
    #[serde(default)]
    pub optional: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CriterionEntry {
    pub id: Spanned<String>,
    pub dimension: Dimension,
    pub points: f64,
    pub need: Need,
    #[serde(default)]
    pub gates: Option<Spanned<Level>>,
    #[serde(default)]
    pub scale: Option<Scale>,
    pub ask: String,
    pub hints: Vec<String>,
    pub fix: String,
    /// All of these and, where there are any, one of `any`.
    #[serde(default)]
    pub all: Vec<Spanned<ConditionEntry>>,
    #[serde(default)]
    pub any: Vec<Spanned<ConditionEntry>>,
    /// Where the criterion is not met, one of these earns half of it.
    #[serde(default)]
    pub half: Vec<Spanned<ConditionEntry>>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct ConditionEntry {
    pub flow: Option<Spanned<String>>,
    pub path: Option<Vec<Spanned<String>>>,
    pub no_path: Option<Vec<Spanned<String>>>,
    pub node: Option<Spanned<String>>,
    pub hop: Option<Spanned<String>>,
    pub table: Option<Spanned<String>>,
    pub lookup: Option<Spanned<String>>,
    pub says: Option<Spanned<String>>,
    pub rate: Option<Spanned<String>>,
    pub stores: Option<Spanned<String>>,
    pub given: Option<Spanned<String>>,
    pub silent: Option<Vec<Spanned<String>>>,
    pub decisions: Option<usize>,
    pub outs: Option<usize>,
    pub nodes: Option<Spanned<String>>,
    pub all: Option<Vec<Spanned<ConditionEntry>>>,
    pub any: Option<Vec<Spanned<ConditionEntry>>>,
    pub none: Option<Vec<Spanned<ConditionEntry>>>,
    pub every: Option<bool>,
    pub has: Option<Spanned<String>>,
    pub is: Option<Vec<Spanned<String>>>,
    pub min: Option<Spanned<String>>,
    pub max: Option<Spanned<String>>,
    pub fields: Option<usize>,
    pub access: Option<Spanned<String>>,
    pub within: Option<f64>,
    pub at_most: Option<usize>,
}
