//! Reads one page: request, body, records, commits.

use cresset_model::ports::{Ask, Body, FetchError, PLACE_BYTES_MAX, PortError, Validator};
use cresset_model::source::PagePlace;
use cresset_pipeline::decode::{ArraySlicer, Cursor, CursorFinder, SliceError};

use super::course::Course;
use super::intake::{Intake, PageTotal};
use super::memory::KnownPage;
use super::rule::{Said, Way};
use super::runner::Poll;

/// How the pages of an upstream follow each other.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Paging {
    /// Each is asked for from the second newest instant of the one before.
    #[default]
    Since,
    /// The head of each names the next one; the adapter reads it.
    Link,
    /// The body of each holds the cursor of the next one.
    Cursor {
        /// The keys that lead to it.
        field: Vec<String>,
    },
}

/// Why a page was not taken in whole. What was complete before the fault is committed in every case.
#[derive(Debug)]
pub(super) enum PageError {
    /// The upstream gave no usable answer, or cut it.
    Fetch(FetchError),
    /// The answer is not a JSON array of records.
    Document(SliceError),
    /// The answer names a next page that cannot be followed.
    Paging(String),
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
            Self::Paging(message) => message.fmt(f),
            Self::Store(error) => write!(f, "the store could not take the answer: {error}"),
        }
    }
}

/// A page and what is wrong with it, if anything.
pub(super) struct PageEnd {
    /// What was committed.
    pub(super) total: PageTotal,
    /// What it says about the way on, if it was taken in whole; an error if the walk cannot go on.
    pub(super) said: Result<Said, PageError>,
    /// What marks its content.
    pub(super) validator: Option<Validator>,
    /// Whether it did not come again, being as it is known.
    pub(super) is_unchanged: bool,
    /// `None` when the page was taken in whole.
    pub(super) error: Option<PageError>,
}

impl PageEnd {
    fn of(total: PageTotal, way: Way) -> Self {
        Self {
            said: Ok(Said {
                instants: total.instants,
                way,
            }),
            total,
            validator: None,
            is_unchanged: false,
            error: None,
        }
    }

    fn failed(total: PageTotal, error: PageError) -> Self {
        Self {
            error: Some(error),
            ..Self::of(total, Way::ByTime)
        }
    }

    fn unchanged(known: KnownPage) -> Self {
        Self {
            said: Ok(known.said),
            is_unchanged: true,
            ..Self::of(PageTotal::default(), Way::ByTime)
        }
    }
}

impl Poll {
    /// Asks for the page at which the course stands and takes it in. It need not come again if it is
    /// `known` and has not changed.
    pub(super) async fn page(&self, course: &Course, known: Option<KnownPage>) -> PageEnd {
        let ask = Ask {
            since: course.round.since,
            place: course.round.place.clone(),
            known: known.as_ref().map(|known| known.validator.clone()),
        };
        let answer = match self.ports.upstream.get(ask).await {
            Ok(answer) => answer,
            Err(error) => return PageEnd::failed(PageTotal::default(), PageError::Fetch(error)),
        };
        let mut body = match (answer.body, known) {
            (Some(body), _) => body,
            (None, Some(known)) => return PageEnd::unchanged(known),
            (None, None) => {
                let message = "the answer has no body, and none was known".to_owned();
                return PageEnd::failed(PageTotal::default(), PageError::Paging(message));
            }
        };
        let mut intake = Intake::new(self, course.stored(), course.late_before());
        let mut reader = Reader::new(self);
        let mut error = reader.read(body.as_mut(), &mut intake).await.err();
        // Records that were complete before a fault are kept: they repeat as `same` with the next answer.
        while !matches!(error, Some(PageError::Store(_))) {
            let Some(rest) = reader.slicer.take_rest() else {
                break;
            };
            if let Err(store) = intake.push(rest).await {
                error = Some(PageError::Store(store));
            }
        }
        match (intake.finish().await, error) {
            (Err(store), _) => PageEnd::failed(PageTotal::default(), PageError::Store(store)),
            (Ok(total), Some(error)) => PageEnd::failed(total, error),
            (Ok(total), None) => {
                let end = PageEnd::of(total, Way::ByTime);
                let said = |way| Said {
                    instants: total.instants,
                    way,
                };
                PageEnd {
                    said: reader.way(answer.next).map(said),
                    validator: answer.validator,
                    ..end
                }
            }
        }
    }
}

/// Reads a body: its records, and its cursor if it has one.
struct Reader {
    paging: Paging,
    slicer: ArraySlicer,
    finder: Option<CursorFinder>,
}

impl Reader {
    fn new(poll: &Poll) -> Self {
        let limits = poll.ports.stages.limits();
        let finder = match &poll.config.paging {
            Paging::Cursor { field } => Some(CursorFinder::new(field.clone(), PLACE_BYTES_MAX)),
            Paging::Since | Paging::Link => None,
        };
        Self {
            paging: poll.config.paging.clone(),
            slicer: ArraySlicer::new(limits, poll.config.records.as_deref()),
            finder,
        }
    }

    async fn read(
        &mut self,
        body: &mut dyn Body,
        intake: &mut Intake<'_>,
    ) -> Result<(), PageError> {
        while let Some(chunk) = body.next().await.map_err(PageError::Fetch)? {
            if let Some(finder) = &mut self.finder {
                finder.feed(&chunk);
            }
            let mut rest = chunk.as_ref();
            while !rest.is_empty() {
                let taken = self.slicer.feed(rest).map_err(PageError::Document)?;
                rest = rest.get(taken..).unwrap_or_default();
                while let Some(sliced) = self.slicer.take_full() {
                    intake.push(sliced).await.map_err(PageError::Store)?;
                }
            }
        }
        self.slicer.finish().map_err(PageError::Document)
    }

    /// How the next page is found after this one, whose head says `next`.
    fn way(&self, next: Result<Option<PagePlace>, FetchError>) -> Result<Way, PageError> {
        let place = match (&self.paging, &self.finder) {
            (Paging::Cursor { field }, Some(finder)) => {
                let refused = |what: String| {
                    let field = field.join(".");
                    PageError::Paging(format!("the cursor `{field}` of the answer {what}"))
                };
                match finder.found() {
                    Cursor::None => None,
                    Cursor::Value(cursor) => Some(PagePlace::new(cursor)),
                    Cursor::Unusable(found) => {
                        return Err(refused(format!(
                            "is {found}: it must be a text or a number, or null or absent on the last page"
                        )));
                    }
                    Cursor::TooLong => {
                        return Err(refused(format!("is longer than {PLACE_BYTES_MAX} bytes")));
                    }
                }
            }
            (Paging::Link, _) => next.map_err(PageError::Fetch)?,
            (Paging::Since | Paging::Cursor { .. }, _) => return Ok(Way::ByTime),
        };
        Ok(place.map_or(Way::Last, Way::To))
    }
}
