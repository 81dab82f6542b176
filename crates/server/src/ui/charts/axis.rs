//! Where the marks of an axis stand.

use std::time::Duration;

use cresset_model::Timestamp;

use crate::ui::words;

/// Marks of an axis of time.
const MARKS_MAX: u64 = 9;
/// Seconds between two marks, from the finest to the coarsest.
const STEPS: [u64; 16] = [
    1, 5, 15, 60, 300, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
    2_592_000,
];
const DAY: u64 = 86_400;

/// A round number that is not less, so that an axis ends with it and has a round half.
pub(super) fn round_up(most: u64) -> u64 {
    let mut unit = 1;
    loop {
        for step in [2, 4, 6, 8, 10] {
            if unit * step >= most {
                return unit * step;
            }
        }
        let Some(next) = unit.checked_mul(10).filter(|unit| *unit <= u64::MAX / 100) else {
            return most;
        };
        unit = next;
    }
}

/// The marks between two instants: how far along, in tenths of a hundredth, and what to write.
pub(super) fn marks(from: Timestamp, to: Timestamp) -> Vec<(u64, String)> {
    let span = to.since(from).as_secs().max(1);
    let step = STEPS
        .into_iter()
        .find(|step| span / step < MARKS_MAX)
        .unwrap_or(span / MARKS_MAX + 1);
    let begin = u64::try_from(from.seconds()).unwrap_or(0);
    let first = begin.next_multiple_of(step);
    (first..=begin + span)
        .step_by(usize::try_from(step).unwrap_or(usize::MAX))
        .map(|second| {
            let after = second - begin;
            let at = from.plus(Duration::from_secs(after));
            (after * 1_000 / span, label(at, step))
        })
        .collect()
}

fn label(at: Timestamp, step: u64) -> String {
    if step >= DAY {
        return words::day(at);
    }
    let clock = words::clock(at);
    let digits = if step < 60 { 8 } else { 5 };
    clock.get(..digits).unwrap_or(&clock).to_owned()
}
