//! One stream of events for each tab: what the sources do, what is stored, and what is new. An event's id
//! is a position of the change log, with which a stream that was cut off goes on.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use cresset_model::alert::Position;
use cresset_model::ports::{LiveEvent, Pulse, Subscription};
use futures_util::stream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::frame::Frame;
use super::visit::Visit;
use crate::reply;
use crate::services::{Shared, VIEWERS_FULL, VIEWERS_RETRY_SECONDS};

/// How often the state is looked at without an event: a store that stops answering announces nothing.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Looks without a change after which the stream shows that it is alive.
const SILENT_LOOKS_MAX: u32 = 3;
/// The key of what all streams say.
const LIVE: &str = "live";

/// What a stream has said last.
struct Told {
    app: Shared,
    events: Box<dyn Subscription>,
    state: String,
    counts: String,
    silent: u32,
    greeted: bool,
    _place: OwnedSemaphorePermit,
}

/// `GET /ui/live`.
pub(crate) async fn live(State(app): State<Shared>, visit: Visit, headers: HeaderMap) -> Response {
    let Some(place) = app.viewer() else {
        let refused = reply::detail(StatusCode::TOO_MANY_REQUESTS, VIEWERS_FULL);
        let seconds = VIEWERS_RETRY_SECONDS.to_string();
        return reply::with(refused, header::RETRY_AFTER, &seconds);
    };
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let after: Option<Position> = last.unwrap_or(visit.text("after")).parse().ok();
    let told = Told {
        events: app.services.live.subscribe(after),
        app,
        state: String::new(),
        counts: String::new(),
        silent: 0,
        greeted: false,
        _place: place,
    };
    let events = stream::unfold(told, |mut told| async move {
        let piece = next(&mut told).await?;
        Some((Ok::<Bytes, Infallible>(piece), told))
    });
    reply::typed(
        StatusCode::OK,
        HeaderValue::from_static("text/event-stream"),
        Body::from_stream(events),
    )
}

/// Waits for the next change and writes it, or a comment after a while without one; nothing when the
/// process stops.
async fn next(told: &mut Told) -> Option<Bytes> {
    let mut out = String::new();
    if !told.greeted {
        told.greeted = true;
        out.push_str("retry: 2000\n\n");
        look(told, Instant::now(), &mut out).await;
        return Some(out.into());
    }
    loop {
        // Either may be dropped at any await: an event that was not taken stays in the subscription.
        tokio::select! {
            event = told.events.next() => match event? {
                LiveEvent::Pulse(pulse) => {
                    pulsed(&mut out, &pulse);
                    if !pulse.sources.is_empty() {
                        look(told, Instant::now(), &mut out).await;
                    }
                }
                LiveEvent::Reload(position) => write(&mut out, "reload", Some(position), "{}"),
            },
            () = tokio::time::sleep(LOOK_EVERY) => {
                look(told, Instant::now() - LOOK_EVERY / 2, &mut out).await;
            }
        }
        if !out.is_empty() {
            told.silent = 0;
            return Some(out.into());
        }
        told.silent += 1;
        if told.silent >= SILENT_LOOKS_MAX {
            told.silent = 0;
            return Some(Bytes::from_static(b": alive\n\n"));
        }
    }
}

fn pulsed(out: &mut String, pulse: &Pulse) {
    if pulse.new.total() == 0 && pulse.changed == 0 {
        return;
    }
    let data = serde_json::json!({
        "new": pulse.new.total(),
        "by_severity": pulse.new,
        "changed": pulse.changed,
    });
    write(out, "alerts", Some(pulse.position), &data.to_string());
}

/// Writes what has changed since the last look. All streams share a look that began at `since` or later.
async fn look(told: &mut Told, since: Instant, out: &mut String) {
    let app = Arc::clone(&told.app);
    let make = async {
        let frame = Frame::of(&app).await;
        format!("{}\n{}", state_of(&frame), counts_of(&frame))
    };
    let seen = told.app.glance.of(LIVE.to_owned(), since, make).await;
    let (state, counts) = seen.split_once('\n').unwrap_or_default();
    if state != told.state {
        write(out, "state", None, state);
        state.clone_into(&mut told.state);
    }
    if counts != told.counts {
        write(out, "counts", None, counts);
        counts.clone_into(&mut told.counts);
    }
}

fn write(out: &mut String, topic: &str, id: Option<Position>, data: &str) {
    if let Some(id) = id {
        out.extend(["id: ", &id.to_string(), "\n"]);
    }
    out.extend(["event: ", topic, "\ndata: ", data, "\n\n"]);
}

/// What the frame of a page shows; a change of it draws banners and health anew.
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
                "paused": source.paused,
                "interval": source.interval_minutes,
            })
        })
        .collect();
    serde_json::json!({
        "tone": tone.class(),
        "word": word,
        "failing": frame.failing(),
        "store": frame.store.is_ok(),
        "chaos": frame.chaos_until().is_some(),
        "sources": sources,
    })
    .to_string()
}

fn counts_of(frame: &Frame) -> String {
    let store = frame.store.as_ref();
    serde_json::json!({ "dead_letters": store.map(|store| store.dead_letters).ok() }).to_string()
}
