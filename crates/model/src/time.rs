//! Instants and durations: i64 nanoseconds since the epoch, RFC 3339 in and out.

use std::fmt;
use std::time::Duration;

const NANOS: i64 = 1_000_000_000;

/// An instant in nanoseconds since 1970-01-01T00:00:00Z; years 1677 to 2262.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The earliest instant that can be named.
    pub const MIN: Self = Self(i64::MIN);
    /// The latest instant that can be named.
    pub const MAX: Self = Self(i64::MAX);

    /// From nanoseconds since the epoch.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// From whole seconds since the epoch; `None` beyond the range.
    pub fn from_seconds(seconds: i64) -> Option<Self> {
        seconds.checked_mul(NANOS).map(Self)
    }

    /// Nanoseconds since the epoch.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(NANOS)
    }

    /// The later instant, held within the range.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(saturating_nanos(duration)))
    }

    /// The earlier instant, held within the range.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(saturating_nanos(duration)))
    }

    /// The time from `earlier` to this instant; zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Reads an RFC 3339 instant: `T`, `t` or a blank between date and time, seconds optional, a fraction
    /// of one or more digits (those beyond nanoseconds are cut), `Z`, `±hh:mm` or `±hhmm`. Without an
    /// offset it is UTC; a date alone is its midnight in UTC.
    pub fn parse(text: &str) -> Option<Self> {
        parse(text.as_bytes())
    }

    /// Writes it with `Z` and six digits of fraction, or none when the microseconds are zero: the form
    /// of `/alerts`.
    pub fn write_z(self, out: &mut impl fmt::Write) -> fmt::Result {
        self.write_seconds(out)?;
        self.write_micros(out)?;
        out.write_char('Z')
    }

    /// The form of `/health`: `+00:00` and six digits of fraction, or none.
    pub fn write_offset(self, out: &mut impl fmt::Write) -> fmt::Result {
        self.write_seconds(out)?;
        self.write_micros(out)?;
        out.write_str("+00:00")
    }

    /// The full precision with `+00:00`: what an upstream is asked with, never rounded.
    pub fn write_exact(self, out: &mut impl fmt::Write) -> fmt::Result {
        if self.0.rem_euclid(1_000) == 0 {
            return self.write_offset(out);
        }
        self.write_seconds(out)?;
        write!(out, ".{:09}+00:00", self.0.rem_euclid(NANOS))
    }

    /// [`Timestamp::write_z`] as a string.
    pub fn to_z(self) -> String {
        string(|out| self.write_z(out))
    }

    /// [`Timestamp::write_offset`] as a string.
    pub fn to_offset(self) -> String {
        string(|out| self.write_offset(out))
    }

    /// [`Timestamp::write_exact`] as a string.
    pub fn to_exact(self) -> String {
        string(|out| self.write_exact(out))
    }

    fn write_seconds(self, out: &mut impl fmt::Write) -> fmt::Result {
        let seconds = self.seconds();
        let (year, month, day) = civil_from_days(seconds.div_euclid(86_400));
        let rest = seconds.rem_euclid(86_400);
        let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
        write!(
            out,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
        )
    }

    fn write_micros(self, out: &mut impl fmt::Write) -> fmt::Result {
        match self.0.rem_euclid(NANOS) / 1_000 {
            0 => Ok(()),
            micros => write!(out, ".{micros:06}"),
        }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_z(f)
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn saturating_nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

fn string(write: impl FnOnce(&mut String) -> fmt::Result) -> String {
    let mut text = String::with_capacity(35);
    write(&mut text).expect("writing to a string cannot fail");
    text
}

struct Digits<'a> {
    rest: &'a [u8],
}

impl Digits<'_> {
    fn number(&mut self, width: usize) -> Option<i64> {
        let (digits, rest) = self.rest.split_at_checked(width)?;
        let mut value = 0;
        for byte in digits {
            value = value * 10 + i64::from(byte.is_ascii_digit().then(|| byte - b'0')?);
        }
        self.rest = rest;
        Some(value)
    }

    fn take(&mut self, accepted: &[u8]) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        if !accepted.contains(first) {
            return None;
        }
        self.rest = rest;
        Some(*first)
    }

    /// Nanoseconds of a fraction; digits beyond the ninth are cut.
    fn fraction(&mut self) -> Option<i64> {
        let digits = self
            .rest
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        if digits == 0 {
            return None;
        }
        let mut nanos = 0;
        for index in 0..9 {
            let digit = self
                .rest
                .get(index)
                .filter(|_| index < digits)
                .map_or(0, |b| b - b'0');
            nanos = nanos * 10 + i64::from(digit);
        }
        self.rest = self.rest.get(digits..)?;
        Some(nanos)
    }
}

fn parse(text: &[u8]) -> Option<Timestamp> {
    let mut at = Digits { rest: text };
    let year = at.number(4)?;
    at.take(b"-")?;
    let month = at.number(2)?;
    at.take(b"-")?;
    let day = at.number(2)?;
    if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
        return None;
    }
    let days = days_from_civil(year, month, day);
    if at.rest.is_empty() {
        return instant(days, 0, 0);
    }
    at.take(b"Tt ")?;
    let hour = at.number(2)?;
    at.take(b":")?;
    let minute = at.number(2)?;
    let mut second = 0;
    let mut nanos = 0;
    if at.take(b":").is_some() {
        second = at.number(2)?;
        if at.take(b".,").is_some() {
            nanos = at.fraction()?;
        }
    }
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let offset = offset_seconds(&mut at)?;
    if !at.rest.is_empty() {
        return None;
    }
    instant(days, hour * 3_600 + minute * 60 + second - offset, nanos)
}

fn instant(days: i64, seconds: i64, nanos: i64) -> Option<Timestamp> {
    let seconds = days.checked_mul(86_400)?.checked_add(seconds)?;
    seconds
        .checked_mul(NANOS)?
        .checked_add(nanos)
        .map(Timestamp)
}

fn offset_seconds(at: &mut Digits<'_>) -> Option<i64> {
    if at.rest.is_empty() || at.take(b"Zz").is_some() {
        return Some(0);
    }
    let sign = if at.take(b"+-")? == b'-' { -1 } else { 1 };
    let hours = at.number(2)?;
    // The colon is optional, the minutes are not.
    let minutes = match at.take(b":") {
        Some(_) | None => at.number(2)?,
    };
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 3_600 + minutes * 60))
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar, counted in years that begin in
/// March so that the leap day comes last.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let shifted = if month > 2 { year } else { year - 1 };
    let (era, year_of_era) = (shifted.div_euclid(400), shifted.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The inverse of [`days_from_civil`].
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// Reads a duration as configuration and queries write it: a whole number and a unit, `ms`, `s`, `m`, `h`
/// or `d`; at most 10,000 days.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(split)?;
    let number: u64 = number.parse().ok()?;
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    let total = number.checked_mul(millis)?;
    (total <= 10_000 * 86_400_000).then(|| Duration::from_millis(total))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(
            Timestamp::parse(text).map(Timestamp::to_z).as_deref(),
            expected,
            "{text}"
        );
    }

    #[test]
    fn every_form_of_instant_is_read() {
        check("2026-11-23T09:00:00Z", Some("2026-11-23T09:00:00Z"));
        check(
            "2026-11-23t09:00:00.5z",
            Some("2026-11-23T09:00:00.500000Z"),
        );
        check("2026-11-23 09:00:00+01:30", Some("2026-11-23T07:30:00Z"));
        check("2026-11-23T09:00-0200", Some("2026-11-23T11:00:00Z"));
        check("2026-11-23T09:00:00", Some("2026-11-23T09:00:00Z"));
        check("2026-11-23", Some("2026-11-23T00:00:00Z"));
        check(
            "2024-02-29T23:59:59.123456789123Z",
            Some("2024-02-29T23:59:59.123456Z"),
        );
        check("1900-03-01T00:00:00Z", Some("1900-03-01T00:00:00Z"));
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "now",
            "2026-13-01",
            "2026-02-29",
            "2026-11-23T24:00:00Z",
            "2026-11-23T09:00:00+00",
            "20261123T090000Z",
            "2026-11-23T09:00:00.Z",
            "2026-11-23T09:00:00Z ",
            "9999-01-01T00:00:00Z",
            "2026-11-23T09:60:00Z",
            "2026-11-23T09:00:00+25:00",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn the_exact_form_never_rounds() {
        let exact = Timestamp::parse("2026-11-23T09:00:00.123456789Z").unwrap();
        assert_eq!(exact.to_exact(), "2026-11-23T09:00:00.123456789+00:00");
        assert_eq!(exact.to_offset(), "2026-11-23T09:00:00.123456+00:00");
    }

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(parse_duration("30m"), Some(Duration::from_mins(30)));
        assert_eq!(parse_duration("250ms"), Some(Duration::from_millis(250)));
        for text in ["", "30", "m", "1.5h", "-1h", "1w", "99999999999999999999s"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_instant_reads_back_from_its_exact_form(nanos in any::<i64>()) {
            let at = Timestamp::from_nanos(nanos);
            prop_assert_eq!(Timestamp::parse(&at.to_exact()), Some(at));
        }
    }
}
