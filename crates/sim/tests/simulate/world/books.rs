//! Conservation: what came in and what it became, as counted, stored and shown.

use cresset_model::ports::StoredSource;
use cresset_model::source::SourceState;

use super::judge::Held;

/// Judges the books of one source.
pub(super) fn check(
    held: &Held,
    (shown, stored): (&SourceState, &StoredSource),
    faults: &mut Vec<String>,
) {
    let (source, counters) = (&shown.id, &stored.counters);
    let (came, became) = counters.sides();
    let mut equal = |what: &str, booked: u64, found: u64| {
        if booked != found {
            faults.push(format!(
                "{source}: {what}: {booked} in the books, {found} found"
            ));
        }
    };
    equal("read and what became of it", came, became);
    let alerts = held
        .alerts
        .iter()
        .filter(|alert| alert.row.source_id == *source);
    let revisions: u64 = alerts
        .clone()
        .map(|alert| u64::from(alert.row.revision))
        .sum();
    let count = alerts.count() as u64;
    equal("new", counters.new, count);
    equal("changed", counters.changed, revisions - count);
    let letters = held
        .letters
        .iter()
        .filter(|letter| letter.source_id == *source);
    equal(
        "dead",
        counters.dead,
        letters.map(|letter| letter.count).sum(),
    );
    if shown.counters != *counters {
        faults.push(format!(
            "{source}: the books are {counters:?}, shown are {:?}",
            shown.counters
        ));
    }
}
