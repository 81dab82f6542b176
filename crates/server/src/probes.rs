//! `/livez` and `/readyz`.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::Response;
use serde_json::json;

use crate::ask::{self, Fault};
use crate::reply;
use crate::services::Shared;

/// The process answers.
pub(crate) async fn live() -> Response {
    reply::json(StatusCode::OK, r#"{"status":"live"}"#)
}

/// The store answers too.
pub(crate) async fn ready(State(app): State<Shared>) -> Response {
    let Err(fault) = ask::facts(&app).await else {
        return reply::json(StatusCode::OK, r#"{"status":"ready"}"#);
    };
    let body = json!({"status": "not_ready", "reason": fault.text()});
    let response = reply::json_of(StatusCode::SERVICE_UNAVAILABLE, &body);
    match fault {
        Fault::Unavailable {
            retry_after_seconds,
        } => reply::with(
            response,
            header::RETRY_AFTER,
            &retry_after_seconds.to_string(),
        ),
        Fault::Internal { .. } => response,
    }
}
