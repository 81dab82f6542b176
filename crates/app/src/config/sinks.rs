//! `sinks:`, where the events of a pipeline go, besides the store.

use std::path::PathBuf;
use std::time::Duration;

use cresset_connectors::sinks::Packing;
use cresset_model::config::{ByteSize, Fault, Place, Section, quote};

/// Bytes of one file by default.
const FILE_BYTES_MAX_DEFAULT: u64 = 128 << 20;
const FILE_BYTES_MAX_MIN: u64 = 4 << 10;
const FILE_BYTES_MAX_MAX: u64 = 64 << 30;
/// How long one file is written to by default.
const FILE_AGE_MAX_DEFAULT: Duration = Duration::from_hours(1);
const FILE_AGE_MAX_MIN: Duration = Duration::from_secs(1);
const FILE_AGE_MAX_MAX: Duration = Duration::from_hours(30 * 24);
/// Sinks of one pipeline.
const SINKS_MAX: usize = 8;

/// One entry of `sinks:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SinkConfig {
    /// Files in a folder.
    File(FileSinkConfig),
    /// The standard output, for `cresset pipe` only.
    Stdout,
}

/// `sinks.file`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileSinkConfig {
    /// The folder, relative to the working directory; it is made if absent. No two sinks have the same.
    pub(crate) path: PathBuf,
    /// Bytes after which the next file begins.
    pub(crate) file_bytes_max: u64,
    /// Age at which the next file begins.
    pub(crate) file_age_max: Duration,
    /// How files are packed.
    pub(crate) compress: Packing,
}

impl FileSinkConfig {
    /// A folder with every default.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
            path,
            file_bytes_max: FILE_BYTES_MAX_DEFAULT,
            file_age_max: FILE_AGE_MAX_DEFAULT,
            compress: Packing::None,
        }
    }
}

/// The folders that sinks write to, and where they are named.
pub(super) type Folders = Vec<(PathBuf, Place)>;

/// Reads `sinks:` of a pipeline; `folders` are those of all pipelines so far.
pub(super) fn read(section: &mut Section<'_>, folders: &mut Folders) -> Vec<SinkConfig> {
    let mut sinks = Vec::new();
    let mut stdout: Option<Place> = None;
    let nodes = section.sequence("sinks");
    if nodes.len() > SINKS_MAX {
        let message = format!("\"sinks\" has {} items", nodes.len());
        let hint = format!("at most {SINKS_MAX} are taken");
        section.report(Fault::at(section.place_of("sinks"), message).hint(hint));
    }
    for node in nodes {
        let Some(choice) = section.choose("sink", node.place, node, &["file", "stdout"]) else {
            continue;
        };
        let Some(chosen) = section.chosen(&choice) else {
            continue;
        };
        if choice.name == "file" {
            sinks.extend(read_file(chosen, folders).map(SinkConfig::File));
            continue;
        }
        chosen.finish();
        if let Some(first) = stdout.replace(choice.place) {
            let hint = format!("first at line {}", first.line);
            let fault = Fault::at(choice.place, "sink \"stdout\" is given twice");
            section.report(fault.hint(hint));
            continue;
        }
        sinks.push(SinkConfig::Stdout);
    }
    sinks
}

fn read_file(mut section: Section<'_>, folders: &mut Folders) -> Option<FileSinkConfig> {
    let path: Option<PathBuf> = section.required("path", "the folder to write to: data/events");
    let default = FileSinkConfig::new(PathBuf::new());
    let ByteSize(file_bytes_max) = section.in_range(
        "size",
        ByteSize(default.file_bytes_max),
        ByteSize(FILE_BYTES_MAX_MIN)..=ByteSize(FILE_BYTES_MAX_MAX),
    );
    let file_age_max = section.in_range(
        "age",
        default.file_age_max,
        FILE_AGE_MAX_MIN..=FILE_AGE_MAX_MAX,
    );
    let words = [
        ("none", Packing::None),
        ("gzip", Packing::Gzip),
        ("zstd", Packing::Zstd),
    ];
    let compress = section.word("compress", &words).unwrap_or_default();
    if let Some(path) = &path {
        let place = section.place_of("path");
        // Components, so that `events/` and `events` are the same folder.
        let first = folders.iter().find(|(other, _)| other == path);
        if let Some((_, first)) = first {
            let shown = path.to_string_lossy();
            let message = format!("two sinks write to {}", quote(&shown));
            let hint = format!(
                "first at line {}; give each a folder of its own",
                first.line
            );
            section.report(Fault::at(place, message).hint(hint));
        }
        folders.push((path.clone(), place));
    }
    section.finish();
    path.map(|path| FileSinkConfig {
        path,
        file_bytes_max,
        file_age_max,
        compress,
    })
}

#[cfg(test)]
mod tests;
