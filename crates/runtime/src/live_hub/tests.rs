use cresset_model::Severity;

use super::*;

fn high(count: u64) -> SeverityCounts {
    let mut counts = SeverityCounts::default();
    counts.add(Severity::High, count);
    counts
}

fn pulse(position: Position, new: u64, changed: u64, sources: &[&str]) -> LiveEvent {
    LiveEvent::Pulse(Pulse {
        position,
        new: high(new),
        changed,
        sources: sources.iter().map(|id| SourceId::new(id)).collect(),
    })
}

/// A hub that tells when it is asked to.
fn hub(head: Position) -> LiveHub {
    LiveHub::new(head)
}

async fn heard(listener: &mut Box<dyn Subscription>) -> Option<LiveEvent> {
    tokio::time::timeout(Duration::from_secs(1), listener.next())
        .await
        .unwrap_or(None)
}

#[tokio::test(start_paused = true)]
async fn what_comes_close_together_is_one_event() {
    let hub = Arc::new(hub(7));
    let (stop, stopped) = watch::channel(false);
    let task = tokio::spawn(Arc::clone(&hub).run(stopped));
    let mut listener = hub.subscribe(None);
    let begun = tokio::time::Instant::now();
    hub.committed(9, high(2), 0);
    assert_eq!(heard(&mut listener).await, Some(pulse(9, 2, 0, &[])));
    for position in 10..20 {
        hub.committed(position, high(1), 1);
        hub.source_changed(&SourceId::new("a"));
    }
    assert_eq!(heard(&mut listener).await, Some(pulse(19, 10, 10, &["a"])));
    assert_eq!(begun.elapsed(), PULSE_EVERY);
    assert_eq!(heard(&mut listener).await, None, "nothing else happened");
    stop.send_replace(true);
    task.await.unwrap();
    assert_eq!(listener.next().await, None);
    assert_eq!(hub.subscribe(None).next().await, None);
}

#[tokio::test(start_paused = true)]
async fn who_comes_back_hears_what_was_missed_or_reads_anew() {
    let hub = hub(7);
    for position in [9, 12] {
        hub.committed(position, high(1), 2);
        hub.tell();
    }
    let mut back = hub.subscribe(Some(9));
    assert_eq!(heard(&mut back).await, Some(pulse(12, 1, 2, &[])));
    let mut since_the_start = hub.subscribe(Some(7));
    assert_eq!(
        heard(&mut since_the_start).await,
        Some(pulse(12, 2, 4, &[]))
    );
    for (after, expected) in [
        (12, None),
        (6, Some(LiveEvent::Reload(12))),
        (99, Some(LiveEvent::Reload(12))),
    ] {
        assert_eq!(heard(&mut hub.subscribe(Some(after))).await, expected);
    }
    for position in 13..13 + LIVE_EVENTS_MAX as u64 {
        hub.committed(position, high(1), 0);
        hub.tell();
    }
    let last = 12 + LIVE_EVENTS_MAX as u64;
    assert_eq!(
        heard(&mut hub.subscribe(Some(12))).await,
        Some(pulse(last, LIVE_EVENTS_MAX as u64, 0, &[]))
    );
    assert_eq!(
        heard(&mut hub.subscribe(Some(11))).await,
        Some(LiveEvent::Reload(last))
    );
}

#[tokio::test(start_paused = true)]
async fn a_listener_that_falls_behind_is_told_so_and_dropped() {
    // Whatever the room is: as many events, one more, ten times as many.
    for room in [16, LIVE_EVENTS_MAX as u64] {
        for (events, is_dropped) in [(room, false), (room + 1, true), (room * 10, true)] {
            let hub = LiveHub::with_events(0, usize::try_from(room).unwrap());
            let mut slow = hub.subscribe(None);
            for position in 1..=events {
                hub.committed(position, high(1), 0);
                hub.tell();
            }
            if is_dropped {
                assert_eq!(heard(&mut slow).await, Some(LiveEvent::Reload(0)));
                assert_eq!(heard(&mut slow).await, None);
            } else {
                for position in 1..=events {
                    let expected = pulse(position, 1, 0, &[]);
                    assert_eq!(heard(&mut slow).await, Some(expected));
                }
            }
        }
    }
}
