//! `POST /sync`: a sync of every source, in the background.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::Response;

use crate::reply;
use crate::services::Shared;
use crate::trigger::{Started, trigger};

/// Body and content type are never looked at.
pub(crate) async fn post(State(app): State<Shared>) -> Response {
    match trigger(&app, None) {
        Started::Yes => reply::json(
            StatusCode::OK,
            r#"{"message":"Sync triggered in background"}"#,
        ),
        Started::No {
            text,
            retry_after_seconds,
        } => {
            let response = reply::detail(StatusCode::CONFLICT, &text);
            match retry_after_seconds {
                Some(seconds) => reply::with(response, header::RETRY_AFTER, &seconds.to_string()),
                None => response,
            }
        }
    }
}
