//! What fails stops only itself.

use crate::fakes::{Answer, Record, Rig, T0, array, broken, seconds, transient};
use cresset_model::SourceId;
use cresset_model::source::SyncStatus;
use std::sync::Arc;

/// I10. One source fails for ever, one sends records that nobody takes and one that the store refuses, and
/// one is well. Broken on purpose by sending the whole page away for one refused row, or by waiting for
/// all sources before the next poll.
#[tokio::test(start_paused = true)]
async fn a_failing_record_or_source_stops_only_itself() {
    let records = |ids: std::ops::Range<u64>| ids.map(|id| Record::new(id, T0).json());
    let well = Rig::answering(move |_| Answer::whole(array(&records(1..4).collect::<Vec<_>>())));
    let mut failing = Rig::answering(|_| Answer::fails(transient(None)));
    let mut poisoned = Rig::answering(move |_| {
        let mut page: Vec<String> = records(11..16).collect();
        page.insert(2, broken(1));
        Answer::whole(array(&page))
    });
    for (rig, id) in [(&mut failing, "failing"), (&mut poisoned, "poisoned")] {
        rig.id = SourceId::new(id);
        rig.store = Arc::clone(&well.store);
        rig.clock = Arc::clone(&well.clock);
    }
    well.store.refuse("a14");
    let mut control = well.control();
    let rigs = [&failing, &poisoned, &well];
    let sources = rigs.map(|rig| rig.start_under(&mut control));
    tokio::time::sleep(seconds(3 * 30 * 60 + 60)).await;
    let states = [0, 1, 2].map(|index: usize| sources[index].2.state(T0));
    let statuses = states.each_ref().map(|state| (state.status, state.turns));
    assert_eq!(statuses[0], (SyncStatus::Failed, 4));
    assert_eq!(statuses[1..], [(SyncStatus::Idle, 4); 2]);
    let new = states.each_ref().map(|state| state.counters.new);
    assert_eq!(new, [0, 4, 3], "all that can be stored");
    let letters = well.store.letters();
    assert_eq!(
        letters.len(),
        2,
        "the broken and the refused one, once each"
    );
    assert!(letters.iter().all(|letter| letter.count >= 4));
    for (stop, task, _) in sources {
        stop.send_replace(true);
        task.await.unwrap();
    }
}
