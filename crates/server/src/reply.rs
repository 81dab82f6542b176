//! Answers, and bodies of requests, in the forms that all routes share.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;

use crate::json;

/// The bounds of a request's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BodyBounds {
    /// Its bytes as sent; a longer one is refused with 413.
    pub(crate) bytes_max: usize,
}

/// The body of a command.
pub(crate) const COMMAND: BodyBounds = BodyBounds {
    bytes_max: 64 << 10,
};
/// The body of a push.
pub(crate) const PUSH: BodyBounds = BodyBounds { bytes_max: 8 << 20 };

/// The media type of JSON answers, without a charset as the original has it.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// The media type of pages.
pub(crate) const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// An answer with a body of the given media type.
pub(crate) fn typed(status: StatusCode, media: HeaderValue, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, media);
    response
}

/// A JSON answer.
pub(crate) fn json(status: StatusCode, body: impl Into<Body>) -> Response {
    typed(status, JSON, body)
}

/// A JSON answer of a value.
pub(crate) fn json_of(status: StatusCode, value: &impl serde::Serialize) -> Response {
    let body = serde_json::to_string(value).expect("answers have text keys and finite numbers");
    json(status, body)
}

/// `{"detail":"…"}`, the form of every error on the original's paths.
pub(crate) fn detail(status: StatusCode, text: &str) -> Response {
    json(status, format!("{{\"detail\":{}}}", json::string(text)))
}

/// The answer with one more header.
pub(crate) fn with(mut response: Response, name: HeaderName, value: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
    response
}

/// An answer without a body.
pub(crate) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// An empty answer that sends the client elsewhere.
pub(crate) fn redirect(status: StatusCode, location: &str) -> Response {
    with(empty(status), header::LOCATION, location)
}

/// A body that does not come as fast as it should. The connection it comes by says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TooSlow {
    /// Not within this time.
    #[error("The body did not arrive within {} s", .0.as_secs_f64())]
    Time(Duration),
    /// With fewer bytes in a second than these.
    #[error("The body arrived at less than {0} bytes a second")]
    Rate(u64),
}

/// Why a body could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyFault {
    /// Longer than these bytes.
    TooLarge(usize),
    /// It did not come in time.
    TooSlow(TooSlow),
    /// It was cut off, or is no body.
    Broken,
}

impl BodyFault {
    /// The status of the answer.
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow(_) => StatusCode::REQUEST_TIMEOUT,
            Self::Broken => StatusCode::BAD_REQUEST,
        }
    }

    /// A sentence for the client.
    pub(crate) fn text(self) -> String {
        match self {
            Self::TooLarge(bytes_max) => format!("The body is larger than {bytes_max} bytes"),
            Self::TooSlow(fault) => fault.to_string(),
            Self::Broken => "The body did not arrive whole".to_owned(),
        }
    }
}

/// Reads the body of a command.
pub(crate) async fn read_body(body: Body) -> Result<Bytes, BodyFault> {
    read_body_within(COMMAND, body).await
}

/// Reads a body within bounds. Nothing is reserved that has not come.
pub(crate) async fn read_body_within(bounds: BodyBounds, body: Body) -> Result<Bytes, BodyFault> {
    use futures_util::StreamExt as _;
    let mut pieces = body.into_data_stream();
    let mut whole = Vec::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| fault_of(&error))?;
        if whole.len() + piece.len() > bounds.bytes_max {
            return Err(BodyFault::TooLarge(bounds.bytes_max));
        }
        whole.extend_from_slice(&piece);
    }
    Ok(Bytes::from(whole))
}

fn fault_of(error: &axum::Error) -> BodyFault {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(too_slow) = error.downcast_ref::<TooSlow>() {
            return BodyFault::TooSlow(*too_slow);
        }
        cause = error.source();
    }
    BodyFault::Broken
}

/// Whether a media type is JSON: `application/json` or `application/*+json`, parameters ignored.
pub(crate) fn is_json(content_type: Option<&HeaderValue>) -> bool {
    let Some(text) = content_type.and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let media = text.split(';').next().unwrap_or_default().trim();
    let Some((main, sub)) = media.split_once('/') else {
        return false;
    };
    let sub = sub.to_ascii_lowercase();
    main.eq_ignore_ascii_case("application") && (sub == "json" || sub.ends_with("+json"))
}
