//! Names that other parts of the file refer to.

use cresset_model::config::{Fault, FromScalar, Misfit, Place, Section, nearest, quote};

/// Characters of a name.
const NAME_CHARS_MAX: usize = 64;

/// A name of a pipeline, a list or a receiver, or the identity of a pipeline.
pub(super) struct Name(pub(super) String);

impl FromScalar for Name {
    const KIND: &'static str = "a name";
    const HINT: &'static str = NAME_HINT;

    fn from_scalar(text: &str) -> Result<Self, Misfit> {
        if is_name(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Misfit::kind())
        }
    }
}

/// How a name is written.
pub(super) const NAME_HINT: &str = "use 1 to 64 lower-case letters, digits, dashes and underscores";

/// Whether a text can be a name.
pub(super) fn is_name(text: &str) -> bool {
    (1..=NAME_CHARS_MAX).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte))
}

/// The names of one kind, faulty entries included: whoever names one of them is not at fault.
#[derive(Debug)]
pub(super) struct Names {
    /// What they name, such as `list`.
    kind: &'static str,
    /// What to write where there is none.
    define: &'static str,
    known: Vec<(String, Place)>,
}

impl Names {
    pub(super) fn new(kind: &'static str, define: &'static str) -> Self {
        Self {
            kind,
            define,
            known: Vec::new(),
        }
    }

    /// Takes a name in; gives the place of the first that is the same.
    pub(super) fn insert(&mut self, name: &str, place: Place) -> Option<Place> {
        let first = self.known.iter().find(|(other, _)| other == name);
        let first = first.map(|(_, place)| *place);
        if first.is_none() {
            self.known.push((name.to_owned(), place));
        }
        first
    }

    /// Reports a name that names nothing.
    pub(super) fn check(&self, section: &Section<'_>, name: &str, place: Place) {
        if self.known.iter().any(|(other, _)| other == name) {
            return;
        }
        let kind = self.kind;
        let mut message = format!("unknown {kind} {}", quote(name));
        let known: Vec<&str> = self.known.iter().map(|(name, _)| name.as_str()).collect();
        if let Some(meant) = nearest(name, &known) {
            message = format!("{message}: did you mean {}?", quote(meant));
        }
        let hint = if known.is_empty() {
            format!("no {kind} is defined, {}", self.define)
        } else {
            format!("defined here: {}", known.join(", "))
        };
        section.report(Fault::at(place, message).hint(hint));
    }
}
