//! `POST /api/v1/sources/{id}/sync`.

use axum::extract::{OriginalUri, Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use super::missing;
use crate::api::params::switch_only;
use crate::problem::{Kind, Problem};
use crate::reply;
use crate::services::Shared;
use crate::trigger::{Started, force, trigger};

/// Starts a sync of one source. `turns` is the number of turns ended so far: this one has ended when the
/// source shows more. With `force=true` it does not wait for an upstream that asked to be left alone.
pub(crate) async fn sync(
    State(app): State<Shared>,
    OriginalUri(uri): OriginalUri,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let forced = match switch_only(uri.path(), query.as_deref(), "force") {
        Ok(forced) => forced,
        Err(problem) => return problem.into_response(),
    };
    let sources = app.services.control.sources();
    let Some(state) = sources.into_iter().find(|state| state.id.as_str() == id) else {
        return missing(uri.path(), &id);
    };
    let started = if forced {
        force(&app, &state.id)
    } else {
        trigger(&app, Some(&state.id))
    };
    match started {
        Started::Yes => {
            let body = json!({"source": state.id, "status": "syncing", "turns": state.turns});
            reply::json_of(StatusCode::ACCEPTED, &body)
        }
        Started::No {
            text,
            retry_after_seconds,
        } => {
            let problem = Problem::new(Kind::Conflict, uri.path(), text);
            match retry_after_seconds {
                Some(seconds) => problem.retry_after(seconds),
                None => problem,
            }
            .into_response()
        }
    }
}
