//! `GET /api/v1/alerts/facets`.

use axum::extract::{OriginalUri, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use cresset_model::ports::FACET_VALUES_MAX;
use cresset_model::query::FacetField;
use serde_json::json;

use super::ask::Asked;
use crate::problem::Problem;
use crate::services::Shared;
use crate::{ask, reply};

/// Fields without `fields`; addresses cost more and are asked for by name.
const FIELDS_DEFAULT: [FacetField; 6] = [
    FacetField::Severity,
    FacetField::Source,
    FacetField::Country,
    FacetField::User,
    FacetField::Threat,
    FacetField::Pipeline,
];
/// Values of each field without `top`.
const TOP_DEFAULT: usize = 10;

/// Counts alerts by the values of fields, each under all terms but those about the field itself.
pub(crate) async fn facets(
    State(app): State<Shared>,
    OriginalUri(uri): OriginalUri,
    RawQuery(query): RawQuery,
) -> Response {
    let mut asked = Asked::read(&app, uri.path(), query.as_deref(), &["fields", "top"]);
    let top = asked.number("top", TOP_DEFAULT, (1, FACET_VALUES_MAX));
    let fields = fields(&mut asked);
    if let Some(refusal) = asked.refusal() {
        return refusal;
    }
    let facets = app.services.explore.facets(asked.filter, fields, top);
    match ask::ask(&app, facets).await {
        Ok(items) => reply::json_of(StatusCode::OK, &json!({"items": items})),
        Err(fault) => Problem::fault(uri.path(), &fault).into_response(),
    }
}

fn fields(asked: &mut Asked) -> Vec<FacetField> {
    let Some(text) = asked.text("fields").map(str::to_owned) else {
        return FIELDS_DEFAULT.to_vec();
    };
    let mut fields = Vec::new();
    for word in text.split(',') {
        match FacetField::from_word(word.trim()) {
            Some(field) if !fields.contains(&field) => fields.push(field),
            Some(_) => {}
            None => {
                let known = FacetField::ALL.map(FacetField::as_str).join(", ");
                asked.flaw("fields", format!("no facet `{word}`: {known} are known"));
            }
        }
    }
    fields
}
