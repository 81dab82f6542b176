//! `log:`, the log of the service.

use cresset_model::config::{ByteSize, Section};

/// Bytes of a line by default, its end included.
pub(crate) const LINE_BYTES_MAX: usize = 8 << 10;
/// The shortest line that may be asked for, and the longest.
const LINE_BYTES_MAX_MIN: u64 = 1 << 10;
const LINE_BYTES_MAX_MAX: u64 = 1 << 20;

/// `log:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LogConfig {
    /// Bytes of a line; a longer one is cut.
    pub(crate) line_bytes_max: usize,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            line_bytes_max: LINE_BYTES_MAX,
        }
    }
}

pub(super) fn read(mut section: Section<'_>) -> LogConfig {
    let ByteSize(bytes) = section.in_range(
        "line",
        ByteSize(LINE_BYTES_MAX as u64),
        ByteSize(LINE_BYTES_MAX_MIN)..=ByteSize(LINE_BYTES_MAX_MAX),
    );
    section.finish();
    LogConfig {
        line_bytes_max: usize::try_from(bytes).unwrap_or(LINE_BYTES_MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check_end, loaded, minimal_with};

    #[test]
    fn the_length_of_a_line_is_one_key() {
        for (keys, expected) in [
            ("{}", 8_192),
            ("{ line: 1KiB }", 1_024),
            ("{ line: 1MiB }", 1 << 20),
        ] {
            let log = loaded(&minimal_with(&format!("log: {keys}\n")), &[]).log;
            assert_eq!(log.line_bytes_max, expected, "{keys}");
        }
        check_end(
            "log: { line: 1023B }\n",
            &["8:14: \"line\" is out of range: 1023B: from 1KiB to 1MiB are allowed"],
        );
    }
}
