//! Checks a data directory and the store in it, whoever uses it meanwhile.

use std::path::{Path, PathBuf};
use std::time::Duration;

use cresset_connectors::stores::sqlite::{
    Holder, Inspection, OpenError, VerifyReport, holder, inspect, verify,
};
use cresset_model::Timestamp;
use cresset_model::health::WatchLimits;

use super::line::Line;
use super::numbers::{mib, span};
use super::process;
use crate::commands::verify::DATABASE;

/// Bytes of the write-ahead log that are unusual: it is cut back to 16 MiB when it is written back.
const WAL_BYTES_MAX: u64 = 64 << 20;
/// How far behind the router may be without a word.
const CURSOR_LAG_MAX: u64 = 10_000;
/// How far the newest instant of the store may lie in the future.
const CLOCK_SLACK: Duration = Duration::from_mins(1);
/// A clock that says less was never set: 2025-01-01.
const CLOCK_LEAST_SECONDS: i64 = 1_735_689_600;
/// How long it is told that dead letters were dropped.
const DROPPED_TOLD: Duration = Duration::from_hours(7 * 24);

/// Where the store lies.
struct Place {
    directory: PathBuf,
    database: PathBuf,
}

impl Place {
    fn of(path: &Path) -> Self {
        if path.is_dir() {
            return Self {
                directory: path.to_owned(),
                database: path.join(DATABASE),
            };
        }
        let parent = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        Self {
            directory: parent.map_or_else(|| PathBuf::from("."), Path::to_owned),
            database: path.to_owned(),
        }
    }
}

/// Checks a directory, or the database file in one.
pub(super) fn check(path: &Path, limits: &WatchLimits, now: Timestamp) -> Vec<Line> {
    let mut lines = vec![clock(now)];
    if !path.exists() {
        let what = format!("there is no `{}`", path.display());
        let remedy =
            "name the directory of `store.sqlite.path`; `cresset run` makes it at its first start";
        lines.push(Line::fail("directory", what, remedy));
        return lines;
    }
    let place = Place::of(path);
    lines.extend(permissions(&place));
    let pid = lock(&place, &mut lines);
    lines.extend(process::open_files(pid.as_deref()));
    if !place.database.is_file() {
        let what = format!("there is no database `{}` yet", place.database.display());
        let remedy = "nothing to do if this is new: the first `cresset run` makes it; else name the right directory";
        lines.push(Line::warn("store", what, remedy));
        return lines;
    }
    match inspect(&place.database) {
        Err(error) => lines.push(unusable(&error)),
        Ok(store) => {
            lines.push(schema(&store));
            if store.schema > 0 {
                lines.extend(books(&place.database));
                lines.push(clock_of(&store, now));
                lines.push(cursors(&store));
                lines.push(outbox(&store, pid.is_some(), limits, now));
                lines.push(dead_letters(&store, now));
            }
            lines.push(wal(&store));
            lines.extend(disk(&store, limits));
        }
    }
    lines
}

/// Only the user of the service may read what alerts say of people.
#[cfg(unix)]
fn permissions(place: &Place) -> Vec<Line> {
    use std::os::unix::fs::PermissionsExt as _;
    const CHECK: &str = "permissions";
    let suffixed = |suffix: &str| {
        let mut name = place.database.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let files = [
        place.directory.clone(),
        place.directory.join("cresset.lock"),
        place.database.clone(),
        suffixed("-wal"),
        suffixed("-shm"),
    ];
    let mut lines = Vec::new();
    for path in files {
        let Ok(found) = std::fs::metadata(&path) else {
            continue;
        };
        let mode = found.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            let right = if found.is_dir() { "700" } else { "600" };
            let what = format!("others may use `{}` (mode {mode:o})", path.display());
            let remedy = format!("chmod {right} {}", path.display());
            lines.push(Line::warn(CHECK, what, remedy));
        }
    }
    if lines.is_empty() {
        let what = "only the owner may use the directory and its files";
        lines.push(Line::ok(CHECK, what));
    }
    lines
}

#[cfg(not(unix))]
fn permissions(_place: &Place) -> Vec<Line> {
    Vec::new()
}

/// Says who has the directory, and gives the process.
fn lock(place: &Place, lines: &mut Vec<Line>) -> Option<String> {
    const CHECK: &str = "lock";
    match holder(&place.directory) {
        Ok(Holder::Nobody) => {
            lines.push(Line::ok(CHECK, "no service uses it now"));
            None
        }
        Ok(Holder::Process(pid)) => {
            lines.push(Line::ok(CHECK, format!("process {pid} uses it now")));
            Some(pid)
        }
        Err(error) => {
            let remedy =
                "look at the owner of the directory: run the doctor as the user of the service";
            lines.push(Line::fail(
                CHECK,
                format!("cannot be read: {error}"),
                remedy,
            ));
            None
        }
    }
}

fn unusable(error: &OpenError) -> Line {
    const CHECK: &str = "store";
    let source = std::error::Error::source(error);
    let what = match source {
        Some(source) => format!("failed to {error}: {source}"),
        None => error.to_string(),
    };
    let remedy = match error {
        OpenError::NewerSchema { .. } => "use the program that wrote it, or a newer one",
        OpenError::ForeignDatabase { .. } => {
            "leave it alone, and set `store.sqlite.path` to another place"
        }
        _ => {
            "stop the service, keep a copy of the directory, then restore a backup; without one move it away: \
              a new store reads again what the upstream still has"
        }
    };
    Line::fail(CHECK, what, remedy)
}

fn schema(store: &Inspection) -> Line {
    const CHECK: &str = "schema";
    let (found, known) = (store.schema, store.schema_known);
    if found == 0 {
        let what = "the database is empty";
        return Line::warn(
            CHECK,
            what,
            "nothing to do: the first `cresset run` fills it",
        );
    }
    if found < known {
        let what = format!("version {found}; this program brings it to {known} at its next start");
        return Line::warn(
            CHECK,
            what,
            "copy the directory before that start, if you may want to go back",
        );
    }
    Line::ok(CHECK, format!("version {found}, as this program writes it"))
}

/// Damaged pages and books that do not balance, one line for each check that fails.
fn books(database: &Path) -> Vec<Line> {
    const CHECK: &str = "books";
    match verify(database) {
        Err(error) => vec![unusable(&error)],
        Ok(VerifyReport { checks }) => {
            let wrong: Vec<Line> = checks
                .iter()
                .filter(|check| !check.ok)
                .map(|check| {
                    let of = check.source.as_deref().unwrap_or("the store");
                    let what = format!(
                        "{} of {of}: expected {}, found {}: {}",
                        check.name, check.expected, check.found, check.difference_means
                    );
                    let remedy = "keep a copy of the directory, run `cresset verify` on it, and report what it says";
                    Line::fail(CHECK, what, remedy)
                })
                .collect();
            if wrong.is_empty() {
                let what = format!(
                    "they balance, and no page is damaged ({} checks)",
                    checks.len()
                );
                return vec![Line::ok(CHECK, what)];
            }
            wrong
        }
    }
}

fn wal(store: &Inspection) -> Line {
    const CHECK: &str = "write-ahead log";
    let what = format!(
        "{} beside a database of {}",
        mib(store.wal_bytes),
        mib(store.database_bytes)
    );
    if store.wal_bytes > WAL_BYTES_MAX {
        let remedy =
            "close programs that read the database for long; a stop of the service writes it back";
        return Line::warn(CHECK, what, remedy);
    }
    Line::ok(CHECK, what)
}

fn disk(store: &Inspection, limits: &WatchLimits) -> Option<Line> {
    const CHECK: &str = "disk";
    let free = store.vitals.free_bytes?;
    let what = format!("{} are free", mib(free));
    let remedy = "free space, or shorten `retention`: on a full disk nothing is stored and nothing acknowledged";
    Some(if free < limits.disk_bytes / 2 {
        Line::fail(CHECK, what, remedy)
    } else if free < limits.disk_bytes {
        Line::warn(CHECK, what, remedy)
    } else {
        Line::ok(CHECK, what)
    })
}

fn clock(now: Timestamp) -> Line {
    const CHECK: &str = "clock";
    if now.seconds() < CLOCK_LEAST_SECONDS {
        let what = format!("the clock says {}", now.to_z());
        let remedy = "set it, and let it follow a time server: retention and waits count by it";
        return Line::fail(CHECK, what, remedy);
    }
    Line::ok(CHECK, format!("it is {}", now.to_z()))
}

fn clock_of(store: &Inspection, now: Timestamp) -> Line {
    const CHECK: &str = "newest entry";
    let Some(newest) = store.newest else {
        return Line::ok(CHECK, "nothing was stored yet");
    };
    if newest > now.plus(CLOCK_SLACK) {
        let ahead = span(newest.since(now));
        let what = format!("it is dated {}, {ahead} after now", newest.to_z());
        let remedy =
            "the clock went back, or the store was written where it is ahead: set the clock right";
        return Line::warn(CHECK, what, remedy);
    }
    Line::ok(CHECK, format!("{} ago", span(now.since(newest))))
}

fn cursors(store: &Inspection) -> Line {
    const CHECK: &str = "cursors";
    let vitals = &store.vitals;
    let said: Vec<String> = vitals
        .cursors
        .iter()
        .map(|(name, position)| format!("{name} {}", vitals.head.saturating_sub(*position)))
        .collect();
    if said.is_empty() {
        return Line::ok(CHECK, "nobody reads the change log");
    }
    let what = format!("changes not read yet: {}", said.join(", "));
    let behind = vitals
        .cursors
        .iter()
        .map(|(_, position)| vitals.head.saturating_sub(*position));
    if behind.max().unwrap_or(0) > CURSOR_LAG_MAX {
        let remedy = "start the service if it is stopped; if it runs and this does not shrink, look for \"router\" in the log";
        return Line::warn(CHECK, what, remedy);
    }
    Line::ok(CHECK, what)
}

fn outbox(store: &Inspection, runs: bool, limits: &WatchLimits, now: Timestamp) -> Line {
    const CHECK: &str = "outbox";
    let Some(oldest) = store.waiting().iter().min_by_key(|waiting| waiting.oldest) else {
        return Line::ok(CHECK, "no notification waits");
    };
    let rows: u64 = store.waiting().iter().map(|waiting| waiting.rows).sum();
    let age = now.since(oldest.oldest);
    let mut what = format!(
        "{rows} wait, the oldest for {} since {}",
        oldest.receiver,
        span(age)
    );
    if let Some(error) = &oldest.error {
        what = format!("{what}; its last try failed: {error}");
    }
    if age < limits.outbox {
        return Line::ok(CHECK, what);
    }
    let remedy = if runs {
        "test the receiver with `cresset outbox test`, and mend it"
    } else {
        "start the service: they go out at once"
    };
    Line::warn(CHECK, what, remedy)
}

fn dead_letters(store: &Inspection, now: Timestamp) -> Line {
    const CHECK: &str = "dead letters";
    let (open, room) = (store.dead_letters, &store.vitals.dead_letters);
    let what = format!("{open} wait, {} in all", mib(room.bytes));
    if let Some(at) = room.dropped_at.filter(|at| now.since(*at) < DROPPED_TOLD) {
        let dropped = room.dropped_in_all();
        let what = format!(
            "{what}; {dropped} records were dropped to keep the bound, the latest {} ago",
            span(now.since(at))
        );
        let remedy = "see `cresset dlq reasons`: mend what sends them, or raise `store.sqlite.dead_letter_budget`";
        return Line::warn(CHECK, what, remedy);
    }
    Line::ok(CHECK, what)
}
