//! A modelled upstream: what it has to say, in which pages, and what happens to requests.

use std::collections::BTreeMap;

use bytes::Bytes;
use cresset_model::Timestamp;
use cresset_model::ports::{Ask, FetchError};
use proptest::prelude::*;

use crate::fakes::{Answer, Piece, Record, Rig, T0, array, broken, seconds, transient};
use crate::poll::{Paging, SweepRule};

/// The modelled upstream goes quiet then, in seconds after the beginning.
pub(super) const QUIET: i64 = 400;
/// The most that share an instant, well below a page: by time, a page full of one cannot be passed.
const TWINS_MAX: usize = 5;
/// A record becomes visible, or changes, this long after its time at most: within the overlap.
const LATE: i64 = 200;
/// The same where sweeps have to find it: far beyond the overlap.
const VERY_LATE: i64 = 1_000;

/// One thing the upstream has to say. Times are seconds after the beginning.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item {
    pub(super) id: u64,
    pub(super) created: i64,
    pub(super) visible: i64,
    /// From then on it says something else.
    pub(super) changes: Option<i64>,
    pub(super) malformed: bool,
}

impl Item {
    pub(super) fn json(&self, now: i64) -> String {
        if self.malformed {
            return broken(self.id);
        }
        let version = u32::from(self.changes.is_some_and(|at| at <= now));
        let record = Record::new(self.id, at(self.created));
        Record { version, ..record }.json()
    }

    pub(super) fn is_very_late(&self) -> bool {
        self.visible - self.created >= VERY_LATE
    }
}

/// How pages follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A page holds the oldest, whatever their order in it.
    Time,
    /// Pages of one order of all, by `Link`.
    Link,
    /// The same by a cursor in the body.
    Cursor,
}

#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) items: Vec<Item>,
    pub(super) page_size: usize,
    pub(super) inclusive: bool,
    pub(super) newest_first: bool,
    pub(super) shape: Shape,
    /// Whether some records are very late, and sweeps look for them.
    pub(super) sweeps: bool,
}

/// What happens to a request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mishap {
    None,
    Slow,
    Refused,
    /// Cut off in the middle.
    Cut,
    /// The page is not known any more, if one was named.
    Forgotten,
}

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_nanos(T0.nanos() + seconds * 1_000_000_000)
}

/// How far a walk has come: behind this item.
fn place_of(item: &Item) -> String {
    format!("{} {}", item.created, item.id)
}

fn place(name: &str) -> (i64, u64) {
    let (created, id) = name.split_once(' ').unwrap();
    (created.parse().unwrap(), id.parse().unwrap())
}

impl World {
    /// Sets a source up for it.
    pub(super) fn configure(&self, rig: &mut Rig) {
        match self.shape {
            Shape::Time => {}
            Shape::Link => rig.config.paging = Paging::Link,
            Shape::Cursor => {
                rig.config.records = Some("alerts".to_owned());
                rig.config.paging = Paging::Cursor {
                    field: vec!["next_cursor".to_owned()],
                };
            }
        }
        rig.config.rule.sweep = self.sweeps.then_some(SweepRule {
            every: seconds(300),
            back: seconds(3_600),
        });
    }

    /// The items of a page and the name of the next one.
    fn page(&self, ask: &Ask, now: i64) -> (Vec<&Item>, Option<String>) {
        let is_meant = |item: &&Item| {
            item.visible <= now
                && if self.inclusive {
                    at(item.created) >= ask.since
                } else {
                    at(item.created) > ask.since
                }
        };
        let mut page: Vec<&Item> = self.items.iter().filter(is_meant).collect();
        page.sort_by_key(|item| (item.created, item.id));
        if self.shape == Shape::Time {
            page.truncate(self.page_size);
        }
        if self.newest_first {
            page.reverse();
        }
        if let Some(behind) = ask.place.as_ref().map(|name| place(name.as_str())) {
            page.retain(|item| {
                let here = (item.created, item.id);
                if self.newest_first {
                    here < behind
                } else {
                    here > behind
                }
            });
        }
        let has_more = page.len() > self.page_size;
        page.truncate(self.page_size);
        let next = page.last().filter(|_| has_more).map(|item| place_of(item));
        (page, next)
    }

    pub(super) fn answer(&self, ask: &Ask, now: i64, mishap: Mishap) -> Answer {
        let (page, next) = self.page(ask, now);
        let records: Vec<String> = page.iter().map(|item| item.json(now)).collect();
        let body = match self.shape {
            Shape::Time | Shape::Link => array(&records),
            Shape::Cursor => with_cursor(&records, next.as_deref()),
        };
        let half = body.len() / 2;
        let answer = match mishap {
            Mishap::Forgotten if ask.place.is_some() => Answer::fails(gone(410)),
            Mishap::None | Mishap::Forgotten => Answer::whole(body),
            Mishap::Slow => Answer::pieces([
                Piece::Bytes(body.slice(..half)),
                Piece::Wait(seconds(1)),
                Piece::Bytes(body.slice(half..)),
            ])
            .after(seconds(1)),
            Mishap::Refused => Answer::fails(transient(None)),
            Mishap::Cut => Answer::broken(body.slice(..half)),
        };
        match next.filter(|_| self.shape == Shape::Link) {
            Some(next) => answer.with_next(&next),
            None => answer,
        }
    }
}

/// An answer of these records that names the next page in its body.
pub(super) fn with_cursor<T: AsRef<str>>(records: &[T], next: Option<&str>) -> Bytes {
    let alerts = String::from_utf8(array(records).to_vec()).unwrap();
    let next = next.map_or_else(|| "null".to_owned(), |next| format!("\"{next}\""));
    Bytes::from(format!("{{\"alerts\":{alerts},\"next_cursor\":{next}}}"))
}

/// The answer to a page that is not known.
pub(super) fn gone(status: u16) -> FetchError {
    FetchError {
        message: format!("status {status} of http://upstream/alerts"),
        transient: false,
        status: Some(status),
        retry_after: None,
    }
}

fn item() -> impl Strategy<Value = (i64, usize, u8)> {
    (-3_000..QUIET - LATE, 0..TWINS_MAX, 0..24_u8)
}

/// Upstreams of these shapes.
pub(super) fn world(shapes: &'static [Shape], sweeps: bool) -> impl Strategy<Value = World> {
    (
        prop::collection::vec(item(), 0..60),
        (10..30_usize, 1..10_usize),
        any::<bool>(),
        any::<bool>(),
        prop::sample::select(shapes),
    )
        .prop_map(move |(specs, sizes, inclusive, newest_first, shape)| {
            let (page_size, twins_max) = match shape {
                Shape::Time => (sizes.0, TWINS_MAX),
                // However many share an instant, by their names pages pass it.
                Shape::Link | Shape::Cursor => (sizes.1, usize::MAX),
            };
            World {
                items: items(specs, (page_size, twins_max), sweeps),
                page_size,
                inclusive,
                newest_first,
                shape,
                sweeps,
            }
        })
}

fn items(
    specs: Vec<(i64, usize, u8)>,
    (page_size, twins_max): (usize, usize),
    sweeps: bool,
) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    let mut twins = BTreeMap::<i64, usize>::new();
    // Malformed records and those from the future move nothing: where they and the twins of one instant
    // fill a page, it cannot be passed by time.
    let mut idle_left = page_size.saturating_sub(TWINS_MAX + 1);
    for (created, more, kind) in specs {
        for _ in 0..=more {
            let mut item = Item {
                id: items.len() as u64,
                created,
                visible: created,
                changes: None,
                malformed: false,
            };
            match kind {
                0 | 1 if created > -LATE => item.visible = created + LATE,
                2..=5 if created > -LATE => item.changes = Some(created + LATE),
                6 if idle_left > 0 => {
                    item.created = created + 1_000_000;
                    idle_left -= 1;
                }
                7..=9 if idle_left > 0 => {
                    item.malformed = true;
                    idle_left -= 1;
                }
                10..=19 if sweeps && created <= QUIET - VERY_LATE => {
                    item.visible = created + VERY_LATE;
                }
                _ => {}
            }
            let count = twins.entry(item.created).or_default();
            *count += 1;
            if *count <= twins_max {
                items.push(item);
            }
        }
    }
    items
}

pub(super) fn mishaps() -> impl Strategy<Value = Vec<Mishap>> {
    let mishap = prop_oneof![
        4 => Just(Mishap::None),
        2 => Just(Mishap::Slow),
        1 => Just(Mishap::Refused),
        2 => Just(Mishap::Cut),
        1 => Just(Mishap::Forgotten),
    ];
    prop::collection::vec(mishap, 0..40)
}
