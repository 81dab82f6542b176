//! Faults, collected in any order and given back in the order of the file.

use std::cell::{Cell, RefCell};
use std::fmt;

use super::Place;

/// Faults that are kept; of further ones only the number is known.
pub const FAULTS_MAX: usize = 200;

/// Something in a configuration that cannot be accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where it begins; `None` if the file as a whole is meant.
    pub place: Option<Place>,
    /// What is wrong, lower case, no full stop.
    pub message: String,
    /// What to do instead.
    pub hint: Option<String>,
    /// How much of its line may be shown.
    pub shown: Shown,
}

/// How much of a faulty line may be shown: a secret may stand in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// The whole line.
    Line,
    /// What stands before this column: behind it is a value that nobody has read.
    Before(u32),
    /// Nothing.
    Nothing,
}

impl Fault {
    /// A fault at a place.
    pub fn at(place: Place, message: impl Into<String>) -> Self {
        Self {
            place: Some(place),
            message: message.into(),
            hint: None,
            shown: Shown::Line,
        }
    }

    /// The same fault with what to do instead.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same fault of a key, whose value is not shown.
    #[must_use]
    pub fn of_key(mut self, key: &str) -> Self {
        if let Some(place) = self.place {
            let width = u32::try_from(key.chars().count()).unwrap_or(u32::MAX);
            self.shown = Shown::Before(place.column.saturating_add(width));
        }
        self
    }

    /// The same fault, whose line is not shown.
    #[must_use]
    pub fn concealed(mut self) -> Self {
        self.shown = Shown::Nothing;
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) if self.message.ends_with('?') => write!(f, " {hint}"),
            Some(hint) => write!(f, ": {hint}"),
            None => Ok(()),
        }
    }
}

/// The collector. Several sections of one file report to it at the same time.
#[derive(Debug, Default)]
pub struct Diagnostics {
    faults: RefCell<Vec<Fault>>,
    omitted: Cell<usize>,
}

impl Diagnostics {
    /// A collector without faults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a fault; beyond [`FAULTS_MAX`] it is only counted.
    pub fn report(&self, fault: Fault) {
        let mut faults = self.faults.borrow_mut();
        if faults.len() < FAULTS_MAX {
            faults.push(fault);
        } else {
            self.omitted.set(self.omitted.get() + 1);
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.faults.borrow().is_empty()
    }

    /// The kept faults in the order of the file, and the number of those that were not kept.
    pub fn into_faults(self) -> (Vec<Fault>, usize) {
        let mut faults = self.faults.into_inner();
        faults.sort_by_key(|fault| fault.place);
        (faults, self.omitted.get())
    }
}
