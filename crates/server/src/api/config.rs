//! `POST /api/v1/config/reload`.

use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use crate::problem::{Flaw, Kind, Problem};
use crate::services::Shared;
use crate::{ask, reply};

/// Takes over all changes of the configuration, or none.
pub(crate) async fn reload(State(app): State<Shared>, OriginalUri(uri): OriginalUri) -> Response {
    let refused = match ask::command(app.services.reload.reload()).await {
        Ok(Ok(report)) => {
            return reply::json_of(StatusCode::OK, &json!({"changed": report.changed}));
        }
        Ok(Err(refused)) => refused,
        Err(_) => {
            let text = "The reload did not end in time; the log says what came of it";
            return Problem::new(Kind::Unavailable, uri.path(), text).into_response();
        }
    };
    // A file with faults cannot be compared with what runs: its faults come first.
    let (kind, texts) = if refused.faults.is_empty() {
        (Kind::NeedsRestart, refused.needs_restart)
    } else {
        (Kind::InvalidConfiguration, refused.faults)
    };
    let flaws = texts.into_iter().map(Flaw::plain).collect();
    Problem::flawed(kind, uri.path(), flaws).into_response()
}
