//! `GET /api/v1/alerts/histogram`.

use std::time::Duration;

use axum::extract::{OriginalUri, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use cresset_model::Timestamp;
use cresset_model::query::{BUCKETS_MAX, Buckets, Histogram, SeverityCounts, TimeField};
use serde::Serialize;

use super::ask::Asked;
use crate::problem::Problem;
use crate::services::Shared;
use crate::{ask, reply};

/// Buckets at most without `buckets`.
const BUCKETS_DEFAULT: usize = 60;
/// How far back it reaches when the query does not say.
const SPAN_DEFAULT: Duration = Duration::from_hours(24);

#[derive(Serialize)]
struct Body {
    field: &'static str,
    width_seconds: u64,
    exact: bool,
    items: Vec<Bucket>,
}

#[derive(Serialize)]
struct Bucket {
    from: Timestamp,
    to: Timestamp,
    total: u64,
    severities: SeverityCounts,
}

/// Counts alerts by time and severity, in buckets of an even width.
pub(crate) async fn histogram(
    State(app): State<Shared>,
    OriginalUri(uri): OriginalUri,
    RawQuery(query): RawQuery,
) -> Response {
    let mut asked = Asked::read(&app, uri.path(), query.as_deref(), &["by", "buckets"]);
    let count = asked.number("buckets", BUCKETS_DEFAULT, (2, BUCKETS_MAX));
    let field = match asked.text("by") {
        None | Some("ingested_at") => TimeField::IngestedAt,
        Some("created_at") => TimeField::CreatedAt,
        Some("updated_at") => TimeField::UpdatedAt,
        Some(_) => {
            asked.flaw("by", "`by` must be ingested_at, created_at or updated_at");
            TimeField::IngestedAt
        }
    };
    if let Some(refusal) = asked.refusal() {
        return refusal;
    }
    let (from, to) = asked.filter.bounds(field);
    let to = to.unwrap_or_else(|| app.now());
    let from = from.unwrap_or_else(|| to.minus(SPAN_DEFAULT));
    let buckets = Buckets::over(from, to, count);
    let histogram = app.services.explore.histogram(asked.filter, field, buckets);
    match ask::ask(&app, histogram).await {
        Ok(histogram) => reply::json_of(StatusCode::OK, &body(&histogram)),
        Err(fault) => Problem::fault(uri.path(), &fault).into_response(),
    }
}

fn body(histogram: &Histogram) -> Body {
    let edges = histogram.buckets.edges();
    let ends = edges.iter().zip(edges.iter().skip(1));
    let items = ends.zip(&histogram.counts);
    Body {
        field: histogram.field.as_str(),
        width_seconds: histogram.buckets.width.as_secs(),
        exact: histogram.exact,
        items: items
            .map(|((from, to), counts)| Bucket {
                from: *from,
                to: *to,
                total: counts.total(),
                severities: *counts,
            })
            .collect(),
    }
}
