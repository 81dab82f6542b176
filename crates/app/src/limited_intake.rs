//! The configured bounds of push sources, before anything of a push is looked at.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use cresset_model::SourceId;
use cresset_model::ports::{BoxFuture, Intake, PushBody, PushError, PushReceipt};
use tokio::sync::Semaphore;

use crate::config::PushConfig;

/// When a client comes again that was asked to wait.
const BUSY_RETRY: Duration = Duration::from_secs(1);

/// An intake that keeps to the bounds of each source.
pub(crate) struct LimitedIntake {
    inner: Arc<dyn Intake>,
    bounds: BTreeMap<SourceId, Bounds>,
}

struct Bounds {
    body_bytes_max: u64,
    places: Semaphore,
}

impl LimitedIntake {
    /// Bounds the pushes that `inner` takes.
    pub(crate) fn new(inner: Arc<dyn Intake>, sources: &[(SourceId, PushConfig)]) -> Self {
        let bound = |(id, config): &(SourceId, PushConfig)| {
            let places = Semaphore::new(usize::try_from(config.in_flight_max).unwrap_or(1));
            let body_bytes_max = config.body_bytes_max;
            (
                id.clone(),
                Bounds {
                    body_bytes_max,
                    places,
                },
            )
        };
        Self {
            inner,
            bounds: sources.iter().map(bound).collect(),
        }
    }
}

impl Intake for LimitedIntake {
    fn push(&self, push: PushBody) -> BoxFuture<'_, Result<PushReceipt, PushError>> {
        Box::pin(async move {
            let Some(bounds) = self.bounds.get(&push.source) else {
                return Err(PushError::UnknownSource(push.source.to_string()));
            };
            if push.body.len() as u64 > bounds.body_bytes_max {
                let bytes_max = bounds.body_bytes_max;
                return Err(PushError::TooLarge {
                    bytes_max,
                    when: "",
                });
            }
            let Ok(_place) = bounds.places.try_acquire() else {
                return Err(PushError::Busy { after: BUSY_RETRY });
            };
            self.inner.push(push).await
        })
    }
}
