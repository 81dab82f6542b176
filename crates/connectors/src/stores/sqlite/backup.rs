//! A whole copy of a store, taken while a process goes on with its work.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::error::OpenError;
use super::{open, schema};

/// Copies the store at `from` into a new file at `to`: what is committed when it begins, in one read transaction.
/// The copy has reached the disk when this returns, and until then it has another name.
pub fn backup(from: &Path, to: &Path) -> Result<(), OpenError> {
    let engine = |action, path: &Path| {
        let path = path.to_owned();
        move |source| OpenError::Engine {
            action,
            path,
            source,
        }
    };
    if to.exists() {
        return Err(OpenError::Exists {
            path: to.to_owned(),
        });
    }
    // Not one of the readers: those refuse every write, this one into the new file too.
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(from, flags).map_err(engine("open", from))?;
    if schema::check(&connection, from)? == 0 {
        return Err(OpenError::Unreadable {
            path: from.to_owned(),
            message: "there is no store in it yet".to_owned(),
        });
    }
    let directory = open::parent(to);
    open::create_directory(directory)?;
    let part = to.with_extension("part");
    let file = |path: &Path| {
        let path = path.to_owned();
        move |source| OpenError::OpenFile { path, source }
    };
    // What an earlier attempt left is no store.
    if part.exists() {
        std::fs::remove_file(&part).map_err(file(&part))?;
    }
    let made = open::private_file(&part).map_err(file(&part))?;
    let copied = connection
        .execute("VACUUM INTO ?1", [part.to_string_lossy()])
        .map_err(engine("back up", from))
        .and_then(|_| made.sync_all().map_err(file(&part)))
        .and_then(|()| std::fs::rename(&part, to).map_err(file(to)))
        .and_then(|()| open::sync_directory(directory).map_err(file(directory)));
    if copied.is_err() {
        // The first fault is the one to tell of; a part that stays is no store and is removed the next time.
        drop(std::fs::remove_file(&part));
    }
    copied
}
