-- Version 5: identities in generations of arrival. Within one tree of random keys nearly every insert touches a page
-- of its own, the more the larger it is; within the latest generation a commit touches few.

CREATE TABLE identity_generations (
    generation INTEGER PRIMARY KEY,
    -- Which identities may be in it; absent while it grows.
    filter BLOB
) STRICT;

CREATE TABLE identity_by_generation (
    generation INTEGER NOT NULL,
    id BLOB NOT NULL,
    source_id INTEGER NOT NULL,
    seq INTEGER,
    content BLOB NOT NULL,
    observed INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    PRIMARY KEY (generation, id)
) STRICT, WITHOUT ROWID;

INSERT INTO identity_by_generation (generation, id, source_id, seq, content, observed, seen)
SELECT seq >> 14, id, source_id, seq, content, observed, seen FROM identity WHERE seq IS NOT NULL;

-- Of a tombstone it is not known when its alert came.
INSERT INTO identity_by_generation (generation, id, source_id, seq, content, observed, seen)
SELECT -1 - (row_number() OVER (ORDER BY id) >> 14), id, source_id, seq, content, observed, seen
FROM identity WHERE seq IS NULL;

DROP TABLE identity;
ALTER TABLE identity_by_generation RENAME TO identity;

-- Holds tombstones only, so that the insert of an alert never touches it.
CREATE INDEX identity_tombstones ON identity (seen) WHERE seq IS NULL;

INSERT INTO identity_generations (generation) SELECT DISTINCT generation FROM identity;
