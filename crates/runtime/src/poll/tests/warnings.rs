//! What the rule cannot mend is said, and taken back when it is over.

use std::sync::{Arc, Mutex};

use cresset_model::Timestamp;
use cresset_model::source::{Checkpoint, WarningKind};

use crate::fakes::{Answer, Record, Rig, Running, ago, array};

type Records = Arc<Mutex<Vec<(u64, Timestamp)>>>;

/// An upstream that gives at most `limit` records: the oldest, or the newest with the newest first.
fn limited(limit: usize, newest: bool, records: &Records) -> Rig {
    let records = Arc::clone(records);
    let rig = Rig::answering(move |since| {
        let all = records.lock().unwrap();
        let mut due: Vec<_> = all.iter().filter(|(_, at)| *at >= since).collect();
        due.sort_by_key(|(_, at)| *at);
        if newest {
            due.reverse();
        }
        due.truncate(limit);
        let page: Vec<String> = due
            .iter()
            .map(|(id, at)| Record::new(*id, *at).json())
            .collect();
        Answer::whole(array(&page))
    });
    rig.remember(Checkpoint::at(ago(1_000)));
    rig
}

fn kinds(running: &Running) -> Vec<WarningKind> {
    running.state().warnings.iter().map(|it| it.kind).collect()
}

fn spread(count: u64) -> Records {
    Arc::new(Mutex::new(
        (0..count).map(|id| (id, ago(900 - 2 * id))).collect(),
    ))
}

/// To break it: look at the order of a page, or at its size, alone.
#[tokio::test(start_paused = true)]
async fn a_full_page_of_the_newest_that_does_not_reach_back_is_a_suspected_gap() {
    let records = spread(300);
    let rig = limited(50, true, &records);
    let running = rig.first_turn().await;
    assert_eq!(kinds(&running), [WarningKind::GapSuspected]);
    let warning = running.state().warnings[0].clone();
    let expected = format!(
        "a full page of 50 records from http://upstream/alerts begins with the newest and ends at {}, \
         but was asked for from {}: what lies between may never come. Set `paging: link` or \
         `paging: cursor` if the upstream names further pages, let it give the oldest first or larger \
         pages, or shorten `interval`",
        ago(400),
        ago(1_300)
    );
    assert_eq!(warning.detail, expected);

    // A later round that is not full shows that it is over.
    running.turns(2).await;
    records.lock().unwrap().retain(|(id, _)| *id >= 290);
    running.turns(3).await;
    assert_eq!(kinds(&running), []);
}

#[tokio::test(start_paused = true)]
async fn pages_that_are_complete_or_oldest_first_leave_no_gap() {
    for (limit, newest) in [(301, true), (50, false)] {
        let rig = limited(limit, newest, &spread(300));
        let running = rig.first_turn().await;
        running.turns(2).await;
        assert_eq!(kinds(&running), []);
        assert_eq!(rig.store.alerts().len(), 300);
    }
}

/// Failure 8 of the list, where it cannot be mended. To break it: ask for progress in place of instants.
#[tokio::test(start_paused = true)]
async fn a_full_page_of_one_instant_is_a_saturated_instant() {
    let records: Records = Arc::new(Mutex::new((0..120).map(|id| (id, ago(500))).collect()));
    let rig = limited(50, false, &records);
    let running = rig.first_turn().await;
    assert_eq!(kinds(&running), [WarningKind::SaturatedInstant]);
    let warning = running.state().warnings[0].clone();
    let expected = format!(
        "all records of a full page of 50 from http://upstream/alerts bear the instant {}: more that share \
         it cannot be reached by time. Set `paging: link` or `paging: cursor` if the upstream names further \
         pages, or let it give larger ones",
        ago(500)
    );
    assert_eq!(warning.detail, expected);
    running.turns(2).await;
    assert_eq!(
        kinds(&running),
        [WarningKind::SaturatedInstant],
        "it is not over"
    );
    records.lock().unwrap().truncate(20);
    running.turns(3).await;
    assert_eq!(kinds(&running), []);
}
