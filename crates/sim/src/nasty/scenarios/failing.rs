//! Failures, and how long to stay away after them.

use std::time::Duration;

use cresset_model::Timestamp;

use crate::nasty::book::{Book, Paging};
use crate::nasty::cast::Cast;
use crate::nasty::play::{Act, Ends, Play};
use crate::nasty::wire::{JSON, Wire, begin_chunks};

const PAGES: Paging = Paging::Since {
    size: 20,
    exclusive: false,
};
/// Blocks of ten requests, one of which is answered.
const BLOCKS: usize = 3;
const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const LONG_DAYS: [&str; 7] = [
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

fn status(line: &str, headers: &[&str]) -> Wire {
    Wire::short(line, &[headers, &[JSON]].concat(), "{\"detail\":\"no\"}")
}

pub(in crate::nasty) fn flaky_90(cast: &mut Cast) -> Play {
    let book = cast.book(PAGES, 50);
    let mut rng = cast.rng(4);
    let mut acts = Vec::new();
    for _ in 0..BLOCKS {
        let answered = rng.between(0, 9);
        for nth in 0..10 {
            let dice = rng.between(0, 5);
            acts.push(match dice {
                _ if nth == answered => Act::taken(|body| Wire::json(body.clone())),
                0 => Act::send(status("500 Internal Server Error", &[])),
                1 => Act::send(status("502 Bad Gateway", &[])),
                2 => Act::send(status("504 Gateway Timeout", &[])),
                3 => Act::send(Wire::raw("")),
                4 => Act::new(|moment| Wire::cut(moment.body, moment.body.len() / 3)),
                _ => Act::new(|moment| {
                    let half = moment.body.slice(..moment.body.len() / 2);
                    Wire::chunked(begin_chunks(&half, 100))
                }),
            });
        }
    }
    Play::of(book).after(acts)
}

pub(in crate::nasty) fn rate_limit(cast: &mut Cast) -> Play {
    let book = cast.book(PAGES, 30);
    let seconds = |text: &'static str| {
        let header = format!("retry-after: {text}");
        Act::send(status("429 Too Many Requests", &[&header]))
    };
    // A date has whole seconds: at least two of three are left.
    let date = |write: fn(Timestamp) -> String| {
        let act = Act::new(move |moment| {
            let until = write(moment.now.plus(Duration::from_secs(3)));
            let header = format!("retry-after: {until}");
            status("503 Service Unavailable", &[&header])
        });
        act.wait(Duration::from_secs(2))
    };
    let mut acts = vec![
        seconds("2").wait(Duration::from_secs(2)),
        seconds("  3  ").wait(Duration::from_secs(3)),
        date(imf),
        date(rfc850),
        date(asctime),
    ];
    // What asks for nothing, or for nothing that can be understood, is like none at all.
    let nonsense = [
        "0",
        "-5",
        "1.5",
        "soon",
        "",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Xxx, 99 Yyy 2026 25:61:61 GMT",
        "\u{e9}",
        "1e3",
    ];
    acts.extend(nonsense.map(seconds));
    Play::of(book).after(acts)
}

pub(in crate::nasty) fn retry_after_for_ever(_: &mut Cast) -> Play {
    let header = "retry-after: 99999999999999999999999999";
    let wire = status("429 Too Many Requests", &[header]);
    for_ever(wire, "429 Too Many Requests")
}

pub(in crate::nasty) fn retry_after_year_9999(_: &mut Cast) -> Play {
    let header = "retry-after: Fri, 31 Dec 9999 23:59:59 GMT";
    let wire = status("503 Service Unavailable", &[header]);
    for_ever(wire, "503 Service Unavailable")
}

/// An answer after which nobody may come back for an hour.
fn for_ever(wire: Wire, told: &'static str) -> Play {
    let act = Act::send(wire).told(told).wait(Duration::from_mins(59));
    let mut play = Play::of(Book::new(PAGES)).after(vec![act]);
    play.ends = Ends::Never;
    play
}

/// Year, month from 0, day, time of day, and day of the week as an index of [`DAYS`].
fn civil(at: Timestamp) -> (String, usize, String, String, usize) {
    let z = at.to_z();
    let part = |from: usize, to: usize| z.get(from..to).unwrap_or_default().to_owned();
    let month: usize = part(5, 7).parse().unwrap_or(1);
    let day = at.seconds().div_euclid(86_400).rem_euclid(7);
    let day = usize::try_from(day).unwrap_or_default();
    (part(0, 4), month - 1, part(8, 10), part(11, 19), day)
}

/// Such as `Sun, 06 Nov 1994 08:49:37 GMT`.
fn imf(at: Timestamp) -> String {
    let (year, month, date, time, day) = civil(at);
    format!("{}, {date} {} {year} {time} GMT", DAYS[day], MONTHS[month])
}

/// Such as `Sunday, 06-Nov-94 08:49:37 GMT`.
fn rfc850(at: Timestamp) -> String {
    let (year, month, date, time, day) = civil(at);
    let year = year.get(2..).unwrap_or_default();
    format!(
        "{}, {date}-{}-{year} {time} GMT",
        LONG_DAYS[day], MONTHS[month]
    )
}

/// Such as `Sun Nov  6 08:49:37 1994`.
fn asctime(at: Timestamp) -> String {
    let (year, month, date, time, day) = civil(at);
    let date = date.trim_start_matches('0');
    format!("{} {} {date:>2} {time} {year}", DAYS[day], MONTHS[month])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_the_standard_does() {
        let at = Timestamp::parse("1994-11-06T08:49:37Z").unwrap();
        assert_eq!(imf(at), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(rfc850(at), "Sunday, 06-Nov-94 08:49:37 GMT");
        assert_eq!(asctime(at), "Sun Nov  6 08:49:37 1994");
    }
}
