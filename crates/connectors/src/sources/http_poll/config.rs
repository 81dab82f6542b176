//! What can be set.

use std::time::Duration;

use cresset_model::Timestamp;
use cresset_model::secret::Secret;

/// How long a connection may take to open, name resolution and TLS included.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the head of an answer may take, connecting included.
pub const FIRST_BYTE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an answer may be silent.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long may be waited for one answer in all.
pub const TOTAL_TIMEOUT: Duration = Duration::from_mins(1);
/// The same for an answer that arrives fast enough.
pub const TOTAL_TIMEOUT_MAX: Duration = Duration::from_mins(10);
/// Unpacked bytes of one answer.
pub const ANSWER_BYTES_MAX: u64 = 1 << 30;
/// Unpacked bytes for each byte received, once there is a mebibyte of them: small answers pack well.
pub const RATIO_MAX: u64 = 100;
/// Bytes that one step of unpacking gives at most; they lie in memory until they are decoded.
pub const UNDECODED_BYTES_MAX: u64 = 4 << 20;

/// The settings of one polled upstream.
#[derive(Debug, Clone)]
pub struct HttpPollConfig {
    /// The address to ask; a query in it is kept.
    pub url: String,
    /// The query parameter that carries the instant.
    pub since_parameter: String,
    /// How the instant is written.
    pub since_format: SinceFormat,
    /// How the pages of an answer follow each other.
    pub paging: Paging,
    /// How the request identifies itself, if it must.
    pub auth: Option<Auth>,
    /// The one `host:port` that may be asked although its address is not public.
    pub allow_private: Option<String>,
    /// The deadlines.
    pub timeouts: Timeouts,
    /// Unpacked bytes of one answer; a longer one is an error.
    pub answer_bytes_max: u64,
    /// See [`RATIO_MAX`].
    pub ratio_max: u64,
    /// See [`UNDECODED_BYTES_MAX`].
    pub undecoded_bytes_max: u64,
}

impl Default for HttpPollConfig {
    fn default() -> Self {
        Self {
            url: String::new(),
            since_parameter: "since".to_owned(),
            since_format: SinceFormat::default(),
            paging: Paging::default(),
            auth: None,
            allow_private: None,
            timeouts: Timeouts::default(),
            answer_bytes_max: ANSWER_BYTES_MAX,
            ratio_max: RATIO_MAX,
            undecoded_bytes_max: UNDECODED_BYTES_MAX,
        }
    }
}

/// How the pages of an answer follow each other.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Paging {
    /// By later instants.
    #[default]
    Since,
    /// By the `Link` header of each, with the relation `next`.
    Link,
    /// By a cursor in the body of each, which is sent back in a parameter beside the instant.
    Cursor {
        /// The query parameter.
        parameter: String,
    },
}

/// How the instant of a request is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SinceFormat {
    /// RFC 3339 in full precision.
    #[default]
    Rfc3339,
    /// Whole seconds since 1970, rounded down so that nothing is skipped.
    Unix,
    /// Whole milliseconds since 1970, rounded down so that nothing is skipped.
    UnixMs,
}

impl SinceFormat {
    pub(super) fn write(self, since: Timestamp) -> String {
        match self {
            Self::Rfc3339 => since.to_exact(),
            Self::Unix => since.seconds().to_string(),
            Self::UnixMs => since.nanos().div_euclid(1_000_000).to_string(),
        }
    }
}

/// How a request identifies itself.
#[derive(Debug, Clone)]
pub enum Auth {
    /// `Authorization: Bearer <token>`.
    Bearer(Secret),
    /// `Authorization: Basic <user and password>`.
    Basic {
        /// The user, without a colon.
        user: String,
        /// The password.
        password: Secret,
    },
    /// Any other header.
    Header {
        /// Its name.
        name: String,
        /// Its value.
        value: Secret,
    },
}

/// The deadlines of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// See [`CONNECT_TIMEOUT`].
    pub connect: Duration,
    /// See [`FIRST_BYTE_TIMEOUT`].
    pub first_byte: Duration,
    /// See [`IDLE_TIMEOUT`].
    pub idle: Duration,
    /// See [`TOTAL_TIMEOUT`].
    pub total: Duration,
    /// See [`TOTAL_TIMEOUT_MAX`].
    pub total_max: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: CONNECT_TIMEOUT,
            first_byte: FIRST_BYTE_TIMEOUT,
            idle: IDLE_TIMEOUT,
            total: TOTAL_TIMEOUT,
            total_max: TOTAL_TIMEOUT_MAX,
        }
    }
}
