//! What a record says, whatever the order of its keys, the blanks in it and the spelling of its escapes.

use cresset_model::ContentHash;
use cresset_model::id::first128;

use super::nested::{self, sized, write_escaped};
use crate::decode::scan::{Kind, Record};

/// The hash of what the record says. `order` and `out` are memory, kept from record to record.
pub(super) fn hash(record: &Record<'_>, order: &mut Vec<usize>, out: &mut Vec<u8>) -> ContentHash {
    out.clear();
    write(record, order, out);
    ContentHash(first128(&blake3::hash(out)))
}

/// Appends the record's fields in the order of their keys.
fn write(record: &Record<'_>, order: &mut Vec<usize>, out: &mut Vec<u8>) {
    let fields = record.fields;
    let key = |index: usize| fields.get(index).map_or(&[][..], |field| record.key(field));
    order.clear();
    order.extend(0..fields.len());
    order.sort_unstable_by(|a, b| key(*a).cmp(key(*b)));
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
}
