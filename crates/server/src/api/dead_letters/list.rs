//! `GET /api/v1/dead-letters`.

use axum::extract::{OriginalUri, RawQuery, State};
use axum::response::{IntoResponse as _, Response};

use super::asked;
use super::item::Item;
use crate::api::page::Page;
use crate::api::params::Params;
use crate::ask;
use crate::problem::{Kind, Problem};
use crate::services::Shared;

/// Lists dead letters, newest first arrival first.
pub(crate) async fn list(
    State(app): State<Shared>,
    OriginalUri(uri): OriginalUri,
    RawQuery(query): RawQuery,
) -> Response {
    let mut params = Params::read(uri.path(), query.as_deref());
    params.only(&asked::NAMES);
    let (request, fingerprint) = params.page();
    let filter = asked::filter(&mut params, app.now());
    if !params.flaws.is_empty() {
        return Problem::flawed(Kind::InvalidQuery, uri.path(), params.flaws).into_response();
    }
    match ask::ask(&app, app.services.query.dead_letters(filter, request)).await {
        Err(fault) => Problem::fault(uri.path(), &fault).into_response(),
        Ok(rows) => Page {
            path: uri.path(),
            pairs: &params.pairs,
            items: rows.items.into_iter().map(Item::from).collect(),
            next: rows.next,
            fingerprint,
            total: rows.total,
        }
        .respond(),
    }
}
