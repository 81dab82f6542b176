//! A record that was read, by the names of its fields.

use cresset_model::text::{Place, Text};

use super::{Field, ScanScratch};

/// What all records of a shape have in common beyond their structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Traits {
    /// Whether a key is one of the watched names.
    pub(crate) watched: bool,
    /// Whether line breaks lie between the tokens.
    pub(crate) line_breaks: bool,
}

/// A record that was read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record<'a> {
    /// Its text as received.
    pub(crate) text: &'a str,
    keys: &'a str,
    /// Its top-level fields, in the order they came.
    pub(crate) fields: &'a [Field],
    pub(crate) traits: Traits,
}

impl<'a> Record<'a> {
    /// The fields found in the last scan, which was one of `text`; after a fault those before it.
    pub(crate) fn of(text: &'a str, scratch: &'a ScanScratch) -> Self {
        Self {
            text,
            keys: &scratch.arena,
            fields: &scratch.fields,
            traits: scratch.traits,
        }
    }

    pub(crate) fn field(&self, name: &str) -> Option<Field> {
        self.fields
            .iter()
            .find(|field| self.key(field) == name.as_bytes())
            .copied()
    }

    pub(crate) fn key(&self, field: &Field) -> &'a [u8] {
        bytes_of(field.key, self.text.as_bytes(), self.keys)
    }

    /// The value as received; a string without its quotes.
    pub(crate) fn raw(&self, field: &Field) -> &'a str {
        self.text.get(field.value.range()).unwrap_or_default()
    }
}

pub(super) fn bytes_of<'a>(text: Text, record: &'a [u8], arena: &'a str) -> &'a [u8] {
    match text.place {
        Place::Received => text.span.of(record),
        Place::Arena => text.span.of(arena.as_bytes()),
    }
}
