//! `GET /api/v1/dead-letters/export`: every dead letter that a filter takes with its raw bytes, piece by
//! piece.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{OriginalUri, RawQuery, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use cresset_model::dead_letter::DeadLetterFilter;
use cresset_model::ports::{DeadLetterPage, PageRequest};
use futures_util::stream;

use super::asked;
use super::item::Detail;
use crate::ask::Fault;
use crate::problem::Problem;
use crate::services::Shared;
use crate::{ask, reply};

/// Dead letters that are held at the same time: of 64 KiB each, 4 MiB at the most.
const ROWS_PER_PIECE: usize = 64;

/// Where an export stands.
struct Export {
    app: Shared,
    filter: DeadLetterFilter,
    /// What is sent next: a page that was read already.
    ready: Option<DeadLetterPage>,
}

/// Sends them one JSON document a line, the newest first arrival first, with bounded memory. An export
/// that fails midway breaks off and does not look whole.
pub(crate) async fn export(
    State(app): State<Shared>,
    OriginalUri(uri): OriginalUri,
    RawQuery(query): RawQuery,
) -> Response {
    let filter = match asked::without_pages(&uri, query.as_deref(), app.now()) {
        Ok(filter) => filter,
        Err(problem) => return problem.into_response(),
    };
    // The first page is read before the answer begins: a store that is down is a 503, not a cut file.
    let first = match page(&app, filter.clone(), None).await {
        Ok(first) => first,
        Err(fault) => return Problem::fault(uri.path(), &fault).into_response(),
    };
    let export = Export {
        app,
        filter,
        ready: Some(first),
    };
    let body = Body::from_stream(stream::unfold(export, piece));
    let media = HeaderValue::from_static("application/x-ndjson");
    let response = reply::typed(StatusCode::OK, media, body);
    let disposition = "attachment; filename=\"dead-letters.ndjson\"";
    reply::with(response, header::CONTENT_DISPOSITION, disposition)
}

type Piece = Result<Bytes, std::io::Error>;

async fn piece(mut export: Export) -> Option<(Piece, Export)> {
    let page = export.ready.take()?;
    if page.items.is_empty() {
        return None;
    }
    let mut out = String::new();
    for letter in page.items {
        let line = serde_json::to_string(&Detail::from(letter));
        out.push_str(&line.expect("dead letters have text keys and whole numbers"));
        out.push('\n');
    }
    if let Some(before) = page.next {
        match self::page(&export.app, export.filter.clone(), Some(before)).await {
            Ok(next) => export.ready = Some(next),
            Err(fault) => {
                let error = std::io::Error::other(fault.text());
                return Some((Err(error), export));
            }
        }
    }
    Some((Ok(Bytes::from(out)), export))
}

async fn page(
    app: &Shared,
    filter: DeadLetterFilter,
    before: Option<u64>,
) -> Result<DeadLetterPage, Fault> {
    let request = PageRequest {
        before,
        limit: ROWS_PER_PIECE,
        total: false,
    };
    let query = Arc::clone(&app.services.query);
    ask::ask(app, query.dead_letters(filter, request)).await
}
