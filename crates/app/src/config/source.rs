//! `source:`, where records come from.

use std::path::{Path, PathBuf};

use cresset_model::config::{ByteSize, Fault, FromScalar, Misfit, Place, Section};
use cresset_runtime::push::UnpackLimits;

use super::adapter::Adapter;
use super::http_poll::{self, HttpPollConfig, RATIO_MAX_MAX, RecordsPath};

/// Bytes of one push by default.
const PUSH_BODY_BYTES_MAX_DEFAULT: u64 = 8 << 20;
const PUSH_BODY_BYTES_MAX_MIN: u64 = 1 << 10;
const PUSH_BODY_BYTES_MAX_MAX: u64 = 8 << 20;
/// Pushes under way at once by default.
const PUSH_IN_FLIGHT_MAX_DEFAULT: u32 = 128;
const PUSH_IN_FLIGHT_MAX_MAX: u32 = 128;
/// Unpacked bytes of one push, at most.
const PUSH_UNPACKED_BYTES_MAX_MAX: u64 = 1 << 30;
/// Generated events a second by default.
const GENERATE_RATE_DEFAULT: u32 = 5;
const GENERATE_RATE_MAX: u32 = 100_000;
/// The seed of the generated events by default.
const GENERATE_SEED_DEFAULT: u64 = 7;

/// What it is, for the message that misses it.
pub(super) const ABOUT: &str = "where records come from, such as http_poll: { url: ... }";

const KINDS: [&str; 5] = ["http_poll", "push", "file", "stdin", "generate"];

/// `source:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SourceConfig {
    /// An HTTP API asked at an interval.
    HttpPoll(Box<HttpPollConfig>),
    /// Requests to `POST /api/v1/events/` and the pipeline's id.
    Push(PushConfig),
    /// Files that grow.
    File(FileSourceConfig),
    /// The standard input.
    Stdin,
    /// Invented events, made in the process.
    Generate(GenerateConfig),
}

/// `source.push`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PushConfig {
    /// Bytes of one body, packed or unpacked.
    pub(crate) body_bytes_max: u64,
    /// Pushes under way at once.
    pub(crate) in_flight_max: u32,
    /// How far a body is unpacked.
    pub(crate) unpack: UnpackLimits,
    /// The keys that lead to the records in a body; none: the body is the records.
    pub(crate) records: Vec<String>,
}

impl Default for PushConfig {
    fn default() -> Self {
        Self {
            body_bytes_max: PUSH_BODY_BYTES_MAX_DEFAULT,
            in_flight_max: PUSH_IN_FLIGHT_MAX_DEFAULT,
            unpack: UnpackLimits::default(),
            records: Vec::new(),
        }
    }
}

/// `source.file`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileSourceConfig {
    /// The files, relative to the working directory; only the last part may hold `*` and `?`.
    pub(crate) path: PathBuf,
    /// Where a file that is seen for the first time is read from.
    pub(crate) start: FileStart,
}

/// `source.file.start`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum FileStart {
    /// Its first byte.
    #[default]
    Beginning,
    /// Its end: only what is added later.
    End,
}

/// `source.generate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GenerateConfig {
    /// Events a second, 1 to [`GENERATE_RATE_MAX`].
    pub(crate) events_per_second: u32,
    /// The same seed gives the same events.
    pub(crate) seed: u64,
}

impl Default for GenerateConfig {
    fn default() -> Self {
        Self {
            events_per_second: GENERATE_RATE_DEFAULT,
            seed: GENERATE_SEED_DEFAULT,
        }
    }
}

/// Reads `source:` of a pipeline. `stdin` is the place of an earlier pipeline that reads the standard
/// input.
pub(super) fn read(
    section: &mut Section<'_>,
    adapter: Option<Adapter>,
    stdin: &mut Option<Place>,
) -> Option<SourceConfig> {
    let choice = section.one_of("source", &KINDS)?;
    let chosen = section.chosen(&choice)?;
    match choice.name {
        "http_poll" => http_poll::read(chosen).map(|poll| SourceConfig::HttpPoll(Box::new(poll))),
        "push" => Some(SourceConfig::Push(read_push(chosen))),
        "file" => read_file(chosen).map(SourceConfig::File),
        "stdin" => {
            if let Some(first) = stdin.replace(choice.place) {
                let hint = format!("first at line {}: it can be read once", first.line);
                let fault = Fault::at(choice.place, "two pipelines read the standard input");
                section.report(fault.hint(hint));
            }
            chosen.finish();
            Some(SourceConfig::Stdin)
        }
        _ => {
            if adapter == Some(Adapter::SeedA) {
                let message = "\"generate\" makes events that adapter seed_a cannot read";
                section.report(Fault::at(choice.place, message).hint("write adapter: nullify"));
            }
            Some(SourceConfig::Generate(read_generate(chosen)))
        }
    }
}

fn read_push(mut section: Section<'_>) -> PushConfig {
    let default = PushConfig::default();
    let ByteSize(body_bytes_max) = section.in_range(
        "body",
        ByteSize(default.body_bytes_max),
        ByteSize(PUSH_BODY_BYTES_MAX_MIN)..=ByteSize(PUSH_BODY_BYTES_MAX_MAX),
    );
    let in_flight_max = section.in_range(
        "in_flight",
        default.in_flight_max,
        1..=PUSH_IN_FLIGHT_MAX_MAX,
    );
    let ByteSize(unpacked_bytes_max) = section.in_range(
        "unpacked",
        ByteSize(default.unpack.unpacked_bytes_max),
        ByteSize(PUSH_BODY_BYTES_MAX_MIN)..=ByteSize(PUSH_UNPACKED_BYTES_MAX_MAX),
    );
    let ratio_max = section.in_range("ratio", default.unpack.ratio_max, 2..=RATIO_MAX_MAX);
    let records = section.optional::<RecordsPath>("records");
    section.finish();
    PushConfig {
        body_bytes_max,
        in_flight_max,
        unpack: UnpackLimits {
            unpacked_bytes_max,
            ratio_max,
        },
        records: records.map(|path| path.0).unwrap_or_default(),
    }
}

fn read_file(mut section: Section<'_>) -> Option<FileSourceConfig> {
    let path = section.required("path", "the files to read, such as /var/log/app/*.ndjson");
    let words = [("beginning", FileStart::Beginning), ("end", FileStart::End)];
    let start = section.word("start", &words).unwrap_or_default();
    section.finish();
    path.map(|PathPattern(path)| FileSourceConfig { path, start })
}

fn read_generate(mut section: Section<'_>) -> GenerateConfig {
    let default = GenerateConfig::default();
    let generate = GenerateConfig {
        events_per_second: section.in_range(
            "rate",
            default.events_per_second,
            1..=GENERATE_RATE_MAX,
        ),
        seed: section.optional("seed").unwrap_or(default.seed),
    };
    section.finish();
    generate
}

/// A path whose last part may hold wildcards.
struct PathPattern(PathBuf);

impl FromScalar for PathPattern {
    const KIND: &'static str = "a path of files";
    const HINT: &'static str = "write a path, such as /var/log/app/*.ndjson";

    fn from_scalar(text: &str) -> Result<Self, Misfit> {
        let path = PathBuf::from_scalar(text).map_err(|_| Misfit::kind())?;
        let wild = |part: &Path| part.to_string_lossy().contains(['*', '?']);
        if path.parent().is_some_and(wild) || text.contains("**") {
            return Err(Misfit::because(
                "has a wildcard in a folder's name",
                "only the file's name may hold * and ?, such as /var/log/app/*.ndjson",
            ));
        }
        if path.file_name().is_none() || text.ends_with('/') {
            return Err(Misfit::because(
                "names a folder",
                "name its files, such as /var/log/app/*.ndjson",
            ));
        }
        Ok(Self(path))
    }
}

#[cfg(test)]
mod tests;
