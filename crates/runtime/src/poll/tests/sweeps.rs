//! The slow second look for what became visible too late.

use std::time::Duration;

use cresset_model::Timestamp;
use cresset_model::source::{Checkpoint, Round, Sweep, SweepRound, Trigger};

use crate::fakes::{Answer, Fault, Record, Rig, Running, T0, ago, array, seconds};
use crate::poll::SweepRule;

const HOUR: u64 = 3_600;

/// A source that has been read up to now, and is swept.
fn swept(respond: impl FnMut(Timestamp) -> Answer + Send + 'static) -> Rig {
    let mut rig = Rig::answering(respond);
    rig.config.rule.sweep = Some(SweepRule::default());
    rig.remember(Checkpoint {
        sweep: Sweep {
            last: Some(ago(HOUR)),
            ..Sweep::default()
        },
        ..Checkpoint::at(ago(60))
    });
    rig
}

/// Lets time pass until that many sweeps have ended.
async fn sweeps(running: &Running, count: usize) {
    let is_sweep = |running: &Running| {
        let attempts = running.cell.attempts();
        attempts
            .iter()
            .filter(|it| it.trigger == Trigger::Sweep)
            .count()
    };
    while is_sweep(running) < count {
        tokio::time::sleep(seconds(10)).await;
    }
}

fn page(since: Timestamp, records: &[(u64, Timestamp)]) -> Answer {
    let due = records.iter().filter(|(_, created)| *created >= since);
    let records: Vec<String> = due
        .map(|(id, created)| Record::new(*id, *created).json())
        .collect();
    Answer::whole(array(&records))
}

/// Failure 9 of the list: late commits below the watermark. To break it: never sweep.
#[tokio::test(start_paused = true)]
async fn late_arrivals() {
    // Two became visible hours after their time, one of them within the reach of the polls by then.
    let records = [
        (1, ago(2 * HOUR)),
        (2, ago(HOUR)),
        (3, ago(90)),
        (4, ago(65)),
    ];
    let rig = swept(move |since| page(since, &records));
    let running = rig.start();
    running.turns(1).await;
    assert_eq!(
        rig.store.alerts().len(),
        2,
        "the polls do not reach the others"
    );
    let state = running.state().sweep.unwrap();
    assert_eq!(
        (state.last, state.late, state.running),
        (Some(ago(HOUR)), 0, false)
    );
    assert_eq!(state.next, T0.plus(Duration::from_hours(5)));

    sweeps(&running, 1).await;
    assert_eq!(rig.store.alerts().len(), 4);
    let state = running.state();
    let sweep = state.sweep.unwrap();
    assert_eq!((sweep.late, state.counters.late), (2, 2));
    assert_eq!(
        sweep.next,
        sweep.last.unwrap().plus(Duration::from_hours(6))
    );
    assert!(sweep.last.unwrap() >= T0.plus(Duration::from_hours(5)));
    assert_eq!(
        state.bookmark,
        Some(ago(60)),
        "a sweep moves no bookmark back"
    );

    sweeps(&running, 2).await;
    let state = running.state();
    assert_eq!(
        (state.sweep.unwrap().late, state.counters.late),
        (0, 2),
        "found once"
    );
}

#[tokio::test(start_paused = true)]
async fn a_sweep_asks_from_a_day_ago_but_not_from_before_the_source_was_first_read() {
    for (floor, expected) in [(None, ago(24 * HOUR)), (Some(ago(3 * HOUR)), ago(3 * HOUR))] {
        let rig = swept(|_| Answer::whole("[]"));
        rig.remember(Checkpoint {
            sweep: Sweep {
                floor,
                ..Sweep::default()
            },
            ..Checkpoint::at(ago(60))
        });
        let running = rig.start();
        running.turns(2).await;
        let asked: Vec<Timestamp> = rig.journal.gets().iter().map(|(_, since)| *since).collect();
        // The poll before it took some time of the clock that never stands still.
        let [poll, sweep] = asked[..] else {
            panic!("{asked:?}");
        };
        assert_eq!(poll, ago(360));
        assert!(
            sweep >= expected && sweep.since(expected) < seconds(1),
            "{sweep}"
        );
    }
}

/// To break it: count late rows from receipts, or begin a killed sweep anew.
#[tokio::test(start_paused = true)]
async fn a_killed_sweep_goes_on_and_counts_each_late_row_once() {
    let records = [(1, ago(3 * HOUR)), (2, ago(2 * HOUR)), (3, ago(HOUR))];
    let rig = swept(move |since| {
        let due = records
            .iter()
            .filter(|(_, created)| *created >= since)
            .take(2);
        let records: Vec<String> = due.map(|(id, at)| Record::new(*id, *at).json()).collect();
        Answer::whole(array(&records))
    });
    let round = Round {
        since: ago(3 * HOUR),
        place: None,
        seen: ago(60),
        begun: ago(30),
    };
    rig.remember(Checkpoint {
        sweep: Sweep {
            last: Some(ago(7 * HOUR)),
            round: Some(SweepRound {
                round: round.clone(),
                reach: ago(360),
                late_before: 0,
            }),
            ..Sweep::default()
        },
        ..Checkpoint::at(ago(60))
    });
    // The rows of the sweep's second page are stored, but the process does not hear of it.
    let running = rig.start();
    running.turns(1).await;
    rig.store.fail_next([Fault::None, Fault::Unknown]);
    sweeps(&running, 1).await;
    running
        .until(|state| state.sweep.is_some_and(|sweep| !sweep.running))
        .await;
    assert_eq!(rig.store.alerts().len(), 3);
    let stored = rig.stored();
    assert_eq!(stored.counters.late, 3);
    let sweep = stored.checkpoint.unwrap().sweep;
    assert_eq!(
        (sweep.last, sweep.late, sweep.round),
        (Some(round.begun), 3, None)
    );
}

#[tokio::test(start_paused = true)]
async fn no_sweep_is_made_where_none_is_wanted() {
    let mut rig = swept(|_| Answer::whole("[]"));
    rig.config.rule.sweep = None;
    rig.interval_minutes = 1;
    let running = rig.start();
    running.turns(30).await;
    let is_sweep = |trigger| trigger == Trigger::Sweep;
    assert!(
        !running
            .cell
            .attempts()
            .iter()
            .any(|it| is_sweep(it.trigger))
    );
    assert_eq!(running.state().sweep, None);
}

#[tokio::test(start_paused = true)]
async fn a_long_sweep_lets_the_polls_go_first() {
    // Pages of one: a page a turn.
    let mut rig = swept(|since| {
        let next = since.plus(seconds(60));
        let record = Record::new(u64::try_from(next.nanos() / 60_000_000_000).unwrap(), next);
        Answer::whole(array(&[record.json()])).after(seconds(1))
    });
    rig.config.rule.pages_max = 1;
    rig.interval_minutes = 1;
    rig.remember(Checkpoint::at(ago(1)));
    let running = rig.start();
    running.turns(200).await;
    let attempts = running.cell.attempts();
    let polls = attempts.iter().filter(|it| it.trigger == Trigger::Schedule);
    assert!(
        polls.count() >= 1,
        "{:?}",
        attempts.iter().map(|it| it.trigger).collect::<Vec<_>>()
    );
    assert!(running.state().sweep.unwrap().running);
}
