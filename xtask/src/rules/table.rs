//! The table of requirements, `docs/rules.json`: what each asks for, where its value lives, how it is shown.
use serde::Deserialize;

use super::number::Number;
use super::tree::Tree;
use crate::run::{Outcome, Problem};

/// Where the table is.
pub(crate) const PATH: &str = "docs/rules.json";

/// The whole table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    /// Numbers that code may name though this table leaves them out: `R-068..R-095`, both ends included.
    elsewhere: Vec<String>,
    /// The requirements by subject.
    pub(crate) sections: Vec<Section>,
}

/// The requirements of one subject.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Section {
    /// The subject, with its letter.
    pub(crate) title: String,
    /// Its requirements.
    pub(crate) rules: Vec<Rule>,
}

/// One requirement.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    /// Its number.
    pub(crate) id: Number,
    /// Who keeps it: core, gateway, ui.
    pub(crate) side: String,
    /// Where its values live in the policy bundle.
    pub(crate) policy: Vec<String>,
    /// How it is shown.
    pub(crate) shown: Shown,
    /// What it asks for, in one sentence.
    pub(crate) rule: String,
}

/// How a requirement is shown, or why it is not; every reason is printed.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Shown {
    /// By at least one test or scenario.
    Tests,
    /// It is a statistic, a wish or an advice that no code can keep.
    NotEnforceable(String),
    /// It is a matter of the screens alone.
    Screens(String),
    /// It is not part of this step.
    Later(String),
}

impl Table {
    /// Reads the table of a tree.
    pub(crate) fn read(tree: &Tree) -> Outcome<Self> {
        serde_json::from_str(tree.text(PATH)?).map_err(|error| Problem::Failed(format!("{PATH}: {error}")))
    }

    /// Every row.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.sections.iter().flat_map(|section| &section.rules)
    }

    /// Whether code may name this number.
    pub(crate) fn knows(&self, number: Number) -> bool {
        let elsewhere = self.elsewhere.iter().filter_map(|range| {
            let (first, last) = range.split_once("..")?;
            Some(Number::parse(first)?..=Number::parse(last)?)
        });
        self.rules().any(|rule| rule.id == number) || elsewhere.into_iter().any(|range| range.contains(&number))
    }
}
