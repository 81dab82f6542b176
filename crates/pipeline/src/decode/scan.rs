//! Reads one record: checks all of it, and names its top-level fields without building anything.

use cresset_model::batch::Reason;
use cresset_model::limits::RecordLimits;
use cresset_model::text::{Place, Span, Text};

pub(crate) use self::record::Record;

use self::record::{Traits, bytes_of};
use self::shape::{Leaf, Shapes};
use super::fault::Fault;
use super::unescape::{Nul, unescape};
use crate::quote::{SHOWN_CHARS_MAX, quoted};

mod number;
mod record;
mod shape;
mod string;
#[cfg(test)]
mod tests;

/// Up to this many keys of an object are compared with each other, more are sorted.
const LINEAR_KEYS_MAX: usize = 16;

/// What a JSON value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Kind {
    #[default]
    Null,
    True,
    False,
    Number,
    String,
    Array,
    Object,
}

impl Kind {
    /// The value as messages name it.
    pub(crate) fn named(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::True => "true",
            Self::False => "false",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        }
    }
}

/// A top-level field of a record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    /// Its key, unescaped; in the record or in the scratch's arena.
    key: Text,
    pub(crate) kind: Kind,
    /// Its value as received, within the record; a string without its quotes.
    pub(crate) value: Span,
    /// Whether the value is a string with escapes in it.
    pub(crate) escaped: bool,
}

impl Field {
    /// Where the value ends in the record, the quote of a string included.
    pub(crate) fn end(&self) -> usize {
        self.value.range().end + usize::from(self.kind == Kind::String)
    }
}

/// Memory for one scan, kept from record to record.
#[derive(Debug, Default)]
pub(crate) struct ScanScratch {
    levels: Vec<Level>,
    keys: Vec<Key>,
    order: Vec<usize>,
    arena: String,
    fields: Vec<Field>,
    /// Every scalar value of the record, while its shape may be worth remembering.
    values: Vec<Leaf>,
    shapes: Shapes,
    watched: &'static [&'static str],
    traits: Traits,
}

impl ScanScratch {
    /// Names that are to be looked out for in the records that follow.
    pub(crate) fn watch(&mut self, names: &'static [&'static str]) {
        if self.watched != names {
            self.watched = names;
            self.shapes = Shapes::default();
        }
    }

    /// Forgets the last record, but for its shape.
    pub(crate) fn clear(&mut self) {
        self.levels.clear();
        self.keys.clear();
        self.arena.clear();
        self.fields.clear();
        self.values.clear();
        self.traits = Traits::default();
    }
}

/// A container that is open.
#[derive(Debug, Clone, Copy)]
struct Level {
    object: bool,
    /// Where its keys begin among all keys of open objects.
    keys_from: usize,
}

#[derive(Debug, Clone, Copy)]
struct Key {
    at: usize,
    text: Text,
}

/// The fault of a record of `full_bytes` bytes, more than `limit`.
pub(crate) fn too_large(full_bytes: u64, limit: usize) -> Fault {
    Fault::new(
        Reason::RecordTooLarge,
        format!("the record has {full_bytes} bytes, the limit is {limit}"),
    )
}

/// Checks that the bytes are UTF-8.
pub(crate) fn utf8(bytes: &[u8]) -> Result<&str, Fault> {
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        Fault::new(Reason::InvalidUtf8, format!("invalid UTF-8 at byte {at}"))
    })
}

/// Checks that `text` is one JSON value (RFC 8259) within the limits, without duplicate keys and with
/// numbers that fit a 64-bit float; if it is an object, its fields are in the scratch afterwards.
/// Offsets in messages count bytes of the record from 0.
pub(crate) fn scan(
    text: &str,
    limits: &RecordLimits,
    scratch: &mut ScanScratch,
) -> Result<Kind, Fault> {
    scratch.clear();
    let mut scan = Scan {
        text,
        bytes: text.as_bytes(),
        at: 0,
        limits,
        scratch,
        current: None,
        learns: false,
    };
    if scan.by_shape() {
        return Ok(Kind::Object);
    }
    let kind = scan.run()?;
    if kind == Kind::Object {
        let record = Record::of(text, scan.scratch);
        let is_watched = |field| {
            scan.scratch
                .watched
                .iter()
                .any(|name| name.as_bytes() == record.key(field))
        };
        scan.scratch.traits = Traits {
            watched: record.fields.iter().any(is_watched),
            // Within strings there are none.
            line_breaks: memchr::memchr2(b'\n', b'\r', scan.bytes).is_some(),
        };
        scan.learn();
    }
    Ok(kind)
}

#[derive(Debug, Clone, Copy)]
enum Next {
    Value,
    ElementOrEnd,
    KeyOrEnd,
    Key,
    AfterValue,
}

struct Scan<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    limits: &'a RecordLimits,
    scratch: &'a mut ScanScratch,
    /// The top-level field whose value is being read, with the start of that value.
    current: Option<(Field, usize)>,
    /// Whether the record's shape may be worth remembering.
    learns: bool,
}

impl Scan<'_> {
    fn run(&mut self) -> Result<Kind, Fault> {
        self.skip_blanks();
        let root = self.peek().map_or(Kind::Null, kind_of_first);
        let mut next = Next::Value;
        loop {
            self.skip_blanks();
            next = match next {
                Next::Value => self.value()?,
                Next::ElementOrEnd if self.peek() == Some(b']') => self.close()?,
                Next::ElementOrEnd => Next::Value,
                Next::KeyOrEnd if self.peek() == Some(b'}') => self.close()?,
                Next::KeyOrEnd | Next::Key => self.key()?,
                Next::AfterValue => match self.scratch.levels.last() {
                    None => break,
                    Some(level) => self.after_value(level.object)?,
                },
            };
        }
        if self.at < self.bytes.len() {
            return Err(self.expected("the end of the record"));
        }
        Ok(root)
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn invalid(detail: String) -> Fault {
        Fault::new(Reason::InvalidJson, detail)
    }

    fn expected(&self, what: &str) -> Fault {
        let at = self.at;
        match self.text.get(at..).and_then(|rest| rest.chars().next()) {
            None => Self::invalid(format!("the record ends where {what} is expected")),
            Some(found) => {
                let found = quoted(found.encode_utf8(&mut [0; 4]), 1);
                Self::invalid(format!("{what} is expected at byte {at}, found {found}"))
            }
        }
    }

    fn value(&mut self) -> Result<Next, Fault> {
        let start = self.at;
        if let Some((_, value_start)) = &mut self.current
            && self.scratch.levels.len() == 1
        {
            *value_start = start;
        }
        match self.peek() {
            Some(b'{') => return self.open(true),
            Some(b'[') => return self.open(false),
            Some(b'"') => {
                let (content, escaped) = self.string()?;
                self.scalar_ended(Kind::String, content, escaped);
            }
            Some(b'-' | b'0'..=b'9') => {
                self.number()?;
                self.scalar_ended(Kind::Number, Span::between(start, self.at), false);
            }
            _ => {
                let kind = self.literal()?;
                self.scalar_ended(kind, Span::between(start, self.at), false);
            }
        }
        Ok(Next::AfterValue)
    }

    fn literal(&mut self) -> Result<Kind, Fault> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        for (word, kind) in [
            ("null", Kind::Null),
            ("true", Kind::True),
            ("false", Kind::False),
        ] {
            if rest.starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(kind);
            }
        }
        Err(self.expected("a value"))
    }

    fn open(&mut self, object: bool) -> Result<Next, Fault> {
        let limit = self.limits.depth_max;
        if self.scratch.levels.len() >= limit {
            let at = self.at;
            return Err(Fault::new(
                Reason::TooDeep,
                format!("nested deeper than {limit} levels at byte {at}"),
            ));
        }
        self.scratch.levels.push(Level {
            object,
            keys_from: self.scratch.keys.len(),
        });
        self.at += 1;
        Ok(if object {
            Next::KeyOrEnd
        } else {
            Next::ElementOrEnd
        })
    }

    fn close(&mut self) -> Result<Next, Fault> {
        self.at += 1;
        let Some(level) = self.scratch.levels.pop() else {
            return Ok(Next::AfterValue);
        };
        if level.object {
            self.check_duplicates(level.keys_from)?;
            self.scratch.keys.truncate(level.keys_from);
        }
        let kind = if level.object {
            Kind::Object
        } else {
            Kind::Array
        };
        if let Some((_, start)) = self.current {
            self.value_ended(kind, Span::between(start, self.at), false);
        }
        Ok(Next::AfterValue)
    }

    fn scalar_ended(&mut self, kind: Kind, value: Span, escaped: bool) {
        if self.learns && Shapes::holds(&self.scratch.values) {
            self.scratch.values.push(Leaf { kind, value });
        }
        self.value_ended(kind, value, escaped);
    }

    fn value_ended(&mut self, kind: Kind, value: Span, escaped: bool) {
        if self.scratch.levels.len() == 1
            && let Some((field, _)) = self.current.take()
        {
            self.scratch.fields.push(Field {
                kind,
                value,
                escaped,
                ..field
            });
        }
    }

    fn after_value(&mut self, object: bool) -> Result<Next, Fault> {
        match (self.peek(), object) {
            (Some(b','), _) => {
                self.at += 1;
                Ok(if object { Next::Key } else { Next::Value })
            }
            (Some(b'}'), true) | (Some(b']'), false) => self.close(),
            (_, true) => Err(self.expected("`,` or `}`")),
            (_, false) => Err(self.expected("`,` or `]`")),
        }
    }

    fn key(&mut self) -> Result<Next, Fault> {
        if self.peek() != Some(b'"') {
            return Err(self.expected("a key"));
        }
        let at = self.at;
        let keys_from = self
            .scratch
            .levels
            .last()
            .map_or(0, |level| level.keys_from);
        let limit = self.limits.keys_max;
        if self.scratch.keys.len() - keys_from >= limit {
            return Err(Fault::new(
                Reason::TooManyKeys,
                format!("more than {limit} keys in one object at byte {at}"),
            ));
        }
        let (content, escaped) = self.string()?;
        let text = if escaped {
            let start = self.scratch.arena.len();
            let raw = self.text.get(content.range()).unwrap_or_default();
            unescape(raw, Nul::Keep, &mut self.scratch.arena);
            Text {
                place: Place::Arena,
                span: Span::between(start, self.scratch.arena.len()),
            }
        } else {
            Text::received(content)
        };
        self.scratch.keys.push(Key { at, text });
        if self.scratch.levels.len() == 1 {
            let field = Field {
                key: text,
                kind: Kind::Null,
                value: Span::default(),
                escaped: false,
            };
            self.current = Some((field, 0));
        }
        self.skip_blanks();
        if self.peek() != Some(b':') {
            return Err(self.expected("`:`"));
        }
        self.at += 1;
        Ok(Next::Value)
    }

    /// Refuses the object that has just been closed if one of its keys occurs twice.
    fn check_duplicates(&mut self, keys_from: usize) -> Result<(), Fault> {
        let ScanScratch {
            keys, order, arena, ..
        } = &mut *self.scratch;
        let keys = keys.get(keys_from..).unwrap_or_default();
        let bytes = |key: &Key| bytes_of(key.text, self.bytes, arena);
        let duplicate = if keys.len() <= LINEAR_KEYS_MAX {
            keys.iter().enumerate().find_map(|(index, key)| {
                let before = keys.get(..index).unwrap_or_default();
                let repeated = before.iter().any(|other| bytes(other) == bytes(key));
                repeated.then_some(key)
            })
        } else {
            // Sorting keeps an object with many keys cheap, whatever its sender chose them to be.
            order.clear();
            order.extend(0..keys.len());
            let at = |index: usize| keys.get(index).map_or(&[][..], bytes);
            order.sort_unstable_by(|a, b| at(*a).cmp(at(*b)).then(a.cmp(b)));
            order
                .array_windows()
                .filter(|[first, second]| at(*first) == at(*second))
                .filter_map(|[_, second]| keys.get(*second))
                .min_by_key(|key| key.at)
        };
        match duplicate {
            None => Ok(()),
            Some(key) => {
                let name = quoted(&String::from_utf8_lossy(bytes(key)), SHOWN_CHARS_MAX);
                let at = key.at;
                Err(Fault::new(
                    Reason::DuplicateKey,
                    format!("duplicate key {name} at byte {at}"),
                ))
            }
        }
    }
}

fn kind_of_first(first: u8) -> Kind {
    match first {
        b'{' => Kind::Object,
        b'[' => Kind::Array,
        b'"' => Kind::String,
        b't' => Kind::True,
        b'f' => Kind::False,
        b'n' => Kind::Null,
        _ => Kind::Number,
    }
}
