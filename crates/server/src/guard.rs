//! Stands before every route: checks who asks, catches what fails, sets the headers of every answer.

use std::panic::AssertUnwindSafe;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;
use tracing::error;

use crate::access::Denied;
use crate::ask::internal_text;
use crate::problem::{Kind, Problem};
use crate::reply::{self, BodyFault};
use crate::services::Shared;
use crate::traffic::UNMATCHED;

/// The one route that takes large bodies.
pub(crate) const PUSH_ROUTE: &str = "/api/v1/events/{source}";

/// Only what this server serves itself, and no inline script or style.
pub(crate) const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; \
     style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'";
const PERMISSIONS_POLICY: &str =
    "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()";

/// Whether the path's errors are problem documents.
pub(crate) fn speaks_problems(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}

/// The layer around all routes.
pub(crate) async fn guard(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or_else(
        || UNMATCHED.to_owned(),
        |matched| matched.as_str().to_owned(),
    );
    let mut response = if let Err(refusal) = admit(&app, &route, &request) {
        refusal
    } else {
        let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
        answered.unwrap_or_else(|_| {
            let id = app.failure_id();
            error!(error.id = %id, http.route = %route, "request handler panicked");
            failed(&path, &id)
        })
    };
    app.traffic
        .count(method.as_str(), &route, response.status().as_u16());
    secure(response.headers_mut());
    response
}

#[expect(
    clippy::result_large_err,
    reason = "an early answer is a whole response"
)]
fn admit(app: &Shared, route: &str, request: &Request) -> Result<(), Response> {
    let path = request.uri().path();
    app.access
        .check(request.method(), request.uri(), request.headers())
        .map_err(|denied| refused(path, &denied))?;
    let declared = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let bytes_max = match route {
        PUSH_ROUTE => reply::PUSH.bytes_max,
        _ => reply::COMMAND.bytes_max,
    };
    if declared.is_some_and(|bytes| bytes > bytes_max as u64) {
        return Err(body_refused(path, BodyFault::TooLarge(bytes_max)));
    }
    Ok(())
}

fn refused(path: &str, denied: &Denied) -> Response {
    let (kind, status) = match denied {
        Denied::Misdirected(_) => (Kind::Misdirected, StatusCode::MISDIRECTED_REQUEST),
        Denied::Foreign(_) => (Kind::Forbidden, StatusCode::FORBIDDEN),
    };
    if speaks_problems(path) {
        Problem::new(kind, path, denied.text()).into_response()
    } else {
        reply::detail(status, &denied.text())
    }
}

fn body_refused(path: &str, fault: BodyFault) -> Response {
    if speaks_problems(path) {
        Problem::body(path, fault).into_response()
    } else {
        reply::detail(fault.status(), &fault.text())
    }
}

fn failed(path: &str, id: &str) -> Response {
    if speaks_problems(path) {
        Problem::internal(path, id).into_response()
    } else {
        reply::detail(StatusCode::INTERNAL_SERVER_ERROR, &internal_text(id))
    }
}

fn secure(headers: &mut HeaderMap) {
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(
        "permissions-policy",
        HeaderValue::from_static(PERMISSIONS_POLICY),
    );
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}
