//! What a seed draws before the world begins.

use std::collections::BTreeMap;
use std::time::Duration;

use cresset_sim::rng::Rng;

use super::records::{Item, PushPlan, broken_event, event};
use super::time::ClockStep;

/// Nothing new is said and nothing fails any more from then on, in seconds after the beginning.
pub(super) const QUIET_S: u64 = 400;
/// A record becomes visible, or changes, this long after its time at most: within the overlap.
const LATE_S: i64 = 200;
/// The most that share an instant, well below a page: a page full of one instant cannot be passed.
const TWINS_MAX: usize = 5;
/// How far ahead records from the future lie: farther than any clock is wrong.
const FUTURE_S: i64 = 1_000_000;
const SEVERITIES: [&str; 3] = ["low", "high", "critical"];

/// In which order the records of a page come.
#[derive(Debug, Clone, Copy)]
pub(super) enum Order {
    Oldest,
    Newest,
    Mixed,
}

/// How a life of the service ends, and how long it stays dead.
#[derive(Debug, Clone, Copy)]
pub(super) struct LifePlan {
    /// Steps at its ports after which it is killed.
    pub(super) steps_max: u64,
    /// Time after which it ends, if it has not by then.
    pub(super) time: Duration,
    /// Whether it is stopped then, rather than killed.
    pub(super) is_stopped: bool,
    pub(super) dead: Duration,
}

/// How often things go wrong, of a thousand times.
#[derive(Debug, Clone, Copy)]
pub(super) struct Odds {
    /// Of an answer of the upstream.
    pub(super) upstream: u64,
    /// A write that is not carried out.
    pub(super) write_fails: u64,
    /// A write that succeeds without telling.
    pub(super) write_untold: u64,
    /// A write that takes its time.
    pub(super) write_hangs: u64,
    /// A read of the store.
    pub(super) read_fails: u64,
    /// Of a delivery, for each receiver.
    pub(super) receivers: [u64; 3],
}

/// Everything that was drawn.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) items: Vec<Item>,
    pub(super) page_size: usize,
    pub(super) is_inclusive: bool,
    pub(super) order: Order,
    pub(super) lives: Vec<LifePlan>,
    pub(super) clock: Vec<ClockStep>,
    /// While the disk is full: from, to.
    pub(super) full: Vec<(Duration, Duration)>,
    pub(super) odds: Odds,
    pub(super) batch_records_max: usize,
    pub(super) pages_max: u32,
    pub(super) pushes: Vec<PushPlan>,
    /// When the configuration is read again, and which routes it has then.
    pub(super) reloads: Vec<(Duration, usize)>,
    /// When somebody asks for a sync.
    pub(super) syncs: Vec<Duration>,
    /// The routes at the beginning.
    pub(super) routes: usize,
}

impl Plan {
    pub(super) fn draw(seed: u64) -> Self {
        let rng = &mut Rng::of(seed, 0);
        let page_size = size(rng.between(10, 29));
        Self {
            seed,
            items: items(rng, page_size),
            page_size,
            is_inclusive: rng.chance(500),
            order: *rng.pick(&[Order::Oldest, Order::Newest, Order::Mixed]),
            lives: lives(rng),
            clock: clock(rng),
            full: windows(rng),
            odds: odds(rng),
            batch_records_max: size(rng.between(2, 8)),
            pages_max: u32::try_from(rng.between(2, 6)).expect("a few"),
            pushes: pushes(rng),
            reloads: moments(rng, 3)
                .into_iter()
                .map(|at| (at, size(rng.between(0, 3))))
                .collect(),
            syncs: moments(rng, 3),
            routes: size(rng.between(0, 3)),
        }
    }

    /// When everything is over.
    pub(super) fn quiet() -> Duration {
        Duration::from_secs(QUIET_S)
    }
}

fn size(number: u64) -> usize {
    usize::try_from(number).expect("a small number")
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).expect("a small number")
}

fn severity(rng: &mut Rng) -> &'static str {
    SEVERITIES[size(rng.between(0, 2))]
}

fn moments(rng: &mut Rng, most: u64) -> Vec<Duration> {
    let mut moments: Vec<Duration> = (0..rng.between(0, most))
        .map(|_| Duration::from_millis(rng.between(0, QUIET_S * 1_000 - 1)))
        .collect();
    moments.sort_unstable();
    moments
}

fn items(rng: &mut Rng, page_size: usize) -> Vec<Item> {
    let mut items = Vec::new();
    let mut twins = BTreeMap::<i64, usize>::new();
    // Broken records and those from the future move nothing: where they and the twins of one instant fill
    // a page, it cannot be passed.
    let mut idle_left = page_size - TWINS_MAX - 1;
    for _ in 0..rng.between(0, 24) {
        let last = signed(QUIET_S) - LATE_S;
        let created =
            signed(rng.between(0, 3_000 + u64::try_from(last).expect("positive"))) - 3_000;
        let kind = rng.between(0, 23);
        for _ in 0..=rng.between(0, TWINS_MAX as u64 - 1).min(rng.between(0, 4)) {
            let mut item = Item {
                id: items.len() as u64,
                created,
                visible: created,
                changes: None,
                is_broken: false,
                is_future: false,
                severity: severity(rng),
            };
            let later = created + signed(rng.between(1, LATE_S.unsigned_abs()));
            match kind {
                0..=2 if created > -LATE_S => item.visible = later,
                3..=7 if created > -LATE_S => item.changes = Some(later),
                8 if idle_left > 0 => {
                    item.created = created + FUTURE_S;
                    item.is_future = true;
                    idle_left -= 1;
                }
                9..=11 if idle_left > 0 => {
                    item.is_broken = true;
                    idle_left -= 1;
                }
                _ => {}
            }
            let count = twins.entry(item.created).or_default();
            *count += 1;
            if *count <= TWINS_MAX {
                items.push(item);
            }
        }
    }
    items
}

fn lives(rng: &mut Rng) -> Vec<LifePlan> {
    let life = |rng: &mut Rng| LifePlan {
        steps_max: if rng.chance(700) {
            rng.between(1, 400)
        } else {
            u64::MAX
        },
        time: Duration::from_millis(rng.between(0, 150_000)),
        is_stopped: rng.chance(300),
        dead: Duration::from_millis(rng.between(0, 60_000)),
    };
    (0..rng.between(0, 6)).map(|_| life(rng)).collect()
}

/// The clock is set a few times, by minutes or by days, and right in the end.
fn clock(rng: &mut Rng) -> Vec<ClockStep> {
    if !rng.chance(300) {
        return Vec::new();
    }
    let error = |rng: &mut Rng| {
        let unit = *rng.pick(&[60, 43_200]);
        let error = signed(rng.between(1, 4)) * unit;
        if rng.chance(500) { error } else { -error }
    };
    let steps = moments(rng, 3);
    let mut steps: Vec<ClockStep> = steps
        .into_iter()
        .map(|from| ClockStep {
            from,
            error_s: error(rng),
        })
        .collect();
    steps.push(ClockStep {
        from: Plan::quiet(),
        error_s: 0,
    });
    steps
}

fn windows(rng: &mut Rng) -> Vec<(Duration, Duration)> {
    let window = |from: Duration, rng: &mut Rng| {
        let to = from + Duration::from_secs(rng.between(1, 90));
        (from, to.min(Plan::quiet()))
    };
    moments(rng, 2)
        .into_iter()
        .map(|from| window(from, rng))
        .collect()
}

fn odds(rng: &mut Rng) -> Odds {
    let mut odd = |most: u64| {
        if rng.chance(600) {
            rng.between(0, most)
        } else {
            0
        }
    };
    Odds {
        upstream: odd(600),
        write_fails: odd(120),
        write_untold: odd(150),
        write_hangs: odd(60),
        read_fails: odd(60),
        receivers: [odd(700), odd(500), odd(950)],
    }
}

fn pushes(rng: &mut Rng) -> Vec<PushPlan> {
    let push = |number: u64, rng: &mut Rng| {
        let mut record = |index: u64| {
            if rng.chance(120) {
                (broken_event(number, index), false)
            } else {
                (event(number, index, severity(rng)), true)
            }
        };
        let records = (0..6).map(&mut record).collect::<Vec<_>>();
        let count = size(rng.between(1, 6));
        PushPlan {
            at: rng.between(0, QUIET_S - 60),
            key: rng.chance(850).then(|| format!("key-{number}")),
            records: records.into_iter().take(count).collect(),
        }
    };
    let mut pushes: Vec<PushPlan> = (0..rng.between(0, 6))
        .map(|number| push(number, rng))
        .collect();
    pushes.sort_by_key(|push| push.at);
    pushes
}
