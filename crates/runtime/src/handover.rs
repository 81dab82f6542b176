//! The way of an outcome: alerts into the store, events to the sinks, then the rest and the checkpoint.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cresset_model::outcome::Outcome;
use cresset_model::ports::{Commit, EventBatch, EventSink, PortError, Receipt, Store};

use crate::ticket;

/// How long a sink may take for one batch.
const SINK_TIMEOUT: Duration = Duration::from_secs(30);
/// How often the store is asked what became of a commit whose answer was lost.
const RECEIPT_TRIES: u32 = 3;
/// The wait between these.
const RECEIPT_WAIT: Duration = Duration::from_secs(1);

/// Where outcomes go.
#[derive(Clone)]
pub(crate) struct Handover {
    store: Arc<dyn Store>,
    sinks: Vec<Arc<dyn EventSink>>,
}

/// One outcome on its way. Each step that succeeded is not taken again.
pub(crate) struct Handing {
    /// Alerts and dead letters, committed before the sinks are asked, so that a sink that is down never
    /// holds an alert up.
    claims: Option<Ticketed>,
    events: Option<EventBatch>,
    /// Sinks that have taken the events.
    written: usize,
    /// What moves the checkpoint, with the rest of the counts.
    rest: Option<Ticketed>,
    receipt: Receipt,
}

/// A commit under a ticket of its own, so that one whose answer was lost is found again and not decided
/// and counted twice.
struct Ticketed {
    request: Commit,
    /// Whether it was handed to the store before, with an outcome that is not known.
    in_doubt: bool,
}

impl Ticketed {
    fn new(mut request: Commit) -> Self {
        request.ticket = Some(ticket::fresh());
        Self {
            request,
            in_doubt: false,
        }
    }

    /// Commits once: an answer that was lost is read back before anything else is done.
    async fn commit(&mut self, store: &dyn Store) -> Result<Receipt, PortError> {
        if self.in_doubt {
            if let Some(receipt) = self.read_back(store).await? {
                return Ok(receipt);
            }
            self.in_doubt = false;
        }
        let failed = match store.commit(self.request.clone()).await {
            Err(failed @ PortError::Transient { .. }) => failed,
            known => return known,
        };
        self.in_doubt = true;
        match self.read_back(store).await {
            Ok(Some(receipt)) => Ok(receipt),
            Ok(None) => {
                self.in_doubt = false;
                Err(failed)
            }
            Err(_) => Err(failed),
        }
    }

    async fn read_back(&self, store: &dyn Store) -> Result<Option<Receipt>, PortError> {
        let Some(ticket) = self.request.ticket else {
            return Ok(None);
        };
        let mut tries = 1;
        loop {
            let found = store.receipt(self.request.source.clone(), ticket).await;
            if found.is_ok() || tries >= RECEIPT_TRIES {
                return found;
            }
            tries += 1;
            tokio::time::sleep(RECEIPT_WAIT).await;
        }
    }
}

impl Handover {
    pub(crate) fn new(store: Arc<dyn Store>, sinks: Vec<Arc<dyn EventSink>>) -> Self {
        Self { store, sinks }
    }

    /// Goes the whole way once.
    pub(crate) async fn commit(&self, request: Commit) -> Result<Receipt, PortError> {
        let mut handing = self.begin(request);
        self.advance(&mut handing).await?;
        Ok(handing.receipt)
    }

    /// Plans the way.
    pub(crate) fn begin(&self, request: Commit) -> Handing {
        if !self.writes(&request) {
            return Handing {
                claims: None,
                events: None,
                written: 0,
                rest: Some(Ticketed::new(request)),
                receipt: Receipt::default(),
            };
        }
        let events = request.outcome.as_ref().map(|outcome| EventBatch {
            out: outcome.out.clone(),
            events: outcome.events.clone(),
        });
        let (claims, rest) = split(request);
        Handing {
            claims: claims.map(Ticketed::new),
            events,
            written: 0,
            rest: Some(Ticketed::new(rest)),
            receipt: Receipt::default(),
        }
    }

    /// Goes on where it stopped. After an error it may be called again.
    pub(crate) async fn advance(&self, handing: &mut Handing) -> Result<(), PortError> {
        if let Some(claims) = &mut handing.claims {
            let receipt = claims.commit(&*self.store).await?;
            handing.claims = None;
            handing.receipt = receipt;
        }
        if let Some(events) = &handing.events {
            while let Some(sink) = self.sinks.get(handing.written) {
                write(&**sink, events.clone()).await?;
                handing.written += 1;
            }
            handing.events = None;
        }
        if let Some(rest) = &mut handing.rest {
            let receipt = rest.commit(&*self.store).await?;
            handing.rest = None;
            handing.receipt.counts.add(&receipt.counts);
            handing.receipt.upserts.extend(receipt.upserts);
            handing.receipt.head = receipt.head;
        }
        Ok(())
    }

    fn writes(&self, request: &Commit) -> bool {
        let has_events = |outcome: &Outcome| !outcome.events.is_empty();
        !self.sinks.is_empty() && request.outcome.as_ref().is_some_and(has_events)
    }
}

impl Handing {
    /// What the commits have done so far.
    pub(crate) fn receipt(&self) -> &Receipt {
        &self.receipt
    }
}

/// Two commits of one: what must be stored before the sinks, if anything, and the rest.
fn split(mut request: Commit) -> (Option<Commit>, Commit) {
    // A redrive settles its records by their index in one outcome, and moves no checkpoint.
    let Some(outcome) = request
        .outcome
        .as_mut()
        .filter(|_| request.redriven.is_empty())
    else {
        return (None, request);
    };
    let claimed = outcome.alerts.len() + outcome.rejected.len();
    if claimed == 0 {
        return (None, request);
    }
    let claimed = u32::try_from(claimed).unwrap_or(u32::MAX);
    let rest = Outcome {
        source: outcome.source.clone(),
        sequence: outcome.sequence,
        epoch: outcome.epoch,
        received: outcome.received,
        fetch: outcome.fetch,
        read: outcome.read.saturating_sub(claimed),
        passed: outcome.passed,
        filtered: outcome.filtered,
        bytes: Bytes::new(),
        arena: String::new(),
        context: Arc::clone(&outcome.context),
        alerts: Vec::new(),
        rejected: Vec::new(),
        matches: Vec::new(),
        out: Bytes::new(),
        events: Vec::new(),
        enrich_misses: outcome.enrich_misses,
    };
    outcome.read = claimed;
    outcome.passed = 0;
    outcome.filtered = 0;
    outcome.enrich_misses = 0;
    let claims = Commit {
        checkpoint: None,
        positions: Vec::new(),
        push: None,
        ..request.clone()
    };
    request.outcome = Some(rest);
    (Some(claims), request)
}

async fn write(sink: &dyn EventSink, events: EventBatch) -> Result<(), PortError> {
    let failed = |why: String| format!("the sink {} does not take events: {why}", sink.describe());
    match tokio::time::timeout(SINK_TIMEOUT, sink.write(events)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(PortError::Transient { message, after })) => Err(PortError::Transient {
            message: failed(message),
            after,
        }),
        Ok(Err(PortError::Permanent { message })) => Err(PortError::permanent(failed(message))),
        Err(_) => {
            let why = format!("no answer within {} s", SINK_TIMEOUT.as_secs());
            Err(PortError::transient(failed(why)))
        }
    }
}
