//! Reads one page: request, body, records, commits.

use cresset_model::Timestamp;
use cresset_model::ports::{Body, FetchError, PortError};
use cresset_model::source::Checkpoint;
use cresset_pipeline::decode::{ArraySlicer, SliceError};

use super::intake::{Intake, PageTotal};
use super::runner::Poll;

/// Why a page was not taken in whole. What was complete before the fault is committed in every case.
#[derive(Debug)]
pub(super) enum PageError {
    /// The upstream gave no usable answer, or cut it.
    Fetch(FetchError),
    /// The answer is not a JSON array of records.
    Document(SliceError),
    /// The store refused or failed.
    Store(PortError),
}

impl PageError {
    /// Whether another attempt within the turn may succeed.
    pub(super) fn is_transient(&self) -> bool {
        matches!(self, Self::Fetch(error) if error.transient)
    }
}

impl std::fmt::Display for PageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fetch(error) => error.fmt(f),
            Self::Document(error) => error.fmt(f),
            Self::Store(error) => write!(f, "the store could not take the answer: {error}"),
        }
    }
}

/// A page and what is wrong with it, if anything.
pub(super) struct PageEnd {
    /// What was committed.
    pub(super) total: PageTotal,
    /// `None` when the page was taken in whole.
    pub(super) error: Option<PageError>,
}

impl PageEnd {
    fn failed(error: PageError) -> Self {
        Self {
            total: PageTotal::default(),
            error: Some(error),
        }
    }
}

impl Poll {
    /// Asks for a page and takes it in. `checkpoint` bears the number of this fetch.
    pub(super) async fn page(&self, since: Timestamp, checkpoint: Checkpoint) -> PageEnd {
        let mut body = match self.ports.upstream.get(since).await {
            Ok(body) => body,
            Err(error) => return PageEnd::failed(PageError::Fetch(error)),
        };
        let mut intake = Intake::new(self, checkpoint);
        let limits = self.ports.stages.limits();
        let mut slicer = ArraySlicer::new(limits, self.config.records.as_deref());
        let mut error = read(body.as_mut(), &mut slicer, &mut intake).await.err();
        // Records that were complete before a fault are kept: they repeat as `same` with the next answer.
        while !matches!(error, Some(PageError::Store(_))) {
            let Some(rest) = slicer.take_rest() else {
                break;
            };
            if let Err(store) = intake.push(rest).await {
                error = Some(PageError::Store(store));
            }
        }
        match intake.finish().await {
            Ok(total) => PageEnd { total, error },
            Err(store) => PageEnd::failed(PageError::Store(store)),
        }
    }
}

async fn read(
    body: &mut dyn Body,
    slicer: &mut ArraySlicer,
    intake: &mut Intake<'_>,
) -> Result<(), PageError> {
    while let Some(chunk) = body.next().await.map_err(PageError::Fetch)? {
        let mut rest = chunk.as_ref();
        while !rest.is_empty() {
            let taken = slicer.feed(rest).map_err(PageError::Document)?;
            rest = rest.get(taken..).unwrap_or_default();
            while let Some(sliced) = slicer.take_full() {
                intake.push(sliced).await.map_err(PageError::Store)?;
            }
        }
    }
    slicer.finish().map_err(PageError::Document)
}
