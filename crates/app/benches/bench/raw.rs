//! What the engine itself takes for the same rows: the rows of a database, inserted into a fresh one with
//! the same schema, the same durability and nothing else.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::types::Value;

/// The tables that an alert is written to, with the column that orders it.
const TABLES: [(&str, &str); 4] = [
    ("alert_rows", "seq"),
    ("alert_bodies", "seq"),
    ("identity", "seq"),
    ("change_log", "position"),
];

/// The rows of a database, table by table.
pub(crate) struct Rows {
    schema: Vec<String>,
    tables: Vec<(String, Vec<Vec<Value>>)>,
}

impl Rows {
    /// Reads them.
    pub(crate) fn read(database: &Path) -> anyhow::Result<Self> {
        let connection = Connection::open(database)?;
        let mut sql = connection.prepare(
            "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'
             ORDER BY CASE type WHEN 'table' THEN 0 ELSE 1 END",
        )?;
        let schema = sql
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let mut tables = Vec::new();
        for (table, order) in TABLES {
            let mut select =
                connection.prepare(&format!("SELECT * FROM {table} ORDER BY {order}"))?;
            let columns = select.column_count();
            let rows = select
                .query_map([], |row| {
                    (0..columns).map(|column| row.get(column)).collect()
                })?
                .collect::<Result<Vec<Vec<Value>>, _>>()?;
            let places = vec!["?"; columns].join(", ");
            tables.push((format!("INSERT INTO {table} VALUES ({places})"), rows));
        }
        Ok(Self { schema, tables })
    }

    /// Alerts among them.
    pub(crate) fn alerts(&self) -> usize {
        self.tables.first().map_or(0, |(_, rows)| rows.len())
    }

    /// Inserts them into a new database, so many alerts in each commit, and says how long it took.
    pub(crate) fn insert(&self, database: &Path, per_commit: usize) -> anyhow::Result<Duration> {
        let connection = Connection::open(database)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "cache_size", -16_384)?;
        for sql in &self.schema {
            connection.execute_batch(sql)?;
        }
        let mut statements = Vec::new();
        for (sql, _) in &self.tables {
            statements.push(connection.prepare(sql)?);
        }
        let begun = super::service::clock();
        for start in (0..self.alerts()).step_by(per_commit) {
            connection.execute_batch("BEGIN IMMEDIATE")?;
            for index in start..(start + per_commit).min(self.alerts()) {
                for (statement, (_, rows)) in statements.iter_mut().zip(&self.tables) {
                    if let Some(row) = rows.get(index) {
                        statement.execute(rusqlite::params_from_iter(row))?;
                    }
                }
            }
            connection.execute_batch("COMMIT")?;
        }
        Ok(begun.elapsed())
    }
}
