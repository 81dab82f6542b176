//! A scenario on stage: hostile answers one after the other, then an upstream that tells everything.

use std::time::Duration;

use bytes::Bytes;
use cresset_model::Timestamp;

use super::book::Book;
use super::wire::Wire;

/// What an answer may depend on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment<'a> {
    /// When it is given.
    pub(super) now: Timestamp,
    /// What a kind upstream would send as its body.
    pub(super) body: &'a Bytes,
}

type Does = Box<dyn Fn(Moment<'_>) -> Wire + Send + Sync>;

/// A hostile answer to one request.
pub(super) struct Act {
    does: Does,
    /// A phrase by which the failure must be told.
    pub(super) told: Option<&'static str>,
    /// How long the client must stay away after it.
    pub(super) wait: Option<Duration>,
    /// Whether the client takes it as if nothing were wrong.
    pub(super) is_taken: bool,
}

impl Act {
    /// Does what depends on the moment.
    pub(super) fn new(does: impl Fn(Moment<'_>) -> Wire + Send + Sync + 'static) -> Self {
        Self {
            does: Box::new(does),
            told: None,
            wait: None,
            is_taken: false,
        }
    }

    /// Sends the same to everybody.
    pub(super) fn send(wire: Wire) -> Self {
        Self::new(move |_| wire.clone())
    }

    /// Sends the page in a disguise that must not matter.
    pub(super) fn taken(disguise: impl Fn(&Bytes) -> Wire + Send + Sync + 'static) -> Self {
        let mut act = Self::new(move |moment| disguise(moment.body));
        act.is_taken = true;
        act
    }

    /// The same, told by a phrase.
    #[must_use]
    pub(super) fn told(mut self, phrase: &'static str) -> Self {
        self.told = Some(phrase);
        self
    }

    /// The same, after which the client must stay away for a while.
    #[must_use]
    pub(super) fn wait(mut self, wait: Duration) -> Self {
        self.wait = Some(wait);
        self
    }

    pub(super) fn wire(&self, moment: Moment<'_>) -> Wire {
        (self.does)(moment)
    }
}

/// How a scenario ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    /// After its acts it tells everything.
    Kind,
    /// Its last act goes on for ever: nothing is ever usable.
    Never,
}

/// By which marks an upstream knows again what a client has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marks {
    /// By none.
    None,
    /// By entity tags that change with the content.
    Honest,
    /// By tags and times that stay as they are whatever happens; it believes them itself.
    Stale,
}

/// A scenario on stage.
pub(super) struct Play {
    pub(super) acts: Vec<Act>,
    pub(super) book: Book,
    pub(super) ends: Ends,
    /// Lines of the source's configuration that it needs.
    pub(super) settings: Vec<&'static str>,
    /// Whether no alert may ever count as changed.
    pub(super) is_unchanging: bool,
    /// What kind answers are marked with.
    pub(super) marks: Marks,
    /// What must have been told beside the errors of the acts.
    pub(super) told: Vec<&'static str>,
}

impl Play {
    /// An upstream that is kind from the beginning.
    pub(super) fn of(book: Book) -> Self {
        Self {
            acts: Vec::new(),
            book,
            ends: Ends::Kind,
            settings: Vec::new(),
            is_unchanging: false,
            marks: Marks::None,
            told: Vec::new(),
        }
    }

    /// The same after hostile answers.
    #[must_use]
    pub(super) fn after(mut self, acts: Vec<Act>) -> Self {
        self.acts = acts;
        self
    }

    /// The same, in which something else must be told.
    #[must_use]
    pub(super) fn telling(mut self, phrase: &'static str) -> Self {
        self.told.push(phrase);
        self
    }

    /// The same with a line of configuration.
    #[must_use]
    pub(super) fn with(mut self, setting: &'static str) -> Self {
        self.settings.push(setting);
        self
    }
}
