//! `GET /api/v1/alerts/{id}`.

use axum::extract::{OriginalUri, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use cresset_model::alert::{AlertDetail, AlertRow, Revision, StoredMatch};
use cresset_model::ports::DeliveryFilter;
use cresset_model::{AlertId, Severity, Timestamp, ip};
use serde::Serialize;
use serde_json::{Map, Value};

use super::item::Item;
use super::provenance::{Provenance, mapping};
use crate::api::deliveries::Told;
use crate::api::raw::Raw;
use crate::problem::{Kind, Problem};
use crate::services::Shared;
use crate::{ask, reply};

/// The latest deliveries that tell of the alert; `/api/v1/deliveries?alert=` has all.
const DELIVERIES_SHOWN: usize = 20;

#[derive(Serialize)]
struct Detail {
    #[serde(flatten)]
    item: Item,
    raw: Raw,
    enriched: Option<Raw>,
    normalized: Normalized,
    mapping: Map<String, Value>,
    provenance: Provenance,
    matches: Vec<StoredMatch>,
    deliveries: Vec<Told>,
    revisions: Vec<Former>,
}

/// What the adapter made of the record, before enrichment.
#[derive(Serialize)]
struct Normalized {
    id: String,
    source: String,
    severity: Severity,
    description: String,
    src_ip: String,
    dst_ip: Option<String>,
    created_at: Timestamp,
}

#[derive(Serialize)]
struct Former {
    revision: u32,
    replaced_at: Timestamp,
    severity: Severity,
    description: String,
    raw: Raw,
}

/// Shows one alert with everything that explains it.
pub(crate) async fn show(
    State(app): State<Shared>,
    OriginalUri(uri): OriginalUri,
    Path(id): Path<String>,
) -> Response {
    let missing = |text: String| Problem::new(Kind::NotFound, uri.path(), text).into_response();
    let id: AlertId = match id.parse() {
        Ok(id) => id,
        Err(error) => return missing(error.to_string()),
    };
    let alert = match ask::ask(&app, app.services.query.alert(id)).await {
        Ok(Some(alert)) => alert,
        Ok(None) => {
            let text = format!("no alert has the id {id}; retention may have taken it");
            return missing(text);
        }
        Err(fault) => return Problem::fault(uri.path(), &fault).into_response(),
    };
    let told = DeliveryFilter {
        alert: Some(id),
        ..DeliveryFilter::default()
    };
    let told = app.services.outbox.deliveries(told, None, DELIVERIES_SHOWN);
    match ask::ask(&app, told).await {
        Ok(page) => {
            let deliveries = page.items.into_iter().map(Told::from).collect();
            reply::json_of(StatusCode::OK, &detail(alert, deliveries))
        }
        Err(fault) => Problem::fault(uri.path(), &fault).into_response(),
    }
}

fn detail(alert: AlertDetail, deliveries: Vec<Told>) -> Detail {
    Detail {
        deliveries,
        raw: Raw::of(&alert.raw),
        enriched: alert.enriched.as_deref().map(Raw::of),
        matches: alert.matches,
        normalized: normalized(&alert.row),
        mapping: mapping(&alert.row, &alert.context),
        provenance: Provenance::of(&alert.row, &alert.context),
        revisions: alert.revisions.into_iter().map(former).collect(),
        item: Item::from(alert.row),
    }
}

fn normalized(row: &AlertRow) -> Normalized {
    Normalized {
        id: row.upstream_id.clone(),
        source: row.source.clone(),
        severity: row.severity,
        description: row.description.clone(),
        src_ip: ip::to_string(row.src_ip),
        dst_ip: row.dst_ip.map(ip::to_string),
        created_at: row.created_at,
    }
}

fn former(revision: Revision) -> Former {
    Former {
        revision: revision.revision,
        replaced_at: revision.replaced_at,
        severity: revision.severity,
        description: revision.description,
        raw: Raw::of(&revision.raw),
    }
}
