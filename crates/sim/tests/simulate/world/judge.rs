//! The judge: what was ever said, against what the store holds and what the receivers got.

use std::collections::BTreeMap;
use std::path::Path;

use cresset_connectors::stores::sqlite::{SqliteStore, verify};
use cresset_model::SourceId;
use cresset_model::alert::AlertDetail;
use cresset_model::dead_letter::{DeadLetter, DeadLetterFilter};
use cresset_model::notification::Delivery;
use cresset_model::ports::{DeliveryFilter, Outbox, PageRequest, Query, Store};
use cresset_model::query::Filter;
use cresset_model::source::SourceState;

use super::blocking::block_on;
use super::state::{Pushed, World};
use super::{books, deliveries};

/// What the store holds in the end.
pub(super) struct Held {
    pub(super) alerts: Vec<AlertDetail>,
    pub(super) letters: Vec<DeadLetter>,
    pub(super) rows: Vec<Delivery>,
}

/// Judges a world at its end; nothing says that all is well.
pub(super) fn judge(
    world: &World,
    store: &SqliteStore,
    (directory, shown): (&Path, [SourceState; 2]),
) -> Vec<String> {
    let held = held(store);
    let mut faults = std::mem::take(&mut world.seen().breaches);
    contents(world, &held, &mut faults);
    for shown in &shown {
        let stored = block_on(store.source(SourceId::new(shown.id.as_str())));
        let stored = stored.expect("the store answers");
        books::check(&held, (shown, &stored), &mut faults);
    }
    caught_up(world, store, &shown[0], &mut faults);
    deliveries::check(world, &held, &mut faults);
    let report = verify(&directory.join("cresset.db")).expect("the store can be verified");
    for check in report.checks.iter().filter(|check| !check.ok) {
        faults.push(format!("verify: {check:?}"));
    }
    faults
}

fn held(store: &SqliteStore) -> Held {
    let all = PageRequest {
        before: None,
        limit: 1_000,
        total: false,
    };
    let page = block_on(store.alerts(Filter::default(), all)).expect("the store answers");
    let detail = |id| {
        block_on(store.alert(id))
            .expect("the store answers")
            .expect("it is there")
    };
    let letters = block_on(store.dead_letters(DeadLetterFilter::default(), all));
    let rows = block_on(store.deliveries(DeliveryFilter::default(), None, 1_000));
    Held {
        alerts: page.items.iter().map(|row| detail(row.id)).collect(),
        letters: letters.expect("the store answers").items,
        rows: rows.expect("the store answers").items,
    }
}

/// How often each content may be there.
type Due = BTreeMap<String, (u64, u64)>;

/// Every alert once, as it was said last; every record that cannot be used one dead letter.
fn contents(world: &World, held: &Held, faults: &mut Vec<String>) {
    let (mut alerts, mut letters) = (Due::new(), Due::new());
    for item in &world.plan.items {
        let due = if item.is_broken {
            &mut letters
        } else {
            &mut alerts
        };
        due.insert(item.json(i64::MAX), (1, 1));
    }
    let pushed = world.seen().pushes.clone();
    for (push, pushed) in world.plan.pushes.iter().zip(pushed) {
        if pushed == Pushed::No {
            faults.push(format!("the push due at {} s was never taken", push.at));
        }
        let least = u64::from(pushed == Pushed::Taken);
        for (json, is_usable) in &push.records {
            let due = if *is_usable {
                &mut alerts
            } else {
                &mut letters
            };
            due.insert(json.clone(), (least, 1));
        }
    }
    let raw = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let stored = held.alerts.iter().map(|alert| raw(&alert.raw));
    compare("alert", stored, &alerts, faults);
    let stored = held.letters.iter().map(|letter| raw(&letter.raw));
    compare("dead letter", stored, &letters, faults);
}

fn compare(what: &str, stored: impl Iterator<Item = String>, due: &Due, faults: &mut Vec<String>) {
    let mut counts = BTreeMap::<String, u64>::new();
    for content in stored {
        *counts.entry(content).or_default() += 1;
    }
    for (content, (least, most)) in due {
        let count = counts.remove(content).unwrap_or(0);
        if count < *least || count > *most {
            faults.push(format!("{what} stored {count} times: {content}"));
        }
    }
    for content in counts.into_keys() {
        faults.push(format!(
            "{what} stored that was not said so last: {content}"
        ));
    }
}

/// Bookmark, round and the router's cursor have come to the end.
fn caught_up(world: &World, store: &SqliteStore, polled: &SourceState, faults: &mut Vec<String>) {
    let usable = world.plan.items.iter();
    let usable = usable.filter(|item| !item.is_broken && !item.is_future);
    let newest = usable.map(|item| super::time::at(item.created)).max();
    if newest.is_some() && polled.bookmark < newest || polled.bookmark > Some(world.time.now()) {
        let bookmark = polled.bookmark;
        faults.push(format!(
            "the bookmark stands at {bookmark:?}, the newest is of {newest:?}"
        ));
    }
    if let Some(round) = &polled.round {
        faults.push(format!("a round is left: {round:?}"));
    }
    let router = block_on(store.router()).expect("the store answers");
    let head = store.head();
    if router.cursor != head {
        faults.push(format!(
            "the router has read up to {} of {head}",
            router.cursor
        ));
    }
    for group in router.groups.iter().filter(|group| group.due.is_some()) {
        faults.push(format!("a group still waits: {group:?}"));
    }
}
