//! The promise of notifications, as the receivers see it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cresset_model::notification::{Delivery, DeliveryState};
use cresset_model::{AlertId, NotificationId};

use super::judge::Held;
use super::receivers::{Call, RETRY_WAITS, Reply};
use super::state::World;

/// The groups of what is told when a notification was given up.
const ALARMS: &str = "undelivered@";

/// Judges the outbox against what the receivers got.
pub(super) fn check(world: &World, held: &Held, faults: &mut Vec<String>) {
    let calls = world.seen().calls.clone();
    let rows: BTreeMap<NotificationId, &Delivery> =
        held.rows.iter().map(|row| (row.id, row)).collect();
    for row in &held.rows {
        let of_row: Vec<&Call> = calls.iter().filter(|call| call.id == row.id).collect();
        ended(row, &of_row, faults);
        paced(world, row, faults);
        repeated(world, row, &of_row, faults);
    }
    let is_set = !world.plan.clock.is_empty();
    ordered((&calls, is_set), &rows, faults);
    told(held, faults);
}

/// Sent means that the receiver has said so; dead, that it has refused or all tries are used up.
fn ended(row: &Delivery, calls: &[&Call], faults: &mut Vec<String>) {
    let (id, receiver) = (row.id, &row.receiver);
    for call in calls {
        if call.body != row.body || call.receiver != *receiver {
            faults.push(format!(
                "{id} was told to {} with another body",
                call.receiver
            ));
        }
    }
    let is_refused = calls
        .iter()
        .any(|call| call.reply == Reply::Refuse && call.is_answered);
    let fault = match row.state {
        DeliveryState::Sent if calls.iter().any(|call| call.is_taken()) => return,
        DeliveryState::Dead if is_refused || row.attempts.len() > RETRY_WAITS.len() => return,
        DeliveryState::Sent => "is sent and was never taken",
        DeliveryState::Dead => "was given up too early",
        DeliveryState::Pending | DeliveryState::Leased => "has not ended",
    };
    let (state, next, tries) = (row.state, row.next_at, row.attempts.len());
    faults.push(format!(
        "{id} to {receiver} {fault}: {state:?}, {tries} tries, next {next:?}"
    ));
}

/// Between two tries lies at least what is listed. The stamps say nothing where the clock was set.
fn paced(world: &World, row: &Delivery, faults: &mut Vec<String>) {
    if !world.plan.clock.is_empty() {
        return;
    }
    for (pair, least) in row.attempts.windows(2).zip(RETRY_WAITS) {
        let waited = pair[1].begun.since(pair[0].ended);
        if waited < least {
            faults.push(format!(
                "{} was tried again after {waited:?}, not {least:?}",
                row.id
            ));
        }
    }
}

/// Within a life nothing is told again that was taken, unless the clock was set.
fn repeated(world: &World, row: &Delivery, calls: &[&Call], faults: &mut Vec<String>) {
    let mut taken = BTreeMap::<usize, Duration>::new();
    for call in calls {
        if let Some(at) = taken.get(&call.life)
            && !world.time.is_set_between(Duration::ZERO, call.at)
        {
            let again = call.at.saturating_sub(*at);
            faults.push(format!(
                "{} was told again {again:?} after it was taken",
                row.id
            ));
        }
        if call.is_taken() {
            taken.entry(call.life).or_insert(call.at);
        }
    }
}

/// Nothing is told before what is before it in its group. Alarms are counted by the hours of the clock.
fn ordered(
    (calls, is_set): (&[Call], bool),
    rows: &BTreeMap<NotificationId, &Delivery>,
    faults: &mut Vec<String>,
) {
    let mut last = BTreeMap::new();
    for call in calls {
        let Some(row) = rows.get(&call.id) else {
            faults.push(format!("{} was told and is not in the outbox", call.id));
            continue;
        };
        let place = (row.episode, row.ordinal);
        let before = last
            .insert((&row.receiver, &row.group), place)
            .unwrap_or(place);
        if place < before && !(is_set && row.group.starts_with(ALARMS)) {
            let group = &row.group;
            faults.push(format!("{place:?} of {group} was told after {before:?}"));
        }
    }
}

/// Every alert is told once to each notifier of one receiver.
fn told(held: &Held, faults: &mut Vec<String>) {
    let mut told = BTreeMap::<AlertId, Vec<&str>>::new();
    let mut more = false;
    for row in held
        .rows
        .iter()
        .filter(|row| !row.group.starts_with(ALARMS))
    {
        more |= !String::from_utf8_lossy(&row.body).contains("\"more\":0");
        for alert in &row.alerts {
            told.entry(*alert).or_default().push(&row.receiver);
        }
    }
    for alert in &held.alerts {
        let mut receivers = told.remove(&alert.row.id).unwrap_or_default();
        receivers.sort_unstable();
        let is_left_out = more && receivers.is_empty();
        let is_right = is_left_out || receivers == ["soc/0", "soc/1"] || receivers == ["duty/0"];
        if !is_right {
            let upstream_id = &alert.row.upstream_id;
            faults.push(format!("the alert {upstream_id} was told to {receivers:?}"));
        }
    }
    let unknown: BTreeSet<AlertId> = told.into_keys().collect();
    if !unknown.is_empty() {
        faults.push(format!("alerts were told that are not stored: {unknown:?}"));
    }
}
