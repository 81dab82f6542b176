//! `source.http_poll`, an HTTP API asked at an interval for what is new.

use std::time::Duration;

use super::auth::AuthConfig;
use super::url::{HostPort, HttpUrl};

/// Minutes between polls by default.
pub(crate) const INTERVAL_MINUTES_DEFAULT: u32 = 30;
/// The most minutes between polls: a week.
pub(crate) const INTERVAL_MINUTES_MAX: u32 = 10_080;
/// How far before the bookmark a round asks by default.
pub(crate) const OVERLAP_DEFAULT: Duration = Duration::from_mins(5);
/// How far before the last page's newest instant the next page asks by default.
pub(crate) const OVERLAP_SHORT_DEFAULT: Duration = Duration::from_secs(10);
/// How far back the first start asks by default.
pub(crate) const LOOKBACK_DEFAULT: Duration = Duration::from_hours(24);
/// Pages of one round by default.
pub(crate) const PAGES_MAX_DEFAULT: u32 = 20;
/// Unpacked bytes of one answer by default.
pub(crate) const ANSWER_BYTES_MAX_DEFAULT: u64 = 1 << 30;

/// `source.http_poll`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HttpPollConfig {
    /// The address to poll.
    pub(crate) url: HttpUrl,
    /// Minutes between polls, 1 to [`INTERVAL_MINUTES_MAX`].
    pub(crate) interval_minutes: u32,
    /// How the upstream is asked for what is new.
    pub(crate) since: SinceConfig,
    /// Keys that lead to the array of records in the answer, split at the dots of `records:`; empty
    /// for a bare array.
    pub(crate) records: Vec<String>,
    /// The host and port that may have a private address; always those of `url`.
    pub(crate) allow_private: Option<HostPort>,
    /// How requests prove who asks.
    pub(crate) auth: Option<AuthConfig>,
    /// How far before the bookmark a round asks.
    pub(crate) overlap: Duration,
    /// How far before the last page's newest instant the next page asks.
    pub(crate) overlap_short: Duration,
    /// How far back the first start asks.
    pub(crate) lookback: Duration,
    /// Pages of one round.
    pub(crate) pages_max: u32,
    /// How long each part of a request may take.
    pub(crate) timeouts: Timeouts,
    /// Unpacked bytes of one answer.
    pub(crate) answer_bytes_max: u64,
}

impl HttpPollConfig {
    /// An upstream with every default.
    pub(crate) fn new(url: HttpUrl) -> Self {
        Self {
            url,
            interval_minutes: INTERVAL_MINUTES_DEFAULT,
            since: SinceConfig::default(),
            records: Vec::new(),
            allow_private: None,
            auth: None,
            overlap: OVERLAP_DEFAULT,
            overlap_short: OVERLAP_SHORT_DEFAULT,
            lookback: LOOKBACK_DEFAULT,
            pages_max: PAGES_MAX_DEFAULT,
            timeouts: Timeouts::default(),
            answer_bytes_max: ANSWER_BYTES_MAX_DEFAULT,
        }
    }
}

/// `since:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SinceConfig {
    /// The query parameter.
    pub(crate) parameter: String,
    /// How the instant is written.
    pub(crate) format: SinceFormat,
}

impl Default for SinceConfig {
    fn default() -> Self {
        Self {
            parameter: "since".to_owned(),
            format: SinceFormat::default(),
        }
    }
}

/// `since.format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum SinceFormat {
    /// RFC 3339 with an offset.
    #[default]
    Rfc3339,
    /// Whole seconds since the epoch, rounded down.
    Unix,
    /// Whole milliseconds since the epoch, rounded down.
    UnixMs,
}

/// `timeouts:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timeouts {
    /// Until the connection stands, TLS included.
    pub(crate) connect: Duration,
    /// From the request to the head of the answer.
    pub(crate) first_byte: Duration,
    /// Between two pieces of the body.
    pub(crate) idle: Duration,
    /// For the whole answer.
    pub(crate) total: Duration,
    /// What `total` is extended to while the body arrives fast enough.
    pub(crate) total_max: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            first_byte: Duration::from_secs(10),
            idle: Duration::from_secs(10),
            total: Duration::from_mins(1),
            total_max: Duration::from_mins(10),
        }
    }
}
