//! The fast way through JSON against `serde_json`.

use cresset_model::batch::Reason;
use cresset_model::limits::RecordLimits;
use serde_json::Value;

use crate::decode::scan::{Kind, Record, ScanScratch, scan};
use crate::decode::{Nul, unescape};

/// A record as the scanner reads it and as `serde_json` does: the same verdict, and the same values of the
/// same fields. The scanner is stricter on purpose where a [`Reason`] names a bound or a duplicate key, and
/// laxer in one thing: a surrogate without its partner is read as U+FFFD.
///
/// # Panics
/// When the property does not hold.
pub fn json(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let mut scratch = ScanScratch::default();
    let ours = scan(text, &RecordLimits::default(), &mut scratch);
    let theirs = serde_json::from_str::<Value>(&with_whole_surrogates(text));
    match (ours, theirs) {
        (Ok(kind), Ok(value)) => same_values(kind, &Record::of(text, &scratch), &value),
        (Ok(_), Err(error)) => {
            // Never empty here: what is read holds a value.
            assert!(text.is_empty(), "refused by serde_json only: {error}");
        }
        (Err(fault), Ok(value)) => assert!(
            is_stricter_on_purpose(fault.reason),
            "{fault:?}, read by serde_json as {value}"
        ),
        (Err(_), Err(_)) => {}
    }
}

/// Whether valid JSON may be refused for this.
fn is_stricter_on_purpose(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::DuplicateKey | Reason::TooDeep | Reason::TooManyKeys | Reason::StringTooLong
    )
}

fn same_values(kind: Kind, record: &Record<'_>, value: &Value) {
    let expected = match value {
        Value::Null => Kind::Null,
        Value::Bool(true) => Kind::True,
        Value::Bool(false) => Kind::False,
        Value::Number(_) => Kind::Number,
        Value::String(_) => Kind::String,
        Value::Array(_) => Kind::Array,
        Value::Object(_) => Kind::Object,
    };
    assert_eq!(kind, expected);
    let Value::Object(members) = value else {
        assert!(record.fields.is_empty());
        return;
    };
    assert_eq!(record.fields.len(), members.len());
    for (field, (key, member)) in record.fields.iter().zip(members) {
        assert_eq!(record.key(field), key.as_bytes());
        let raw = record.raw(field);
        if field.kind == Kind::String {
            let mut text = String::new();
            unescape(raw, Nul::Keep, &mut text);
            assert_eq!(Some(text.as_str()), member.as_str());
            assert!(field.escaped || text == raw);
        } else {
            let raw = with_whole_surrogates(raw);
            assert_eq!(
                serde_json::from_str::<Value>(&raw).ok().as_ref(),
                Some(member)
            );
        }
    }
}

/// The text with `\ufffd` for each surrogate that lacks its partner, which `serde_json` refuses.
pub(super) fn with_whole_surrogates(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let taken = match (unit(escape), escape.get(6..).and_then(unit)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                out.push_str("\\ufffd");
                rest = escape.get(6..).unwrap_or_default();
                continue;
            }
            (Some(_), _) => 6,
            // The backslash and what it escapes.
            (None, _) => escape
                .char_indices()
                .nth(2)
                .map_or(escape.len(), |(end, _)| end),
        };
        out.push_str(escape.get(..taken).unwrap_or_default());
        rest = escape.get(taken..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// The number of `\uXXXX` at the beginning.
fn unit(escape: &str) -> Option<u32> {
    let digits = escape.strip_prefix("\\u")?.get(..4)?;
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    u32::from_str_radix(digits, 16).ok().filter(|_| is_hex)
}
