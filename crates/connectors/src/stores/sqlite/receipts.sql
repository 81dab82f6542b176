-- Version 2: what the latest commits of each source did, for those whose answers were lost.

CREATE TABLE receipts (
    source_id INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    ticket BLOB NOT NULL,
    receipt TEXT NOT NULL,
    PRIMARY KEY (source_id, slot)
) STRICT, WITHOUT ROWID;
