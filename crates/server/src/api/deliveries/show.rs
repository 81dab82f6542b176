//! `GET /api/v1/deliveries/{id}`.

use axum::extract::{OriginalUri, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use cresset_model::NotificationId;
use cresset_model::notification::Delivery;

use super::item::Detail;
use crate::problem::{Kind, Problem};
use crate::services::{App, Shared};
use crate::{ask, reply};

/// Shows one delivery with its body and its tries.
pub(crate) async fn show(
    State(app): State<Shared>,
    OriginalUri(uri): OriginalUri,
    Path(id): Path<String>,
) -> Response {
    match found(&app, uri.path(), &id).await {
        Ok(delivery) => reply::json_of(StatusCode::OK, &Detail::from(delivery)),
        Err(problem) => problem.into_response(),
    }
}

/// The delivery of an id in a path.
pub(super) async fn found(app: &App, path: &str, id: &str) -> Result<Delivery, Problem> {
    let missing = |text: String| Problem::new(Kind::NotFound, path, text);
    let id: NotificationId = id
        .parse()
        .map_err(|error: cresset_model::id::InvalidId| missing(error.to_string()))?;
    let found = ask::ask(app, app.services.outbox.delivery(id)).await;
    found
        .map_err(|fault| Problem::fault(path, &fault))?
        .ok_or_else(|| missing(format!("no delivery has the id {id}")))
}
