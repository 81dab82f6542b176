//! `POST /api/v1/receivers/{name}/test`.

use axum::extract::{OriginalUri, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use crate::problem::{Flaw, Kind, Problem};
use crate::services::Shared;
use crate::{ask, reply};

/// Sends a test message by each notifier of a receiver and says which of them delivered.
pub(crate) async fn test(
    State(app): State<Shared>,
    OriginalUri(uri): OriginalUri,
    Path(name): Path<String>,
) -> Response {
    let path = uri.path();
    let results = match ask::command(app.services.receivers.test(&name)).await {
        Ok(Ok(results)) => results,
        Ok(Err(_)) => {
            let text = format!(
                "no receiver has the name `{name}`; /api/v1/receivers lists those there are"
            );
            return Problem::new(Kind::NotFound, path, text).into_response();
        }
        Err(_) => {
            let text = format!("the notifiers of `{name}` did not answer in time");
            return Problem::new(Kind::ReceiverFailed, path, text).into_response();
        }
    };
    let flaws: Vec<Flaw> = results
        .iter()
        .filter_map(|(notifier, result)| {
            let error = result.as_ref().err()?;
            Some(Flaw::plain(format!("{notifier}: {error}")))
        })
        .collect();
    if !flaws.is_empty() {
        return Problem::flawed(Kind::ReceiverFailed, path, flaws).into_response();
    }
    let results: Vec<_> = results
        .into_iter()
        .map(|(notifier, _)| json!({"notifier": notifier, "error": null}))
        .collect();
    let body = json!({"receiver": name, "results": results});
    reply::json_of(StatusCode::OK, &body)
}
