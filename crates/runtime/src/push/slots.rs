//! How many pushes may be under way, and which keys they hold.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cresset_model::SourceId;
use cresset_model::ports::PushError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Pushes under way at once, each with a worker now and then.
pub const PUSHES_MAX: usize = 128;
/// Bytes of the bodies under way, as received; of a packed one at least what is kept of it unpacked.
pub const PUSHES_BYTES_MAX: usize = 64 << 20;
/// When to come again after a push that found no place.
const COME_AGAIN: Duration = Duration::from_secs(1);

type Keys = Arc<Mutex<BTreeSet<(SourceId, String)>>>;

/// The places for pushes under way.
pub(super) struct Slots {
    pushes: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
    keys: Keys,
}

/// A place for one push, given back when dropped.
pub(super) struct Slot {
    _push: OwnedSemaphorePermit,
    _bytes: OwnedSemaphorePermit,
    _key: Option<HeldKey>,
}

struct HeldKey {
    keys: Keys,
    key: (SourceId, String),
}

impl Drop for HeldKey {
    fn drop(&mut self) {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.remove(&self.key);
    }
}

impl Slots {
    pub(super) fn new() -> Self {
        Self {
            pushes: Arc::new(Semaphore::new(PUSHES_MAX)),
            bytes: Arc::new(Semaphore::new(PUSHES_BYTES_MAX)),
            keys: Keys::default(),
        }
    }

    /// A place for a body of so many bytes, or a refusal; nobody waits in line.
    pub(super) fn take(
        &self,
        source: &SourceId,
        key: Option<&str>,
        body_bytes: usize,
    ) -> Result<Slot, PushError> {
        let busy = |_| PushError::Busy { after: COME_AGAIN };
        let bytes = u32::try_from(body_bytes).unwrap_or(u32::MAX);
        let push = Arc::clone(&self.pushes).try_acquire_owned().map_err(busy)?;
        let bytes = Arc::clone(&self.bytes)
            .try_acquire_many_owned(bytes)
            .map_err(busy)?;
        let key = key.map(|key| self.hold(source, key)).transpose()?;
        Ok(Slot {
            _push: push,
            _bytes: bytes,
            _key: key,
        })
    }

    fn hold(&self, source: &SourceId, key: &str) -> Result<HeldKey, PushError> {
        let key = (source.clone(), key.to_owned());
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if !keys.insert(key.clone()) {
            return Err(PushError::KeyBusy);
        }
        Ok(HeldKey {
            keys: Arc::clone(&self.keys),
            key,
        })
    }
}
