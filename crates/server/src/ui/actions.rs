//! What the page's buttons do. Without script the answer leads back to the page, with script it is the
//! fresh fragment.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::live;
use super::view::View;
use crate::services::{App, Shared};
use crate::trigger::{Started, trigger};
use crate::{ask, form, reply};

/// What a redirect may announce: word and sentence.
const NOTICES: [(&str, &str); 6] = [
    ("started", "Sync started."),
    ("busy", "A sync is under way already."),
    (
        "wait",
        "The upstream asked to be left alone for now; try again later.",
    ),
    ("applied", "The interval is applied."),
    (
        "wrong-interval",
        "The interval must be a whole number of minutes from 1 to 10080.",
    ),
    (
        "unavailable",
        "The store does not answer; nothing was changed.",
    ),
];

/// The sentence of a word.
pub(super) fn notice_of(word: &str) -> Option<&'static str> {
    NOTICES
        .into_iter()
        .find(|(known, _)| *known == word)
        .map(|(_, notice)| notice)
}

/// `POST /ui/sync`.
pub(crate) async fn sync(State(app): State<Shared>, request: Request) -> Response {
    let word = match trigger(&app, None) {
        Started::Yes => "started",
        Started::No {
            retry_after_seconds: Some(_),
            ..
        } => "wait",
        Started::No { .. } => "busy",
    };
    let headers = request.headers().clone();
    match reply::read_body(request.into_body()).await {
        Ok(body) => back(&app, &headers, &body, word).await,
        Err(fault) => reply::detail(fault.status(), &fault.text()),
    }
}

/// `POST /ui/interval`.
pub(crate) async fn interval(State(app): State<Shared>, request: Request) -> Response {
    let headers = request.headers().clone();
    let body = match reply::read_body(request.into_body()).await {
        Ok(body) => body,
        Err(fault) => return reply::detail(fault.status(), &fault.text()),
    };
    let pairs = form::pairs(&String::from_utf8_lossy(&body));
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
    back(&app, &headers, &body, word).await
}

async fn back(app: &App, headers: &HeaderMap, body: &[u8], word: &str) -> Response {
    if !headers.contains_key("hx-request") {
        return reply::redirect(StatusCode::SEE_OTHER, &format!("/?notice={word}"));
    }
    let pairs = form::pairs(&String::from_utf8_lossy(body));
    let fragment = live::fragment(app, &View::read(&pairs), notice_of(word)).await;
    reply::typed(StatusCode::OK, reply::HTML, fragment.into_string())
}
