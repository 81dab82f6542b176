//! An upstream that answers as the test says.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use cresset_model::Timestamp;
use cresset_model::ports::{self, Ask, Body, BoxFuture, FetchError, Upstream, Validator};
use cresset_model::source::PagePlace;

use super::journal::{Journal, Note};

/// A part of an answer's body.
#[derive(Debug, Clone)]
pub(crate) enum Piece {
    Bytes(Bytes),
    /// Time passes.
    Wait(Duration),
    /// The connection breaks.
    Breaks(FetchError),
    /// Nothing comes any more.
    Hangs,
}

/// What the head of an answer says.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) next: Result<Option<PagePlace>, FetchError>,
    pub(crate) validator: Option<Validator>,
}

/// An answer.
pub(crate) enum Answer {
    /// The head comes after a delay, then the body piece by piece.
    Body {
        delay: Duration,
        head: Head,
        pieces: Box<dyn Iterator<Item = Piece> + Send>,
    },
    /// The page is as it was.
    Unchanged,
    /// No usable answer, after a delay.
    Fails { delay: Duration, error: FetchError },
    /// No answer at all.
    Hangs,
}

/// An error that may pass, perhaps with a `Retry-After` in seconds.
pub(crate) fn transient(retry_after: Option<Duration>) -> FetchError {
    FetchError {
        message: "status 503 of http://upstream/alerts".to_owned(),
        transient: true,
        status: Some(503),
        retry_after,
    }
}

/// An error that will stay.
pub(crate) fn permanent() -> FetchError {
    FetchError {
        message: "status 404 of http://upstream/alerts".to_owned(),
        transient: false,
        status: Some(404),
        retry_after: None,
    }
}

impl Answer {
    /// The whole body in one piece.
    pub(crate) fn whole(body: impl Into<Bytes>) -> Self {
        Self::pieces([Piece::Bytes(body.into())])
    }

    pub(crate) fn pieces<I>(pieces: I) -> Self
    where
        I: IntoIterator<Item = Piece>,
        I::IntoIter: Send + 'static,
    {
        Self::Body {
            delay: Duration::ZERO,
            head: Head {
                next: Ok(None),
                validator: None,
            },
            pieces: Box::new(pieces.into_iter()),
        }
    }

    /// The body, then a broken connection.
    pub(crate) fn broken(body: impl Into<Bytes>) -> Self {
        Self::pieces([Piece::Bytes(body.into()), Piece::Breaks(transient(None))])
    }

    pub(crate) fn fails(error: FetchError) -> Self {
        Self::Fails {
            delay: Duration::ZERO,
            error,
        }
    }

    /// The same, with a head that names the next page.
    pub(crate) fn with_next(mut self, name: &str) -> Self {
        if let Self::Body { head, .. } = &mut self {
            head.next = Ok(Some(PagePlace::new(name)));
        }
        self
    }

    /// The same, with a head that marks its content.
    pub(crate) fn marked(mut self, mark: &str) -> Self {
        if let Self::Body { head, .. } = &mut self {
            head.validator = Some(Validator(mark.to_owned()));
        }
        self
    }

    /// The same, with a head that comes later.
    pub(crate) fn after(self, delay: Duration) -> Self {
        match self {
            Self::Body { head, pieces, .. } => Self::Body {
                delay,
                head,
                pieces,
            },
            Self::Unchanged => Self::Unchanged,
            Self::Fails { error, .. } => Self::Fails { delay, error },
            Self::Hangs => Self::Hangs,
        }
    }
}

type Respond = Box<dyn FnMut(&Ask) -> Answer + Send>;

/// An upstream that answers as a function of what it is asked says.
pub(crate) struct FakeUpstream {
    respond: Mutex<Respond>,
    journal: Arc<Journal>,
    /// Pieces that were pulled out of bodies.
    pulled: Arc<AtomicUsize>,
}

impl FakeUpstream {
    pub(crate) fn new(
        journal: Arc<Journal>,
        mut respond: impl FnMut(Timestamp) -> Answer + Send + 'static,
    ) -> Self {
        Self::asked(journal, move |ask| respond(ask.since))
    }

    /// The same for one that looks at more than the instant.
    pub(crate) fn asked(
        journal: Arc<Journal>,
        respond: impl FnMut(&Ask) -> Answer + Send + 'static,
    ) -> Self {
        Self {
            respond: Mutex::new(Box::new(respond)),
            journal,
            pulled: Arc::default(),
        }
    }

    /// Gives these answers, one to each request, and an empty array to every further one.
    pub(crate) fn scripted(
        journal: Arc<Journal>,
        answers: impl IntoIterator<Item = Answer>,
    ) -> Self {
        let mut answers: VecDeque<Answer> = answers.into_iter().collect();
        Self::new(journal, move |_| {
            answers.pop_front().unwrap_or_else(|| Answer::whole("[]"))
        })
    }

    pub(crate) fn pulled(&self) -> usize {
        self.pulled.load(Ordering::Relaxed)
    }
}

impl Upstream for FakeUpstream {
    fn get(&self, ask: Ask) -> BoxFuture<'_, Result<ports::Answer, FetchError>> {
        self.journal.add(Note::Get {
            since: ask.since,
            place: ask.place.clone(),
        });
        let answer = self.respond.lock().unwrap_or_else(PoisonError::into_inner)(&ask);
        Box::pin(async move {
            match answer {
                Answer::Body {
                    delay,
                    head,
                    pieces,
                } => {
                    tokio::time::sleep(delay).await;
                    let pulled = Arc::clone(&self.pulled);
                    Ok(ports::Answer {
                        next: head.next,
                        validator: head.validator,
                        body: Some(Box::new(FakeBody { pieces, pulled })),
                    })
                }
                Answer::Unchanged => Ok(ports::Answer {
                    next: Ok(None),
                    validator: None,
                    body: None,
                }),
                Answer::Fails { delay, error } => {
                    tokio::time::sleep(delay).await;
                    Err(error)
                }
                Answer::Hangs => std::future::pending().await,
            }
        })
    }

    fn address(&self) -> String {
        "http://upstream/alerts".to_owned()
    }
}

struct FakeBody {
    pieces: Box<dyn Iterator<Item = Piece> + Send>,
    pulled: Arc<AtomicUsize>,
}

impl Body for FakeBody {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Bytes>, FetchError>> {
        Box::pin(async move {
            for piece in self.pieces.by_ref() {
                self.pulled.fetch_add(1, Ordering::Relaxed);
                match piece {
                    Piece::Bytes(bytes) => return Ok(Some(bytes)),
                    Piece::Wait(wait) => tokio::time::sleep(wait).await,
                    Piece::Breaks(error) => return Err(error),
                    Piece::Hangs => std::future::pending().await,
                }
            }
            Ok(None)
        })
    }
}
