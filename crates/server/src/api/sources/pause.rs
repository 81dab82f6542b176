//! `POST /api/v1/sources/{id}/pause` and `/resume`.

use axum::extract::{OriginalUri, Path, State};
use axum::response::Response;
use cresset_model::SourceId;

use super::command::plain;
use crate::services::Shared;

/// Stops the polls of a source until it is resumed, over a restart too.
pub(crate) async fn pause(
    State(app): State<Shared>,
    OriginalUri(uri): OriginalUri,
    Path(id): Path<String>,
) -> Response {
    let id = SourceId::new(&id);
    plain(&app, uri.path(), &id, app.services.control.pause(&id)).await
}

/// Lets a paused source be polled again, at once.
pub(crate) async fn resume(
    State(app): State<Shared>,
    OriginalUri(uri): OriginalUri,
    Path(id): Path<String>,
) -> Response {
    let id = SourceId::new(&id);
    plain(&app, uri.path(), &id, app.services.control.resume(&id)).await
}
