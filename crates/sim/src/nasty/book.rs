//! What an upstream has to tell, when, and in which order.

use std::collections::BTreeMap;

use bytes::Bytes;
use cresset_model::Timestamp;

use super::alert::Alert;
use super::crowd::Crowd;
use super::wire::Piece;
use crate::rng::Rng;

/// A record that no client can use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    /// The code of the reason.
    pub reason: &'static str,
    /// Its whole length.
    pub bytes: u64,
    /// The record itself, unless it is too long to be kept.
    pub raw: Option<Bytes>,
}

/// How pages are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paging {
    /// From `since` on, at most so many.
    Since {
        size: usize,
        /// Whether the instant itself is left out.
        exclusive: bool,
    },
    /// Everything from `since` on.
    All,
    /// At most so many; a `Link` header leads on.
    Link(usize),
    /// At most so many; a cursor in the body leads on.
    Cursor(usize),
}

/// In which order records stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Oldest,
    Newest,
    Shuffled,
}

#[derive(Debug, Clone)]
struct Entry {
    at: Timestamp,
    /// From this page on it is told.
    from: u64,
    /// From this page on it is not told any more.
    until: u64,
    raw: Vec<Piece>,
}

/// Everything to tell.
#[derive(Debug, Clone)]
pub(super) struct Book {
    pub(super) paging: Paging,
    pub(super) order: Order,
    /// From this page on pages hold everything, however many they held before.
    pub(super) widens_at: u64,
    pub(super) crowd: Option<Crowd>,
    entries: Vec<Entry>,
    alerts: BTreeMap<(&'static str, String), Alert>,
    unusable: Vec<Unusable>,
}

/// Which page is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask {
    pub(super) since: Timestamp,
    /// Where the page before ended, in the order of the records.
    pub(super) after: Option<(Timestamp, usize)>,
    /// How many pages were told before.
    pub(super) page: u64,
    pub(super) seed: u64,
}

/// A page.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) pieces: Vec<Piece>,
    /// Where the next one begins, if there is one.
    pub(super) next: Option<(Timestamp, usize)>,
}

impl Book {
    pub(super) fn new(paging: Paging) -> Self {
        Self {
            paging,
            order: Order::Oldest,
            widens_at: u64::MAX,
            crowd: None,
            entries: Vec::new(),
            alerts: BTreeMap::new(),
            unusable: Vec::new(),
        }
    }

    /// Tells an alert in its usual form, from the first page on.
    pub(super) fn tell(&mut self, alert: &Alert) {
        self.tell_as(alert, &alert.json());
    }

    /// Tells an alert in a form of its own.
    pub(super) fn tell_as(&mut self, alert: &Alert, json: &str) {
        let raw = vec![Piece::Bytes(Bytes::from(json.to_owned()))];
        self.enter(alert.created_at, (0, u64::MAX), raw);
        self.must_have(alert);
    }

    /// Tells an alert as if it were of another time.
    pub(super) fn tell_at(&mut self, at: Timestamp, alert: &Alert, json: &str) {
        let raw = vec![Piece::Bytes(Bytes::from(json.to_owned()))];
        self.enter(at, (0, u64::MAX), raw);
        self.must_have(alert);
    }

    /// Tells an alert from a page on.
    pub(super) fn tell_from(&mut self, page: u64, alert: &Alert) {
        let raw = vec![Piece::Bytes(Bytes::from(alert.json()))];
        self.enter(alert.created_at, (page, u64::MAX), raw);
        self.must_have(alert);
    }

    /// Tells an alert from a page on and up to another one, with a content that is not its last.
    pub(super) fn tell_until(&mut self, pages: (u64, u64), alert: &Alert) {
        let raw = vec![Piece::Bytes(Bytes::from(alert.json()))];
        self.enter(alert.created_at, pages, raw);
    }

    /// Tells a record that no client can use.
    pub(super) fn spoil(&mut self, at: Timestamp, raw: impl Into<Bytes>, reason: &'static str) {
        let raw = raw.into();
        self.unusable.push(Unusable {
            reason,
            bytes: raw.len() as u64,
            raw: Some(raw.clone()),
        });
        self.enter(at, (0, u64::MAX), vec![Piece::Bytes(raw)]);
    }

    /// The same with a record that is too long to be kept.
    pub(super) fn spoil_long(&mut self, at: Timestamp, raw: Vec<Piece>, reason: &'static str) {
        self.unusable.push(Unusable {
            reason,
            bytes: raw.iter().map(Piece::len).sum(),
            raw: None,
        });
        self.enter(at, (0, u64::MAX), raw);
    }

    /// An alert that must be there in the end, with this content.
    pub(super) fn must_have(&mut self, alert: &Alert) {
        let key = (alert.source, alert.id.clone());
        self.alerts.insert(key, alert.clone());
    }

    /// How many pages must have been told before everything was.
    pub(super) fn pages_min(&self) -> u64 {
        let latest = self.entries.iter().map(|entry| entry.from).max();
        let widens_at = Some(self.widens_at).filter(|page| *page < u64::MAX);
        latest.max(widens_at).unwrap_or_default() + 1
    }

    pub(super) fn alerts(&self) -> impl Iterator<Item = Alert> {
        let crowd = self.crowd;
        let crowded = crowd.into_iter();
        let crowded =
            crowded.flat_map(|crowd| (0..crowd.count).map(move |index| crowd.alert(index)));
        self.alerts.values().cloned().chain(crowded)
    }

    pub(super) fn unusable(&self) -> &[Unusable] {
        &self.unusable
    }

    /// The page that is asked for.
    pub(super) fn page(&self, ask: Ask) -> Page {
        let excluded = matches!(
            self.paging,
            Paging::Since {
                exclusive: true,
                ..
            }
        );
        let mut told: Vec<(usize, &Entry)> = self
            .entries
            .iter()
            .enumerate()
            .filter(|(_, entry)| entry.from <= ask.page && ask.page < entry.until)
            .filter(|(_, entry)| entry.at > ask.since || (entry.at == ask.since && !excluded))
            .collect();
        let place = |(index, entry): &(usize, &Entry)| (entry.at, *index);
        told.sort_by_key(place);
        match self.order {
            Order::Oldest => {}
            Order::Newest => told.reverse(),
            Order::Shuffled => shuffle(&mut told, Rng::of(ask.seed, ask.page)),
        }
        if let Some(after) = ask.after {
            told.retain(|entry| match self.order {
                Order::Newest => place(entry) < after,
                Order::Oldest | Order::Shuffled => place(entry) > after,
            });
        }
        let size = match self.paging {
            _ if ask.page >= self.widens_at => usize::MAX,
            Paging::Since { size, .. } | Paging::Link(size) | Paging::Cursor(size) => size,
            Paging::All => usize::MAX,
        };
        let more = told.len() > size;
        told.truncate(size);
        let next = told.last().filter(|_| more).map(place);
        let mut pieces = pieces_of(&told);
        if let Some(crowd) = self.crowd {
            let index = crowd.index_of(ask.since);
            if index < crowd.count {
                if !told.is_empty() {
                    pieces.push(Piece::Bytes(Bytes::from_static(b",")));
                }
                pieces.push(Piece::Crowd(crowd, index));
            }
        }
        Page { pieces, next }
    }

    fn enter(&mut self, at: Timestamp, (from, until): (u64, u64), raw: Vec<Piece>) {
        self.entries.push(Entry {
            at,
            from,
            until,
            raw,
        });
    }
}

fn pieces_of(told: &[(usize, &Entry)]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (nth, (_, entry)) in told.iter().enumerate() {
        if nth > 0 {
            pieces.push(Piece::Bytes(Bytes::from_static(b",")));
        }
        pieces.extend(entry.raw.iter().cloned());
    }
    pieces
}

fn shuffle<T>(items: &mut [T], mut rng: Rng) {
    for at in (1..items.len()).rev() {
        let other = usize::try_from(rng.between(0, at as u64)).unwrap_or(at);
        items.swap(at, other);
    }
}
