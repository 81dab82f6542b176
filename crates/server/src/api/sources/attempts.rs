//! `GET /api/v1/sources/{id}/attempts`.

use axum::extract::{OriginalUri, Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use cresset_model::SourceId;
use serde_json::json;

use super::missing;
use crate::reply;
use crate::services::Shared;

/// Lists the latest turns of a source, the newest first.
pub(crate) async fn attempts(
    State(app): State<Shared>,
    OriginalUri(uri): OriginalUri,
    Path(id): Path<String>,
) -> Response {
    match app.services.control.attempts(&SourceId::new(&id)) {
        Some(items) => reply::json_of(StatusCode::OK, &json!({"items": items, "next": null})),
        None => missing(uri.path(), &id),
    }
}
