//! `GET /api/v1/version`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use crate::reply;
use crate::services::Shared;

/// What runs here, and since when.
pub(crate) async fn get(State(app): State<Shared>) -> Response {
    let facts = &app.services.facts;
    let body = json!({
        "name": "cresset",
        "version": facts.version,
        "api": "v1",
        "started": facts.started,
    });
    reply::json_of(StatusCode::OK, &body)
}
