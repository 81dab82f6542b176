//! `GET /api/v1/receivers`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use crate::reply;
use crate::services::Shared;

/// Lists all receivers, in the order of the configuration.
pub(crate) async fn list(State(app): State<Shared>) -> Response {
    let items = app.services.receivers.list();
    reply::json_of(StatusCode::OK, &json!({"items": items, "next": null}))
}
