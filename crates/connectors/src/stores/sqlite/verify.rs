//! Recomputes from the tables what the books say, without changing anything.

mod explain;

use std::path::Path;

use cresset_model::source::Counters;
use rusqlite::Connection;
use serde::Serialize;

use super::error::OpenError;
use super::{dead, deliver, open, schema, upsert};
use explain::Explained;

/// What was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerifyReport {
    /// Each check, those of the whole store first.
    pub checks: Vec<VerifyCheck>,
}

impl VerifyReport {
    /// Whether every check agrees.
    pub fn is_ok(&self) -> bool {
        self.checks.iter().all(|check| check.ok)
    }
}

/// One comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerifyCheck {
    /// What is compared.
    pub name: &'static str,
    /// Of which source; `None`: of the whole store.
    pub source: Option<String>,
    /// What the books say.
    pub expected: String,
    /// What the tables prove.
    pub found: String,
    /// Whether the two agree.
    pub ok: bool,
    /// What the expected number is, and from where.
    pub expected_is: &'static str,
    /// What the number found is, and from which tables it is recomputed.
    pub found_is: &'static str,
    /// What it would mean if the two differ.
    pub difference_means: &'static str,
}

/// Checks a store. A running process may go on with its work: one read transaction sees one state.
pub fn verify(path: &Path) -> Result<VerifyReport, OpenError> {
    let engine = |action| {
        move |source| OpenError::Engine {
            action,
            path: path.to_owned(),
            source,
        }
    };
    let connection = open::reader(path).map_err(engine("open"))?;
    if schema::check(&connection, path)? == 0 {
        return Err(OpenError::Unreadable {
            path: path.to_owned(),
            message: "there is no store in it yet".to_owned(),
        });
    }
    let checks = run(&connection).map_err(engine("verify"))?;
    Ok(VerifyReport { checks })
}

fn run(connection: &Connection) -> rusqlite::Result<Vec<VerifyCheck>> {
    connection.execute_batch("BEGIN")?;
    let mut checks = Checks {
        connection,
        source: None,
        done: Vec::new(),
    };
    checks.whole_store()?;
    let mut statement = connection.prepare("SELECT id, name FROM sources ORDER BY name")?;
    let sources: Vec<(i64, String)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (key, name) in sources {
        checks.source = Some(name);
        checks.of_source(key)?;
    }
    let done = checks.done;
    connection.execute_batch("ROLLBACK")?;
    Ok(done)
}

struct Checks<'a> {
    connection: &'a Connection,
    source: Option<String>,
    done: Vec<VerifyCheck>,
}

impl Checks<'_> {
    fn compare<T: ToString>(&mut self, check: &'static Explained, expected: &T, found: &T) {
        let (expected, found) = (expected.to_string(), found.to_string());
        self.done.push(VerifyCheck {
            name: check.name,
            expected_is: check.expected,
            found_is: check.found,
            difference_means: check.difference,
            source: self.source.clone(),
            ok: expected == found,
            expected,
            found,
        });
    }

    fn number(&self, sql: &str) -> rusqlite::Result<i64> {
        let number: Option<i64> = self.connection.query_row(sql, [], |row| row.get(0))?;
        Ok(number.unwrap_or(0))
    }

    fn tally(&self, name: &str) -> rusqlite::Result<i64> {
        self.number(&format!(
            "SELECT max(value) FROM tallies WHERE name = '{name}'"
        ))
    }

    fn whole_store(&mut self) -> rusqlite::Result<()> {
        let quick: String = self
            .connection
            .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        self.compare(&explain::PAGES, &"ok".to_owned(), &quick);
        for (check, sql) in NOTHING {
            let found = self.number(sql)?;
            self.compare(check, &0, &found);
        }
        let kept = upsert::REVISIONS_MAX;
        let sql = format!(
            "SELECT count(*) FROM (SELECT 1 FROM revisions GROUP BY seq HAVING count(*) > {kept})"
        );
        let found = self.number(&sql)?;
        self.compare(&explain::LONG_HISTORY, &0, &found);
        let span = self.number(
            "SELECT max(max(position), coalesce((SELECT value FROM tallies WHERE name = 'position'),
                 0)) - min(position) + 1 FROM change_log",
        )?;
        let entries = self.number("SELECT count(*) FROM change_log")?;
        self.compare(&explain::NO_GAP, &span, &entries);
        let revisions = self.number("SELECT sum(revision) FROM alert_rows")?;
        let logged =
            self.number("SELECT count(*) FROM change_log c JOIN alert_rows r ON r.seq = c.seq")?;
        self.compare(&explain::LOGGED, &revisions, &logged);
        let (row_bytes, bytes) = (dead::ROW_BYTES, self.tally("dead_bytes")?);
        let sql = format!("SELECT sum(octet_length(raw) + {row_bytes}) FROM dead_letters");
        let found = self.number(&sql)?;
        self.compare(&explain::DEAD_BYTES, &bytes, &found);
        let open = self.tally("dead_open")?;
        let found = self.number("SELECT count(*) FROM dead_letters WHERE resolved_at IS NULL")?;
        self.compare(&explain::DEAD_OPEN, &open, &found);
        self.outbox()
    }

    /// What the outbox says of its own order, and of alerts and change log.
    fn outbox(&mut self) -> rusqlite::Result<()> {
        // What was settled before this instant may be gone.
        let swept = deliver::SWEPT;
        let sql = format!(
            "SELECT count(*) FROM (SELECT 1 FROM outbox WHERE created_at >=
                 coalesce((SELECT value FROM tallies WHERE name = '{swept}'), created_at)
             GROUP BY receiver, grp, episode
             HAVING max(ordinal) - min(ordinal) + 1 <> count(DISTINCT ordinal))"
        );
        let gaps = self.number(&sql)?;
        self.compare(&explain::ORDINALS, &0, &gaps);
        let unknown = self.number(
            "SELECT count(DISTINCT alert) FROM outbox_alerts a
             WHERE NOT EXISTS (SELECT 1 FROM identity_generations g
                 CROSS JOIN identity i ON i.generation = g.generation AND i.id = a.alert)",
        )?;
        let forgotten = self.number("SELECT sum(value) FROM counters WHERE name = 'forgotten'")?;
        let never_stored = (unknown - forgotten).max(0);
        self.compare(&explain::NEVER_STORED, &0, &never_stored);
        let head = self.number(
            "SELECT max(coalesce((SELECT max(position) FROM change_log), 0),
                 coalesce((SELECT value FROM tallies WHERE name = 'position'), 0))",
        )?;
        let sql = format!("SELECT count(*) FROM cursors WHERE position > {head}");
        let beyond = self.number(&sql)?;
        self.compare(&explain::BEYOND, &0, &beyond);
        let sql = format!(
            "SELECT max(0, (SELECT coalesce(min(position), {head} + 1) FROM change_log) - 1
                 - (SELECT position FROM cursors WHERE name = 'router'))"
        );
        let unread = self.number(&sql)?;
        self.compare(&explain::UNREAD, &0, &unread);
        Ok(())
    }

    fn of_source(&mut self, key: i64) -> rusqlite::Result<()> {
        let of = |sql: &str| sql.replace('?', &key.to_string());
        let kept = |name: &str| {
            of(&format!(
                "SELECT sum(value) FROM counters WHERE source_id = ? AND name = '{name}'"
            ))
        };
        let books = |name: &str| self.number(&kept(name));
        let (retired, forgotten) = (books("retired")?, books("forgotten")?);
        let (old_revisions, dropped) = (books("retired_revisions")?, books("dead_dropped")?);
        let (new, changed, dead) = (books("new")?, books("changed")?, books("dead")?);
        let identities = self.number(&of("SELECT count(*) FROM identity WHERE source_id = ?"))?;
        let alerts = self.number(&of("SELECT count(*) FROM alert_rows WHERE source_id = ?"))?;
        let living = self.number(&of(
            "SELECT count(*) FROM identity WHERE source_id = ? AND seq IS NOT NULL",
        ))?;
        let revisions = self.number(&of(
            "SELECT sum(revision - 1) FROM alert_rows WHERE source_id = ?",
        ))?;
        let letters = self.number(&of(
            "SELECT sum(count) FROM dead_letters WHERE source_id = ?",
        ))?;
        let counters = super::read::counters(self.connection, key).unwrap_or_default();
        self.conservation(&counters);
        self.compare(&explain::NEW_IDENTITIES, &new, &(identities + forgotten));
        self.compare(&explain::NEW_ALERTS, &new, &(alerts + retired));
        self.compare(&explain::LIVING, &alerts, &living);
        self.compare(&explain::CHANGED, &changed, &(revisions + old_revisions));
        self.compare(&explain::DEAD, &dead, &(letters + dropped));
        Ok(())
    }

    fn conservation(&mut self, counters: &Counters) {
        let (came, became) = counters.sides();
        self.compare(&explain::CONSERVATION, &came, &became);
    }
}

/// What there must be none of.
const NOTHING: [(&Explained, &str); 10] = [
    (
        &explain::NO_BODY,
        "SELECT count(*) FROM alert_rows r
         WHERE NOT EXISTS (SELECT 1 FROM alert_bodies b WHERE b.seq = r.seq)",
    ),
    (
        &explain::NO_ROW,
        "SELECT count(*) FROM alert_bodies b
         WHERE NOT EXISTS (SELECT 1 FROM alert_rows r WHERE r.seq = b.seq)",
    ),
    (
        &explain::NO_ROW_OF_REVISION,
        "SELECT count(*) FROM revisions v
         WHERE NOT EXISTS (SELECT 1 FROM alert_rows r WHERE r.seq = v.seq)",
    ),
    (
        &explain::NO_ROW_OF_MATCH,
        "SELECT count(*) FROM matches m
         WHERE NOT EXISTS (SELECT 1 FROM alert_rows r WHERE r.seq = m.seq)",
    ),
    (
        &explain::SAME_KEY,
        "SELECT count(*) FROM (SELECT 1 FROM outbox GROUP BY receiver, grp, episode, ordinal
             HAVING count(*) > 1)",
    ),
    (
        &explain::NO_NOTIFICATION,
        "SELECT (SELECT count(*) FROM delivery_attempts d
             WHERE NOT EXISTS (SELECT 1 FROM outbox o WHERE o.seq = d.outbox_seq))
             + (SELECT count(*) FROM outbox_alerts a
             WHERE NOT EXISTS (SELECT 1 FROM outbox o WHERE o.seq = a.outbox_seq))",
    ),
    (
        &explain::OTHER_ALERT,
        "SELECT count(*) FROM identity i LEFT JOIN alert_rows r ON r.seq = i.seq
         WHERE i.seq IS NOT NULL AND (r.id IS NULL OR r.id <> i.id)",
    ),
    (
        &explain::IDENTITY_TWICE,
        "SELECT count(*) - count(DISTINCT id) FROM identity",
    ),
    (
        &explain::UNKNOWN_GENERATION,
        "SELECT count(*) FROM identity i WHERE NOT EXISTS
             (SELECT 1 FROM identity_generations g WHERE g.generation = i.generation)
             OR (i.seq IS NOT NULL AND i.generation <> i.seq >> 14)",
    ),
    (
        &explain::UNKNOWN_CONTEXT,
        "SELECT count(*) FROM alert_rows r
         WHERE NOT EXISTS (SELECT 1 FROM sources s WHERE s.id = r.source_id)
             OR NOT EXISTS (SELECT 1 FROM contexts c WHERE c.id = r.context_id)",
    ),
];
