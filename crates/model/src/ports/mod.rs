//! The ports: small object-safe traits between the shell's parts. Every error across a port says only
//! whether it may pass (transient, perhaps with a delay) or will stay (permanent).

mod chaos;
mod clock;
mod control;
mod explore;
mod health;
mod intake;
mod lines;
mod live;
mod lookup;
mod notifier;
mod outbox;
mod query;
mod sink;
mod store;
mod upstream;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

pub use chaos::{CHAOS_DELAY_MAX, CHAOS_LIFE, CHAOS_SHARE_STEP, ChaosDials, ChaosState, Dials};
pub use clock::Clock;
pub use control::{
    CommandRefused, Control, NotifierResults, ReceiverInfo, Receivers, RedriveItem, RedriveReport,
    RedriveSelection, Reload, ReloadRefused, ReloadReport, SyncRefused, UnknownReceiver,
};
pub use explore::{Explore, FACET_VALUES_MAX, Related};
pub use health::{DeadLetterRoom, Health, HealthReport, StoreVitals, Vitals, Waiting};
pub use intake::{Encoding, Intake, PushBody, PushError, PushReceipt, RecordFaultAt};
pub use lines::{
    LINE_CHECK_BYTES, LINE_CHUNK_BYTES_MAX, LINE_FILES_MAX, LineChunk, LineSource, line_check,
};
pub use live::{Announce, Live, LiveEvent, Pulse, Subscription};
pub use lookup::{Answers, GeoAnswer, Lookup};
pub use notifier::{Notifier, NotifierInfo};
pub use outbox::{
    DeliveryFilter, DeliveryPage, LEASE, Leased, Outbox, OutboxTally, RouterMemory, Settlement,
    StepCommit,
};
pub use query::{AlertPage, DeadLetterPage, IndexState, PageRequest, Query, StoreFacts, Total};
pub use sink::{EventBatch, EventSink};
pub use store::{
    Commit, FILE_POSITIONS_MAX, FilePosition, Lane, PUSH_ANSWER_AGE_MAX, RECEIPTS_KEPT, Receipt,
    Retained, Retention, SourceUpdate, Store, StoredPush, StoredSource, Ticket, Upsert,
};
pub use upstream::{Answer, Ask, Body, FetchError, PLACE_BYTES_MAX, Upstream, Validator};

/// A boxed future, so that ports stay object-safe.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// An error across a port.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PortError {
    /// It may pass: try again, after the delay if one is known.
    #[error("{message}")]
    Transient {
        /// What happened.
        message: String,
        /// When to try again, if known.
        after: Option<Duration>,
    },
    /// It will stay until somebody changes something.
    #[error("{message}")]
    Permanent {
        /// What happened.
        message: String,
    },
}

impl PortError {
    /// A passing error without a known delay.
    pub fn transient(message: impl Into<String>) -> Self {
        Self::Transient {
            message: message.into(),
            after: None,
        }
    }

    /// A staying error.
    pub fn permanent(message: impl Into<String>) -> Self {
        Self::Permanent {
            message: message.into(),
        }
    }
}
