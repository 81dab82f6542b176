//! `GET /api/v1/alerts/export`: everything that a filter takes, piece by piece.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{OriginalUri, RawQuery, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use cresset_model::alert::{AlertRow, Seq};
use cresset_model::ports::{AlertPage, PageRequest};
use cresset_model::query::Filter;
use futures_util::stream;

use super::ask::Asked;
use super::csv;
use super::item::Item;
use crate::ask::Fault;
use crate::problem::Problem;
use crate::services::Shared;
use crate::{ask, reply};

/// Rows that are held at the same time.
const ROWS_PER_PIECE: usize = 500;
/// Pages asked for before something is sent, so that a filter that takes little does not end in silence.
const PAGES_PER_PIECE: usize = 4;

/// How alerts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Csv,
    Ndjson,
}

/// Where an export stands.
struct Export {
    app: Shared,
    filter: Filter,
    form: Form,
    /// What is sent next: a page that was read already.
    ready: Option<AlertPage>,
    /// Whether the head of the table was sent.
    begun: bool,
}

/// Sends every alert that the filter takes, the newest arrival first, with bounded memory. Alerts that
/// arrive meanwhile are not among them. An export that fails midway breaks off and does not look whole.
pub(crate) async fn export(
    State(app): State<Shared>,
    OriginalUri(uri): OriginalUri,
    RawQuery(query): RawQuery,
) -> Response {
    let mut asked = Asked::read(&app, uri.path(), query.as_deref(), &["format"]);
    let form = match asked.text("format") {
        Some("csv") => Form::Csv,
        None | Some("ndjson") => Form::Ndjson,
        Some(_) => {
            asked.flaw("format", "`format` must be csv or ndjson");
            Form::Ndjson
        }
    };
    if let Some(refusal) = asked.refusal() {
        return refusal;
    }
    // The first page is read before the answer begins: a store that is down is a 503, not a cut file.
    let first = match page(&app, asked.filter.clone(), None).await {
        Ok(first) => first,
        Err(fault) => return Problem::fault(uri.path(), &fault).into_response(),
    };
    let (media, name) = match form {
        Form::Csv => ("text/csv; charset=utf-8; header=present", "alerts.csv"),
        Form::Ndjson => ("application/x-ndjson", "alerts.ndjson"),
    };
    let export = Export {
        app,
        filter: asked.filter,
        form,
        ready: Some(first),
        begun: false,
    };
    let body = Body::from_stream(stream::unfold(export, piece));
    let response = reply::typed(StatusCode::OK, HeaderValue::from_static(media), body);
    let disposition = format!("attachment; filename=\"{name}\"");
    reply::with(response, header::CONTENT_DISPOSITION, &disposition)
}

type Piece = Result<Bytes, std::io::Error>;

async fn piece(mut export: Export) -> Option<(Piece, Export)> {
    let mut out = String::new();
    if !export.begun && export.form == Form::Csv {
        csv::head(&mut out);
    }
    export.begun = true;
    for _ in 0..PAGES_PER_PIECE {
        let Some(page) = export.ready.take() else {
            break;
        };
        for row in page.items {
            write(&mut out, export.form, row);
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
        if !out.is_empty() {
            break;
        }
    }
    if out.is_empty() && export.ready.is_none() {
        return None;
    }
    Some((Ok(Bytes::from(out)), export))
}

async fn page(app: &Shared, filter: Filter, before: Option<Seq>) -> Result<AlertPage, Fault> {
    let request = PageRequest {
        before,
        limit: ROWS_PER_PIECE,
        total: false,
    };
    let query = Arc::clone(&app.services.query);
    ask::ask(app, query.alerts(filter, request)).await
}

fn write(out: &mut String, form: Form, row: AlertRow) {
    match form {
        Form::Csv => csv::row(out, &row),
        Form::Ndjson => {
            let line = serde_json::to_string(&Item::from(row));
            out.push_str(&line.expect("alerts have text keys and finite numbers"));
            out.push('\n');
        }
    }
}
