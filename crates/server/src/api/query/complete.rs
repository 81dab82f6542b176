//! `GET /api/v1/query/complete`: what may come next in a query.

use axum::extract::{OriginalUri, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use cresset_model::query::{Completing, Completion};
use serde::Serialize;

use crate::api::params::unknown;
use crate::problem::{Flaw, Kind, Problem};
use crate::services::Shared;
use crate::{ask, form, reply};

/// Values that are offered.
const VALUES_MAX: usize = 12;

#[derive(Serialize)]
struct Body {
    /// Where the text begins that an item stands for; it ends at the end of `q`. In bytes.
    from: usize,
    items: Vec<Completion>,
}

/// Offers fields and values for the end of the query `q`: the part before the caret.
pub(crate) async fn complete(
    State(app): State<Shared>,
    OriginalUri(uri): OriginalUri,
    RawQuery(query): RawQuery,
) -> Response {
    let pairs = form::pairs(query.as_deref().unwrap_or_default());
    if let Some((name, _)) = pairs.iter().find(|(name, _)| name != "q") {
        let flaw = Flaw::parameter(name, unknown(name, &["q"]));
        return Problem::flawed(Kind::InvalidQuery, uri.path(), vec![flaw]).into_response();
    }
    let text = form::last(&pairs, "q").unwrap_or_default();
    let completing = Completing::of(text);
    let mut items = completing.fixed();
    if let Some((field, part)) = completing.values() {
        let values = app.services.explore.values(field, part, VALUES_MAX);
        match ask::ask(&app, values).await {
            Ok(values) => items.extend(
                values
                    .into_iter()
                    .map(|(value, count)| Completion::value(&value, count)),
            ),
            Err(fault) => return Problem::fault(uri.path(), &fault).into_response(),
        }
    }
    let from = completing.from();
    reply::json_of(StatusCode::OK, &Body { from, items })
}
