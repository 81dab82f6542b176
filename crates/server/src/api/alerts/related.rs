//! `GET /api/v1/alerts/{id}/related`.

use axum::extract::{OriginalUri, Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use cresset_model::AlertId;
use cresset_model::ports::Related;
use cresset_model::query::{Field, Filter, Pattern, Test, TextField};
use serde_json::{Value, json};

use super::item::Item;
use crate::api::params::{self, unknown};
use crate::problem::{Flaw, Kind, Problem};
use crate::services::Shared;
use crate::{ask, form, reply};

/// Alerts of each kind without `limit`.
const NEWEST_DEFAULT: usize = 5;
/// Alerts of each kind at most.
const NEWEST_MAX: usize = 50;

/// Shows what has the destination, the source address or the user in common with an alert.
pub(crate) async fn related(
    State(app): State<Shared>,
    OriginalUri(uri): OriginalUri,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let missing = |text: String| Problem::new(Kind::NotFound, uri.path(), text).into_response();
    let newest = match newest(query.as_deref()) {
        Ok(newest) => newest,
        Err(flaw) => {
            return Problem::flawed(Kind::InvalidQuery, uri.path(), vec![flaw]).into_response();
        }
    };
    let id: AlertId = match id.parse() {
        Ok(id) => id,
        Err(error) => return missing(error.to_string()),
    };
    match ask::ask(&app, app.services.explore.related(id, newest)).await {
        Ok(Some(related)) => {
            let items: Vec<Value> = related.into_iter().map(item).collect();
            reply::json_of(StatusCode::OK, &json!({"items": items}))
        }
        Ok(None) => missing(format!(
            "no alert has the id {id}; retention may have taken it"
        )),
        Err(fault) => Problem::fault(uri.path(), &fault).into_response(),
    }
}

fn newest(query: Option<&str>) -> Result<usize, Flaw> {
    let pairs = form::pairs(query.unwrap_or_default());
    if let Some((name, _)) = pairs.iter().find(|(name, _)| name != "limit") {
        return Err(Flaw::parameter(name, unknown(name, &["limit"])));
    }
    match form::last(&pairs, "limit").map(str::parse) {
        None => Ok(NEWEST_DEFAULT),
        Some(Ok(newest)) if (1..=NEWEST_MAX).contains(&newest) => Ok(newest),
        Some(_) => {
            let text = format!("`limit` must be a whole number from 1 to {NEWEST_MAX}");
            Err(Flaw::parameter("limit", text))
        }
    }
}

fn item(related: Related) -> Value {
    let newest: Vec<Item> = related.newest.into_iter().map(Item::from).collect();
    json!({
        "field": related.field,
        "query": query(related.field.field(), &related.value),
        "value": related.value,
        "total": params::total(related.total),
        "newest": newest,
    })
}

/// The query that finds them, the alert itself included.
fn query(field: Field, value: &str) -> String {
    let test = match field {
        Field::Address(field) => {
            let network = cresset_model::ip::Network::parse(value);
            Test::Address(field, network.into_iter().collect())
        }
        _ => Test::Text(TextField::User, vec![Pattern::Exact(value.to_owned())]),
    };
    Filter::default().and(test).to_string()
}
