use cresset_model::SourceId;
use cresset_model::ports::{Control, PortError, Store, SyncRefused};
use cresset_model::source::{SyncStatus, Trigger};

use super::*;
use crate::fakes::{Answer, Rig, T0, permanent, seconds, transient};

/// Two sources under one control.
struct Pair {
    first: Rig,
    second: Rig,
    control: RuntimeControl,
    _stop: [watch::Sender<bool>; 2],
}

impl Pair {
    async fn of(first: Rig, mut second: Rig) -> Self {
        second.id = SourceId::new("second");
        let mut control = first.control();
        let (one, _, _) = first.start_under(&mut control);
        let (two, _, _) = second.start_under(&mut control);
        tokio::time::sleep(seconds(1)).await;
        Self {
            first,
            second,
            control,
            _stop: [one, two],
        }
    }

    fn requests(&self) -> [usize; 2] {
        [&self.first, &self.second].map(|rig| rig.journal.gets().len())
    }
}

fn calm() -> Rig {
    Rig::scripted([])
}

#[tokio::test(start_paused = true)]
async fn sources_are_listed_in_their_order_with_kind_and_address() {
    let pair = Pair::of(calm(), calm()).await;
    let states = pair.control.sources();
    let names: Vec<&str> = states.iter().map(|state| state.id.as_str()).collect();
    assert_eq!(names, ["upstream", "second"]);
    assert_eq!(states[0].kind, "http_poll");
    assert_eq!(states[0].address, "http://upstream/alerts");
    assert_eq!((states[0].turns, states[0].interval_minutes), (1, 30));
}

#[tokio::test(start_paused = true)]
async fn a_sync_without_a_name_starts_all_sources() {
    let pair = Pair::of(calm(), calm()).await;
    pair.control.sync(None).unwrap();
    let busy = |state: SourceState| state.status == SyncStatus::Syncing;
    assert!(
        pair.control.sources().into_iter().all(busy),
        "shown at once"
    );
    tokio::time::sleep(seconds(1)).await;
    assert_eq!(pair.requests(), [2, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_sync_of_one_source_leaves_the_others_alone() {
    let pair = Pair::of(calm(), calm()).await;
    pair.control.sync(Some(&pair.second.id)).unwrap();
    tokio::time::sleep(seconds(1)).await;
    assert_eq!(pair.requests(), [1, 2]);
    let attempts = pair.control.attempts(&pair.second.id).unwrap();
    assert_eq!(attempts[0].trigger, Trigger::Manual);
    assert_eq!(attempts.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_source_is_named_in_the_refusal() {
    let pair = Pair::of(calm(), calm()).await;
    let unknown = SourceId::new("third");
    let refused = pair.control.sync(Some(&unknown)).unwrap_err();
    assert_eq!(refused, SyncRefused::Unknown("third".to_owned()));
    assert_eq!(refused.to_string(), "no source `third`");
    assert_eq!(pair.control.attempts(&unknown), None);
}

#[tokio::test(start_paused = true)]
async fn a_busy_source_refuses_and_then_no_other_is_started() {
    for (answer, status, message) in [
        (
            Answer::Hangs,
            SyncStatus::Syncing,
            "Sync already in progress (Status: syncing)",
        ),
        (
            Answer::fails(transient(Some(seconds(9)))),
            SyncStatus::Retrying,
            "Sync already in progress (Status: retrying)",
        ),
    ] {
        let pair = Pair::of(calm(), Rig::scripted([answer])).await;
        for source in [None, Some(&pair.second.id)] {
            let refused = pair.control.sync(source).unwrap_err();
            assert_eq!(refused, SyncRefused::Busy(status));
            assert_eq!(refused.to_string(), message);
        }
        pair.control.sync(Some(&pair.first.id)).unwrap();
        tokio::time::sleep(seconds(1)).await;
        assert_eq!(pair.requests(), [2, 1]);
    }
}

#[tokio::test(start_paused = true)]
async fn of_two_syncs_at_once_the_second_is_refused() {
    let pair = Pair::of(calm(), calm()).await;
    pair.control.sync(None).unwrap();
    let refused = pair.control.sync(None).unwrap_err();
    assert_eq!(refused, SyncRefused::Busy(SyncStatus::Syncing));
    tokio::time::sleep(seconds(1)).await;
    assert_eq!(pair.requests(), [2, 2]);
    pair.control.sync(None).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_failed_source_and_a_failed_store_can_be_synced() {
    let pair = Pair::of(calm(), Rig::scripted([Answer::fails(permanent())])).await;
    let status = |pair: &Pair| pair.control.sources()[1].status;
    assert_eq!(status(&pair), SyncStatus::Failed);
    pair.control.sync(Some(&pair.second.id)).unwrap();
    tokio::time::sleep(seconds(1)).await;
    assert_eq!(status(&pair), SyncStatus::Idle);
    pair.second.store.set_down(true);
    pair.control.sync(Some(&pair.second.id)).unwrap();
    tokio::time::sleep(seconds(1)).await;
    assert_eq!(status(&pair), SyncStatus::SystemFailure);
    pair.second.store.set_down(false);
    pair.control.sync(Some(&pair.second.id)).unwrap();
    tokio::time::sleep(seconds(1)).await;
    assert_eq!(status(&pair), SyncStatus::Idle);
}

#[tokio::test(start_paused = true)]
async fn the_interval_is_one_minute_to_a_week() {
    let pair = Pair::of(calm(), calm()).await;
    assert_eq!(pair.control.interval_minutes(), 30);
    for minutes in [0, 10_081, u32::MAX] {
        let refused = pair
            .control
            .set_interval_minutes(minutes)
            .await
            .unwrap_err();
        let message = format!("the interval is 1 to 10080 minutes, not {minutes}");
        assert_eq!(refused, PortError::permanent(message));
        assert_eq!(pair.control.interval_minutes(), 30);
    }
    let setting = || pair.first.store.setting(INTERVAL_SETTING);
    assert_eq!(setting().await, Ok(None));
    for minutes in [1, 10_080] {
        pair.control.set_interval_minutes(minutes).await.unwrap();
        assert_eq!(pair.control.interval_minutes(), minutes);
        assert_eq!(setting().await, Ok(Some(minutes.to_string())));
        tokio::time::sleep(seconds(1)).await;
        let now = pair.first.clock.now();
        for state in pair.control.sources() {
            assert_eq!(state.interval_minutes, minutes);
            let next = state.next_sync.unwrap();
            let due = seconds(u64::from(minutes) * 60 - 1);
            assert_eq!(next.since(now), due);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_interval_that_cannot_be_kept_is_not_applied() {
    let pair = Pair::of(calm(), calm()).await;
    pair.first.store.set_down(true);
    let failed = pair.control.set_interval_minutes(5).await;
    assert_eq!(failed, Err(PortError::transient("the disk is gone")));
    assert_eq!(pair.control.interval_minutes(), 30);
    tokio::time::sleep(seconds(1)).await;
    let next = pair.control.sources()[0].next_sync;
    assert_eq!(next, Some(T0.plus(seconds(1_800))));
}

#[tokio::test(start_paused = true)]
async fn the_intervals_of_a_changed_file_end_the_one_that_was_set_at_run_time() {
    let pair = Pair::of(calm(), calm()).await;
    pair.control.set_interval_minutes(7).await.unwrap();
    tokio::time::sleep(seconds(60)).await;
    let intervals = [(pair.first.id.clone(), 7), (pair.second.id.clone(), 20)];
    pair.first.store.set_down(true);
    assert!(pair.control.take_intervals(&intervals).await.is_err());
    pair.first.store.set_down(false);
    let shown = || -> Vec<u32> {
        let sources = pair.control.sources().into_iter();
        sources.map(|state| state.interval_minutes).collect()
    };
    assert_eq!(shown(), [7, 7]);
    pair.control.take_intervals(&intervals).await.unwrap();
    tokio::time::sleep(seconds(1)).await;
    assert_eq!(shown(), [7, 20]);
    assert_eq!(
        pair.first.store.setting(INTERVAL_SETTING).await,
        Ok(None),
        "the file holds again after a restart too"
    );
    let (now, sources) = (pair.first.clock.now(), pair.control.sources());
    let left = |place: usize| sources[place].next_sync.unwrap().since(now);
    assert_eq!(left(0), seconds(7 * 60 - 61), "its timer goes on");
    assert_eq!(left(1), seconds(20 * 60 - 1));
}

#[tokio::test(start_paused = true)]
async fn without_sources_there_is_nothing_to_do() {
    let rig = calm();
    let control = rig.control();
    assert_eq!(control.sources(), []);
    assert_eq!(control.interval_minutes(), 0);
    assert_eq!(control.sync(None), Ok(()));
    control.set_interval_minutes(5).await.unwrap();
}

/// A polled source and one that is fed by others, under one control.
async fn with_push_source() -> Pair {
    let mut pair = Pair::of(calm(), calm()).await;
    let id = SourceId::new("events");
    let cell = Arc::new(SourceCell::new(
        id,
        "push",
        "/api/v1/events/events".to_owned(),
    ));
    let stages = pair.first.ports().stages;
    pair.control.add_unpolled(cell, stages, Vec::new());
    pair
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_fed_by_others_is_shown_and_cannot_be_synced() {
    let pair = with_push_source().await;
    let states = pair.control.sources();
    assert_eq!((states.len(), states[2].kind), (3, "push"));
    let events = SourceId::new("events");
    let refused = pair.control.sync(Some(&events)).unwrap_err();
    let message =
        "the source `events` is of kind push and cannot be synced: only polled sources can";
    assert_eq!(refused.to_string(), message);
    assert_eq!(pair.control.attempts(&events), Some(Vec::new()));

    pair.control.sync(None).unwrap();
    assert_eq!(pair.control.sources()[2].status, SyncStatus::Idle);
    tokio::time::sleep(seconds(1)).await;
    assert_eq!(pair.requests(), [2, 2], "a sync of all passes over it");
    assert_eq!(pair.control.set_interval_minutes(5).await, Ok(()));
    assert_eq!(pair.control.interval_minutes(), 5);
}

#[tokio::test]
async fn without_polled_sources_there_is_no_interval() {
    let control = calm().control();
    assert_eq!(control.interval_minutes(), 0);
    assert_eq!(control.sync(None), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_paused_source_does_not_hold_the_others_up() {
    let pair = Pair::of(calm(), calm()).await;
    pair.control.pause(&pair.first.id).await.unwrap();
    pair.control.sync(None).unwrap();
    tokio::time::sleep(seconds(1)).await;
    assert_eq!(pair.requests(), [1, 2]);
    pair.control.pause(&pair.second.id).await.unwrap();
    assert!(matches!(
        pair.control.sync(None),
        Err(SyncRefused::Paused(_))
    ));
}

#[tokio::test(start_paused = true)]
async fn commands_to_no_source_and_chaos_without_a_mock_are_refused() {
    let pair = Pair::of(calm(), calm()).await;
    let unknown = SourceId::new("third");
    let no_source = CommandRefused::Unknown("third".to_owned());
    let control = &pair.control;
    assert_eq!(control.pause(&unknown).await, Err(no_source.clone()));
    assert_eq!(control.resume(&unknown).await, Err(no_source.clone()));
    assert_eq!(control.rewind(&unknown, T0).await, Err(no_source.clone()));
    assert_eq!(control.chaos(&unknown).await, Err(no_source));
    let refused = control.chaos(&pair.first.id).await.unwrap_err();
    assert!(refused.to_string().contains("set `chaos.url`"), "{refused}");
    assert!(!control.sources()[0].has_chaos);
}

/// Notes which sources changed.
#[derive(Default)]
struct Watcher(std::sync::Mutex<Vec<String>>);

impl Announce for Watcher {
    fn committed(&self, _: u64, _: cresset_model::query::SeverityCounts, _: u64) {}

    fn source_changed(&self, source: &SourceId) {
        self.0.lock().unwrap().push(source.to_string());
    }
}

#[tokio::test(start_paused = true)]
async fn changes_of_a_source_are_announced_and_nothing_else_is() {
    let pair = Pair::of(calm(), calm()).await;
    let watcher = Arc::new(Watcher::default());
    pair.control.announce_to(&(Arc::clone(&watcher) as _));
    let heard = || std::mem::take(&mut *watcher.0.lock().unwrap());
    pair.control.sources();
    tokio::time::sleep(seconds(60)).await;
    assert!(heard().is_empty());
    pair.control.sync(Some(&pair.second.id)).unwrap();
    assert_eq!(heard(), ["second"]);
    tokio::time::sleep(seconds(1)).await;
    let turn = heard();
    assert!(!turn.is_empty() && turn.iter().all(|source| source == "second"));
    pair.control.set_interval_minutes(7).await.unwrap();
    tokio::time::sleep(seconds(1)).await;
    let mut both = heard();
    both.sort();
    assert_eq!(both, ["second", "upstream"]);
}
