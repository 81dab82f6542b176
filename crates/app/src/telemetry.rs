//! Logs: text on a terminal, one JSON document a line otherwise, always to standard error.

mod line;

use std::io::IsTerminal;

use tracing::level_filters::LevelFilter;

use crate::cli::{Global, LogFormat};
use crate::config::LogConfig;
use line::{Form, Lines};

/// Bounds the lines from now on, once the configuration is known.
pub(crate) fn bound(config: LogConfig) {
    line::bound(config.line_bytes_max);
}

/// Starts the log at the level of the flags, or at `default` without any.
pub(crate) fn start(global: &Global, default: LevelFilter) {
    let level = match (global.quiet, global.verbose) {
        (true, _) => LevelFilter::ERROR,
        (false, 0) => default,
        (false, 1) => LevelFilter::INFO,
        (false, 2) => LevelFilter::DEBUG,
        (false, _) => LevelFilter::TRACE,
    };
    let terminal = std::io::stderr().is_terminal();
    let format = global.log_format.unwrap_or(if terminal {
        LogFormat::Text
    } else {
        LogFormat::Json
    });
    let log = tracing_subscriber::fmt().with_max_level(level);
    match format {
        LogFormat::Text => log
            .with_writer(Lines(Form::Text))
            .with_ansi(terminal)
            .with_target(false)
            .init(),
        LogFormat::Json => log
            .with_writer(Lines(Form::Json))
            .json()
            .flatten_event(true)
            .with_target(false)
            .init(),
    }
}
