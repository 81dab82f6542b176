//! One stream of events for each tab: what the sources do, what is stored, and what is new.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;

use super::frame::Frame;
use crate::reply;
use crate::services::Shared;

/// How often the state is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Looks without a change after which the stream shows that it is alive.
const SILENT_LOOKS_MAX: u32 = 15;

/// What a stream has said last.
struct Told {
    app: Shared,
    state: String,
    counts: String,
    silent: u32,
    first: bool,
}

/// `GET /ui/live`.
pub(crate) async fn live(State(app): State<Shared>) -> Response {
    let told = Told {
        app,
        state: String::new(),
        counts: String::new(),
        silent: 0,
        first: true,
    };
    let events = stream::unfold(told, |mut told| async move {
        let piece = next(&mut told).await;
        Some((Ok::<Bytes, Infallible>(piece), told))
    });
    reply::typed(
        StatusCode::OK,
        HeaderValue::from_static("text/event-stream"),
        Body::from_stream(events),
    )
}

/// Waits for the next change and writes it; a comment after a while without one.
async fn next(told: &mut Told) -> Bytes {
    loop {
        if !told.first {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        told.first = false;
        let frame = Frame::of(&told.app).await;
        let mut out = String::new();
        let state = state_of(&frame);
        if state != told.state {
            event(&mut out, "state", &state);
            told.state = state;
        }
        let counts = counts_of(&frame);
        if counts != told.counts {
            event(&mut out, "counts", &counts);
            told.counts = counts;
        }
        if !out.is_empty() {
            told.silent = 0;
            return out.into();
        }
        told.silent += 1;
        if told.silent >= SILENT_LOOKS_MAX {
            told.silent = 0;
            return Bytes::from_static(b": alive\n\n");
        }
    }
}

fn event(out: &mut String, topic: &str, data: &str) {
    out.push_str("event: ");
    out.push_str(topic);
    out.push_str("\ndata: ");
    out.push_str(data);
    out.push_str("\n\n");
}

fn state_of(frame: &Frame) -> String {
    let (tone, word) = frame.status();
    let sources: Vec<_> = frame
        .sources
        .iter()
        .map(|source| {
            serde_json::json!({
                "id": source.id.as_str(),
                "status": source.status.as_str(),
                "attempt": source.retry.map(|retry| retry.attempt),
                "turns": source.turns,
            })
        })
        .collect();
    serde_json::json!({
        "tone": tone.class(),
        "word": word,
        "failing": frame.failing(),
        "store": frame.store.is_ok(),
        "sources": sources,
    })
    .to_string()
}

fn counts_of(frame: &Frame) -> String {
    let store = frame.store.as_ref();
    serde_json::json!({
        "alerts": store.map(|store| store.alerts).ok(),
        "dead_letters": store.map(|store| store.dead_letters).ok(),
    })
    .to_string()
}
