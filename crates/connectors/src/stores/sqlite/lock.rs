//! One process for one store: an exclusive lock on a file beside the database.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::error::OpenError;
use super::open::private_file;

/// Name of the lock file, beside the database.
pub(super) const LOCK_FILE: &str = "cresset.lock";
/// Bytes of a lock file that are read; a process id is far shorter.
pub(super) const PID_BYTES_MAX: u64 = 32;

/// Holds the lock until dropped; the system gives it up if the process dies.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock and writes this process down, or says who holds it.
    pub(super) fn take(directory: &Path) -> Result<Self, OpenError> {
        let path = directory.join(LOCK_FILE);
        let fault = |source| OpenError::OpenFile {
            path: path.clone(),
            source,
        };
        let mut file = private_file(&path).map_err(fault)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::Locked {
                    directory: directory.to_owned(),
                    pid: holder(file),
                });
            }
            Err(TryLockError::Error(source)) => return Err(fault(source)),
        }
        file.set_len(0).map_err(fault)?;
        file.seek(SeekFrom::Start(0)).map_err(fault)?;
        writeln!(file, "{}", std::process::id()).map_err(fault)?;
        Ok(Self { _file: file })
    }
}

fn holder(file: File) -> String {
    let mut text = String::new();
    match file.take(PID_BYTES_MAX).read_to_string(&mut text) {
        Ok(_) if !text.trim().is_empty() => text.trim().to_owned(),
        // The other process has the lock and has not written itself down yet.
        _ => "unknown".to_owned(),
    }
}
