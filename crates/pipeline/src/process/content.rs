//! What a record says, whatever the order of its keys, the blanks in it and the spelling of its escapes.

use cresset_model::ContentHash;
use cresset_model::id::first128;
use cresset_model::text::Span;

use super::nested::{self, sized, write_escaped};
use crate::decode::scan::{Kind, Record};

/// Appends the record's fields in the order of their keys. Whether it becomes an alert, and so needs the
/// hash of them, is known only later.
pub(super) fn write(record: &Record<'_>, order: &mut Vec<usize>, out: &mut Vec<u8>) -> Span {
    let fields = record.fields;
    let key = |index: usize| fields.get(index).map_or(&[][..], |field| record.key(field));
    order.clear();
    order.extend(0..fields.len());
    order.sort_unstable_by(|a, b| key(*a).cmp(key(*b)));
    let start = out.len();
    for field in order.iter().filter_map(|index| fields.get(*index)) {
        // A string's quotes are not part of its span: the kind keeps "1" and 1 apart.
        out.push(u8::from(field.kind == Kind::String));
        sized(out, |out| out.extend_from_slice(record.key(field)));
        let raw = record.raw(field);
        sized(out, |out| match field.kind {
            Kind::String if field.escaped => write_escaped(raw, out),
            Kind::Array | Kind::Object => nested::write(raw, out),
            _ => out.extend_from_slice(raw.as_bytes()),
        });
    }
    Span::between(start, out.len())
}

/// The hash of what [`write`] wrote.
pub(super) fn hash(canonical: &[u8]) -> ContentHash {
    ContentHash(first128(&blake3::hash(canonical)))
}
