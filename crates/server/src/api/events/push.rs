//! `POST /api/v1/events/{source}`.

use std::time::Duration;

use axum::extract::{OriginalUri, Path, Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use cresset_model::SourceId;
use cresset_model::ports::{PushBody, PushError, PushReceipt};
use serde::Serialize;
use tracing::warn;

use super::head::Head;
use crate::problem::{Kind, Problem};
use crate::reply;
use crate::services::{PUSH_KIB_MIN, Shared};

/// How long a push may take from its last byte to the commit.
const PUSH_TIMEOUT: Duration = Duration::from_secs(30);
/// What `Retry-After` says where nobody knows better.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// Says that the answer is the stored one of an earlier push.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Takes records in and answers after the commit.
pub(crate) async fn push(
    State(app): State<Shared>,
    OriginalUri(uri): OriginalUri,
    Path(source): Path<String>,
    request: Request,
) -> Response {
    let path = uri.path();
    let head = match Head::read(request.headers()) {
        Ok(head) => head,
        Err((kind, text)) => return Problem::new(kind, path, text).into_response(),
    };
    // Taken before the body is read: the permits bound the memory that bodies take.
    let Ok(_permit) = app.pushes.try_acquire_many(kib(request.headers())) else {
        let busy = PushError::Busy { after: RETRY_AFTER };
        return refused(path, &busy).into_response();
    };
    let body = match reply::read_body_within(reply::PUSH, request.into_body()).await {
        Ok(body) => body,
        Err(fault) => return Problem::body(path, fault).into_response(),
    };
    let push = PushBody {
        source: SourceId::new(&source),
        body,
        encoding: head.encoding,
        key: head.key,
    };
    let pushed = tokio::time::timeout(PUSH_TIMEOUT, app.services.intake.push(push)).await;
    match pushed {
        Ok(Ok(receipt)) => {
            let response = reply::json_of(StatusCode::OK, &Answer::from(&receipt));
            if receipt.replayed {
                reply::with(response, REPLAYED, "true")
            } else {
                response
            }
        }
        Ok(Err(error)) => refused(path, &error).into_response(),
        Err(_) => {
            let message = format!("no commit within {} s", PUSH_TIMEOUT.as_secs());
            let late = PushError::Unavailable {
                message,
                after: RETRY_AFTER,
            };
            refused(path, &late).into_response()
        }
    }
}

/// KiB that the body may take: what it says, or the most if it does not say.
fn kib(headers: &HeaderMap) -> u32 {
    let bytes_max = reply::PUSH.bytes_max as u64;
    let said = headers.get(header::CONTENT_LENGTH);
    let bytes = said.and_then(|said| said.to_str().ok()?.parse::<u64>().ok());
    let kib = bytes.unwrap_or(bytes_max).min(bytes_max).div_ceil(1 << 10);
    u32::try_from(kib).unwrap_or(u32::MAX).max(PUSH_KIB_MIN)
}

fn refused(path: &str, error: &PushError) -> Problem {
    let problem = |kind| Problem::new(kind, path, error.to_string());
    let seconds = |after: Duration| after.as_secs().max(1);
    match error {
        PushError::UnknownSource(_) => problem(Kind::NotFound),
        PushError::TooLarge { .. } => problem(Kind::TooLarge),
        PushError::Malformed(_) => problem(Kind::InvalidBody),
        PushError::KeyReused => problem(Kind::KeyReused),
        PushError::KeyBusy => problem(Kind::Conflict).retry_after(seconds(RETRY_AFTER)),
        PushError::Busy { after } => problem(Kind::TooManyRequests).retry_after(seconds(*after)),
        PushError::Unavailable { message, after } => {
            // The cause may name paths and addresses: it is for the log.
            warn!(error = %message, "push not taken");
            let text = format!(
                "The push cannot be confirmed now; some of it may be stored, and a repeat counts that \
                 as same. Send it again in {} s",
                seconds(*after)
            );
            Problem::new(Kind::Unavailable, path, text).retry_after(seconds(*after))
        }
    }
}

#[derive(Serialize)]
struct Answer<'a> {
    read: u64,
    new: u64,
    changed: u64,
    same: u64,
    passed: u64,
    filtered: u64,
    dead: u64,
    errors: Vec<Fault<'a>>,
}

#[derive(Serialize)]
struct Fault<'a> {
    index: u64,
    reason: &'static str,
    detail: &'a str,
}

impl<'a> From<&'a PushReceipt> for Answer<'a> {
    fn from(receipt: &'a PushReceipt) -> Self {
        let counts = &receipt.counts;
        let faults = receipt.faults.iter().map(|fault| Fault {
            index: fault.index,
            reason: fault.reason.as_str(),
            detail: &fault.detail,
        });
        Self {
            read: counts.read,
            new: counts.new,
            changed: counts.changed,
            same: counts.same,
            passed: counts.passed,
            filtered: counts.filtered,
            dead: counts.dead,
            errors: faults.collect(),
        }
    }
}
