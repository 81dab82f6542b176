//! Looks for the array of records within a top-level object, and checks the rest of that object.

use super::slice_error::{SliceError, describe_first, describe_object};
use super::unescape::{Nul, unescape};
use super::walk::{Walk, blanks};

/// Keys that a message names.
const SHOWN_KEYS_MAX: usize = 8;
/// Bytes of a key that are kept for comparison; a longer key matches no path.
const KEY_BYTES_MAX: usize = 1_024;

/// Where in an object the walk is.
#[derive(Debug, Clone, Copy)]
enum Place {
    KeyOrEnd,
    Key,
    InKey(Walk),
    Colon,
    Value,
    Skip(Walk),
    CommaOrEnd,
}

/// What the walk came upon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// Nothing yet.
    None,
    /// The array of records has been opened.
    ArrayBegins,
    /// The top-level object has been closed.
    Ended,
}

/// The walk through the objects on the configured path; without a path it only gathers the keys that the
/// error message names.
#[derive(Debug)]
pub(super) struct Seek {
    path: Vec<String>,
    /// The index of the part of the path that is looked for in the current object.
    level: usize,
    found: bool,
    place: Place,
    key: Vec<u8>,
    key_is_next: bool,
    shown: Vec<String>,
    more: bool,
}

impl Seek {
    pub(super) fn new(path: Option<&str>) -> Self {
        Self {
            path: path.map_or_else(Vec::new, |path| {
                path.split('.').map(str::to_owned).collect()
            }),
            level: 0,
            found: false,
            place: Place::KeyOrEnd,
            key: Vec::new(),
            key_is_next: false,
            shown: Vec::new(),
            more: false,
        }
    }

    pub(super) fn has_path(&self) -> bool {
        !self.path.is_empty()
    }

    /// The error for an answer that is `found`, neither the expected array nor an object.
    pub(super) fn not_the_records(&self, found: String) -> SliceError {
        if !self.has_path() {
            return SliceError::NotAnArray { found };
        }
        SliceError::NoRecords {
            path: self.path.join("."),
            place: self.place_name(self.level),
            found,
        }
    }

    /// The error when the answer ends within the object, if it says more than that it is cut off.
    pub(super) fn ended_early(&self) -> Option<SliceError> {
        (!self.has_path()).then(|| self.not_the_records(describe_object(&self.shown, true)))
    }

    /// The array has been closed; the rest of the object is checked.
    pub(super) fn array_ended(&mut self) {
        self.found = true;
        self.place = Place::CommaOrEnd;
    }

    /// Walks on by at least a byte; `offset` is the place of `bytes` in the answer.
    pub(super) fn step(&mut self, bytes: &[u8], offset: u64) -> Result<(usize, Event), SliceError> {
        match self.place {
            Place::InKey(walk) => return self.in_key(walk, bytes),
            Place::Skip(walk) => return Ok((self.skip(walk, bytes), Event::None)),
            _ => {}
        }
        let skipped = blanks(bytes);
        let Some(&byte) = bytes.get(skipped) else {
            return Ok((skipped, Event::None));
        };
        let at = offset + skipped as u64;
        let unexpected = |expected| SliceError::Unexpected { expected, at };
        let mut event = Event::None;
        let mut taken = skipped + 1;
        match (self.place, byte) {
            (Place::KeyOrEnd | Place::CommaOrEnd, b'}') => event = self.close()?,
            (Place::KeyOrEnd | Place::Key, b'"') => {
                self.key.clear();
                self.place = Place::InKey(Walk::begin(byte));
                taken = skipped;
            }
            (Place::KeyOrEnd | Place::CommaOrEnd, b']') => {
                return Err(SliceError::MismatchedBracket {
                    bracket: ']',
                    records: 0,
                    at,
                });
            }
            (Place::KeyOrEnd | Place::Key, _) => return Err(unexpected("a key")),
            (Place::Colon, b':') => self.place = Place::Value,
            (Place::Colon, _) => return Err(unexpected("`:`")),
            (Place::CommaOrEnd, b',') => self.place = Place::Key,
            (Place::CommaOrEnd, _) => return Err(unexpected("`,` or `}`")),
            (_, b',' | b':' | b']' | b'}') => return Err(unexpected("a value")),
            _ => {
                event = self.value(byte, at)?;
                taken = skipped
                    + usize::from(
                        matches!(self.place, Place::KeyOrEnd) || event == Event::ArrayBegins,
                    );
            }
        }
        Ok((taken, event))
    }

    fn in_key(&mut self, mut walk: Walk, bytes: &[u8]) -> Result<(usize, Event), SliceError> {
        let walked = walk.advance(bytes);
        let room = KEY_BYTES_MAX.saturating_sub(self.key.len());
        let kept = bytes.get(..walked.taken.min(room)).unwrap_or_default();
        self.key.extend_from_slice(kept);
        self.place = Place::InKey(walk);
        if walked.done {
            self.place = Place::Colon;
            self.key_done()?;
        }
        Ok((walked.taken, Event::None))
    }

    fn key_done(&mut self) -> Result<(), SliceError> {
        let raw = String::from_utf8_lossy(&self.key);
        let raw = raw.strip_prefix('"').unwrap_or(&raw);
        let mut key = String::new();
        unescape(raw.strip_suffix('"').unwrap_or(raw), Nul::Keep, &mut key);
        self.key_is_next =
            self.key.len() < KEY_BYTES_MAX && self.path.get(self.level) == Some(&key);
        if self.shown.len() == SHOWN_KEYS_MAX {
            self.more = true;
        } else {
            self.shown.push(key);
        }
        // Without a path the keys are all that is wanted: no need to read on through a long answer.
        if self.more && !self.has_path() {
            return Err(self.not_the_records(describe_object(&self.shown, true)));
        }
        Ok(())
    }

    fn skip(&mut self, mut walk: Walk, bytes: &[u8]) -> usize {
        let walked = walk.advance(bytes);
        self.place = if walked.done {
            Place::CommaOrEnd
        } else {
            Place::Skip(walk)
        };
        walked.taken
    }

    fn value(&mut self, byte: u8, at: u64) -> Result<Event, SliceError> {
        if !self.key_is_next {
            self.place = Place::Skip(Walk::begin(byte));
            return Ok(Event::None);
        }
        if self.found {
            let path = self.path.get(..=self.level).unwrap_or_default().join(".");
            return Err(SliceError::RecordsTwice { path, at });
        }
        let last = self.level + 1 == self.path.len();
        match byte {
            b'[' if last => Ok(Event::ArrayBegins),
            b'{' if !last => {
                self.level += 1;
                self.shown.clear();
                self.more = false;
                self.place = Place::KeyOrEnd;
                Ok(Event::None)
            }
            _ => Err(SliceError::NoRecords {
                path: self.path.join("."),
                place: self.place_name(self.level + 1),
                found: describe_first(byte).to_owned(),
            }),
        }
    }

    fn close(&mut self) -> Result<Event, SliceError> {
        if !self.found {
            return Err(self.not_the_records(describe_object(&self.shown, self.more)));
        }
        self.place = Place::CommaOrEnd;
        match self.level.checked_sub(1) {
            None => Ok(Event::Ended),
            Some(outer) => {
                self.level = outer;
                Ok(Event::None)
            }
        }
    }

    fn place_name(&self, levels: usize) -> String {
        match self.path.get(..levels) {
            None | Some([]) => "the answer".to_owned(),
            Some(parts) => format!("`{}`", parts.join(".")),
        }
    }
}
