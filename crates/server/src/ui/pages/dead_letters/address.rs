//! Which dead letters are shown, and which are meant to be put through again.

use cresset_model::batch::Reason;
use cresset_model::dead_letter::DeadLetterFilter;
use cresset_model::{DeadLetterId, SourceId};

use crate::form;
use crate::ui::visit::Visit;

/// Whether a redrive has succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// Those that wait.
    Open,
    /// Those that became alerts.
    Resolved,
    /// Both.
    All,
}

impl Shown {
    /// All of them.
    pub(super) const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::Open, "open", "Waiting"),
        (Self::Resolved, "resolved", "Resolved"),
        (Self::All, "all", "All"),
    ];
}

/// Which ones a redrive is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meant {
    /// This one.
    One(DeadLetterId),
    /// All that match and wait.
    All,
}

/// The address of the page as a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) source: Option<String>,
    pub(super) reason: Option<Reason>,
    pub(super) shown: Shown,
    pub(super) before: Option<u64>,
    /// What a dry run looks at.
    pub(super) meant: Option<Meant>,
}

impl Address {
    /// Reads the parameters; what makes no sense chooses nothing.
    pub(super) fn read(visit: &Visit) -> Self {
        let state = visit.text("state");
        let shown = Shown::ALL.into_iter().find(|(_, word, _)| *word == state);
        Self {
            source: Some(visit.text("source").to_owned()).filter(|source| !source.is_empty()),
            reason: Reason::from_code(visit.text("reason")),
            shown: shown.map_or(Shown::Open, |(shown, ..)| shown),
            before: visit.text("before").parse().ok(),
            meant: Meant::read(visit.text("try")),
        }
    }

    /// What the store is asked for.
    pub(super) fn filter(&self) -> DeadLetterFilter {
        DeadLetterFilter {
            source: self.source.as_deref().map(SourceId::new),
            reason: self.reason,
            resolved: match self.shown {
                Shown::Open => Some(false),
                Shown::Resolved => Some(true),
                Shown::All => None,
            },
        }
    }

    /// Whether source or reason are chosen.
    pub(super) fn is_narrowed(&self) -> bool {
        self.source.is_some() || self.reason.is_some()
    }

    /// The parameters.
    pub(super) fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        let shown = Shown::ALL
            .into_iter()
            .find(|(shown, ..)| *shown == self.shown);
        if let Some((_, word, _)) = shown {
            pairs.push(("state", word.to_owned()));
        }
        if let Some(source) = &self.source {
            pairs.push(("source", source.clone()));
        }
        if let Some(reason) = self.reason {
            pairs.push(("reason", reason.as_str().to_owned()));
        }
        if let Some(before) = self.before {
            pairs.push(("before", before.to_string()));
        }
        match self.meant {
            Some(Meant::All) => pairs.push(("try", "all".to_owned())),
            Some(Meant::One(id)) => pairs.push(("try", id.to_string())),
            None => {}
        }
        pairs
    }

    /// The address.
    pub(super) fn href(&self) -> String {
        let pairs: Vec<String> = self
            .pairs()
            .iter()
            .map(|(name, value)| format!("{name}={}", form::encode(value)))
            .collect();
        format!("/ui/dead-letters?{}", pairs.join("&"))
    }

    /// The same with others shown, from the beginning.
    pub(super) fn showing(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut changed = Self {
            before: None,
            meant: None,
            ..self.clone()
        };
        change(&mut changed);
        changed
    }

    /// The same with others meant.
    pub(super) fn meaning(&self, meant: Option<Meant>) -> Self {
        Self {
            meant,
            ..self.clone()
        }
    }
}
