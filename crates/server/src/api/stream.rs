//! `GET /api/v1/stream`: what happens, as server-sent events.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use cresset_model::alert::Position;
use cresset_model::ports::{LiveEvent, Pulse, Subscription};
use futures_util::stream;
use serde_json::json;
use tokio::sync::OwnedSemaphorePermit;

use crate::problem::{Kind, Problem};
use crate::reply;
use crate::services::{Shared, VIEWERS_FULL, VIEWERS_RETRY_SECONDS};

/// A sign of life while nothing happens, so that whoever stands between keeps the connection.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// What a browser waits before it comes back.
const RETRY_MS: u64 = 2_000;
const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");

struct Viewer {
    subscription: Box<dyn Subscription>,
    begun: bool,
    _place: OwnedSemaphorePermit,
}

/// Tells of commits and of sources as it happens, from where `Last-Event-ID` stopped. An event `reload`
/// says that something was missed.
pub(crate) async fn stream(
    State(app): State<Shared>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Response {
    let Some(place) = app.viewer() else {
        return Problem::new(Kind::TooManyRequests, uri.path(), VIEWERS_FULL)
            .retry_after(VIEWERS_RETRY_SECONDS)
            .into_response();
    };
    let viewer = Viewer {
        subscription: app.services.live.subscribe(last_event(&headers)),
        begun: false,
        _place: place,
    };
    let body = Body::from_stream(stream::unfold(viewer, next));
    let response = reply::typed(StatusCode::OK, EVENT_STREAM, body);
    reply::with(response, header::CACHE_CONTROL, "no-store")
}

/// The position that a client heard of last. What is none stands for one that cannot be resumed.
fn last_event(headers: &HeaderMap) -> Option<Position> {
    let text = headers.get("last-event-id")?;
    let position = text.to_str().ok().and_then(|text| text.trim().parse().ok());
    Some(position.unwrap_or(Position::MAX))
}

async fn next(mut viewer: Viewer) -> Option<(Result<Bytes, std::convert::Infallible>, Viewer)> {
    if !viewer.begun {
        // The head of the answer goes out with it, so that a client knows that it listens.
        viewer.begun = true;
        return Some((Ok(Bytes::from(format!("retry: {RETRY_MS}\n\n"))), viewer));
    }
    // The wait for an event may be given up: it is asked for again.
    let text = match tokio::time::timeout(HEARTBEAT, viewer.subscription.next()).await {
        Err(_) => ":\n\n".to_owned(),
        Ok(None) => return None,
        Ok(Some(LiveEvent::Pulse(pulse))) => written(&pulse),
        Ok(Some(LiveEvent::Reload(position))) => {
            format!("id: {position}\nevent: reload\ndata: {{}}\n\n")
        }
    };
    Some((Ok(Bytes::from(text)), viewer))
}

fn written(pulse: &Pulse) -> String {
    let data = json!({
        "position": pulse.position,
        "new": pulse.new.total(),
        "severities": pulse.new,
        "changed": pulse.changed,
        "sources": pulse.sources,
    });
    format!("id: {}\nevent: pulse\ndata: {data}\n\n", pulse.position)
}
