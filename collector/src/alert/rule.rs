//! A rule that can be evaluated.

use std::collections::BTreeMap;
use std::time::Duration;

use super::quantity::Unit;
use super::state::Condition;
use super::template::Template;
use crate::store::query::{GroupBy, Measure};

/// What an alert watches, when it fires, and what it says.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its name (`alert`), unique in the file; with its group it identifies an alert.
    pub(crate) name: String,
    pub(crate) measure: Measure,
    pub(crate) app: Option<String>,
    pub(crate) page: Option<String>,
    pub(crate) group_by: GroupBy,
    /// How far back it looks, by arrival.
    pub(crate) window: Duration,
    pub(crate) condition: Condition,
    /// With `severity`, and what `where` names.
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) annotations: BTreeMap<String, Template>,
}

impl Rule {
    /// The rule's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) const fn unit(&self) -> Unit {
        Unit::of(self.measure)
    }

    /// The names of the labels that tell its groups apart.
    pub(crate) const fn dimensions(&self) -> &'static [&'static str] {
        match self.group_by {
            GroupBy::Nothing => &[],
            GroupBy::Page => &["page"],
        }
    }
}
