//! What the buttons do. The answer leads back to the page that they stand on, with a word that says what
//! came of it; the script follows it and takes over what changed.

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::Response;
use cresset_model::SourceId;
use cresset_model::ports::SyncRefused;

use super::components::Tone;
use super::refusals;
use super::visit::Visit;
use crate::services::{App, Shared};
use crate::{ask, form, reply};

/// What a redirect may announce: word, tone and sentence.
const NOTICES: [(&str, Tone, &str); 14] = [
    (
        "paused-now",
        Tone::Warn,
        "Paused: no polls until it is resumed, over a restart too",
    ),
    ("resumed", Tone::Ok, "Resumed: a sync begins at once"),
    (
        "rewound",
        Tone::Run,
        "Rewound: the source is read again from there",
    ),
    (
        "not-confirmed",
        Tone::Err,
        "Nothing was changed: type the name of the source to confirm",
    ),
    (
        "wrong-time",
        Tone::Err,
        "Nothing was changed: that is not a time, write 2026-11-23T09:30",
    ),
    ("chaos-off", Tone::Ok, "The mock is as it was"),
    ("started", Tone::Run, "Sync triggered!"),
    (
        "paused",
        Tone::Warn,
        "The source is paused: resume it first",
    ),
    ("busy", Tone::Run, "A sync is under way already"),
    (
        "wait",
        Tone::Warn,
        "The upstream asked to be left alone for now; try again later",
    ),
    (
        "unknown",
        Tone::Err,
        "There is no such source, or it cannot be synced",
    ),
    ("applied", Tone::Ok, "Configuration saved & applied!"),
    (
        "wrong-interval",
        Tone::Err,
        "The interval must be a whole number of minutes from 1 to 10080",
    ),
    (
        "unavailable",
        Tone::Err,
        "The store does not answer; nothing was changed",
    ),
];

/// What an action before this page did.
pub(crate) fn notice(visit: &Visit) -> Option<(Tone, String)> {
    let word = visit.text("notice");
    if let Some(text) = refusals::find(word) {
        return Some((Tone::Err, text));
    }
    NOTICES
        .into_iter()
        .find(|(known, ..)| *known == word)
        .map(|(_, tone, sentence)| (tone, sentence.to_owned()))
}

/// `POST /ui/sync`: all sources.
pub(crate) async fn sync(State(app): State<Shared>, headers: HeaderMap) -> Response {
    back(&headers, "/ui/", started(&app, None))
}

/// `POST /ui/sources/{id}/sync`: one source.
pub(crate) async fn sync_one(
    State(app): State<Shared>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    back(
        &headers,
        "/ui/sources",
        started(&app, Some(&SourceId::new(&id))),
    )
}

fn started(app: &App, source: Option<&SourceId>) -> &'static str {
    match app.services.control.sync(source) {
        Ok(()) => "started",
        Err(SyncRefused::Busy(_)) => "busy",
        Err(SyncRefused::NotBefore(_)) => "wait",
        Err(SyncRefused::Paused(_)) => "paused",
        Err(SyncRefused::Unknown(_) | SyncRefused::NotPolled { .. }) => "unknown",
    }
}

/// `POST /ui/interval`.
pub(crate) async fn interval(State(app): State<Shared>, request: Request) -> Response {
    let headers = request.headers().clone();
    let pairs = match form::read(request.into_body()).await {
        Ok(pairs) => pairs,
        Err(refusal) => return refusal,
    };
    let minutes = form::last(&pairs, "minutes").and_then(|text| text.trim().parse::<u32>().ok());
    let word = match minutes.filter(|minutes| (1..=10_080).contains(minutes)) {
        None => "wrong-interval",
        Some(minutes) => {
            let set = app.services.control.set_interval_minutes(minutes);
            match ask::ask(&app, set).await {
                Ok(()) => "applied",
                Err(_) => "unavailable",
            }
        }
    };
    back(&headers, "/ui/", word)
}

/// Leads back to the page that the request came from, if it is one of ours.
pub(crate) fn back(headers: &HeaderMap, otherwise: &str, word: &str) -> Response {
    let text = |name: &str| headers.get(name)?.to_str().ok()?.parse::<Uri>().ok();
    let from = text("hx-current-url").or_else(|| text(header::REFERER.as_str()));
    let from = from.filter(|uri| uri.path().starts_with("/ui/"));
    let (path, query) = from.as_ref().map_or((otherwise, ""), |uri| {
        (uri.path(), uri.query().unwrap_or_default())
    });
    let kept = query
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("notice="));
    let mut location = format!("{path}?");
    for pair in kept {
        location.push_str(pair);
        location.push('&');
    }
    location.push_str("notice=");
    location.push_str(word);
    reply::redirect(StatusCode::SEE_OTHER, &location)
}
