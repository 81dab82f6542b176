//! What the engine itself takes for the same rows: the rows of a database, inserted into a fresh one with
//! the same schema, the same durability and nothing else.

use std::path::{Path, PathBuf};

use rusqlite::types::Value;
use rusqlite::{Connection, Statement, params};

use crate::cpu;
use crate::process::Usage;
use crate::service::clock;

/// The tables that an alert is written to, each with its order of insertion.
pub(crate) const TABLES: [(&str, &str); 4] = [
    ("alert_rows", "seq"),
    ("alert_bodies", "seq"),
    ("identity", "seq"),
    ("change_log", "position"),
];

/// A database whose rows are inserted.
pub(crate) struct Rows {
    database: PathBuf,
    schema: Vec<String>,
}

impl Rows {
    /// Those of a database that nobody writes to.
    pub(crate) fn of(database: &Path) -> anyhow::Result<Self> {
        let connection = Connection::open(database)?;
        let mut sql = connection.prepare(
            "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'
             ORDER BY CASE type WHEN 'table' THEN 0 ELSE 1 END",
        )?;
        let schema = sql
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        Ok(Self {
            database: database.to_owned(),
            schema,
        })
    }

    /// Inserts them into a new database, so many alerts in each commit, but for some tables, and says what it took.
    /// Reading them does not count.
    pub(crate) fn insert(
        &self,
        database: &Path,
        per_commit: usize,
        without: &[&str],
    ) -> anyhow::Result<Usage> {
        let source = Connection::open(&self.database)?;
        let connection = Connection::open(database)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "cache_size", -16_384)?;
        connection.pragma_update_and_check(None, "wal_autocheckpoint", 2_000, |_| Ok(()))?;
        for sql in &self.schema {
            connection.execute_batch(sql)?;
        }
        let mut tables = Vec::new();
        for (table, order) in TABLES.iter().filter(|(table, _)| !without.contains(table)) {
            let select = source.prepare(&format!(
                "SELECT * FROM {table} WHERE {order} > ?1 AND {order} <= ?2 ORDER BY {order}"
            ));
            // Identities lie in generations; each is read once, in the order of their alerts.
            let select = match *table {
                "identity" => source.prepare(
                    "SELECT i.* FROM alert_rows r CROSS JOIN identity i
                     ON i.generation = r.seq >> 14 AND i.id = r.id WHERE r.seq > ?1 AND r.seq <= ?2
                     ORDER BY r.seq",
                ),
                _ => select,
            }?;
            let places = vec!["?"; select.column_count()].join(", ");
            let insert = connection.prepare(&format!("INSERT INTO {table} VALUES ({places})"))?;
            tables.push((select, insert));
        }
        let alerts: i64 =
            source.query_row("SELECT max(seq) FROM alert_rows", [], |row| row.get(0))?;
        let mut usage = Usage::default();
        let step = i64::try_from(per_commit)?;
        let mut after = 0;
        while after < alerts {
            let mut rows = Vec::new();
            for (select, _) in &mut tables {
                rows.push(read(select, after, after + step)?);
            }
            let begun = clock();
            usage.cpu_seconds += cpu::spent(|| {
                connection.execute_batch("BEGIN IMMEDIATE")?;
                for ((_, insert), rows) in tables.iter_mut().zip(&rows) {
                    for row in rows {
                        insert.execute(rusqlite::params_from_iter(row))?;
                    }
                }
                Ok(connection.execute_batch("COMMIT")?)
            })?;
            usage.wall_seconds += begun.elapsed().as_secs_f64();
            after += step;
        }
        Ok(usage)
    }
}

fn read(select: &mut Statement<'_>, after: i64, upto: i64) -> anyhow::Result<Vec<Vec<Value>>> {
    let columns = select.column_count();
    let rows = select.query_map(params![after, upto], |row| {
        (0..columns).map(|column| row.get(column)).collect()
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
