//! What can go wrong with a request, in words for people, and whether trying again may help.

use std::time::Duration;

use cresset_model::Timestamp;
use cresset_model::ports::FetchError;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use super::deadline::{EXTENSION_BYTES_PER_S, Expired};
pub(super) use crate::send_failure::span;
use crate::send_failure::{SendFailure, retry_after_of};

pub(super) fn transient(message: String) -> FetchError {
    FetchError {
        message,
        transient: true,
        status: None,
        retry_after: None,
    }
}

pub(super) fn permanent(message: String) -> FetchError {
    FetchError {
        message,
        transient: false,
        status: None,
        retry_after: None,
    }
}

/// An answer other than 2xx.
pub(super) fn of_status(
    status: StatusCode,
    headers: &HeaderMap,
    url: &str,
    now: Timestamp,
) -> FetchError {
    let (kind, hint) = match status.as_u16() {
        500.. => ("Server error", ""),
        400..=499 => ("Client error", ""),
        300..=399 => ("Redirect response", ": redirects are not followed"),
        _ => ("Unexpected answer", ""),
    };
    let phrase = status.canonical_reason().map(|phrase| format!(" {phrase}"));
    FetchError {
        message: format!(
            "{kind} '{}{}' for url '{url}'{hint}",
            status.as_u16(),
            phrase.unwrap_or_default()
        ),
        transient: status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429),
        status: Some(status.as_u16()),
        retry_after: retry_after_of(headers, now),
    }
}

/// A request that got no head of an answer.
pub(super) fn of_send(error: &reqwest::Error, target: &str, connect: Duration) -> FetchError {
    let failure = SendFailure::of(error, target, connect);
    FetchError {
        message: failure.message,
        transient: failure.is_transient,
        status: None,
        retry_after: None,
    }
}

/// An answer that ran out of time.
pub(super) fn of_expired(expired: Expired, wire_bytes: u64, url: &str) -> FetchError {
    transient(match expired {
        Expired::TooSlow { waited } => format!(
            "answer too slow: {wire_bytes} bytes in {} from {url}, and below {} KiB/s at the end",
            span(waited),
            EXTENSION_BYTES_PER_S >> 10
        ),
        Expired::TooLong { limit } => format!(
            "answer not complete after {}: {wire_bytes} bytes from {url}",
            span(limit)
        ),
    })
}
