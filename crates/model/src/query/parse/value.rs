//! Turns values into patterns, networks and ranges.

use std::time::Duration;

use super::cursor::Value;
use super::{Fault, nearest, shown};
use crate::ip::Network;
use crate::query::field::TextField;
use crate::query::filter::{Pattern, Range};
use crate::time::parse_duration;
use crate::{Severity, Timestamp};

/// How a time can be written, for messages.
pub(super) const TIME_FORMS: &str = "write 2026-11-23T09:00:00Z, a date such as 2026-11-23, now, \
                                     or a time before now such as -30m, -6h or -7d";

pub(super) fn each<T>(
    values: &[Value],
    read: impl FnMut(&Value) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    values.iter().map(read).collect()
}

/// Whether a time before now stands at the beginning, as opposed to a negated date.
pub(super) fn begins_relative(text: &str) -> bool {
    text.strip_prefix('-').is_some_and(|text| {
        let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
        unit.len() < text.len() && unit.starts_with(|c: char| c.is_ascii_alphabetic())
    })
}

pub(super) fn pattern(field: TextField, value: &Value) -> Result<Pattern, Fault> {
    let text = match field {
        // Countries are stored in upper case.
        TextField::Country => value.text.to_ascii_uppercase(),
        _ => value.text.clone(),
    };
    if value.star.is_none() && !value.question {
        return Ok(Pattern::Exact(text));
    }
    if value.quoted_wildcard {
        return Err(Fault::new(
            value.start,
            "one value cannot hold \"*\" or \"?\" both in quotes and outside them; use \"?\" \
             outside quotes for any one character",
        ));
    }
    Ok(Pattern::Wildcard(text))
}

pub(super) fn network(value: &Value) -> Result<Network, Fault> {
    Network::parse(&value.text).ok_or_else(|| {
        let message = format!(
            "{} is not an address or a network: write 203.0.113.7, 2001:db8::1 or 203.0.113.0/24",
            shown(&value.text)
        );
        Fault::new(value.start, message)
    })
}

/// A value of a field with an order.
pub(super) trait Ordered: Copy + Ord {
    /// The first and the last value that the text stands for.
    fn read(text: &str, offset: usize, now: Timestamp) -> Result<(Self, Self), Fault>;
    /// The value right above.
    fn next(self) -> Option<Self>;
    /// The value right below.
    fn previous(self) -> Option<Self>;
}

impl Ordered for Severity {
    fn read(text: &str, offset: usize, _now: Timestamp) -> Result<(Self, Self), Fault> {
        match Self::from_word(text) {
            Some(severity) => Ok((severity, severity)),
            None => Err(Fault::new(offset, unknown_severity(text))),
        }
    }

    fn next(self) -> Option<Self> {
        Self::ALL.into_iter().find(|other| *other > self)
    }

    fn previous(self) -> Option<Self> {
        Self::ALL.into_iter().rev().find(|other| *other < self)
    }
}

fn unknown_severity(text: &str) -> String {
    let known = Severity::ALL.map(Severity::as_str);
    let list = known.join(", ");
    let shown = shown(text);
    match nearest(text, &known) {
        Some(near) => {
            format!("unknown severity {shown}: did you mean \"{near}\"? Severities: {list}")
        }
        None => format!("unknown severity {shown}. Severities: {list}"),
    }
}

impl Ordered for Timestamp {
    fn read(text: &str, offset: usize, now: Timestamp) -> Result<(Self, Self), Fault> {
        instant(text, offset, now)
    }

    fn next(self) -> Option<Self> {
        self.nanos().checked_add(1).map(Self::from_nanos)
    }

    fn previous(self) -> Option<Self> {
        self.nanos().checked_sub(1).map(Self::from_nanos)
    }
}

/// The first and the last instant of a written time: equal but for a date, which is a day.
pub(super) fn instant(
    text: &str,
    offset: usize,
    now: Timestamp,
) -> Result<(Timestamp, Timestamp), Fault> {
    const LAST_OF_DAY: Duration = Duration::from_nanos(86_400_000_000_000 - 1);
    const DATE_BYTES: usize = 10;
    let text = text.trim();
    let at = if text.eq_ignore_ascii_case("now") {
        Some(now)
    } else if let Some(before) = text.strip_prefix('-') {
        parse_duration(before).map(|before| now.minus(before))
    } else {
        Timestamp::parse(text)
    };
    let Some(at) = at else {
        let message = format!("{} is not a time: {TIME_FORMS}", shown(text));
        return Err(Fault::new(offset, message));
    };
    // Only a date is that short: a time of day needs more, and a relative time begins with a sign.
    let is_date = text.len() == DATE_BYTES && !text.starts_with('-');
    Ok((at, if is_date { at.plus(LAST_OF_DAY) } else { at }))
}

/// Reads a value, a comparison or a range.
pub(super) fn range<T: Ordered>(value: &Value, now: Timestamp) -> Result<Range<T>, Fault> {
    let text = value.text.as_str();
    for sign in [">=", "<=", ">", "<"] {
        if let Some(operand) = text.strip_prefix(sign) {
            return comparison(sign, operand, value, now);
        }
    }
    let Some((lower, upper)) = text.split_once("..") else {
        let (least, greatest) = T::read(text, value.start, now)?;
        return Ok(Range {
            least: Some(least),
            greatest: Some(greatest),
        });
    };
    let end = |text: &str, skipped: usize| match text {
        "" => Ok(None),
        _ => T::read(text, offset_in(value, skipped), now).map(Some),
    };
    let least = end(lower, 0)?.map(|(least, _)| least);
    let greatest = end(upper, lower.len() + 2)?.map(|(_, greatest)| greatest);
    match (least, greatest) {
        (Some(least), Some(greatest)) if least > greatest => {
            let message = format!(
                "the range {} is empty: its first end lies above its second",
                shown(text)
            );
            Err(Fault::new(value.start, message))
        }
        _ => Ok(Range { least, greatest }),
    }
}

fn comparison<T: Ordered>(
    sign: &str,
    operand: &str,
    value: &Value,
    now: Timestamp,
) -> Result<Range<T>, Fault> {
    if operand.is_empty() {
        let message = format!("a value is missing after \"{sign}\"");
        return Err(Fault::new(value.start, message));
    }
    let (lower, upper) = T::read(operand, offset_in(value, sign.len()), now)?;
    let none = |side: &str| {
        let message = format!("nothing lies {side} {}", shown(operand));
        Fault::new(value.start, message)
    };
    let (least, greatest) = match sign {
        ">=" => (Some(lower), None),
        ">" => (Some(upper.next().ok_or_else(|| none("above"))?), None),
        "<=" => (None, Some(upper)),
        _ => (None, Some(lower.previous().ok_or_else(|| none("below"))?)),
    };
    Ok(Range { least, greatest })
}

/// Where a part of a value lies; with quotes the offsets no longer run in step, so it is the beginning.
fn offset_in(value: &Value, skipped: usize) -> usize {
    if value.quoted {
        value.start
    } else {
        value.start + skipped
    }
}
