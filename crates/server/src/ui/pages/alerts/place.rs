//! Where the reader is in the list: what is chosen, which alert is open, and how far down.

use cresset_model::alert::Seq;
use cresset_model::{AlertId, Timestamp};

use crate::ui::selection::Selection;
use crate::ui::visit::Visit;

/// The address of the list as a value.
#[derive(Debug, Clone)]
pub(in crate::ui::pages) struct Place {
    /// What is chosen.
    pub(in crate::ui::pages) selection: Selection,
    /// The alert beside the list.
    pub(in crate::ui::pages) open: Option<AlertId>,
    /// Only alerts that arrived before this one.
    pub(in crate::ui::pages) before: Option<Seq>,
    /// The time.
    pub(in crate::ui::pages) now: Timestamp,
}

impl Place {
    /// Reads the address.
    pub(in crate::ui::pages) fn read(visit: &Visit, now: Timestamp) -> Self {
        Self {
            selection: Selection::read(visit, now),
            open: visit.text("open").parse().ok(),
            before: visit.text("before").parse().ok(),
            now,
        }
    }

    /// The part behind `?`.
    pub(in crate::ui::pages) fn query(&self) -> String {
        let before = self.before.map(|before| format!("&before={before}"));
        let open = self.open.map(|open| format!("&open={open}"));
        self.selection.query() + &before.unwrap_or_default() + &open.unwrap_or_default()
    }

    /// The address.
    pub(in crate::ui::pages) fn href(&self) -> String {
        format!("/ui/alerts?{}", self.query())
    }

    /// The same with another selection, from its beginning.
    pub(in crate::ui::pages) fn choosing(&self, selection: Selection) -> Self {
        Self {
            selection,
            before: None,
            ..self.clone()
        }
    }

    /// The same with another alert open, or none.
    pub(in crate::ui::pages) fn opening(&self, open: Option<AlertId>) -> Self {
        Self {
            open,
            ..self.clone()
        }
    }

    /// The same further down, or from the beginning.
    pub(in crate::ui::pages) fn going(&self, before: Option<Seq>) -> Self {
        Self {
            before,
            ..self.clone()
        }
    }
}
