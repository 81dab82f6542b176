//! Instants written as numbers.

use cresset_model::Timestamp;

/// A number beyond this, the year 2603 in seconds, counts milliseconds: the rule of the original
/// service's parser (pydantic's `MS_WATERSHED`).
const SECONDS_MAX: i128 = 20_000_000_000;
/// Digits of a whole number that are read; more are beyond every instant.
const DIGITS_MAX: usize = 30;
const SECOND_NANOS: i128 = 1_000_000_000;
const MILLISECOND_NANOS: i128 = 1_000_000;

/// Whether the text is a number without exponent: digits, perhaps a sign before, perhaps a fraction.
pub(super) fn is_plain_number(text: &str) -> bool {
    split(text).is_some()
}

/// Reads unix seconds or milliseconds, told apart by their size; a fraction beyond nanoseconds is cut.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    match split(text) {
        Some((negative, whole, fraction)) => plain(negative, whole, fraction),
        None => with_exponent(text),
    }
}

fn split(text: &str) -> Option<(bool, &str, &str)> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((_, "")) => return None,
        Some(parts) => parts,
        None => (digits, ""),
    };
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    (!whole.is_empty() && all_digits(whole) && all_digits(fraction))
        .then_some((negative, whole, fraction))
}

fn plain(negative: bool, whole: &str, fraction: &str) -> Option<Timestamp> {
    let whole = match whole.trim_start_matches('0') {
        "" => 0,
        digits if digits.len() <= DIGITS_MAX => digits.parse::<i128>().ok()?,
        _ => return None,
    };
    let mut digits = fraction.bytes().map(|byte| i128::from(byte - b'0'));
    let billionths = (0..9).fold(0, |sum, _| sum * 10 + digits.next().unwrap_or(0));
    let nanos = if whole > SECONDS_MAX || (whole == SECONDS_MAX && billionths > 0) {
        whole * MILLISECOND_NANOS + billionths * MILLISECOND_NANOS / SECOND_NANOS
    } else {
        whole * SECOND_NANOS + billionths
    };
    let nanos = if negative { -nanos } else { nanos };
    i64::try_from(nanos).ok().map(Timestamp::from_nanos)
}

/// A number such as `1.79e9`, as JSON allows it; exact to the microsecond, as a 64-bit float is.
fn with_exponent(text: &str) -> Option<Timestamp> {
    if !text.bytes().any(|byte| matches!(byte, b'e' | b'E')) {
        return None;
    }
    let value: f64 = text.parse().ok().filter(|value: &f64| value.is_finite())?;
    let micros = if value.abs() > 2e10 {
        value * 1e3
    } else {
        value * 1e6
    };
    if micros.abs() > 9.2e15 {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the range was checked and fractions are cut"
    )]
    let micros = micros.round() as i64;
    micros.checked_mul(1_000).map(Timestamp::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(
            parse(text).map(Timestamp::to_exact).as_deref(),
            expected,
            "{text}"
        );
    }

    #[test]
    fn seconds_and_milliseconds_are_told_apart_by_size() {
        check("1795425969", Some("2026-11-23T09:26:09+00:00"));
        check("1795425969.5", Some("2026-11-23T09:26:09.500000+00:00"));
        check("1795425969123", Some("2026-11-23T09:26:09.123000+00:00"));
        check(
            "1795425969123.4567891",
            Some("2026-11-23T09:26:09.123456789+00:00"),
        );
        check("1.795425969e9", Some("2026-11-23T09:26:09+00:00"));
        check(
            "1.795425969123e12",
            Some("2026-11-23T09:26:09.123000+00:00"),
        );
        check("0", Some("1970-01-01T00:00:00+00:00"));
        check("-1", Some("1969-12-31T23:59:59+00:00"));
        check("-0.000000001", Some("1969-12-31T23:59:59.999999999+00:00"));
        check("20000000000", None);
        check("20000000001", Some("1970-08-20T11:33:20.001000+00:00"));
        check("20000000000.5", Some("1970-08-20T11:33:20.000500+00:00"));
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "", "-", ".5", "1.", "1.2.3", "+1", "1x", "x", "1e", "1e300", "--1", " 1",
        ] {
            check(text, None);
        }
        check(&"9".repeat(10_000), None);
        assert!(!is_plain_number("1e9"));
        assert!(is_plain_number("-1795425969.25"));
    }
}
