//! One alert into its tables: new, changed or the same.

use cresset_model::alert::ChangeKind;
use cresset_model::ip;
use cresset_model::outcome::{AlertDraft, Outcome};
use cresset_model::ports::Upsert;
use rusqlite::{CachedStatement, Connection, OptionalExtension, params};

use super::books::{Books, Logged, signed, unsigned};
use super::error::Failure;
use super::generations;

/// Former contents kept of each alert.
pub(super) const REVISIONS_MAX: u32 = 20;
/// How stale the last sight of an identity may get, in nanoseconds: repeats within it cost no write.
const SEEN_STALE_NS: i64 = 3_600_000_000_000;

/// The alert to store, with the keys of its surroundings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item<'a> {
    pub(super) outcome: &'a Outcome,
    pub(super) draft: &'a AlertDraft,
    /// Index of the request in the group.
    pub(super) request: usize,
    /// Index of the alert in the outcome.
    pub(super) alert: usize,
    pub(super) source: i64,
    pub(super) context: i64,
    /// The commit's instant, in nanoseconds.
    pub(super) at: i64,
}

/// What the identity table says of an alert that came before.
struct Known {
    generation: i64,
    seq: Option<i64>,
    content: [u8; 16],
    observed: i64,
    seen: i64,
}

/// The statements of one request, looked up once and stepped for each row.
pub(super) struct Upserts<'c> {
    connection: &'c Connection,
    insert_identity: CachedStatement<'c>,
    select_identity: CachedStatement<'c>,
    insert_row: CachedStatement<'c>,
    insert_body: CachedStatement<'c>,
    insert_match: CachedStatement<'c>,
    src_ip: String,
    dst_ip: Option<String>,
}

impl<'c> Upserts<'c> {
    pub(super) fn prepare(connection: &'c Connection) -> Result<Self, Failure> {
        Ok(Self {
            connection,
            insert_identity: connection.prepare_cached(
                "INSERT INTO identity (generation, id, source_id, seq, content, observed, seen)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?,
            select_identity: connection.prepare_cached(
                "SELECT seq, content, observed, seen FROM identity
                 WHERE generation = ?1 AND id = ?2",
            )?,
            insert_row: connection.prepare_cached(
                "INSERT INTO alert_rows (seq, source_id, ingested_at, id, severity, created_at,
                     updated_at, revision, marks, context_id, source, upstream_id, src_ip, dst_ip,
                     country, user, description, title)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?3, 1, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15,
                     ?16)",
            )?,
            insert_body: connection.prepare_cached(
                "INSERT INTO alert_bodies (seq, raw, enriched) VALUES (?1, ?2, ?3)",
            )?,
            insert_match: connection.prepare_cached(
                "INSERT INTO matches (seq, place, rule, field, value, list, entry, origin)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?,
            src_ip: String::new(),
            dst_ip: None,
        })
    }

    /// Stores the alert. Where its identity may be is known in memory, so that a new alert walks down one
    /// small tree, once.
    pub(super) fn upsert(&mut self, books: &mut Books, item: Item<'_>) -> Result<Upsert, Failure> {
        let draft = item.draft;
        if let Some(known) = self.known(books, draft)? {
            return self.repeat(books, item, &known);
        }
        let seq = books.numbers.seq + 1;
        let generation = generations::of(seq);
        books.begin_generation(self.connection, generation)?;
        self.insert_identity.execute(params![
            generation,
            draft.id.to_bytes(),
            item.source,
            signed(seq),
            draft.content.to_bytes(),
            draft.observed.packed(),
            item.at
        ])?;
        books.generations.add(generation, draft.id);
        self.insert(item, seq)?;
        books.numbers.seq = seq;
        books.numbers.alerts += 1;
        books.log.push(Logged {
            request: item.request,
            alert: item.alert,
            seq,
            revision: 1,
            kind: ChangeKind::New,
            ingested_at: item.at,
        });
        Ok(Upsert::New)
    }

    /// What is stored of the identity, if it came before.
    fn known(&mut self, books: &Books, draft: &AlertDraft) -> Result<Option<Known>, Failure> {
        for generation in books.generations.candidates(draft.id) {
            let known = self
                .select_identity
                .query_row(params![generation, draft.id.to_bytes()], |row| {
                    Ok(Known {
                        generation,
                        seq: row.get(0)?,
                        content: row.get(1)?,
                        observed: row.get(2)?,
                        seen: row.get(3)?,
                    })
                })
                .optional()?;
            if known.is_some() {
                return Ok(known);
            }
        }
        Ok(None)
    }

    fn insert(&mut self, item: Item<'_>, seq: u64) -> Result<(), Failure> {
        self.write_addresses(item.draft);
        let (outcome, draft) = (item.outcome, item.draft);
        self.insert_row.execute(params![
            signed(seq),
            item.source,
            item.at,
            draft.id.to_bytes(),
            draft.severity.code(),
            draft.created_at.nanos(),
            draft.marks.0,
            item.context,
            draft.source,
            outcome.text(draft.upstream_id),
            self.src_ip,
            self.dst_ip,
            country(draft),
            draft.user.map(|user| outcome.text(user)),
            outcome.text(draft.description),
            draft.title
        ])?;
        self.insert_body
            .execute(params![signed(seq), outcome.raw(draft.raw), enriched(item)])?;
        self.insert_matches(item, signed(seq))
    }

    fn insert_matches(&mut self, item: Item<'_>, key: i64) -> Result<(), Failure> {
        let outcome = item.outcome;
        for (place, found) in (0_i64..).zip(outcome.matches_of(item.draft)) {
            let entry = found.entry.as_ref();
            self.insert_match.execute(params![
                key,
                place,
                found.rule.as_ref(),
                found.field,
                outcome.text(found.value),
                entry.map(|entry| entry.list.as_ref()),
                entry.map(|entry| outcome.text(entry.entry)),
                entry.map(|entry| entry.origin.as_ref())
            ])?;
        }
        Ok(())
    }

    fn write_addresses(&mut self, draft: &AlertDraft) {
        self.src_ip.clear();
        ip::write(&mut self.src_ip, draft.src_ip).expect("writing to a string cannot fail");
        // The buffer is kept for the next row that has one.
        let mut dst_ip = self.dst_ip.take().unwrap_or_default();
        self.dst_ip = draft.dst_ip.map(|address| {
            dst_ip.clear();
            ip::write(&mut dst_ip, address).expect("writing to a string cannot fail");
            dst_ip
        });
    }

    /// An identity that is there already. A tombstone stays one, whatever the content: an alert that was
    /// retired does not come back, and what the source says of it later is counted as the same.
    fn repeat(
        &mut self,
        books: &mut Books,
        item: Item<'_>,
        known: &Known,
    ) -> Result<Upsert, Failure> {
        let draft = item.draft;
        let observed = draft.observed.packed();
        let is_same = known.content == draft.content.to_bytes();
        if is_same && observed > known.observed {
            books.sightings.note(draft.id, draft.content, observed);
        }
        let latest = books
            .sightings
            .latest(
                draft.id,
                cresset_model::ContentHash::from_bytes(known.content),
            )
            .map_or(known.observed, |latest| latest.max(known.observed));
        match known.seq {
            Some(seq) if !is_same && observed >= latest => {
                self.change(books, item, unsigned(seq))?;
                Ok(Upsert::Changed)
            }
            _ => {
                if item.at.saturating_sub(known.seen) > SEEN_STALE_NS {
                    self.touch(item, known.generation, latest)?;
                }
                Ok(Upsert::Same)
            }
        }
    }

    fn touch(&self, item: Item<'_>, generation: i64, latest: i64) -> Result<(), Failure> {
        self.connection
            .prepare_cached(
                "UPDATE identity SET seen = ?3, observed = ?4 WHERE generation = ?1 AND id = ?2",
            )?
            .execute(params![
                generation,
                item.draft.id.to_bytes(),
                item.at,
                latest
            ])?;
        Ok(())
    }

    fn change(&mut self, books: &mut Books, item: Item<'_>, seq: u64) -> Result<(), Failure> {
        self.write_addresses(item.draft);
        let (outcome, draft) = (item.outcome, item.draft);
        let key = signed(seq);
        self.keep_revision(item, key)?;
        let updated = self
            .connection
            .prepare_cached(
                "UPDATE alert_rows SET severity = ?2, created_at = ?3, updated_at = ?4,
                     revision = revision + 1, marks = ?5, context_id = ?6, src_ip = ?7, dst_ip = ?8,
                     country = ?9, user = ?10, description = ?11, title = ?12
                 WHERE seq = ?1 RETURNING revision, ingested_at",
            )?
            .query_row(
                params![
                    key,
                    draft.severity.code(),
                    draft.created_at.nanos(),
                    item.at,
                    draft.marks.0,
                    item.context,
                    self.src_ip,
                    self.dst_ip,
                    country(draft),
                    draft.user.map(|user| outcome.text(user)),
                    outcome.text(draft.description),
                    draft.title
                ],
                |row| Ok((row.get::<_, u32>(0)?, row.get::<_, i64>(1)?)),
            )
            .optional()?;
        let (revision, ingested_at) = updated.ok_or_else(|| {
            Failure::Permanent(format!("the identity {} names no alert", draft.id))
        })?;
        self.connection
            .prepare_cached("UPDATE alert_bodies SET raw = ?2, enriched = ?3 WHERE seq = ?1")?
            .execute(params![key, outcome.raw(draft.raw), enriched(item)])?;
        self.connection
            .prepare_cached("DELETE FROM matches WHERE seq = ?1")?
            .execute([key])?;
        self.insert_matches(item, key)?;
        self.connection
            .prepare_cached(
                "UPDATE identity SET content = ?3, observed = ?4, seen = ?5
                 WHERE generation = ?1 AND id = ?2",
            )?
            .execute(params![
                generations::of(seq),
                draft.id.to_bytes(),
                draft.content.to_bytes(),
                draft.observed.packed(),
                item.at
            ])?;
        books.log.push(Logged {
            request: item.request,
            alert: item.alert,
            seq,
            revision,
            kind: ChangeKind::Changed,
            ingested_at,
        });
        Ok(())
    }

    /// Moves the present content to the history and drops what the history holds too much.
    fn keep_revision(&self, item: Item<'_>, key: i64) -> Result<(), Failure> {
        self.connection
            .prepare_cached(
                "INSERT INTO revisions (seq, revision, replaced_at, severity, created_at,
                     context_id, src_ip, dst_ip, country, user, description, raw)
                 SELECT r.seq, r.revision, ?2, r.severity, r.created_at, r.context_id, r.src_ip,
                     r.dst_ip, r.country, r.user, r.description, b.raw
                 FROM alert_rows r JOIN alert_bodies b ON b.seq = r.seq WHERE r.seq = ?1",
            )?
            .execute(params![key, item.at])?;
        self.connection
            .prepare_cached(
                "DELETE FROM revisions WHERE seq = ?1 AND revision <=
                     (SELECT revision FROM alert_rows WHERE seq = ?1) - ?2",
            )?
            .execute(params![key, REVISIONS_MAX])?;
        Ok(())
    }
}

/// The record with its additions, if the pipeline wrote one.
fn enriched(item: Item<'_>) -> Option<&[u8]> {
    let span = item.draft.enriched?;
    Some(span.of(&item.outcome.out))
}

/// The country as text.
pub(super) fn country(draft: &AlertDraft) -> Option<&str> {
    draft
        .country
        .as_ref()
        .and_then(|code| std::str::from_utf8(code).ok())
}
