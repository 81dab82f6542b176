//! Strings: the bulk of a record's bytes, eight at a time.

use cresset_model::batch::Reason;
use cresset_model::text::Span;

use super::{Fault, Scan};
use crate::quote::quoted;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// The number of bytes before the first quote, backslash or control character.
pub(super) fn plain_run(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let special = zeros(word ^ (ONES * 0x22)) | zeros(word ^ (ONES * 0x5c)) | controls(word);
        if special != 0 {
            return index * 8 + special.trailing_zeros() as usize / 8;
        }
    }
    let ordinary = |byte: &u8| *byte >= 0x20 && *byte != b'"' && *byte != b'\\';
    let tail = rest.iter().take_while(|byte| ordinary(byte)).count();
    words.len() * 8 + tail
}

/// The high bit of each byte that is zero. Bytes above a true hit may be flagged wrongly, the lowest
/// never is (Hacker's Delight, 6-1).
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGHS
}

/// The high bit of each byte below 0x20, in the same sense.
fn controls(word: u64) -> u64 {
    word.wrapping_sub(ONES * 0x20) & !word & HIGHS
}

impl Scan<'_> {
    /// Reads a string, beginning at its opening quote: its content and whether it holds escapes.
    pub(super) fn string(&mut self) -> Result<(Span, bool), Fault> {
        let open = self.at;
        let start = open + 1;
        let mut escaped = false;
        self.at = start;
        loop {
            self.at += plain_run(self.bytes.get(self.at..).unwrap_or_default());
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(control) => {
                    let at = self.at;
                    return Err(Self::invalid(format!(
                        "control character U+{control:04X} in a string at byte {at}"
                    )));
                }
                None => {
                    return Err(Self::invalid(format!(
                        "the record ends in the string that begins at byte {open}"
                    )));
                }
            }
        }
        let content = Span::between(start, self.at);
        self.at += 1;
        let limit = self.limits.string_bytes_max;
        if content.len as usize > limit {
            return Err(Fault::new(
                Reason::StringTooLong,
                format!(
                    "the string at byte {open} has {} bytes, the limit is {limit}",
                    content.len
                ),
            ));
        }
        Ok((content, escaped))
    }

    fn escape(&mut self) -> Result<(), Fault> {
        let at = self.at;
        let valid = match self.bytes.get(at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 2;
                true
            }
            Some(b'u') => {
                self.at += 6;
                self.bytes
                    .get(at + 2..at + 6)
                    .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            }
            _ => false,
        };
        if valid {
            return Ok(());
        }
        let rest = self.text.get(at..).unwrap_or_default();
        let letters = if rest.starts_with("\\u") { 6 } else { 2 };
        let shown: String = rest.chars().take(letters).collect();
        let shown = quoted(&shown, letters);
        Err(Self::invalid(format!(
            "invalid escape {shown} at byte {at}"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::plain_run;

    #[test]
    fn a_run_ends_at_the_first_special_byte_wherever_it_is() {
        for special in [b'"', b'\\', 0, 0x1f, b'\n'] {
            for before in 0..40 {
                for after in [0_usize, 1, 7, 8, 9] {
                    let mut bytes = vec![b'a'; before];
                    bytes.push(special);
                    bytes.extend(std::iter::repeat_n(0x21, after));
                    assert_eq!(plain_run(&bytes), before, "{special} {before} {after}");
                }
            }
        }
        let ordinary: Vec<u8> = (0x20..=0xff)
            .filter(|b| *b != b'"' && *b != b'\\')
            .collect();
        assert_eq!(plain_run(&ordinary), ordinary.len());
    }
}
