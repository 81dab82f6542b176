//! `source.http_poll`, an HTTP API asked at an interval for what is new.

use std::time::Duration;

use cresset_connectors::sources::http_poll::{RATIO_MAX, UNDECODED_BYTES_MAX};
use cresset_model::config::{ByteSize, Fault, FromScalar, Misfit, Ranged, Section, quote};

use super::auth::{self, AuthConfig};
use super::paging::{PagingConfig, SweepConfig, check_paging, read_paging, read_sweep};
use super::url::{HostPort, HttpUrl, check_private};

/// Minutes between polls by default.
const INTERVAL_MINUTES_DEFAULT: u32 = 30;
/// The most minutes between polls: a week.
const INTERVAL_MINUTES_MAX: u32 = 10_080;
/// How far before the bookmark a round asks by default, at most once a minute.
const OVERLAP_DEFAULT: Duration = Duration::from_mins(5);
/// How far before the bookmark the rounds between ask by default.
const OVERLAP_SHORT_DEFAULT: Duration = Duration::from_secs(10);
/// How far back the first start asks by default.
const LOOKBACK_DEFAULT: Duration = Duration::from_hours(24);
/// Pages of one round by default.
const PAGES_MAX_DEFAULT: u32 = 20;
/// Unpacked bytes of one answer by default.
const ANSWER_BYTES_MAX_DEFAULT: u64 = 1 << 30;
/// Bytes of one step of unpacking, at least and at most.
const UNDECODED_BYTES_MAX_MIN: u64 = 64 << 10;
const UNDECODED_BYTES_MAX_MAX: u64 = 256 << 20;
/// The highest ratio: what deflate makes of one byte at most, so that nothing is a bomb.
pub(super) const RATIO_MAX_MAX: u64 = 1_032;

const OVERLAP_MAX: Duration = Duration::from_hours(7 * 24);
const LOOKBACK_MAX: Duration = Duration::from_hours(10_000 * 24);
const PAGES_MAX_MAX: u32 = 10_000;
const ANSWER_BYTES_MAX_MAX: u64 = 64 << 30;
const TIMEOUT_MIN: Duration = Duration::from_millis(100);
const TIMEOUT_MAX: Duration = Duration::from_hours(1);
/// Keys of a path to the records.
const RECORDS_KEYS_MAX: usize = 8;
/// Bytes of a query parameter's name.
const PARAMETER_BYTES_MAX: usize = 64;

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
    /// How the pages of an answer follow each other.
    pub(crate) paging: PagingConfig,
    /// The host and port that may have a private address; always those of `url`.
    pub(crate) allow_private: Option<HostPort>,
    /// How requests prove who asks.
    pub(crate) auth: Option<AuthConfig>,
    /// How far before the bookmark a round asks, at most once a minute and on a manual sync.
    pub(crate) overlap: Duration,
    /// How far before the bookmark the rounds between ask.
    pub(crate) overlap_short: Duration,
    /// The slow second look for what became visible late; `None` for none.
    pub(crate) sweep: Option<SweepConfig>,
    /// How far back the first start asks.
    pub(crate) lookback: Duration,
    /// Pages of one round.
    pub(crate) pages_max: u32,
    /// How long each part of a request may take.
    pub(crate) timeouts: Timeouts,
    /// Unpacked bytes of one answer.
    pub(crate) answer_bytes_max: u64,
    /// Unpacked bytes for each byte received.
    pub(crate) ratio_max: u64,
    /// Unpacked bytes that wait to be decoded.
    pub(crate) undecoded_bytes_max: u64,
    /// The dials of the upstream, if it is a mock.
    pub(crate) chaos: Option<ChaosConfig>,
}

impl HttpPollConfig {
    /// An upstream with every default.
    pub(crate) fn new(url: HttpUrl) -> Self {
        Self {
            url,
            interval_minutes: INTERVAL_MINUTES_DEFAULT,
            since: SinceConfig::default(),
            records: Vec::new(),
            paging: PagingConfig::default(),
            allow_private: None,
            auth: None,
            overlap: OVERLAP_DEFAULT,
            overlap_short: OVERLAP_SHORT_DEFAULT,
            sweep: Some(SweepConfig::new(OVERLAP_DEFAULT)),
            lookback: LOOKBACK_DEFAULT,
            pages_max: PAGES_MAX_DEFAULT,
            timeouts: Timeouts::default(),
            answer_bytes_max: ANSWER_BYTES_MAX_DEFAULT,
            ratio_max: RATIO_MAX,
            undecoded_bytes_max: UNDECODED_BYTES_MAX,
            chaos: None,
        }
    }
}

/// `chaos:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChaosConfig {
    /// Where a mock's dials are read and turned.
    pub(crate) url: HttpUrl,
    /// The host and port that may have a private address; always those of `url`.
    pub(crate) allow_private: Option<HostPort>,
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

/// Reads `source.http_poll`; `None` without a usable address.
pub(super) fn read(mut section: Section<'_>) -> Option<HttpPollConfig> {
    let url = section.required::<HttpUrl>(
        "url",
        "the address to poll, such as http://127.0.0.1:8001/alerts",
    );
    let interval_minutes = read_interval(&mut section);
    let since = section
        .section("since")
        .map_or_else(SinceConfig::default, read_since);
    let records = section.optional::<RecordsPath>("records");
    let allow_private = section.optional("allow_private");
    let paging = read_paging(&mut section);
    let auth = auth::read(&mut section);
    let span = |longest| Duration::ZERO..=longest;
    let overlap = section.in_range("overlap", OVERLAP_DEFAULT, span(OVERLAP_MAX));
    // An overlap that is set below the short one's default pulls that default down with it.
    let short_default = OVERLAP_SHORT_DEFAULT.min(overlap);
    let overlap_short = section.in_range("overlap_short", short_default, span(OVERLAP_MAX));
    let sweep = read_sweep(&mut section, overlap);
    let lookback = section.in_range("lookback", LOOKBACK_DEFAULT, span(LOOKBACK_MAX));
    let pages_max = section.in_range("max_pages", PAGES_MAX_DEFAULT, 1..=PAGES_MAX_MAX);
    let timeouts = section
        .section("timeouts")
        .map_or_else(Timeouts::default, read_timeouts);
    let ByteSize(answer_bytes_max) = section.in_range(
        "max_answer",
        ByteSize(ANSWER_BYTES_MAX_DEFAULT),
        ByteSize(1)..=ByteSize(ANSWER_BYTES_MAX_MAX),
    );
    let ratio_max = section.in_range("max_ratio", RATIO_MAX, 2..=RATIO_MAX_MAX);
    let ByteSize(undecoded_bytes_max) = section.in_range(
        "max_undecoded",
        ByteSize(UNDECODED_BYTES_MAX),
        ByteSize(UNDECODED_BYTES_MAX_MIN)..=ByteSize(UNDECODED_BYTES_MAX_MAX),
    );
    let chaos = section.section("chaos").and_then(read_chaos);
    not_longer(
        &section,
        ("overlap_short", overlap_short),
        ("overlap", overlap),
    );
    let config = url.map(|url| HttpPollConfig {
        url,
        interval_minutes,
        since,
        records: records.map(|path| path.0).unwrap_or_default(),
        paging,
        allow_private,
        auth,
        overlap,
        overlap_short,
        sweep,
        lookback,
        pages_max,
        timeouts,
        answer_bytes_max,
        ratio_max,
        undecoded_bytes_max,
        chaos,
    });
    if let Some(config) = &config {
        check_address(&section, config);
    }
    section.finish();
    config
}

/// Checks what the address, the private host, the parameter and the secret say of each other.
fn check_address(section: &Section<'_>, config: &HttpPollConfig) {
    check_private(section, &config.url, config.allow_private.as_ref());
    let target = config.url.host_port();
    if config.url.has_parameter(&config.since.parameter) {
        let message = format!(
            "\"url\" already has the parameter {}",
            quote(&config.since.parameter)
        );
        let hint = "take it out of the address, or name another one in since.parameter";
        let place = section.place_of("url");
        section.report(Fault::at(place, message).concealed().hint(hint));
    }
    check_paging(section, &config.paging, &config.records, |parameter| {
        parameter == config.since.parameter || config.url.has_parameter(parameter)
    });
    // What is allowed to be private lies in a network that somebody chose to trust.
    let trusted = target.is_loopback() || config.allow_private.is_some();
    if config.auth.is_some() && !config.url.is_secure() && !trusted {
        let message = "\"auth\" would send its secret in plain text";
        let hint = "use an https address";
        section.report(Fault::at(section.place_of("auth"), message).hint(hint));
    }
}

fn read_interval(section: &mut Section<'_>) -> u32 {
    let shortest = Duration::from_mins(1);
    let longest = Duration::from_mins(u64::from(INTERVAL_MINUTES_MAX));
    let default = Duration::from_mins(u64::from(INTERVAL_MINUTES_DEFAULT));
    let interval = section.in_range("interval", default, shortest..=longest);
    if interval >= shortest && !interval.as_millis().is_multiple_of(60_000) {
        let message = format!(
            "\"interval\" is not a whole number of minutes: {}",
            interval.show()
        );
        let fault = Fault::at(section.place_of("interval"), message);
        section.report(fault.hint("write minutes, hours or days, such as 30m"));
    }
    u32::try_from(interval.as_secs() / 60).unwrap_or(INTERVAL_MINUTES_MAX)
}

fn read_since(mut section: Section<'_>) -> SinceConfig {
    let default = SinceConfig::default();
    let parameter = section.optional("parameter");
    let formats = [
        ("rfc3339", SinceFormat::Rfc3339),
        ("unix", SinceFormat::Unix),
        ("unix_ms", SinceFormat::UnixMs),
    ];
    let format = section.word("format", &formats);
    section.finish();
    SinceConfig {
        parameter: parameter.map_or(default.parameter, |Parameter(name)| name),
        format: format.unwrap_or(default.format),
    }
}

fn read_chaos(mut section: Section<'_>) -> Option<ChaosConfig> {
    let url = section.required::<HttpUrl>(
        "url",
        "where a mock's dials are, such as http://127.0.0.1:8001/config",
    );
    let allow_private = section.optional("allow_private");
    if let Some(url) = &url {
        check_private(&section, url, allow_private.as_ref());
    }
    section.finish();
    url.map(|url| ChaosConfig { url, allow_private })
}

fn read_timeouts(mut section: Section<'_>) -> Timeouts {
    let default = Timeouts::default();
    let mut read = |key, default| section.in_range(key, default, TIMEOUT_MIN..=TIMEOUT_MAX);
    let timeouts = Timeouts {
        connect: read("connect", default.connect),
        first_byte: read("first_byte", default.first_byte),
        idle: read("idle", default.idle),
        total: read("total", default.total),
        total_max: read("total_max", default.total_max),
    };
    let total = ("total", timeouts.total);
    not_longer(&section, ("connect", timeouts.connect), total);
    not_longer(&section, ("first_byte", timeouts.first_byte), total);
    not_longer(&section, ("idle", timeouts.idle), total);
    not_longer(&section, total, ("total_max", timeouts.total_max));
    section.finish();
    timeouts
}

/// Reports a part that is longer than what it belongs to.
fn not_longer(section: &Section<'_>, part: (&str, Duration), whole: (&str, Duration)) {
    if part.1 > whole.1 {
        let message = format!(
            "{} is longer than {}: {} and {}",
            quote(part.0),
            quote(whole.0),
            part.1.show(),
            whole.1.show()
        );
        let place = section.place_of(if section.has(part.0) { part.0 } else { whole.0 });
        let hint = format!("shorten {} or lengthen {}", quote(part.0), quote(whole.0));
        section.report(Fault::at(place, message).hint(hint));
    }
}

/// The name of a query parameter.
pub(super) struct Parameter(pub(super) String);

impl FromScalar for Parameter {
    const KIND: &'static str = "a query parameter";
    const HINT: &'static str = "write its name: letters, digits, underscores, dots and dashes";

    fn from_scalar(text: &str) -> Result<Self, Misfit> {
        let fits = (1..=PARAMETER_BYTES_MAX).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(Misfit::kind())
        }
    }
}

/// Keys that lead to the records.
pub(super) struct RecordsPath(pub(super) Vec<String>);

impl FromScalar for RecordsPath {
    const KIND: &'static str = "a path of keys";
    const HINT: &'static str = "write the keys that lead to the list, such as alerts or data.items";

    fn from_scalar(text: &str) -> Result<Self, Misfit> {
        let text = String::from_scalar(text).map_err(|_| Misfit::kind())?;
        let keys: Vec<String> = text.split('.').map(str::to_owned).collect();
        if keys.len() > RECORDS_KEYS_MAX || keys.iter().any(String::is_empty) {
            return Err(Misfit::kind());
        }
        Ok(Self(keys))
    }
}
