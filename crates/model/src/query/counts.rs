//! Counts over alerts as values: what facets, rankings, histograms and summaries answer.

use std::time::Duration;

use serde::ser::{Serialize, SerializeMap as _, Serializer};

use super::facet::FacetField;
use super::field::TimeField;
use crate::{Severity, Timestamp};

/// Buckets of one histogram.
pub const BUCKETS_MAX: usize = 500;

/// How many alerts of each severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SeverityCounts([u64; Severity::ALL.len()]);

impl SeverityCounts {
    /// The count of one severity.
    pub fn of(&self, severity: Severity) -> u64 {
        self.0
            .get(usize::from(severity.code()))
            .copied()
            .unwrap_or_default()
    }

    /// Counts further alerts of a severity.
    pub fn add(&mut self, severity: Severity, count: u64) {
        if let Some(place) = self.0.get_mut(usize::from(severity.code())) {
            *place += count;
        }
    }

    /// Adds each count.
    pub fn merge(&mut self, other: &Self) {
        for (place, count) in self.0.iter_mut().zip(other.0) {
            *place += count;
        }
    }

    /// The count of all severities.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Each severity with its count, the most severe first.
    pub fn each(&self) -> impl Iterator<Item = (Severity, u64)> {
        let counts = *self;
        let all = Severity::ALL.into_iter().rev();
        all.map(move |severity| (severity, counts.of(severity)))
    }
}

/// An object with a key for each severity, the most severe first.
impl Serialize for SeverityCounts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(Severity::ALL.len()))?;
        for (severity, count) in self.each() {
            map.serialize_entry(severity.as_str(), &count)?;
        }
        map.end()
    }
}

/// The values of a field with their counts. Every term of the filter applies but those about the field
/// itself, so that the numbers say what another choice would bring.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Facet {
    /// The field.
    pub field: FacetField,
    /// The most frequent values, the most frequent first; severities all and the most severe first.
    /// Which of equally frequent values come last is not said. A value that the filter names is always
    /// there, also with a count of 0.
    pub values: Vec<FacetValue>,
    /// How many different values there are.
    pub distinct: u64,
    /// Whether the counts are exact; otherwise there are at least so many.
    pub exact: bool,
}

/// One value of a facet.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FacetValue {
    /// The value; `None` stands for alerts without one.
    pub value: Option<String>,
    /// Alerts that have it.
    pub count: u64,
    /// What the filter says about it.
    pub choice: Choice,
}

/// What a filter says about one value of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// Nothing.
    #[default]
    Open,
    /// It is asked for.
    Included,
    /// It is asked to stay away.
    Excluded,
}

/// The most frequent values of a field under all terms of a filter, split by severity.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Ranking {
    /// The field.
    pub field: FacetField,
    /// The most frequent first. Which of equally frequent values come last is not said.
    pub values: Vec<Ranked>,
    /// How many different values there are.
    pub distinct: u64,
    /// Whether the counts are exact; otherwise there are at least so many.
    pub exact: bool,
}

/// One value of a ranking.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Ranked {
    /// The value; `None` stands for alerts without one.
    pub value: Option<String>,
    /// Alerts that have it.
    pub counts: SeverityCounts,
}

/// Stretches of time of equal width, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buckets {
    /// Where the first begins.
    pub from: Timestamp,
    /// How long each one is; at least a nanosecond.
    pub width: Duration,
    /// How many there are; at most [`BUCKETS_MAX`].
    pub count: usize,
}

/// Widths that people read easily, in seconds.
const WIDTHS: [u64; 18] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400,
    604_800,
];

impl Buckets {
    /// Buckets of a width that reads easily, aligned to it, that hold all from `from` up to and
    /// including `to`; no more than `count_max`, which is at least 2 and at most [`BUCKETS_MAX`].
    pub fn over(from: Timestamp, to: Timestamp, count_max: usize) -> Self {
        let count_max = count_max.clamp(2, BUCKETS_MAX) as u64;
        let fits = |width: &u64| {
            let width = i128::from(*width) * 1_000_000_000;
            let first = i128::from(from.nanos()).div_euclid(width);
            let last = i128::from(to.max(from).nanos()).div_euclid(width);
            (last - first) < i128::from(count_max)
        };
        let longest = WIDTHS[WIDTHS.len() - 1];
        let weeks = to.since(from).as_secs() / longest / (count_max - 1) + 1;
        let seconds = WIDTHS.into_iter().find(fits).unwrap_or(longest * weeks);
        let width = i128::from(seconds) * 1_000_000_000;
        let first = i128::from(from.nanos()).div_euclid(width);
        let last = i128::from(to.max(from).nanos()).div_euclid(width);
        let start = i64::try_from(first * width).unwrap_or(i64::MIN);
        Self {
            from: Timestamp::from_nanos(start),
            width: Duration::from_secs(seconds),
            count: usize::try_from(last - first + 1)
                .unwrap_or(1)
                .min(BUCKETS_MAX),
        }
    }

    /// Where each begins, and behind the last of these where the last one ends.
    pub fn edges(&self) -> Vec<Timestamp> {
        let width = self.width.max(Duration::from_nanos(1));
        let mut edge = self.from;
        let mut edges = vec![edge];
        for _ in 0..self.count.min(BUCKETS_MAX) {
            edge = edge.plus(width);
            edges.push(edge);
        }
        edges
    }
}

/// How many alerts fell into each stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Histogram {
    /// The instant that is looked at.
    pub field: TimeField,
    /// The stretches of time; each holds its beginning and not its end.
    pub buckets: Buckets,
    /// The counts of each, in their order.
    pub counts: Vec<SeverityCounts>,
    /// Whether the counts are exact; otherwise there are at least so many.
    pub exact: bool,
}

/// A stretch of time: its beginning belongs to it, its end does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
}

impl Window {
    /// The equally long stretch before it.
    #[must_use]
    pub fn before(self) -> Self {
        Self {
            from: self.from.minus(self.to.since(self.from)),
            to: self.from,
        }
    }

    /// Edges of so many equal parts, at most [`BUCKETS_MAX`], the window's ends included.
    pub fn edges(self, parts: usize) -> Vec<Timestamp> {
        let parts = parts.clamp(1, BUCKETS_MAX) as u128;
        let nanos = self.to.since(self.from).as_nanos();
        (0..=parts)
            .map(|part| {
                let skipped = u64::try_from(nanos * part / parts).unwrap_or(u64::MAX);
                self.from.plus(Duration::from_nanos(skipped))
            })
            .collect()
    }
}

/// Counts of a window and of the equally long one before it, by `ingested_at`. Terms of the filter about
/// `ingested_at` are left out: the window says the time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The window.
    pub window: Window,
    /// Its counts.
    pub now: SeverityCounts,
    /// The counts of the window before.
    pub before: SeverityCounts,
    /// The window in equal parts, the earliest first.
    pub parts: Vec<SeverityCounts>,
    /// Whether the counts are exact; otherwise there are at least so many.
    pub exact: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn buckets_are_aligned_and_hold_both_ends() {
        let check = |from: &str, to: &str, count_max: usize, expected: (&str, u64, usize)| {
            let (from, to) = (at(from), at(to));
            let buckets = Buckets::over(from, to, count_max);
            let (start, seconds, count) = expected;
            assert_eq!(buckets.from, at(start));
            assert_eq!((buckets.width.as_secs(), buckets.count), (seconds, count));
            let edges = buckets.edges();
            assert!(edges[0] <= from && to < *edges.last().unwrap());
        };
        let day = "2026-11-23T";
        check(
            &format!("{day}09:00:30Z"),
            &format!("{day}10:00:30Z"),
            60,
            ("2026-11-23T09:00:00Z", 120, 31),
        );
        check(
            &format!("{day}09:00:00Z"),
            &format!("{day}09:00:00Z"),
            60,
            ("2026-11-23T09:00:00Z", 1, 1),
        );
        check(
            "1969-12-31T23:59:59.5Z",
            "1970-01-01T00:00:00.5Z",
            2,
            ("1969-12-31T23:59:59Z", 1, 2),
        );
        check(
            "1971-01-01T00:00:00Z",
            "2026-01-01T00:00:00Z",
            10,
            ("1970-01-01T00:00:00Z", 604_800 * 319, 10),
        );
    }

    #[test]
    fn the_parts_of_a_window_leave_nothing_out() {
        let window = Window {
            from: Timestamp::from_nanos(10),
            to: Timestamp::from_nanos(20),
        };
        let nanos: Vec<i64> = window.edges(3).into_iter().map(Timestamp::nanos).collect();
        assert_eq!(nanos, [10, 13, 16, 20]);
        assert_eq!(window.before().from.nanos(), 0);
        assert_eq!(window.before().to.nanos(), 10);
    }
}
