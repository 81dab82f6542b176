//! What can go wrong before an HTTP answer begins, in words for people, and how long a server asks to wait.

use std::error::Error;
use std::time::{Duration, SystemTime};

use cresset_model::Timestamp;
use reqwest::header::{HeaderMap, RETRY_AFTER};

use crate::egress::{EgressRefused, ResolveFailed};

/// The longest wait that a server can ask for.
pub(crate) const RETRY_AFTER_MAX: Duration = Duration::from_hours(1);

/// A request that got no head of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SendFailure {
    /// What happened.
    pub(crate) message: String,
    /// Whether trying again may help.
    pub(crate) is_transient: bool,
}

impl SendFailure {
    /// Of a request to `target`, where a connection may take `connect`.
    pub(crate) fn of(error: &reqwest::Error, target: &str, connect: Duration) -> Self {
        if let Some(refused) = cause::<EgressRefused>(error) {
            return Self {
                message: refused.to_string(),
                is_transient: false,
            };
        }
        let message = if let Some(failed) = cause::<ResolveFailed>(error) {
            failed.to_string()
        } else if error.is_connect() {
            let why = if error.is_timeout() {
                format!("no connection within {}", span(connect))
            } else {
                io_cause(error)
            };
            format!("cannot connect to {target}: {why}")
        } else {
            format!("no answer from {target}: {}", io_cause(error))
        };
        Self {
            message,
            is_transient: true,
        }
    }
}

/// How long the headers of an answer ask to wait.
pub(crate) fn retry_after_of(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?;
    retry_after(value, now)
}

/// Reads `Retry-After` (RFC 9110, section 10.2.3): seconds or a date. Anything else is ignored.
pub(crate) fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    let wait = if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are more than the longest wait.
        value.parse().map_or(RETRY_AFTER_MAX, Duration::from_secs)
    } else {
        let at = httpdate::parse_http_date(value).ok()?;
        let at = at.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        // A date beyond every instant that can be named is later than the longest wait.
        let at = i64::try_from(at.as_secs())
            .ok()
            .and_then(Timestamp::from_seconds);
        at.unwrap_or(Timestamp::MAX).since(now)
    };
    Some(wait.min(RETRY_AFTER_MAX))
}

/// A duration for people.
pub(crate) fn span(duration: Duration) -> String {
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
