//! `GET /api/v1/dead-letters`.

use axum::extract::{OriginalUri, RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use cresset_model::SourceId;
use cresset_model::batch::Reason;
use cresset_model::config::nearest;
use cresset_model::dead_letter::DeadLetterFilter;

use super::item::Item;
use crate::api::page::Page;
use crate::api::params::Params;
use crate::problem::{Flaw, Kind, Problem};
use crate::services::Shared;
use crate::{ask, form};

/// Lists dead letters, newest first arrival first.
pub(crate) async fn list(
    State(app): State<Shared>,
    OriginalUri(uri): OriginalUri,
    RawQuery(query): RawQuery,
) -> Response {
    let mut params = Params::read(uri.path(), query.as_deref());
    params.only(&["source", "reason", "resolved"]);
    let (request, fingerprint) = params.page();
    let resolved = params.switch("resolved");
    let reason = form::last(&params.pairs, "reason").map(str::to_owned);
    let reason = reason.and_then(|code| match reason_of(&code) {
        Ok(reason) => Some(reason),
        Err(text) => {
            params.flaws.push(Flaw::parameter("reason", text));
            None
        }
    });
    if !params.flaws.is_empty() {
        return Problem::flawed(Kind::InvalidQuery, uri.path(), params.flaws).into_response();
    }
    let filter = DeadLetterFilter {
        source: form::last(&params.pairs, "source").map(SourceId::new),
        reason,
        resolved,
    };
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

/// The reason of a code, or what to write instead.
pub(super) fn reason_of(code: &str) -> Result<Reason, String> {
    Reason::from_code(code).ok_or_else(|| {
        let known: Vec<&str> = Reason::ALL.into_iter().map(Reason::as_str).collect();
        match nearest(code, &known) {
            Some(near) => format!("unknown reason `{code}`: did you mean `{near}`?"),
            None => format!("unknown reason `{code}`: {} are known", known.join(", ")),
        }
    })
}
