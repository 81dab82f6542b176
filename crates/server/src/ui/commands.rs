//! Commands to one source: pause, resume, rewind, and the dials of its mock.

use std::time::Duration;

use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use cresset_model::ports::{CommandRefused, Dials, PortError};
use cresset_model::{SourceId, Timestamp};

use super::actions::back;
use super::refusals;
use crate::ask;
use crate::form;
use crate::services::Shared;

/// Where the buttons stand.
const PAGE: &str = "/ui/sources";

/// `POST /ui/sources/{id}/pause`.
pub(crate) async fn pause(
    State(app): State<Shared>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let id = SourceId::new(&id);
    let result = ask::command(app.services.control.pause(&id)).await;
    answer(&headers, "paused-now", result)
}

/// `POST /ui/sources/{id}/resume`.
pub(crate) async fn resume(
    State(app): State<Shared>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let id = SourceId::new(&id);
    let result = ask::command(app.services.control.resume(&id)).await;
    answer(&headers, "resumed", result)
}

/// `POST /ui/sources/{id}/rewind`: only with the name of the source typed.
pub(crate) async fn rewind(
    State(app): State<Shared>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let headers = request.headers().clone();
    let pairs = match form::read(request.into_body()).await {
        Ok(pairs) => pairs,
        Err(refusal) => return refusal,
    };
    let text = |name| {
        form::last(&pairs, name)
            .unwrap_or_default()
            .trim()
            .to_owned()
    };
    if text("confirm") != id {
        return back(&headers, PAGE, "not-confirmed");
    }
    let Some(to) = Timestamp::parse(&text("to")) else {
        return back(&headers, PAGE, "wrong-time");
    };
    let id = SourceId::new(&id);
    let result = ask::command(app.services.control.rewind(&id, to)).await;
    answer(&headers, "rewound", result)
}

/// `POST /ui/sources/{id}/chaos`: turns the dials, or puts them back with `reset`.
pub(crate) async fn chaos(
    State(app): State<Shared>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let headers = request.headers().clone();
    let pairs = match form::read(request.into_body()).await {
        Ok(pairs) => pairs,
        Err(refusal) => return refusal,
    };
    let reset = form::last(&pairs, "reset").is_some();
    let dials = if reset { None } else { Some(dials(&pairs)) };
    let id = SourceId::new(&id);
    let result = ask::command(app.services.control.set_chaos(&id, dials)).await;
    let word = if reset { "chaos-off" } else { "applied" };
    answer(&headers, word, result.map(|result| result.map(drop)))
}

/// What is not a number is left as it stands.
fn dials(pairs: &[(String, String)]) -> Dials {
    let number = |name| form::last(pairs, name)?.trim().parse::<f64>().ok();
    Dials {
        failure_rate: number("failure_rate"),
        delay: number("delay").and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
        malformed: number("malformed").map(|percent| percent / 100.0),
    }
}

fn answer(
    headers: &HeaderMap,
    done: &str,
    result: Result<Result<(), CommandRefused>, ask::Fault>,
) -> Response {
    let refused = match result {
        Ok(Ok(())) => return back(headers, PAGE, done),
        Ok(Err(CommandRefused::Port(PortError::Transient { .. }))) => {
            "The store or the mock does not answer; nothing was changed".to_owned()
        }
        Ok(Err(CommandRefused::Port(PortError::Permanent { .. }))) => {
            "The store or the mock refuses; the log says why".to_owned()
        }
        Ok(Err(refused)) => refused.to_string(),
        Err(fault) => fault.text(),
    };
    back(headers, PAGE, &refusals::keep(refused))
}
