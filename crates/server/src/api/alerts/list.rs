//! `GET /api/v1/alerts`.

use axum::extract::{OriginalUri, RawQuery, State};
use axum::response::{IntoResponse as _, Response};

use super::filter;
use super::item::Item;
use crate::api::page::Page;
use crate::api::params::Params;
use crate::ask;
use crate::problem::{Kind, Problem};
use crate::services::Shared;

/// Lists alerts, newest arrival first.
pub(crate) async fn list(
    State(app): State<Shared>,
    OriginalUri(uri): OriginalUri,
    RawQuery(query): RawQuery,
) -> Response {
    let mut params = Params::read(uri.path(), query.as_deref());
    params.only(&filter::names());
    let (request, fingerprint) = params.page();
    let filter = filter::read(&params.pairs, app.now()).unwrap_or_else(|flaws| {
        params.flaws.extend(flaws);
        cresset_model::query::Filter::default()
    });
    if !params.flaws.is_empty() {
        return Problem::flawed(Kind::InvalidQuery, uri.path(), params.flaws).into_response();
    }
    match ask::ask(&app, app.services.query.alerts(filter, request)).await {
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
