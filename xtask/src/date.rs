//! Dates as HTTP headers write them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// The date after a wait from now, rounded up to the second.
#[expect(
    clippy::disallowed_methods,
    reason = "a receiver that names a date has to know the date"
)]
pub(crate) fn http_date_in(wait: Duration) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let at = now.unwrap_or_default() + wait;
    http_date(at.as_secs() + u64::from(at.subsec_nanos() > 0))
}

/// The date of a second since 1970, in the form of RFC 9110.
fn http_date(seconds: u64) -> String {
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let weekday = usize::try_from(days % 7).unwrap_or(0);
    let (year, month, day) = civil(days);
    format!(
        "{}, {day:02} {} {year} {:02}:{:02}:{:02} GMT",
        WEEKDAYS.get(weekday).unwrap_or(&""),
        MONTHS.get(month).unwrap_or(&""),
        second / 3_600,
        second / 60 % 60,
        second % 60
    )
}

/// Year, month from 0, and day of a day since 1970.
fn civil(mut days: u64) -> (u64, usize, u64) {
    let mut year = 1970;
    loop {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let february = if leap { 29 } else { 28 };
        let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        for (month, length) in months.into_iter().enumerate() {
            if days < length {
                return (year, month, days + 1);
            }
            days -= length;
        }
        year += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(seconds: u64, expected: &str) {
        assert_eq!(http_date(seconds), expected);
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        check(0, "Thu, 01 Jan 1970 00:00:00 GMT");
        check(784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT");
        check(951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT");
        check(1_798_761_599, "Thu, 31 Dec 2026 23:59:59 GMT");
    }
}
