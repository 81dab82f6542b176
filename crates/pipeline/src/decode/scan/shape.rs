//! The shape of a record: all of it but its scalar values. Records of one sender differ in little else, so a
//! record that fits the shape of an earlier one has its structure, its keys and its limits checked by
//! comparing bytes, and only its values are read.

use cresset_model::limits::RecordLimits;
use cresset_model::text::{Span, Text};

use super::string::plain_run;
use super::{Field, Kind, Scan, Traits};

/// Shapes that are remembered at once.
const SHAPES_MAX: usize = 4;
/// A record with more values is not worth remembering.
const VALUES_MAX: usize = 1_024;
/// A record of more bytes is not worth remembering.
const RECORD_BYTES_MAX: usize = 64 << 10;
/// After so many records in a row that fitted nothing only one in [`PROBE_EVERY`] is compared and learned
/// from: where no two are alike, shapes only cost.
const MISSES_MAX: u32 = 32;
const PROBE_EVERY: u32 = 16;

/// The shapes of the records that came last.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    /// The one that fitted last is the first.
    known: Vec<Shape>,
    /// What was found in the record that is compared, gap by gap.
    found: Vec<Found>,
    misses: u32,
}

/// A scalar value of a record; a string without its quotes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leaf {
    pub(super) kind: Kind,
    pub(super) value: Span,
}

#[derive(Debug)]
struct Shape {
    limits: RecordLimits,
    /// The bytes before each value and behind the last one, without the values.
    between: Vec<u8>,
    /// How long each gap in them is, and what follows it.
    gaps: Vec<(usize, Follows)>,
    fields: Vec<ShapeField>,
    traits: Traits,
}

#[derive(Debug, Clone, Copy)]
enum Follows {
    String,
    Number,
    Word,
    End,
}

/// A top-level field of every record of a shape.
#[derive(Debug, Clone, Copy)]
struct ShapeField {
    key: Place,
    key_len: u32,
    /// `None` for a scalar: the record itself says which.
    container: Option<Kind>,
    start: Place,
    end: Place,
}

/// So many bytes behind the beginning of a gap.
#[derive(Debug, Clone, Copy)]
struct Place {
    gap: usize,
    offset: u32,
}

/// A gap of the record that is compared, and the value behind it.
#[derive(Debug, Clone, Copy, Default)]
struct Found {
    start: u32,
    kind: Kind,
    escaped: bool,
}

impl Shapes {
    /// Whether this record is to be compared, and learned from if it fits nothing.
    pub(super) fn ask(&self, record: &[u8]) -> bool {
        let likely = self.misses < MISSES_MAX || self.misses.is_multiple_of(PROBE_EVERY);
        likely && record.len() <= RECORD_BYTES_MAX
    }

    /// Records in a row that fitted nothing.
    #[cfg(test)]
    pub(super) fn misses(&self) -> u32 {
        self.misses
    }

    /// Whether one value more can be remembered of the record that is being read.
    pub(super) fn holds(values: &[Leaf]) -> bool {
        values.len() <= VALUES_MAX
    }
}

impl Scan<'_> {
    /// Reads the record by the shape of an earlier one, if it fits one. Otherwise nothing has been read.
    pub(super) fn by_shape(&mut self) -> bool {
        let mut shapes = std::mem::take(&mut self.scratch.shapes);
        self.learns = shapes.ask(self.bytes);
        let fitting = self.learns.then(|| {
            let mut known = shapes.known.iter();
            known.position(|shape| self.fits(shape, &mut shapes.found))
        });
        let fitting = fitting.flatten();
        if let Some(at) = fitting {
            shapes.known.swap(0, at);
            shapes.misses = 0;
        } else {
            self.at = 0;
            shapes.misses = shapes.misses.wrapping_add(1);
        }
        if let (Some(_), Some(shape)) = (fitting, shapes.known.first()) {
            let found = &shapes.found;
            let fields = shape.fields.iter().map(|field| field.of(found));
            self.scratch.fields.extend(fields);
            self.scratch.traits = shape.traits;
        }
        self.scratch.shapes = shapes;
        fitting.is_some()
    }

    /// Compares the record with a shape, and notes what it finds. Values are read as everywhere else, so
    /// what is no value, or too long, does not fit, and its fault is told by the way of all records.
    fn fits(&mut self, shape: &Shape, found: &mut Vec<Found>) -> bool {
        if shape.limits != *self.limits {
            return false;
        }
        self.at = 0;
        found.clear();
        let mut between = shape.between.as_slice();
        for (len, follows) in &shape.gaps {
            let Some((expected, rest)) = between.split_at_checked(*len) else {
                return false;
            };
            let start = self.at;
            if !self
                .bytes
                .get(start..)
                .is_some_and(|bytes| bytes.starts_with(expected))
            {
                return false;
            }
            between = rest;
            self.at += len;
            let Some((kind, escaped)) = self.follows(*follows) else {
                return false;
            };
            found.push(Found {
                start: Span::between(start, start).start,
                kind,
                escaped,
            });
        }
        self.at == self.bytes.len()
    }

    /// Reads the value behind a gap: its kind and whether it holds escapes.
    fn follows(&mut self, follows: Follows) -> Option<(Kind, bool)> {
        match follows {
            Follows::String => {
                let rest = self.bytes.get(self.at..).unwrap_or_default();
                let plain = plain_run(rest);
                if rest.get(plain) == Some(&b'"') && plain <= self.limits.string_bytes_max {
                    self.at += plain;
                    return Some((Kind::String, false));
                }
                // The quotes belong to the gaps.
                self.at -= 1;
                let (_, escaped) = self.string().ok()?;
                self.at -= 1;
                Some((Kind::String, escaped))
            }
            Follows::Number => self.number().ok().map(|()| (Kind::Number, false)),
            Follows::Word => self.literal().ok().map(|kind| (kind, false)),
            Follows::End => Some((Kind::Null, false)),
        }
    }

    /// Remembers the shape of the object that has been read, unless it is an odd one.
    pub(super) fn learn(&mut self) {
        let values = std::mem::take(&mut self.scratch.values);
        let plain = self.scratch.arena.is_empty() && Shapes::holds(&values);
        if self.learns && plain {
            let mut shape = Shape::of(self.bytes, &values, &self.scratch.fields, self.limits);
            shape.traits = self.scratch.traits;
            let known = &mut self.scratch.shapes.known;
            known.truncate(SHAPES_MAX - 1);
            known.insert(0, shape);
        }
        self.scratch.values = values;
    }
}

impl Shape {
    fn of(record: &[u8], values: &[Leaf], fields: &[Field], limits: &RecordLimits) -> Self {
        let mut shape = Self {
            limits: *limits,
            between: Vec::with_capacity(record.len()),
            gaps: Vec::with_capacity(values.len() + 1),
            fields: Vec::with_capacity(fields.len()),
            traits: Traits::default(),
        };
        // Where each gap lies.
        let mut gaps = Vec::with_capacity(values.len() + 1);
        let mut start = 0;
        for value in values {
            let range = value.value.range();
            gaps.push(start..range.start);
            shape
                .gaps
                .push((range.start - start, Follows::of(value.kind)));
            start = range.end;
        }
        gaps.push(start..record.len());
        shape.gaps.push((record.len() - start, Follows::End));
        for gap in &gaps {
            shape
                .between
                .extend_from_slice(record.get(gap.clone()).unwrap_or_default());
        }
        let place = |at: u32| {
            let gap = gaps.partition_point(|gap| gap.end < at as usize);
            let start = gaps.get(gap).map_or(0, |gap| gap.start);
            let offset = Span::between(start, at as usize).len;
            Place { gap, offset }
        };
        shape.fields.extend(fields.iter().map(|field| {
            let start = place(field.value.start);
            let container = matches!(field.kind, Kind::Array | Kind::Object).then_some(field.kind);
            let behind = Place {
                gap: start.gap + 1,
                offset: 0,
            };
            let end = place(field.value.start + field.value.len);
            ShapeField {
                key: place(field.key.span.start),
                key_len: field.key.span.len,
                container,
                start,
                end: container.map_or(behind, |_| end),
            }
        }));
        shape
    }
}

impl Follows {
    fn of(kind: Kind) -> Self {
        match kind {
            Kind::String => Self::String,
            Kind::Number => Self::Number,
            _ => Self::Word,
        }
    }
}

impl ShapeField {
    /// The field of a record that was compared.
    fn of(&self, found: &[Found]) -> Field {
        let gap = |index: usize| found.get(index).copied().unwrap_or_default();
        let at = |place: Place| gap(place.gap).start + place.offset;
        let start = at(self.start);
        let scalar = gap(self.start.gap);
        Field {
            key: Text::received(Span {
                start: at(self.key),
                len: self.key_len,
            }),
            kind: self.container.unwrap_or(scalar.kind),
            value: Span {
                start,
                len: at(self.end) - start,
            },
            escaped: self.container.is_none() && scalar.escaped,
        }
    }
}
