//! `GET /api/v1/dead-letters/reasons`.

use axum::extract::{OriginalUri, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use cresset_model::dead_letter::DeadLetterGroup;
use cresset_model::ports::DeadLetterRoom;
use cresset_model::{DeadLetterId, SourceId, Timestamp};
use serde::Serialize;

use super::asked;
use crate::problem::Problem;
use crate::services::Shared;
use crate::{ask, reply};

#[derive(Serialize)]
struct Answer {
    items: Vec<Group>,
    /// Absent while the store does not say it.
    room: Option<Room>,
}

#[derive(Serialize)]
struct Group {
    reason: &'static str,
    source: SourceId,
    letters: u64,
    whole: u64,
    records: u64,
    first_seen: Timestamp,
    last_seen: Timestamp,
    example: String,
    example_id: DeadLetterId,
}

/// What dead letters take, and what had to go.
#[derive(Serialize)]
struct Room {
    bytes: u64,
    bytes_max: u64,
    dropped: u64,
    dropped_at: Option<Timestamp>,
    dropped_by_source: Vec<Dropped>,
}

#[derive(Serialize)]
struct Dropped {
    source: SourceId,
    records: u64,
}

/// Groups dead letters by reason and source, the largest group first.
pub(crate) async fn reasons(
    State(app): State<Shared>,
    OriginalUri(uri): OriginalUri,
    RawQuery(query): RawQuery,
) -> Response {
    let filter = match asked::without_pages(&uri, query.as_deref(), app.now()) {
        Ok(filter) => filter,
        Err(problem) => return problem.into_response(),
    };
    let groups = app.services.query.dead_letter_groups(filter);
    let (groups, health) = tokio::join!(ask::ask(&app, groups), app.services.health.health());
    match groups {
        Err(fault) => Problem::fault(uri.path(), &fault).into_response(),
        Ok(groups) => {
            let room = health.vitals.map(|vitals| Room::from(vitals.dead_letters));
            let answer = Answer {
                items: groups.into_iter().map(Group::from).collect(),
                room,
            };
            reply::json_of(StatusCode::OK, &answer)
        }
    }
}

impl From<DeadLetterGroup> for Group {
    fn from(group: DeadLetterGroup) -> Self {
        Self {
            reason: group.reason.as_str(),
            source: group.source_id,
            letters: group.letters,
            whole: group.whole,
            records: group.records,
            first_seen: group.first_seen,
            last_seen: group.last_seen,
            example: group.example,
            example_id: group.example_id,
        }
    }
}

impl From<DeadLetterRoom> for Room {
    fn from(room: DeadLetterRoom) -> Self {
        Self {
            bytes: room.bytes,
            bytes_max: room.bytes_max,
            dropped: room.dropped_in_all(),
            dropped_at: room.dropped_at,
            dropped_by_source: room
                .dropped
                .into_iter()
                .map(|(source, records)| Dropped { source, records })
                .collect(),
        }
    }
}
