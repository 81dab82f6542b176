//! The versions of the schema and the way from one to the next.

use std::path::Path;

use rusqlite::Connection;

use super::books::signed;
use super::error::OpenError;

/// Marks a database file as ours: the bytes `CRST`.
pub(super) const APPLICATION_ID: i64 = 0x4352_5354;

/// One script for each version, the first from nothing to version 1.
const MIGRATIONS: [&str; 5] = [
    include_str!("schema.sql"),
    include_str!("receipts.sql"),
    include_str!("turns.sql"),
    include_str!("paging.sql"),
    include_str!("identities.sql"),
];

/// The version that this program writes.
pub(super) fn version() -> i64 {
    signed(MIGRATIONS.len() as u64)
}

/// Refuses a database of another program or of a newer version; gives its version, 0 if it is empty.
pub(super) fn check(connection: &Connection, path: &Path) -> Result<i64, OpenError> {
    let number = |pragma: &str| {
        connection
            .pragma_query_value(None, pragma, |row| row.get::<_, i64>(0))
            .map_err(|source| OpenError::Engine {
                action: "read the header of",
                path: path.to_owned(),
                source,
            })
    };
    let (application, found) = (number("application_id")?, number("user_version")?);
    let is_empty = application == 0 && found == 0 && number("schema_version")? == 0;
    if application != APPLICATION_ID && !is_empty {
        return Err(OpenError::ForeignDatabase {
            path: path.to_owned(),
            found: application,
        });
    }
    if found > version() {
        return Err(OpenError::NewerSchema {
            path: path.to_owned(),
            found,
            supported: version(),
        });
    }
    Ok(found)
}

/// Brings the database to the present version, each step in a transaction of its own.
pub(super) fn migrate(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let found = check(connection, path)?;
    for (step, script) in (1_i64..).zip(MIGRATIONS) {
        if step <= found {
            continue;
        }
        let sql = format!(
            "BEGIN IMMEDIATE;\n{script}\nPRAGMA application_id = {APPLICATION_ID};\n\
             PRAGMA user_version = {step};\nCOMMIT;"
        );
        connection
            .execute_batch(&sql)
            .map_err(|source| OpenError::Engine {
                action: "migrate the schema of",
                path: path.to_owned(),
                source,
            })?;
        tracing::info!(schema.version = step, "schema migrated");
    }
    Ok(())
}
