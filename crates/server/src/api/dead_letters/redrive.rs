//! `POST /api/v1/dead-letters/redrive` and `POST /api/v1/dead-letters/{id}/redrive`.

use axum::extract::{OriginalUri, Path, RawQuery, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use cresset_model::ports::{RedriveItem, RedriveReport, RedriveSelection};
use cresset_model::{AlertId, DeadLetterId};
use serde::Serialize;

use super::selection;
use crate::api::params::switch_only;
use crate::problem::{Kind, Problem};
use crate::services::Shared;
use crate::{ask, reply};

/// Puts the dead letters that the body names through again.
pub(crate) async fn redrive_many(
    State(app): State<Shared>,
    OriginalUri(uri): OriginalUri,
    RawQuery(query): RawQuery,
    request: Request,
) -> Response {
    let path = uri.path();
    let dry_run = match switch_only(path, query.as_deref(), "dry_run") {
        Ok(dry_run) => dry_run,
        Err(problem) => return problem.into_response(),
    };
    if !reply::is_json(request.headers().get(header::CONTENT_TYPE)) {
        let text = "send the selection as content-type: application/json";
        return Problem::new(Kind::UnsupportedMediaType, path, text).into_response();
    }
    let body = match reply::read_body(request.into_body()).await {
        Ok(body) => body,
        Err(fault) => return Problem::body(path, fault).into_response(),
    };
    match selection::read(&body, app.now()) {
        Ok(selection) => redrive(&app, path, selection, dry_run).await,
        Err(flaws) => Problem::flawed(Kind::InvalidBody, path, flaws).into_response(),
    }
}

/// Puts one dead letter through again.
pub(crate) async fn redrive_one(
    State(app): State<Shared>,
    OriginalUri(uri): OriginalUri,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let path = uri.path();
    let missing = |text: String| Problem::new(Kind::NotFound, path, text).into_response();
    let dry_run = match switch_only(path, query.as_deref(), "dry_run") {
        Ok(dry_run) => dry_run,
        Err(problem) => return problem.into_response(),
    };
    let id: DeadLetterId = match id.parse() {
        Ok(id) => id,
        Err(error) => return missing(error.to_string()),
    };
    match ask::ask(&app, app.services.query.dead_letter(id)).await {
        Ok(Some(_)) => redrive(&app, path, RedriveSelection::Ids(vec![id]), dry_run).await,
        Ok(None) => missing(format!("no dead letter has the id {id}")),
        Err(fault) => Problem::fault(path, &fault).into_response(),
    }
}

async fn redrive(app: &Shared, path: &str, selection: RedriveSelection, dry_run: bool) -> Response {
    match ask::ask_bulk(app, app.services.control.redrive(selection, dry_run)).await {
        Ok(report) => reply::json_of(StatusCode::OK, &Answer::from(report)),
        Err(fault) => Problem::fault(path, &fault).into_response(),
    }
}

#[derive(Serialize)]
struct Answer {
    dry_run: bool,
    items: Vec<Entry>,
    counts: Counts,
}

#[derive(Serialize, Default)]
struct Counts {
    alert: u64,
    passed: u64,
    refused: u64,
    skipped: u64,
}

#[derive(Serialize)]
struct Entry {
    id: DeadLetterId,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    alert_id: Option<AlertId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl From<RedriveReport> for Answer {
    fn from(report: RedriveReport) -> Self {
        let mut counts = Counts::default();
        let items = report
            .items
            .into_iter()
            .map(|item| {
                let count = match item {
                    RedriveItem::Alert { .. } => &mut counts.alert,
                    RedriveItem::Passed { .. } => &mut counts.passed,
                    RedriveItem::Refused { .. } => &mut counts.refused,
                    RedriveItem::Skipped { .. } => &mut counts.skipped,
                };
                *count += 1;
                Entry::from(item)
            })
            .collect();
        Self {
            dry_run: report.dry_run,
            items,
            counts,
        }
    }
}

impl From<RedriveItem> for Entry {
    fn from(item: RedriveItem) -> Self {
        let plain = |id, outcome| Self {
            id,
            outcome,
            alert_id: None,
            reason: None,
            detail: None,
        };
        match item {
            RedriveItem::Alert { id, alert } => Self {
                alert_id: Some(alert),
                ..plain(id, "alert")
            },
            RedriveItem::Passed { id } => plain(id, "passed"),
            RedriveItem::Refused { id, reason, detail } => Self {
                reason: Some(reason.as_str()),
                detail: Some(detail),
                ..plain(id, "refused")
            },
            RedriveItem::Skipped { id, why } => Self {
                detail: Some(why),
                ..plain(id, "skipped")
            },
        }
    }
}
