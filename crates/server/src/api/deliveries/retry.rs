//! `POST /api/v1/deliveries/retry` and `POST /api/v1/deliveries/{id}/retry`.

use axum::extract::{OriginalUri, Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use cresset_model::NotificationId;
use serde_json::json;

use super::show::found;
use crate::api::id_list;
use crate::problem::{Kind, Problem};
use crate::services::{App, Shared};
use crate::{ask, reply};

/// Makes the dead and pending ones among the named deliveries due now.
pub(crate) async fn retry_many(
    State(app): State<Shared>,
    OriginalUri(uri): OriginalUri,
    request: Request,
) -> Response {
    let path = uri.path();
    if !reply::is_json(request.headers().get(header::CONTENT_TYPE)) {
        let text = "send the ids as content-type: application/json";
        return Problem::new(Kind::UnsupportedMediaType, path, text).into_response();
    }
    let body = match reply::read_body(request.into_body()).await {
        Ok(body) => body,
        Err(fault) => return Problem::body(path, fault).into_response(),
    };
    let mut ids: Vec<NotificationId> = match id_list::read(&body) {
        Ok(ids) => ids,
        Err(flaws) => return Problem::flawed(Kind::InvalidBody, path, flaws).into_response(),
    };
    ids.sort_unstable();
    ids.dedup();
    let asked = ids.len() as u64;
    match retry(&app, path, ids).await {
        Ok(retried) => answer(asked, retried),
        Err(problem) => problem.into_response(),
    }
}

/// Makes one delivery due now.
pub(crate) async fn retry_one(
    State(app): State<Shared>,
    OriginalUri(uri): OriginalUri,
    Path(id): Path<String>,
) -> Response {
    let path = uri.path();
    let delivery = match found(&app, path, &id).await {
        Ok(delivery) => delivery,
        Err(problem) => return problem.into_response(),
    };
    match retry(&app, path, vec![delivery.id]).await {
        Ok(0) => {
            let text = format!(
                "the delivery is {}: only dead and pending ones can be tried again",
                delivery.state.as_str()
            );
            Problem::new(Kind::Conflict, path, text).into_response()
        }
        Ok(retried) => answer(1, retried),
        Err(problem) => problem.into_response(),
    }
}

async fn retry(app: &App, path: &str, ids: Vec<NotificationId>) -> Result<u64, Problem> {
    ask::ask_bulk(app, app.services.outbox.retry(ids, app.now()))
        .await
        .map_err(|fault| Problem::fault(path, &fault))
}

fn answer(asked: u64, retried: u64) -> Response {
    reply::json_of(StatusCode::OK, &json!({"asked": asked, "retried": retried}))
}
