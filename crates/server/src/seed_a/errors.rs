//! Errors in the original's forms.

use axum::extract::Request;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use crate::access::host_of;
use crate::ask::Fault;
use crate::guard::speaks_problems;
use crate::problem::{Kind, Problem};
use crate::reply;

/// The original's paths and what it answers in `allow`; for `/config` it names GET only.
const ALLOWED: [(&str, &str); 4] = [
    ("/alerts", "GET"),
    ("/sync", "POST"),
    ("/health", "GET"),
    ("/config", "GET"),
];
/// Paths that the original also finds with a slash behind them.
const REDIRECTED: [&str; 6] = [
    "/alerts",
    "/sync",
    "/health",
    "/config",
    "/docs",
    "/openapi.json",
];

/// A store that does not answer, on the original's paths.
pub(crate) fn unavailable(fault: &Fault) -> Response {
    match fault {
        Fault::Unavailable {
            retry_after_seconds,
        } => reply::with(
            reply::detail(StatusCode::SERVICE_UNAVAILABLE, &fault.text()),
            header::RETRY_AFTER,
            &retry_after_seconds.to_string(),
        ),
        Fault::Internal { .. } => reply::detail(StatusCode::INTERNAL_SERVER_ERROR, &fault.text()),
    }
}

/// No route has this method.
pub(crate) async fn method_not_allowed(request: Request) -> Response {
    let path = request.uri().path();
    if speaks_problems(path) {
        let text = format!("`{}` is not possible on this path", request.method());
        return Problem::new(Kind::MethodNotAllowed, path, text).into_response();
    }
    let response = reply::detail(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed");
    match ALLOWED.into_iter().find(|(known, _)| *known == path) {
        Some((_, allow)) => reply::with(response, header::ALLOW, allow),
        None => response,
    }
}

/// No route has this path.
pub(crate) async fn fallback(request: Request) -> Response {
    let uri = request.uri();
    let path = uri.path();
    if speaks_problems(path) {
        let text = "There is no such path; /docs lists those there are";
        return Problem::new(Kind::NotFound, path, text).into_response();
    }
    let trimmed = path.trim_end_matches('/');
    if REDIRECTED.contains(&trimmed) && request.method() != Method::TRACE {
        let host = host_of(uri, request.headers());
        let query = uri
            .query()
            .map_or(String::new(), |query| format!("?{query}"));
        let location = format!("http://{host}{trimmed}{query}");
        return reply::redirect(StatusCode::TEMPORARY_REDIRECT, &location);
    }
    reply::detail(StatusCode::NOT_FOUND, "Not Found")
}
