//! The rule against a modelled upstream. To see it fail: begin rounds without the overlap, or let
//! `after_page` move on to the newest instant instead of the second newest, or end a round's bookmark at
//! the newest instant of a page that was cut.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

const SECOND: i64 = 1_000_000_000;

/// A record of the modelled upstream, in seconds.
#[derive(Debug, Clone, Copy)]
struct Record {
    id: usize,
    created: i64,
    visible: i64,
}

#[derive(Debug, Clone)]
struct World {
    records: Vec<Record>,
    page_size: usize,
    inclusive: bool,
    newest_first: bool,
    /// What happens to each page in turn: taken whole, cut in the middle, or the process is killed before
    /// or after the page's commit. Afterwards all goes well.
    faults: Vec<Fault>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    None,
    Cut,
    KilledBefore,
    KilledAfterRows,
}

struct Service {
    checkpoint: Checkpoint,
    stored: BTreeSet<usize>,
    faults: std::vec::IntoIter<Fault>,
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_nanos(seconds * SECOND)
}

impl World {
    fn page(&self, since: Timestamp, now: i64) -> Vec<Record> {
        let mut page: Vec<Record> = self
            .records
            .iter()
            .filter(|record| record.visible <= now)
            .filter(|record| {
                if self.inclusive {
                    at(record.created) >= since
                } else {
                    at(record.created) > since
                }
            })
            .copied()
            .collect();
        page.sort_by_key(|record| record.created);
        page.truncate(self.page_size);
        if self.newest_first {
            page.reverse();
        }
        page
    }
}

fn by_time(instants: Instants) -> Said {
    Said {
        instants,
        way: Way::ByTime,
    }
}

fn instants(page: &[Record], received: i64) -> Instants {
    let times: BTreeSet<Timestamp> = page
        .iter()
        .map(|record| at(record.created))
        .filter(|time| *time <= at(received))
        .collect();
    let mut newest = times.iter().rev().copied();
    Instants {
        newest: newest.next(),
        second_newest: newest.next(),
    }
}

impl Service {
    /// One turn at an instant, as the runner walks it. Returns whether the round goes on.
    fn turn(&mut self, world: &World, rule: &PollRule, now: i64) -> bool {
        let mut round = begin(&self.checkpoint, rule.overlap, at(now));
        for _ in 0..rule.pages_max {
            let page = world.page(round.since, now);
            match self.faults.next().unwrap_or(Fault::None) {
                Fault::None => {}
                Fault::Cut => {
                    self.stored
                        .extend(page.iter().take(page.len() / 2).map(|record| record.id));
                    self.checkpoint.round = Some(round.clone());
                    return false;
                }
                Fault::KilledBefore => return false,
                Fault::KilledAfterRows => {
                    self.stored.extend(page.iter().map(|record| record.id));
                    self.checkpoint.round = Some(round.clone());
                    return false;
                }
            }
            self.stored.extend(page.iter().map(|record| record.id));
            self.checkpoint.round = Some(round.clone());
            match after_page(
                &self.checkpoint,
                round.clone(),
                &by_time(instants(&page, now)),
                at(now),
            ) {
                Next::Ended(ended) => {
                    assert!(
                        ended.bookmark >= self.checkpoint.bookmark,
                        "a bookmark moved back"
                    );
                    self.checkpoint = ended;
                    return false;
                }
                Next::Again(ended) => {
                    assert!(
                        ended.bookmark >= self.checkpoint.bookmark,
                        "a bookmark moved back"
                    );
                    self.checkpoint = ended;
                    round = begin(&self.checkpoint, rule.overlap, at(now));
                }
                Next::Page(next) => {
                    assert!(next.since > round.since, "a round must get on");
                    round = next;
                    self.checkpoint.round = Some(round.clone());
                }
            }
        }
        true
    }
}

fn world() -> impl Strategy<Value = World> {
    let record = (0..600_i64, 0..5_usize, 0..20_u8);
    let fault = prop_oneof![
        4 => Just(Fault::None),
        1 => Just(Fault::Cut),
        1 => Just(Fault::KilledBefore),
        1 => Just(Fault::KilledAfterRows),
    ];
    (
        prop::collection::vec(record, 0..120),
        10..30_usize,
        any::<bool>(),
        any::<bool>(),
        prop::collection::vec(fault, 0..40),
    )
        .prop_map(|(specs, page_size, inclusive, newest_first, faults)| {
            let mut records = Vec::new();
            for (created, twins, kind) in specs {
                // Up to four more share the instant; some come late, some from the future.
                let (created, visible) = match kind {
                    0 => (created, created + 200),
                    1 => (created + 100_000, created),
                    _ => (created, created),
                };
                for _ in 0..=twins.min(4) {
                    records.push(Record {
                        id: records.len(),
                        created,
                        visible,
                    });
                }
            }
            // More than half a page at one instant is a saturated instant, which no walk by time can pass.
            let mut per_instant = std::collections::BTreeMap::<i64, usize>::new();
            records.retain(|record| {
                let count = per_instant.entry(record.created).or_default();
                *count += 1;
                *count <= 5
            });
            World {
                records,
                page_size,
                inclusive,
                newest_first,
                faults,
            }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn everything_the_upstream_ever_said_arrives(world in world(), every in 5..90_i64) {
        let rule = PollRule::default();
        let checkpoint = Checkpoint::at(at(-10));
        let mut service =
            Service { checkpoint, stored: BTreeSet::new(), faults: world.faults.clone().into_iter() };
        let mut now = 0;
        while now < 1_000 {
            while service.turn(&world, &rule, now) {}
            now += every;
        }
        // The faults are over: one more walk on each of enough polls brings the rest.
        for _ in 0..60 {
            while service.turn(&world, &rule, now) {}
            now += every;
        }
        prop_assert_eq!(service.checkpoint.round, None);
        let due: BTreeSet<usize> = world
            .records
            .iter()
            .filter(|record| record.visible <= 1_000 && record.created <= now)
            .map(|record| record.id)
            .collect();
        let lost: Vec<&usize> = due.difference(&service.stored).collect();
        prop_assert!(lost.is_empty(), "lost {:?}", lost);
    }
}

#[test]
fn a_record_from_the_future_drags_nothing() {
    let checkpoint = Checkpoint {
        bookmark: at(100),
        round: None,
        fetch: 3,
        sweep: Sweep::default(),
    };
    let round = begin(&checkpoint, OVERLAP_SHORT, at(200));
    // The page held only records dated after its receipt: they leave no instants.
    let ended = after_page(&checkpoint, round, &by_time(Instants::default()), at(201));
    assert_eq!(ended, Next::Ended(checkpoint));
}

#[test]
fn the_first_round_reaches_back_from_the_bookmark() {
    let checkpoint = first_checkpoint(&PollRule::default(), at(1_000_000));
    assert_eq!(checkpoint.bookmark, at(1_000_000 - 86_400));
    let round = begin(&checkpoint, OVERLAP, at(1_000_000));
    assert_eq!(round.since, at(1_000_000 - 86_400 - 300));
    assert_eq!(round.seen, checkpoint.bookmark);
}

#[test]
fn a_stored_round_goes_on_from_its_own_place() {
    let stored = Round {
        since: at(5),
        place: None,
        seen: at(6),
        begun: at(7),
    };
    let checkpoint = Checkpoint {
        bookmark: at(1),
        round: Some(stored.clone()),
        fetch: 0,
        sweep: Sweep::default(),
    };
    assert_eq!(begin(&checkpoint, OVERLAP, at(100)), stored);
}

#[test]
fn a_page_newer_than_the_round_ends_it_and_moves_the_bookmark() {
    let checkpoint = Checkpoint {
        bookmark: at(1),
        round: None,
        fetch: 0,
        sweep: Sweep::default(),
    };
    let round = begin(&checkpoint, OVERLAP, at(50));
    let instants = Instants {
        newest: Some(at(53)),
        second_newest: Some(at(52)),
    };
    let ended = Checkpoint {
        bookmark: at(53),
        round: None,
        fetch: 0,
        sweep: Sweep::default(),
    };
    assert_eq!(
        after_page(&checkpoint, round, &by_time(instants), at(53)),
        Next::Ended(ended)
    );
}

#[test]
fn an_old_round_ends_at_its_own_beginning_and_another_follows() {
    let stored = Round {
        since: at(5),
        place: None,
        seen: at(6),
        begun: at(7),
    };
    let checkpoint = Checkpoint {
        bookmark: at(1),
        round: Some(stored.clone()),
        fetch: 0,
        sweep: Sweep::default(),
    };
    let instants = Instants {
        newest: Some(at(500)),
        second_newest: None,
    };
    let again = Checkpoint {
        bookmark: at(7),
        round: None,
        fetch: 0,
        sweep: Sweep::default(),
    };
    assert_eq!(
        after_page(&checkpoint, stored, &by_time(instants), at(501)),
        Next::Again(again)
    );
}

#[test]
fn an_identity_outlives_whatever_is_asked_for_again() {
    let check = |overlap: u64, sweep: Option<(u64, u64)>, expected: u64| {
        let hours = Duration::from_hours;
        let rule = PollRule {
            overlap: hours(overlap),
            sweep: sweep.map(|(every, back)| SweepRule {
                every: hours(every),
                back: hours(back),
            }),
            ..PollRule::default()
        };
        assert_eq!(rule.identity_life(), hours(expected));
    };
    check(1, None, 30);
    check(20, None, 40);
    check(1, Some((10, 50)), 60);
    check(40, Some((10, 50)), 80);
}

#[test]
fn a_round_that_begins_anew_is_young_and_has_no_place() {
    let round = Round {
        since: at(5),
        place: None,
        seen: at(6),
        begun: at(7),
    };
    let anew = begin_anew(&round, at(900));
    assert_eq!(
        anew,
        Round {
            begun: at(900),
            ..round
        }
    );
}
