//! Numbers, as they stand: they are checked and never rounded.

use cresset_model::batch::Reason;

use super::{Fault, Scan};
use crate::quote::{SHOWN_CHARS_MAX, plain};

/// Integers of up to this many digits cannot exceed the largest 64-bit float.
const FINITE_DIGITS_MAX: usize = 300;

impl Scan<'_> {
    fn digits(&mut self) -> usize {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - start
    }

    /// Reads a number, beginning at its first byte.
    pub(super) fn number(&mut self) -> Result<(), Fault> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let zero = self.peek() == Some(b'0');
        let digits = self.digits();
        let mut valid = digits == 1 || (digits > 1 && !zero);
        let mut exponent = false;
        if valid && self.peek() == Some(b'.') {
            self.at += 1;
            valid = self.digits() > 0;
        }
        if valid && matches!(self.peek(), Some(b'e' | b'E')) {
            exponent = true;
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            valid = self.digits() > 0;
        }
        if !valid {
            return Err(Self::invalid(format!("invalid number at byte {start}")));
        }
        if exponent || digits > FINITE_DIGITS_MAX {
            let token = self.text.get(start..self.at).unwrap_or_default();
            if !token.parse::<f64>().is_ok_and(f64::is_finite) {
                let shown = plain(token, SHOWN_CHARS_MAX);
                return Err(Fault::new(
                    Reason::NumberOutOfRange,
                    format!("the number {shown} at byte {start} does not fit a 64-bit float"),
                ));
            }
        }
        Ok(())
    }
}
