//! Reads one mapping key by key, reports every fault and goes on.

use std::ops::RangeInclusive;

use super::nearest;
use super::node::{Entry, Node, Place, Value};
use super::scalar::{FromScalar, Misfit, Ranged, quote};
use super::{Diagnostics, Fault};

/// One mapping that is being read. Every key that is asked for counts as valid;
/// [`Section::finish`] reports the others.
#[derive(Debug)]
pub struct Section<'a> {
    place: Place,
    entries: &'a [Entry],
    known: Vec<&'static str>,
    conceal: bool,
    diagnostics: &'a Diagnostics,
}

/// The component that a mapping with exactly one key chooses.
#[derive(Debug, Clone, Copy)]
pub struct Choice<'a> {
    /// Its name.
    pub name: &'static str,
    /// Where the name stands.
    pub place: Place,
    /// Its settings.
    pub node: &'a Node,
}

impl<'a> Section<'a> {
    /// Opens a node as a mapping; `name` is its key and `place` that key's place.
    pub fn open(
        name: &str,
        place: Place,
        node: &'a Node,
        diagnostics: &'a Diagnostics,
    ) -> Option<Self> {
        let Value::Mapping(entries) = &node.value else {
            if let Some(fault) = wrong_shape(name, node, "a mapping") {
                diagnostics.report(fault.hint("write its keys and values below it, indented"));
            }
            return None;
        };
        Some(Self {
            place,
            entries,
            known: Vec::new(),
            conceal: false,
            diagnostics,
        })
    }

    /// The same section, of whose faults neither values nor lines are shown: secrets may stand in it.
    #[must_use]
    pub fn concealed(mut self) -> Self {
        self.conceal = true;
        self
    }

    /// Where its key stands.
    pub fn place(&self) -> Place {
        self.place
    }

    /// Where the value of a key begins; without the key, where the section's own key stands.
    pub fn place_of(&self, key: &str) -> Place {
        let entry = self.entries.iter().find(|entry| entry.key == key);
        entry.map_or(self.place, |entry| entry.value.place)
    }

    /// Whether a key is given.
    pub fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == key)
    }

    /// Its keys and values, for a section whose keys are names that somebody chose.
    pub fn entries(&self) -> &'a [Entry] {
        self.entries
    }

    /// Whether a list without items is given.
    pub fn is_empty_list(&self, key: &str) -> bool {
        let entry = self.entries.iter().find(|entry| entry.key == key);
        entry.is_some_and(
            |entry| matches!(&entry.value.value, Value::Sequence(items) if items.is_empty()),
        )
    }

    /// Reports a fault of this section.
    pub fn report(&self, fault: Fault) {
        self.diagnostics.report(if self.conceal {
            fault.concealed()
        } else {
            fault
        });
    }

    /// The entry of a key, whose value may be of any kind.
    pub fn entry(&mut self, key: &'static str) -> Option<&'a Entry> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// A scalar that must be there; `about` says what it is, for the message that misses it.
    pub fn required<T: FromScalar>(&mut self, key: &'static str, about: &str) -> Option<T> {
        let Some(entry) = self.entry(key) else {
            self.missing(key, about);
            return None;
        };
        self.scalar(entry)
    }

    /// A scalar that may be absent.
    pub fn optional<T: FromScalar>(&mut self, key: &'static str) -> Option<T> {
        let entry = self.entry(key)?;
        self.scalar(entry)
    }

    /// A scalar that may be absent and must lie in a range.
    pub fn in_range<T: Ranged>(
        &mut self,
        key: &'static str,
        default: T,
        range: RangeInclusive<T>,
    ) -> T {
        let Some(value) = self.optional::<T>(key) else {
            return default;
        };
        if !range.contains(&value) {
            let message = format!("{} is out of range: {}", quote(key), value.show());
            let hint = format!(
                "from {} to {} are allowed",
                range.start().show(),
                range.end().show()
            );
            self.report(Fault::at(self.place_of(key), message).hint(hint));
        }
        value
    }

    /// One of a few words, if the key is there.
    pub fn word<T: Copy>(&mut self, key: &'static str, words: &[(&'static str, T)]) -> Option<T> {
        let entry = self.entry(key)?;
        self.word_item(key, &entry.value, words)
    }

    /// One of a few words, such as an item of a list; messages call it `name`.
    pub fn word_item<T: Copy>(
        &self,
        name: &str,
        node: &Node,
        words: &[(&'static str, T)],
    ) -> Option<T> {
        let text = self.text_of(name, node, "a word", &valid("valid values", words))?;
        let found = words.iter().find(|(word, _)| *word == text);
        if found.is_none() {
            let names = names(words);
            let fault = unknown(node.place, name, text, &names);
            self.report(fault.hint(list("valid values", &names)));
        }
        found.map(|(_, value)| *value)
    }

    /// A mapping below this one, if the key is there.
    pub fn section(&mut self, key: &'static str) -> Option<Section<'a>> {
        let entry = self.entry(key)?;
        let section = Section::open(&entry.key, entry.place, &entry.value, self.diagnostics)?;
        Some(Section {
            conceal: self.conceal,
            ..section
        })
    }

    /// The mappings under a key: one, or a list of them; none if the key is absent.
    pub fn one_or_more(&mut self, key: &'static str) -> Vec<Section<'a>> {
        let Some(entry) = self.entry(key) else {
            return Vec::new();
        };
        let (nodes, single) = match &entry.value.value {
            Value::Sequence(items) => (items.as_slice(), None),
            _ => (std::slice::from_ref(&entry.value), Some(entry.place)),
        };
        let open = |node: &'a Node| {
            let place = single.unwrap_or(node.place);
            let section = Section::open(key, place, node, self.diagnostics)?;
            Some(Section {
                conceal: self.conceal,
                ..section
            })
        };
        nodes.iter().filter_map(open).collect()
    }

    /// The items of a list; none if the key is absent.
    pub fn sequence(&mut self, key: &'static str) -> &'a [Node] {
        let Some(entry) = self.entry(key) else {
            return &[];
        };
        if let Value::Sequence(items) = &entry.value.value {
            return items;
        }
        if let Some(fault) = wrong_shape(key, &entry.value, "a list") {
            self.report(fault.hint("write [a, b] or one line for each item, with a dash"));
        }
        &[]
    }

    /// The one component that the mapping under a key chooses, if the key is there.
    pub fn one_of(&mut self, key: &'static str, names: &[&'static str]) -> Option<Choice<'a>> {
        let entry = self.entry(key)?;
        self.choose(key, entry.place, &entry.value, names)
    }

    /// The one component that a mapping with exactly one key chooses; `name` is the mapping's own key or
    /// what its list holds.
    pub fn choose(
        &self,
        name: &str,
        place: Place,
        node: &'a Node,
        names: &[&'static str],
    ) -> Option<Choice<'a>> {
        let hint = list("valid here", names);
        let Value::Mapping(entries) = &node.value else {
            if let Some(fault) = wrong_shape(name, node, "a mapping with one key") {
                self.report(fault.hint(hint));
            }
            return None;
        };
        let mut choice = None;
        for entry in entries {
            match names.iter().find(|known| **known == entry.key) {
                Some(known) => {
                    choice = Some(Choice {
                        name: known,
                        place: entry.place,
                        node: &entry.value,
                    });
                }
                None => {
                    self.report(unknown(entry.place, name, &entry.key, names).hint(&hint));
                }
            }
        }
        if entries.len() != 1 {
            let message = format!(
                "{} takes exactly one key, here are {}",
                quote(name),
                entries.len()
            );
            self.report(Fault::at(place, message).hint(hint));
            return None;
        }
        choice
    }

    /// The section of a chosen component.
    pub fn chosen(&self, choice: &Choice<'a>) -> Option<Section<'a>> {
        let section = Section::open(choice.name, choice.place, choice.node, self.diagnostics)?;
        Some(Section {
            conceal: self.conceal,
            ..section
        })
    }

    /// Reports that a key is missing.
    pub fn missing(&self, key: &str, about: &str) {
        let message = format!("missing key {}", quote(key));
        self.report(Fault::at(self.place, message).hint(about));
    }

    /// Ends the reading: keys that nobody asked for are unknown.
    pub fn finish(self) {
        for entry in self.entries {
            if !self.known.contains(&entry.key.as_str()) {
                let fault = unknown(entry.place, "key", &entry.key, &self.known);
                let hint = if self.known.is_empty() {
                    "it takes none".to_owned()
                } else {
                    list("valid keys here", &self.known)
                };
                self.report(fault.hint(hint));
            }
        }
    }

    /// Reads one scalar node of this section.
    pub fn scalar<T: FromScalar>(&self, entry: &Entry) -> Option<T> {
        self.item(&entry.key, &entry.value)
    }

    /// Reads a scalar, such as an item of a list; messages call it `name`.
    pub fn item<T: FromScalar>(&self, name: &str, node: &Node) -> Option<T> {
        let text = self.text_of(name, node, T::KIND, T::HINT)?;
        match T::from_scalar(text) {
            Ok(value) => Some(value),
            Err(misfit) => {
                self.report(self.misfit::<T>(name, node.place, text, misfit));
                None
            }
        }
    }

    fn misfit<T: FromScalar>(&self, name: &str, place: Place, text: &str, misfit: Misfit) -> Fault {
        let hidden = misfit.secret || self.conceal;
        let what = match misfit.message {
            Some(message) => message,
            None if hidden => format!("is not {}", T::KIND),
            None => format!("is not {}: {}", T::KIND, quote(text)),
        };
        let hint = misfit.hint.unwrap_or_else(|| T::HINT.to_owned());
        let fault = Fault::at(place, format!("{} {what}", quote(name))).hint(hint);
        if hidden { fault.concealed() } else { fault }
    }

    fn text_of<'n>(&self, name: &str, node: &'n Node, kind: &str, hint: &str) -> Option<&'n str> {
        match &node.value {
            Value::Scalar(scalar) if !node.is_null() => Some(&scalar.text),
            _ => {
                if let Some(fault) = wrong_shape(name, node, kind) {
                    self.report(fault.hint(hint));
                }
                None
            }
        }
    }
}

/// A node of another kind than expected; `None` if its fault is reported already.
fn wrong_shape(name: &str, node: &Node, expected: &str) -> Option<Fault> {
    let message = if node.is_null() {
        format!("{} has no value", quote(name))
    } else {
        format!("{} is {}, not {expected}", quote(name), node.kind())
    };
    let fault = Fault::at(node.place, message);
    match &node.value {
        Value::Faulty => None,
        Value::Scalar(_) if node.is_null() => Some(fault),
        // Whoever writes a value or a list where a mapping belongs may have written a secret there.
        _ => Some(fault.of_key("")),
    }
}

fn unknown(place: Place, kind: &str, word: &str, names: &[&'static str]) -> Fault {
    let mut message = format!("unknown {kind} {}", quote(word));
    if let Some(meant) = nearest(word, names) {
        message = format!("{message}: did you mean {}?", quote(meant));
    }
    Fault::at(place, message).of_key(word)
}

fn names<T>(words: &[(&'static str, T)]) -> Vec<&'static str> {
    words.iter().map(|(word, _)| *word).collect()
}

fn valid<T>(label: &str, words: &[(&'static str, T)]) -> String {
    list(label, &names(words))
}

fn list(label: &str, names: &[&str]) -> String {
    format!("{label}: {}", names.join(", "))
}

#[cfg(test)]
mod tests;
