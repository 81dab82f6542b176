//! Failures in the wild, by the names that the list of them gives; each once, with figures that can be
//! followed by hand. The worlds of chance are in `kills`.

use std::sync::Arc;

use cresset_model::Timestamp;
use cresset_model::ports::{Clock, Control, SyncRefused};
use cresset_model::source::Checkpoint;

use super::world::{Item, Mishap, Shape, World, at};
use crate::fakes::{Answer, Piece, Record, Rig, Running, T0, TestClock, ago, array, cut, seconds};

fn item(id: u64, created: i64) -> Item {
    Item {
        id,
        created,
        visible: created,
        changes: None,
        malformed: false,
    }
}

/// A source of a world in which nothing happens.
fn rig(items: Vec<Item>, page_size: usize, inclusive: bool) -> Rig {
    let clock = Arc::new(TestClock::new());
    let world = World {
        items,
        page_size,
        inclusive,
        newest_first: false,
        shape: Shape::Time,
        sweeps: false,
    };
    let mut rig = Rig::asked({
        let clock = Arc::clone(&clock);
        move |ask| {
            let now = i64::try_from(clock.now().since(T0).as_secs()).unwrap();
            world.answer(ask, now, Mishap::None)
        }
    });
    rig.clock = clock;
    rig.interval_minutes = 1;
    rig.remember(Checkpoint::at(ago(1_000)));
    rig
}

/// Runs for some polls and checks that each record was stored once.
async fn arrive(rig: &Rig, records: usize) -> Running {
    let running = rig.start();
    running.turns(9).await;
    assert_eq!(rig.store.alerts().len(), records);
    assert_eq!(rig.stored().counters.new, records as u64);
    running
}

/// 400 records, four at each instant, in pages of ten: every second page ends within an instant. To break
/// it: go on from the newest instant of a page.
async fn equal_ts(inclusive: bool) {
    let items = (0..400)
        .map(|id| item(id, -900 + id.cast_signed() / 4))
        .collect();
    arrive(&rig(items, 10, inclusive), 400).await;
}

#[tokio::test(start_paused = true)]
async fn equal_ts_edge() {
    equal_ts(false).await;
}

#[tokio::test(start_paused = true)]
async fn equal_ts_inclusive() {
    equal_ts(true).await;
}

/// To break it: take the instants of a page whatever its receipt.
#[tokio::test(start_paused = true)]
async fn clock_skew() {
    let day = 86_400;
    let mut items = vec![item(0, -100), item(1, -50)];
    items.push(Item {
        created: 30 * day,
        ..item(2, -50)
    });
    items.push(item(3, 70));
    let running = arrive(&rig(items, 10, true), 4).await;
    let bookmark = running.state().bookmark;
    assert_eq!(bookmark, Some(at(70)), "not a month ahead");
}

/// To break it: move the bookmark with each record, or with a page that was cut.
#[tokio::test(start_paused = true)]
async fn unordered_truncated() {
    let times = [10, 500, 30, 400, 20, 300];
    let records: Vec<String> = (0..)
        .zip(times)
        .map(|(id, seconds_ago)| Record::new(id, ago(seconds_ago)).json())
        .collect();
    // Three attempts, each cut behind the newest record and before older ones.
    let cuts = (0..3).map(|_| Answer::broken(cut(&records, 2)));
    let whole = Answer::pieces([Piece::Bytes(array(&records))]);
    let mut rig = Rig::scripted(cuts.chain([whole]));
    rig.interval_minutes = 1;
    rig.remember(Checkpoint::at(ago(1_000)));
    let running = rig.first_turn().await;
    assert_eq!(rig.store.alerts().len(), 2, "what was whole is kept");
    let since = |rig: &Rig| -> Vec<Timestamp> {
        rig.journal.gets().iter().map(|(_, since)| *since).collect()
    };
    assert_eq!(rig.checkpoint().bookmark, ago(1_000));
    running.turns(2).await;
    assert_eq!(since(&rig)[..4], [ago(1_300); 4]);
    assert_eq!(rig.store.alerts().len(), 6);
    assert_eq!(rig.checkpoint().bookmark, ago(10));
}

/// To break it: ignore what the upstream asks for, or wait for it without end.
#[tokio::test(start_paused = true)]
async fn rate_limit() {
    let mut refused = crate::fakes::transient(Some(seconds(90)));
    refused.status = Some(429);
    let rig = Rig::scripted([Answer::fails(refused)]);
    let running = rig.first_turn().await;
    let until = running.state().not_before.unwrap();
    let refusal = running.control.sync(None).unwrap_err();
    assert_eq!(refusal, SyncRefused::NotBefore(until));
    running.turns(2).await;
    let gets = rig.journal.gets();
    assert_eq!(gets.len(), 2, "no attempt within the pause");
    assert!(gets[1].0 >= seconds(90), "{gets:?}");
    assert!(gets[1].0 < seconds(100), "at once after it: {gets:?}");
}
