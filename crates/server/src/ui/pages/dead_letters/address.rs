//! Which dead letters are shown, and which are meant to be put through again.

use cresset_model::batch::Reason;
use cresset_model::dead_letter::DeadLetterFilter;
use cresset_model::query::parse_instant;
use cresset_model::{DeadLetterId, SourceId, Timestamp};

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

/// A time as it was written, and what it means now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) text: String,
    pub(super) at: Timestamp,
}

impl Moment {
    /// Reads a time such as `-6h`.
    pub(super) fn read(text: &str, now: Timestamp) -> Option<Self> {
        let text = text.trim();
        let at = parse_instant("since", text, now).ok()?;
        Some(Self {
            text: text.to_owned(),
            at,
        })
    }
}

/// The address of the page as a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) source: Option<String>,
    pub(super) reason: Option<Reason>,
    pub(super) since: Option<Moment>,
    pub(super) until: Option<Moment>,
    pub(super) shown: Shown,
    pub(super) before: Option<u64>,
    /// What a dry run looks at.
    pub(super) meant: Option<Meant>,
}

impl Address {
    /// Reads the parameters; what makes no sense chooses nothing.
    pub(super) fn read(visit: &Visit, now: Timestamp) -> Self {
        let state = visit.text("state");
        let shown = Shown::ALL.into_iter().find(|(_, word, _)| *word == state);
        Self {
            source: Some(visit.text("source").to_owned()).filter(|source| !source.is_empty()),
            reason: Reason::from_code(visit.text("reason")),
            since: Moment::read(visit.text("since"), now),
            until: Moment::read(visit.text("until"), now),
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
            since: self.since.as_ref().map(|since| since.at),
            until: self.until.as_ref().map(|until| until.at),
        }
    }

    /// Whether source, reason or time are chosen.
    pub(super) fn is_narrowed(&self) -> bool {
        self.source.is_some() || self.reason.is_some() || self.is_timed()
    }

    /// Whether a time is chosen.
    pub(super) fn is_timed(&self) -> bool {
        self.since.is_some() || self.until.is_some()
    }

    /// The same with nothing chosen but the state.
    pub(super) fn cleared(&self) -> Self {
        self.showing(|changed| {
            (changed.source, changed.reason) = (None, None);
            (changed.since, changed.until) = (None, None);
        })
    }

    /// The same with its times fixed: what a command is about must be what was looked at.
    pub(super) fn fixed(&self) -> Self {
        let fix = |moment: &Option<Moment>| {
            moment.as_ref().map(|moment| Moment {
                text: moment.at.to_exact(),
                at: moment.at,
            })
        };
        Self {
            since: fix(&self.since),
            until: fix(&self.until),
            ..self.clone()
        }
    }

    /// Where the same dead letters can be had as a file.
    pub(super) fn export(&self) -> String {
        let mut pairs: Vec<String> = self
            .pairs()
            .iter()
            .filter(|(name, _)| ["source", "reason", "since", "until"].contains(name))
            .map(|(name, value)| format!("{name}={}", form::encode(value)))
            .collect();
        match self.shown {
            Shown::Open => pairs.push("resolved=false".to_owned()),
            Shown::Resolved => pairs.push("resolved=true".to_owned()),
            Shown::All => {}
        }
        format!("/api/v1/dead-letters/export?{}", pairs.join("&"))
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
        for (name, moment) in [("since", &self.since), ("until", &self.until)] {
            if let Some(moment) = moment {
                pairs.push((name, moment.text.clone()));
            }
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
