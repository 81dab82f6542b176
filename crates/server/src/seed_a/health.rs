//! `GET /health`: always 200, whatever is broken.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use cresset_model::Timestamp;
use cresset_model::source::{SourceState, SyncStatus};

use crate::services::Shared;
use crate::{ask, json, reply};

/// All sources as one: the worst status, the newest times.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Overall {
    pub(crate) status: SyncStatus,
    pub(crate) last_sync: Option<Timestamp>,
    pub(crate) last_success: Option<Timestamp>,
    pub(crate) bookmark: Option<Timestamp>,
    pub(crate) last_error: Option<String>,
}

/// Sums the sources up.
pub(crate) fn overall(sources: &[SourceState]) -> Overall {
    let rank = |status: SyncStatus| SyncStatus::ALL.iter().position(|known| *known == status);
    let status = sources
        .iter()
        .map(|source| source.status)
        .max_by_key(|status| rank(*status))
        .unwrap_or_default();
    // Of several errors the newest is shown, with its source's name when there is more than one source.
    let failed = sources
        .iter()
        .filter(|source| source.last_error.is_some())
        .max_by_key(|source| source.last_sync);
    let last_error = failed.and_then(|source| {
        let error = source.last_error.as_ref()?;
        Some(match sources {
            [_] => error.clone(),
            _ => format!("{}: {error}", source.id),
        })
    });
    Overall {
        status,
        last_sync: sources.iter().filter_map(|source| source.last_sync).max(),
        last_success: sources
            .iter()
            .filter_map(|source| source.last_success)
            .max(),
        bookmark: sources.iter().filter_map(|source| source.bookmark).max(),
        last_error,
    }
}

/// Answers even when the store does not.
pub(crate) async fn get(State(app): State<Shared>) -> Response {
    let body = match ask::facts(&app).await {
        Ok(_) => connected(&overall(&app.services.control.sources())),
        Err(_) => concat!(
            r#"{"system_status":"system_failure","db_status":"Disconnected","#,
            r#""last_sync":null,"last_success":null}"#
        )
        .to_owned(),
    };
    reply::json(StatusCode::OK, body)
}

fn connected(overall: &Overall) -> String {
    let mut out = String::with_capacity(256);
    out.push_str(r#"{"system_status":""#);
    out.push_str(overall.status.as_str());
    out.push_str(r#"","db_status":"Connected","last_sync":"#);
    write_time(&mut out, overall.last_sync);
    out.push_str(r#","last_success":"#);
    write_time(&mut out, overall.last_success);
    // Before the first checkpoint there is no state row, and the original leaves both keys out.
    if overall.bookmark.is_some() {
        out.push_str(r#","last_event_time":"#);
        write_time(&mut out, overall.bookmark);
        out.push_str(r#","last_error":"#);
        json::write_optional(&mut out, overall.last_error.as_deref());
    }
    out.push('}');
    out
}

fn write_time(out: &mut String, at: Option<Timestamp>) {
    json::write_optional(out, at.map(Timestamp::to_offset).as_deref());
}
