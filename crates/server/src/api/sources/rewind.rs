//! `POST /api/v1/sources/{id}/rewind`.

use axum::body::Body;
use axum::extract::{OriginalUri, Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use cresset_model::{SourceId, Timestamp};

use super::command::{plain, read};
use crate::api::id_list::{object_of, only};
use crate::problem::{Flaw, Kind, Problem};
use crate::services::Shared;

/// Sets the bookmark of a source back and reads again from there. Known records stay as they are.
pub(crate) async fn rewind(
    State(app): State<Shared>,
    OriginalUri(uri): OriginalUri,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let path = uri.path();
    let body = match read(path, &headers, body).await {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let to = match to_of(&body) {
        Ok(to) => to,
        Err(flaws) => return Problem::flawed(Kind::InvalidBody, path, flaws).into_response(),
    };
    let id = SourceId::new(&id);
    plain(&app, path, &id, app.services.control.rewind(&id, to)).await
}

fn to_of(body: &[u8]) -> Result<Timestamp, Vec<Flaw>> {
    let object = object_of(body)?;
    let mut flaws = Vec::new();
    only(&object, "", &["to"], &mut flaws);
    let to = object
        .get("to")
        .and_then(|to| to.as_str())
        .and_then(Timestamp::parse);
    if to.is_none() {
        let text = "`to` must be an instant such as \"2026-11-23T09:00:00Z\"";
        flaws.push(Flaw::pointer("/to", text));
    }
    match to {
        Some(to) if flaws.is_empty() => Ok(to),
        _ => Err(flaws),
    }
}
