//! Facts for tests.

use std::time::Duration;

use cresset_model::ports::{DeadLetterRoom, StoreVitals};
use cresset_model::source::{Counters, SourceState, SyncStatus};
use cresset_model::{SourceId, Timestamp};

/// The instant of every test.
pub(super) const NOW: Timestamp = Timestamp::from_nanos(1_800_000_000_000_000_000);

pub(super) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A source that is polled each minute and well.
pub(super) fn polled(id: &str) -> SourceState {
    SourceState {
        id: SourceId::new(id),
        kind: "http_poll",
        address: "http://127.0.0.1/alerts".to_owned(),
        status: SyncStatus::Idle,
        bookmark: None,
        round: None,
        lag_seconds: None,
        last_sync: None,
        last_success: None,
        last_error: None,
        retry: None,
        next_sync: None,
        not_before: None,
        interval_minutes: 1,
        warnings: Vec::new(),
        sweep: None,
        turns: 0,
        paused: false,
        has_chaos: false,
        minute: Counters::default(),
        counters: Counters::default(),
    }
}

/// A store that is well.
pub(super) fn vitals() -> StoreVitals {
    StoreVitals {
        head: 10,
        cursors: vec![("router".to_owned(), 10)],
        waiting: Vec::new(),
        dead_letters: DeadLetterRoom {
            bytes: 0,
            bytes_max: 256 << 20,
            dropped: Vec::new(),
            dropped_at: None,
        },
        free_bytes: Some(u64::MAX),
    }
}
