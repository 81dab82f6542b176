//! Clocks that are set while something waits or is under way.

use cresset_pipeline::router::Grouping;

use super::*;
use crate::fakes::seconds;

const DAY: i64 = 86_400;

/// Two alerts of one group, the second of which waits.
async fn grouped(office: &Office) -> Task {
    let router = office.start_router(RouteTree {
        grouping: Grouping::Labels(Vec::new()),
        group_wait: seconds(5),
        group_interval: seconds(60),
        ..RouteTree::to("soc")
    });
    office.commit(1);
    office.until(|| office.outbox.rows().len() == 1).await;
    office.commit(2);
    tokio::time::sleep(seconds(1)).await;
    router
}

/// The wait was reckoned while the clock was a day behind.
#[tokio::test(start_paused = true)]
async fn a_group_is_told_when_the_clock_is_set_to_its_time() {
    let office = Office::soc([]);
    let router = grouped(&office).await;
    office.clock.set(-DAY);
    office.commit(3);
    tokio::time::sleep(seconds(2)).await;
    office.clock.set(0);
    let waited = office.until(|| office.outbox.rows().len() == 2).await;
    assert!(waited <= seconds(60), "{waited:?}");
    router.stop().await;
}

/// To break it: tell the row again that is leased again.
#[tokio::test(start_paused = true)]
async fn a_row_whose_lease_runs_out_under_way_is_told_once_and_settled() {
    let office = Office::soc([Reply::TakeAfter(seconds(10))]);
    let delivery = office.start_delivery();
    office.put("soc/0", "g", 1);
    tokio::time::sleep(seconds(1)).await;
    office.clock.set(DAY);
    office.until(|| office.all_sent()).await;
    assert_eq!(office.notifier("soc").calls().len(), 1);
    delivery.stop().await;
    assert_eq!(office.states(), [DeliveryState::Sent]);
}

/// The first wait was reckoned while the clock was a day ahead.
#[tokio::test(start_paused = true)]
async fn a_group_that_waits_is_told_soon_when_the_clock_is_set_back() {
    let office = Office::soc([]);
    office.clock.set(DAY);
    let router = grouped(&office).await;
    office.clock.set(0);
    let waited = office.until(|| office.outbox.rows().len() == 2).await;
    assert!(waited <= seconds(60), "{waited:?}");
    router.stop().await;
}

/// To break it: leave what waits to the wall clock.
#[tokio::test(start_paused = true)]
async fn a_retry_that_waits_is_tried_soon_when_the_clock_is_set_back() {
    for is_restarted in [false, true] {
        let office = Office::soc([Reply::Busy(None)]);
        office.clock.set(DAY);
        let mut delivery = office.start_delivery();
        office.put("soc/0", "g", 1);
        office.put("soc/0", "h", 1);
        tokio::time::sleep(seconds(1)).await;
        if is_restarted {
            delivery.stop().await;
            office.clock.set(0);
            delivery = office.start_delivery();
        }
        office.clock.set(0);
        let waited = office.until(|| office.all_sent()).await;
        assert!(waited <= seconds(61), "{waited:?}");
        delivery.stop().await;
    }
}
