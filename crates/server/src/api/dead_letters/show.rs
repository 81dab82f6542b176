//! `GET /api/v1/dead-letters/{id}`.

use axum::extract::{OriginalUri, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use cresset_model::DeadLetterId;

use super::item::Detail;
use crate::problem::{Kind, Problem};
use crate::services::Shared;
use crate::{ask, reply};

/// Shows one dead letter with its bytes.
pub(crate) async fn show(
    State(app): State<Shared>,
    OriginalUri(uri): OriginalUri,
    Path(id): Path<String>,
) -> Response {
    let missing = |text: String| Problem::new(Kind::NotFound, uri.path(), text).into_response();
    let id: DeadLetterId = match id.parse() {
        Ok(id) => id,
        Err(error) => return missing(error.to_string()),
    };
    match ask::ask(&app, app.services.query.dead_letter(id)).await {
        Ok(Some(letter)) => reply::json_of(StatusCode::OK, &Detail::from(letter)),
        Ok(None) => missing(format!("no dead letter has the id {id}")),
        Err(fault) => Problem::fault(uri.path(), &fault).into_response(),
    }
}
