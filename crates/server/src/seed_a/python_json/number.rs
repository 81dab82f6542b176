//! Numbers, read and written.

use std::fmt::Write as _;

use super::{DecodeError, Reader, Value, invalid};

/// Digits of a whole number; the original refuses longer ones.
const DIGITS_MAX: usize = 4_300;

impl Reader {
    pub(super) fn number(&mut self) -> Result<Value, DecodeError> {
        let start = self.at;
        let negative = self.take('-');
        let whole_from = self.at;
        if !self.take('0') {
            self.digits();
        }
        if self.at == whole_from {
            self.at = start;
            return Err(invalid("Expecting value", start));
        }
        let whole_to = self.at;
        let fractional = self.fraction() | self.exponent();
        let text: String = self.chars.iter().take(self.at).skip(start).collect();
        if fractional {
            // The form has been checked; beyond the range it is an infinity, as in the original.
            return Ok(Value::Float(text.parse().unwrap_or(f64::NAN)));
        }
        if whole_to - whole_from > DIGITS_MAX {
            return Err(DecodeError::Refused);
        }
        if negative && text == "-0" {
            return Ok(Value::Int("0".to_owned()));
        }
        Ok(Value::Int(text))
    }

    fn digits(&mut self) -> bool {
        let from = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
        }
        self.at > from
    }

    fn fraction(&mut self) -> bool {
        let from = self.at;
        if self.take('.') && self.digits() {
            return true;
        }
        self.at = from;
        false
    }

    fn exponent(&mut self) -> bool {
        let from = self.at;
        if self.take('e') || self.take('E') {
            if !self.take('+') {
                self.take('-');
            }
            if self.digits() {
                return true;
            }
        }
        self.at = from;
        false
    }
}

/// Writes the shortest digits that read back: plain from 1e-4 up to 1e16, with an exponent of at least
/// two digits beyond. JSON has no word for what is not finite: `null`.
pub(super) fn write_float(out: &mut String, value: f64) {
    if !value.is_finite() {
        out.push_str("null");
        return;
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        let plain = format!("{value}");
        out.push_str(&plain);
        if !plain.contains('.') {
            out.push_str(".0");
        }
        return;
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    write!(out, "{mantissa}e{sign}{:02}", exponent.abs()).expect("writing to a string cannot fail");
}
