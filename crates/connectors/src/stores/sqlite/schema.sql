-- Version 1. Instants are nanoseconds since the epoch, identities and hashes are bytes.
-- Inserting is what this schema is made for: one table in order of arrival, one unique identity, and no
-- other index on the way of a row. Filters are answered by the live index or by a walk in order of arrival.

CREATE TABLE sources (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE contexts (
    id INTEGER PRIMARY KEY,
    json TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE alert_rows (
    seq INTEGER PRIMARY KEY,
    source_id INTEGER NOT NULL,
    ingested_at INTEGER NOT NULL,
    id BLOB NOT NULL,
    severity INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    marks INTEGER NOT NULL,
    context_id INTEGER NOT NULL,
    source TEXT NOT NULL,
    upstream_id TEXT NOT NULL,
    src_ip TEXT NOT NULL,
    dst_ip TEXT,
    country TEXT,
    user TEXT,
    title TEXT,
    description TEXT NOT NULL
) STRICT;

CREATE TABLE alert_bodies (
    seq INTEGER PRIMARY KEY,
    raw BLOB NOT NULL,
    enriched BLOB
) STRICT;

-- The detections of each alert with their evidence, as of its present content.
CREATE TABLE matches (
    seq INTEGER NOT NULL,
    place INTEGER NOT NULL,
    rule TEXT NOT NULL,
    field TEXT NOT NULL,
    value TEXT NOT NULL,
    list TEXT,
    entry TEXT,
    origin TEXT,
    PRIMARY KEY (seq, place)
) STRICT, WITHOUT ROWID;

-- Outlives the alert: without a seq the row is a tombstone that keeps a re-read from storing it again.
CREATE TABLE identity (
    id BLOB PRIMARY KEY,
    source_id INTEGER NOT NULL,
    seq INTEGER,
    content BLOB NOT NULL,
    observed INTEGER NOT NULL,
    seen INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Holds tombstones only, so that the insert of an alert never touches it.
CREATE INDEX identity_tombstones ON identity (seen) WHERE seq IS NULL;

CREATE TABLE revisions (
    seq INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    replaced_at INTEGER NOT NULL,
    severity INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    context_id INTEGER NOT NULL,
    src_ip TEXT NOT NULL,
    dst_ip TEXT,
    country TEXT,
    user TEXT,
    description TEXT NOT NULL,
    raw BLOB NOT NULL,
    PRIMARY KEY (seq, revision)
) STRICT;

CREATE TABLE change_log (
    position INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    kind INTEGER NOT NULL
) STRICT;

CREATE TABLE cursors (
    name TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    fence INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoints (
    source_id INTEGER PRIMARY KEY,
    bookmark INTEGER,
    round_since INTEGER,
    round_seen INTEGER,
    round_begun INTEGER,
    fetch INTEGER NOT NULL DEFAULT 0,
    last_sync INTEGER,
    last_success INTEGER,
    last_error TEXT,
    status TEXT NOT NULL DEFAULT 'idle',
    fence INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE attempts (
    source_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    begun INTEGER NOT NULL,
    ended INTEGER NOT NULL,
    cause TEXT NOT NULL,
    requests INTEGER NOT NULL,
    pages INTEGER NOT NULL,
    read INTEGER NOT NULL,
    new INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    dead INTEGER NOT NULL,
    error TEXT,
    PRIMARY KEY (source_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE dead_letters (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    source_id INTEGER NOT NULL,
    count INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    resolved_at INTEGER,
    alert BLOB,
    full_bytes INTEGER NOT NULL,
    full_hash BLOB NOT NULL,
    stage TEXT NOT NULL,
    reason TEXT NOT NULL,
    upstream_id TEXT,
    detail TEXT NOT NULL,
    raw BLOB NOT NULL
) STRICT;

CREATE TABLE counters (
    source_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (source_id, name)
) STRICT, WITHOUT ROWID;

-- What must outlive the rows it was counted from: the last numbers given, and sums over dead letters.
CREATE TABLE tallies (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The answers to pushes, so that a repeat under the same key gets the same.
CREATE TABLE idempotency (
    source_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    body_hash BLOB NOT NULL,
    answer TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (source_id, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_at ON idempotency (at);

CREATE TABLE file_positions (
    source_id INTEGER NOT NULL,
    fingerprint BLOB NOT NULL,
    offset INTEGER NOT NULL,
    inode BLOB NOT NULL,
    last_hash BLOB NOT NULL,
    seen INTEGER NOT NULL,
    PRIMARY KEY (source_id, fingerprint)
) STRICT, WITHOUT ROWID;

-- What the router remembers, beside its row in `cursors`. `waiting` is a JSON array of alerts' places.
CREATE TABLE groups (
    key TEXT PRIMARY KEY,
    episode INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    waiting TEXT NOT NULL,
    more INTEGER NOT NULL,
    due INTEGER,
    notified INTEGER
) STRICT, WITHOUT ROWID;

-- What is to be told to whom. `settled_at` is when a row became sent or dead.
CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    receiver TEXT NOT NULL,
    grp TEXT NOT NULL,
    episode INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    state TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    leased_until INTEGER,
    sent_at INTEGER,
    settled_at INTEGER,
    fence INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    subject TEXT NOT NULL,
    body BLOB NOT NULL
) STRICT;

CREATE UNIQUE INDEX outbox_key ON outbox (receiver, grp, episode, ordinal);

-- Says by itself whose turn it is and when, so that looking for work reads no body.
CREATE INDEX outbox_open ON outbox (receiver, grp, episode, ordinal, state, next_at, leased_until)
    WHERE state IN ('pending', 'leased');

CREATE INDEX outbox_settled ON outbox (state, settled_at) WHERE settled_at IS NOT NULL;

CREATE TABLE outbox_alerts (
    outbox_seq INTEGER NOT NULL,
    place INTEGER NOT NULL,
    alert BLOB NOT NULL,
    PRIMARY KEY (outbox_seq, place)
) STRICT, WITHOUT ROWID;

CREATE INDEX outbox_alerts_alert ON outbox_alerts (alert);

CREATE TABLE delivery_attempts (
    outbox_seq INTEGER NOT NULL,
    number INTEGER NOT NULL,
    begun INTEGER NOT NULL,
    ended INTEGER NOT NULL,
    error TEXT,
    PRIMARY KEY (outbox_seq, number)
) STRICT, WITHOUT ROWID;

-- The tables of the original service, under its names and columns, for SQL that was written for it.
CREATE VIEW alerts (
    id, source, severity, description, src_ip, dst_ip, created_at, country, user, ingested_at
) AS SELECT
    upstream_id, source,
    CASE severity WHEN 1 THEN 'info' WHEN 2 THEN 'low' WHEN 3 THEN 'medium' WHEN 4 THEN 'high'
        WHEN 5 THEN 'critical' ELSE 'unknown' END,
    description, src_ip, dst_ip,
    strftime('%Y-%m-%dT%H:%M:%S', (created_at - (created_at % 1000000000 + 1000000000) % 1000000000)
        / 1000000000, 'unixepoch')
        || printf('.%06dZ', (created_at % 1000000000 + 1000000000) % 1000000000 / 1000),
    country, user,
    strftime('%Y-%m-%dT%H:%M:%S', (ingested_at - (ingested_at % 1000000000 + 1000000000) % 1000000000)
        / 1000000000, 'unixepoch')
        || printf('.%06dZ', (ingested_at % 1000000000 + 1000000000) % 1000000000 / 1000)
FROM alert_rows;

CREATE VIEW service_state (
    id, last_sync_time, last_success_time, last_event_time, last_error, current_status
) AS SELECT
    source_id,
    strftime('%Y-%m-%dT%H:%M:%S', last_sync / 1000000000, 'unixepoch')
        || printf('.%06dZ', last_sync % 1000000000 / 1000),
    strftime('%Y-%m-%dT%H:%M:%S', last_success / 1000000000, 'unixepoch')
        || printf('.%06dZ', last_success % 1000000000 / 1000),
    strftime('%Y-%m-%dT%H:%M:%S', (bookmark - (bookmark % 1000000000 + 1000000000) % 1000000000)
        / 1000000000, 'unixepoch')
        || printf('.%06dZ', (bookmark % 1000000000 + 1000000000) % 1000000000 / 1000),
    last_error, status
FROM checkpoints;

CREATE VIEW system_config (id, sync_interval_minutes) AS
SELECT 1, CAST(coalesce(
    (SELECT value FROM settings WHERE key = 'sync_interval_minutes'), '30') AS INTEGER);
