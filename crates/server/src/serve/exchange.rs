//! Requests and answers of one connection: says when they begin and end, and times the bodies of requests.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use tokio::time::{Instant, Sleep};

use super::bounds::Bounds;
use super::connections::Missed;
use super::progress::Progress;
use crate::reply::TooSlow;

/// The service of one connection.
pub(super) struct Exchanges {
    router: TowerToHyperService<Router>,
    progress: Arc<Progress>,
}

impl Exchanges {
    /// Answers by the router.
    pub(super) fn new(router: Router, progress: Arc<Progress>) -> Self {
        Self {
            router: TowerToHyperService::new(router),
            progress,
        }
    }
}

impl Service<Request<Incoming>> for Exchanges {
    type Response = Response<Answered>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let progress = Arc::clone(&self.progress);
        progress.began();
        let request = request.map(|body| Body::new(Timed::new(body, Arc::clone(&progress))));
        let answer = self.router.call(request);
        async move { Ok(answer.await?.map(|body| Answered { body, progress })) }.boxed()
    }
}

/// The body of an answer.
pub(super) struct Answered {
    body: Body,
    progress: Arc<Progress>,
}

impl Drop for Answered {
    fn drop(&mut self) {
        self.progress.ended();
    }
}

impl HttpBody for Answered {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of a request, which has to come within a time and at a least rate, from when it is first asked
/// for.
struct Timed<B> {
    body: B,
    progress: Arc<Progress>,
    bytes: u64,
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl<B> Timed<B> {
    fn new(body: B, progress: Arc<Progress>) -> Self {
        Self {
            body,
            progress,
            bytes: 0,
            waiting: None,
        }
    }

    fn watch(&mut self, context: &mut Context<'_>) -> Poll<TooSlow> {
        let bounds = self.progress.bounds();
        let (begun, sleep) = self.waiting.get_or_insert_with(|| {
            let now = Instant::now();
            (now, Box::pin(tokio::time::sleep_until(now)))
        });
        let (deadline, fault) = deadline(bounds, *begun, self.bytes);
        if sleep.deadline() != deadline {
            sleep.as_mut().reset(deadline);
        }
        if sleep.as_mut().poll_unpin(context).is_pending() {
            return Poll::Pending;
        }
        self.progress.missed(Missed::Body);
        Poll::Ready(fault)
    }
}

/// Until when the next piece has to come after so many bytes, and what is wrong otherwise.
fn deadline(bounds: &Bounds, begun: Instant, bytes: u64) -> (Instant, TooSlow) {
    let whole = begun + bounds.body_timeout;
    let rate = bounds.body_rate_min.max(1);
    let earned = std::time::Duration::from_millis(bytes.saturating_mul(1_000) / rate);
    match begun.checked_add(bounds.body_grace.saturating_add(earned)) {
        Some(paced) if paced < whole => (paced, TooSlow::Rate(rate)),
        _ => (whole, TooSlow::Time(bounds.body_timeout)),
    }
}

impl<B> HttpBody for Timed<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: Into<axum::BoxError>,
{
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Pending => self
                .watch(context)
                .map(|too_slow| Some(Err(too_slow.into()))),
            Poll::Ready(frame) => {
                if let Some(Ok(frame)) = &frame {
                    let bytes = frame.data_ref().map_or(0, Bytes::len);
                    self.bytes = self.bytes.saturating_add(bytes as u64);
                }
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::connections::Connections;
    use super::*;
    use crate::reply::{self, BodyBounds, BodyFault};

    const SECOND: Duration = Duration::from_secs(1);

    /// Sends pieces of this length, one after each pause; what comes of the body, and when.
    async fn check(piece: usize, pauses: &[Duration], expected: (BodyFault, Duration)) {
        let (sender, receiver) = tokio::sync::mpsc::channel::<Bytes>(1);
        let pieces = futures_util::stream::unfold(receiver, |mut receiver| async move {
            let piece = receiver.recv().await?;
            Some((Ok::<_, Infallible>(piece), receiver))
        });
        let connections = Connections::new(Bounds::default());
        let progress = Progress::new(Arc::clone(&connections));
        let body = Body::new(Timed::new(Body::from_stream(pieces), progress));
        let begun = Instant::now();
        let reading = tokio::spawn(async move {
            let bounds = BodyBounds { bytes_max: 1 << 20 };
            let fault = reply::read_body_within(bounds, body).await.unwrap_err();
            (fault, begun.elapsed())
        });
        for pause in pauses {
            tokio::time::sleep(*pause).await;
            sender.send(Bytes::from(vec![b'x'; piece])).await.unwrap();
        }
        assert_eq!(reading.await.unwrap(), expected);
        assert_eq!(connections.cut(Missed::Body), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_has_to_come_at_the_least_rate_once_the_grace_is_over() {
        let slow = BodyFault::TooSlow(TooSlow::Rate(1_024));
        check(1, &[], (slow, SECOND * 10)).await;
        check(1, &[SECOND; 9], (slow, SECOND * 10 + SECOND / 1_000 * 8)).await;
        check(512, &[SECOND; 9], (slow, SECOND * 14 + SECOND / 2)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_keeps_its_rate_has_to_end_all_the_same() {
        let late = BodyFault::TooSlow(TooSlow::Time(SECOND * 30));
        check(2_048, &[SECOND; 29], (late, SECOND * 30)).await;
    }
}
