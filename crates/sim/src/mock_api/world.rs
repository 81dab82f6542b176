//! What the mock has made so far, and what each request gets of it.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use cresset_model::Timestamp;

use super::alert::{Alert, LEVEL_MAX};
use super::config::MockConfig;
use super::malformed::spoil;
use crate::rng::Rng;

/// Records that are remembered; beyond it the oldest are forgotten, and the truth says how many.
pub const RECORDS_KEPT_MAX: usize = 1_000_000;
/// Alerts that one request can find due in the honest mode.
const DUE_MAX: u64 = 100_000;
/// How far back a late record lies, in seconds.
const LATE_S: (u64, u64) = (10, 240);
/// How far ahead a future record lies, in seconds.
const FUTURE_S: (u64, u64) = (3_600, 86_400);
/// How often a record to repeat or update is looked for.
const PICKS_MAX: u32 = 16;

/// What a record is.
#[derive(Debug, Clone)]
pub(super) enum Record {
    /// An alert with its newest content.
    Alert(Alert),
    /// A record that no client can take, as it was written.
    Malformed(String),
    /// The same record as the one of this number, once more.
    Repeat(u64),
}

/// A record that was made.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) record: Record,
    created_at: Timestamp,
    /// It was in an answer that was sent as a whole.
    pub(super) sent: bool,
    /// It was in an answer that was cut.
    pub(super) cut: bool,
}

/// Which records a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ask {
    /// Which request it is, from 0.
    pub(super) number: u64,
    /// When the answer is made.
    pub(super) now: Timestamp,
    /// In the honest mode, from when on.
    pub(super) since: Timestamp,
    /// Whether the answer will break off.
    pub(super) cut: bool,
}

/// Everything that was made.
#[derive(Debug)]
pub(super) struct World {
    config: MockConfig,
    seed: u64,
    entries: VecDeque<Entry>,
    /// The number of the first entry that is kept.
    first: u64,
    /// In the honest mode: the kept records in the order of creation.
    order: BTreeSet<(Timestamp, u64)>,
    /// In the honest mode with a rate: up to when alerts were made.
    made_until: Timestamp,
    /// The second of the last identifier and the next index in it.
    last_id: (i64, u64),
}

impl World {
    pub(super) fn new(config: MockConfig, now: Timestamp) -> Self {
        Self {
            seed: config.seed.unwrap_or(now.nanos().unsigned_abs()),
            config,
            entries: VecDeque::new(),
            first: 0,
            order: BTreeSet::new(),
            made_until: now,
            last_id: (0, 0),
        }
    }

    /// Changes the share of records that no client can take, as far as the other shares leave room.
    pub(super) fn set_malformed(&mut self, share: f64) {
        let config = &self.config;
        let others = config.duplicate + config.late + config.future + config.updated;
        self.config.malformed = share.min(1.0 - others).max(0.0);
    }

    /// The share of records that no client can take.
    pub(super) fn malformed(&self) -> f64 {
        self.config.malformed
    }

    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    /// The second in the identifiers of a request. With a seed it counts requests from a number of the
    /// seed, so that a story repeats at any time of day.
    pub(super) fn id_second(&self, number: u64, now: Timestamp) -> i64 {
        if self.config.seed.is_none() {
            return now.seconds();
        }
        let base = Rng::of(self.seed, u64::MAX).between(1_000_000_000, 1_700_000_000);
        i64::try_from(base.saturating_add(number)).unwrap_or(i64::MAX)
    }

    /// Makes what is due and writes the answer to one request.
    pub(super) fn answer(&mut self, ask: Ask) -> String {
        let numbers = if self.config.honest {
            self.make_due(ask);
            self.page(ask.since)
        } else {
            let count = Rng::of(self.seed, ask.number).between(1, 5);
            self.make(ask, count, |at, _| at)
        };
        let mut body = String::from("[");
        for number in numbers {
            let Some(raw) = self.raw(number) else {
                continue;
            };
            if body.len() > 1 {
                body.push(',');
            }
            body.push_str(&raw);
            self.mark(number, ask.cut);
        }
        body.push(']');
        body
    }

    /// The kept entries from a number on, each with its number.
    pub(super) fn entries_from(&self, number: u64) -> impl Iterator<Item = (u64, &Entry)> {
        let skipped = usize::try_from(number.saturating_sub(self.first)).unwrap_or(usize::MAX);
        let first = number.max(self.first);
        (first..).zip(self.entries.iter().skip(skipped))
    }

    /// Whether a client can know the record: it was sent whole, or it can be asked for again.
    pub(super) fn is_known(&self, entry: &Entry) -> bool {
        entry.sent || self.config.honest
    }

    /// How many records were forgotten.
    pub(super) fn forgotten(&self) -> u64 {
        self.first
    }

    fn make_due(&mut self, ask: Ask) {
        if self.config.rate <= 0.0 {
            let count = Rng::of(self.seed, ask.number).between(1, 5);
            self.make(ask, count, |at, _| at);
            return;
        }
        let period = Duration::from_secs_f64(1.0 / self.config.rate);
        let period_ns = u64::try_from(period.as_nanos()).unwrap_or(u64::MAX).max(1);
        let passed = ask.now.since(self.made_until);
        let passed_ns = u64::try_from(passed.as_nanos()).unwrap_or(u64::MAX);
        let count = (passed_ns / period_ns).min(DUE_MAX);
        let begin = self.made_until;
        self.made_until = begin.plus(Duration::from_nanos(period_ns.saturating_mul(count)));
        self.make(ask, count, |_, index| {
            begin.plus(Duration::from_nanos(period_ns.saturating_mul(index + 1)))
        });
    }

    /// Makes records and returns the numbers to send. `at` places the record of an index.
    fn make(&mut self, ask: Ask, count: u64, at: impl Fn(Timestamp, u64) -> Timestamp) -> Vec<u64> {
        let second = self.id_second(ask.number, ask.now);
        let mut next_index = match self.last_id {
            // Two requests in one second must not share identifiers.
            (last, next) if last == second => next,
            _ => 0,
        };
        let mut numbers = Vec::new();
        let mut drift = ask.now;
        for index in 0..count {
            let number = self.first + self.entries.len() as u64;
            let mut rng = Rng::of(self.seed ^ 0x5eed, number);
            drift = drift.plus(Duration::from_micros(rng.between(15, 95)));
            let id = format!("alert-{second}-{next_index}");
            let (number, fresh) = self.make_one(id, at(drift, index), ask.now, &mut rng);
            next_index += u64::from(fresh);
            numbers.push(number);
        }
        self.last_id = (second, next_index);
        numbers
    }

    /// Makes one record; tells its number and whether it used up the identifier.
    fn make_one(
        &mut self,
        id: String,
        at: Timestamp,
        now: Timestamp,
        rng: &mut Rng,
    ) -> (u64, bool) {
        let shares = &self.config;
        let mut dice = rng.unit();
        let mut hits = |share: f64| {
            let hit = dice >= 0.0 && dice < share;
            dice -= share;
            hit
        };
        let [malformed, duplicate, updated, late, future] = [
            hits(shares.malformed),
            hits(shares.duplicate),
            hits(shares.updated),
            hits(shares.late),
            hits(shares.future),
        ];
        if duplicate && let Some((number, created_at)) = self.earlier(rng, |_| true) {
            return (self.keep(Record::Repeat(number), created_at), false);
        }
        if updated && let Some((number, _)) = self.earlier(rng, |alert| alert.level < LEVEL_MAX) {
            return (self.raise(number), false);
        }
        let seconds = |range: (u64, u64), rng: &mut Rng| {
            Duration::from_millis(rng.between(range.0 * 1_000, range.1 * 1_000))
        };
        let at = if late {
            now.minus(seconds(LATE_S, rng))
        } else if future {
            now.plus(seconds(FUTURE_S, rng))
        } else {
            at
        };
        let alert = Alert::new(id, at, rng);
        let created_at = alert.created_at;
        let record = if malformed {
            Record::Malformed(spoil(&alert, rng))
        } else {
            Record::Alert(alert)
        };
        (self.keep(record, created_at), true)
    }

    /// An alert that clients may have, among the kept ones.
    fn earlier(&self, rng: &mut Rng, fits: impl Fn(&Alert) -> bool) -> Option<(u64, Timestamp)> {
        let last = (self.entries.len() as u64).checked_sub(1)?;
        for _ in 0..PICKS_MAX {
            let number = self.first + rng.between(0, last);
            if let Some(entry) = self.entry(number)
                && let Record::Alert(alert) = &entry.record
                && self.is_known(entry)
                && fits(alert)
            {
                return Some((number, entry.created_at));
            }
        }
        None
    }

    /// Raises the severity of an alert: the newest content is what clients must end with.
    fn raise(&mut self, number: u64) -> u64 {
        if let Some(Entry {
            record: Record::Alert(alert),
            ..
        }) = self.entry_mut(number)
        {
            alert.level = (alert.level + 1).min(LEVEL_MAX);
        }
        number
    }

    fn keep(&mut self, record: Record, created_at: Timestamp) -> u64 {
        if self.entries.len() >= RECORDS_KEPT_MAX
            && let Some(forgotten) = self.entries.pop_front()
        {
            self.order.remove(&(forgotten.created_at, self.first));
            self.first += 1;
        }
        let number = self.first + self.entries.len() as u64;
        if self.config.honest {
            self.order.insert((created_at, number));
        }
        self.entries.push_back(Entry {
            record,
            created_at,
            sent: false,
            cut: false,
        });
        number
    }

    /// The numbers of the records from `since` on, one page.
    fn page(&self, since: Timestamp) -> Vec<u64> {
        let begin = if self.config.since_exclusive {
            (since, u64::MAX)
        } else {
            (since, 0)
        };
        let page = self.order.range(begin..).take(self.config.page_size);
        page.map(|(_, number)| *number).collect()
    }

    fn raw(&self, number: u64) -> Option<String> {
        match &self.entry(number)?.record {
            Record::Alert(alert) => Some(alert.json()),
            Record::Malformed(raw) => Some(raw.clone()),
            Record::Repeat(original) => match &self.entry(*original)?.record {
                Record::Alert(alert) => Some(alert.json()),
                _ => None,
            },
        }
    }

    fn mark(&mut self, number: u64, cut: bool) {
        let target = match self.entry(number).map(|entry| &entry.record) {
            Some(Record::Repeat(original)) => *original,
            _ => number,
        };
        if let Some(entry) = self.entry_mut(target) {
            entry.cut |= cut;
            entry.sent |= !cut;
        }
    }

    fn entry(&self, number: u64) -> Option<&Entry> {
        let index = number.checked_sub(self.first)?;
        self.entries.get(usize::try_from(index).ok()?)
    }

    fn entry_mut(&mut self, number: u64) -> Option<&mut Entry> {
        let index = number.checked_sub(self.first)?;
        self.entries.get_mut(usize::try_from(index).ok()?)
    }
}
