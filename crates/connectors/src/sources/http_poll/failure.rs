//! What can go wrong with a request, in words for people, and whether trying again may help.

use std::error::Error;
use std::time::{Duration, SystemTime};

use cresset_model::Timestamp;
use cresset_model::ports::FetchError;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

use super::deadline::{EXTENSION_BYTES_PER_S, Expired};
use crate::egress::{EgressRefused, ResolveFailed};

/// The longest wait that an upstream can ask for.
pub(super) const RETRY_AFTER_MAX: Duration = Duration::from_hours(1);

pub(super) fn transient(message: String) -> FetchError {
    FetchError {
        message,
        transient: true,
        retry_after: None,
    }
}

pub(super) fn permanent(message: String) -> FetchError {
    FetchError {
        message,
        transient: false,
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
        retry_after: headers
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| retry_after(value, now)),
    }
}

/// Reads `Retry-After` (RFC 9110, section 10.2.3): seconds or a date. Anything else is ignored.
pub(super) fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    let wait = if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are more than the longest wait.
        value.parse().map_or(RETRY_AFTER_MAX, Duration::from_secs)
    } else {
        let at = httpdate::parse_http_date(value).ok()?;
        let at = at.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        Timestamp::from_seconds(i64::try_from(at.as_secs()).ok()?)?.since(now)
    };
    Some(wait.min(RETRY_AFTER_MAX))
}

/// A request that got no head of an answer.
pub(super) fn of_send(error: &reqwest::Error, target: &str, connect: Duration) -> FetchError {
    if let Some(refused) = cause::<EgressRefused>(error) {
        return permanent(refused.to_string());
    }
    if let Some(failed) = cause::<ResolveFailed>(error) {
        return transient(failed.to_string());
    }
    if error.is_connect() {
        let why = if error.is_timeout() {
            format!("no connection within {}", span(connect))
        } else {
            io_cause(error)
        };
        return transient(format!("cannot connect to {target}: {why}"));
    }
    transient(format!("no answer from {target}: {}", io_cause(error)))
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

/// A duration for people.
pub(super) fn span(duration: Duration) -> String {
    if duration.subsec_millis() == 0 && duration.as_secs() > 0 {
        return format!("{} s", duration.as_secs());
    }
    format!("{} ms", duration.as_millis())
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| {
        // Copied out of the closure's borrow: the causes live as long as the error does.
        let error: &'a (dyn Error + 'static) = *error;
        error.source()
    })
}

fn cause<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    causes(error).find_map(|error| error.downcast_ref())
}

/// The innermost cause; the usual ones by their plain names, without the system's error numbers.
fn io_cause(error: &(dyn Error + 'static)) -> String {
    use std::io::ErrorKind;
    let known = cause::<std::io::Error>(error).and_then(|error| match error.kind() {
        ErrorKind::ConnectionRefused => Some("connection refused"),
        ErrorKind::ConnectionReset => Some("connection reset"),
        ErrorKind::HostUnreachable => Some("host unreachable"),
        ErrorKind::NetworkUnreachable => Some("network unreachable"),
        ErrorKind::TimedOut => Some("the system gave up waiting"),
        _ => None,
    });
    if let Some(known) = known {
        return known.to_owned();
    }
    causes(error)
        .last()
        .map_or_else(String::new, ToString::to_string)
}
