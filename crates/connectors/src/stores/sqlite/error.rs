//! What can go wrong in the store, and what each fault means for the caller.

use std::path::PathBuf;

use cresset_model::ports::PortError;
use rusqlite::ErrorCode;

/// The store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The directory cannot be made.
    #[error("create directory `{}`", directory.display())]
    CreateDirectory {
        /// The directory.
        directory: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file of the store cannot be opened.
    #[error("open `{}`", path.display())]
    OpenFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file that would be made is there already.
    #[error("`{}` is there already: choose another directory, or move that file away", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Another process uses the store.
    #[error(
        "the store in `{}` is in use by process {pid}: stop that process, or choose another directory",
        directory.display()
    )]
    Locked {
        /// The directory of the store.
        directory: PathBuf,
        /// The other process, as it wrote itself down.
        pid: String,
    },
    /// The database was written by a newer version of this program.
    #[error(
        "`{}` has schema version {found}, and this program knows versions up to {supported}: \
         use a newer program, or restore a backup",
        path.display()
    )]
    NewerSchema {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version known here.
        supported: i64,
    },
    /// The file is a database of another program.
    #[error(
        "`{}` is a database of another program (application id {found:#x}): choose another path",
        path.display()
    )]
    ForeignDatabase {
        /// The database.
        path: PathBuf,
        /// Its application id.
        found: i64,
    },
    /// The database engine reports an error.
    #[error("{action} `{}`", path.display())]
    Engine {
        /// What was tried.
        action: &'static str,
        /// The database.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// The database opens but its books cannot be read.
    #[error("read the books of `{}`: {message}", path.display())]
    Unreadable {
        /// The database.
        path: PathBuf,
        /// Why.
        message: String,
    },
    /// A thread cannot be started.
    #[error("start the thread `{name}`")]
    Thread {
        /// Its name.
        name: &'static str,
        /// Why.
        source: std::io::Error,
    },
}

/// Why a request was not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// The disk, a lock or the memory; nothing is known about the request itself.
    Transient(String),
    /// The engine refuses a value of the request, and would refuse it again.
    Refused(String),
    /// Anything else that stays.
    Permanent(String),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        let message = error.to_string();
        let code = match &error {
            rusqlite::Error::SqliteFailure(cause, _) => cause.code,
            rusqlite::Error::ToSqlConversionFailure(_) => return Self::Refused(message),
            _ => return Self::Permanent(message),
        };
        match code {
            ErrorCode::TooBig
            | ErrorCode::ConstraintViolation
            | ErrorCode::TypeMismatch
            | ErrorCode::ParameterOutOfRange => Self::Refused(message),
            ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::OutOfMemory
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::PermissionDenied
            | ErrorCode::OperationInterrupted
            | ErrorCode::OperationAborted
            | ErrorCode::FileLockingProtocolFailed => Self::Transient(message),
            _ => Self::Permanent(message),
        }
    }
}

impl From<Failure> for PortError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Transient(message) => Self::transient(message),
            Failure::Refused(message) | Failure::Permanent(message) => Self::permanent(message),
        }
    }
}
