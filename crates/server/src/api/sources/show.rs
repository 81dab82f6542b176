//! `GET /api/v1/sources/{id}`.

use axum::extract::{OriginalUri, Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use cresset_model::source::{Attempt, SourceState};
use serde::Serialize;

use super::missing;
use crate::reply;
use crate::services::Shared;

#[derive(Serialize)]
struct Detail {
    #[serde(flatten)]
    state: SourceState,
    attempts: Vec<Attempt>,
}

/// Shows one source with its latest turns.
pub(crate) async fn show(
    State(app): State<Shared>,
    OriginalUri(uri): OriginalUri,
    Path(id): Path<String>,
) -> Response {
    let control = &app.services.control;
    let found = control
        .sources()
        .into_iter()
        .find(|state| state.id.as_str() == id);
    let Some(state) = found else {
        return missing(uri.path(), &id);
    };
    let attempts = control.attempts(&state.id).unwrap_or_default();
    reply::json_of(StatusCode::OK, &Detail { state, attempts })
}
