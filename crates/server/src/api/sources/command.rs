//! What the commands to one source have in common.

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use cresset_model::SourceId;
use cresset_model::ports::{BoxFuture, CommandRefused};
use serde_json::json;
use tracing::warn;

use super::missing;
use crate::problem::{Flaw, Kind, Problem};
use crate::services::{App, Shared};
use crate::{ask, reply};

/// Seconds after which a store or a mock that did not answer may be asked again.
const RETRY_AFTER_SECONDS: u64 = 5;

/// Waits for a command and sorts what may go wrong.
pub(super) async fn carry_out<T>(
    path: &str,
    command: BoxFuture<'_, Result<T, CommandRefused>>,
) -> Result<T, Response> {
    let refused = match ask::command(command).await {
        Ok(Ok(done)) => return Ok(done),
        Ok(Err(refused)) => refused,
        Err(fault) => return Err(Problem::fault(path, &fault).into_response()),
    };
    Err(match refused {
        CommandRefused::Unknown(id) => missing(path, &id),
        CommandRefused::Conflict(text) => Problem::new(Kind::Conflict, path, text).into_response(),
        CommandRefused::Invalid(text) => {
            Problem::flawed(Kind::InvalidBody, path, vec![Flaw::pointer("", text)]).into_response()
        }
        CommandRefused::Port(error) => {
            warn!(error = %error, "command to a source failed");
            let text = "What the command needs does not answer; the log says why";
            Problem::new(Kind::Unavailable, path, text)
                .retry_after(RETRY_AFTER_SECONDS)
                .into_response()
        }
    })
}

/// The answer to a command that was carried out: the source as it is now.
pub(super) fn state(app: &App, path: &str, id: &SourceId) -> Response {
    let sources = app.services.control.sources();
    match sources.into_iter().find(|state| state.id == *id) {
        Some(state) => {
            let body = json!({
                "source": state.id,
                "status": state.status,
                "paused": state.paused,
                "bookmark": state.bookmark,
                "turns": state.turns,
            });
            reply::json_of(StatusCode::ACCEPTED, &body)
        }
        None => missing(path, id.as_str()),
    }
}

/// The answer to a command without a body.
pub(super) async fn plain(
    app: &Shared,
    path: &str,
    id: &SourceId,
    command: BoxFuture<'_, Result<(), CommandRefused>>,
) -> Response {
    match carry_out(path, command).await {
        Ok(()) => state(app, path, id),
        Err(refusal) => refusal,
    }
}

/// The body of a command, which must be labeled as JSON: a form of another page cannot be.
pub(super) async fn read(
    path: &str,
    headers: &HeaderMap,
    body: Body,
) -> Result<bytes::Bytes, Response> {
    if !reply::is_json(headers.get(header::CONTENT_TYPE)) {
        let text = "Send the body as application/json";
        let problem = Problem::new(Kind::UnsupportedMediaType, path, text);
        return Err(problem.into_response());
    }
    let body = reply::read_body(body).await;
    body.map_err(|fault| Problem::body(path, fault).into_response())
}
