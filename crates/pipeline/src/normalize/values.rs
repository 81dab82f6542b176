//! Reading the values of a record's fields, with exact sentences for what cannot be taken.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use cresset_model::batch::Reason;
use cresset_model::provenance::Marks;
use cresset_model::text::{Span, Text};
use cresset_model::{Severity, Timestamp};

use super::unix_time;
use crate::decode::scan::{Field, Kind, Record};
use crate::decode::{Fault, Nul, unescape};
use crate::quote::{SHOWN_CHARS_MAX, plain, quoted};

/// Whether an address may come as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AddressForm {
    /// As text only.
    Text,
    /// As text, or as the 32 bits of an IPv4 address in one number.
    TextOrNumber,
}

/// The record that is being read, and what reading it leaves behind.
pub(crate) struct Values<'a> {
    /// The record.
    pub(crate) record: Record<'a>,
    /// Where the record begins in the bytes of its batch.
    pub(crate) base: u32,
    /// The batch's arena, for texts that had escapes.
    pub(crate) arena: &'a mut String,
    /// When the record was read, for vendors whose records may come without a time.
    pub(crate) received: Timestamp,
    /// What happened on the way.
    pub(crate) marks: Marks,
}

impl<'a> Values<'a> {
    /// A text field; a number is taken as its text.
    pub(super) fn text(&mut self, name: &str, field: Field) -> Result<Text, Fault> {
        match field.kind {
            Kind::String if field.escaped => {
                let start = self.arena.len();
                if unescape(self.record.raw(&field), Nul::Replace, self.arena) {
                    self.marks.add(Marks::NUL_REPLACED);
                }
                Ok(Text {
                    place: cresset_model::text::Place::Arena,
                    span: Span::between(start, self.arena.len()),
                })
            }
            Kind::String => Ok(self.received(field)),
            Kind::Number => {
                self.marks.add(Marks::TYPE_CONVERTED);
                Ok(self.received(field))
            }
            kind => Err(wrong_type(name, kind, "a string or a number")),
        }
    }

    /// The value as received; a string without its quotes and with its escapes.
    pub(super) fn received(&self, field: Field) -> Text {
        Text::received(Span {
            start: self.base + field.value.start,
            len: field.value.len,
        })
    }

    /// The content of a string field that is not stored itself.
    pub(super) fn string(&self, field: Field) -> Cow<'a, str> {
        let raw = self.record.raw(&field);
        if !field.escaped {
            return Cow::Borrowed(raw);
        }
        let mut text = String::with_capacity(raw.len());
        unescape(raw, Nul::Keep, &mut text);
        Cow::Owned(text)
    }

    /// The value of a field as messages show it.
    pub(super) fn shown(&self, field: Field) -> String {
        if field.kind == Kind::String {
            quoted(&self.string(field), SHOWN_CHARS_MAX)
        } else {
            plain(self.record.raw(&field), SHOWN_CHARS_MAX)
        }
    }

    /// A severity's word in any case; one that is not known is kept in the raw record and never hidden by a
    /// filter.
    pub(super) fn severity(&mut self, name: &str, field: Field) -> Result<Severity, Fault> {
        if field.kind != Kind::String {
            return Err(wrong_type(name, field.kind, "a string"));
        }
        let word = self.string(field);
        Ok(Severity::from_word(&word).unwrap_or_else(|| {
            self.marks.add(Marks::SEVERITY_UNKNOWN);
            Severity::Unknown
        }))
    }

    pub(super) fn address(
        &mut self,
        name: &str,
        field: Field,
        form: AddressForm,
    ) -> Result<IpAddr, Fault> {
        let address = match (field.kind, form) {
            (Kind::String, _) => parse_address(&self.string(field)),
            (Kind::Number, AddressForm::TextOrNumber) => {
                self.marks.add(Marks::TYPE_CONVERTED);
                let bits = self.record.raw(&field).parse::<u32>().ok();
                bits.map(|bits| Ipv4Addr::from_bits(bits).into())
            }
            (kind, AddressForm::TextOrNumber) => {
                return Err(wrong_type(name, kind, "a string or a number"));
            }
            (kind, AddressForm::Text) => return Err(wrong_type(name, kind, "a string")),
        };
        address.ok_or_else(|| self.invalid(name, field, "is not an address", ""))
    }

    /// An address that may be missing or anything else.
    pub(super) fn address_if_any(&self, field: Field) -> Option<IpAddr> {
        let is_text = field.kind == Kind::String;
        is_text
            .then(|| parse_address(&self.string(field)))
            .flatten()
    }

    pub(super) fn time(&mut self, name: &str, field: Field) -> Result<Timestamp, Fault> {
        let time = match field.kind {
            Kind::Number => {
                self.marks.add(Marks::TIME_FROM_NUMBER);
                unix_time::parse(self.record.raw(&field))
            }
            Kind::String => self.time_of_text(&self.string(field)),
            kind => return Err(wrong_type(name, kind, "a string or a number")),
        };
        time.ok_or_else(|| {
            let forms = " (RFC 3339, unix seconds and unix milliseconds are read)";
            self.invalid(name, field, "is not a time", forms)
        })
    }

    fn time_of_text(&mut self, text: &str) -> Option<Timestamp> {
        if unix_time::is_plain_number(text) {
            self.marks.add(Marks::TIME_FROM_NUMBER);
            return unix_time::parse(text);
        }
        let time = Timestamp::parse(text)?;
        // The date is ten characters long; an offset can only come after it.
        let mut after_date = text.bytes().skip(10);
        if !after_date.any(|byte| matches!(byte, b'Z' | b'z' | b'+' | b'-')) {
            self.marks.add(Marks::TIME_WITHOUT_ZONE);
        }
        Some(time)
    }

    /// The fault of a value that cannot be taken: `what` says what it is not, `hint` what to send.
    pub(super) fn invalid(&self, name: &str, field: Field, what: &str, hint: &str) -> Fault {
        let shown = self.shown(field);
        Fault::new(
            Reason::InvalidValue,
            format!("field \"{name}\" {what}: {shown}{hint}"),
        )
    }
}

/// The fault of a value of a kind that cannot be taken.
pub(super) fn wrong_type(name: &str, kind: Kind, expected: &str) -> Fault {
    let kind = kind.named();
    Fault::new(
        Reason::WrongType,
        format!("field \"{name}\" is {kind}, {expected} is expected"),
    )
}

/// Reads an address without prefix length, port, blanks or leading zeros. The zone of an IPv6 address is
/// dropped: it names an interface of the sender.
fn parse_address(text: &str) -> Option<IpAddr> {
    if let Some(address) = plain_v4(text.as_bytes()) {
        return Some(IpAddr::V4(address));
    }
    match text.split_once('%') {
        None => text.parse().ok(),
        Some((_, zone)) if zone.is_empty() || zone.contains('%') => None,
        Some((address, _)) => address.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
    }
}

/// Four numbers as nearly every address comes. What it does not read may still be an address.
fn plain_v4(text: &[u8]) -> Option<Ipv4Addr> {
    let (mut bits, mut octet, mut dots, mut digits) = (0_u32, 0_u32, 0, 0);
    for byte in text {
        match byte {
            b'0'..=b'9' if digits < 3 && (digits == 0 || octet != 0) => {
                octet = octet * 10 + u32::from(byte - b'0');
                digits += 1;
            }
            b'.' if digits > 0 && octet < 256 && dots < 3 => {
                bits = bits << 8 | octet;
                (octet, digits, dots) = (0, 0, dots + 1);
            }
            _ => return None,
        }
    }
    let whole = dots == 3 && digits > 0 && octet < 256;
    whole.then(|| Ipv4Addr::from_bits(bits << 8 | octet))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_address_has_four_numbers_without_leading_zeros() {
        for text in ["0.0.0.0", "1.2.3.4", "255.255.255.255", "10.0.100.7"] {
            assert_eq!(plain_v4(text.as_bytes()), text.parse().ok(), "{text}");
            assert!(plain_v4(text.as_bytes()).is_some(), "{text}");
        }
        for text in [
            "",
            ".",
            "1",
            "1.2.3",
            "1.2.3.",
            ".1.2.3",
            "1..2.3",
            "1.2.3.4.",
            "1.2.3.4.5",
            "256.1.1.1",
            "1.1.1.256",
            "01.2.3.4",
            "1.2.3.00",
            "1.2.3.0004",
            "1.2.3.4 ",
            "+1.2.3.4",
            "1.2.3.x",
            "::1",
        ] {
            assert_eq!(plain_v4(text.as_bytes()), None, "{text}");
            assert_eq!(text.parse::<Ipv4Addr>().ok(), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn numbers_and_dots_are_read_as_the_standard_library_reads_them(text in "[0-9.]{0,17}|([0-9]{1,3}\\.){3}[0-9]{1,3}") {
            prop_assert_eq!(plain_v4(text.as_bytes()), text.parse().ok());
        }
    }
}
