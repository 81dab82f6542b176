//! Exit codes and the errors that carry them.

use std::process::ExitCode;

/// Why a command ended, as its exit code says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Fine.
    Ok = 0,
    /// It ran, and the answer is no.
    No = 1,
    /// `doctor` found something that must be mended; clap ends with the same number for wrong usage.
    Faulty = 2,
    /// The configuration or the data directory is invalid.
    Invalid = 3,
    /// The server or the upstream cannot be reached.
    Unreachable = 4,
    /// Something is under way already.
    Conflict = 5,
    /// Some of it was done.
    Partly = 6,
    /// Ended by a signal before it was done, or by a second one.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// An error with the exit code it ends in.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Failure {
    /// How the process ends.
    pub(crate) exit: Exit,
    /// What happened and what to do.
    pub(crate) message: String,
}

impl Failure {
    /// A failure with this code.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
        }
    }
}
