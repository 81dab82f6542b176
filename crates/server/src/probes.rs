//! `/livez` and `/readyz`.

use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use cresset_model::health::{Level, worst};
use serde_json::json;

use crate::ask::{self, Fault};
use crate::problem::{Flaw, Kind, Problem};
use crate::services::Shared;
use crate::{form, reply};

/// The process answers.
pub(crate) async fn live() -> Response {
    reply::json(StatusCode::OK, r#"{"status":"live"}"#)
}

/// The store answers too, and what the watchdogs find. Only a store that does not answer makes the service
/// unready: who routes requests must not take the page and the intake away because an upstream or a
/// receiver is down. `strict=true` asks for another status than 200 when somebody must act.
pub(crate) async fn ready(State(app): State<Shared>, RawQuery(query): RawQuery) -> Response {
    let pairs = form::pairs(query.as_deref().unwrap_or_default());
    let strict = match form::last(&pairs, "strict") {
        Some("true") => true,
        None | Some("false") => false,
        Some(_) => {
            let flaw = Flaw::parameter("strict", "`strict` must be true or false");
            return Problem::flawed(Kind::InvalidQuery, "/readyz", vec![flaw]).into_response();
        }
    };
    let (facts, health) = tokio::join!(ask::facts(&app), app.services.health.health());
    let findings = health.findings;
    let level = worst(&findings);
    let Err(fault) = facts else {
        let word = match level {
            Level::Green => "ready",
            Level::Yellow => "degraded",
            Level::Red => "failing",
        };
        let status = if strict && level == Level::Red {
            StatusCode::SERVICE_UNAVAILABLE
        } else {
            StatusCode::OK
        };
        let body = json!({"status": word, "level": level, "findings": findings});
        return reply::json_of(status, &body);
    };
    let body = json!({
        "status": "not_ready", "level": Level::Red, "findings": findings, "reason": fault.text()
    });
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
